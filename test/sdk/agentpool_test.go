package sdk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/azuresim"
)

func newPool(count int32) armcontainerservice.AgentPool {
	return armcontainerservice.AgentPool{Properties: &armcontainerservice.ManagedClusterAgentPoolProfileProperties{
		Count: &count, VMSize: to.Ptr("Standard_D4s_v3"), Mode: to.Ptr(armcontainerservice.AgentPoolModeUser),
	}}
}

// A pool comes, grows, is upgraded and goes; its machines are in Compute and its nodes in Kubernetes.
func TestAgentPoolLifeCycle(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	cluster, pools := a.cluster(), a.pools()
	created := done(pools.BeginCreateOrUpdate(ctx, groupName, clusterName, "extra", newPool(2), nil))
	equal(a, "state", created.Properties.ProvisioningState, "Succeeded")
	created.Properties.Count = to.Ptr[int32](3)
	scaled := done(pools.BeginCreateOrUpdate(ctx, groupName, clusterName, "extra", created.AgentPool, nil))
	equal(a, "count", scaled.Properties.Count, 3)

	upgrades := must(pools.GetUpgradeProfile(ctx, groupName, clusterName, "extra", nil))
	equal(a, "version in the profile", upgrades.Properties.KubernetesVersion, "1.34.1")
	available := must(pools.GetAvailableAgentPoolVersions(ctx, groupName, clusterName, nil))
	if len(available.Properties.AgentPoolVersions) == 0 {
		t.Error("no version is available for a new pool")
	}
	scaled.Properties.OrchestratorVersion = to.Ptr("1.35.1")
	_, err := pools.BeginCreateOrUpdate(ctx, groupName, clusterName, "extra", scaled.AgentPool, nil)
	a.refused(err, http.StatusBadRequest, "NodePoolMcVersionIncompatible")

	if nodes := must(a.kubernetes().CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: "agentpool=extra"})); len(nodes.Items) != 3 {
		t.Errorf("%d nodes, want 3", len(nodes.Items))
	}
	if n := a.instances(*cluster.Properties.NodeResourceGroup, "extra"); n != 3 {
		t.Errorf("%d instances, want 3", n)
	}
	if got := a.poolNames(); got != "extra system user" {
		t.Errorf("pools %s", got)
	}
	done(pools.BeginDelete(ctx, groupName, clusterName, "extra", nil))
	_, err = pools.Get(ctx, groupName, clusterName, "extra", nil)
	a.refused(err, http.StatusNotFound, "NotFound")
	if got := a.poolNames(); got != "system user" {
		t.Errorf("pools %s", got)
	}
	_, err = pools.BeginDelete(ctx, groupName, clusterName, "system", nil)
	a.refused(err, http.StatusBadRequest, "MustDefineAtLeastOneSystemPool")
}

// Single machines are listed and taken away, and the node image is renewed.
func TestMachines(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.cluster()
	pools, machines := a.pools(), client(a, armcontainerservice.NewMachinesClient)
	list := func() []*armcontainerservice.Machine {
		return all(machines.NewListPager(groupName, clusterName, "system", nil), func(p armcontainerservice.MachinesClientListResponse) []*armcontainerservice.Machine { return p.Value })
	}
	before := list()
	if len(before) != 2 {
		t.Fatalf("%d machines, want 2", len(before))
	}
	one := must(machines.Get(ctx, groupName, clusterName, "system", *before[0].Name, nil))
	equal(a, "resource of the machine", one.Properties.ResourceID, *before[0].Properties.ResourceID)
	done(pools.BeginDeleteMachines(ctx, groupName, clusterName, "system", armcontainerservice.AgentPoolDeleteMachinesParameter{MachineNames: []*string{before[0].Name}}, nil))
	after := list()
	if len(after) != 1 || *after[0].Name != *before[1].Name {
		t.Errorf("%d machines are left, or the wrong one", len(after))
	}
	equal(a, "count", must(pools.Get(ctx, groupName, clusterName, "system", nil)).Properties.Count, 1)

	done(pools.BeginUpgradeNodeImageVersion(ctx, groupName, clusterName, "user", nil))
	latest := must(pools.GetUpgradeProfile(ctx, groupName, clusterName, "user", nil)).Properties.LatestNodeImageVersion
	equal(a, "node image", must(pools.Get(ctx, groupName, clusterName, "user", nil)).Properties.NodeImageVersion, *latest)
}

func (a *azure) poolNames() string {
	a.t.Helper()
	var names []string
	for _, pool := range all(a.pools().NewListPager(groupName, clusterName, nil), func(p armcontainerservice.AgentPoolsClientListResponse) []*armcontainerservice.AgentPool {
		return p.Value
	}) {
		names = append(names, *pool.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// instances counts the virtual machines of the scale set that belongs to a pool.
func (a *azure) instances(nodeGroup, pool string) int {
	a.t.Helper()
	sets := all(client(a, armcompute.NewVirtualMachineScaleSetsClient).NewListPager(nodeGroup, nil), func(p armcompute.VirtualMachineScaleSetsClientListResponse) []*armcompute.VirtualMachineScaleSet {
		return p.Value
	})
	for _, set := range sets {
		if *set.Tags["aks-managed-poolName"] == pool {
			return len(all(client(a, armcompute.NewVirtualMachineScaleSetVMsClient).NewListPager(nodeGroup, *set.Name, nil),
				func(p armcompute.VirtualMachineScaleSetVMsClientListResponse) []*armcompute.VirtualMachineScaleSetVM {
					return p.Value
				}))
		}
	}
	a.t.Errorf("pool %s has no scale set among %d", pool, len(sets))
	return 0
}
