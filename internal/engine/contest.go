package engine

import (
	"strings"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// contests notes what stayed in Azure after it was sent and what did not, and what is given up without a request.
func (s *step) contests(r *Report) {
	if s.memory.running != nil || r.Error != nil {
		return // while Azure works its documents say what it was asked for
	}
	for _, action := range r.decision.Actions {
		s.memory.contests.Seen(action)
		if action.Verb != plan.None {
			continue
		}
		if action.Reason == aks.ReasonContested {
			r.requeue(max(s.Inputs.ContestPause(action, s.now()), time.Second))
		}
		s.release(r, action)
	}
}

// release reports fields that are given up without a request. That is told once: what is owned is stored afterwards, and a
// step that follows at once may not have read it yet.
func (s *step) release(r *Report, action plan.Action) {
	if action.Owned == nil {
		return
	}
	id := lower(action.ID) + " "
	for key := range s.memory.released {
		if path, ok := strings.CutPrefix(key, id); ok && action.Owned.Has(fieldset.ParsePath(path)) {
			delete(s.memory.released, key) // ours again
		}
	}
	released := action
	released.Changes = nil
	for _, change := range action.Changes {
		if change.Why != plan.WhyReleased || s.memory.released[id+change.Path] {
			continue
		}
		s.memory.released[id+change.Path] = true
		released.Changes = append(released.Changes, change)
	}
	if len(released.Changes) > 0 {
		r.Released = append(r.Released, released)
	}
}
