package replay

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/capaks/capaks/azuresim"
)

// A pending operation is one the emulator has in flight, with what the recording tells about its end. Exchanges are
// numbered; never means that the recording does not show it.
type pending struct {
	id       string // of the emulator's operation
	resource string // lower-case id of what it works on
	deletes  bool
	running  int // the last exchange that shows it running: it must not end before
	ended    int // the first exchange that shows it ended: it must end before that one is sent
}

const never = math.MaxInt

// watch finds out when the operations an exchange started have to end.
func (r *run) watch(at int) {
	var started []*pending
	for _, op := range r.server.Operations() {
		if !slices.ContainsFunc(r.pending, func(p *pending) bool { return p.id == op.ID }) {
			started = append(started, newPending(op, at))
		}
	}
	r.pending = append(r.pending, started...)
	e := &r.rec.Exchanges[at]
	for _, p := range started {
		if len(started) == 1 || p.resource == e.resource() {
			r.foresee(p, at)
		}
	}
}

func newPending(op azuresim.Operation, at int) *pending {
	return &pending{id: op.ID, resource: strings.ToLower(op.Resource), deletes: op.State == "Deleting", running: at, ended: never}
}

// foresee reads the recording after the exchange that started an operation: its polls, and what the resource showed
// until it was changed again.
func (r *run) foresee(p *pending, at int) {
	polls := []string{}
	for _, name := range []string{"Azure-AsyncOperation", "Location"} {
		if address := r.rec.Exchanges[at].header(name); address != "" && path(address) != p.resource {
			polls = append(polls, path(address))
		}
	}
	untouched := true
	for j := at + 1; j < len(r.rec.Exchanges); j++ {
		e := &r.rec.Exchanges[j]
		switch {
		case e.Method == "GET" && slices.Contains(polls, path(e.URL)):
			if !e.pollRuns() {
				p.ended = min(p.ended, j)
				return
			}
			p.running, p.ended = j, never // what the resource itself showed before is worth less
		case untouched && e.Method == "GET" && path(e.URL) == p.resource:
			over, about := e.showsEnd(p.deletes)
			switch {
			case !about || p.ended != never:
			case over:
				p.ended = j
			default:
				p.running = j
			}
		case untouched && e.write() && e.accepted() && e.resource() == p.resource:
			untouched = false
			p.ended = min(p.ended, j)
		}
	}
	if p.ended == never && p.deletes {
		p.ended = r.firstGone(p.resource, p.running)
	}
}

// pollRuns reports whether a polling address answers that the operation goes on.
func (e *Exchange) pollRuns() bool {
	switch e.Status {
	case 202:
		return true
	case 200:
		status := strings.ToLower(text(e.Response, "status"))
		return status != "" && status != "succeeded" && status != "failed" && status != "canceled"
	}
	return false
}

// showsEnd reads a GET of the resource itself; about is false when it says nothing.
func (e *Exchange) showsEnd(deletes bool) (over, about bool) {
	if deletes || e.Status != 200 {
		return e.Status == 404, true
	}
	state := text(e.Response, "properties.provisioningState")
	return terminal(state), state != ""
}

func terminal(state string) bool {
	switch strings.ToLower(state) {
	case "succeeded", "failed", "canceled":
		return true
	}
	return false
}

// firstGone is the first exchange that says that a resource does not exist, or nothing inside it can.
func (r *run) firstGone(resource string, after int) int {
	for j := after + 1; j < len(r.rec.Exchanges); j++ {
		e := &r.rec.Exchanges[j]
		if e.Status == 404 && within(path(e.URL), resource) && (path(e.URL) == resource || errorCode(e.Response) == "ResourceGroupNotFound") {
			return j
		}
	}
	return never
}

// within reports whether an id is another one or lies below it.
func within(id, other string) bool { return id == other || strings.HasPrefix(id, other+"/") }

