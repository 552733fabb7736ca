package controller

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

// rotated is a pool in the middle of a drain, and what a step reports then.
func rotated() (poolObjects, outcome) {
	pool := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: "apps"}}
	aks.Rotation{Name: "appsr", Replaces: []string{"apps"}}.Annotate(pool)
	r := running()
	r.Done = false
	r.Facts.Pools = append(r.Facts.Pools, aks.PoolFacts{Name: "apps", State: "Succeeded", Count: 1}, aks.PoolFacts{Name: "appsr", State: "Succeeded", Count: 2})
	r.ProviderIDs["apps"], r.ProviderIDs["appsr"] = []string{"azure:///2"}, []string{"azure:///3", "azure:///4"}
	r.Rotating = map[string]aks.RotationState{"apps": {Phase: aks.ReasonDraining, From: []string{"apps"}, To: "appsr", Nodes: 1,
		Message: "drained 0 of 1 nodes; pod default/web on node n waits for PodDisruptionBudget default/web, which allows no disruption now"}}
	hold := action(plan.Wait, aks.KindAgentPool, "apps", aks.ReasonDraining, r.Rotating["apps"].Message)
	r.Pending, r.Hold = []plan.Action{hold}, &hold
	return poolObjects{pool: pool}, outcome{report: r, ran: true, kubeconfigSafe: true}
}

func TestAPoolInARotation(t *testing.T) {
	p, o := rotated()
	if err := applyPool(p, o); err != nil {
		t.Fatal(err)
	}
	status := p.pool.Status
	if r := status.Replacement; r == nil || r.Phase != "Draining" || r.To != "appsr" || r.Nodes != 1 || r.DrainedNodes != 0 || !slices.Equal(r.From, []string{"apps"}) {
		t.Errorf("replacement %+v", r)
	}
	if status.AgentPoolName != "appsr" || !strings.HasSuffix(status.ResourceID, "/agentPools/appsr") {
		t.Errorf("name %q, id %q", status.AgentPoolName, status.ResourceID)
	}
	// The Nodes of both agent pools stay known to Cluster API, which deletes the others.
	if want := []string{"azure:///2", "azure:///3", "azure:///4"}; !slices.Equal(p.pool.Spec.ProviderIDList, want) || status.Replicas != 3 {
		t.Errorf("machines %v, %d replicas", p.pool.Spec.ProviderIDList, status.Replicas)
	}
	ready := o.poolVerdict(p)
	if ready.ok() || ready.reason != "Draining" || !strings.Contains(ready.message, "appsr takes the place of apps") || !strings.Contains(ready.message, "PodDisruptionBudget default/web") {
		t.Errorf("verdict %+v", ready)
	}
	if synced := o.syncedVerdict(); synced.ok() || synced.reason != "Draining" {
		t.Errorf("synced %+v", synced)
	}
	if o.problem() {
		t.Error("waiting for a budget is told as a problem")
	}
}

func TestAFinishedRotation(t *testing.T) {
	p, o := rotated()
	o.report.Facts.Pools = o.report.Facts.Pools[:1:1]
	o.report.Facts.Pools = append(o.report.Facts.Pools, aks.PoolFacts{Name: "appsr", State: "Succeeded", Count: 2})
	o.report.Rotating, o.report.Pending, o.report.Hold, o.report.Done = nil, nil, nil, true
	o.report.Rotations = map[string]aks.Rotation{"apps": {Name: "appsr"}}
	p.pool.Status.Replacement = &v1beta1.NodePoolReplacementStatus{Phase: "Deleting"}
	if err := applyPool(p, o); err != nil {
		t.Fatal(err)
	}
	if p.pool.Status.Replacement != nil || !slices.Equal(p.pool.Spec.ProviderIDList, []string{"azure:///3", "azure:///4"}) {
		t.Errorf("replacement %+v, machines %v", p.pool.Status.Replacement, p.pool.Spec.ProviderIDList)
	}
	rememberRotations(&aggregate{pools: []poolObjects{p}}, o.report)
	if got := p.pool.Annotations[v1beta1.AgentPoolAnnotation]; got != `{"name":"appsr"}` {
		t.Errorf("remembered %s", got)
	}
}

func TestAPoolWithTheNameOfAnother(t *testing.T) {
	p, o := rotated()
	o.report.Twins = map[string]string{"apps": "first"}
	if err := applyPool(p, o); err != nil {
		t.Fatal(err)
	}
	if v := o.poolVerdict(p); v.ok() || v.reason != aks.ReasonNameTaken || !strings.Contains(v.message, `"first"`) {
		t.Errorf("verdict %+v", v)
	}
	if len(p.pool.Spec.ProviderIDList) > 0 || p.pool.Status.ResourceID != "" {
		t.Error("machines of another pool are taken for its own")
	}
}
