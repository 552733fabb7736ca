package aks

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// offering says that AKS has a version on offer for the control plane.
func offering(obs *Observation, version string) {
	obs.Upgrades = &Upgrades{Time: testTime, Mark: upgradesMark(obs.Cluster.Body), ControlPlane: []Offer{{Version: version}}}
}

// refuse remembers Azure's answer to the next request of a plan.
func refuse(t *testing.T, in *Inputs, obs Observation, e AzureError) plan.Action {
	t.Helper()
	next := Decide(*in, obs, testTime).Next
	if next == nil {
		t.Fatal("nothing to refuse")
	}
	failure := Failure{Goal: Goal(*next), ETag: ETagOf(obs, *next), Spec: SpecMark(*in, next.ID), Attempts: 1, Error: e, Diagnosis: Diagnose(e)}
	if failure.Diagnosis.Outcome == OutcomeWait {
		failure.RetryAt = testTime.Add(failure.Diagnosis.Pause)
	}
	in.Failures = map[string]Failure{strings.ToLower(next.ID): failure}
	return *next
}

func TestRefusedChangeKeepsNothingElseBack(t *testing.T) {
	refusal := AzureError{Status: 403, Code: "RequestDisallowedByPolicy", Message: "no"}
	for name, c := range map[string]struct {
		change func(*Inputs)
		answer AzureError
		hold   string
	}{
		"of the cluster, by a policy": {func(in *Inputs) { in.ControlPlane.Spec.SKU.Tier = v1beta1.TierStandard }, refusal, ReasonRefused},
		"of its version":              {func(in *Inputs) { in.ControlPlane.Spec.Version = "v1.35.0" }, AzureError{Status: 400, Code: "K8sVersionNotSupported"}, ReasonRefused},
		"of the cluster, for now":     {func(in *Inputs) { in.ControlPlane.Spec.SKU.Tier = v1beta1.TierStandard }, AzureError{Status: 429, Code: "Throttled"}, ReasonThrottled},
		"of the resource group":       {func(in *Inputs) { in.ControlPlane.Spec.AdditionalTags = map[string]string{"a": "b"} }, refusal, ReasonRefused},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs := created(t)
			offering(&obs, "1.35.0")
			c.change(&in)
			refuse(t, &in, obs, c.answer)
			if name == "of the resource group" { // the cluster takes its tags all the same
				in.ControlPlane.Spec.SKU.Tier = v1beta1.TierStandard
				if next := Decide(in, obs, testTime).Next; next == nil || next.Kind != KindVirtualNetwork {
					t.Fatalf("next %+v, want what comes behind the resource group", next)
				}
				return
			}
			*in.Pools[1].Replicas = 5
			in.Pools = append(in.Pools, testPool("extra", v1beta1.NodePoolModeUser, "Standard_D2s_v3", 128, 1))
			d := Decide(in, obs, testTime)
			if d.Hold == nil || d.Hold.Reason != c.hold || d.Hold.Kind != KindManagedCluster {
				t.Errorf("hold %+v, want the cluster's with reason %s", d.Hold, c.hold)
			}
			wantLines(t, converge(t, &in, &obs), "Create agentPool extra", "Update agentPool agentpool1")
		})
	}
}

func TestImmutableDifferenceOfTheClusterKeepsNoPoolBack(t *testing.T) {
	in, obs := created(t)
	in.ControlPlane.Spec.DNSPrefix = "another"
	*in.Pools[1].Replicas = 5
	if d := Decide(in, obs, testTime); d.Hold == nil || d.Hold.Reason != plan.ReasonImmutableField {
		t.Fatalf("hold %+v", d.Hold)
	}
	wantLines(t, converge(t, &in, &obs), "Update agentPool agentpool1")
}

