package workload

import (
	"fmt"
	"net"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// cluster is one API server: its credentials, its listener and its objects.
type cluster struct {
	id      string
	manager *Manager

	lifecycle sync.Mutex // guards listener, port and stopped; taken before mu
	listener  *listener
	port      int
	stopped   bool

	mu     sync.RWMutex // guards everything below
	life   string       // tells a cluster from an earlier one of the same id
	asleep *sleeper     // nil once somebody wanted access
	past   time.Time    // the time objects are made at, while those of the past are made up for
	spec   Cluster
	creds  *credentials
	rv     uint64
	born   uint64 // rv at the start of this process: what happened before cannot be watched
	dirty  bool
	fresh  []Change // of the write under way
	tables map[schema.GroupResource]*table
	custom map[schema.GroupVersionResource]*kind
	nodes  map[string]nodeRecord
}

func (m *Manager) newCluster(id string, spec Cluster, creds *credentials) *cluster {
	return &cluster{
		id: id, manager: m, spec: spec, creds: creds,
		tables: map[schema.GroupResource]*table{},
		nodes:  map[string]nodeRecord{},
	}
}

// configure applies a new version or name to a running cluster.
func (c *cluster) configure(spec Cluster) (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spec == spec {
		return false, nil
	}
	if c.spec.FQDN != spec.FQDN && c.asleep == nil {
		creds := *c.creds
		if err := creds.issueServer(spec.FQDN); err != nil {
			return false, err
		}
		c.creds = &creds
	}
	c.spec = spec
	return true, nil
}

func (c *cluster) access() Access {
	c.lifecycle.Lock()
	port := c.port
	c.lifecycle.Unlock()
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Access{
		Address:      fmt.Sprintf("127.0.0.1:%d", port),
		CAPEM:        c.creds.CACert,
		AdminCertPEM: c.creds.AdminCert,
		AdminKeyPEM:  c.creds.AdminKey,
		AdminToken:   c.creds.AdminToken,
		UserToken:    c.creds.UserToken,
	}
}

// changed tells the owner of the manager that this cluster is worth saving.
func (c *cluster) changed() {
	if c.manager.opts.OnChange != nil {
		c.manager.opts.OnChange(c.id)
	}
}

// write runs fn with the cluster locked and reports changes afterwards.
func (c *cluster) write(fn func() error) error { return c.run(fn, nil) }

// accept is write for a request: it returns when what changed will outlive a crash.
func (c *cluster) accept(fn func() error) error { return c.run(fn, c.manager.opts.Journal) }

func (c *cluster) run(fn func() error, journal func(string, []Change) func() error) error {
	c.mu.Lock()
	err := fn()
	dirty, fresh := c.dirty, c.fresh
	c.dirty, c.fresh = false, nil
	var durable func() error
	if journal != nil && len(fresh) > 0 {
		durable = journal(c.id, fresh) // still locked, so that changes are written in their order
	}
	c.mu.Unlock()
	if dirty {
		c.changed()
	}
	if durable != nil {
		if failed := durable(); failed != nil {
			return apierrors.NewInternalError(fmt.Errorf("the write is not on disk: %w", failed))
		}
	}
	return err
}

// listen opens the port, or any free one if port is 0 or taken. The caller
// holds lifecycle, or nobody else knows the cluster yet.
func (c *cluster) listen(port int) error {
	inner, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil && port != 0 {
		c.manager.opts.Log.Info("port of a workload cluster is taken, using another", "cluster", c.id, "port", port)
		inner, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("workload cluster %q: %w", c.id, err)
	}
	c.listener = newListener(inner, c)
	c.port = inner.Addr().(*net.TCPAddr).Port
	c.stopped = false
	serving := c.listener.tls()
	go func() { _ = c.manager.server.Serve(serving) }() // ends when the listener closes
	return nil
}

func (c *cluster) setAvailable(available bool) (changed bool, err error) {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	if !c.awake() {
		changed = available == c.stopped
		c.stopped = !available
		return changed, nil
	}
	if available == (c.listener != nil) {
		return false, nil
	}
	if available {
		return true, c.listen(c.port)
	}
	c.hangUp()
	return true, nil
}

func (c *cluster) awake() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.asleep == nil
}

func (c *cluster) hangUp() {
	c.closeListener()
	c.stopped = true
}

func (c *cluster) closeListener() {
	if c.listener != nil {
		_ = c.listener.Close() // hanging up cannot fail in a way that matters
		c.listener = nil
	}
}

func (c *cluster) dropConnections() {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	if c.listener != nil {
		c.listener.closeConnections()
	}
}
