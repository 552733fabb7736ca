package engine

import (
	"context"
	"time"

	"github.com/capaks/capaks/internal/aks"
)

// A drain that a disruption budget stopped is tried again when the budget has room, which the Kubernetes API of the cluster tells.
// It is asked with growing pauses, the first of them longer after each failed attempt; where it cannot be asked, the back-off of the
// failure is all there is.
const (
	firstLookAtBudget = 15 * time.Second
	maxLookAtBudget   = 5 * time.Minute
)

// blocker is a disruption budget that stopped an operation.
type blocker struct {
	attempts int
	next     time.Time
	pause    time.Duration
	open     bool
	said     string
}

// blocked is what is known of the budget behind a failure, nil where none is to blame.
func (s *step) blocked(id string, failure aks.Failure) *blocker {
	if aks.BlockingBudget(failure) == "" || !failure.RetryAt.After(s.now()) {
		delete(s.memory.blockers, id)
		return nil
	}
	b := s.memory.blockers[id]
	if b == nil || b.attempts != failure.Attempts {
		b = &blocker{attempts: failure.Attempts, pause: firstLookAtBudget}
		for i := 1; i < failure.Attempts && b.pause < maxLookAtBudget; i++ {
			b.pause *= 2
		}
		b.pause = min(b.pause, maxLookAtBudget)
		b.next = s.now().Add(b.pause)
		s.memory.blockers[id] = b
	}
	return b
}

// lookAtBudgets asks whether budgets that stopped operations have room by now.
func (s *step) lookAtBudgets(ctx context.Context) error {
	var budgets []aks.Budget
	var failed error
	asked := false
	s.Inputs.Cleared = map[string]bool{}
	for id, failure := range s.memory.failures {
		b := s.blocked(id, failure)
		if b == nil {
			continue
		}
		if s.Workload != nil && !b.open && !s.now().Before(b.next) {
			if !asked {
				budgets, failed = s.Workload.Budgets(ctx)
				asked = true
			}
			b.look(aks.BlockingBudget(failure), budgets, failed, s.now())
		}
		s.Inputs.Cleared[id] = b.open
	}
	return ctx.Err()
}

func (b *blocker) look(key string, budgets []aks.Budget, failed error, now time.Time) {
	b.pause = min(2*b.pause, maxLookAtBudget)
	b.next = now.Add(b.pause)
	if failed != nil {
		b.said = "whether it has room cannot be asked: " + failed.Error()
		return
	}
	b.open, b.said = aks.HasRoom(budgets, key)
}

// budgets reports what is known of blocking budgets and makes sure that they are looked at again.
func (s *step) budgets(r *Report) {
	r.Budgets = map[string]string{}
	for id, failure := range s.memory.failures {
		if b := s.blocked(id, failure); b != nil {
			r.Budgets[id] = b.said
			r.requeue(max(b.next.Sub(s.now()), time.Second))
		}
	}
}
