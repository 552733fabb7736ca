package aks

import (
	"fmt"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
)

// API versions of the resource types the provider reads and writes. ContainerService is the newest stable
// version with an official description; the others are the oldest that have every property we use, because
// network and resource-group bodies we do not own must survive a read-modify-write.
const (
	ContainerServiceAPIVersion = armfield.ContainerServiceAPIVersion
	// ContainerServicePreviewAPIVersion is what enablePreviewFeatures selects.
	ContainerServicePreviewAPIVersion = "2026-05-02-preview"
	// OperationsAPIVersion is a preview because no stable version offers `operations/latest`, the only place
	// where AKS tells how far an operation is.
	OperationsAPIVersion = "2026-05-02-preview"
	ResourcesAPIVersion  = "2021-04-01"
	NetworkAPIVersion    = "2021-02-01"
	ComputeAPIVersion    = "2021-03-01"
	// FleetAPIVersion and KubernetesConfigurationAPIVersion are the oldest stable ones that have every property we use.
	FleetAPIVersion                   = "2024-04-01"
	KubernetesConfigurationAPIVersion = "2023-05-01"
	// PrivateEndpointAPIVersion: addresses and application security groups came to private endpoints later.
	PrivateEndpointAPIVersion = "2024-05-01"
)

// Kinds of ARM resources, as they appear in plans, events and status.
const (
	KindResourceGroup  = "resourceGroup"
	KindVirtualNetwork = "virtualNetwork"
	KindManagedCluster = "managedCluster"
	KindAgentPool      = "agentPool"

	KindFleetMember     = "fleetMember"
	KindExtension       = "extension"
	KindPrivateEndpoint = "privateEndpoint"
	KindMaintenance     = "maintenanceConfiguration"
)

// maxNodeResourceGroupName is the longest node resource group name AKS accepts; its own default is cut there.
const maxNodeResourceGroupName = 80

// ClusterAPIVersion is the api-version with which a managed cluster is read and written.
func ClusterAPIVersion(cp *v1beta1.AzureManagedControlPlane) string {
	if p := cp.Spec.Passthrough; p != nil && p.APIVersion != "" {
		return p.APIVersion
	}
	return commonAPIVersion(cp)
}

// PoolAPIVersion is the api-version with which an agent pool is read and written: its own, or that of all pools.
func PoolAPIVersion(cp *v1beta1.AzureManagedControlPlane, pool *v1beta1.AzureManagedMachinePool) string {
	if p := pool.Spec.Passthrough; p != nil && p.APIVersion != "" {
		return p.APIVersion
	}
	return commonAPIVersion(cp)
}

// PoolAPIVersionNamed is the api-version of a pool by its name in Azure, declared or not.
func PoolAPIVersionNamed(in Inputs, name string) string {
	for _, pool := range in.Pools {
		if DeclaresAgentPool(pool.Object, name) {
			return PoolAPIVersion(in.ControlPlane, pool.Object)
		}
	}
	return commonAPIVersion(in.ControlPlane)
}

// APIVersions names the api-versions of a cluster and its pools. When it changes, documents that were read before hold
// properties the new versions do not know, and Azure refuses to see those in a request.
func APIVersions(in Inputs) string {
	versions := ClusterAPIVersion(in.ControlPlane)
	common := commonAPIVersion(in.ControlPlane)
	versions += " " + common
	for _, pool := range in.Pools {
		if version := PoolAPIVersion(in.ControlPlane, pool.Object); version != common {
			versions += " " + PoolName(pool.Object) + "=" + version
		}
	}
	return versions
}

// commonAPIVersion is the api-version of a cluster and its pools where they name none of their own.
func commonAPIVersion(cp *v1beta1.AzureManagedControlPlane) string {
	if preview := cp.Spec.EnablePreviewFeatures; preview != nil && *preview {
		return ContainerServicePreviewAPIVersion
	}
	return ContainerServiceAPIVersion
}

// ResourceGroupID is the ARM id of a resource group.
func ResourceGroupID(subscription, group string) string {
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/%s", subscription, group)
}

// VirtualNetworkID is the ARM id of a virtual network.
func VirtualNetworkID(subscription, group, name string) string {
	return ResourceGroupID(subscription, group) + "/providers/Microsoft.Network/virtualNetworks/" + name
}

// SubnetID is the ARM id of a subnet.
func SubnetID(vnetID, name string) string { return vnetID + "/subnets/" + name }

// ManagedClusterID is the ARM id of an AKS cluster.
func ManagedClusterID(subscription, group, name string) string {
	return ResourceGroupID(subscription, group) + "/providers/Microsoft.ContainerService/managedClusters/" + name
}

// AgentPoolID is the ARM id of a node pool.
func AgentPoolID(clusterID, name string) string { return clusterID + "/agentPools/" + name }

// FleetMemberID is the ARM id of a fleet member.
func FleetMemberID(subscription, group, fleet, name string) string {
	return ResourceGroupID(subscription, group) + "/providers/Microsoft.ContainerService/fleets/" + fleet + "/members/" + name
}

// ExtensionID is the ARM id of an extension of a cluster.
func ExtensionID(clusterID, name string) string {
	return clusterID + "/providers/Microsoft.KubernetesConfiguration/extensions/" + name
}

// MaintenanceConfigurationID is the ARM id of a maintenance configuration.
func MaintenanceConfigurationID(clusterID, name string) string {
	return clusterID + "/maintenanceConfigurations/" + name
}

// PrivateEndpointID is the ARM id of a private endpoint.
func PrivateEndpointID(subscription, group, name string) string {
	return ResourceGroupID(subscription, group) + "/providers/Microsoft.Network/privateEndpoints/" + name
}

// ManagedClustersPath is the collection of every AKS cluster of a subscription.
func ManagedClustersPath(subscription string) string {
	return "/subscriptions/" + subscription + "/providers/Microsoft.ContainerService/managedClusters"
}

// ScaleSetsPath is the collection of the scale sets of a (node) resource group.
func ScaleSetsPath(subscription, group string) string {
	return ResourceGroupID(subscription, group) + "/providers/Microsoft.Compute/virtualMachineScaleSets"
}

// DefaultNodeResourceGroup is the name AKS gives the node resource group when none is asked for.
func DefaultNodeResourceGroup(group, cluster, location string) string {
	name := fmt.Sprintf("MC_%s_%s_%s", group, cluster, location)
	if len(name) > maxNodeResourceGroupName {
		name = name[:maxNodeResourceGroupName]
	}
	return name
}

// ProviderID is the providerID a node of that scale-set instance carries: AKS lower-cases the resource group
// segment and keeps the case of everything else, and Cluster API compares byte for byte.
func ProviderID(instanceID string) string {
	segments := strings.Split(instanceID, "/")
	for i := 0; i+1 < len(segments); i++ {
		if strings.EqualFold(segments[i], "resourceGroups") {
			segments[i] = "resourceGroups"
			segments[i+1] = strings.ToLower(segments[i+1])
			break
		}
	}
	return "azure://" + strings.Join(segments, "/")
}

// SameID tells whether two ARM ids name the same resource: ARM ids have no case.
func SameID(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}
