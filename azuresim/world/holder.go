package world

import (
	"sync"
	"sync/atomic"
)

// Holder publishes the current world. A world is never changed in place: readers keep a consistent one.
type Holder struct {
	p        atomic.Pointer[World]
	changing sync.Mutex // requests and the control API may change it at the same time
}

// NewHolder starts with w.
func NewHolder(w World) *Holder {
	h := &Holder{}
	h.p.Store(&w)
	return h
}

// Get is the current world; treat it as read-only.
func (h *Holder) Get() *World { return h.p.Load() }

// Set replaces the world.
func (h *Holder) Set(w *World) { h.p.Store(w) }

// Merge adds to the world.
func (h *Holder) Merge(other World) { h.update(func(w *World) { w.Merge(other) }) }

func (h *Holder) update(change func(*World)) {
	h.changing.Lock()
	defer h.changing.Unlock()
	w := h.Get().Clone()
	change(w)
	h.Set(w)
}
