package world

import (
	"slices"
	"strings"
)

// Role is a built-in role definition of Azure RBAC.
type Role struct {
	ID, Name, Description string
	Permission
}

// Permission is what a role definition allows: an action is allowed when a pattern of Actions matches it and none of
// NotActions does. Data actions are kept for display only: ARM has none.
type Permission struct {
	Actions, NotActions, DataActions, NotDataActions []string
}

// Allows reports whether the permission covers an action such as Microsoft.Network/virtualNetworks/write. It is asked
// for every request, so it makes no garbage.
func (p *Permission) Allows(action string) bool {
	covers := func(pattern string) bool { return wildcard(pattern, action) }
	return slices.ContainsFunc(p.Actions, covers) && !slices.ContainsFunc(p.NotActions, covers)
}

// wildcard matches, without regard to case, a pattern in which * stands for any text.
func wildcard(pattern, s string) bool {
	star := strings.IndexByte(pattern, '*')
	if star < 0 {
		return strings.EqualFold(pattern, s)
	}
	if len(s) < star || !strings.EqualFold(pattern[:star], s[:star]) {
		return false
	}
	rest := pattern[star+1:]
	if rest == "" {
		return true
	}
	for i := star; i <= len(s); i++ {
		if wildcard(rest, s[i:]) {
			return true
		}
	}
	return false
}

// RoleNamed finds a built-in role by name or by the guid of its definition, nil if there is none.
func RoleNamed(name string) *Role {
	for i := range Roles {
		if r := &Roles[i]; strings.EqualFold(r.Name, name) || strings.EqualFold(r.ID, name) {
			return r
		}
	}
	return nil
}

// may is a list of actions completed with those nearly every built-in role has.
func may(actions ...string) Permission {
	return Permission{Actions: append(actions, "Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Resources/deployments/*", "Microsoft.Resources/subscriptions/resourceGroups/read", "Microsoft.Support/*")}
}

// inCluster is a role on the Kubernetes API of a cluster: towards ARM it can fetch the user credential.
func inCluster(dataActions ...string) Permission {
	return Permission{
		Actions: []string{
			"Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Resources/deployments/write", "Microsoft.Resources/subscriptions/operationresults/read", "Microsoft.Resources/subscriptions/read",
			"Microsoft.Resources/subscriptions/resourceGroups/read", "Microsoft.Support/*", "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
		},
		DataActions: dataActions,
	}
}

const aks = "Microsoft.ContainerService/managedClusters/"

