package controller

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// climbing is an upgrade whose first step is done and whose second is the pool's.
func climbing() outcome {
	r := running()
	r.Done = false
	r.Upgrade = &v1beta1.UpgradeStatus{From: "v1.33.4", To: "v1.34.1", Message: "step 2 of 2: pool pool0 1.33.4 -> 1.34.1", Steps: []v1beta1.UpgradeStep{
		{Resource: "control plane", From: "v1.33.4", Version: "v1.34.1", State: v1beta1.StepDone},
		{Resource: "pool pool0", From: "v1.33.4", Version: "v1.34.1", State: v1beta1.StepNext},
	}}
	return outcome{ran: true, kubeconfigSafe: true, report: r}
}

func TestUpgradeStatus(t *testing.T) {
	pool := aks.AgentPoolID(clusterID, "pool0")
	text := "Drain node n failed when evicting pod web-0 failed with Too Many Requests error. PDB debug info: shop/web-0 blocked by pdb keep with 0 unready pods."
	stuck := failure(aks.KindAgentPool, "pool0", "UpgradeFailed", text)
	for name, c := range map[string]struct {
		change  func(*engine.Report)
		state   string
		message string
		synced  string
	}{
		"next":    {func(*engine.Report) {}, v1beta1.StepNext, "step 2 of 2: pool pool0 1.33.4 -> 1.34.1", ""},
		"running": {func(r *engine.Report) { r.Operation = &aks.Operation{ID: pool, Kind: "upgrading agentPool pool0"} }, v1beta1.StepRunning, "step 2 of 2: pool pool0 1.33.4 -> 1.34.1", "step 2 of 2: pool pool0 1.33.4 -> 1.34.1; upgrading agentPool pool0"},
		"another operation runs": {func(r *engine.Report) { r.Operation = &aks.Operation{ID: clusterID, Kind: "updating managedCluster c"} }, v1beta1.StepNext,
			"step 2 of 2: pool pool0 1.33.4 -> 1.34.1", "updating managedCluster c"},
		"blocked": {func(r *engine.Report) {
			r.Failures, r.Budgets = stuck, map[string]string{strings.ToLower(pool): "it lets 0 pods go"}
		}, v1beta1.StepWaiting, "step 2 of 2: pool pool0 1.33.4 -> 1.34.1 (UpgradeFailed: waits for PodDisruptionBudget shop/keep, which holds pod shop/web-0; it lets 0 pods go)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := climbing()
			c.change(&o.report)
			status := o.upgrade()
			if status.Steps[1].State != c.state || status.Message != c.message {
				t.Errorf("%s, %q; want %s, %q", status.Steps[1].State, status.Message, c.state, c.message)
			}
			if synced := o.syncedVerdict(); c.synced != "" && synced.message != c.synced {
				t.Errorf("Synced says %q, want %q", synced.message, c.synced)
			}
			if o.report.Upgrade.Steps[1].State != v1beta1.StepNext {
				t.Error("the report was changed")
			}
		})
	}
}

func TestOffersAreKept(t *testing.T) {
	o, cp := climbing(), &v1beta1.AzureManagedControlPlane{}
	at := time.Date(2026, 11, 1, 12, 0, 0, 5, time.UTC)
	o.report.Offers = &engine.Offers{Time: at, Versions: []string{"1.34.5", "1.35.1"}}
	applyUpgrade(cp, o)
	if got := cp.Status.AvailableUpgrades; got == nil || !got.CheckedAt.Time.Equal(at.Truncate(time.Second)) || strings.Join(got.Versions, " ") != "v1.34.5 v1.35.1" {
		t.Fatalf("available %+v", got)
	}
	o.report.Error, o.report.Upgrade = &engine.Problem{}, nil
	if applyUpgrade(cp, o); cp.Status.Upgrade == nil {
		t.Error("what was done is forgotten because Azure does not answer")
	}
	o = climbing()
	o.report.Offers = nil // after a restart, until Azure is asked again
	applyUpgrade(cp, o)
	if cp.Status.AvailableUpgrades == nil {
		t.Error("what was on offer is forgotten")
	}
}

func TestAHeldUpgradeIsNotTheClustersFault(t *testing.T) {
	o := climbing()
	held := action(plan.Blocked, aks.KindManagedCluster, "c", aks.ReasonVersionNotOffered, "spec.version v1.99.0 cannot be reached")
	o.report.Pending, o.report.Hold = []plan.Action{held}, &held
	if v := o.clusterVerdict(); !v.ok() {
		t.Errorf("ManagedClusterRunning is %+v", v)
	}
	if v := o.syncedVerdict(); v.reason != aks.ReasonVersionNotOffered || !o.problem() {
		t.Errorf("Synced is %+v, a problem: %v", v, o.problem())
	}
}

func TestNodeImageUpgradeIsRememberedOnThePool(t *testing.T) {
	const after = "2026-11-01T12:00:00Z"
	pool := &v1beta1.AzureManagedMachinePool{}
	pool.Name = "pool0"
	pool.Spec.NodeImageUpgradeAfter = after
	o := outcome{ran: true, report: running()}
	if err := applyPool(poolObjects{pool: pool}, o); err != nil || len(pool.Annotations) > 0 {
		t.Fatalf("before it is done: %v, %v", pool.Annotations, err)
	}
	o.report.NodeImagesDone = map[string]string{"pool0": after}
	if err := applyPool(poolObjects{pool: pool}, o); err != nil {
		t.Fatal(err)
	}
	if in := (poolObjects{pool: pool}).input(); in.NodeImageDone != after {
		t.Errorf("remembered %q", in.NodeImageDone)
	}
}

func TestRollingOut(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*outcome)
		want    metav1.ConditionStatus
		message string
	}{
		"under way":         {func(*outcome) {}, metav1.ConditionTrue, "step 2 of 2: pool pool0 1.33.4 -> 1.34.1"},
		"done":              {func(o *outcome) { o.report.Upgrade.Steps[1].State = v1beta1.StepDone }, metav1.ConditionFalse, ""},
		"none":              {func(o *outcome) { o.report.Upgrade = nil }, metav1.ConditionFalse, ""},
		"begun by AKS":      {func(o *outcome) { o.report.Upgrade, o.report.Facts.State = nil, "Upgrading" }, metav1.ConditionTrue, "Azure upgrades the cluster"},
		"being deleted":     {func(o *outcome) { o.deleting = true }, metav1.ConditionFalse, ""},
		"Azure is silent":   {func(o *outcome) { o.report.Error = &engine.Problem{} }, "", ""},
		"without a sign-in": {func(o *outcome) { o.ran = false }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := climbing()
			c.change(&o)
			v, known := o.rollingOutVerdict()
			if known != (c.want != "") || v.status != c.want || v.message != c.message {
				t.Errorf("%v: %s %q", known, v.status, v.message)
			}
		})
	}
}
