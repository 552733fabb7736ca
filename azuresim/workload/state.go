package workload

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// State is everything a Manager remembers, ready to be written as JSON. It
// contains private keys.
type State struct {
	Clusters map[string]ClusterState `json:"clusters"`
}

// ClusterState is one cluster of a State.
type ClusterState struct {
	Cluster         Cluster           `json:"cluster"`
	Life            string            `json:"life,omitempty"`
	Port            int               `json:"port"`
	Stopped         bool              `json:"stopped,omitempty"`
	Asleep          time.Time         `json:"asleep,omitzero"` // nobody wanted access since then; the rest is empty
	ResourceVersion uint64            `json:"resourceVersion,omitempty"`
	Credentials     json.RawMessage   `json:"credentials,omitempty"`
	Nodes           []json.RawMessage `json:"nodes,omitempty"`
	Objects         []json.RawMessage `json:"objects,omitempty"`

	// Changes were made after the state was taken, or belong to an earlier cluster of the same id.
	Changes []Change `json:"-"`
}

// Change is one object of a cluster as a request left it, or the last of it.
type Change struct {
	Life            string          `json:"life"`
	ResourceVersion uint64          `json:"resourceVersion"`
	Resource        string          `json:"resource"` // configmaps, deployments.apps
	Deleted         bool            `json:"deleted,omitempty"`
	Object          json.RawMessage `json:"object"`
}

// State returns the state of all clusters. Each cluster is consistent in
// itself. The objects share memory with the manager; do not change them.
func (m *Manager) State() State {
	m.mu.Lock()
	clusters := make([]*cluster, 0, len(m.clusters))
	for _, c := range m.clusters {
		clusters = append(clusters, c)
	}
	m.mu.Unlock()
	s := State{Clusters: make(map[string]ClusterState, len(clusters))}
	for _, c := range clusters {
		s.Clusters[c.id] = c.state()
	}
	return s
}

// ClusterState returns the state of one cluster; false if there is none.
func (m *Manager) ClusterState(id string) (ClusterState, bool) {
	c, err := m.cluster(id)
	if err != nil {
		return ClusterState{}, false
	}
	return c.state(), true
}

func (c *cluster) state() ClusterState {
	c.lifecycle.Lock()
	s := ClusterState{Port: c.port, Stopped: c.stopped}
	c.lifecycle.Unlock()
	c.mu.RLock()
	defer c.mu.RUnlock()
	s.Cluster, s.ResourceVersion, s.Life = c.spec, c.rv, c.life
	if c.asleep != nil {
		s.Asleep = c.asleep.since
		return s
	}
	s.Credentials, _ = json.Marshal(c.creds) // bytes and strings always encode
	less := func(a, b string) bool { return a < b }
	for _, name := range sortedKeys(c.nodes, less) {
		record, _ := json.Marshal(c.nodes[name])
		s.Nodes = append(s.Nodes, record)
	}
	for _, gr := range sortedKeys(c.tables, func(a, b schema.GroupResource) bool { return a.String() < b.String() }) {
		items := c.tables[gr].items
		for _, key := range sortedKeys(items, less) {
			s.Objects = append(s.Objects, items[key])
		}
	}
	return s
}

// Restore starts the clusters of a State that were awake, under their previous
// ports where those are free (see Access). Watches from before get 410 and list again.
// Clusters that exist already are an error; nothing is started then.
func (m *Manager) Restore(s State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fmt.Errorf("restoring workload clusters: %w", errClosed)
	}
	restored := map[string]*cluster{}
	for id, state := range s.Clusters {
		if _, exists := m.clusters[id]; exists {
			return fmt.Errorf("restoring workload cluster %q: it is running already; restore before EnsureCluster", id)
		}
		c, err := m.restore(id, state)
		if err != nil {
			return fmt.Errorf("restoring workload cluster %q: %w", id, err)
		}
		restored[id] = c
	}
	for id, c := range restored {
		m.clusters[id] = c
		if c.stopped || c.asleep != nil {
			continue
		}
		if err := c.listen(c.port); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) restore(id string, s ClusterState) (*cluster, error) {
	if !s.Asleep.IsZero() {
		c := m.newCluster(id, s.Cluster, nil)
		c.life = s.Life
		c.stopped, c.asleep = s.Stopped, &sleeper{since: s.Asleep, joined: map[string]time.Time{}, resumed: true}
		return c, nil
	}
	creds := &credentials{}
	if err := json.Unmarshal(s.Credentials, creds); err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	if err := creds.load(s.Cluster.FQDN); err != nil {
		return nil, err
	}
	c := m.newCluster(id, s.Cluster, creds)
	c.port, c.stopped, c.life = s.Port, s.Stopped, s.Life
	changes := s.later()
	c.rv = s.ResourceVersion
	if n := len(changes); n > 0 {
		c.rv = changes[n-1].ResourceVersion
	}
	c.born = c.rv
	for _, raw := range s.Nodes {
		var record nodeRecord
		if err := json.Unmarshal(raw, &record); err != nil {
			return nil, fmt.Errorf("nodes: %w", err)
		}
		c.nodes[record.Name] = record
	}
	if err := c.load(s.Objects); err != nil {
		return nil, err
	}
	c.redo(changes)
	return c, nil
}

// later are the changes this state does not contain, in order.
func (s *ClusterState) later() []Change {
	var out []Change
	for _, change := range s.Changes {
		if change.Life == s.Life && change.ResourceVersion > s.ResourceVersion {
			out = append(out, change)
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return cmp.Compare(a.ResourceVersion, b.ResourceVersion) })
	return out
}

// redo repeats changes. They name their table, because the kind of an object may have gone with a later one.
func (c *cluster) redo(changes []Change) {
	for _, change := range changes {
		items, key := c.table(schema.ParseGroupResource(change.Resource)).items, keyOf(decode(change.Object))
		if change.Deleted {
			delete(items, key)
		} else {
			items[key] = change.Object
		}
	}
	if len(changes) > 0 {
		c.readCRDs()
	}
}

// load fills the tables, CRDs first: they tell where custom objects belong.
func (c *cluster) load(objects []json.RawMessage) error {
	place := func(raw json.RawMessage) bool {
		obj := decode(raw)
		gk := schema.FromAPIVersionAndKind(text(obj, "apiVersion"), text(obj, "kind")).GroupKind()
		for _, k := range c.kinds() {
			if k.gvk.GroupKind() == gk {
				c.table(k.gr()).items[keyOf(obj)] = encode(obj)
				return true
			}
		}
		return false
	}
	var custom []json.RawMessage
	for _, raw := range objects {
		if !place(raw) {
			custom = append(custom, raw)
		}
	}
	c.readCRDs()
	for _, raw := range custom {
		if !place(raw) {
			obj := decode(raw)
			return fmt.Errorf("object %q of %s %s belongs to no served kind", keyOf(obj), text(obj, "apiVersion"), text(obj, "kind"))
		}
	}
	return nil
}
