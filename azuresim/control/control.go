// Package control is the emulator's own API beside ARM: what people and tests use to look into the emulated world
// and to change it behind the clients' backs. It must not be reachable from anywhere but loopback; it asks for no
// credentials.
package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/front"
	"github.com/capaks/capaks/azuresim/world"
)

// API serves /_azuresim/.
type API struct {
	Fabric   *fabric.Fabric
	World    *world.Holder
	Requests *front.Log
	Faults   *front.Faults
	Throttle *front.Throttle
	ResetAll func()
	Beat     func()
	Service  Service
	Persist  func() error // keeps the world over a restart
}

// ServeHTTP dispatches on method and the word after /_azuresim/.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	calls := a.calls()
	h := calls[r.Method+" "+strings.Trim(strings.TrimPrefix(r.URL.Path, "/_azuresim/"), "/")]
	if h == nil {
		http.Error(w, "no such call; there are: "+strings.Join(slices.Sorted(maps.Keys(calls)), ", "), http.StatusNotFound)
		return
	}
	if err := h(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// calls is the table of what there is, by method and the word after /_azuresim/.
func (a *API) calls() map[string]func(http.ResponseWriter, *http.Request) error {
	return map[string]func(http.ResponseWriter, *http.Request) error{
		"GET requests": a.requests, "DELETE requests": a.clearRequests,
		"GET faults": a.faults, "POST faults": a.addFaults, "DELETE faults": a.clearFaults,
		"GET clock": a.clock, "POST clock": a.setClock,
		"GET world": a.world, "PUT world": a.setWorld, "POST quotas": a.quotas,
		"GET throttle": a.throttle, "GET state": a.state, "POST reset": a.reset,
		"POST resource": a.resource, "POST outside": a.outside, "POST operations": a.endOperation,
	}
}

func reply(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

func number(r *http.Request, name string) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%s=%q is not a number", name, s)
	}
	return n, nil
}

// requests answers JSON lines: since=N shows entries after number N, limit bounds them, tokens=true shows the requests
// for tokens among them.
func (a *API) requests(w http.ResponseWriter, r *http.Request) error {
	since, err := number(r, "since")
	if err != nil {
		return err
	}
	limit, err := number(r, "limit")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jsonl")
	enc := json.NewEncoder(w)
	list := a.Requests.Since
	switch tokens := r.URL.Query().Get("tokens"); tokens {
	case "", "false":
	case "true":
		list = a.Requests.All
	default:
		return fmt.Errorf("tokens=%q is neither true nor false", tokens)
	}
	for _, e := range list(since, limit) {
		if err := enc.Encode(e); err != nil {
			return nil // the reader went away
		}
	}
	return nil
}

func (a *API) clearRequests(w http.ResponseWriter, _ *http.Request) error {
	a.Requests.Clear()
	return reply(w, map[string]any{})
}

func (a *API) faults(w http.ResponseWriter, _ *http.Request) error { return reply(w, a.Faults.List()) }

// addFaults takes one rule or a list of them.
func (a *API) addFaults(w http.ResponseWriter, r *http.Request) error {
	rules, err := readList[front.Fault](r)
	if err != nil {
		return err
	}
	if err := a.Faults.Add(rules...); err != nil {
		return err
	}
	return reply(w, a.Faults.List())
}

func (a *API) clearFaults(w http.ResponseWriter, _ *http.Request) error {
	a.Faults.Clear()
	return reply(w, map[string]any{})
}

func (a *API) clock(w http.ResponseWriter, _ *http.Request) error {
	c := a.Fabric.Clock
	return reply(w, map[string]any{"now": c.Now().UTC(), "paused": c.Paused(), "speed": c.Speed()})
}

func (a *API) setClock(w http.ResponseWriter, r *http.Request) error {
	var change struct {
		Pause   bool           `json:"pause"`
		Resume  bool           `json:"resume"`
		Advance front.Duration `json:"advance"`
		Speed   *float64       `json:"speed"`
	}
	if err := read(r, &change); err != nil {
		return err
	}
	c := a.Fabric.Clock
	switch {
	case change.Speed != nil && *change.Speed <= 0:
		return fmt.Errorf("speed %v must be positive; pause stops the time", *change.Speed)
	case change.Advance < 0:
		return fmt.Errorf("advance %s must be positive: time does not go back", time.Duration(change.Advance))
	case change.Pause && change.Resume:
		return fmt.Errorf("pause and resume exclude each other")
	}
	if change.Pause {
		c.Pause()
	}
	if change.Speed != nil {
		c.SetSpeed(*change.Speed)
	}
	if change.Resume {
		c.Resume()
	}
	if change.Advance > 0 {
		c.Advance(time.Duration(change.Advance))
	}
	a.Beat()
	return a.clock(w, r)
}

func (a *API) world(w http.ResponseWriter, _ *http.Request) error { return reply(w, a.World.Get()) }

func (a *API) setWorld(w http.ResponseWriter, r *http.Request) error {
	var more world.World
	if err := read(r, &more); err != nil {
		return err
	}
	if err := a.addToWorld(more); err != nil {
		return err
	}
	return reply(w, a.World.Get())
}

// addToWorld merges and keeps what was merged over a restart.
func (a *API) addToWorld(more world.World) error {
	candidate := a.World.Get().Clone()
	candidate.Merge(more)
	if err := more.CheckIn(candidate); err != nil {
		return err
	}
	a.World.Merge(more)
	return a.Persist()
}

// quotas sets vCPU limits, one or a list: {"family": "standardDSv3Family", "location": "westus2", "limit": 20}. The
// family "cores" is the total of a region.
func (a *API) quotas(w http.ResponseWriter, r *http.Request) error {
	list, err := readList[world.Quota](r)
	if err != nil {
		return err
	}
	families := map[string]bool{"cores": true}
	for _, size := range a.World.Get().VMSizes {
		families[strings.ToLower(size.Family)] = true
	}
	for _, q := range list {
		switch {
		case q.Family == "":
			return fmt.Errorf(`field "family" is missing; "cores" is the total of a region`)
		case !families[strings.ToLower(q.Family)]:
			return fmt.Errorf("family %q has no VM size; use one of %s", q.Family, strings.Join(slices.Sorted(maps.Keys(families)), ", "))
		case q.Limit < 0:
			return fmt.Errorf("limit %d of family %q is negative", q.Limit, q.Family)
		}
	}
	if err := a.addToWorld(world.World{Quotas: list}); err != nil {
		return err
	}
	return reply(w, a.World.Get().Quotas)
}

// throttle shows what is left in the token buckets.
func (a *API) throttle(w http.ResponseWriter, _ *http.Request) error {
	var buckets []front.Bucket
	if err := a.Fabric.Do(func() error { buckets = a.Throttle.Buckets(a.Fabric.Clock.Now().UTC()); return nil }); err != nil {
		return err
	}
	return reply(w, map[string]any{"scale": a.Throttle.Scale, "buckets": buckets})
}

func (a *API) reset(w http.ResponseWriter, _ *http.Request) error {
	a.ResetAll()
	return reply(w, map[string]any{})
}
