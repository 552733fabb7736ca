package aks

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// privateEndpointKind: a private endpoint stands in the nodes' subnet and lies beside the network. The network cannot be
// deleted before it.
var privateEndpointKind = dependentKind{
	kind: KindPrivateEndpoint, resourceType: "Microsoft.Network/privateEndpoints", apiVersion: PrivateEndpointAPIVersion,
	rules: &privateEndpointRules, declared: declaredPrivateEndpoints, ours: isTagged,
	missing: "check that the service in privateLinkServiceID exists",
}

var privateEndpointRules = plan.Rules{
	Fields: map[string]plan.Rule{
		"location":                              {Compare: "location", Mutability: plan.Immutable},
		"tags{}":                                {FoldKey: true},
		"properties.subnet.id":                  {Compare: "id", Mutability: plan.Immutable},
		"properties.customNetworkInterfaceName": {Compare: "fold", Mutability: plan.Immutable},
		"properties.privateLinkServiceConnections":       {Compare: "set,id", Release: plan.Value([]any{})},
		"properties.manualPrivateLinkServiceConnections": {Compare: "set,id", Release: plan.Value([]any{})},
		"properties.ipConfigurations":                    {Compare: "set", Release: plan.Value([]any{})},
		"properties.applicationSecurityGroups":           {Compare: "set,id", Release: plan.Value([]any{})},
	},
	Strip:  withoutNulls(strip("privateEndpoints", PrivateEndpointAPIVersion)),
	NoEcho: append(paths("properties.customDnsConfigs"), envelope...),
}

func declaredPrivateEndpoints(in Inputs, n Names) []dependent {
	network := in.ControlPlane.Spec.VirtualNetwork
	if network == nil || network.Subnet == nil {
		return nil
	}
	var list []dependent
	for i := range network.Subnet.PrivateEndpoints {
		endpoint := &network.Subnet.PrivateEndpoints[i]
		list = append(list, dependent{id: PrivateEndpointID(n.Subscription, n.NetworkGroup, endpoint.Name), body: privateEndpointBody(in, n, endpoint)})
	}
	return list
}

func privateEndpointBody(in Inputs, n Names, endpoint *v1beta1.PrivateEndpoint) fieldset.Object {
	tags := ownershipTags(in.Cluster.Name, endpoint.Name, in.ControlPlane.Spec.AdditionalTags)
	delete(tags, v1beta1.RoleTag) // existing installations mark endpoints without a role
	connections := "privateLinkServiceConnections"
	if manual := endpoint.ManualApproval; manual != nil && *manual {
		connections = "manualPrivateLinkServiceConnections"
	}
	properties := fieldset.Object{
		"subnet":    fieldset.Object{"id": n.SubnetID},
		connections: serviceConnections(endpoint),
	}
	if endpoint.CustomNetworkInterfaceName != "" {
		properties["customNetworkInterfaceName"] = endpoint.CustomNetworkInterfaceName
	}
	if addresses := slices.Sorted(slices.Values(endpoint.PrivateIPAddresses)); len(addresses) > 0 {
		list := make([]any, len(addresses))
		for i, address := range addresses {
			list[i] = fieldset.Object{"name": fmt.Sprintf("%s-%d", endpoint.Name, i), "properties": fieldset.Object{"privateIPAddress": address}}
		}
		properties["ipConfigurations"] = list
	}
	if groups := slices.Sorted(slices.Values(endpoint.ApplicationSecurityGroups)); len(groups) > 0 {
		list := make([]any, len(groups))
		for i, id := range groups {
			list[i] = fieldset.Object{"id": id}
		}
		properties["applicationSecurityGroups"] = list
	}
	return fieldset.Object{"location": cmp.Or(endpoint.Location, n.Location), "tags": tags, "properties": properties}
}

// serviceConnections: Azure wants a name for each connection. The first one without is called like its endpoint.
func serviceConnections(endpoint *v1beta1.PrivateEndpoint) []any {
	list := make([]any, len(endpoint.PrivateLinkServiceConnections))
	for i, connection := range endpoint.PrivateLinkServiceConnections {
		name := connection.Name
		if name == "" && i == 0 {
			name = endpoint.Name
		} else if name == "" {
			name = fmt.Sprintf("%s-%d", endpoint.Name, i)
		}
		properties := fieldset.Object{"privateLinkServiceId": connection.PrivateLinkServiceID}
		if len(connection.GroupIDs) > 0 {
			properties["groupIds"] = stringList(slices.Sorted(slices.Values(connection.GroupIDs)))
		}
		if connection.RequestMessage != "" {
			properties["requestMessage"] = connection.RequestMessage
		}
		list[i] = fieldset.Object{"name": name, "properties": properties}
	}
	slices.SortStableFunc(list, func(a, b any) int {
		return cmp.Compare(stringAt(a.(fieldset.Object), "name"), stringAt(b.(fieldset.Object), "name"))
	})
	return list
}

// isTagged: private endpoints lie in a resource group that others use too; only the tag of the Cluster makes one ours.
func isTagged(in Inputs, _ Names, observed fieldset.Object) bool {
	return ownedByTag(observed, in.Cluster.Name)
}
