package workload

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/uuid"
)

// A cluster nobody has asked for credentials cannot be connected to, so until then it is asleep: no certificates, no
// listener, no objects. It only remembers what it has to be when it wakes, and since when.

// sleeper is what a cluster is while it is asleep.
type sleeper struct {
	since   time.Time // creation of the cluster
	nodes   []Node
	joined  map[string]time.Time // node -> since when it is in the list
	resumed bool                 // the process was started again: nodes that are there were there before
}

// Declare says that a cluster exists, or has now that version and FQDN. Its API server starts with the first Access.
func (m *Manager) Declare(id string, spec Cluster) error {
	changed, err := m.declare(id, spec)
	if err != nil {
		return fmt.Errorf("workload cluster %q: %w", id, err)
	}
	if changed && m.opts.OnChange != nil {
		m.opts.OnChange(id)
	}
	return nil
}

func (m *Manager) declare(id string, spec Cluster) (changed bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false, errClosed
	}
	if c, ok := m.clusters[id]; ok {
		return c.configure(spec)
	}
	c := m.newCluster(id, spec, nil)
	c.life = string(uuid.NewUUID())
	c.asleep = &sleeper{since: m.opts.Now().UTC(), joined: map[string]time.Time{}}
	m.clusters[id] = c
	return true, nil
}

// Awake tells whether a cluster has an API server; false also if there is no such cluster.
func (m *Manager) Awake(id string) bool {
	c, err := m.cluster(id)
	if err != nil {
		return false
	}
	return c.awake()
}

// wake makes credentials and objects, and listens unless the cluster is stopped.
func (c *cluster) wake() (woken bool, err error) {
	c.lifecycle.Lock()
	defer c.lifecycle.Unlock()
	c.mu.Lock()
	asleep := c.asleep
	if asleep == nil {
		c.mu.Unlock()
		return false, nil
	}
	err = c.rise(asleep)
	c.mu.Unlock()
	if err == nil && !c.stopped {
		err = c.listen(c.port)
	}
	if err != nil { // next time from the beginning
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asleep, c.creds, c.rv = asleep, nil, 0
		clear(c.tables)
		clear(c.nodes)
	}
	return err == nil, err
}

// rise makes up for what would have happened since the cluster exists; the caller holds mu.
func (c *cluster) rise(asleep *sleeper) (err error) {
	if c.creds, err = newCredentials(c.spec.FQDN); err != nil {
		return err
	}
	defer func() { c.past, c.dirty, c.fresh = time.Time{}, false, nil }() // the caller reports the change
	c.asleep, c.past = nil, asleep.since
	c.seed()
	for _, n := range asleep.nodes {
		c.past = asleep.joined[n.Name]
		if n.Version == "" {
			n.Version = c.spec.Version
		}
		if err := c.registerNode(n); err != nil {
			return fmt.Errorf("node %q: %w", n.Name, err)
		}
	}
	return nil
}

// expect is setting the nodes of a cluster that is asleep.
func (s *sleeper) expect(nodes []Node, now time.Time) {
	if s.resumed {
		now, s.resumed = s.since, false
	}
	known := make(map[string]string, len(s.nodes))
	for _, n := range s.nodes {
		known[n.Name] = n.ProviderID
	}
	joined := make(map[string]time.Time, len(nodes))
	for _, n := range nodes {
		joined[n.Name] = now
		if provider, ok := known[n.Name]; ok && provider == n.ProviderID {
			joined[n.Name] = s.joined[n.Name]
		}
	}
	s.nodes, s.joined = nodes, joined
}
