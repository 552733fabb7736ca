package aks_test

import (
	"testing"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

func TestWriteReason(t *testing.T) {
	changes := func(whys ...plan.Why) (all []plan.Change) {
		for _, why := range whys {
			all = append(all, plan.Change{Path: "tags.a", Why: why})
		}
		return all
	}
	cases := []struct {
		want     string
		action   plan.Action
		rotation bool
	}{
		{"create", plan.Action{Verb: plan.Create, Changes: changes(plan.WhyCreate)}, false},
		{"rotation", plan.Action{Verb: plan.Create}, true},
		{"rotation", plan.Action{Verb: plan.Delete}, true},
		{"delete", plan.Action{Verb: plan.Delete}, false},
		{"stop", plan.Action{Verb: plan.Call, Operation: aks.OperationStop}, false},
		{"node_image", plan.Action{Verb: plan.Call, Operation: aks.OperationUpgradeNodeImage}, false},
		{"retry", plan.Action{Verb: plan.Update, Reason: plan.ReasonRetry}, false},
		{"upgrade", plan.Action{Verb: plan.Update, Changes: []plan.Change{{Path: "properties.kubernetesVersion", Why: plan.WhyChange}}}, false},
		{"change", plan.Action{Verb: plan.Update, Changes: changes(plan.WhyDrift, plan.WhyChange)}, false},
		{"takeover", plan.Action{Verb: plan.Update, Changes: changes(plan.WhyReleased, plan.WhyTakeover)}, false},
		{"released", plan.Action{Verb: plan.Update, Changes: changes(plan.WhyReleased, plan.WhyDrift)}, false},
		{"drift", plan.Action{Verb: plan.Update, Changes: changes(plan.WhyContested, plan.WhyDrift)}, false},
	}
	for _, c := range cases {
		if got := aks.WriteReason(c.action, c.rotation); got != c.want {
			t.Errorf("%s %s %v: %q, want %q", c.action.Verb, c.action.Reason, c.action.Changes, got, c.want)
		}
	}
}