func TestPoolUpgradeNamesTheVersionItWaitsFor(t *testing.T) {
	in, obs := created(t)
	in.ControlPlane.Spec.Version, in.Pools[1].Version = "v1.35.0", "v1.35.0"
	offering(&obs, "1.35.0")
	refuse(t, &in, obs, AzureError{Status: 400, Code: "K8sVersionNotSupported", Message: "no"})
	d := Decide(in, obs, testTime)
	if d.Next != nil {
		t.Errorf("next %s, want a pool that waits", d.Next.Line())
	}
	pool := d.Actions[len(d.Actions)-1]
	if pool.Reason != ReasonWaitingForControlPlane || !strings.Contains(pool.Message, "v1.35.0 waits for the control plane, which runs v1.34.1") {
		t.Errorf("pool %+v", pool)
	}
}

func TestWhatWaitsNamesTheBlocker(t *testing.T) {
	for name, c := range map[string]struct{ state, reason, message string }{
		"a running operation": {"Updating", ReasonWaitingForOperation, "waits for managedCluster my-cluster-control-plane: has an operation in progress (provisioningState Updating)"},
		"a refusal while the cluster has failed": {"Failed", ReasonWaitingForControlPlane,
			"waits for managedCluster my-cluster-control-plane: no"},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs := created(t)
			in.ControlPlane.Spec.SKU.Tier = v1beta1.TierStandard
			obs.Cluster.State = "Failed"
			refuse(t, &in, obs, AzureError{Status: 400, Code: "BadRequest", Message: "no"})
			obs.Cluster.State = c.state
			*in.Pools[1].Replicas = 5
			d := Decide(in, obs, testTime)
			if d.Next != nil {
				t.Errorf("next %s", d.Next.Line())
			}
			pool := d.Actions[len(d.Actions)-1]
			if pool.Verb != plan.Wait || pool.Reason != c.reason || pool.Message != c.message || len(pool.Changes) != 1 {
				t.Errorf("pool %+v", pool)
			}
		})
	}
}

func TestStoppedClusterGivesNoCountUp(t *testing.T) {
	in, obs := created(t)
	in.ControlPlane.Spec.PowerState = "Stopped"
	fieldset.Put(obs.Cluster.Body, powerPath, "Stopped")
	*in.Pools[1].Replicas = 7
	for _, action := range Decide(in, obs, testTime).Actions {
		if action.Verb != plan.None || len(action.Changes) > 0 {
			t.Errorf("%s %v", action.Line(), action.Changes)
		}
		if action.Kind == KindAgentPool && !action.Owned.Has(fieldset.ParsePath("properties.count")) {
			t.Error("the count of a pool is given up")
		}
	}
}

func TestContestIsToldInOneSentence(t *testing.T) {
	in := Inputs{Contests: Contests{}}
	var actions []plan.Action
	for _, name := range []string{"a", "b"} {
		action := plan.Action{Verb: plan.Update, ID: "/" + name, Kind: "agentPool", Name: name, Changes: []plan.Change{{Path: "tags.env", From: "prod", To: "dev", Why: plan.WhyDrift}}}
		in.Contests.Sent(action, testTime)
		action.Verb, action.Changes[0].Why = plan.None, plan.WhyContested
		actions = append(actions, in.contested(action))
	}
	text := ContestedMessage(actions...)
	if strings.Count(text, "somebody else wins") != 1 || strings.Count(text, "remove the field") != 1 ||
		!strings.Contains(text, `agentPool a: tags.env is "prod" in Azure`) || !strings.Contains(text, `; agentPool b: tags.env is "prod"`) {
		t.Error(text)
	}
	if text := ContestedMessage(plan.Action{Verb: plan.None}); text != "" {
		t.Error(text)
	}
}

func TestUnknownAPIVersion(t *testing.T) {
	const text = "No registered resource provider found for location '%l' and API version '%v' for type 'managedClusters'. The supported api-versions are '2025-01-01, 2026-01-01'. The supported locations are 'westeurope'."
	for version, want := range map[string]string{"2099-01-01": ReasonAPIVersion, "2026-01-01": "LocationNotAvailable", ContainerServiceAPIVersion: "LocationNotAvailable"} {
		d := Diagnose(AzureError{Status: 400, Code: "NoRegisteredProviderFound", Message: strings.NewReplacer("%l", "mars", "%v", version).Replace(text)})
		if d.Reason != want || d.Outcome != OutcomeTerminal || (want == ReasonAPIVersion) != strings.Contains(d.Hint, "spec.passthrough.apiVersion: Azure names") {
			t.Errorf("%s: %+v, want reason %s", version, d, want)
		}
	}
}

