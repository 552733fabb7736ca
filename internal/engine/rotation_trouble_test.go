package engine_test

import (
	"strings"
	"testing"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/azuresim"
	simarm "github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

// A replacement that Azure has no room for leaves the old pool alone; when the change is taken back it is deleted.
func TestRotationWithoutRoom(t *testing.T) {
	i := rotating(t)
	i.run(3, 3)
	if err := i.azure.AddFaults(azuresim.Fault{Method: "PUT", PathRegex: "agentPools/pool1r$",
		FailOperation: &simarm.OperationError{Code: "QuotaExceeded", Message: "Operation results in exceeding quota limits of Core. Maximum allowed: 4"}}); err != nil {
		t.Fatal(err)
	}
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	report := i.live(func(r engine.Report) bool { return len(r.Failures) > 0 })
	for id, failure := range report.Failures {
		if !strings.HasSuffix(id, "/agentpools/pool1r") || failure.Error.Code != "QuotaExceeded" {
			t.Errorf("%s: %+v", id, failure.Error)
		}
	}
	if state := report.Rotating["pool1"]; state.Phase != aks.ReasonCreatingReplacement {
		t.Errorf("state %+v", state)
	}
	if _, schedulable := i.nodes(); len(schedulable) < 2 {
		t.Error("nodes of the old pool take no pods although there are no others")
	}
	i.in.Pools[1].Object.Spec.SKU = "Standard_D2s_v3"
	i.in.Pools[1].SpecChanged = true
	report = i.live(nil)
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1 2 Standard_D2s_v3")
	i.wantCapacity(2)
	if pods := i.pods(); len(pods) != 3 {
		t.Errorf("%d pods are left", len(pods))
	}
	i.noClientErrors()
}

// The autoscaler of the pool that goes is turned off first, or it would make nodes for the pods that leave; the new pool comes
// with as many nodes as the autoscaler had given the old one.
func TestRotationOfAnAutoscaledPool(t *testing.T) {
	i := rotating(t)
	low, high := int32(1), int32(5)
	i.in.Pools[1].Object.Spec.Scaling = &v1beta1.Scaling{MinSize: &low, MaxSize: &high}
	i.settle()
	i.edit(aks.NamesOf(i.in).PoolID(i.in.Pools[1].Object), `{"properties":{"count":4}}`)
	i.restart()
	i.settle()
	i.events = nil
	i.run(3, 2)
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	report := i.live(nil)
	i.wantEvents("Create agentPool pool1r", "Update agentPool pool1", "Delete agentPool pool1")
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1r 4 Standard_D4s_v3")
	if pool, _ := report.Facts.Pool("pool1r"); !pool.AutoScaling {
		t.Error("the autoscaler of the new pool is off")
	}
	i.noClientErrors()
}

// A pod that no controller would make again is not evicted: the drain waits and names it.
func TestRotationWaitsForUnmanagedPods(t *testing.T) {
	i := rotating(t)
	_, nodes := i.nodes()
	i.pod("lonely", nodes[0].Name)
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	i.live(func(r engine.Report) bool {
		return strings.Contains(r.Rotating["pool1"].Message, "pod default/lonely on node") && r.Rotating["pool1"].Drained == 1
	})
	if len(i.pods()) != 1 {
		t.Error("the pod is gone")
	}
	i.noClientErrors()
}

// More nodes are wanted together with another size: the new pool comes with the higher number at once.
func TestRotationTogetherWithScaling(t *testing.T) {
	i := rotating(t)
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	i.in.Pools[1].Replicas = new(int32(3))
	report := i.live(nil)
	i.wantEvents("Create agentPool pool1r", "Delete agentPool pool1")
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1r 3 Standard_D4s_v3")
	i.in.Pools[1].Object.Spec.SKU = "Standard_D2s_v3"
	i.in.Pools[1].Replicas = new(int32(1))
	report = i.live(nil)
	i.wantEvents("Create agentPool pool1", "Delete agentPool pool1r", "Update agentPool pool1")
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1 1 Standard_D2s_v3")
	i.noClientErrors()
}
