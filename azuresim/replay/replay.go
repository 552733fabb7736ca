// Package replay proves how close the emulator is to Azure: it sends the requests of a recording of the real service
// to a fresh emulator, in order, and compares status, headers and bodies.
//
// Every recording gets an emulator of its own, over HTTPS as a client would, without request limits, on a clock that
// stands still for operations: they end when the recording shows that they ended. What existed that day (world.go) and
// what Azure makes up (values.go) is taken from the recording; compare.go says which headers count. Nothing here may
// know a resource type's behaviour, or the recordings it is used on: what the emulator gets wrong must show.
package replay

import (
	"context"
	"fmt"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
)

// run is one recording being replayed.
type run struct {
	rec     *Recording
	server  *azuresim.Server
	clock   *clock.Clock
	client  *client
	values  *values
	pending []*pending
}

// epoch is when replays begin; between two exchanges lies a second, so that one can tell what came first.
var epoch = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// Replay sends a recording to a fresh emulator and returns what was different, by exchange.
func Replay(ctx context.Context, rec *Recording) ([][]Difference, error) {
	r := &run{rec: rec, clock: clock.NewPaused(epoch), values: newValues()}
	w := worldOf(rec)
	durations := map[string]time.Duration{}
	for _, name := range azuresim.DurationNames() {
		durations[name] = 10000 * time.Hour // the recording decides
	}
	var err error
	if r.server, err = azuresim.Start(ctx, azuresim.Options{Clock: r.clock, NoThrottle: true, World: &w, Durations: durations}); err != nil {
		return nil, err
	}
	defer r.server.Close()
	if r.client, err = connect(ctx, r.server); err != nil {
		return nil, err
	}
	defer r.client.close()
	r.values.base = r.client.base
	if err = r.establish(ctx); err != nil {
		return nil, err
	}
	out := make([][]Difference, len(rec.Exchanges))
	sent := make([]bool, len(rec.Exchanges))
	for next := 0; next < len(sent); {
		i := next
		if other := r.overtaken(i, sent); !sent[i] && other > 0 {
			i = other
		}
		if !sent[i] {
			if out[i], err = r.exchange(ctx, i); err != nil {
				return nil, fmt.Errorf("exchange %d, %s %s: %w", i, rec.Exchanges[i].Method, rec.Exchanges[i].URL, err)
			}
			if i == next { // what was overtaken was sent at the same moment
				r.clock.Advance(time.Second)
			}
		}
		sent[i] = true
		for next < len(sent) && sent[next] {
			next++
		}
	}
	return out, nil
}

// exchange sends one request, as often as it was sent, and compares the answers: each time the same was answered.
func (r *run) exchange(ctx context.Context, at int) ([]Difference, error) {
	e := &r.rec.Exchanges[at]
	if err := r.due(at); err != nil {
		return nil, err
	}
	var differences []Difference
	for range max(e.Repeats, 1) {
		got, err := r.ask(ctx, at)
		if err != nil {
			return nil, err
		}
		if found := r.values.compare(e, got); len(differences) == 0 {
			differences = found
		}
		for _, name := range []string{"Azure-AsyncOperation", "Location"} {
			if path(e.header(name)) != path(e.URL) { // some answers give the resource's own address
				r.values.learnAddress(e.header(name), got.header.Get(name))
			}
		}
		if e.write() {
			r.watch(at)
		}
	}
	for i := range differences {
		differences[i].Exchange, differences[i].Method, differences[i].URL = at, e.Method, e.URL
	}
	return differences, nil
}

// ask sends a request. Where the recording shows that Azure was not busy any more but the emulator is, what it is busy
// with ends and the request is sent again; a refused write and a read have changed nothing. What helps at last is time:
// recordings do not tell how much of it lay between two requests.
func (r *run) ask(ctx context.Context, at int) (*answer, error) {
	e := &r.rec.Exchanges[at]
	address, body := r.values.translate(e.URL), r.values.translate(e.body())
	for attempt := 0; ; attempt++ {
		got, err := r.client.send(ctx, e.Method, address, body)
		if err != nil || attempt == 3 || !e.ahead(got) {
			return got, err
		}
		if attempt == 2 {
			r.clock.Advance(time.Hour)
			continue
		}
		if err := r.catchUp(at, attempt == 1); err != nil {
			return nil, err
		}
	}
}

// ahead reports whether Azure had finished something that the emulator still seems to work on.
func (e *Exchange) ahead(got *answer) bool {
	if e.write() {
		return e.accepted() && got.status >= 400
	}
	if got.status != e.Status {
		return true
	}
	state := text(got.body, "properties.provisioningState")
	return got.status == 200 && state != "" && !terminal(state) && terminal(text(e.Response, "properties.provisioningState"))
}
