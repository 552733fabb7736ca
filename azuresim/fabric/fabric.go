// Package fabric is the machinery under all emulated resource providers: the resources, the operations in flight,
// one lock, one clock and the write-ahead log. It must not know any resource type; providers register what
// happens when an operation reaches a step or its end.
package fabric

import (
	"encoding/json"
	"fmt"
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
	children  catalogue // by the id of the parent
	types     catalogue // by type
	ops       map[string]*Operation
	active    map[string]*Operation   // those in flight
	working   map[string][]*Operation // the same by lower-case resource id
	history   map[string][]*Operation // by lower-case resource id, oldest first
	seq       int64
	turn      int64          // number of the transaction
	dirty     map[string]any // store key -> document, nil = delete
	kinds     map[string]Kind
	private   map[string]func() any
	dropped   []func(*Resource)
	saved     []func(*Resource)
	watchers  []func(resource, operation string)
	deleters  map[string]Deleter
	sums      map[string]*sum  // by lower-case type
	views     map[string]*view // by lower-case type
	renewing  bool             // documents are being made again, or soon will be
	suspended bool
	followers map[string]Follower
}

// New returns an empty fabric on a clock and a store.
func New(c *clock.Clock, s *store.Store) *Fabric {
	f := &Fabric{Clock: c, store: s, kinds: map[string]Kind{}, private: map[string]func() any{}, sums: map[string]*sum{}, views: map[string]*view{}}
	f.empty()
	return f
}

func (f *Fabric) empty() {
	f.resources = map[string]*Resource{}
	for _, s := range f.sums {
		s.clear()
	}
	for _, v := range f.views {
		clear(v.stale)
	}
	f.children = catalogue{}
	f.types = catalogue{}
	f.ops = map[string]*Operation{}
	f.active = map[string]*Operation{}
	f.working = map[string][]*Operation{}
	f.history = map[string][]*Operation{}
	f.dirty = map[string]any{}
}

// Do runs fn under the lock. When it returns, everything fn changed or saw is on disk: nobody is told what a crash
// could take back. Callers that come together wait for one fsync.
func (f *Fabric) Do(fn func() error) error {
	err := f.change(fn)
	if serr := f.store.Sync(); serr != nil {
		return fmt.Errorf("state could not be written: %w", serr)
	}
	return err
}

// change is Do for what happens by itself: it is written, but nobody waits for the disk.
func (f *Fabric) change(fn func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn++
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
		f.tell(k)
	}
	clear(f.dirty)
	if err := f.store.Append(f.Clock.Now(), changes); err != nil {
		return fmt.Errorf("state could not be written: %w", err)
	}
	return nil
}

// Keep writes a document that is not the fabric's own in the same transaction; nil deletes it.
func (f *Fabric) Keep(key string, value any) { f.dirty[key] = value }

// RegisterPrivate says which Go type the private part of a resource type has.
func (f *Fabric) RegisterPrivate(typ string, zero func() any) { f.private[strings.ToLower(typ)] = zero }

// OnSave registers a function called for every resource that is loaded, created or changed.
func (f *Fabric) OnSave(fn func(*Resource)) { f.saved = append(f.saved, fn) }

// OnDrop registers a function called for every resource that leaves the fabric.
func (f *Fabric) OnDrop(fn func(*Resource)) { f.dropped = append(f.dropped, fn) }

// Watch registers a function that is told what every transaction creates, changes or drops: the lower-case id of a
// resource or the id of an operation. It runs under the lock, so it may only take notes.
func (f *Fabric) Watch(fn func(resource, operation string)) { f.watchers = append(f.watchers, fn) }

func (f *Fabric) tell(key string) {
	for _, fn := range f.watchers {
		switch key[:1] {
		case resourceKey:
			fn(key[1:], "")
		case operationKey:
			fn("", key[1:])
		}
	}
}

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
			f.notify(r)
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
			f.begin(o)
			o.shift(gap)
			f.dirty[operationKey+o.ID] = o
			f.schedule(o)
		}
	}
	return f.commit()
}

// decode goes through a document once; only its private part, whose type depends on the rest, is looked at again.
func (f *Fabric) decode(raw json.RawMessage, r *Resource) error {
	type public Resource
	doc := struct {
		*public
		Private json.RawMessage `json:"private,omitempty"`
	}{public: (*public)(r)}
	if err := kjson.Unmarshal(raw, &doc); err != nil {
		return err
	}
	if zero := f.private[strings.ToLower(r.Type)]; zero != nil {
		r.Private = zero()
	}
	if doc.Private == nil {
		return nil
	}
	return kjson.Unmarshal(doc.Private, &r.Private) // into what the pointer in it points to
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
	f.suspended = true
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

	parsed   arm.ID
	rendered map[string][]byte // see Rendered
	touched  int64             // the transaction that changed it or something below it last
}

func (r *Resource) key() string { return strings.ToLower(r.ID) }

// ARMID is the parsed id.
func (r *Resource) ARMID() arm.ID {
	if r.parsed.Subscription == "" {
		r.parsed, _ = arm.ParseID(r.ID)
	}
	return r.parsed
}

// Create stores a new resource.
func (f *Fabric) Create(id arm.ID, location string, body arm.Object) *Resource {
	now := f.Clock.Now().UTC()
	f.seq++
	r := &Resource{ID: id.String(), Type: id.Type(), Name: id.Name(), Location: location, Seq: f.seq, Created: now, Changed: now, Body: body, parsed: id}
	f.index(r)
	f.Save(r)
	return r
}

// Save marks a changed resource for the log.
func (f *Fabric) Save(r *Resource) {
	r.Changed = f.Clock.Now().UTC()
	f.dirty[resourceKey+r.key()] = r
	f.touch(r)
	f.notify(r)
}

func (f *Fabric) notify(r *Resource) {
	for _, fn := range f.saved {
		fn(r)
	}
}

// Drop removes a resource and everything below it.
func (f *Fabric) Drop(r *Resource) {
	for _, child := range f.Children(r.ID, "") {
		f.Drop(child)
	}
	f.touch(r)
	f.unindex(r)
	f.dirty[resourceKey+r.key()] = nil
	for _, fn := range f.dropped {
		fn(r)
	}
}
