package aks

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// ReasonContested is the reason of a plan that leaves a field alone for now: somebody else sets it again whenever it is repaired.
const ReasonContested = "Contested"

// Contests are the fields that were sent lately, by lower-cased resource id and path. A request that Azure carried out and
// that yet changed nothing (an Azure Policy puts its own tag into every request), or a value that does not stay (a script,
// another controller), is sent again with growing pauses: nobody wins a fight by fighting faster, and each round is an
// operation on the cluster.
type Contests map[string]map[string]Contest

// Contest is one field that was sent.
type Contest struct {
	Wanted, Theirs any
	// Times is how often the value was sent, Sent when it was last.
	Times int
	Sent  time.Time
	// Kept: the value was in Azure after it was sent. The next difference is a new change and repaired at once.
	Kept bool
}

var contestPauses = []time.Duration{2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// until is when the value may be sent again.
func (c Contest) until() time.Time {
	round := c.Times
	if c.Kept {
		round--
	}
	if round <= 0 {
		return time.Time{}
	}
	return c.Sent.Add(contestPauses[min(round, len(contestPauses))-1])
}

// forgotten: what stayed for a day is over.
func (c Contest) forgotten(now time.Time) bool { return c.Kept && now.Sub(c.Sent) > 24*time.Hour }

// Sent takes note of an accepted request.
func (c Contests) Sent(action plan.Action, now time.Time) {
	if action.Verb != plan.Update && action.Verb != plan.Call {
		return
	}
	id := strings.ToLower(action.ID)
	for _, change := range action.Changes {
		if change.Why != plan.WhyChange && change.Why != plan.WhyDrift && change.Why != plan.WhyTakeover {
			continue
		}
		if c[id] == nil {
			c[id] = map[string]Contest{}
		}
		next := Contest{Wanted: change.To, Theirs: change.From, Times: 1, Sent: now}
		if old, ok := c[id][change.Path]; ok && sameJSON(old.Wanted, change.To) && !old.forgotten(now) {
			next.Times = old.Times + 1
		}
		c[id][change.Path] = next
	}
}

// Seen takes note of a plan for a resource at rest: what it does not want to change has arrived.
func (c Contests) Seen(action plan.Action) {
	if action.Verb == plan.Wait || action.Verb == plan.Blocked {
		return
	}
	differs := map[string]bool{}
	for _, change := range action.Changes {
		differs[change.Path] = true
	}
	contests := c[strings.ToLower(action.ID)]
	for path, contest := range contests {
		if !differs[path] && !contest.Kept {
			contest.Kept = true
			contests[path] = contest
		}
	}
}

// Forget drops what is known of a resource: an operation that failed is no contest.
func (c Contests) Forget(id string) { delete(c, strings.ToLower(id)) }

// compute is plan.Compute with the contested fields left alone for now.
func (in Inputs) compute(d plan.Desired, obs plan.Observed, owned *fieldset.Set, rules plan.Rules, now time.Time) plan.Action {
	d.Yield = in.yields(d, now)
	return in.contested(plan.Compute(d, obs, owned, rules, now))
}

// yields are the fields of a resource that are not sent now. A value that is wanted since is another matter.
func (in Inputs) yields(d plan.Desired, now time.Time) *fieldset.Set {
	yields := fieldset.NewSet()
	for path, contest := range in.Contests[strings.ToLower(d.ID)] {
		p := fieldset.ParsePath(path)
		if wanted, ok := fieldset.Get(d.Body, p); ok && !sameJSON(wanted, contest.Wanted) {
			continue
		}
		if now.Before(contest.until()) {
			yields.Insert(p)
		}
	}
	return yields
}

// contested says who wins for the time being.
func (in Inputs) contested(action plan.Action) plan.Action {
	if action.Verb != plan.None {
		return action
	}
	var texts []string
	for _, change := range action.Changes {
		if change.Why != plan.WhyContested {
			continue
		}
		contest := in.Contests[strings.ToLower(action.ID)][change.Path]
		texts = append(texts, fmt.Sprintf("%s is %s in Azure, although %s was sent %s; it is sent again at %s", strings.TrimPrefix(change.Path, "properties."),
			shown(change.From), shown(change.To), times(contest.Times), contest.until().UTC().Format(time.RFC3339)))
	}
	if len(texts) == 0 {
		return action
	}
	action.Reason = ReasonContested
	action.Message = fmt.Sprintf("%s %s: %s", action.Kind, action.Name, strings.Join(texts, ", "))
	return action
}

// ContestedMessage says of all fields that somebody else keeps another value of, once, what that means; empty without any.
func ContestedMessage(actions ...plan.Action) string {
	var texts []string
	for _, action := range actions {
		if action.Verb == plan.None && action.Reason == ReasonContested {
			texts = append(texts, action.Message)
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return "somebody else wins for now (an Azure Policy, a script, another controller); remove the field from the spec, or stop who sets it: " +
		strings.Join(texts, "; ")
}

// ContestPause is how long until a contested action may be sent again.
func (in Inputs) ContestPause(action plan.Action, now time.Time) time.Duration {
	var next time.Duration
	for _, change := range action.Changes {
		if change.Why != plan.WhyContested {
			continue
		}
		wait := in.Contests[strings.ToLower(action.ID)][change.Path].until().Sub(now)
		if next == 0 || wait < next {
			next = wait
		}
	}
	return next
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func shown(v any) string {
	if v == nil {
		return "(none)"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

func sameJSON(a, b any) bool { return shown(a) == shown(b) }
