package aks

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// lines are the requests in words.
func lines(actions []plan.Action) []string {
	var out []string
	for _, a := range actions {
		out = append(out, string(a.Verb)+" "+a.Kind+" "+a.Name)
	}
	return out
}

func wantLines(t *testing.T, got []plan.Action, want ...string) {
	t.Helper()
	if g, w := strings.Join(lines(got), "; "), strings.Join(want, "; "); g != w {
		t.Errorf("requests\n got %s\nwant %s", g, w)
	}
}

func TestCreateSendsEverythingInThreeRequestsAndThenNothing(t *testing.T) {
	in, obs := quickstart(), Observation{}
	sent := converge(t, &in, &obs)
	wantLines(t, sent, "Create resourceGroup foo-bar", "Create virtualNetwork my-cluster-control-plane", "Create managedCluster my-cluster-control-plane")
	for i, file := range []string{"quickstart-resourcegroup.json", "quickstart-virtualnetwork.json", "quickstart-managedcluster.json"} {
		golden(t, file, sent[i].Body)
	}
	if problems := armfield.Schema("managedClusters", ContainerServiceAPIVersion).Validate(sent[2].Body); len(problems) > 0 {
		t.Errorf("the body is not valid against the official description: %v", problems)
	}
	if d := Decide(in, obs, testTime); !d.Done || d.Hold != nil {
		t.Errorf("after creation: done %v, hold %v", d.Done, d.Hold)
	}
}

func TestNothingIsCreatedWithoutASystemPool(t *testing.T) {
	in := quickstart()
	in.Pools = in.Pools[1:]
	obs := Observation{}
	wantLines(t, converge(t, &in, &obs), "Create resourceGroup foo-bar", "Create virtualNetwork my-cluster-control-plane")
	d := Decide(in, obs, testTime)
	if d.Hold == nil || d.Hold.Reason != ReasonWaitingForPools || !strings.Contains(d.Hold.Message, "System") {
		t.Errorf("hold = %+v, want one that asks for a System pool", d.Hold)
	}
}

// created is the quickstart cluster, converged.
func created(t *testing.T) (Inputs, Observation) {
	t.Helper()
	in, obs := quickstart(), Observation{}
	converge(t, &in, &obs)
	return in, obs
}

func TestDayTwo(t *testing.T) {
	newPool := testPool("extra", v1beta1.NodePoolModeUser, "Standard_D2s_v3", 128, 1)
	cases := []struct {
		name   string
		change func(*Inputs)
		want   []string
		fields []string
	}{
		{"scale", func(in *Inputs) { *in.Pools[1].Replicas = 5 }, []string{"Update agentPool agentpool1"}, []string{"properties.count"}},
		{"add pool", func(in *Inputs) { in.Pools = append(in.Pools, newPool) }, []string{"Create agentPool extra"}, nil},
		{"delete pool", func(in *Inputs) { in.Pools[1].Deleting = true }, []string{"Delete agentPool agentpool1"}, nil},
		{"upgrade: control plane first, then System, then User", func(in *Inputs) {
			in.ControlPlane.Spec.Version = "v1.35.0"
			in.Pools[0].Version, in.Pools[1].Version = "v1.35.0", "v1.35.0"
		}, []string{"Update managedCluster my-cluster-control-plane", "Update agentPool agentpool0", "Update agentPool agentpool1"}, []string{"properties.kubernetesVersion"}},
		{"tier", func(in *Inputs) { in.ControlPlane.Spec.SKU.Tier = v1beta1.TierPaid }, []string{"Update managedCluster my-cluster-control-plane"}, []string{"sku.tier"}},
		{"tags reach every owned resource", func(in *Inputs) { in.ControlPlane.Spec.AdditionalTags = map[string]string{"team": "a"} },
			[]string{"Update resourceGroup foo-bar", "Update virtualNetwork my-cluster-control-plane", "Update managedCluster my-cluster-control-plane"}, []string{"tags.team"}},
		{"authorized ranges", func(in *Inputs) {
			in.ControlPlane.Spec.APIServerAccessProfile = &v1beta1.APIServerAccessProfile{AuthorizedIPRanges: []string{"12.34.56.78/32"}}
		}, []string{"Update managedCluster my-cluster-control-plane"}, []string{"properties.apiServerAccessProfile.authorizedIPRanges"}},
		{"autoscaling", func(in *Inputs) {
			in.Pools[1].Object.Spec.Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(4))}
		}, []string{"Update agentPool agentpool1"}, []string{"properties.enableAutoScaling", "properties.maxCount", "properties.minCount"}},
		{"a pool without declared version follows nobody", func(in *Inputs) { in.Pools[1].Version = "" }, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, obs := created(t)
			in.SpecChanged = true
			for i := range in.Pools {
				in.Pools[i].SpecChanged = true
			}
			c.change(&in)
			sent := converge(t, &in, &obs)
			wantLines(t, sent, c.want...)
			for _, field := range c.fields {
				if !changes(sent[0], field) {
					t.Errorf("%s is not among the changes %v", field, sent[0].Changes)
				}
			}
			for _, action := range sent {
				validate(t, action)
			}
		})
	}
}

