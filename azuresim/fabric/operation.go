package fabric

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/clock"
)

// Operation is one long-running operation. Its document lives as long as the emulator's state.
type Operation struct {
	ID           string              `json:"id"`
	Kind         string              `json:"kind"` // e.g. PutManagedCluster
	Label        string              `json:"label"`
	Resource     string              `json:"resource"`
	Subscription string              `json:"subscription"`
	Provider     string              `json:"provider"`
	Location     string              `json:"location"`
	Status       string              `json:"status"`
	Start        time.Time           `json:"start"`
	Due          time.Time           `json:"due"`
	Duration     time.Duration       `json:"duration"`
	End          time.Time           `json:"end,omitzero"`
	Steps        []Step              `json:"steps"`
	Error        *arm.OperationError `json:"error,omitempty"`
	Fail         *arm.OperationError `json:"fail,omitempty"`
	Args         map[string]string   `json:"args,omitempty"`
	Followers    []string            `json:"followers,omitempty"` // resources to tell when it ends

	timers []*clock.Timer
}

// Step is a point inside an operation at which something becomes visible.
type Step struct {
	Name string    `json:"name"`
	Due  time.Time `json:"due"`
	Done bool      `json:"done"`
}

// The values of Operation.Status.
const (
	InProgress = "InProgress"
	Succeeded  = "Succeeded"
	Failed     = "Failed"
	Canceled   = "Canceled"
)

// Kind is what a provider does when an operation moves on. Done applies the result; the failure it is handed is the
// injected one, and the failure it returns is what the operation ends with. Extend > 0 from Done means "not yet".
type Kind struct {
	Step func(op *Operation, name string)
	Done func(op *Operation, fail *arm.OperationError) (failure *arm.OperationError, extend time.Duration)
}

// Register tells the fabric what a kind of operation does.
func (f *Fabric) Register(kind string, k Kind) { f.kinds[kind] = k }

// Plan describes an operation to start.
type Plan struct {
	Kind     string
	Label    string // the state shown meanwhile: Creating, Updating, ...
	Resource *Resource
	Location string
	Duration time.Duration
	Steps    map[string]float64 // name -> fraction of the duration
	Args     map[string]string
}

// Start begins an operation for a request.
func (f *Fabric) Start(rq *arm.Request, p Plan) *Operation {
	if rq != nil && rq.OperationTakes > 0 {
		p.Duration = rq.OperationTakes
	}
	now := f.Clock.Now().UTC()
	id := p.Resource.ARMID()
	o := &Operation{
		ID: uuid.NewString(), Kind: p.Kind, Label: p.Label, Resource: p.Resource.ID, Subscription: id.Subscription,
		Provider: id.Provider, Location: p.Location, Status: InProgress,
		Start: now, Due: now.Add(p.Duration), Duration: p.Duration, Args: p.Args,
	}
	if rq != nil {
		o.Fail = rq.FailOperation
	}
	for name, at := range p.Steps {
		o.Steps = append(o.Steps, Step{Name: name, Due: now.Add(time.Duration(float64(p.Duration) * at))})
	}
	slices.SortFunc(o.Steps, func(a, b Step) int { return a.Due.Compare(b.Due) })
	f.ops[o.ID] = o
	f.begin(o)
	f.remember(o)
	f.saveOperation(o)
	f.schedule(o)
	return o
}

func (f *Fabric) saveOperation(o *Operation) { f.dirty[operationKey+o.ID] = o }

func (f *Fabric) schedule(o *Operation) {
	f.stopTimers(o)
	for i := range o.Steps {
		if !o.Steps[i].Done {
			o.timers = append(o.timers, f.Clock.At(o.Steps[i].Due, func(time.Time) { f.step(o, i) }))
		}
	}
	o.timers = append(o.timers, f.Clock.At(o.Due, func(time.Time) { f.finish(o) }))
}

func (f *Fabric) stopTimers(o *Operation) {
	for _, t := range o.timers {
		f.Clock.Stop(t)
	}
	o.timers = nil
}

func (f *Fabric) step(o *Operation, i int) {
	_ = f.change(func() error {
		if f.ops[o.ID] == o && o.Running() {
			f.reach(o, i)
		}
		return nil
	})
}

// reach makes a step happen, once.
func (f *Fabric) reach(o *Operation, i int) {
	if o.Steps[i].Done {
		return
	}
	o.Steps[i].Done = true
	f.saveOperation(o)
	if k := f.kinds[o.Kind]; k.Step != nil && o.Fail == nil {
		k.Step(o, o.Steps[i].Name)
	}
}

func (f *Fabric) finish(o *Operation) {
	_ = f.change(func() error {
		if f.ops[o.ID] == o && o.Running() {
			f.conclude(o)
		}
		return nil
	})
}

// conclude ends an operation unless its kind asks for more time; it reports whether it ended.
func (f *Fabric) conclude(o *Operation) bool {
	failure, extend := f.kinds[o.Kind].Done(o, o.Fail)
	if extend > 0 {
		o.Due = o.Due.Add(extend)
		o.Duration += extend
		f.saveOperation(o)
		f.schedule(o)
		return false
	}
	status := Succeeded
	if failure != nil {
		status = Failed
	}
	f.End(o, status, failure)
	return true
}

// End closes an operation now, whatever it was doing.
func (f *Fabric) End(o *Operation, status string, failure *arm.OperationError) {
	if !o.Running() {
		return
	}
	f.stopTimers(o)
	o.Status, o.Error, o.End = status, failure, f.Clock.Now().UTC()
	f.leave(o)
	f.saveOperation(o)
	f.tellFollowers(o)
}

func (o *Operation) shift(gap time.Duration) {
	o.Due = o.Due.Add(gap)
	for i := range o.Steps {
		if !o.Steps[i].Done {
			o.Steps[i].Due = o.Steps[i].Due.Add(gap)
		}
	}
}

// Running reports whether the operation has not ended.
func (o *Operation) Running() bool { return o.Status == InProgress }

// Percent is the progress, linear in the time elapsed.
func (o *Operation) Percent(now time.Time) float64 {
	if !o.Running() || o.Duration <= 0 {
		return 100
	}
	p := 100 * (1 - float64(o.Due.Sub(now))/float64(o.Duration))
	return math.Round(100*min(max(p, 0), 99.9)) / 100
}

// Operation finds an operation by its id.
func (f *Fabric) Operation(id string) *Operation { return f.ops[strings.ToLower(id)] }

func (f *Fabric) remember(o *Operation) {
	key := strings.ToLower(o.Resource)
	f.history[key] = append(f.history[key], o)
}

// Operations lists the operations there have been on a resource, newest first.
func (f *Fabric) Operations(resource string) []*Operation {
	out := slices.Clone(f.history[strings.ToLower(resource)])
	slices.SortStableFunc(out, func(a, b *Operation) int { return b.Start.Compare(a.Start) })
	return out
}
