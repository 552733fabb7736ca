package engine

import (
	"context"
	"net/http"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Wire is a request as it goes to Azure.
type Wire struct {
	Method, Path, APIVersion string
	IfMatch, IfNoneMatch     string
	Body                     fieldset.Object
}

// wireOf is the request of an action that writes. It is the one place that makes requests of actions, so that what is shown
// beforehand and what is sent are the same.
func wireOf(action plan.Action, obs aks.Observation) Wire {
	w := Wire{Method: http.MethodPut, Path: action.ID, APIVersion: action.APIVersion}
	switch action.Verb {
	case plan.Delete:
		w.Method = http.MethodDelete
		return w
	case plan.Call:
		w.Method, w.Path = http.MethodPost, action.ID+"/"+action.Operation
		return w
	}
	w.Body = action.Body
	if partial, ok := aks.Partial(action, obs); ok {
		w.Method, w.Body = http.MethodPatch, partial
	}
	if aks.HasETags(action.Kind) {
		// Resource groups know no eTags, and networks other ones; both PUTs are idempotent.
		w.IfMatch, w.IfNoneMatch = action.IfMatch, action.IfNoneMatch
	}
	return w
}

// Preview is what would be sent for a cluster, of which nothing is sent.
type Preview struct {
	Report
	// Requests are those of Pending that would be sent, in their order. Each is computed from what Azure has now: what follows
	// from an earlier one (an upgrade of pools after that of the control plane) waits in Pending.
	Requests []Planned
}

// Planned is one request that would be sent, and why.
type Planned struct {
	Action plan.Action
	Wire   Wire
}

// Plan looks at Azure afresh and says what Step would send. It reads only, and remembers nothing: what a manager holds back after
// a refusal is on the objects.
func (e *Engine) Plan(ctx context.Context, r Request) Preview {
	s := &step{Engine: e, Request: r, memory: newMemory(), names: aks.NamesOf(r.Inputs)}
	s.Inputs.Failures, s.Inputs.Contests, s.Inputs.Asked = s.memory.failures, s.memory.contests, s.memory.asked
	if err := s.preview(ctx); err != nil {
		s.report.fail(err)
	}
	p := Preview{Report: s.finish()}
	for _, action := range p.Pending {
		if action.Verb.Writes() {
			p.Requests = append(p.Requests, Planned{Action: action, Wire: wireOf(action, s.memory.obs)})
		}
	}
	return p
}

// preview reads until nothing is missing from the decision.
func (s *step) preview(ctx context.Context) error {
	if err := s.observe(ctx); err != nil {
		return err
	}
	for range maxMoves {
		decision := aks.Decide(s.Inputs, s.memory.obs, s.now())
		s.report.decision = decision
		decision.Next = nil // nothing is sent first, so everything is read
		if again, err := s.readMore(ctx, decision); err != nil || !again {
			return err
		}
	}
	return nil
}