func changes(action plan.Action, path string) bool {
	for _, change := range action.Changes {
		if change.Path == path {
			return true
		}
	}
	return false
}

func validate(t *testing.T, action plan.Action) {
	t.Helper()
	kind := map[string]string{KindManagedCluster: "managedClusters", KindAgentPool: "agentPools", KindVirtualNetwork: "virtualNetworks",
		KindFleetMember: "fleets.members", KindExtension: "extensions", KindPrivateEndpoint: "privateEndpoints", KindMaintenance: "maintenanceConfigurations"}[action.Kind]
	if kind == "" || action.Body == nil {
		return
	}
	if problems := armfield.Schema(kind, action.APIVersion).Validate(action.Body); len(problems) > 0 {
		t.Errorf("%s: body is not valid against the official description: %v", action.Line(), problems)
	}
}

func TestPoolUpgradeWaitsForTheControlPlane(t *testing.T) {
	in, obs := created(t)
	in.Pools[1].Version = "v1.35.0"
	d := Decide(in, obs, testTime)
	if d.Next != nil || d.Hold == nil || d.Hold.Reason != ReasonWaitingForControlPlane {
		t.Errorf("next %v, hold %+v; want a pool that waits for the control plane", d.Next, d.Hold)
	}
}

func TestAutoUpgradedClusterIsNotPulledBack(t *testing.T) {
	in, obs := created(t)
	fieldset.Put(obs.Cluster.Body, fieldset.ParsePath("properties.currentKubernetesVersion"), "1.34.9")
	fieldset.Put(obs.Cluster.Body, fieldset.ParsePath("properties.kubernetesVersion"), "1.34.9")
	if d := Decide(in, obs, testTime); !d.Done {
		t.Errorf("plan = %s, want nothing", plan.Text(d.Actions))
	}
}

func TestAutoscalerOwnsTheCount(t *testing.T) {
	in, obs := created(t)
	in.Pools[1].Object.Spec.Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(9))}
	converge(t, &in, &obs)
	inlineProfiles(obs.Cluster.Body)[1]["count"] = int64(7)
	if d := Decide(in, obs, testTime); !d.Done {
		t.Errorf("plan = %s, want nothing", plan.Text(d.Actions))
	}
}

func TestForeignClusterOfThatNameIsNeverTouched(t *testing.T) {
	in, obs := created(t)
	fieldset.Remove(obs.Cluster.Body, fieldset.Path{"tags"})
	in.Owned.ManagedCluster = nil
	d := Decide(in, obs, testTime)
	if d.Next != nil || d.Hold == nil || d.Hold.Reason != plan.ReasonAlreadyExists {
		t.Errorf("next %v, hold %+v; want AlreadyExists", d.Next, d.Hold)
	}
	in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: testTime}
	obs.ResourceGroup, obs.VirtualNetwork = plan.Observed{}, plan.Observed{}
	if d := Decide(in, obs, testTime); d.Next != nil || !d.Done {
		t.Errorf("deleting: next %v, done %v; want nothing sent and done", d.Next, d.Done)
	}
}

func TestNothingIsMadeBesideAForeignCluster(t *testing.T) {
	in, obs := created(t)
	fieldset.Remove(obs.Cluster.Body, fieldset.Path{"tags"})
	in.Owned.ManagedCluster = nil
	obs.VirtualNetwork = plan.Observed{}
	if d := Decide(in, obs, testTime); d.Next != nil {
		t.Errorf("next %s, want nothing", d.Next.Line())
	}
}

func TestPoolsGoWithTheirCluster(t *testing.T) {
	in, obs := created(t)
	in.Cluster.Deleting = true
	in.Pools[0].Deleting, in.Pools[1].Deleting = true, true
	if d := Decide(in, obs, testTime); d.Next != nil {
		t.Errorf("next %s, want nothing: the pools go with the cluster", d.Next.Line())
	}
}

