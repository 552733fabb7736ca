package webhook_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
)

const subscription = "00000000-0000-0000-0000-000000000000"

func objectMeta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

// cluster refers to a control plane and an infrastructure cluster of its own name.
func cluster(namespace, name string, mutate ...func(*clusterv1.Cluster)) *clusterv1.Cluster {
	c := &clusterv1.Cluster{ObjectMeta: objectMeta(namespace, name)}
	c.Spec.ClusterNetwork.Services.CIDRBlocks = []string{"192.168.0.0/16"}
	c.Spec.ControlPlaneRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupName, Kind: "AzureManagedControlPlane", Name: name}
	c.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupName, Kind: "AzureManagedCluster", Name: name}
	for _, m := range mutate {
		m(c)
	}
	return c
}

func controlPlane(namespace, name string, mutate ...func(*v1beta1.AzureManagedControlPlane)) *v1beta1.AzureManagedControlPlane {
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: objectMeta(namespace, name)}
	cp.Spec.Location = "southcentralus"
	cp.Spec.Version = "v1.33.4"
	for _, m := range mutate {
		m(cp)
	}
	return cp
}

func infraCluster(namespace, name, subscription string) *v1beta1.AzureManagedCluster {
	infra := &v1beta1.AzureManagedCluster{ObjectMeta: objectMeta(namespace, name)}
	infra.Spec.SubscriptionID = subscription
	return infra
}

// machinePool refers to an AzureManagedMachinePool of its own name.
func machinePool(namespace, cluster, name string, mutate ...func(*clusterv1.MachinePool)) *clusterv1.MachinePool {
	mp := &clusterv1.MachinePool{ObjectMeta: objectMeta(namespace, name)}
	mp.Spec.ClusterName = cluster
	mp.Spec.Replicas = ptr(int32(1))
	mp.Spec.Template.Spec.ClusterName = cluster
	mp.Spec.Template.Spec.Version = "v1.33.4"
	mp.Spec.Template.Spec.Bootstrap.DataSecretName = ptr("")
	mp.Spec.Template.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupName, Kind: "AzureManagedMachinePool", Name: name}
	for _, m := range mutate {
		m(mp)
	}
	return mp
}

func nodePool(namespace, name string, mode v1beta1.NodePoolMode, mutate ...func(*v1beta1.AzureManagedMachinePool)) *v1beta1.AzureManagedMachinePool {
	p := &v1beta1.AzureManagedMachinePool{ObjectMeta: objectMeta(namespace, name)}
	p.Spec.Mode = mode
	p.Spec.SKU = "Standard_D2s_v3"
	for _, m := range mutate {
		m(p)
	}
	return p
}

// createPool creates both objects of a pool, the pool with the finalizer of its controller.
func createPool(t *testing.T, a *api, cluster, name string, mode v1beta1.NodePoolMode) (*clusterv1.MachinePool, *v1beta1.AzureManagedMachinePool) {
	t.Helper()
	mp := machinePool(a.namespace, cluster, name, func(mp *clusterv1.MachinePool) { mp.Finalizers = []string{clusterv1.MachinePoolFinalizer} })
	a.create(t, mp)
	p := nodePool(a.namespace, name, mode, func(p *v1beta1.AzureManagedMachinePool) {
		p.Labels = map[string]string{clusterv1.ClusterNameLabel: cluster}
		p.Finalizers = []string{v1beta1.MachinePoolFinalizer}
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: clusterv1.GroupVersion.String(), Kind: "MachinePool", Name: mp.Name, UID: mp.UID}}
	})
	a.create(t, p)
	return mp, p
}
