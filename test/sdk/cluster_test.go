package sdk_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/capaks/capaks/azuresim"
)

// From a subscription in which nothing is to a cluster in its own network, and back to nothing.
func TestClusterLifeCycle(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	registered := must(client(a, armresources.NewProvidersClient).Register(ctx, "Microsoft.ContainerService", nil))
	equal(a, "registration", registered.RegistrationState, "Registered")
	groups := client(a, armresources.NewResourceGroupsClient)
	if must(groups.CheckExistence(ctx, groupName, nil)).Success {
		t.Error("the group is there before it was made")
	}
	a.group()
	if !must(groups.CheckExistence(ctx, groupName, nil)).Success {
		t.Error("the group is not there after it was made")
	}

	subnet := a.subnet()
	wanted := twoPools()
	for _, pool := range wanted.Properties.AgentPoolProfiles {
		pool.VnetSubnetID = &subnet
	}
	clusters := a.clusters()
	created := done(clusters.BeginCreateOrUpdate(ctx, groupName, clusterName, wanted, nil))
	equal(a, "state", created.Properties.ProvisioningState, "Succeeded")
	equal(a, "version", created.Properties.CurrentKubernetesVersion, "1.34.1")
	equal(a, "subnet", created.Properties.AgentPoolProfiles[1].VnetSubnetID, subnet)
	_, err := a.deleteSubnet()
	a.refused(err, http.StatusBadRequest, "InUseSubnetCannotBeDeleted")

	byGroup := all(clusters.NewListByResourceGroupPager(groupName, nil), func(p armcontainerservice.ManagedClustersClientListByResourceGroupResponse) []*armcontainerservice.ManagedCluster {
		return p.Value
	})
	everywhere := all(clusters.NewListPager(nil), func(p armcontainerservice.ManagedClustersClientListResponse) []*armcontainerservice.ManagedCluster {
		return p.Value
	})
	if len(byGroup) != 1 || len(everywhere) != 1 || *byGroup[0].ID != *created.ID {
		t.Errorf("listed %d in the group and %d in the subscription", len(byGroup), len(everywhere))
	}
	tagged := done(clusters.BeginUpdateTags(ctx, groupName, clusterName, armcontainerservice.TagsObject{Tags: map[string]*string{"team": to.Ptr("blue")}}, nil))
	equal(a, "tag", tagged.Tags["team"], "blue")

	done(clusters.BeginDelete(ctx, groupName, clusterName, nil))
	_, err = clusters.Get(ctx, groupName, clusterName, nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
	must(a.deleteSubnet())
	done(groups.BeginDelete(ctx, groupName, nil))
	_, err = groups.Get(ctx, groupName, nil)
	a.refused(err, http.StatusNotFound, "ResourceGroupNotFound")
}

// The offer of upgrades leads from the version a cluster has to one it can have, pools included.
func TestClusterUpgrade(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	cluster, clusters := a.cluster(), a.clusters()
	known := must(clusters.ListKubernetesVersions(ctx, location, nil))
	if len(known.Values) == 0 {
		t.Error("no Kubernetes version is offered")
	}
	target := a.upgrade()
	cluster.Properties.KubernetesVersion = &target
	for _, pool := range cluster.Properties.AgentPoolProfiles {
		pool.OrchestratorVersion = &target
	}
	upgraded := done(clusters.BeginCreateOrUpdate(ctx, groupName, clusterName, cluster, nil))
	equal(a, "version", upgraded.Properties.CurrentKubernetesVersion, target)
	for _, pool := range upgraded.Properties.AgentPoolProfiles {
		equal(a, "version of "+*pool.Name, pool.CurrentOrchestratorVersion, target)
	}
	info := must(a.kubernetes().Discovery().ServerVersion())
	equal(a, "version of the API server", &info.GitVersion, "v"+target)
	upgraded.Properties.KubernetesVersion = to.Ptr("1.34.1")
	_, err := clusters.BeginCreateOrUpdate(ctx, groupName, clusterName, upgraded.ManagedCluster, nil)
	a.refused(err, http.StatusBadRequest, "OperationNotAllowed")
}

// Credentials open the workload cluster until they are rotated; a stopped cluster answers to nobody.
func TestCredentialsAndPower(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.cluster()
	clusters := a.clusters()
	kube := a.kubernetes()
	if nodes := must(kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})); len(nodes.Items) != 3 {
		t.Errorf("%d nodes, want 3", len(nodes.Items))
	}
	user := must(clusters.ListClusterUserCredentials(ctx, groupName, clusterName, nil))
	equal(a, "user credential", user.Kubeconfigs[0].Name, "clusterUser")

	done(clusters.BeginStop(ctx, groupName, clusterName, nil))
	stopped := must(clusters.Get(ctx, groupName, clusterName, nil))
	equal(a, "power", stopped.Properties.PowerState.Code, armcontainerservice.CodeStopped)
	if _, err := kube.Discovery().ServerVersion(); err == nil {
		t.Error("a stopped cluster answers")
	}
	done(clusters.BeginStart(ctx, groupName, clusterName, nil))
	equal(a, "power", must(clusters.Get(ctx, groupName, clusterName, nil)).Properties.PowerState.Code, armcontainerservice.CodeRunning)
	must(a.kubernetes().Discovery().ServerVersion())

	done(clusters.BeginRotateClusterCertificates(ctx, groupName, clusterName, nil))
	if _, err := kube.Discovery().ServerVersion(); err == nil {
		t.Error("a rotated certificate is still trusted")
	}
	if nodes := must(a.kubernetes().CoreV1().Nodes().List(ctx, metav1.ListOptions{})); len(nodes.Items) != 3 {
		t.Errorf("%d nodes after the rotation, want 3", len(nodes.Items))
	}
}

