package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

// Limits of the autoscaler that leave the present number of nodes out come true in one edit, without a request AKS refuses.
func TestAutoscalerRange(t *testing.T) {
	r := newRig(t)
	spec := &r.in.Pools[1].Object.Spec
	limits := func(low, high int32, count int64) {
		t.Helper()
		spec.Scaling = &v1beta1.Scaling{MinSize: &low, MaxSize: &high}
		report := r.settle()
		if pool, _ := report.Facts.Pool("pool1"); !pool.AutoScaling || pool.Count != count {
			t.Errorf("with %d to %d: %d nodes, autoscaler %v; want %d, true", low, high, pool.Count, pool.AutoScaling, count)
		}
	}
	r.settle()
	r.events = nil
	limits(0, 3, 2)
	r.wantEvents("Update agentPool pool1")
	limits(4, 6, 4)
	r.wantEvents("Update agentPool pool1", "Update agentPool pool1")
	limits(0, 2, 2)
	r.wantEvents("Update agentPool pool1", "Update agentPool pool1")
	limits(1, 9, 2)
	r.wantEvents("Update agentPool pool1")
	spec.Scaling, r.in.Pools[1].Replicas = nil, new(int32(0))
	report := r.settle()
	if pool, _ := report.Facts.Pool("pool1"); pool.AutoScaling || pool.Count != 0 {
		t.Errorf("by hand: %d nodes, autoscaler %v", pool.Count, pool.AutoScaling)
	}
	r.wantEvents("Update agentPool pool1")
	limits(1, 2, 1)
	r.noClientErrors()
}

// Pools of machines Azure may take back, and of Windows machines, scale as others do, to nothing, too.
func TestScalingOfSpotAndWindowsPools(t *testing.T) {
	r := newRig(t)
	spot, windows := pool("spot", v1beta1.NodePoolModeUser), pool("win", v1beta1.NodePoolModeUser)
	spot.Object.Spec.ScaleSetPriority = "Spot"
	windows.Object.Spec.OSType = "Windows"
	low, high := int32(0), int32(4)
	windows.Object.Spec.Scaling = &v1beta1.Scaling{MinSize: &low, MaxSize: &high}
	r.in.Pools = append(r.in.Pools, spot, windows)
	r.settle()
	for _, count := range []int32{0, 3} {
		r.in.Pools[2].Replicas = &count
		report := r.settle()
		if p, _ := report.Facts.Pool("spot"); p.Count != int64(count) {
			t.Errorf("spot has %d nodes, want %d", p.Count, count)
		}
	}
	r.in.Pools[3].Object.Spec.Scaling, r.in.Pools[3].Replicas = nil, new(int32(0))
	report := r.settle()
	if p, _ := report.Facts.Pool("win"); p.Count != 0 || p.AutoScaling {
		t.Errorf("win has %d nodes, autoscaler %v", p.Count, p.AutoScaling)
	}
	r.noClientErrors()
}

// Whatever is changed in one edit, and however much of it, no request is refused, none mixes what replaces nodes or changes the
// power state with anything else, there is always a System pool, and in the end all is as declared.
func TestRandomEditsOfPools(t *testing.T) {
	const rounds = 40
	r := newRig(t)
	r.in.Pools = append(r.in.Pools, pool("pool2", v1beta1.NodePoolModeUser))
	r.settle()
	random := rand.New(rand.NewPCG(5, 2))
	for round := range rounds {
		r.events = nil
		edits := randomEdits(random, r.in.Pools)
		t.Logf("%d: %s", round, strings.Join(edits, "; "))
		for step := 0; ; step++ {
			report := r.step()
			for _, sent := range report.Sent {
				wantOneKind(t, sent.Action)
			}
			if report.Done && report.Requeue == 0 {
				break
			}
			if step > 60 || report.Requeue == 0 {
				t.Fatalf("round %d does not settle: %v, hold %+v, failures %+v", round, r.events, report.Hold, report.Failures)
			}
			if random.IntN(4) == 0 {
				r.restart()
			}
			r.clock.Advance(report.Requeue)
		}
		for i := range r.in.Pools {
			r.in.Pools[i].SpecChanged = false
		}
		if r.noClientErrors(); t.Failed() {
			return
		}
	}
}

// wantOneKind checks that what replaces nodes, and what changes the power state, goes alone.
func wantOneKind(t *testing.T, action plan.Action) {
	t.Helper()
	if action.Verb != plan.Update || action.Kind != aks.KindAgentPool || len(action.Changes) < 2 {
		return
	}
	for _, change := range action.Changes {
		switch change.Path {
		case "properties.osSKU", "properties.orchestratorVersion", "properties.powerState.code":
			t.Errorf("%s goes with other changes: %s", change.Path, action.Line())
		}
	}
}

func randomEdits(random *rand.Rand, pools []aks.Pool) (edits []string) {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	for i := range pools {
		spec := &pools[i].Object.Spec
		pools[i].SpecChanged = true
		for range 1 + random.IntN(4) {
			edit := pick("count", "labels", "taints", "tags", "autoscaler", "no autoscaler", "image", "surge", "stop", "start", "mode")
			switch edit {
			case "count":
				pools[i].Replicas = new(int32(1 + random.IntN(4)))
			case "labels":
				spec.NodeLabels = map[string]string{pick("a", "b.example.com/c"): pick("1", "2")}
			case "taints":
				spec.Taints = []v1beta1.Taint{{Key: pick("a", "b"), Value: "x", Effect: corev1.TaintEffectPreferNoSchedule}}
			case "tags":
				spec.AdditionalTags = map[string]string{pick("a", "b"): pick("1", "2")}
			case "autoscaler":
				low := int32(1 + random.IntN(3))
				high := low + int32(random.IntN(3))
				spec.Scaling = &v1beta1.Scaling{MinSize: &low, MaxSize: &high}
			case "no autoscaler":
				spec.Scaling = nil
			case "image":
				spec.OSSKU = pick("Ubuntu", "AzureLinux")
			case "surge":
				spec.UpgradeSettings = &v1beta1.NodePoolUpgradeSettings{MaxSurge: pick("1", "33%")}
			case "stop":
				if i == 2 {
					spec.PowerState = "Stopped"
				}
			case "start":
				if i == 2 {
					spec.PowerState = "Running"
				}
			case "mode":
				if i < 2 { // the other one of the two is what this one was
					pools[0].Object.Spec.Mode, pools[1].Object.Spec.Mode = pools[1].Object.Spec.Mode, pools[0].Object.Spec.Mode
				}
			}
			edits = append(edits, fmt.Sprintf("pool%d %s", i, edit))
		}
	}
	return edits
}
