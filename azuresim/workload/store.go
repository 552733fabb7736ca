package workload

import (
	"sort"
	"strconv"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

type object = map[string]any

// historyLimit bounds the events per kind that a watch can resume from; who
// is further behind gets 410 and lists again, as with a compacted etcd.
const historyLimit = 256

// table holds the objects of one kind in encoded form: a fleet of clusters is
// mostly idle, and JSON takes a fifth of the space of decoded maps. The byte
// slices are never changed, so readers keep them without a lock.
type table struct {
	items   map[string][]byte // by namespace/name
	history []event
	floor   uint64        // events up to this resourceVersion are not in history
	changed chan struct{} // closed at the next event; nil if nobody waits
}

type event struct {
	rv       uint64
	kind     watch.EventType
	old, new []byte // old is nil for ADDED; for DELETED new is the last state
}

func tableKey(namespace, name string) string { return namespace + "/" + name }

// table returns the table of a resource; the caller holds mu for writing, or
// checks for an absent table with c.tables.
func (c *cluster) table(gr schema.GroupResource) *table {
	t := c.tables[gr]
	if t == nil {
		t = &table{items: map[string][]byte{}, floor: c.born}
		c.tables[gr] = t
	}
	return t
}

// find returns the stored object, or nil; the caller holds mu.
func (c *cluster) find(k *kind, namespace, name string) []byte {
	if t := c.tables[k.gr()]; t != nil {
		return t.items[tableKey(namespace, name)]
	}
	return nil
}

// put stores an object under a new resourceVersion; the caller holds mu.
func (c *cluster) put(k *kind, obj object) []byte {
	raw, old := c.stamp(k, obj)
	kind := watch.Modified
	if old == nil {
		kind = watch.Added
	}
	t := c.table(k.gr())
	t.items[keyOf(obj)] = raw
	c.publish(k, t, event{rv: c.rv, kind: kind, old: old, new: raw})
	if k == crds {
		c.readCRDs()
	}
	c.followBudgets(k, text(obj, "metadata", "namespace"))
	return raw
}

// remove deletes an object; the caller holds mu. The last state carries a
// resourceVersion of its own, which is what watches resume from.
func (c *cluster) remove(k *kind, obj object) []byte {
	raw, old := c.stamp(k, obj)
	t := c.table(k.gr())
	delete(t.items, keyOf(obj))
	c.publish(k, t, event{rv: c.rv, kind: watch.Deleted, old: old, new: raw})
	if k == crds {
		c.removeInstances(obj)
		c.readCRDs()
	}
	c.followBudgets(k, text(obj, "metadata", "namespace"))
	if k.namespaced {
		c.finishNamespace(text(obj, "metadata", "namespace"))
	}
	return raw
}

func (c *cluster) stamp(k *kind, obj object) (raw, old []byte) {
	c.rv++
	c.dirty = true
	if k.custom && k.storage != "" {
		obj["apiVersion"] = schema.GroupVersion{Group: k.gvk.Group, Version: k.storage}.String()
	}
	metadata(obj)["resourceVersion"] = strconv.FormatUint(c.rv, 10)
	raw, _ = json.Marshal(obj) // decoded JSON always encodes
	return raw, c.table(k.gr()).items[keyOf(obj)]
}

func (c *cluster) publish(k *kind, t *table, e event) {
	if c.manager.opts.Journal != nil {
		c.fresh = append(c.fresh, Change{Life: c.life, ResourceVersion: e.rv, Resource: k.gr().String(), Deleted: e.kind == watch.Deleted, Object: e.new})
	}
	if len(t.history) >= historyLimit {
		half := historyLimit / 2
		t.floor = t.history[half-1].rv
		t.history = append([]event(nil), t.history[half:]...)
	}
	t.history = append(t.history, e)
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// since returns the events after rv and a channel that closes at the next one;
// ok is false if rv is unknown (too old, or from another life of the cluster).
func (c *cluster) since(gr schema.GroupResource, rv uint64) (events []event, next <-chan struct{}, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.table(gr)
	if rv < t.floor || rv > c.rv {
		return nil, nil, false
	}
	first := sort.Search(len(t.history), func(i int) bool { return t.history[i].rv > rv })
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	// Capped, so that a later append never writes into what the reader holds.
	return t.history[first:len(t.history):len(t.history)], t.changed, true
}

// selection is what a list or watch asks for.
type selection struct {
	namespace string
	labels    labels.Selector
	fields    fields.Selector
}

func (s selection) matches(raw []byte) bool {
	if raw == nil {
		return false
	}
	if s.namespace == "" && s.labels.Empty() && s.fields.Empty() {
		return true
	}
	obj := decode(raw)
	if s.namespace != "" && text(obj, "metadata", "namespace") != s.namespace {
		return false
	}
	return s.labels.Matches(labels.Set(stringMap(obj, "metadata", "labels"))) && s.fields.Matches(fieldView(obj))
}

// list returns the matching objects in key order and the resourceVersion they
// were read at.
func (c *cluster) list(k *kind, s selection) (items [][]byte, rv uint64) {
	c.mu.RLock()
	t := c.tables[k.gr()]
	rv = c.rv
	var keys []string
	var all map[string][]byte
	if t != nil {
		all = make(map[string][]byte, len(t.items))
		for key, raw := range t.items {
			all[key] = raw
			keys = append(keys, key)
		}
	}
	c.mu.RUnlock()
	sort.Strings(keys)
	for _, key := range keys {
		if s.matches(all[key]) {
			items = append(items, all[key])
		}
	}
	return items, rv
}
