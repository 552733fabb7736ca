package controller

import (
	"cmp"
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util"
	"sigs.k8s.io/cluster-api/util/annotations"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// aggregate is everything that describes one AKS cluster.
type aggregate struct {
	cluster      *clusterv1.Cluster
	controlPlane *v1beta1.AzureManagedControlPlane
	// infra is nil when the Cluster's AzureManagedCluster does not exist.
	infra *v1beta1.AzureManagedCluster
	pools []poolObjects
	// pending names MachinePools whose AzureManagedMachinePool does not exist yet.
	pending []string
	// identity is the one that the control plane names and may use; nil until it was read.
	identity *v1beta1.AzureClusterIdentity
	// source is where the secret part of the identity was read from, and which version of it.
	source        credentialSource
	sourceVersion string
}

// poolObjects are the two objects of a pool; machinePool is nil for a pool whose MachinePool is gone.
type poolObjects struct {
	pool        *v1beta1.AzureManagedMachinePool
	machinePool *clusterv1.MachinePool
	// topologyReplicas is the number of nodes that the topology of the Cluster keeps the MachinePool at, if it does.
	topologyReplicas *int32
}

// gather reads the objects around a control plane. It answers nil when the control plane has no Cluster yet:
// Cluster API sets the ownerReference, and until then nothing may be done.
func (r *Reconciler) gather(ctx context.Context, cp *v1beta1.AzureManagedControlPlane) (*aggregate, error) {
	cluster, err := util.GetOwnerCluster(ctx, r.Client, cp.ObjectMeta)
	if err != nil || cluster == nil {
		return nil, client.IgnoreNotFound(err)
	}
	a := &aggregate{cluster: cluster, controlPlane: cp}
	if ref := cluster.Spec.InfrastructureRef; ref.Kind == "AzureManagedCluster" {
		infra := &v1beta1.AzureManagedCluster{}
		err := r.Client.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: ref.Name}, infra)
		if client.IgnoreNotFound(err) != nil {
			return nil, err
		}
		if err == nil && !annotations.IsExternallyManaged(infra) {
			a.infra = infra
		}
	}
	return a, r.gatherPools(ctx, a)
}

func (r *Reconciler) gatherPools(ctx context.Context, a *aggregate) error {
	machinePools := &clusterv1.MachinePoolList{}
	if err := r.Client.List(ctx, machinePools, client.InNamespace(a.cluster.Namespace)); err != nil {
		return err
	}
	byName := map[string]poolObjects{}
	for i := range machinePools.Items {
		mp := &machinePools.Items[i]
		ref := mp.Spec.Template.Spec.InfrastructureRef
		if mp.Spec.ClusterName != a.cluster.Name || ref.Kind != "AzureManagedMachinePool" {
			continue
		}
		pool := &v1beta1.AzureManagedMachinePool{}
		err := r.Client.Get(ctx, client.ObjectKey{Namespace: mp.Namespace, Name: ref.Name}, pool)
		if apierrors.IsNotFound(err) {
			if mp.DeletionTimestamp == nil {
				a.pending = append(a.pending, mp.Name)
			}
			continue
		}
		if err != nil {
			return err
		}
		// While a stuck MachinePool is being replaced two of them refer to one pool: the living one counts.
		if other, ok := byName[pool.Name]; !ok || other.machinePool.DeletionTimestamp != nil {
			byName[pool.Name] = poolObjects{pool: pool, machinePool: mp, topologyReplicas: topologyReplicas(a.cluster, mp)}
		}
	}
	if err := r.gatherOrphans(ctx, a, byName); err != nil {
		return err
	}
	for _, p := range byName {
		a.pools = append(a.pools, p)
	}
	slices.SortFunc(a.pools, func(x, y poolObjects) int { return cmp.Compare(x.pool.Name, y.pool.Name) })
	slices.Sort(a.pending)
	return nil
}

