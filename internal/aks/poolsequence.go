package aks

import (
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Changes of one pool that are made in one edit are sent one kind after the other: a pool that is stopped takes nothing but its
// start; what replaces nodes goes alone, so that a drain that is stuck holds up nothing else and nothing else is undone when it
// fails; settings of upgrades and the number of nodes come before the upgrade they are meant for; a stop comes last.
const (
	phaseStart = iota
	phaseSettings
	phaseImage
	phaseVersion
	phaseStop
)

var (
	imagePath   = fieldset.ParsePath("properties.osSKU")
	versionPath = fieldset.ParsePath("properties.orchestratorVersion")
)

// phaseOf is when a change is sent.
func phaseOf(c plan.Change) int {
	switch c.Path {
	case powerPath.String():
		if want, _ := c.To.(string); strings.EqualFold(want, powerStopped) {
			return phaseStop
		}
		return phaseStart
	case imagePath.String():
		return phaseImage
	case versionPath.String():
		return phaseVersion
	}
	return phaseSettings
}

// inSequence is the plan for a pool, cut down to the first kind of change where there are several.
func (in Inputs) inSequence(d plan.Desired, observed plan.Observed, pool Pool, rules plan.Rules, now time.Time) plan.Action {
	whole := in.compute(d, observed, pool.Owned, rules, now)
	if whole.Verb != plan.Update || len(whole.Changes) < 2 {
		return whole
	}
	first := phaseStop
	for _, change := range whole.Changes {
		if change.Why != plan.WhyContested && change.Impact != plan.ImpactKept && change.Impact != plan.ImpactUnseen { // these send nothing
			first = min(first, phaseOf(change))
		}
	}
	part := d
	part.Body = fieldset.Copy(d.Body)
	if first == phaseStart {
		wanted, _ := fieldset.Get(d.Body, powerPath)
		part.Body = fieldset.Object{}
		fieldset.Put(part.Body, powerPath, wanted)
		action := in.compute(part, observed, fieldset.NewSet(powerPath), rules, now)
		action.Owned = pool.Owned
		return action
	}
	for phase, path := range map[int]fieldset.Path{phaseImage: imagePath, phaseVersion: versionPath, phaseStop: powerPath} {
		if phase > first && slices.ContainsFunc(whole.Changes, func(c plan.Change) bool { return c.Path == path.String() }) {
			asItIs(part.Body, observed.Body, path)
		}
	}
	return in.compute(part, observed, pool.Owned, rules, now)
}

// asItIs puts what Azure has in the place of what is wanted: it stays ours and does not differ.
func asItIs(wanted, observed fieldset.Object, path fieldset.Path) {
	if is, there := fieldset.Get(observed, path); there {
		fieldset.Put(wanted, path, is)
		return
	}
	fieldset.Remove(wanted, path)
}
