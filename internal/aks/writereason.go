package aks

import (
	"slices"

	"github.com/capaks/capaks/internal/plan"
)

// WriteReason is why a request is sent, in one word, for counting. A request with several changes counts as the one a person
// is behind: a changed spec before what was taken over, given back, or repaired. rotation says that the request creates or
// deletes an agent pool because another one takes its place.
func WriteReason(action plan.Action, rotation bool) string {
	switch {
	case rotation:
		return "rotation"
	case action.Verb == plan.Create:
		return "create"
	case action.Verb == plan.Delete:
		return "delete"
	case action.Operation == OperationUpgradeNodeImage:
		return "node_image"
	case action.Verb == plan.Call:
		return action.Operation
	case action.Reason == plan.ReasonRetry:
		return "retry"
	case RaisesVersion(action):
		return "upgrade"
	}
	for _, why := range []plan.Why{plan.WhyChange, plan.WhyTakeover, plan.WhyReleased, plan.WhyDrift} {
		if slices.ContainsFunc(action.Changes, func(c plan.Change) bool { return c.Why == why }) {
			return string(why)
		}
	}
	return string(plan.WhyChange)
}
