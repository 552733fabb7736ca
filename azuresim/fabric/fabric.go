// Package fabric is the machinery under all emulated resource providers: the resources, the operations in flight,
// one lock, one clock and the write-ahead log. It must not know any resource type; providers register what
// happens when an operation reaches a step or its end.
package fabric

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/store"
)

// Document kinds in the store: the first letter of a key.
const (
	resourceKey  = "r"
	operationKey = "o"
)

// Fabric owns all state. Everything except Do, Run and Clock must be called inside Do.
type Fabric struct {
	Clock *clock.Clock

	mu        sync.Mutex
	store     *store.Store
	resources map[string]*Resource
	children  map[string]map[string]*Resource
	ops       map[string]*Operation
	active    map[string]*Operation   // those in flight
	history   map[string][]*Operation // by lower-case resource id, oldest first
	seq       int64
	dirty     map[string]any // store key -> document, nil = delete
	kinds     map[string]Kind
	private   map[string]func() any
	dropped   []func(*Resource)
	deleters  map[string]Deleter

	// Extra lists the documents others keep in the same store, for snapshots.
	Extra func() []store.Change
}

// New returns an empty fabric on a clock and a store.
func New(c *clock.Clock, s *store.Store) *Fabric {
	f := &Fabric{Clock: c, store: s, kinds: map[string]Kind{}, private: map[string]func() any{}}
	f.empty()
	return f
}

func (f *Fabric) empty() {
	f.resources = map[string]*Resource{}
	f.children = map[string]map[string]*Resource{}
	f.ops = map[string]*Operation{}
	f.active = map[string]*Operation{}
	f.history = map[string][]*Operation{}
	f.dirty = map[string]any{}
}

// Do runs fn under the lock and makes what it changed durable before it returns.
func (f *Fabric) Do(fn func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := fn()
	if cerr := f.commit(); cerr != nil {
		return cerr
	}
	return err
}

func (f *Fabric) commit() error {
	if len(f.dirty) == 0 {
		return nil
	}
	changes := make([]store.Change, 0, len(f.dirty))
	for k, v := range f.dirty {
		changes = append(changes, store.Change{Key: k, Value: v})
	}
	clear(f.dirty)
	now := f.Clock.Now()
	if err := f.store.Commit(now, changes); err != nil {
		return fmt.Errorf("state could not be written: %w", err)
	}
	if f.store.Full() {
		return f.store.Compact(now, f.snapshot())
	}
	return nil
}

func (f *Fabric) snapshot() []store.Change {
	docs := make([]store.Change, 0, len(f.resources)+len(f.ops))
	for k, r := range f.resources {
		docs = append(docs, store.Change{Key: resourceKey + k, Value: r})
	}
	for k, o := range f.ops {
		docs = append(docs, store.Change{Key: operationKey + k, Value: o})
	}
	if f.Extra != nil {
		docs = append(docs, f.Extra()...)
	}
	return docs
}

// Keep writes a document that is not the fabric's own in the same transaction; nil deletes it.
func (f *Fabric) Keep(key string, value any) { f.dirty[key] = value }

// RegisterPrivate says which Go type the private part of a resource type has.
func (f *Fabric) RegisterPrivate(typ string, zero func() any) { f.private[strings.ToLower(typ)] = zero }

// OnDrop registers a function called for every resource that leaves the fabric.
func (f *Fabric) OnDrop(fn func(*Resource)) { f.dropped = append(f.dropped, fn) }

// Load restores resources and operations. Operations in flight continue with the time they had left when the
// directory was last written: time does not pass for Azure while the emulator is down.
func (f *Fabric) Load(c store.Contents) error {
	for key, raw := range c.Docs {
		switch key[:1] {
		case resourceKey:
			r := &Resource{}
			if err := f.decode(raw, r); err != nil {
				return fmt.Errorf("resource %s: %w", key, err)
			}
			f.index(r)
			f.seq = max(f.seq, r.Seq)
		case operationKey:
			o := &Operation{}
			if err := kjson.Unmarshal(raw, o); err != nil {
				return fmt.Errorf("operation %s: %w", key, err)
			}
			f.ops[o.ID] = o
			f.remember(o)
		}
	}
	gap := f.Clock.Now().Sub(c.Time)
	if c.Time.IsZero() || gap < 0 {
		gap = 0
	}
	for _, o := range f.ops {
		if o.Running() {
			f.active[o.ID] = o
			o.shift(gap)
			f.dirty[operationKey+o.ID] = o
			f.schedule(o)
		}
	}
	return f.commit()
}

