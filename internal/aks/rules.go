package aks

import (
	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// The rules of each kind of resource: from the tags of the API types, the official property tables, and the few
// facts about computed properties that neither knows.
var (
	groupRules = plan.Rules{
		Fields: map[string]plan.Rule{
			"location": {Compare: "location", Mutability: plan.Immutable},
			"tags{}":   {FoldKey: true},
		},
		Strip:  strip("resourceGroups", ResourcesAPIVersion),
		NoEcho: envelope,
	}
	networkRules = plan.Rules{
		Fields: map[string]plan.Rule{
			"location": {Compare: "location", Mutability: plan.Immutable},
			"tags{}":   {FoldKey: true},
			"properties.addressSpace.addressPrefixes": {Compare: "set"},
		},
		Strip:  strip("virtualNetworks", NetworkAPIVersion),
		NoEcho: envelope,
	}
	clusterRules = plan.Rules{
		Fields: fieldRules(v1beta1.AzureManagedControlPlaneSpec{}, map[string]plan.Rule{
			"tags{}":                            {FoldKey: true},
			"identity.type":                     {Compare: "fold"},
			"identity.userAssignedIdentities{}": {FoldKey: true},
			"sku.name":                          {Compare: "fold"},
			"properties.addonProfiles{}":        {FoldKey: true, KeepsKeys: true},
			"properties.addonProfiles{}.config.logAnalyticsWorkspaceResourceID": {Compare: "id"},
			"properties.enableRBAC":                  {Mutability: plan.Immutable},
			"properties.networkProfile.podCidr":      {Mutability: plan.Immutable},
			"properties.networkProfile.serviceCidr":  {Mutability: plan.Immutable},
			"properties.networkProfile.podCidrs":     {Mutability: plan.Immutable},
			"properties.networkProfile.serviceCidrs": {Mutability: plan.Immutable},
			"properties.linuxProfile.adminUsername":  {Mutability: plan.Immutable},
			"properties.linuxProfile.ssh.publicKeys": {Mutability: plan.Immutable},
		}),
		Strip:      strip("managedClusters", ContainerServiceAPIVersion),
		NoEcho:     append(paths(clusterNoEcho...), envelope...),
		CreateOnly: paths("properties.agentPoolProfiles", "properties.servicePrincipalProfile"),
	}
	poolRules = plan.Rules{
		Fields: fieldRules(v1beta1.AzureManagedMachinePoolSpec{}, map[string]plan.Rule{
			"properties.orchestratorVersion": {Compare: "version", Mutability: plan.Up},
			"properties.vnetSubnetID":        {Compare: "id", Mutability: plan.Immutable},
			"properties.type":                {Compare: "fold", Mutability: plan.Immutable},
		}),
		Strip:  strip("agentPools", ContainerServiceAPIVersion),
		NoEcho: append(paths(poolNoEcho...), envelope...),
	}
)

// envelope is what ARM adds around every resource.
var envelope = paths("id", "name", "type", "etag", "eTag", "systemData", "managedBy")

// clusterNoEcho are properties that the description calls writable although only Azure fills them, or whose echo
// would pin what Azure chooses: a node image, the power state (which has its own requests).
var clusterNoEcho = []string{
	"properties.powerState",
	"properties.privateLinkResources",
	"properties.identityProfile",
	"properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs",
	"properties.networkProfile.natGatewayProfile.effectiveOutboundIPs",
	"properties.networkProfile.podCidrs",
	"properties.networkProfile.serviceCidrs",
	"properties.agentPoolProfiles[].nodeImageVersion",
	"properties.agentPoolProfiles[].powerState",
	"properties.agentPoolProfiles[].virtualMachineNodesStatus",
}

var poolNoEcho = []string{
	"properties.nodeImageVersion",
	"properties.powerState",
	"properties.virtualMachineNodesStatus",
}

// fieldRules turns the tags of an API type into plan rules; computed properties come on top.
func fieldRules(spec any, computed map[string]plan.Rule) map[string]plan.Rule {
	rules := map[string]plan.Rule{}
	for _, field := range armfield.Table(spec) {
		if field.ARMPath == "" {
			continue
		}
		rule := plan.Rule{Compare: plan.Compare(field.Compare), Mutability: string(field.Mutability), Impact: field.Impact}
		if field.Mutability == armfield.Precreate {
			// It may still change while the cluster does not exist; once there is something to compare with, it exists.
			rule.Mutability = plan.Immutable
		}
		if field.Release.Send {
			rule.Release = plan.Value(field.Release.Value)
			if field.Release.Value == nil {
				rule.Release = plan.Null
			}
		}
		rules[field.RulePath()] = rule
		items, key := field.Items()
		if key != "" {
			rules[field.Path().String()+"{}"] = plan.Rule{}
		}
		for _, item := range items {
			if key != "" && item.ARMPath != "" { // a list is compared as a whole, a map key by key
				rules[field.Path().String()+"{}."+item.RulePath()] = plan.Rule{Compare: plan.Compare(item.Compare)}
			}
		}
	}
	for path, rule := range computed {
		rules[path] = rule
	}
	return rules
}

func strip(kind, apiVersion string) func(fieldset.Object) fieldset.Object {
	return func(o fieldset.Object) fieldset.Object { return armfield.Schema(kind, apiVersion).Strip(o) }
}

func paths(dotted ...string) []fieldset.Path {
	list := make([]fieldset.Path, len(dotted))
	for i, text := range dotted {
		list[i] = fieldset.ParsePath(text)
	}
	return list
}
