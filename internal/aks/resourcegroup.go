package aks

import (
	"strings"
	"time"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// resourceGroupStep is the plan for a resource group: created and owned when it is missing, kept as it is when
// somebody brought it.
func resourceGroupStep(in Inputs, n Names, id string, obs plan.Observed, owned *fieldset.Set, now time.Time) plan.Action {
	d := plan.Desired{ID: id, Kind: KindResourceGroup, Name: lastSegment(id), APIVersion: ResourcesAPIVersion, SpecChanged: in.SpecChanged}
	if obs.Exists && !ownedByTag(obs.Body, in.Cluster.Name) {
		return plan.Action{Verb: plan.None, ID: id, Kind: d.Kind, Name: d.Name, APIVersion: d.APIVersion, Reason: ReasonBrought}
	}
	d.Adopt = true
	d.Body = fieldset.Object{
		"location": n.Location,
		"tags":     ownershipTags(in.Cluster.Name, d.Name, in.ControlPlane.Spec.AdditionalTags),
	}
	return in.compute(d, obs, owned, groupRules, now)
}

func lastSegment(id string) string { return id[strings.LastIndex(id, "/")+1:] }