// upgrade is the newest version on offer to a cluster of 1.34.1.
func (a *azure) upgrade() string {
	a.t.Helper()
	profile := must(a.clusters().GetUpgradeProfile(a.t.Context(), groupName, clusterName, nil)).Properties.ControlPlaneProfile
	equal(a, "version in the profile", profile.KubernetesVersion, "1.34.1")
	var target string
	for _, u := range profile.Upgrades {
		target = max(target, *u.KubernetesVersion)
	}
	if !strings.HasPrefix(target, "1.35.") {
		a.t.Fatalf("upgrades of 1.34.1 reach %q, not the next minor", target)
	}
	return target
}

// kubernetes signs in to the workload cluster with what the admin credential holds.
func (a *azure) kubernetes() kubernetes.Interface {
	a.t.Helper()
	admin := must(a.clusters().ListClusterAdminCredentials(a.t.Context(), groupName, clusterName, nil))
	config := must(clientcmd.RESTConfigFromKubeConfig(admin.Kubeconfigs[0].Value))
	return must(kubernetes.NewForConfig(config))
}

func (a *azure) subnet() string {
	a.t.Helper()
	done(client(a, armnetwork.NewVirtualNetworksClient).BeginCreateOrUpdate(a.t.Context(), groupName, "vnet", armnetwork.VirtualNetwork{
		Location:   to.Ptr(location),
		Properties: &armnetwork.VirtualNetworkPropertiesFormat{AddressSpace: &armnetwork.AddressSpace{AddressPrefixes: []*string{to.Ptr("10.1.0.0/16")}}},
	}, nil))
	created := done(client(a, armnetwork.NewSubnetsClient).BeginCreateOrUpdate(a.t.Context(), groupName, "vnet", "nodes",
		armnetwork.Subnet{Properties: &armnetwork.SubnetPropertiesFormat{AddressPrefix: to.Ptr("10.1.0.0/20")}}, nil))
	return *created.ID
}

func (a *azure) deleteSubnet() (armnetwork.SubnetsClientDeleteResponse, error) {
	poller, err := client(a, armnetwork.NewSubnetsClient).BeginDelete(a.t.Context(), groupName, "vnet", "nodes", nil)
	if err != nil {
		return armnetwork.SubnetsClientDeleteResponse{}, err
	}
	return done(poller, nil), nil
}
