package page_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim/fabric"
)

// told is what the tests read of a message.
type told struct {
	Reset, Ready   bool
	Resources      []struct{ Key, State string }
	Gone           []string
	Operations     []struct{ ID, Status string }
	GoneOperations []string
	Requests       *struct {
		First   int
		Entries []struct{ N int }
	}
	Clock *struct{ Now time.Time }
}

// subscribe opens the stream; the function it returns waits for the next message.
func (s *stock) subscribe(t *testing.T) func() told {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/_azuresim/page/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("the stream is %q", got)
	}
	lines := bufio.NewReader(resp.Body)
	return func() told {
		t.Helper()
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			raw, ok := bytes.CutPrefix(line, []byte("data: "))
			if !ok {
				continue
			}
			var m told
			if err := json.Unmarshal(raw, &m); err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			return m
		}
	}
}

// everything reads until the beginning is complete.
func everything(next func() told) (resources int) {
	for {
		m := next()
		resources += len(m.Resources)
		if m.Ready {
			return resources
		}
	}
}

func TestStreamTellsEverythingOnce(t *testing.T) {
	s := newStock(t)
	for i := range 100 {
		s.cluster(s.group("g"+strings.Repeat("x", i)), "c", "Succeeded")
	}
	first := s.subscribe(t)
	m := first()
	if !m.Reset || m.Clock == nil || m.Ready || len(m.Resources) != 1000 {
		t.Fatalf("the first message is %v %v %v with %d resources", m.Reset, m.Clock, m.Ready, len(m.Resources))
	}
	if got, want := len(m.Resources)+everything(first), 100*(1+1+1+5+10); got != want {
		t.Errorf("%d resources were told, want %d", got, want)
	}
}

func TestStreamTellsOnlyWhatChanged(t *testing.T) {
	s := newStock(t)
	c := s.cluster(s.group("g"), "c", "Succeeded")
	next := s.subscribe(t)
	everything(next)

	var op *fabric.Operation
	change := func(fn func()) told {
		t.Helper()
		_ = s.fabric.Do(func() error { fn(); return nil })
		return next()
	}
	m := change(func() {
		op = s.fabric.Start(nil, fabric.Plan{Kind: "PutManagedCluster", Label: "Updating", Resource: c, Duration: time.Minute})
		c.State = "Updating"
		s.fabric.Save(c)
	})
	want := told{Resources: []struct{ Key, State string }{{strings.ToLower(c.ID), "Updating"}}, Operations: []struct{ ID, Status string }{{op.ID, "InProgress"}}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("a change of one resource (-want +got):\n%s", diff)
	}
	id := c.ID
	if m = change(func() { s.fabric.Drop(c) }); len(m.Gone) != 6 || len(m.Resources) != 0 || !strings.Contains(strings.Join(m.Gone, " "), strings.ToLower(id)) {
		t.Errorf("a cluster with five pools went: %+v", m)
	}
	if m = change(s.fabric.Reset); len(m.Gone) != 12 || len(m.GoneOperations) != 1 {
		t.Errorf("everything went: %+v", m)
	}
	s.fabric.Clock.Advance(time.Hour)
	if m = next(); m.Clock == nil || !m.Clock.Now.Equal(s.fabric.Clock.Now()) {
		t.Errorf("the clock jumped: %+v", m)
	}
	s.log.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/subscriptions", nil))
	if m = next(); m.Requests == nil || m.Requests.First != 1 || len(m.Requests.Entries) != 1 {
		t.Errorf("a request came: %+v", m)
	}
	s.log.Clear()
	if m = next(); m.Requests == nil || m.Requests.First != 2 || len(m.Requests.Entries) != 0 {
		t.Errorf("the log was cleared: %+v", m)
	}
}

func TestStreamIsPaced(t *testing.T) {
	s := newStock(t)
	id := s.group("g")
	next := s.subscribe(t)
	everything(next)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { // changes all the time
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				_ = s.fabric.Do(func() error { s.fabric.Save(s.fabric.Get(id.String())); return nil })
			}
		}
	}()
	start := time.Now()
	for range 5 {
		if m := next(); len(m.Resources) != 1 {
			t.Errorf("the one group that changes is told as %+v", m)
		}
	}
	close(stop)
	<-done
	if took := time.Since(start); took < 750*time.Millisecond {
		t.Errorf("five messages came within %s; four a second are allowed", took)
	}
}

func TestPageOnlyReads(t *testing.T) {
	s := newStock(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, path := range []string{"/", "/_azuresim/page/", "/_azuresim/page/events", "/_azuresim/page/page.js"} {
			req, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s answered %d", method, path, resp.StatusCode)
			}
		}
	}
}
