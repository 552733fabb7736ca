package azuresim

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/capaks/capaks/azuresim/store"
	"github.com/capaks/capaks/azuresim/workload"
)

// journalMark stands in the keys of changes between the id of a cluster, in which it cannot occur, and the change.
const journalMark = "#"

// saver keeps the objects of workload APIs. What a request changed is on disk before its answer, a small document per
// object; shortly afterwards the whole cluster is written, which those documents then no longer add anything to. What
// changes without a request needs no journal: machines and their Nodes come back from the scale sets.
type saver struct {
	store   *store.Store
	manager *workload.Manager
	now     func() time.Time

	mu      sync.Mutex
	changed map[string]bool
	journal map[string][]journaled // by cluster: what is on disk since it was written as a whole
}

// journaled is one change on disk.
type journaled struct {
	key, life string
	version   uint64
}

func newSaver(s *store.Store, now func() time.Time) *saver {
	return &saver{store: s, now: now, changed: map[string]bool{}, journal: map[string][]journaled{}}
}

func (v *saver) mark(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.changed[id] = true
}

func entry(id string, c workload.Change) journaled {
	return journaled{fmt.Sprintf("%s%s%s%s/%d", workloadKey, id, journalMark, c.Life, c.ResourceVersion), c.Life, c.ResourceVersion}
}

// write appends the changes of one request; requests that wait for the disk together share one fsync.
func (v *saver) write(id string, changes []workload.Change) (durable func() error) {
	docs, entries := make([]store.Change, len(changes)), make([]journaled, len(changes))
	for i, c := range changes {
		entries[i] = entry(id, c)
		docs[i] = store.Change{Key: entries[i].key, Value: c}
	}
	if err := v.store.Append(v.now(), docs); err != nil {
		return func() error { return err }
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.journal[id] = append(v.journal[id], entries...)
	return v.store.Sync
}

// adopt hands the changes a crash left behind to their clusters.
func (v *saver) adopt(docs map[string]json.RawMessage, clusters map[string]workload.ClusterState) error {
	for key, raw := range docs {
		rest, ok := strings.CutPrefix(key, workloadKey)
		id, _, isChange := strings.Cut(rest, journalMark)
		if !ok || !isChange {
			continue
		}
		var c workload.Change
		if err := json.Unmarshal(raw, &c); err != nil {
			return fmt.Errorf("change %s: %w", key, err)
		}
		v.changed[id] = true
		v.journal[id] = append(v.journal[id], journaled{key, c.Life, c.ResourceVersion})
		if state, ok := clusters[id]; ok {
			state.Changes = append(state.Changes, c)
			clusters[id] = state
		}
	}
	return nil
}

// flush writes the clusters that have changed as a whole.
func (v *saver) flush() {
	v.mu.Lock()
	ids := v.changed
	v.changed = map[string]bool{}
	v.mu.Unlock()
	var changes []store.Change
	for id := range ids {
		c := store.Change{Key: workloadKey + id}
		doc, ok := v.manager.ClusterState(id)
		if ok {
			c.Value = doc
		}
		changes = append(append(changes, c), v.overtaken(id, doc)...)
	}
	_ = v.store.Commit(v.now(), changes)
}

// overtaken takes out of the journal what a state contains, and what belongs to no cluster any more.
func (v *saver) overtaken(id string, state workload.ClusterState) []store.Change {
	v.mu.Lock()
	defer v.mu.Unlock()
	var gone []store.Change
	var left []journaled
	for _, j := range v.journal[id] {
		if j.life == state.Life && j.version > state.ResourceVersion {
			left = append(left, j)
		} else {
			gone = append(gone, store.Change{Key: j.key})
		}
	}
	if v.journal[id] = left; left == nil {
		delete(v.journal, id)
	}
	return gone
}
