package aks

import (
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

var (
	balancerPath = fieldset.ParsePath("properties.networkProfile.loadBalancerProfile")
	managedCount = balancerPath.Child("managedOutboundIPs").Child("count").String()
)

// addressKinds are alternatives: AKS refuses two of them, and has addresses of its own where there is none.
var addressKinds = []string{"managedOutboundIPs", "outboundIPs", "outboundIPPrefixes"}

// oneKindOfAddress leaves of the outbound addresses those that are wanted. What was read of another kind cannot go along, and
// addresses that leave the spec without others in their place give way to one that AKS manages.
func oneKindOfAddress(action plan.Action, desired fieldset.Object) plan.Action {
	value, _ := fieldset.Get(action.Body, balancerPath)
	balancer, ok := value.(fieldset.Object)
	if action.Verb != plan.Update || !ok {
		return action
	}
	value, _ = fieldset.Get(desired, balancerPath)
	wanted, _ := value.(fieldset.Object)
	chosen := false
	for _, kind := range addressKinds {
		chosen = chosen || wanted[kind] != nil
	}
	before, left := len(balancer), false
	for _, kind := range addressKinds {
		if chosen && wanted[kind] == nil || givenUp(balancer[kind]) {
			delete(balancer, kind)
		}
		left = left || balancer[kind] != nil
	}
	if !left && len(balancer) < before {
		balancer["managedOutboundIPs"] = fieldset.Object{"count": int64(1)}
	}
	for i, change := range action.Changes {
		if change.Path == managedCount && change.Why == plan.WhyReleased && chosen && wanted["managedOutboundIPs"] == nil {
			action.Changes[i].To = nil // it goes with its kind
		}
	}
	return action
}

// givenUp tells addresses whose list is null, because it left the spec.
func givenUp(kind any) bool {
	object, ok := kind.(fieldset.Object)
	for _, value := range object {
		ok = ok && value == nil
	}
	return ok && len(object) > 0
}
