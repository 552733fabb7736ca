package webhook_test

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

// refusedAndUntouched asserts that a deletion was refused before the object could notice.
func refusedAndUntouched(t *testing.T, a *api, object client.Object, parts ...string) {
	t.Helper()
	refused(t, a.Delete(t.Context(), object), append([]string{"last System pool", "delete the Cluster"}, parts...)...)
	a.read(t, object)
	if !object.GetDeletionTimestamp().IsZero() {
		t.Errorf("%s is being deleted", object.GetName())
	}
}

func gone(t *testing.T, a *api, object client.Object) {
	t.Helper()
	if err := a.Get(t.Context(), client.ObjectKeyFromObject(object), object); !apierrors.IsNotFound(err) {
		t.Errorf("%s is still there (%v)", object.GetName(), err)
	}
}

func withoutFinalizers(t *testing.T, a *api, object client.Object) {
	t.Helper()
	accepted(t, change(t, a, object, func(o client.Object) { o.SetFinalizers(nil) }))
}

func TestLastSystemPool(t *testing.T) {
	a := live(t)
	c := cluster(a.namespace, "c", func(c *clusterv1.Cluster) { c.Finalizers = []string{clusterv1.ClusterFinalizer} })
	a.create(t, c)
	mp0, p0 := createPool(t, a, "c", "pool0", v1beta1.NodePoolModeSystem)
	mp1, p1 := createPool(t, a, "c", "pool1", v1beta1.NodePoolModeUser)
	// Another Cluster's System pool and one that no MachinePool refers to are no help.
	a.create(t, cluster(a.namespace, "d"))
	createPool(t, a, "d", "foreign", v1beta1.NodePoolModeSystem)
	a.create(t, nodePool(a.namespace, "unused", v1beta1.NodePoolModeSystem, func(p *v1beta1.AzureManagedMachinePool) {
		p.Labels = map[string]string{clusterv1.ClusterNameLabel: "c"}
	}))

	refusedAndUntouched(t, a, mp0, `AzureManagedMachinePool "pool0"`, `Cluster "c"`)
	refusedAndUntouched(t, a, p0, `AzureManagedMachinePool "pool0"`, `Cluster "c"`)
	refused(t, change(t, a, p0, func(p *v1beta1.AzureManagedMachinePool) { p.Spec.Mode = v1beta1.NodePoolModeUser }), "last System pool", "spec.mode")
	refused(t, a.DeleteAllOf(t.Context(), &clusterv1.MachinePool{}, client.InNamespace(a.namespace), client.MatchingFields{"metadata.name": "pool0"}), "last System pool")
	accepted(t, a.Delete(t.Context(), mp1))
	accepted(t, a.Delete(t.Context(), p1))

	// With a second one either can go, but not both: the one that is on its way does not count.
	mp2, p2 := createPool(t, a, "c", "pool2", v1beta1.NodePoolModeSystem)
	accepted(t, a.Delete(t.Context(), mp0, client.DryRunAll))
	accepted(t, a.Delete(t.Context(), mp2))
	refusedAndUntouched(t, a, mp0)
	refusedAndUntouched(t, a, p0)
	accepted(t, a.Delete(t.Context(), mp2)) // again, while it goes
	accepted(t, a.Delete(t.Context(), p2))  // what Cluster API does next
	refusedAndUntouched(t, a, mp0)

	// A terminating object never meets the webhooks.
	withoutFinalizers(t, a, p2)
	withoutFinalizers(t, a, mp2)

	accepted(t, a.Delete(t.Context(), c))
	accepted(t, a.Delete(t.Context(), mp0))
	accepted(t, a.Delete(t.Context(), p0))
}

func TestLastSystemPoolChangesMode(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"))
	_, p0 := createPool(t, a, "c", "pool0", v1beta1.NodePoolModeSystem)
	_, p1 := createPool(t, a, "c", "pool1", v1beta1.NodePoolModeSystem)
	user := func(p *v1beta1.AzureManagedMachinePool) { p.Spec.Mode = v1beta1.NodePoolModeUser }
	accepted(t, change(t, a, p0, user))
	if got := p0.Labels[v1beta1.AgentPoolModeLabel]; got != "User" {
		t.Errorf("the mode label is %q", got)
	}
	refused(t, change(t, a, p1, user), "last System pool", `"pool1"`, "spec.mode")
}

