package fabric

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A list of a thousand clusters must not be made of a thousand documents on every request. The documents readers get
// are kept, each until the resource or something below it changes, and those of the variants in use are made again
// while nobody waits for them.

const (
	// variants bounds the documents per resource: the clients of one emulator rarely use more api-versions than that.
	variants = 4
	// variantKept is how long a variant nobody asked for keeps its place from another.
	variantKept = time.Minute
	// settle is how long after a change documents are made again: changes come together.
	settle = 50 * time.Millisecond
	// slice is how many documents are made under the lock at a time, so that nobody waits long for it.
	slice = 2
)

// Renderer makes the document of a resource. It may depend on nothing but the resource, what lies below it and the
// variant, which names everything else that makes a difference.
type Renderer func(r *Resource, variant string) ([]byte, error)

type view struct {
	render Renderer
	used   map[string]time.Time // variant -> when it was asked for last, in real time
	stale  map[*Resource]bool   // resources of which not all documents are there
}

// RegisterView says how resources of a type are rendered.
func (f *Fabric) RegisterView(typ string, render Renderer) {
	f.views[strings.ToLower(typ)] = &view{render: render, used: map[string]time.Time{}, stale: map[*Resource]bool{}}
}

// Rendered is a document of a resource whose type has a view.
func (f *Fabric) Rendered(r *Resource, variant string) ([]byte, error) {
	f.Expect(r.Type, variant)
	if raw, ok := r.rendered[variant]; ok {
		return raw, nil
	}
	return f.render(f.views[strings.ToLower(r.Type)], r, variant)
}

// RenderedAll is Rendered for a list. Documents that are missing are made by all processors: renderers only read, and
// the one who asks has the lock.
func (f *Fabric) RenderedAll(list []*Resource, variant string) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(list))
	var missing []int
	for i, r := range list {
		f.Expect(r.Type, variant)
		if raw, ok := r.rendered[variant]; ok {
			out[i] = raw
		} else {
			missing = append(missing, i)
		}
	}
	errs := make([]error, len(missing))
	var next atomic.Int64
	var making sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(missing)) {
		making.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(missing)); n = next.Add(1) - 1 {
				r := list[missing[n]]
				out[missing[n]], errs[n] = f.views[strings.ToLower(r.Type)].render(r, variant)
			}
		})
	}
	making.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, i := range missing {
		f.keep(list[i], variant, out[i])
	}
	return out, nil
}

func (f *Fabric) render(v *view, r *Resource, variant string) ([]byte, error) {
	raw, err := v.render(r, variant)
	if err == nil {
		f.keep(r, variant, raw)
	}
	return raw, err
}

func (f *Fabric) keep(r *Resource, variant string, raw []byte) {
	if r.touched == f.turn { // what was saved may go on changing until the end of the transaction
		return
	}
	if r.rendered == nil || len(r.rendered) >= variants {
		r.rendered = map[string][]byte{}
	}
	r.rendered[variant] = raw
}

// Expect announces that documents of a variant will be asked for: who writes in an api-version will read in it.
func (f *Fabric) Expect(typ, variant string) {
	v, now := f.views[strings.ToLower(typ)], time.Now()
	if _, known := v.used[variant]; known {
		v.used[variant] = now
		return
	}
	if len(v.used) >= variants {
		oldest := variant
		for name, at := range v.used {
			if now.Sub(at) > variantKept && (oldest == variant || at.Before(v.used[oldest])) {
				oldest = name
			}
		}
		if oldest == variant {
			return
		}
		delete(v.used, oldest)
	}
	v.used[variant] = now
	for _, r := range f.types[strings.ToLower(typ)] {
		v.stale[r] = true
	}
	f.renewSoon()
}

// touch forgets what was made of a resource and of everything it is part of.
func (f *Fabric) touch(r *Resource) {
	f.recount(r)
	for r != nil {
		r.rendered, r.touched = nil, f.turn
		if v := f.views[strings.ToLower(r.Type)]; v != nil && len(v.used) > 0 {
			v.stale[r] = true
			f.renewSoon()
		}
		parent := f.resources[place(r)]
		if parent == r {
			return
		}
		r = parent
	}
}

func (f *Fabric) renewSoon() {
	if !f.renewing && !f.suspended {
		f.renewing = true
		time.AfterFunc(settle, f.renew)
	}
}

// renew makes documents until none is missing.
func (f *Fabric) renew() {
	for more := true; more; {
		_ = f.change(func() error {
			left := slice
			for _, v := range f.views {
				left = f.renewSome(v, left)
			}
			more = left == 0 && !f.suspended
			f.renewing = more
			return nil
		})
	}
}

// renewSome makes up to n documents of a type and returns how many more there may be.
func (f *Fabric) renewSome(v *view, n int) int {
	for r := range v.stale {
		for variant := range v.used {
			if _, ok := r.rendered[variant]; ok {
				continue
			}
			if n == 0 {
				return 0
			}
			n--
			if _, err := f.render(v, r, variant); err != nil {
				break // whoever asks for it will hear of it
			}
		}
		delete(v.stale, r)
	}
	return n
}
