package controller

import (
	"context"
	"slices"

	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/annotations"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/capaks/capaks/api/v1beta1"
)

// releaseOrphans lets deleted pools go whose control plane is gone. It went when nothing of the cluster was left in Azure, or when all
// of it was to stay; there is nobody left who could delete a pool, and its MachinePool and its Cluster would wait for ever.
func (r *Reconciler) releaseOrphans(ctx context.Context, controlPlane client.ObjectKey) error {
	clusters := &clusterv1.ClusterList{}
	if err := r.Client.List(ctx, clusters, client.InNamespace(controlPlane.Namespace)); err != nil {
		return err
	}
	for i := range clusters.Items {
		cluster := &clusters.Items[i]
		if !slices.ContainsFunc(r.ofCluster(ctx, cluster), func(q ctrl.Request) bool { return q.NamespacedName == controlPlane }) {
			continue
		}
		a := &aggregate{cluster: cluster}
		if err := r.gatherPools(ctx, a); err != nil {
			return err
		}
		for _, p := range a.pools {
			if err := r.releaseOrphan(ctx, cluster, p.pool); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Reconciler) releaseOrphan(ctx context.Context, cluster *clusterv1.Cluster, pool *v1beta1.AzureManagedMachinePool) error {
	if pool.DeletionTimestamp == nil || annotations.IsPaused(cluster, pool) || r.WatchFilter != "" && cluster.Labels[clusterv1.WatchLabel] != r.WatchFilter {
		return nil
	}
	before := snapshot(pool)
	if !controllerutil.RemoveFinalizer(pool, v1beta1.MachinePoolFinalizer) {
		return nil
	}
	return client.IgnoreNotFound(save(ctx, r.Client, before, pool))
}