func (f *Fabric) decode(raw json.RawMessage, r *Resource) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	if zero := f.private[strings.ToLower(head.Type)]; zero != nil {
		r.Private = zero()
	}
	return kjson.Unmarshal(raw, r)
}

// Reset forgets everything.
func (f *Fabric) Reset() {
	for _, o := range f.ops {
		f.stopTimers(o)
	}
	for _, r := range f.resources {
		for _, fn := range f.dropped {
			fn(r)
		}
		f.dirty[resourceKey+r.key()] = nil
	}
	for id := range f.ops {
		f.dirty[operationKey+id] = nil
	}
	dirty := f.dirty
	f.empty()
	f.dirty = dirty
}

// Suspend stops all timers; used when the emulator closes while its state lives on.
func (f *Fabric) Suspend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.ops {
		f.stopTimers(o)
	}
}

// Busy reports whether an operation is in flight.
func (f *Fabric) Busy() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.active) > 0
}

// Resource is one stored resource. Body is the document without id, name, type and provisioningState, which
// providers add when they show it.
type Resource struct {
	ID        string     `json:"id"`
	Type      string     `json:"type"`
	Name      string     `json:"name"`
	Location  string     `json:"location,omitempty"`
	State     string     `json:"state"`
	ETag      string     `json:"etag,omitempty"`
	ManagedBy string     `json:"managedBy,omitempty"`
	Seq       int64      `json:"seq"`
	Created   time.Time  `json:"created"`
	Changed   time.Time  `json:"changed"`
	Body      arm.Object `json:"body"`
	Private   any        `json:"private,omitempty"`

	parsed arm.ID
}

func (r *Resource) key() string { return strings.ToLower(r.ID) }

// ARMID is the parsed id.
func (r *Resource) ARMID() arm.ID {
	if r.parsed.Subscription == "" {
		r.parsed, _ = arm.ParseID(r.ID)
	}
	return r.parsed
}

// Get finds a resource by id, without case.
func (f *Fabric) Get(id string) *Resource { return f.resources[strings.ToLower(id)] }

// Create stores a new resource.
func (f *Fabric) Create(id arm.ID, location string, body arm.Object) *Resource {
	now := f.Clock.Now().UTC()
	f.seq++
	r := &Resource{ID: id.String(), Type: id.Type(), Name: id.Name(), Location: location, Seq: f.seq, Created: now, Changed: now, Body: body, parsed: id}
	f.index(r)
	f.Save(r)
	return r
}

func (f *Fabric) index(r *Resource) {
	f.resources[r.key()] = r
	parent := r.ARMID().Parent()
	if r.ARMID().Provider == "" {
		parent = arm.ID{Subscription: parent.Subscription}
	}
	siblings := f.children[parent.Key()]
	if siblings == nil {
		siblings = map[string]*Resource{}
		f.children[parent.Key()] = siblings
	}
	siblings[r.key()] = r
}

// Save marks a changed resource for the log.
func (f *Fabric) Save(r *Resource) {
	r.Changed = f.Clock.Now().UTC()
	f.dirty[resourceKey+r.key()] = r
}

// Drop removes a resource and everything below it.
func (f *Fabric) Drop(r *Resource) {
	for _, child := range f.Children(r.ID, "") {
		f.Drop(child)
	}
	delete(f.resources, r.key())
	delete(f.children, r.key())
	for _, siblings := range []map[string]*Resource{f.children[r.ARMID().Parent().Key()], f.children[arm.ID{Subscription: r.ARMID().Subscription}.Key()]} {
		if siblings[r.key()] == r {
			delete(siblings, r.key())
		}
	}
	f.dirty[resourceKey+r.key()] = nil
	for _, fn := range f.dropped {
		fn(r)
	}
}

// Children lists what lies directly below an id, oldest first; typ "" means all types.
func (f *Fabric) Children(id, typ string) []*Resource {
	var out []*Resource
	for _, r := range f.children[strings.ToLower(id)] {
		if typ == "" || strings.EqualFold(r.Type, typ) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Resource) int { return int(a.Seq - b.Seq) })
	return out
}

// List returns all resources of a type in a subscription ("" = all subscriptions), oldest first.
func (f *Fabric) List(subscription, typ string) []*Resource {
	var out []*Resource
	for _, r := range f.resources {
		if (typ == "" || strings.EqualFold(r.Type, typ)) && (subscription == "" || strings.EqualFold(r.ARMID().Subscription, subscription)) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Resource) int { return int(a.Seq - b.Seq) })
	return out
}
