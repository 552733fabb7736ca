package azuresim

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/capaks/capaks/azuresim/aks"
	"github.com/capaks/capaks/azuresim/store"
	"github.com/capaks/capaks/azuresim/workload"
	"github.com/capaks/capaks/azuresim/world"
)

// Keys of the documents that are not the fabric's.
const (
	workloadKey = aks.WorkloadKey
	worldKey    = "x/world"
)

// load restores everything from the data directory.
func (s *Server) load(c store.Contents) error {
	groups, net, vms, clusters := s.providers()
	groups.Register()
	net.Register()
	vms.Register()
	clusters.Register()
	for _, p := range s.neighbours() {
		p.Register()
	}
	if raw, ok := c.Docs[worldKey]; ok {
		var w world.World
		if err := json.Unmarshal(raw, &w); err != nil {
			return fmt.Errorf("stored world: %w", err)
		}
		stored := *w.Clone()
		w.Merge(s.start) // a configuration given now wins over what was added before
		w.TakeRegistrations(stored)
		s.world.Set(&w)
	}
	state := workload.State{Clusters: map[string]workload.ClusterState{}}
	for key, raw := range c.Docs {
		if id, ok := strings.CutPrefix(key, workloadKey); ok {
			var doc workload.ClusterState
			if err := json.Unmarshal(raw, &doc); err != nil {
				return fmt.Errorf("workload API of %s: %w", id, err)
			}
			state.Clusters[id] = doc
		}
	}
	if err := s.workload.Restore(state); err != nil {
		return err
	}
	// Emulated time does not go back, not even when it was far ahead of the wall clock: else operations in flight would
	// need the whole way again.
	if ahead := c.Time.Sub(s.clock.Now()); ahead > 0 {
		s.clock.Advance(ahead)
	}
	if err := s.fabric.Load(c); err != nil {
		return err
	}
	return s.fabric.Do(func() error {
		s.restore()
		for _, r := range s.fabric.List("", aks.ClusterType) {
			clusters.Resync(r)
		}
		return nil
	})
}

// saver writes the workload APIs' objects shortly after they change. They are not part of an ARM request, so a
// crash may lose the last moments of them; the machines and their Nodes come back from the scale sets.
type saver struct {
	store   *store.Store
	manager *workload.Manager

	mu      sync.Mutex
	changed map[string]bool
}

func newSaver(s *store.Store) *saver { return &saver{store: s, changed: map[string]bool{}} }

func (v *saver) mark(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.changed[id] = true
}

func (v *saver) flush(now time.Time) {
	v.mu.Lock()
	ids := v.changed
	v.changed = map[string]bool{}
	v.mu.Unlock()
	var changes []store.Change
	for id := range ids {
		c := store.Change{Key: workloadKey + id}
		if doc, ok := v.manager.ClusterState(id); ok {
			c.Value = doc
		}
		changes = append(changes, c)
	}
	_ = v.store.Commit(now, changes)
}

// beat keeps the disk up to date with what changes without a request.
func (s *Server) beat() {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.saver.flush(s.clock.Now())
			if s.fabric.Busy() {
				s.heartbeat()
			}
		}
	}
}

// heartbeat remembers the emulated time, from which operations in flight continue after a crash.
func (s *Server) heartbeat() { _ = s.store.Beat(s.clock.Now()) }

// persistWorld keeps what was added to the world.
func (s *Server) persistWorld() error {
	return s.store.Commit(s.clock.Now(), []store.Change{{Key: worldKey, Value: s.world.Get()}})
}