// A System pool that was created and lost its MachinePool is still in AKS: it counts, and it is kept.
func TestOrphanedSystemPool(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"))
	orphan, pool0 := createPool(t, a, "c", "pool0", v1beta1.NodePoolModeSystem)
	mp1, pool1 := createPool(t, a, "c", "pool1", v1beta1.NodePoolModeSystem)
	accepted(t, a.Delete(t.Context(), orphan))
	withoutFinalizers(t, a, orphan)
	gone(t, a, orphan)
	accepted(t, a.Delete(t.Context(), mp1))
	accepted(t, a.Delete(t.Context(), pool1))
	refusedAndUntouched(t, a, pool0)
}

// Both MachinePools of the only two System pools were deleted in the same instant, which no admission can see: one pool
// goes, one stays, and neither deletion hangs for good.
func TestTwoSystemPoolsAtOnce(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"))
	mp0, p0 := createPool(t, a, "c", "pool0", v1beta1.NodePoolModeSystem)
	mp1, p1 := createPool(t, a, "c", "pool1", v1beta1.NodePoolModeSystem)
	for _, mp := range []*clusterv1.MachinePool{mp0, mp1} {
		terminate(t, a, mp)
	}
	accepted(t, a.Delete(t.Context(), p0))
	refusedAndUntouched(t, a, p1)
}

// terminate deletes a MachinePool in spite of the rule.
func terminate(t *testing.T, a *api, mp *clusterv1.MachinePool) {
	t.Helper()
	accepted(t, change(t, a, mp, func(mp *clusterv1.MachinePool) {
		mp.Annotations = map[string]string{"clusterctl.cluster.x-k8s.io/delete-for-move": ""}
	}))
	accepted(t, a.Delete(t.Context(), mp))
	a.read(t, mp)
}

func TestDeletionWithoutCluster(t *testing.T) {
	a := live(t)
	mp, p := createPool(t, a, "absent", "pool0", v1beta1.NodePoolModeSystem)
	accepted(t, a.Delete(t.Context(), mp))
	accepted(t, a.Delete(t.Context(), p))
	alone := nodePool(a.namespace, "alone", v1beta1.NodePoolModeSystem)
	a.create(t, alone)
	accepted(t, a.Delete(t.Context(), alone))
}

func TestDeletionForMove(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"))
	mp, p := createPool(t, a, "c", "pool0", v1beta1.NodePoolModeSystem)
	terminate(t, a, mp)
	accepted(t, change(t, a, p, func(p *v1beta1.AzureManagedMachinePool) {
		p.Annotations = map[string]string{"clusterctl.cluster.x-k8s.io/delete-for-move": ""}
	}))
	accepted(t, a.Delete(t.Context(), p))
}

// The documentation's way out for a MachinePool that hangs in its deletion because its pool cannot go.
func TestRecoveryOfStuckMachinePool(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "capz-managed-aks"))
	old, p := createPool(t, a, "capz-managed-aks", "agentpool0", v1beta1.NodePoolModeSystem)
	terminate(t, a, old)
	refusedAndUntouched(t, a, p) // this is why it hangs

	replacement := machinePool(a.namespace, "capz-managed-aks", "agentpool2", func(mp *clusterv1.MachinePool) {
		mp.Finalizers = []string{clusterv1.MachinePoolFinalizer}
		mp.Spec.Template.Spec.InfrastructureRef.Name = "agentpool0"
	})
	accepted(t, a.Create(t.Context(), replacement))
	accepted(t, change(t, a, p, func(p *v1beta1.AzureManagedMachinePool) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "cluster.x-k8s.io/v1beta1", Kind: "MachinePool", Name: replacement.Name, UID: replacement.UID}}
	}))
	accepted(t, a.Delete(t.Context(), old))
	withoutFinalizers(t, a, old)
	gone(t, a, old)
	a.read(t, p)
	if !p.DeletionTimestamp.IsZero() {
		t.Error("the pool went with the old MachinePool")
	}
	refusedAndUntouched(t, a, replacement)
}

// While two MachinePools refer to one pool, the one that does not own it can go, also where nothing deleted it before.
func TestMachinePoolThatOwnsNothing(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"))
	owner, _ := createPool(t, a, "c", "pool0", v1beta1.NodePoolModeSystem)
	second := machinePool(a.namespace, "c", "second", func(mp *clusterv1.MachinePool) { mp.Spec.Template.Spec.InfrastructureRef.Name = "pool0" })
	a.create(t, second)
	refusedAndUntouched(t, a, owner)
	accepted(t, a.Delete(t.Context(), second))
	gone(t, a, second)
}
