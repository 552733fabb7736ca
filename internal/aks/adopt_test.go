package aks

import (
	"testing"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// A cluster that somebody else made, with a network that AKS made: nothing is sent when it is adopted, and it is not touched otherwise.
func TestAdoptingSendsNothing(t *testing.T) {
	in, obs := created(t)
	in.Owned = Owned{}
	for i := range in.Pools {
		in.Pools[i].Owned = nil
	}
	delete(obs.Cluster.Body, "tags")
	obs.VirtualNetwork, obs.PoolDetails = plan.Observed{}, nil
	for _, profile := range inlineProfiles(obs.Cluster.Body) {
		delete(profile, "vnetSubnetID")
	}
	fieldset.Put(obs.ResourceGroup.Body, fieldset.Path{"tags"}, fieldset.Object{})
	in.ControlPlane.Spec.AdditionalTags = nil

	if d := Decide(in, obs, testTime); d.Next != nil || d.Hold == nil || d.Hold.Reason != plan.ReasonAlreadyExists {
		t.Errorf("without the annotation: next %v, hold %+v", d.Next, d.Hold)
	}
	in.ControlPlane.Annotations = map[string]string{v1beta1.AdoptAnnotation: "true"}
	d := Decide(in, obs, testTime)
	for _, action := range d.Actions {
		if action.Verb != plan.None {
			t.Errorf("%s", action.Line())
		}
		if action.Kind == KindManagedCluster && action.Owned == nil {
			t.Error("the cluster is not owned")
		}
	}
	if !NetworkReady(obs) {
		t.Error("the network that AKS made does not count as one")
	}
}