func TestServiceEndpoints(t *testing.T) {
	endpoint := func(service string) v1beta1.ServiceEndpoint {
		return v1beta1.ServiceEndpoint{Service: service, Locations: []string{"westeurope"}}
	}
	foreign := fieldset.Object{"name": "other", "etag": "W/1", "properties": fieldset.Object{"addressPrefix": "10.1.0.0/16", "provisioningState": "Succeeded",
		"routeTable": fieldset.Object{"id": "/rt", "etag": "W/2"}}}
	in, obs := created(t)
	spec := &in.ControlPlane.Spec
	DefaultControlPlane(spec, in.ControlPlane.Name, in.Cluster.Name)
	sent := func(want string) plan.Action {
		t.Helper()
		requests := converge(t, &in, &obs)
		if len(requests) != 1 || requests[0].Line() != want {
			t.Fatalf("requests %v, want %s", plan.Text(requests), want)
		}
		validate(t, requests[0])
		list, _ := fieldset.Get(obs.VirtualNetwork.Body, fieldset.ParsePath("properties.subnets"))
		for _, item := range list.([]any) { // what Azure adds
			subnet := item.(fieldset.Object)
			subnet["etag"] = "W/3"
			fieldset.Put(subnet, fieldset.ParsePath("properties.provisioningState"), "Succeeded")
			endpoints, _ := fieldset.Get(subnet, endpointsPath)
			added, _ := endpoints.([]any)
			for _, item := range added {
				item.(fieldset.Object)["provisioningState"] = "Succeeded"
			}
		}
		return requests[0]
	}
	spec.VirtualNetwork.Subnet.ServiceEndpoints = []v1beta1.ServiceEndpoint{endpoint("Microsoft.Storage")}
	head := "Update virtualNetwork my-cluster-control-plane: subnets[my-cluster-control-plane].serviceEndpoints "
	sent(head + `(none) -> [{"locations":["westeurope"],"service":"Microsoft.Storage"}]`)
	list, _ := fieldset.Get(obs.VirtualNetwork.Body, fieldset.ParsePath("properties.subnets"))
	fieldset.Put(obs.VirtualNetwork.Body, fieldset.ParsePath("properties.subnets"), append([]any{foreign}, list.([]any)...))
	if d := Decide(in, obs, testTime.Add(time.Hour)); !d.Done {
		t.Fatalf("with a foreign subnet: %s", plan.Text(d.Actions))
	}
	spec.VirtualNetwork.Subnet.ServiceEndpoints = []v1beta1.ServiceEndpoint{endpoint("Microsoft.Sql")}
	action := sent(head + `[{"locations":["westeurope"],"provisioningState":"Succeeded","service":"Microsoft.Storage"}] -> [{"locations":["westeurope"],"service":"Microsoft.Sql"}]`)
	kept := findSubnet(action.Body, "other")
	if stringAt(kept, "properties", "addressPrefix") != "10.1.0.0/16" || stringAt(kept, "properties", "routeTable", "id") != "/rt" {
		t.Errorf("the foreign subnet is sent as %v", kept)
	}
	spec.VirtualNetwork.Subnet.ServiceEndpoints = nil
	action = sent(head + `[{"locations":["westeurope"],"provisioningState":"Succeeded","service":"Microsoft.Sql"}] -> []`)
	if findSubnet(action.Body, "other") == nil {
		t.Error("the foreign subnet is deleted")
	}
	// What somebody else gives our subnet afterwards is not ours.
	subnet := findSubnet(obs.VirtualNetwork.Body, "my-cluster-control-plane")
	fieldset.Put(subnet, endpointsPath, []any{fieldset.Object{"service": "Microsoft.KeyVault"}})
	if d := Decide(in, obs, testTime); !d.Done {
		t.Errorf("endpoints of somebody else: %s", plan.Text(d.Actions))
	}
}