// Roles are the built-in roles that AKS and its tools use.
var Roles = []Role{
	{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.", Permission{Actions: []string{"*"}}},
	{"b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.", Permission{
		Actions: []string{"*"},
		NotActions: []string{
			"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action", "Microsoft.Blueprint/blueprintAssignments/write",
			"Microsoft.Blueprint/blueprintAssignments/delete", "Microsoft.Compute/galleries/share/action", "Microsoft.Purview/consents/write", "Microsoft.Purview/consents/delete",
		},
	}},
	{"acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "View all resources, but does not allow you to make any changes.", Permission{Actions: []string{"*/read"}}},
	{"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", "Lets you manage user access to Azure resources.", Permission{Actions: []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"}}},
	{"f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator", "Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you to manage access using other ways, such as Azure Policy.", Permission{
		Actions: []string{"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read", "Microsoft.Support/*"},
	}},
	{"4d97b98b-1d4f-4787-a291-c67834d212e7", "Network Contributor", "Lets you manage networks, but not access to them.", may("Microsoft.Network/*", "Microsoft.ResourceHealth/availabilityStatuses/read")},
	{"b12aa53e-6015-4669-85d0-8515ebb3ae7f", "Private DNS Zone Contributor", "Lets you manage private DNS zone resources, but not the virtual networks they are linked to.", may("Microsoft.Network/privateDnsZones/*", "Microsoft.Network/privateDnsOperationResults/*", "Microsoft.Network/privateDnsOperationStatuses/*", "Microsoft.Network/virtualNetworks/read", "Microsoft.Network/virtualNetworks/join/action")},
	{"f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator", "Read and Assign User Assigned Identity", may("Microsoft.ManagedIdentity/userAssignedIdentities/*/read", "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action")},
	{"e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "Managed Identity Contributor", "Create, Read, Update, and Delete User Assigned Identity", may("Microsoft.ManagedIdentity/userAssignedIdentities/read", "Microsoft.ManagedIdentity/userAssignedIdentities/write", "Microsoft.ManagedIdentity/userAssignedIdentities/delete")},
	{"9980e02c-c2be-4d73-94e8-173b1dc7cf3c", "Virtual Machine Contributor", "Lets you manage virtual machines, but not access to them, and not the virtual network or storage account they're connected to.", may("Microsoft.Compute/availabilitySets/*", "Microsoft.Compute/locations/*", "Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/virtualMachineScaleSets/*", "Microsoft.Compute/disks/write", "Microsoft.Compute/disks/read", "Microsoft.Compute/disks/delete", "Microsoft.Network/virtualNetworks/read", "Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.ResourceHealth/availabilityStatuses/read")},
	{"ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8", "Azure Kubernetes Service Contributor Role", "Grants access to read and write Azure Kubernetes Service clusters", may("Microsoft.ContainerService/locations/*", aks+"*", "Microsoft.ContainerService/managedclustersnapshots/*", "Microsoft.ContainerService/snapshots/*")},
	{"0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8", "Azure Kubernetes Service Cluster Admin Role", "List cluster admin credential action.", Permission{Actions: []string{aks + "listClusterAdminCredential/action", aks + "accessProfiles/listCredential/action", aks + "read", aks + "runcommand/action"}}},
	{"4abbcc35-e782-43d8-92c5-2d3f1bd2253f", "Azure Kubernetes Service Cluster User Role", "List cluster user credential action.", Permission{Actions: []string{aks + "listClusterUserCredential/action", aks + "read"}}},
	{"1afdec4b-e479-420e-99e7-f82237c7c5e6", "Azure Kubernetes Service Cluster Monitoring User", "List cluster monitoring user credential action.", Permission{Actions: []string{aks + "listClusterMonitoringUserCredential/action", aks + "read"}}},
	{"b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b", "Azure Kubernetes Service RBAC Cluster Admin", "Lets you manage all resources in the cluster.", inCluster(aks + "*")},
	{"3498e952-d568-435e-9b2c-8d77e338d7f7", "Azure Kubernetes Service RBAC Admin", "Lets you manage all resources under cluster/namespace, except update or delete resource quotas and namespaces.", inCluster(aks + "*")},
	{"a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb", "Azure Kubernetes Service RBAC Writer", "Allows read/write access to most objects in a namespace.", inCluster(aks+"apps/*", aks+"batch/*", aks+"configmaps/*", aks+"pods/*", aks+"secrets/*", aks+"services/*")},
	{"7f6c6a51-bcf8-42ba-9220-52d62157d7db", "Azure Kubernetes Service RBAC Reader", "Allows read-only access to see most objects in a namespace.", inCluster(aks+"apps/*/read", aks+"batch/*/read", aks+"configmaps/read", aks+"pods/read", aks+"services/read")},
	{"63bb64ad-9799-4770-b5c3-24ed299a07bf", "Azure Kubernetes Fleet Manager Contributor Role", "Grants read/write access to Azure resources provided by Azure Kubernetes Fleet Manager, including fleets, fleet members, fleet update strategies, fleet update runs, etc.", Permission{Actions: []string{"Microsoft.ContainerService/fleets/*", "Microsoft.Resources/deployments/*"}}},
	{"7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull", "acr pull", Permission{Actions: []string{"Microsoft.ContainerRegistry/registries/pull/read"}}},
	{"3913510d-42f4-4e42-8a64-420c390055eb", "Monitoring Metrics Publisher", "Enables publishing metrics against Azure resources", Permission{
		Actions:     []string{"Microsoft.Insights/Register/Action", "Microsoft.Support/*", "Microsoft.Resources/subscriptions/resourceGroups/read"},
		DataActions: []string{"Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"},
	}},
	{"43d0d8ad-25c7-4714-9337-8ba259a9fe05", "Monitoring Reader", "Can read all monitoring data.", Permission{Actions: []string{"*/read", "Microsoft.OperationalInsights/workspaces/search/action", "Microsoft.Support/*"}}},
}