func TestFailedClusterTakesPoolChangesButNotItsOwnGoalAgain(t *testing.T) {
	in, obs := created(t)
	obs.Cluster.State = "Failed"
	in.SpecChanged = true // as it is until all is as declared
	id := strings.ToLower(NamesOf(in).ClusterID)
	in.Failures = map[string]Failure{id: {ETag: obs.Cluster.ETag, Spec: SpecMark(in, id), Error: AzureError{Code: "QuotaExceeded"}}}
	if d := Decide(in, obs, testTime); d.Next != nil || d.Hold == nil || d.Hold.Reason != plan.ReasonFailed {
		t.Fatalf("next %v, hold %+v; want the failed goal held", d.Next, d.Hold)
	}
	*in.Pools[1].Replicas = 1
	obs.PoolDetails = map[string]plan.Observed{"agentpool1": observedPool(obs, "agentpool1")}
	if d := Decide(in, obs, testTime); d.Next == nil || d.Next.Name != "agentpool1" {
		t.Errorf("next %v, want the smaller pool", d.Next)
	}
	in.ControlPlane.Generation++
	if d := Decide(in, obs, testTime); d.Next == nil || d.Next.Kind != KindManagedCluster {
		t.Errorf("next %v, want the goal again after a change of the spec", d.Next)
	}
}

func TestOneOperationAtATime(t *testing.T) {
	in, obs := created(t)
	*in.Pools[0].Replicas = 3
	*in.Pools[1].Replicas = 3
	obs.PoolDetails = map[string]plan.Observed{"agentpool0": observedPool(obs, "agentpool0"), "agentpool1": observedPool(obs, "agentpool1")}
	inlineProfiles(obs.Cluster.Body)[0]["provisioningState"] = "Scaling"
	if d := Decide(in, obs, testTime); d.Next != nil || d.Hold == nil {
		t.Errorf("next %v while a pool scales, want none", d.Next)
	}
}

func TestLastSystemPoolStays(t *testing.T) {
	in, obs := created(t)
	in.Pools[0].Deleting = true
	d := Decide(in, obs, testTime)
	if d.Next != nil || d.Hold == nil || d.Hold.Reason != "LastSystemPool" {
		t.Errorf("next %v, hold %+v; want LastSystemPool", d.Next, d.Hold)
	}
}

func TestSystemPoolWithoutNodesIsNotAskedFor(t *testing.T) {
	in, obs := created(t)
	*in.Pools[0].Replicas = 0
	if d := Decide(in, obs, testTime); d.Next != nil || d.Hold == nil || d.Hold.Reason != ReasonEmptySystemPool {
		t.Errorf("next %v, hold %+v; want %s", d.Next, d.Hold, ReasonEmptySystemPool)
	}
	if d := Decide(in, Observation{ResourceGroup: obs.ResourceGroup, VirtualNetwork: obs.VirtualNetwork}, testTime); d.Next != nil || d.Hold == nil || !strings.Contains(d.Hold.Message, "at least one node") {
		t.Errorf("next %v, hold %+v; want no creation", d.Next, d.Hold)
	}
	in.Pools[0].Object.Spec.Mode, in.Pools[1].Object.Spec.Mode = v1beta1.NodePoolModeUser, v1beta1.NodePoolModeSystem
	obs.PoolDetails = map[string]plan.Observed{"agentpool0": observedPool(obs, "agentpool0"), "agentpool1": observedPool(obs, "agentpool1")}
	if d := Decide(in, obs, testTime); d.Next == nil {
		t.Errorf("hold %+v; a User pool may be empty", d.Hold)
	}
}

func TestRefusedGoalIsHeldUntilSomethingChanges(t *testing.T) {
	in, obs := created(t)
	in.SpecChanged = true
	in.ControlPlane.Spec.SKU.Tier = v1beta1.TierPremium
	d := Decide(in, obs, testTime)
	in.Failures = map[string]Failure{strings.ToLower(d.Next.ID): {Goal: Goal(*d.Next), ETag: obs.Cluster.ETag, Error: AzureError{Code: "BadRequest", Message: "no"}}}
	if held := Decide(in, obs, testTime); held.Next != nil || held.Hold.Reason != ReasonRefused {
		t.Errorf("next %v, hold %+v; want the goal held", held.Next, held.Hold)
	}
	in.ControlPlane.Spec.SKU.Tier = v1beta1.TierPaid
	if again := Decide(in, obs, testTime); again.Next == nil {
		t.Error("another goal must be sent")
	}
	in.ControlPlane.Spec.SKU.Tier = v1beta1.TierPremium
	obs.Cluster.ETag = "changed"
	if again := Decide(in, obs, testTime); again.Next == nil {
		t.Error("the goal must be sent again after Azure changed")
	}
}

