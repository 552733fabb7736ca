package clock_test

import (
	"slices"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim/clock"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Advance runs timers in order, each at its own deadline, also those that timers set.
func TestAdvance(t *testing.T) {
	c := clock.NewPaused(t0)
	var fired []string
	note := func(name string) func(time.Time) {
		return func(at time.Time) {
			fired = append(fired, name+" "+c.Now().Sub(t0).String())
			if !at.Equal(c.Now()) {
				t.Errorf("%s runs at %s, due at %s", name, c.Now(), at)
			}
		}
	}
	c.At(t0.Add(3*time.Second), note("c"))
	c.At(t0.Add(1*time.Second), func(at time.Time) {
		note("a")(at)
		c.At(at.Add(time.Second), note("b"))
	})
	stopped := c.At(t0.Add(2*time.Second), note("never"))
	c.At(t0.Add(9*time.Second), note("later"))
	if !c.Stop(stopped) || c.Stop(stopped) {
		t.Error("Stop should report true once")
	}
	c.FireDue()
	if len(fired) != 0 {
		t.Errorf("a paused clock fired %v", fired)
	}
	c.Advance(5 * time.Second)
	if want := []string{"a 1s", "b 2s", "c 3s"}; !slices.Equal(fired, want) {
		t.Errorf("fired %v, want %v", fired, want)
	}
	if got := c.Now().Sub(t0); got != 5*time.Second {
		t.Errorf("now is %s", got)
	}
}

// A running clock fires without anybody polling; pausing and speed take effect at once.
func TestRun(t *testing.T) {
	c := clock.NewPaused(t0)
	stop, fired := make(chan struct{}), make(chan time.Time, 1)
	defer close(stop)
	go c.Run(stop)
	c.At(t0.Add(time.Hour), func(at time.Time) { fired <- at })
	c.SetSpeed(1e6)
	c.Resume()
	select {
	case at := <-fired:
		if !at.Equal(t0.Add(time.Hour)) {
			t.Errorf("fired at %s", at)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("an hour at a million times real time takes longer than ten seconds")
	}
	c.Pause()
	before := c.Now()
	if !c.Paused() || !c.Now().Equal(before) {
		t.Error("time passes while paused")
	}
}
