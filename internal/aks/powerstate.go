package aks

import (
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// ReasonStopped is the reason of what waits for a start: AKS takes nothing else but a deletion of a stopped cluster.
const ReasonStopped = "Stopped"

const (
	powerRunning = "Running"
	powerStopped = "Stopped"
)

var powerPath = fieldset.ParsePath("properties.powerState.code")

// Operations of a managed cluster that change its power state.
const (
	OperationStart = "start"
	OperationStop  = "stop"
)

// powerStep puts the start or stop that is asked for in the place of the plan of a cluster at rest: with a power state
// that differs nothing else can be sent, or is worth sending.
func powerStep(in Inputs, obs plan.Observed, yield *fieldset.Set, action plan.Action) plan.Action {
	want, is := in.ControlPlane.Spec.PowerState, powerOf(obs.Body)
	if want == "" || strings.EqualFold(want, is) || Busy(obs.State) || action.Reason == plan.ReasonAlreadyExists {
		return action
	}
	change := plan.Change{Path: powerPath.String(), From: is, To: want, Why: plan.WhyDrift}
	if in.SpecChanged {
		change.Why = plan.WhyChange
	}
	if yield.Has(powerPath) {
		change.Why = plan.WhyContested
		action.Changes = append([]plan.Change{change}, action.Changes...)
		return action
	}
	power := plan.Action{Verb: plan.Call, ID: action.ID, Kind: action.Kind, Name: action.Name, APIVersion: action.APIVersion,
		Operation: OperationStart, Changes: []plan.Change{change}, Owned: in.Owned.ManagedCluster}
	if strings.EqualFold(want, powerStopped) {
		power.Operation = OperationStop
	}
	return power
}

// powerOf is Running unless Azure says otherwise: early answers about a cluster say nothing.
func powerOf(body fieldset.Object) string {
	if code := stringAt(body, powerPath...); code != "" {
		return code
	}
	return powerRunning
}

func isStopped(body fieldset.Object) bool { return strings.EqualFold(powerOf(body), powerStopped) }

// whileStopped holds what AKS would refuse: it changes nothing of a stopped cluster.
func whileStopped(in Inputs, obs Observation, action plan.Action) (plan.Action, bool) {
	if !action.Verb.Writes() || action.Verb == plan.Call || action.Kind == KindResourceGroup || action.Kind == KindVirtualNetwork {
		return action, false
	}
	if !obs.Cluster.Exists || !isStopped(obs.Cluster.Body) {
		return action, false
	}
	message := "the cluster is stopped, and AKS changes nothing of it: this waits until spec.powerState of the control plane is Running"
	if in.ControlPlane.Spec.PowerState == "" {
		message = "the cluster is stopped, and AKS changes nothing of it: start it, for example with spec.powerState Running of the control plane"
	}
	held := waiting(action, message)
	held.Reason = ReasonStopped
	return held, true
}

// withoutCount asks for what a stopped pool has: its number of nodes is kept by AKS and comes back with a start. The count
// stays ours meanwhile, so that it is neither given up nor taken over.
func withoutCount(spec *v1beta1.AzureManagedMachinePoolSpec, body, observed, cluster fieldset.Object) {
	if observed == nil {
		return
	}
	if isStopped(cluster) {
		fieldset.Remove(body, powerPath) // all pools of a stopped cluster are stopped
	}
	if isStopped(cluster) || isStopped(observed) && strings.EqualFold(spec.PowerState, powerStopped) {
		path := fieldset.ParsePath("properties.count")
		_, asked := fieldset.Get(body, path)
		fieldset.Remove(body, path)
		if count, there := fieldset.Get(observed, path); there && asked {
			fieldset.Put(body, path, count)
		}
	}
}
