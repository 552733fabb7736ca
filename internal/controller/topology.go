package controller

import (
	"fmt"

	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// Where a Cluster has a topology, Cluster API's topology controller writes our objects and waits for our status.

// reportedVersions are the versions of a control plane as its status has them. The topology controller takes a control plane without
// any for one that is being created: until it has one no further pool is created and no other version gets through. But AKS
// creates no cluster without a pool, and none of a version it does not have. So as long as there is nothing in Azure that
// could be disturbed, the version is the one that was asked for.
func reportedVersions(cp *v1beta1.AzureManagedControlPlane, facts aks.Facts) []v1beta1.ControlPlaneVersion {
	version := aks.ReportedVersion(facts.Version)
	if _, owned := cp.Labels[clusterv1.ClusterTopologyOwnedLabel]; owned && !facts.Exists && cp.DeletionTimestamp == nil {
		version = cp.Spec.Version
	}
	if version == "" {
		return nil
	}
	return []v1beta1.ControlPlaneVersion{{Version: version}}
}

// topologyReplicas is the number of nodes the topology of a Cluster gives a MachinePool, nil where it gives none.
func topologyReplicas(cluster *clusterv1.Cluster, mp client.Object) *int32 {
	name, made := mp.GetLabels()[clusterv1.ClusterTopologyMachinePoolNameLabel]
	if !made {
		return nil
	}
	for _, pool := range cluster.Spec.Topology.Workers.MachinePools {
		if pool.Name == name {
			return pool.Replicas
		}
	}
	return nil
}

// idleReplicas says that the topology's number of nodes means nothing, and the way out.
func (p poolObjects) idleReplicas() string {
	if p.topologyReplicas == nil || p.pool.Spec.Scaling == nil || p.machinePool == nil {
		return ""
	}
	return fmt.Sprintf("replicas %d of the pool in the topology of Cluster %s has no effect: spec.scaling leaves the number of nodes to AKS; remove replicas there",
		*p.topologyReplicas, p.machinePool.Spec.ClusterName)
}
