package aks

import (
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// fleetMemberKind: a member lies in the fleet, wherever that is, and outlives its cluster. Joining puts the cluster
// through an update of its own, during which AKS takes nothing else.
var fleetMemberKind = dependentKind{
	kind: KindFleetMember, resourceType: "Microsoft.ContainerService/fleets/members", apiVersion: FleetAPIVersion,
	rules: &fleetMemberRules, declared: declaredFleetMember, ours: isOurMember, exclusive: true, eTags: true,
	missing: "create the fleet, or correct fleetsMember.managerName and managerResourceGroup",
}

var fleetMemberRules = plan.Rules{
	Fields: map[string]plan.Rule{
		"properties.clusterResourceId": {Compare: "id", Mutability: plan.Immutable},
	},
	Strip:  withoutNulls(strip("fleets.members", FleetAPIVersion)),
	NoEcho: append(paths("properties.status"), envelope...),
}

func declaredFleetMember(in Inputs, n Names) []dependent {
	spec := in.ControlPlane.Spec.FleetsMember
	if spec == nil {
		return nil
	}
	name := spec.Name
	if name == "" {
		name = in.Cluster.Name
	}
	body := fieldset.Object{"properties": fieldset.Object{"clusterResourceId": n.ClusterID}}
	if spec.Group != "" {
		fieldset.Put(body, fieldset.Path{"properties", "group"}, spec.Group)
	}
	return []dependent{{id: FleetMemberID(n.Subscription, spec.ManagerResourceGroup, spec.ManagerName, name), body: body}}
}

// isOurMember: a member stands for exactly one cluster, so one that stands for ours is ours, whoever made it.
func isOurMember(_ Inputs, n Names, observed fieldset.Object) bool {
	return SameID(stringAt(observed, "properties", "clusterResourceId"), n.ClusterID)
}
