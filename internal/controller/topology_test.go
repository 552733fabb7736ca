package controller

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

func TestReportedVersions(t *testing.T) {
	topology := map[string]string{clusterv1.ClusterTopologyOwnedLabel: ""}
	for name, c := range map[string]struct {
		labels   map[string]string
		facts    aks.Facts
		deleting bool
		want     string
	}{
		"nothing in Azure":                     {want: ""},
		"nothing in Azure, in a topology":      {labels: topology, want: "v1.34.1"},
		"it exists":                            {facts: aks.Facts{Exists: true, Version: "1.33.8"}, want: "v1.33.8"},
		"it exists, in a topology":             {labels: topology, facts: aks.Facts{Exists: true, Version: "1.33.8"}, want: "v1.33.8"},
		"it exists and does not say":           {labels: topology, facts: aks.Facts{Exists: true}, want: ""},
		"deleted from Azure, and here as well": {labels: topology, deleting: true, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Labels: c.labels}}
			cp.Spec.Version = "v1.34.1"
			if c.deleting {
				cp.DeletionTimestamp = new(metav1.Now())
			}
			got := ""
			if versions := reportedVersions(cp, c.facts); len(versions) > 0 {
				got = versions[0].Version
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestTopologyReplicas(t *testing.T) {
	cluster := &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "c"}}
	cluster.Spec.Topology.Workers.MachinePools = []clusterv1.MachinePoolTopology{{Name: "given", Replicas: new(int32(3))}, {Name: "open"}}
	for topologyName, want := range map[string]string{
		"given": "replicas 3 of the pool in the topology of Cluster c has no effect", "open": "", "removed": "", "": "",
	} {
		mp := &clusterv1.MachinePool{}
		mp.Spec.ClusterName = "c"
		if topologyName != "" {
			mp.Labels = map[string]string{clusterv1.ClusterTopologyMachinePoolNameLabel: topologyName}
		}
		p := poolObjects{pool: &v1beta1.AzureManagedMachinePool{}, machinePool: mp, topologyReplicas: topologyReplicas(cluster, mp)}
		if p.idleReplicas() != "" {
			t.Errorf("%q without autoscaler: %s", topologyName, p.idleReplicas())
		}
		p.pool.Spec.Scaling = &v1beta1.Scaling{}
		if got := p.idleReplicas(); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%q: %q, want %q", topologyName, got, want)
		}
	}
}
