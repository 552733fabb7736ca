package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/capaks/capaks/azuresim/front"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	interval  = 250 * time.Millisecond // a page hears of changes at most this often
	heartbeat = 15 * time.Second       // and this often when nothing happens, so that a dead connection is noticed
	batch     = 1000                   // resources read under one hold of the lock
	backlog   = 500                    // requests told at once
)

// message is one event. Parts that did not change are absent.
type message struct {
	Reset      bool        `json:"reset,omitempty"` // forget everything: a new stream begins
	Ready      bool        `json:"ready,omitempty"` // everything there was has been told
	Clock      *clockView  `json:"clock,omitempty"`
	Info       *info       `json:"info,omitempty"`
	Resources  []row       `json:"resources,omitempty"`
	Gone       []string    `json:"gone,omitempty"`
	Operations []operation `json:"operations,omitempty"`
	GoneOps    []string    `json:"goneOperations,omitempty"`
	Requests   *requests   `json:"requests,omitempty"`
}

type clockView struct {
	Now    time.Time `json:"now"`
	Paused bool      `json:"paused"`
	Speed  float64   `json:"speed"`
}

type info struct {
	Subscriptions []named       `json:"subscriptions"`
	Principals    []named       `json:"principals"`
	Throttle      float64       `json:"throttle"`
	Faults        []front.Fault `json:"faults"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type requests struct {
	First   int     `json:"first"` // older ones are gone from the log
	Entries []entry `json:"entries"`
}

// entry is a request without its body, which the control API has.
type entry struct {
	N         int       `json:"n"`
	Time      time.Time `json:"time"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Version   string    `json:"version,omitempty"`
	Principal string    `json:"principal,omitempty"`
	Status    int       `json:"status"`
	Code      string    `json:"code,omitempty"`
	Spec      int       `json:"spec,omitempty"` // how many deviations from the description
	Millis    float64   `json:"millis"`
}

// stream is the memory of one open page: what it knows already.
type stream struct {
	page   *Page
	reader *reader
	clock  clockView
	at     time.Time // when clock was told
	world  *world.World
	faults []byte
	span   [2]int // the oldest and the newest request in the log when it was looked at last
	last   int    // the newest request told
	ready  bool
}

// events pushes changes until the page is closed.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	s := &stream{page: p, reader: p.join(), span: [2]int{1, 0}}
	defer p.leave(s.reader)
	out := http.NewResponseController(w)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	m, sent := message{Reset: true}, time.Now()
	for {
		more := s.collect(&m)
		if changed := !m.empty(); changed || time.Since(sent) > heartbeat {
			if !changed {
				s.tellClock(&m, true)
			}
			if send(w, m) != nil || out.Flush() != nil {
				return
			}
			sent = time.Now()
		}
		m = message{}
		if more && !s.ready {
			continue // the beginning is told without pauses
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

func send(w http.ResponseWriter, m message) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "data: %s\n\n", raw)
	return err
}

func (m *message) empty() bool {
	return !m.Reset && !m.Ready && m.Clock == nil && m.Info == nil && m.Requests == nil &&
		len(m.Resources)+len(m.Gone)+len(m.Operations)+len(m.GoneOps) == 0
}

// collect adds what is new; more reports that there is already more to tell.
func (s *stream) collect(m *message) (more bool) {
	s.tellClock(m, false)
	s.tellInfo(m)
	s.tellRequests(m)
	more = s.tellState(m)
	if !more && !s.ready {
		s.ready, m.Ready = true, true
	}
	return more
}

func (s *stream) tellState(m *message) (more bool) {
	resources, ops, more := s.page.next(s.reader)
	if len(resources)+len(ops) == 0 {
		return more
	}
	f := s.page.Fabric
	_ = f.Do(func() error {
		for _, id := range resources {
			if r := f.Get(id); r != nil {
				m.Resources = append(m.Resources, viewRow(r))
			} else {
				m.Gone = append(m.Gone, id)
			}
		}
		for _, id := range ops {
			if o := f.Operation(id); o != nil {
				m.Operations = append(m.Operations, viewOperation(o))
			} else {
				m.GoneOps = append(m.GoneOps, id)
			}
		}
		return nil
	})
	return more
}

// tellClock sends the clock only when it does something the page cannot foresee: stop, run at another speed, jump.
func (s *stream) tellClock(m *message, always bool) {
	c := s.page.Fabric.Clock
	wall := time.Now()
	now := clockView{Now: c.Now().UTC(), Paused: c.Paused(), Speed: c.Speed()}
	expected := s.clock.Now
	if !s.clock.Paused {
		expected = expected.Add(time.Duration(float64(wall.Sub(s.at)) * s.clock.Speed))
	}
	off := now.Now.Sub(expected).Abs()
	tolerance := time.Duration(float64(100*time.Millisecond) * max(now.Speed, 1))
	if now.Paused {
		tolerance = 0
	}
	if always || s.at.IsZero() || now.Paused != s.clock.Paused || now.Speed != s.clock.Speed || off > tolerance {
		s.clock, s.at = now, wall
		m.Clock = &now
	}
}

// tellInfo sends what the head of the page shows. The world is replaced as a whole, never changed, so its pointer
// tells whether it is the same.
func (s *stream) tellInfo(m *message) {
	w, rules := s.page.World.Get(), s.page.Faults.List()
	faults, _ := json.Marshal(rules) // plain data
	if w == s.world && bytes.Equal(faults, s.faults) {
		return
	}
	s.world, s.faults = w, faults
	m.Info = &info{Subscriptions: []named{}, Principals: []named{}, Throttle: s.page.Throttle.Scale, Faults: rules}
	for _, x := range w.Subscriptions {
		m.Info.Subscriptions = append(m.Info.Subscriptions, named{x.ID, x.DisplayName})
	}
	for _, x := range w.Principals {
		m.Info.Principals = append(m.Info.Principals, named{x.ClientID, x.DisplayName})
	}
}

func (s *stream) tellRequests(m *message) {
	first, last := s.page.Requests.Span()
	if s.span == [2]int{first, last} {
		return
	}
	s.span = [2]int{first, last}
	out := &requests{First: first, Entries: []entry{}}
	for _, e := range s.page.Requests.Since(max(s.last, last-backlog), backlog) {
		out.Entries = append(out.Entries, entry{e.N, e.Time, e.Method, e.Path, e.APIVersion, e.Principal, e.Status, e.ErrorCode, len(e.SpecErrors), e.Millis})
		s.last = e.N
	}
	m.Requests = out
}
