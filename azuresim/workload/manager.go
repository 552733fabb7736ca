// Package workload serves the Kubernetes API of emulated AKS clusters: one TLS
// endpoint on 127.0.0.1 per cluster, with real authentication, real optimistic
// locking and real watches, and Node objects that follow the node pools.
//
// It keeps objects; it does not run controllers, admit, authorise (whoever is
// authenticated may do everything), schedule or start containers. It must not
// know Azure Resource Manager: the emulator tells it which clusters and which
// nodes exist, and nothing flows back but change notifications and what keeps a
// node from being drained.
package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// Options of a Manager. The zero value works.
type Options struct {
	Log logr.Logger

	// Now is the clock of the objects (creation timestamps, node conditions).
	// Certificates always use the machine's clock, because TLS peers do.
	// Default time.Now.
	Now func() time.Time

	// OnChange is called after anything of a cluster changed that ClusterState
	// returns. It is called without locks held, possibly very often and from
	// many goroutines; it should only mark the cluster for a later write.
	OnChange func(id string)

	// Journal writes down what a request changed before it is answered. It is
	// called with the cluster locked and must not wait; what it returns is
	// called without the lock and waits until the changes are durable. A State
	// and the Changes since are the whole cluster.
	Journal func(id string, changes []Change) (durable func() error)

	// EntraToken says whose a bearer token is that Entra ID has issued in a tenant for the AKS server application.
	EntraToken func(token, tenant string) (user string, ok bool)
}

// Cluster is what a Manager has to know about one AKS cluster.
type Cluster struct {
	Name    string `json:"name"`
	Version string `json:"version"` // 1.34.2, with or without the leading v
	FQDN    string `json:"fqdn,omitempty"`
	// Location is the Azure region in the nodes' topology labels; taken from
	// the FQDN (<name>.hcp.<region>.azmk8s.io) when empty.
	Location string `json:"location,omitempty"`
	// Tenant is the Entra ID tenant whose tokens the API server accepts; "" for none.
	Tenant string `json:"tenant,omitempty"`
}

// Access is how to reach a cluster.
type Access struct {
	Address      string // 127.0.0.1:port
	CAPEM        []byte
	AdminCertPEM []byte
	AdminKeyPEM  []byte
	AdminToken   string
	UserToken    string
}

// Manager owns the API servers of all emulated clusters of one process. All
// listeners share one http.Server; a cluster somebody wanted access to costs one
// socket, one parked goroutine and its objects in encoded form, any other next
// to nothing (see Declare).
type Manager struct {
	opts   Options
	server *http.Server

	mu       sync.Mutex // guards clusters and closed; taken before cluster.mu
	clusters map[string]*cluster
	closed   bool
}

var errClosed = errors.New("the manager is closed")

// New returns a Manager without clusters.
func New(opts Options) *Manager {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	m := &Manager{opts: opts, clusters: map[string]*cluster{}}
	m.server = &http.Server{
		Handler:           http.HandlerFunc(m.serve),
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       5 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // handshakes that clients abort
		TLSConfig:         tlsDefaults(),              // h2 is set up only if announced here
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, clusterKey{}, clusterOf(conn))
		},
	}
	return m
}

type clusterKey struct{}

func (m *Manager) serve(w http.ResponseWriter, r *http.Request) {
	if c, ok := r.Context().Value(clusterKey{}).(*cluster); ok && c != nil {
		c.ServeHTTP(w, r)
		return
	}
	http.Error(w, "connection belongs to no cluster", http.StatusInternalServerError)
}

// EnsureCluster is Declare followed by Access.
func (m *Manager) EnsureCluster(id string, spec Cluster) (Access, error) {
	if err := m.Declare(id, spec); err != nil {
		return Access{}, err
	}
	return m.open(id)
}

// Access returns how to reach a cluster, and starts its API server if nobody wanted to before; false if there is no
// cluster of that id or it cannot be started.
func (m *Manager) Access(id string) (Access, bool) {
	access, err := m.open(id)
	if err != nil {
		m.opts.Log.V(1).Info("no access to a workload cluster", "cluster", id, "reason", err.Error())
	}
	return access, err == nil
}

func (m *Manager) open(id string) (Access, error) {
	c, err := m.cluster(id)
	if err != nil {
		return Access{}, err
	}
	woken, err := c.wake()
	if err != nil {
		return Access{}, fmt.Errorf("workload cluster %q: %w", id, err)
	}
	if woken {
		c.changed()
	}
	return c.access(), nil
}

// Rotate replaces the CA, the server certificate, the admin certificate and
// all tokens, and closes every connection, as rotateClusterCertificates does.
// A cluster that is asleep has none to replace.
func (m *Manager) Rotate(id string) (Access, error) {
	return m.replaceCredentials(id, func(c *cluster) (*credentials, error) {
		return newCredentials(c.spec.FQDN)
	})
}

// RotateTokens replaces the bearer tokens and leaves the certificates alone,
// as rotateServiceAccountSigningKeys does: a client that trusts the same CA
// gets 401 with an old token.
func (m *Manager) RotateTokens(id string) (Access, error) {
	return m.replaceCredentials(id, func(c *cluster) (*credentials, error) {
		next := *c.creds
		next.AdminToken, next.UserToken = newToken(), newToken()
		return &next, nil
	})
}

func (m *Manager) replaceCredentials(id string, next func(*cluster) (*credentials, error)) (Access, error) {
	c, err := m.cluster(id)
	if err != nil {
		return Access{}, err
	}
	if !c.awake() { // nobody has credentials that could stop working
		return Access{}, nil
	}
	c.mu.Lock()
	creds, err := next(c)
	if err == nil {
		c.creds = creds
	}
	c.mu.Unlock()
	if err != nil {
		return Access{}, fmt.Errorf("workload cluster %q: %w", id, err)
	}
	c.dropConnections()
	c.changed()
	return c.access(), nil
}

// SetAvailable stops (false) or starts (true) answering. A stopped API server
// refuses connections and has closed those it had, like a stopped AKS cluster.
// Starting asks for the previous port again; if another process has taken it,
// the address changes, as it may after a start of a real cluster (see Access).
func (m *Manager) SetAvailable(id string, available bool) error {
	c, err := m.cluster(id)
	if err != nil {
		return err
	}
	if changed, err := c.setAvailable(available); err != nil || !changed {
		return err
	}
	c.changed()
	return nil
}

// Delete stops the API server of a cluster and forgets its objects.
func (m *Manager) Delete(id string) {
	m.mu.Lock()
	c := m.clusters[id]
	delete(m.clusters, id)
	m.mu.Unlock()
	if c == nil {
		return
	}
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	c.hangUp()
	c.changed()
}

// Close stops all API servers. State still answers afterwards.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	clusters := make([]*cluster, 0, len(m.clusters))
	for _, c := range m.clusters {
		clusters = append(clusters, c)
	}
	m.mu.Unlock()
	for _, c := range clusters {
		c.lifecycle.Lock()
		c.closeListener() // not hangUp: the cluster counts as available after a restart
		c.lifecycle.Unlock()
	}
	_ = m.server.Close() // the listeners are closed already
}

func (m *Manager) cluster(id string) (*cluster, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.clusters[id]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("workload cluster %q does not exist; call Declare first", id)
}
