package webhook

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

const (
	kindControlPlane = "AzureManagedControlPlane"
	kindInfraCluster = "AzureManagedCluster"
	kindNodePool     = "AzureManagedMachinePool"
)

// lookup reads the objects around the one that is admitted. What does not exist is nil; every error is an answer for
// the API server.
type lookup struct {
	reader client.Reader
}

// get reads one object; false means that it does not exist.
func (l lookup) get(ctx context.Context, kind, namespace, name string, into client.Object) (bool, error) {
	err := l.reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, unreadable(fmt.Sprintf("%s %s/%s", kind, namespace, name), err)
	}
	return true, nil
}

func (l lookup) list(ctx context.Context, kinds, namespace string, into client.ObjectList) error {
	if err := l.reader.List(ctx, into, client.InNamespace(namespace)); err != nil {
		return unreadable(fmt.Sprintf("the %s in namespace %s", kinds, namespace), err)
	}
	return nil
}

func (l lookup) cluster(ctx context.Context, namespace, name string) (*clusterv1.Cluster, error) {
	cluster := &clusterv1.Cluster{}
	if found, err := l.get(ctx, "Cluster", namespace, name, cluster); !found {
		return nil, err
	}
	return cluster, nil
}

func (l lookup) controlPlane(ctx context.Context, cluster *clusterv1.Cluster) (*v1beta1.AzureManagedControlPlane, error) {
	if !refersTo(cluster.Spec.ControlPlaneRef, kindControlPlane) {
		return nil, nil
	}
	cp := &v1beta1.AzureManagedControlPlane{}
	if found, err := l.get(ctx, kindControlPlane, cluster.Namespace, cluster.Spec.ControlPlaneRef.Name, cp); !found {
		return nil, err
	}
	return cp, nil
}

func (l lookup) infraCluster(ctx context.Context, cluster *clusterv1.Cluster) (*v1beta1.AzureManagedCluster, error) {
	if !refersTo(cluster.Spec.InfrastructureRef, kindInfraCluster) {
		return nil, nil
	}
	infra := &v1beta1.AzureManagedCluster{}
	if found, err := l.get(ctx, kindInfraCluster, cluster.Namespace, cluster.Spec.InfrastructureRef.Name, infra); !found {
		return nil, err
	}
	return infra, nil
}

// clusterReferringTo finds the Cluster of a control plane or infrastructure cluster. The name is known once Cluster API
// has adopted the object; before that, the Cluster that refers to it is searched.
func (l lookup) clusterReferringTo(ctx context.Context, object metav1.Object, kind string) (*clusterv1.Cluster, error) {
	if name := clusterName(object); name != "" {
		return l.cluster(ctx, object.GetNamespace(), name)
	}
	clusters := &clusterv1.ClusterList{}
	if err := l.list(ctx, "Clusters", object.GetNamespace(), clusters); err != nil {
		return nil, err
	}
	for i := range clusters.Items {
		spec := &clusters.Items[i].Spec
		for _, ref := range []clusterv1.ContractVersionedObjectReference{spec.ControlPlaneRef, spec.InfrastructureRef} {
			if refersTo(ref, kind) && ref.Name == object.GetName() {
				return &clusters.Items[i], nil
			}
		}
	}
	return nil, nil
}

// clusterName is the name of the Cluster an object belongs to, as far as the object itself knows.
func clusterName(object metav1.Object) string {
	if name := object.GetLabels()[clusterv1.ClusterNameLabel]; name != "" {
		return name
	}
	for _, owner := range object.GetOwnerReferences() {
		if owner.Kind == "Cluster" && groupOf(owner) == clusterv1.GroupVersion.Group {
			return owner.Name
		}
	}
	return ""
}

func groupOf(owner metav1.OwnerReference) string {
	version, err := schema.ParseGroupVersion(owner.APIVersion)
	if err != nil {
		return ""
	}
	return version.Group
}

func refersTo(ref clusterv1.ContractVersionedObjectReference, kind string) bool {
	return ref.Kind == kind && ref.APIGroup == v1beta1.GroupName
}

// pool is an AzureManagedMachinePool with the MachinePools that refer to it: normally one, two while a stuck one is
// replaced.
type pool struct {
	object       *v1beta1.AzureManagedMachinePool
	machinePools []*clusterv1.MachinePool
}

// living tells whether no MachinePool is about to take the pool away: one is not being deleted, or there is none.
func (p pool) living() bool {
	return len(p.machinePools) == 0 || slices.ContainsFunc(p.machinePools, func(mp *clusterv1.MachinePool) bool { return mp.DeletionTimestamp.IsZero() })
}

// machinePools are the MachinePools of a namespace by the AzureManagedMachinePool they refer to.
func (l lookup) machinePools(ctx context.Context, namespace string) (map[string][]*clusterv1.MachinePool, error) {
	list := &clusterv1.MachinePoolList{}
	if err := l.list(ctx, "MachinePools", namespace, list); err != nil {
		return nil, err
	}
	byPool := map[string][]*clusterv1.MachinePool{}
	for i := range list.Items {
		if ref := list.Items[i].Spec.Template.Spec.InfrastructureRef; refersTo(ref, kindNodePool) {
			byPool[ref.Name] = append(byPool[ref.Name], &list.Items[i])
		}
	}
	return byPool, nil
}

// pools are the pools of a Cluster that AKS has or will have: those a MachinePool refers to, and those that were created
// and lost theirs.
func (l lookup) pools(ctx context.Context, namespace, cluster string) ([]pool, error) {
	byPool, err := l.machinePools(ctx, namespace)
	if err != nil {
		return nil, err
	}
	list := &v1beta1.AzureManagedMachinePoolList{}
	if err := l.list(ctx, "AzureManagedMachinePools", namespace, list); err != nil {
		return nil, err
	}
	var pools []pool
	for i := range list.Items {
		p := pool{object: &list.Items[i]}
		for _, mp := range byPool[p.object.Name] {
			if mp.Spec.ClusterName == cluster {
				p.machinePools = append(p.machinePools, mp)
			}
		}
		orphan := clusterName(p.object) == cluster && slices.Contains(p.object.Finalizers, v1beta1.MachinePoolFinalizer)
		if len(p.machinePools) > 0 || orphan {
			pools = append(pools, p)
		}
	}
	return pools, nil
}

// clusterNameOfPool is the name of the Cluster of a pool: its own knowledge, or that of a MachinePool that refers to it.
func (l lookup) clusterNameOfPool(ctx context.Context, object *v1beta1.AzureManagedMachinePool) (string, error) {
	if name := clusterName(object); name != "" {
		return name, nil
	}
	byPool, err := l.machinePools(ctx, object.Namespace)
	if err != nil {
		return "", err
	}
	for _, mp := range byPool[object.Name] {
		return mp.Spec.ClusterName, nil
	}
	return "", nil
}
