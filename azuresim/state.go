package azuresim

import (
	"encoding/json"
	"fmt"
	"strings"
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
		if id, ok := strings.CutPrefix(key, workloadKey); ok && !strings.Contains(id, journalMark) {
			var doc workload.ClusterState
			if err := json.Unmarshal(raw, &doc); err != nil {
				return fmt.Errorf("workload API of %s: %w", id, err)
			}
			state.Clusters[id] = doc
		}
	}
	if err := s.saver.adopt(c.Docs, state.Clusters); err != nil {
		return err
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

// beat keeps the disk up to date with what changes without a request.
func (s *Server) beat() {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.saver.flush()
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