// due ends the operations whose end the recording shows before the exchange.
func (r *run) due(at int) error {
	e := &r.rec.Exchanges[at]
	gone := e.Status == 404 && !strings.Contains(path(e.URL), "/operation")
	return r.end(func(p *pending) bool {
		if p.ended <= at {
			return true
		}
		if !gone || !p.deletes || p.running >= at {
			return false
		}
		if errorCode(e.Response) == "ResourceGroupNotFound" {
			return strings.Contains(path(e.URL)+"/", p.resource+"/") && !strings.Contains(p.resource, "/providers/")
		}
		return within(path(e.URL), p.resource) && strings.Contains(p.resource, "/providers/")
	})
}

// catchUp ends operations that may stand in the way of a recorded answer: those of the resource itself, of what it is
// part of and of what is part of it, or all in its group.
func (r *run) catchUp(at int, all bool) error {
	resource := r.rec.Exchanges[at].resource()
	return r.end(func(p *pending) bool {
		near := within(resource, p.resource) && strings.Contains(p.resource, "/providers/") || within(p.resource, resource)
		return p.running < at && (near || all && groupOf(p.resource) == groupOf(resource))
	})
}

// overtaken finds the exchange that has to be sent before another one. A recording has its exchanges in the order in
// which they were answered; when a write was refused because of another one and nothing is in flight, or an answer
// names a resource that is not there yet, the other one is among the next: it was sent before and answered after.
// 0 means that there is none.
func (r *run) overtaken(at int, sent []bool) int {
	e := &r.rec.Exchanges[at]
	var caused func(f *Exchange) bool
	switch {
	case e.write() && (e.Status == http.StatusTooManyRequests || e.Status == http.StatusConflict):
		body := strings.ToLower(e.body())
		about := func(resource string) bool {
			return topOf(resource) == topOf(e.resource()) || strings.Contains(body, `"`+resource+`"`) || strings.Contains(body, `"`+topOf(resource)+`/`)
		}
		r.forget()
		if slices.ContainsFunc(r.pending, func(p *pending) bool { return about(p.resource) }) {
			return 0
		}
		caused = func(f *Exchange) bool { return f.accepted() && about(f.resource()) }
	case e.Method == http.MethodGet && e.Status == http.StatusOK:
		answer := sync.OnceValue(func() string { return strings.ToLower(brief(e.Response)) })
		caused = func(f *Exchange) bool {
			return f.Status == http.StatusCreated && strings.Contains(answer(), f.resource())
		}
	default:
		return 0
	}
	for j := at + 1; j < min(at+6, len(r.rec.Exchanges)); j++ {
		f := &r.rec.Exchanges[j]
		if !sent[j] && f.write() && f.resource() != e.resource() && caused(f) {
			return j
		}
	}
	return 0
}

// topOf is the id of the resource in the group that an id belongs to.
func topOf(id string) string {
	seg := strings.SplitN(id, "/", 10)
	return strings.Join(seg[:min(9, len(seg))], "/")
}

func groupOf(id string) string {
	seg := strings.SplitN(id, "/", 6)
	return strings.Join(seg[:min(5, len(seg))], "/")
}

// end completes the chosen operations, in the order in which the recording shows their ends.
func (r *run) end(choose func(*pending) bool) error {
	r.forget()
	var chosen []*pending
	for _, p := range r.pending {
		if choose(p) {
			chosen = append(chosen, p)
		}
	}
	slices.SortStableFunc(chosen, func(a, b *pending) int { return min(max(a.ended-b.ended, -1), 1) })
	for _, p := range chosen {
		if err := r.server.Complete(p.id); err != nil {
			return err
		}
	}
	r.forget()
	return nil
}

// forget drops the operations that have ended.
func (r *run) forget() {
	inFlight := map[string]bool{}
	for _, op := range r.server.Operations() {
		inFlight[op.ID] = true
	}
	r.pending = slices.DeleteFunc(r.pending, func(p *pending) bool { return !inFlight[p.id] })
}
