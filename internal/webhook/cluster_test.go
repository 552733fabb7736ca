package webhook_test

import (
	"strings"
	"testing"

	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestExperimentalGroup(t *testing.T) {
	a := live(t)
	old := func(c *clusterv1.Cluster) {
		c.Spec.ControlPlaneRef.APIGroup = "exp.infrastructure.cluster.x-k8s.io"
		c.Spec.InfrastructureRef.APIGroup = "exp.infrastructure.cluster.x-k8s.io"
	}
	way := "change group to infrastructure.cluster.x-k8s.io, or run: capaks convert -f FILE"
	refused(t, a.Create(t.Context(), cluster(a.namespace, "c", old)), "spec.controlPlaneRef.apiGroup", "spec.infrastructureRef.apiGroup", "exp.infrastructure", way)
	c := cluster(a.namespace, "c")
	a.create(t, c)
	refused(t, change(t, a, c, old), "spec.controlPlaneRef.apiGroup", way)
	refused(t, a.Create(t.Context(), machinePool(a.namespace, "c", "p", func(mp *clusterv1.MachinePool) {
		mp.Spec.Template.Spec.InfrastructureRef.APIGroup = "exp.infrastructure.cluster.x-k8s.io"
	})), "spec.template.spec.infrastructureRef.apiGroup", way)
}

// Objects of other providers, and changes that do not matter, never meet our webhooks.
func TestNarrowing(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "aks"), controlPlane(a.namespace, "aks"))
	ours, _ := createPool(t, a, "aks", "p", v1beta1.NodePoolModeUser)
	before := asked(t)
	other := func(c *clusterv1.Cluster) {
		c.Spec.ControlPlaneRef = clusterv1.ContractVersionedObjectReference{APIGroup: "controlplane.cluster.x-k8s.io", Kind: "KubeadmControlPlane", Name: "x"}
		c.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupName, Kind: "DockerCluster", Name: "x"}
	}
	otherPool := func(mp *clusterv1.MachinePool) {
		mp.Spec.Template.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupName, Kind: "DockerMachinePool", Name: "x"}
	}
	c, mp := cluster(a.namespace, "docker", other), machinePool(a.namespace, "docker", "x", otherPool)
	a.create(t, c, mp)
	accepted(t, change(t, a, c, func(c *clusterv1.Cluster) { c.Spec.Paused = ptr(true) }))
	accepted(t, change(t, a, mp, func(mp *clusterv1.MachinePool) { mp.Spec.Template.Spec.Version = "v1.99.0" }))
	accepted(t, change(t, a, ours, func(mp *clusterv1.MachinePool) { mp.Spec.Replicas = ptr(int32(7)) }))
	accepted(t, a.Delete(t.Context(), mp))
	accepted(t, a.Delete(t.Context(), c))
	if after := asked(t); after != before {
		t.Errorf("the webhooks for Cluster and MachinePool were asked %v times", after-before)
	}
	accepted(t, change(t, a, ours, func(mp *clusterv1.MachinePool) { mp.Spec.Template.Spec.Version = "v1.33.3" }))
	if after := asked(t); after != before+1 {
		t.Errorf("a version was changed, and the webhook was asked %v times", after-before)
	}
}

// asked counts the requests to the webhooks for kinds of Cluster API.
func asked(t *testing.T) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() != "controller_runtime_webhook_requests_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "webhook" && strings.HasPrefix(label.GetValue(), "/validate-cluster-x-k8s-io") {
					sum += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}
