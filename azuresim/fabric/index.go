package fabric

import (
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// What is asked on every request must not cost more the more resources there are: resources are found by id, by
// parent and by type, operations in flight by what they work on.

// catalogue is a set of resources for each key.
type catalogue map[string]map[string]*Resource

func (c catalogue) add(key string, r *Resource) {
	if c[key] == nil {
		c[key] = map[string]*Resource{}
	}
	c[key][r.key()] = r
}

func (c catalogue) remove(key string, r *Resource) {
	if c[key][r.key()] == r {
		delete(c[key], r.key())
	}
}

// place is what a resource is listed under: its parent, or the subscription for a resource group.
func place(r *Resource) string {
	id := r.ARMID()
	if id.Provider == "" {
		return arm.ID{Subscription: id.Subscription}.Key()
	}
	return id.Parent().Key()
}

func (f *Fabric) index(r *Resource) {
	if old := f.resources[r.key()]; old != nil && old != r {
		f.forget(old)
	}
	f.resources[r.key()] = r
	f.children.add(place(r), r)
	f.types.add(strings.ToLower(r.Type), r)
	f.recount(r)
}

func (f *Fabric) unindex(r *Resource) {
	delete(f.resources, r.key())
	delete(f.children, r.key())
	f.children.remove(place(r), r)
	f.types.remove(strings.ToLower(r.Type), r)
	f.forget(r)
	if v := f.views[strings.ToLower(r.Type)]; v != nil {
		delete(v.stale, r)
	}
}

// Get finds a resource by id, without case.
func (f *Fabric) Get(id string) *Resource { return f.resources[strings.ToLower(id)] }

// Children lists what lies directly below an id, oldest first; typ "" means all types.
func (f *Fabric) Children(id, typ string) []*Resource {
	return oldestFirst(f.children[strings.ToLower(id)], func(r *Resource) bool { return typ == "" || strings.EqualFold(r.Type, typ) })
}

// List returns all resources of a type ("" = all) in a subscription ("" = all), oldest first.
func (f *Fabric) List(subscription, typ string) []*Resource {
	from := f.resources
	if typ != "" {
		from = f.types[strings.ToLower(typ)]
	}
	return oldestFirst(from, func(r *Resource) bool {
		return subscription == "" || strings.EqualFold(r.ARMID().Subscription, subscription)
	})
}

func oldestFirst(from map[string]*Resource, want func(*Resource) bool) []*Resource {
	var out []*Resource
	for _, r := range from {
		if want(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Resource) int { return int(a.Seq - b.Seq) })
	return out
}

// begin and leave keep the operations in flight.
func (f *Fabric) begin(o *Operation) {
	f.active[o.ID] = o
	key := strings.ToLower(o.Resource)
	f.working[key] = append(f.working[key], o)
}

func (f *Fabric) leave(o *Operation) {
	delete(f.active, o.ID)
	key := strings.ToLower(o.Resource)
	f.working[key] = slices.DeleteFunc(f.working[key], func(other *Operation) bool { return other == o })
	if len(f.working[key]) == 0 {
		delete(f.working, key)
	}
}

// Running lists the operations in flight, oldest first.
func (f *Fabric) Running() []*Operation {
	var out []*Operation
	for _, o := range f.active {
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b *Operation) int { return a.Start.Compare(b.Start) })
	return out
}

// RunningOn is the operation in flight on exactly this resource, the latest if there are several, nil if none.
func (f *Fabric) RunningOn(resource string) *Operation {
	if on := f.working[strings.ToLower(resource)]; len(on) > 0 {
		return on[len(on)-1]
	}
	return nil
}
