package aks

import (
	"fmt"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/plan"
)

// Reasons of steps that send nothing because an annotation says so.
const (
	ReasonObserveOnly       = "ObserveOnly"
	ReasonDeletionProtected = "DeletionProtected"
	ReasonDetached          = "Detached"
)

// annotated is an object with annotations; no more is needed to know what may be done to its Azure resource.
type annotated interface{ GetAnnotations() map[string]string }

// Policies are the values of the policy annotation.
var Policies = []string{v1beta1.PolicyManage, v1beta1.PolicyObserve, v1beta1.PolicyDetachOnDelete}

// InvalidPolicy is a value of the policy annotation that is none; empty when there is nothing wrong with it.
func InvalidPolicy(object annotated) string {
	switch value := object.GetAnnotations()[v1beta1.PolicyAnnotation]; value {
	case "", v1beta1.PolicyManage, v1beta1.PolicyObserve, v1beta1.PolicyDetachOnDelete:
		return ""
	default:
		return value
	}
}

// Policy is what may be done to the Azure resource of an object. Who misspells a policy wants another one than manage, and
// the one that can do no harm is observe.
func Policy(object annotated) string {
	if InvalidPolicy(object) != "" {
		return v1beta1.PolicyObserve
	}
	if value := object.GetAnnotations()[v1beta1.PolicyAnnotation]; value != "" {
		return value
	}
	return v1beta1.PolicyManage
}

// PoolPolicy is the policy of a pool: its own, or that of its control plane.
func PoolPolicy(controlPlane, pool annotated) string {
	if pool.GetAnnotations()[v1beta1.PolicyAnnotation] != "" {
		return Policy(pool)
	}
	return Policy(controlPlane)
}

// adopts tells whether an AKS cluster that somebody else made is to be taken over.
func adopts(object annotated) bool { return object.GetAnnotations()[v1beta1.AdoptAnnotation] == "true" }

// adopted tells whether the cluster is one that was taken over. It keeps its tags as they are: what is remembered as owned says whose
// it is, and adopting sends nothing.
func adopted(in Inputs, obs Observation) bool {
	return adopts(in.ControlPlane) && obs.Cluster.Exists && !ownedByTag(obs.Cluster.Body, in.Cluster.Name)
}

// Protected tells whether neither the object nor its Azure resource may be deleted. Whoever wrote something else than true or
// false, past the webhook, meant the annotation to do something.
func Protected(object annotated) bool {
	value, ok := object.GetAnnotations()[v1beta1.DeletionProtectionAnnotation]
	return ok && value != "false"
}

// observedOnly tells whether nothing is ever sent about a pool.
func (in Inputs) observedOnly(pool Pool) bool {
	return PoolPolicy(in.ControlPlane, pool.Object) == v1beta1.PolicyObserve
}

// policyOf is the policy an action is subject to.
func (in Inputs) policyOf(action *plan.Action) string {
	if action.Kind == KindAgentPool {
		for _, pool := range in.Pools {
			if DeclaresAgentPool(pool.Object, action.Name) {
				return PoolPolicy(in.ControlPlane, pool.Object)
			}
		}
	}
	return Policy(in.ControlPlane)
}

// observeOnly turns what would be sent into a report of it. It becomes nobody's property by being equal, either.
func observeOnly(action plan.Action) plan.Action {
	if action.Verb.Writes() {
		line := action.Line()
		action.Verb, action.Reason = plan.Wait, ReasonObserveOnly
		action.Message = "policy observe sends nothing; it would be: " + line
		action.Body, action.IfMatch, action.IfNoneMatch = nil, "", ""
	}
	action.Owned = nil
	return action
}

// protection is why a cluster must not be deleted, or nothing: its own annotation, or that of a pool that would go with it.
func protection(in Inputs, obs Observation) string {
	if Protected(in.ControlPlane) {
		return fmt.Sprintf("AzureManagedControlPlane %q is protected: to delete the AKS cluster, set its annotation %s to false",
			in.ControlPlane.Name, v1beta1.DeletionProtectionAnnotation)
	}
	for _, pool := range in.Pools {
		if Protected(pool.Object) && observedPool(obs, PoolName(pool.Object)).Exists {
			return fmt.Sprintf("AzureManagedMachinePool %q of the cluster is protected, and would go with it: set its annotation %s to false",
				pool.Object.Name, v1beta1.DeletionProtectionAnnotation)
		}
	}
	return ""
}

// decideLeaving is the plan for a deleted control plane whose Azure resources stay.
func decideLeaving(in Inputs, obs Observation, policy string) Decision {
	n := NamesOf(in)
	d := Decision{Done: true}
	for _, r := range ResourcesOf(in, obs) {
		action := plan.Action{Verb: plan.None, ID: r.ID, Kind: r.Kind, Name: lastSegment(r.ID), Reason: ReasonDetached}
		if r.Kind == KindManagedCluster {
			action.Message = LeavingMessage(n.ClusterName, policy)
		}
		d.Actions = append(d.Actions, action)
	}
	return d
}

// LeavingMessage says that a resource stays in Azure when its object goes.
func LeavingMessage(name, policy string) string {
	return fmt.Sprintf("%s and what belongs to it stay in Azure as they are (policy %s)", name, policy)
}
