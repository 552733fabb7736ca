// Package control is the emulator's own API beside ARM: what people and tests use to look into the emulated world
// and to change it behind the clients' backs. It must not be reachable from anywhere but loopback; it asks for no
// credentials.
package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/azuresim/arm"
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
	Nodes    func(r *fabric.Resource) // brings machines and Nodes in line after an outside change
	Persist  func() error             // keeps the world over a restart
}

// ServeHTTP dispatches on method and the word after /_azuresim/.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handlers := map[string]func(http.ResponseWriter, *http.Request) error{
		"GET requests": a.requests, "DELETE requests": a.clearRequests,
		"GET faults": a.faults, "POST faults": a.addFaults, "DELETE faults": a.clearFaults,
		"GET clock": a.clock, "POST clock": a.setClock,
		"GET world": a.world, "PUT world": a.setWorld,
		"GET state": a.state, "POST resource": a.resource, "POST reset": a.reset,
	}
	h := handlers[r.Method+" "+strings.Trim(strings.TrimPrefix(r.URL.Path, "/_azuresim/"), "/")]
	if h == nil {
		http.Error(w, "no such call; see docs/azuresim.md", http.StatusNotFound)
		return
	}
	if err := h(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
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

// requests answers JSON lines: since=N shows entries after number N, limit bounds them.
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
	for _, e := range a.Requests.Since(since, limit) {
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
	var raw json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
		return err
	}
	var rules []front.Fault
	if strings.HasPrefix(string(raw), "[") {
		if err := strict(raw, &rules); err != nil {
			return err
		}
	} else {
		var one front.Fault
		if err := strict(raw, &one); err != nil {
			return err
		}
		rules = []front.Fault{one}
	}
	if err := a.Faults.Add(rules...); err != nil {
		return err
	}
	return reply(w, a.Faults.List())
}

func strict(raw []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
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
		Speed   float64        `json:"speed"`
	}
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	if err := strict(raw, &change); err != nil {
		return err
	}
	c := a.Fabric.Clock
	if change.Speed < 0 || change.Advance < 0 {
		return fmt.Errorf("speed and advance must not be negative")
	}
	if change.Pause {
		c.Pause()
	}
	c.SetSpeed(change.Speed)
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
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	var more world.World
	if err := strict(raw, &more); err != nil {
		return err
	}
	a.World.Merge(more)
	if err := a.Persist(); err != nil {
		return err
	}
	return reply(w, a.World.Get())
}

func (a *API) reset(w http.ResponseWriter, _ *http.Request) error {
	a.ResetAll()
	return reply(w, map[string]any{})
}

// resource edits a stored resource without any of Azure's checks, as the portal, Azure Policy, the autoscaler or an
// automatic upgrade would: {"id": …, "merge": {…}} is a JSON merge patch on the document, {"id": …, "delete": true}
// takes it away.
func (a *API) resource(w http.ResponseWriter, r *http.Request) error {
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	var edit struct {
		ID     string     `json:"id"`
		Merge  arm.Object `json:"merge"`
		Delete bool       `json:"delete"`
	}
	if err := kjson.Unmarshal(raw, &edit); err != nil {
		return err
	}
	var out arm.Object
	err = a.Fabric.Do(func() error {
		res := a.Fabric.Get(edit.ID)
		if res == nil {
			return fmt.Errorf("there is no resource %q", edit.ID)
		}
		if edit.Delete {
			a.Fabric.Drop(res)
			return nil
		}
		if state := arm.Str(edit.Merge, "properties.provisioningState"); state != "" {
			res.State = state
			arm.Remove(edit.Merge, "properties.provisioningState")
		}
		res.Body = arm.Merge(res.Body, edit.Merge)
		res.ETag = newETag(res.ETag)
		a.Fabric.Save(res)
		a.Nodes(res)
		out = arm.Copy(res.Body)
		return nil
	})
	if err != nil {
		return err
	}
	return reply(w, out)
}
