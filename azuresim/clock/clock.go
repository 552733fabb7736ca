// Package clock is the time of the emulated Azure: it can be paused, advanced by hand and made to
// run faster than the wall clock. Everything with a duration (operations, throttling buckets) uses it.
// It must not know what the timers are for.
package clock

import (
	"container/heap"
	"sync"
	"time"
)

// Clock is safe for concurrent use. The zero value is not usable; call New or NewPaused.
type Clock struct {
	mu      sync.Mutex
	base    time.Time // emulated time at the moment `anchor`
	anchor  time.Time // wall time the base belongs to; zero while paused
	speed   float64
	timers  timerHeap
	seq     uint64
	changed chan struct{} // replaced and closed whenever the next deadline may have moved

	fire sync.Mutex // serialises timer functions: one at a time, in order of their deadlines
}

// Timer is one pending call.
type Timer struct {
	at    time.Time
	seq   uint64
	fn    func(at time.Time)
	index int
}

// New starts a clock at the wall clock's time and the given speed (1 = real time).
func New(speed float64) *Clock {
	if speed <= 0 {
		speed = 1
	}
	now := time.Now()
	return &Clock{base: now, anchor: now, speed: speed, changed: make(chan struct{})}
}

// NewPaused returns a clock that stands still at t until Advance or Resume.
func NewPaused(t time.Time) *Clock {
	return &Clock{base: t, speed: 1, changed: make(chan struct{})}
}

// Now is the emulated time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.anchor.IsZero() {
		return c.base
	}
	return c.base.Add(time.Duration(float64(time.Since(c.anchor)) * c.speed))
}

// Paused reports whether time stands still.
func (c *Clock) Paused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.anchor.IsZero()
}

// Speed is the factor between emulated and wall time.
func (c *Clock) Speed() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.speed
}

// Pause stops time; timers do not fire until Advance or Resume.
func (c *Clock) Pause() { c.rebase(func() { c.anchor = time.Time{} }) }

// Resume lets time run on from where it stood.
func (c *Clock) Resume() { c.rebase(func() { c.anchor = time.Now() }) }

// SetSpeed changes the factor between emulated and wall time.
func (c *Clock) SetSpeed(speed float64) {
	if speed <= 0 {
		return
	}
	c.rebase(func() {
		c.speed = speed
		if !c.anchor.IsZero() {
			c.anchor = time.Now()
		}
	})
}

func (c *Clock) rebase(change func()) {
	c.mu.Lock()
	c.base = c.now()
	if !c.anchor.IsZero() {
		c.anchor = time.Now()
	}
	change()
	c.wake()
	c.mu.Unlock()
}

// Advance moves time forward and runs every timer that falls due on the way, each at its own deadline and in
// order. When it returns, all their effects are visible: a test needs no waiting.
func (c *Clock) Advance(d time.Duration) {
	c.fire.Lock()
	defer c.fire.Unlock()
	target := c.Now().Add(d)
	for {
		c.mu.Lock()
		t := c.popDue(target)
		if t == nil {
			c.jump(target)
			c.wake()
			c.mu.Unlock()
			return
		}
		c.jump(t.at)
		c.mu.Unlock()
		t.fn(t.at)
	}
}

// jump moves the present to t, never backwards.
func (c *Clock) jump(t time.Time) {
	if !t.After(c.now()) {
		return
	}
	c.base = t
	if !c.anchor.IsZero() {
		c.anchor = time.Now()
	}
}

// FireDue runs the timers whose deadline has passed. Readers call it so that what they see never depends on
// how fast the background goroutine is.
func (c *Clock) FireDue() {
	c.fire.Lock()
	defer c.fire.Unlock()
	for {
		c.mu.Lock()
		t := c.popDue(c.now())
		c.mu.Unlock()
		if t == nil {
			return
		}
		t.fn(t.at)
	}
}

// At calls fn once, when the emulated time reaches t. fn runs outside all locks of the clock and may set
// further timers, but must not call Advance or FireDue.
func (c *Clock) At(t time.Time, fn func(at time.Time)) *Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	timer := &Timer{at: t, seq: c.seq, fn: fn}
	heap.Push(&c.timers, timer)
	c.wake()
	return timer
}

// Stop removes a pending timer; it reports false when the timer has fired already.
func (c *Clock) Stop(t *Timer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t == nil || t.index < 0 || t.index >= len(c.timers) || c.timers[t.index] != t {
		return false
	}
	heap.Remove(&c.timers, t.index)
	return true
}

// Run fires timers as time passes until stop is closed. Several Runs on one clock are harmless.
func (c *Clock) Run(stop <-chan struct{}) {
	for {
		c.FireDue()
		c.mu.Lock()
		changed := c.changed
		wait := time.Hour
		if len(c.timers) > 0 && !c.anchor.IsZero() {
			wait = time.Duration(float64(c.timers[0].at.Sub(c.now())) / c.speed)
		}
		c.mu.Unlock()
		alarm := time.NewTimer(max(wait, 0))
		select {
		case <-stop:
			alarm.Stop()
			return
		case <-changed:
			alarm.Stop()
		case <-alarm.C:
		}
	}
}

func (c *Clock) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *Clock) popDue(limit time.Time) *Timer {
	if len(c.timers) == 0 || c.timers[0].at.After(limit) {
		return nil
	}
	return heap.Pop(&c.timers).(*Timer)
}

type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	t.index = -1
	*h = old[:len(old)-1]
	return t
}
