package controller

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/capaks/capaks/api/v1beta1"
)

// A control plane that was deleted by itself must not leave a Cluster that cannot be deleted any more.
func TestPoolsWithoutControlPlaneAreReleased(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clusterv1.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	key := client.ObjectKey{Namespace: "n", Name: "cp"}
	for name, c := range map[string]struct {
		change func(*clusterv1.Cluster, *v1beta1.AzureManagedMachinePool)
		goes   bool
	}{
		"deleted": {func(*clusterv1.Cluster, *v1beta1.AzureManagedMachinePool) {}, true},
		"kept":    {func(_ *clusterv1.Cluster, p *v1beta1.AzureManagedMachinePool) { p.DeletionTimestamp = nil }, false},
		"paused":  {func(c *clusterv1.Cluster, _ *v1beta1.AzureManagedMachinePool) { c.Spec.Paused = new(true) }, false},
		"of another control plane": {func(c *clusterv1.Cluster, _ *v1beta1.AzureManagedMachinePool) {
			c.Spec.ControlPlaneRef.Name = "other"
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "c"}}
			cluster.Spec.ControlPlaneRef = clusterv1.ContractVersionedObjectReference{Kind: "AzureManagedControlPlane", Name: "cp", APIGroup: v1beta1.GroupVersion.Group}
			pool := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "pool0", Finalizers: []string{v1beta1.MachinePoolFinalizer},
				Labels: map[string]string{clusterv1.ClusterNameLabel: "c"}, DeletionTimestamp: &metav1.Time{Time: metav1.Now().Rfc3339Copy().Time}}}
			c.change(cluster, pool)
			api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(cluster, pool).Build()
			if err := (&Reconciler{Client: api}).releaseOrphans(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			err := api.Get(t.Context(), client.ObjectKeyFromObject(pool), pool)
			if goes := apierrors.IsNotFound(err); goes != c.goes {
				t.Errorf("it goes: %v, want %v (%v)", goes, c.goes, err)
			}
		})
	}
}