func TestBroughtNetworkIsNeverModified(t *testing.T) {
	in, obs := quickstart(), Observation{}
	in.ControlPlane.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{Name: "corp", ResourceGroup: "net", Subnet: &v1beta1.Subnet{Name: "nodes"}}
	obs.NetworkGroup = plan.Observed{Exists: true, Body: fieldset.Object{"location": "southcentralus"}}
	obs.VirtualNetwork = plan.Observed{Exists: true, State: "Succeeded", Body: fieldset.Object{"properties": fieldset.Object{"subnets": []any{fieldset.Object{"name": "other"}}}}}
	d := Decide(in, obs, testTime)
	if d.Next == nil || d.Next.Kind != KindResourceGroup {
		t.Fatalf("next %v, want the cluster's own resource group", d.Next)
	}
	obs.ResourceGroup = plan.Observed{Exists: true, Body: fieldset.Object{}}
	d = Decide(in, obs, testTime)
	if d.Next != nil || d.Hold.Reason != "SubnetNotFound" || !strings.Contains(d.Hold.Message, "other") {
		t.Errorf("next %v, hold %+v; want SubnetNotFound that lists the subnets", d.Next, d.Hold)
	}
	obs.VirtualNetwork.Body["properties"].(fieldset.Object)["subnets"] = []any{fieldset.Object{"name": "nodes"}}
	if d = Decide(in, obs, testTime); d.Next == nil || d.Next.Kind != KindManagedCluster {
		t.Errorf("next %v, want the cluster", d.Next)
	}
	for _, action := range d.Actions {
		if action.Kind == KindVirtualNetwork && action.Verb != plan.None {
			t.Errorf("brought network: %s", action.Line())
		}
	}
}

func TestDeletion(t *testing.T) {
	in, obs := created(t)
	in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: testTime}
	d := Decide(in, obs, testTime)
	wantLines(t, []plan.Action{*d.Next}, "Delete managedCluster my-cluster-control-plane")
	obs.Cluster = plan.Observed{}
	d = Decide(in, obs, testTime)
	if d.Next != nil || len(d.NeedContents) != 1 {
		t.Fatalf("next %v, needs %v; want to read the group's contents first", d.Next, d.NeedContents)
	}
	n := NamesOf(in)
	obs.Foreign = map[string][]string{strings.ToLower(n.GroupID): Foreign(in, []string{n.NetworkID})}
	wantLines(t, []plan.Action{*Decide(in, obs, testTime).Next}, "Delete resourceGroup foo-bar")

	obs.Foreign[strings.ToLower(n.GroupID)] = []string{n.GroupID + "/providers/Microsoft.Storage/storageAccounts/precious"}
	wantLines(t, []plan.Action{*Decide(in, obs, testTime).Next}, "Delete virtualNetwork my-cluster-control-plane")
	obs.VirtualNetwork = plan.Observed{}
	if d = Decide(in, obs, testTime); !d.Done {
		t.Errorf("a group with foreign contents must stay and deletion be done: %s", plan.Text(d.Actions))
	}
}

// An operation that stands still near its end for half an hour costs few looks, and its end is seen soon all the same.
func TestNextPollOfAnOperationThatStandsStill(t *testing.T) {
	op := Operation{Started: testTime}
	looks, at, end := 0, testTime, testTime.Add(33*time.Minute)
	for at.Before(end) {
		op.Look(new(min(99, at.Sub(testTime).Seconds()/1.8)), at)
		at = at.Add(NextPoll(op, at))
		looks++
	}
	if late := at.Sub(end); looks > 60 || late > 2*time.Minute {
		t.Errorf("%d looks, the end was seen after %s", looks, late)
	}
}

func TestNextPollNeedsFewLooks(t *testing.T) {
	cases := []struct {
		length, late time.Duration
		looks        int
	}{
		{5 * time.Second, time.Second, 4},
		{30 * time.Second, time.Second, 6},
		{100 * time.Second, time.Second, 8},
		{15 * time.Minute, 3 * time.Second, 14},
	}
	for _, c := range cases {
		op := Operation{Started: testTime}
		at, looks := testTime, 0
		for at.Sub(testTime) < c.length {
			at = at.Add(NextPoll(op, at))
			looks++
			percent := float64(int(100 * at.Sub(testTime) / c.length))
			op.Percent = &percent
		}
		if late := at.Sub(testTime) - c.length; looks > c.looks || late > c.late {
			t.Errorf("%s operation: %d looks, end noticed %s late; want at most %d looks and %s", c.length, looks, late, c.looks, c.late)
		}
	}
}
