package aks

import (
	"testing"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

func TestPoolCount(t *testing.T) {
	limits := func(low, high int32) *v1beta1.Scaling { return &v1beta1.Scaling{MinSize: &low, MaxSize: &high} }
	pool := func(count int64, autoscaled bool) fieldset.Object {
		return fieldset.Object{"properties": fieldset.Object{"count": count, "enableAutoScaling": autoscaled}}
	}
	for name, c := range map[string]struct {
		replicas int32
		scaling  *v1beta1.Scaling
		managed  bool
		observed fieldset.Object
		want     int64
		sent     bool
	}{
		"declared":                          {3, nil, false, pool(2, false), 3, true},
		"somebody else scales":              {3, nil, true, pool(2, false), 0, false},
		"somebody else scales a new pool":   {3, nil, true, nil, 3, true},
		"a new pool below the limits":       {1, limits(2, 5), false, nil, 2, true},
		"a new pool above the limits":       {9, limits(2, 5), false, nil, 5, true},
		"turned on inside the limits":       {9, limits(2, 5), false, pool(3, false), 0, false},
		"turned on below the limits":        {1, limits(2, 5), false, pool(1, false), 2, true},
		"turned on above the limits":        {1, limits(2, 5), false, pool(7, false), 5, true},
		"the autoscaler owns it":            {1, limits(2, 5), false, pool(4, true), 0, false},
		"the limits moved while it is on":   {1, limits(5, 9), false, pool(4, true), 0, false},
		"turned off: what is declared":      {6, nil, false, pool(4, true), 6, true},
		"turned on, and Azure has no count": {6, limits(2, 5), false, fieldset.Object{}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := Pool{Object: &v1beta1.AzureManagedMachinePool{}, Replicas: &c.replicas, ReplicasManaged: c.managed}
			p.Object.Spec.Scaling = c.scaling
			got, sent := poolCount(p, c.observed)
			if sent != c.sent || sent && got != c.want {
				t.Errorf("count %d, sent %v; want %d, %v", got, sent, c.want, c.sent)
			}
		})
	}
}

func TestNewPoolIsNotNewerThanTheControlPlane(t *testing.T) {
	cluster := fieldset.Object{"properties": fieldset.Object{"currentKubernetesVersion": "1.35.1"}}
	for want, version := range map[string]string{"v1.34.1": "1.34.1", "v1.35.1": "1.35.1", "v1.36.0": "1.35.1", "": ""} {
		if got := poolVersion(Inputs{}, Pool{Version: want}, nil, cluster); got != version {
			t.Errorf("a new pool that is to run %q gets %q, want %q", want, got, version)
		}
	}
}

// AKS refuses limits without an autoscaler, so they go with it even where nothing says that they were ours.
func TestLimitsGoWithTheAutoscaler(t *testing.T) {
	in, obs := created(t)
	pool := in.Pools[1].Object
	pool.Spec.Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(5))}
	wantLines(t, converge(t, &in, &obs), "Update agentPool agentpool1")
	in.Pools[1].Owned = in.Pools[1].Owned.Difference(fieldset.NewSet(paths("properties.minCount", "properties.maxCount")...))
	pool.Spec.Scaling = nil
	wantLines(t, converge(t, &in, &obs), "Update agentPool agentpool1")
	profile := observedPool(obs, PoolName(pool)).Body
	for _, path := range paths("properties.minCount", "properties.maxCount") {
		if value, _ := fieldset.Get(profile, path); value != nil {
			t.Errorf("%s is still %v", path, value)
		}
	}
}

// Failure domains of a MachinePool place a new pool, and never a pool that is there.
func TestFailureDomainsAreTheZonesOfANewPool(t *testing.T) {
	in, obs := created(t)
	added := testPool("zoned", v1beta1.NodePoolModeUser, "Standard_D2s_v3", 128, 1)
	added.FailureDomains = []string{"2", "1"}
	in.Pools = append(in.Pools, added)
	wantLines(t, converge(t, &in, &obs), "Create agentPool zoned")
	zones, _ := fieldset.Get(observedPool(obs, "zoned").Body, fieldset.ParsePath("properties.availabilityZones"))
	if list, _ := zones.([]any); len(list) != 2 {
		t.Fatalf("the zones are %v", zones)
	}
	for _, later := range [][]string{{"3"}, nil, {"1", "2"}} {
		in.Pools[len(in.Pools)-1].FailureDomains = later
		in.Pools[1].FailureDomains = later // it has no zones
		wantLines(t, converge(t, &in, &obs))
	}
}
