package aks

import (
	"fmt"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// networkStep is the plan for the virtual network and its node subnet: created and owned when the network is
// missing, never touched when somebody brought it.
func networkStep(in Inputs, n Names, obs Observation, now time.Time) plan.Action {
	spec := in.ControlPlane.Spec.DeepCopy()
	DefaultControlPlane(spec, in.ControlPlane.Name, in.Cluster.Name)
	d := plan.Desired{ID: n.NetworkID, Kind: KindVirtualNetwork, Name: n.Network, APIVersion: NetworkAPIVersion, SpecChanged: in.SpecChanged}
	action := plan.Action{Verb: plan.None, ID: d.ID, Kind: d.Kind, Name: d.Name, APIVersion: d.APIVersion}
	if obs.VirtualNetwork.Exists && !ownedByTag(obs.VirtualNetwork.Body, in.Cluster.Name) {
		action.Reason = ReasonBrought
		if findSubnet(obs.VirtualNetwork.Body, n.Subnet) == nil {
			action.Verb, action.Reason = plan.Blocked, "SubnetNotFound"
			action.Message = fmt.Sprintf("spec.virtualNetwork.subnet.name: subnet %q does not exist in virtual network %s, which was not created for this cluster and is never modified: create the subnet, or name one of: %s",
				n.Subnet, n.NetworkID, strings.Join(subnetNames(obs.VirtualNetwork.Body), ", "))
		}
		return action
	}
	if !obs.VirtualNetwork.Exists && networkOfAKS(obs.Cluster.Body) {
		action.Reason = ReasonBrought
		return action
	}
	d.Adopt = true
	d.Body = fieldset.Object{
		"location": n.Location,
		"tags":     ownershipTags(in.Cluster.Name, n.Network, spec.AdditionalTags),
		"properties": fieldset.Object{
			"addressSpace": fieldset.Object{"addressPrefixes": []any{spec.VirtualNetwork.CIDRBlock}},
			"subnets":      desiredSubnets(spec.VirtualNetwork.Subnet, obs.VirtualNetwork.Body, in.Owned.VirtualNetwork.Has(endpointsOwned)),
		},
	}
	planned := in.compute(d, obs.VirtualNetwork, in.Owned.VirtualNetwork, networkRules, now)
	if planned.Owned != nil && planned.Verb != plan.Wait && planned.Verb != plan.Blocked && len(spec.VirtualNetwork.Subnet.ServiceEndpoints) > 0 {
		planned.Owned.Insert(endpointsOwned)
	}
	return planned
}

// NetworkReady tells whether resource group and network are there. The network that AKS makes is in the node resource group.
func NetworkReady(obs Observation) bool {
	network := obs.VirtualNetwork.Exists && obs.VirtualNetwork.State != "Updating" || networkOfAKS(obs.Cluster.Body)
	return obs.ResourceGroup.Exists && network
}

// networkOfAKS tells whether AKS made the network of a cluster by itself, which it does where no pool names a subnet. Such a cluster
// was made by somebody else, and cannot get another network.
func networkOfAKS(cluster fieldset.Object) bool {
	profiles := inlineProfiles(cluster)
	for _, profile := range profiles {
		if stringAt(profile, "vnetSubnetID") != "" {
			return false
		}
	}
	return len(profiles) > 0
}

// endpointsOwned is remembered while the spec gives service endpoints. Lists are owned as a whole, and without it nobody
// could tell endpoints that left the spec from those that somebody else gave our subnet.
var endpointsOwned = fieldset.ParsePath("properties.subnets.serviceEndpoints")

// desiredSubnets is the observed list with our subnet as declared. A network PUT that leaves out subnets deletes
// them, so foreign subnets are sent back as they were read, without what only Azure writes.
func desiredSubnets(declared *v1beta1.Subnet, observed fieldset.Object, hadEndpoints bool) []any {
	ours := fieldset.Object{"name": declared.Name, "properties": fieldset.Object{"addressPrefix": declared.CIDRBlock}}
	if len(declared.ServiceEndpoints) > 0 {
		var endpoints []any
		for _, e := range declared.ServiceEndpoints {
			endpoints = append(endpoints, fieldset.Object{"service": e.Service, "locations": stringList(e.Locations)})
		}
		fieldset.Put(ours, endpointsPath, endpoints)
	}
	list, _ := fieldset.Get(networkRules.Strip(observed), fieldset.Path{"properties", "subnets"})
	existing, _ := list.([]any)
	out := make([]any, 0, len(existing)+1)
	found := false
	for _, item := range existing {
		subnet, ok := item.(fieldset.Object)
		if !ok || !strings.EqualFold(stringAt(subnet, "name"), declared.Name) {
			out = append(out, item)
			continue
		}
		found = true
		out = append(out, mergeSubnet(subnet, ours, hadEndpoints))
	}
	if !found {
		out = append(out, ours)
	}
	return out
}

var endpointsPath = fieldset.Path{"properties", "serviceEndpoints"}

// mergeSubnet keeps what Azure and others put into our subnet and sets what is declared. Service endpoints that left the
// spec are taken away with an empty list, which is also what tells them from endpoints that Azure does not show.
func mergeSubnet(observed, ours fieldset.Object, hadEndpoints bool) fieldset.Object {
	merged := fieldset.Copy(observed)
	wanted, declared := fieldset.Get(ours, endpointsPath)
	current, there := fieldset.Get(observed, endpointsPath)
	switch {
	case declared && !sameEndpoints(current, wanted):
		fieldset.Put(merged, endpointsPath, wanted)
	case !declared && hadEndpoints && there:
		fieldset.Put(merged, endpointsPath, []any{})
	}
	return merged
}

func sameEndpoints(a, b any) bool {
	return fmt.Sprint(endpointIndex(a)) == fmt.Sprint(endpointIndex(b))
}

// endpointIndex reduces service endpoints to what a person declares; Azure adds states to them.
func endpointIndex(list any) map[string]string {
	index := map[string]string{}
	items, _ := list.([]any)
	for _, item := range items {
		endpoint, _ := item.(fieldset.Object)
		index[strings.ToLower(stringAt(endpoint, "service"))] = strings.ToLower(fmt.Sprint(endpoint["locations"]))
	}
	return index
}

func findSubnet(network fieldset.Object, name string) fieldset.Object {
	list, _ := fieldset.Get(network, fieldset.Path{"properties", "subnets"})
	items, _ := list.([]any)
	for _, item := range items {
		if subnet, ok := item.(fieldset.Object); ok && strings.EqualFold(stringAt(subnet, "name"), name) {
			return subnet
		}
	}
	return nil
}

func subnetNames(network fieldset.Object) []string {
	list, _ := fieldset.Get(network, fieldset.Path{"properties", "subnets"})
	items, _ := list.([]any)
	names := make([]string, 0, len(items))
	for _, item := range items {
		if subnet, ok := item.(fieldset.Object); ok {
			names = append(names, stringAt(subnet, "name"))
		}
	}
	return names
}

func stringAt(o fieldset.Object, path ...string) string {
	value, _ := fieldset.Get(o, path)
	s, _ := value.(string)
	return s
}

func stringList(items []string) []any {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = item
	}
	return list
}
