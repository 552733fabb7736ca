package controller

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

func verdictsOf(o outcome) map[string]metav1.Condition {
	all := map[string]metav1.Condition{}
	for _, c := range controlPlaneConditions(o) {
		all[c.Type] = c
	}
	return all
}

func TestOwnershipConditions(t *testing.T) {
	would := action(plan.Wait, aks.KindManagedCluster, "c", aks.ReasonObserveOnly, `policy observe sends nothing; it would be: Update managedCluster c: sku.tier "Free" -> "Standard"`)
	pool := action(plan.Wait, aks.KindAgentPool, "pool0", aks.ReasonObserveOnly, "policy observe sends nothing; it would be: Update agentPool pool0: count 2 -> 5")
	for name, tt := range map[string]struct {
		change func(*outcome)
		want   map[string]string // condition -> status/reason: part of the message
		says   map[string]string
	}{
		"observed and different: ready, and told": {func(o *outcome) {
			o.report.Done, o.report.Hold, o.report.Pending = false, &would, []plan.Action{would, pool}
		}, map[string]string{"Ready": "True/Ready", "ManagedClusterRunning": "True/Running", "Synced": "False/ObserveOnly"},
			map[string]string{"Synced": would.Message + "; " + pool.Message}},
		"observed and not there": {func(o *outcome) {
			o.report.Done, o.report.Hold, o.report.Pending, o.report.Facts, o.report.NetworkReady = false, &would, []plan.Action{would}, aks.Facts{}, false
		}, map[string]string{"NetworkReady": "False/ObserveOnly", "ManagedClusterRunning": "False/NotCreated", "Synced": "False/ObserveOnly"},
			map[string]string{"NetworkReady": "policy observe makes none"}},
		"contested: ready, and told who wins": {func(o *outcome) {
			o.report.Pending = []plan.Action{action(plan.None, aks.KindManagedCluster, "c", aks.ReasonContested, "somebody else wins for now")}
		}, map[string]string{"Ready": "True/Ready", "Synced": "False/Contested"}, map[string]string{"Synced": "somebody else wins"}},
		"misspelt policy": {func(o *outcome) { o.invalidPolicies = `annotation x of c is "observ"` },
			map[string]string{"Synced": "False/InvalidPolicy"}, map[string]string{"Synced": `"observ"`}},
		"stopped as declared": {func(o *outcome) { o.report.Facts.PowerState = "Stopped" },
			map[string]string{"Ready": "False/Stopped", "Available": "False/Stopped", "Synced": "True/Synced"}, nil},
		"an upgrade waits for the start": {func(o *outcome) {
			hold := action(plan.Wait, aks.KindManagedCluster, "c", aks.ReasonStopped, "the cluster is stopped")
			o.report.Facts.PowerState, o.report.Done, o.report.Hold, o.report.Pending = "Stopped", false, &hold, []plan.Action{hold}
		}, map[string]string{"Ready": "False/Stopped", "Synced": "False/Stopped"}, nil},
		"protected": {func(o *outcome) {
			hold := action(plan.Blocked, aks.KindManagedCluster, "c", aks.ReasonDeletionProtected, "is protected")
			o.deleting, o.report.Done, o.report.Hold, o.report.Pending = true, false, &hold, []plan.Action{hold}
		}, map[string]string{"Deleting": "True/DeletionProtected"}, map[string]string{"Deleting": "is protected"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := outcome{report: running(), ran: true, kubeconfigSafe: true}
			tt.change(&o)
			all := verdictsOf(o)
			for kind, want := range tt.want {
				if got := string(all[kind].Status) + "/" + all[kind].Reason; got != want {
					t.Errorf("%s is %s (%s), want %s", kind, got, all[kind].Message, want)
				}
			}
			for kind, part := range tt.says {
				if !strings.Contains(all[kind].Message, part) {
					t.Errorf("%s says %q, which lacks %q", kind, all[kind].Message, part)
				}
			}
		})
	}
}

