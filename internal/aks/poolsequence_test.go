package aks

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/plan"
)

// sentChanges are requests with the properties they change.
func sentChanges(actions []plan.Action) []string {
	var out []string
	for _, a := range actions {
		var paths []string
		for _, change := range a.Changes {
			paths = append(paths, strings.TrimPrefix(change.Path, "properties."))
		}
		out = append(out, string(a.Verb)+" "+a.Name+" "+strings.Join(paths, ","))
	}
	return out
}

// Several changes in one edit are a sequence of requests, each of one kind, in an order that is always legal.
func TestSeveralChangesInOneEdit(t *testing.T) {
	user, system := 1, 0
	spec := func(in *Inputs, pool int) *v1beta1.AzureManagedMachinePoolSpec { return &in.Pools[pool].Object.Spec }
	upgrade := func(in *Inputs) {
		in.ControlPlane.Spec.Version = "v1.34.5"
		for i := range in.Pools {
			in.Pools[i].Version = "v1.34.5"
		}
	}
	for name, c := range map[string]struct {
		before, change func(*Inputs)
		want           []string
	}{
		"version, count and labels": {change: func(in *Inputs) {
			upgrade(in)
			in.Pools[user].Replicas = new(int32(4))
			spec(in, user).NodeLabels = map[string]string{"a": "b"}
		}, want: []string{"Update my-cluster-control-plane kubernetesVersion", "Update agentpool0 orchestratorVersion",
			"Update agentpool1 count,nodeLabels.a", "Update agentpool1 orchestratorVersion"}},
		"version and how it is carried out": {change: func(in *Inputs) {
			upgrade(in)
			spec(in, user).UpgradeSettings = &v1beta1.NodePoolUpgradeSettings{MaxSurge: "33%"}
		}, want: []string{"Update my-cluster-control-plane kubernetesVersion", "Update agentpool0 orchestratorVersion",
			"Update agentpool1 upgradeSettings.maxSurge", "Update agentpool1 orchestratorVersion"}},
		"operating system, taints and tags": {change: func(in *Inputs) {
			spec(in, user).OSSKU = "AzureLinux"
			spec(in, user).Taints = []v1beta1.Taint{{Key: "a", Effect: corev1.TaintEffectNoSchedule}}
			spec(in, user).AdditionalTags = map[string]string{"a": "b"}
		}, want: []string{"Update agentpool1 nodeTaints,tags.a", "Update agentpool1 osSKU"}},
		"a stop and labels": {change: func(in *Inputs) {
			spec(in, user).PowerState = "Stopped"
			spec(in, user).NodeLabels = map[string]string{"a": "b"}
		}, want: []string{"Update agentpool1 nodeLabels.a", "Update agentpool1 powerState.code"}},
		"a start, labels and more nodes": {before: func(in *Inputs) { spec(in, user).PowerState = "Stopped" }, change: func(in *Inputs) {
			spec(in, user).PowerState = "Running"
			spec(in, user).NodeLabels = map[string]string{"a": "b"}
			in.Pools[user].Replicas = new(int32(4))
		}, want: []string{"Update agentpool1 powerState.code", "Update agentpool1 count,nodeLabels.a"}},
		"the System pool becomes a User pool and the other way round": {change: func(in *Inputs) {
			spec(in, system).Mode, spec(in, user).Mode = v1beta1.NodePoolModeUser, v1beta1.NodePoolModeSystem
		}, want: []string{"Update agentpool1 mode", "Update agentpool0 mode"}},
		"a new System pool, the old one becomes a User pool with a label": {change: func(in *Inputs) {
			spec(in, system).Mode = v1beta1.NodePoolModeUser
			spec(in, system).NodeLabels = map[string]string{"a": "b"}
			in.Pools = append(in.Pools, testPool("fresh", v1beta1.NodePoolModeSystem, "Standard_D2s_v3", 128, 1))
		}, want: []string{"Create fresh " + "count,enableAutoScaling,mode,orchestratorVersion,osDiskSizeGB,type,vmSize,vnetSubnetID", "Update agentpool0 mode,nodeLabels.a"}},
		"the autoscaler on, with a smaller range than there are nodes": {change: func(in *Inputs) {
			spec(in, user).Scaling = &v1beta1.Scaling{MinSize: new(int32(3)), MaxSize: new(int32(5))}
		}, want: []string{"Update agentpool1 count,enableAutoScaling,maxCount,minCount"}},
		"the autoscaler off, with a number of nodes": {before: func(in *Inputs) {
			spec(in, user).Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(5))}
		}, change: func(in *Inputs) {
			spec(in, user).Scaling = nil
			in.Pools[user].Replicas = new(int32(3))
		}, want: []string{"Update agentpool1 count,enableAutoScaling,maxCount,minCount"}},
		"a range of the autoscaler above the number of nodes": {before: func(in *Inputs) {
			spec(in, user).Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(5))}
		}, change: func(in *Inputs) {
			spec(in, user).Scaling = &v1beta1.Scaling{MinSize: new(int32(4)), MaxSize: new(int32(8))}
			spec(in, user).NodeLabels = map[string]string{"a": "b"}
		}, want: []string{"Update agentpool1 count,enableAutoScaling,maxCount,minCount,nodeLabels.a", "Update agentpool1 enableAutoScaling,maxCount,minCount"}},
		"a range of the autoscaler around the number of nodes": {before: func(in *Inputs) {
			spec(in, user).Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(5))}
		}, change: func(in *Inputs) {
			spec(in, user).Scaling = &v1beta1.Scaling{MinSize: new(int32(2)), MaxSize: new(int32(8))}
		}, want: []string{"Update agentpool1 maxCount,minCount"}},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs := created(t)
			if c.before != nil {
				c.before(&in)
				converge(t, &in, &obs)
			}
			c.change(&in)
			for i := range in.Pools {
				in.Pools[i].SpecChanged = true
			}
			got := sentChanges(converge(t, &in, &obs))
			if !slices.Equal(got, c.want) {
				t.Errorf("requests\n got %s\nwant %s", strings.Join(got, "; "), strings.Join(c.want, "; "))
			}
		})
	}
}

// The only System pool does not stop being one.
func TestLastSystemPoolKeepsItsMode(t *testing.T) {
	in, obs := created(t)
	in.Pools[0].Object.Spec.Mode = v1beta1.NodePoolModeUser
	wantLines(t, converge(t, &in, &obs))
	d := Decide(in, obs, testTime)
	if d.Hold == nil || d.Hold.Reason != ReasonLastSystemPool || !strings.Contains(d.Hold.Message, `"agentpool0"`) {
		t.Errorf("hold %+v", d.Hold)
	}
}
