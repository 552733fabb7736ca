package aks

import (
	"fmt"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/plan"
)

// maxSteps bounds what is shown of an upgrade; no real one comes near.
const maxSteps = 400

// plan is the whole upgrade as it is shown: what is done of it as far as the last status knew, what is next, and what follows.
// It is nil for a cluster that was never to be upgraded.
func (u *upgrade) plan(prior *v1beta1.UpgradeStatus, to string) *v1beta1.UpgradeStatus {
	status := &v1beta1.UpgradeStatus{From: ReportedVersion(u.ladder.control.current), To: to}
	follows := u.follow()
	if prior != nil && prior.To == to {
		status.From = prior.From
		var open []v1beta1.UpgradeStep
		for _, step := range prior.Steps {
			if u.ladder.reached(step) {
				step.State, step.Message = v1beta1.StepDone, ""
				status.Steps = append(status.Steps, step)
			} else {
				open = append(open, step)
			}
		}
		// Without the versions on offer only the first step is known, and the rest is as it was.
		if !u.ladder.foresees() && len(open) > len(follows) && (len(follows) == 0 || open[0].Resource == follows[0].Resource && open[0].Version == follows[0].Version) {
			follows = open
		}
	} else if len(follows) == 0 && u.holds[""].reason == "" {
		return prior // of another target, which is reached without a step: nothing new to tell
	}
	for i := range follows {
		step := &follows[i]
		step.State, step.Message = v1beta1.StepWaiting, ""
		if i > 0 {
			continue
		}
		switch m := u.next; {
		case m != nil && m.of.busy && m.finishes:
			step.State = v1beta1.StepRunning
		case m != nil && m.of.String() == step.Resource:
			step.State = v1beta1.StepNext
		default:
			step.Message = u.why(step.Resource)
		}
	}
	status.Steps = append(status.Steps, follows...)
	status.Message = u.message(status)
	if len(status.Steps) == 0 && status.Message == "" {
		return nil
	}
	return status
}

// follow are the steps from now on, as far as they can be foreseen.
func (u *upgrade) follow() []v1beta1.UpgradeStep {
	l := u.ladder
	l.held, l.barred = false, nil
	l.pools = append([]runs{}, l.pools...)
	var steps []v1beta1.UpgradeStep
	for len(steps) < maxSteps {
		m, _ := l.next()
		if m == nil {
			return steps
		}
		steps = append(steps, v1beta1.UpgradeStep{Resource: m.of.String(), From: ReportedVersion(m.of.current), Version: ReportedVersion(m.version)})
		l.take(*m)
	}
	return steps
}

// take is the ladder after a step. Behind it AKS offers other versions, which only the list of the location tells.
func (l *ladder) take(m move) {
	reached := m.version
	if isAlias(reached) {
		reached = farthestOffer(stepsFrom(l.location, m.of.current), m.of.current, reached)
		if reached == "" {
			reached = m.version + ".0"
		}
	}
	if m.of.name == "" {
		l.control.current, l.control.asked = reached, reached
	}
	for i := range l.pools {
		if l.pools[i].name == m.of.name {
			l.pools[i].current, l.pools[i].asked = reached, reached
		}
	}
	location := l.location
	if location == nil {
		l.offers = nil
		return
	}
	l.offers = func(r runs) []Offer { return stepsFrom(location, r.current) }
}

// foresees tells whether more than the next step is known.
func (l ladder) foresees() bool { return l.offers != nil && l.location != nil }

// reached tells whether a step was taken.
func (l ladder) reached(step v1beta1.UpgradeStep) bool {
	for _, r := range append([]runs{l.control}, l.pools...) {
		if r.String() == step.Resource {
			return r.current != "" && CompareVersions(r.current, step.Version) >= 0
		}
	}
	return true // the pool is gone
}

// why is what the step of a resource waits for.
func (u *upgrade) why(resource string) string {
	for _, r := range append([]runs{u.ladder.control}, u.ladder.pools...) {
		if r.String() == resource {
			return u.holds[r.name].message
		}
	}
	return ""
}

// message says where the upgrade stands.
func (u *upgrade) message(status *v1beta1.UpgradeStatus) string {
	done := 0
	for _, step := range status.Steps {
		if step.State == v1beta1.StepDone {
			done++
		}
	}
	if done < len(status.Steps) {
		step := status.Steps[done]
		text := fmt.Sprintf("step %d of %d: %s %s -> %s", done+1, len(status.Steps), step.Resource, bare(step.From), bare(step.Version))
		if step.Message != "" {
			text += " (" + step.Message + ")"
		}
		return text
	}
	if h := u.holds[""]; h.message != "" {
		return h.message
	}
	for _, pool := range u.ladder.pools {
		if h := u.holds[pool.name]; h.message != "" {
			return "pool " + pool.name + ": " + h.message
		}
	}
	switch done {
	case 0:
		return ""
	case 1:
		return "the only step is done"
	}
	return fmt.Sprintf("all %d steps are done", done)
}

func bare(version string) string { return strings.TrimPrefix(version, "v") }

// named says in the text of a request which step of an upgrade it is.
func (u *upgrade) named(name string, action plan.Action) plan.Action {
	if u == nil || u.next == nil || u.status == nil || !action.Verb.Writes() || action.Reason == plan.ReasonRetry || !strings.EqualFold(u.next.of.name, name) || u.next.finishes {
		return action
	}
	action.Message = u.status.Message
	return action
}