func TestPoolOfAnObservedOrStoppedCluster(t *testing.T) {
	object := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: "pool0"}}
	o := outcome{report: running(), ran: true}
	o.report.Pending = []plan.Action{action(plan.Wait, aks.KindAgentPool, "pool0", aks.ReasonObserveOnly, "would be")}
	if v := o.poolVerdict(poolObjects{pool: object}); !v.ok() {
		t.Errorf("an observed pool that differs is %s: %s", v.reason, v.message)
	}
	o.report.Facts.Pools[0].PowerState = "Stopped"
	if v := o.poolVerdict(poolObjects{pool: object}); v.reason != aks.ReasonStopped {
		t.Errorf("a stopped pool is %q", v.reason)
	}
}

func TestFinalizersOfPools(t *testing.T) {
	now := metav1.Now()
	protectedBy := map[string]string{v1beta1.DeletionProtectionAnnotation: "true"}
	for name, tt := range map[string]struct {
		pool, cluster   map[string]string
		clusterDeleting bool
		exists, ran     bool
		goes            bool
	}{
		"still in Azure":                         {exists: true, ran: true},
		"gone from Azure":                        {ran: true, goes: true},
		"Azure was not asked":                    {},
		"goes with its cluster":                  {clusterDeleting: true, exists: true, ran: true, goes: true},
		"detached, Azure was not asked":          {pool: map[string]string{v1beta1.PolicyAnnotation: v1beta1.PolicyDetachOnDelete}, exists: true, goes: true},
		"follows its observed cluster":           {cluster: map[string]string{v1beta1.PolicyAnnotation: v1beta1.PolicyObserve}, exists: true, ran: true, goes: true},
		"protected pool of a deleted cluster":    {pool: protectedBy, clusterDeleting: true, exists: true, ran: true},
		"protected pool that is gone":            {pool: protectedBy, clusterDeleting: true, ran: true, goes: true},
		"protected pool of a cluster that stays": {pool: protectedBy, cluster: map[string]string{v1beta1.PolicyAnnotation: v1beta1.PolicyObserve}, clusterDeleting: true, goes: true},
	} {
		t.Run(name, func(t *testing.T) {
			object := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: "pool0", Annotations: tt.pool,
				Finalizers: []string{v1beta1.MachinePoolFinalizer}, DeletionTimestamp: &now}}
			cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "c", Annotations: tt.cluster}}
			if tt.clusterDeleting {
				cp.DeletionTimestamp = &now
			}
			a := &aggregate{cluster: &clusterv1.Cluster{}, controlPlane: cp, pools: []poolObjects{{pool: object}}}
			o := outcome{report: running(), ran: tt.ran, leaving: a.leaving()}
			if !tt.exists {
				o.report.Facts.Pools = nil
			}
			(&Reconciler{Recorder: events.NewFakeRecorder(5)}).releasePools(a, o)
			if goes := len(object.Finalizers) == 0; goes != tt.goes {
				t.Errorf("the finalizer goes: %v, want %v", goes, tt.goes)
			}
		})
	}
}

func TestReleaseIsAnEvent(t *testing.T) {
	recorder := events.NewFakeRecorder(5)
	report := running()
	given := action(plan.None, aks.KindManagedCluster, "c", "", "")
	given.Changes = []plan.Change{{Path: "properties.x", From: "1", Why: plan.WhyReleased, Impact: plan.ImpactKept}}
	report.Released = []plan.Action{given}
	a := &aggregate{controlPlane: &v1beta1.AzureManagedControlPlane{}}
	(&Reconciler{Recorder: recorder}).releasedEvents(a, report)
	select {
	case got := <-recorder.Events:
		if want := `Normal Released managedCluster c: x "1" (released: no longer managed, the value in Azure stays)`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	default:
		t.Error("no event")
	}
}