// gatherOrphans adds pools of the cluster that no MachinePool refers to any more: they are still in Azure, and
// a deleted one still has to be taken away.
func (r *Reconciler) gatherOrphans(ctx context.Context, a *aggregate, byName map[string]poolObjects) error {
	pools := &v1beta1.AzureManagedMachinePoolList{}
	labels := client.MatchingLabels{clusterv1.ClusterNameLabel: a.cluster.Name}
	if err := r.Client.List(ctx, pools, client.InNamespace(a.cluster.Namespace), labels); err != nil {
		return err
	}
	for i := range pools.Items {
		pool := &pools.Items[i]
		if _, known := byName[pool.Name]; !known && slices.Contains(pool.Finalizers, v1beta1.MachinePoolFinalizer) {
			byName[pool.Name] = poolObjects{pool: pool}
		}
	}
	return nil
}

// inputs are the declared facts in the form the pure packages take.
func (a *aggregate) inputs(defaultSubscription, sshKey string) aks.Inputs {
	cp := a.controlPlane
	in := aks.Inputs{
		Cluster: aks.Cluster{
			Name: a.cluster.Name, Namespace: a.cluster.Namespace,
			ServiceCIDRs: a.cluster.Spec.ClusterNetwork.Services.CIDRBlocks,
			PodCIDRs:     a.cluster.Spec.ClusterNetwork.Pods.CIDRBlocks,
			Deleting:     a.cluster.DeletionTimestamp != nil,
		},
		ControlPlane:        cp,
		InfraCluster:        a.infra,
		PoolsPending:        a.pending,
		DefaultSubscription: defaultSubscription,
		SSHPublicKey:        sshKey,
		Owned:               ownedOf(cp),
		SpecChanged:         cp.Generation != cp.Status.ObservedGeneration,
	}
	for _, p := range a.pools {
		in.Pools = append(in.Pools, p.input())
	}
	return in
}

func (p poolObjects) input() aks.Pool {
	pool := aks.Pool{
		Object:        p.pool,
		Owned:         ownedPoolOf(p.pool),
		Deleting:      p.pool.DeletionTimestamp != nil,
		NodeImageDone: p.pool.Annotations[v1beta1.NodeImageUpgradedAnnotation],
		SpecChanged:   p.pool.Generation != p.pool.Status.ObservedGeneration,
	}
	if mp := p.machinePool; mp != nil {
		pool.MachinePool = mp.Name
		pool.Replicas = mp.Spec.Replicas
		pool.Version = mp.Spec.Template.Spec.Version
		pool.FailureDomains = mp.Spec.FailureDomains
		pool.ReplicasManaged = annotations.ReplicasManagedByExternalAutoscaler(mp)
		wanted := p.pool.Status.DesiredReplicas
		if mp.Spec.Replicas != nil && (wanted == nil || *wanted != *mp.Spec.Replicas) {
			pool.SpecChanged = true
		}
		if pool.Version != "" && aks.CompareVersions(p.pool.Status.Version, pool.Version) < 0 {
			pool.SpecChanged = true
		}
	} else if n := int32(len(p.pool.Spec.ProviderIDList)); n > 0 {
		// Without a MachinePool nobody says how many nodes there should be: as many as there are.
		pool.Replicas = &n
	}
	return pool
}

// objects are all objects of ours: pools first, so that a control plane is never reported ready before them.
func (a *aggregate) objects() []reported {
	var objects []reported
	for _, p := range a.pools {
		objects = append(objects, p.pool)
	}
	objects = append(objects, a.controlPlane)
	if a.infra != nil {
		objects = append(objects, a.infra)
	}
	return objects
}

// identityNamespace is where the identity of a control plane lives.
func identityNamespace(cp *v1beta1.AzureManagedControlPlane) string {
	return cmp.Or(cp.Spec.IdentityRef.Namespace, cp.Namespace)
}

// isPaused follows Cluster API: the whole Cluster, or any one of our objects.
func (a *aggregate) isPaused() bool {
	if annotations.IsPaused(a.cluster, a.controlPlane) {
		return true
	}
	if a.infra != nil && annotations.HasPaused(a.infra) {
		return true
	}
	return slices.ContainsFunc(a.pools, func(p poolObjects) bool { return annotations.HasPaused(p.pool) })
}

func secretKey(namespace, name string) client.ObjectKey {
	return client.ObjectKey{Namespace: namespace, Name: name}
}
