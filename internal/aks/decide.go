package aks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Reasons of steps that send nothing, beside those of package plan.
const (
	ReasonBrought                = "Brought"
	ReasonWaitingForPools        = "WaitingForPools"
	ReasonWaitingForControlPlane = "WaitingForControlPlane"
	ReasonWaitingForOperation    = "WaitingForOperation"
	ReasonRefused                = "Refused"
	ReasonThrottled              = "Throttled"
	ReasonForeignContents        = "ForeignContents"
	ReasonGoesWithCluster        = "GoesWithCluster"
	ReasonEmptySystemPool        = "EmptySystemPool"
	ReasonLastSystemPool         = "LastSystemPool"
)

// Decision is the whole plan for a cluster and which of its requests is next.
type Decision struct {
	// Actions is the complete plan, in the order in which its requests may be sent.
	Actions []plan.Action
	// Next is the one request to send now; nil when there is none.
	Next *plan.Action
	// Hold is the step that keeps the rest from being sent; nil when nothing does.
	Hold *plan.Action
	// NeedPools are pools whose own resource must be read before their difference can be trusted.
	NeedPools []string
	// NeedContents are ids of owned resource groups whose contents must be read before they may be deleted.
	NeedContents []string
	// NeedDependents are ids of dependents that must be read before anything can be planned for them.
	NeedDependents []string
	// NeedUpgrades: the versions AKS offers must be read before the next step of an upgrade is known.
	NeedUpgrades bool
	// NeedNodeImages are pools whose newest node image must be read; NodeImagesDone are by the names of pool objects the
	// nodeImageUpgradeAfter to be remembered as answered.
	NeedNodeImages []string
	NodeImagesDone map[string]string
	// Wake is when the decision is another one although nothing has changed; zero means never.
	Wake time.Time
	// Upgrade is the way to newer versions, nil where none was ever asked for.
	Upgrade *v1beta1.UpgradeStatus
	// NeedPreflight: what the checks before a creation are about must be read before anything is sent.
	NeedPreflight bool
	// Checks are what those checks found; CheckAgain is when failed ones are made again.
	Checks     []Check
	CheckAgain time.Time
	// Checked: the checks were made, be there findings or none.
	Checked bool
	// NeedNodes are agent pools whose nodes must be looked at before a rotation can go on.
	NeedNodes []NodesOf
	// Drain is what is to be asked of the Kubernetes API of the cluster now.
	Drain Drain
	// Rotations are to be remembered, by the names of pool objects, before anything more is sent about those pools.
	Rotations map[string]Rotation
	// Rotating tells how far the rotations of pools are, by the names of pool objects.
	Rotating map[string]RotationState
	// Done: everything is as declared (or, for a deleted cluster, gone).
	Done bool
}

// Decide is the plan for everything declared about a cluster, and its next request. AKS runs one operation at a
// time per cluster, so at most one request is next.
func Decide(in Inputs, obs Observation, now time.Time) Decision {
	if in.ControlPlane.DeletionTimestamp != nil {
		return decideDeletion(in, obs, now)
	}
	n := NamesOf(in)
	d := Decision{}
	d.Actions = append(d.Actions, resourceGroupStep(in, n, n.GroupID, obs.ResourceGroup, in.Owned.ResourceGroup, now))
	if n.NetworkInOtherGroup {
		d.Actions = append(d.Actions, resourceGroupStep(in, n, n.NetworkGroupID, obs.NetworkGroup, in.Owned.NetworkGroup, now))
	}
	if obs.Cluster.Exists {
		in.versions = upgradeOf(in, obs, now)
		d.NeedUpgrades, d.Upgrade = in.versions.need && !FactsOf(obs.Cluster).Stopped(), in.versions.status
	}
	cluster := clusterStep(in, n, obs, now)
	if cluster.Reason == plan.ReasonAlreadyExists {
		// Somebody else's cluster: a network beside it would be of no use to anybody.
		d.Actions = []plan.Action{cluster}
		d.choose(in, obs, now)
		return d
	}
	d.Actions = append(d.Actions, networkStep(in, n, obs, now), cluster)
	if obs.Cluster.Exists {
		d.Actions = append(d.Actions, poolSteps(in, n, obs, now)...)
		d.rotatePools(in, n, obs, now)
		steps, need := dependentSteps(in, n, obs, now)
		d.Actions, d.NeedDependents = append(d.Actions, steps...), need
		d.nodeImageUpgrades(in, obs, now)
		d.preflightPools(in, n, obs, now)
	} else if held := d.preflight(in, n, obs, cluster, now); held != nil {
		d.Actions = []plan.Action{*held}
	}
	d.choose(in, obs, now)
	return d
}

// choose finds the next request. A step before the cluster gates everything behind it; a blocked pool or dependent does
// not keep the others from going on, but a running operation keeps all of them waiting.
func (d *Decision) choose(in Inputs, obs Observation, now time.Time) {
	d.Done = len(d.NeedDependents) == 0
	passive := d.withhold(in, obs)
	busy, busyAside := busyPool(obs), busyDependent(obs)
	for i := range d.Actions {
		action := &d.Actions[i]
		if action.Verb == plan.None {
			continue
		}
		d.Done = false
		if isPassive(action) {
			continue
		}
		pool := action.Kind == KindAgentPool
		aside := pool || IsDependent(action.Kind)
		if writes(action.Verb) {
			if refused := heldByFailure(in, action, obs, now); refused != nil {
				*action = *refused
			} else if busy != "" && (isAKS(action.Kind) || Exclusive(action.Kind) && IsDependent(action.Kind)) {
				*action = waiting(*action, busy)
			} else if busyAside != "" && IsDependent(action.Kind) {
				*action = waiting(*action, busyAside)
			}
		}
		switch {
		case writes(action.Verb) && pool && needsDetail(obs, action): // see withhold
		case writes(action.Verb) && d.Next == nil && !gates(d.Hold, obs):
			d.Next = action
		case !writes(action.Verb) && (d.Hold == nil || !gates(d.Hold, obs) && gates(action, obs)):
			d.Hold = action
		}
		if d.Hold != nil && (!aside && gates(d.Hold, obs) || pool && holdsPools(action)) {
			break
		}
	}
	if gates(d.Hold, obs) {
		d.Next, d.NeedPools = keepBefore(d.Actions, d.Next, d.Hold), nil
		keepBehind(d.Actions, d.Hold)
	}
	if d.Hold == nil || passive != nil && d.Hold.Reason == ReasonWaitingForControlPlane {
		d.Hold = passive // what the control plane waits for says more than that a pool waits for it
	}
}

// withhold takes back what is not to be sent, or cannot be, whatever else is under way, and answers the first of it. It
// keeps nothing else from going on.
func (d *Decision) withhold(in Inputs, obs Observation) (first *plan.Action) {
	for i := range d.Actions {
		action := &d.Actions[i]
		if action.Kind == KindAgentPool && needsDetail(obs, action) {
			if !slices.Contains(d.NeedPools, action.Name) {
				d.NeedPools = append(d.NeedPools, action.Name) // what is told of it must be true
			}
			continue
		}
		if in.policyOf(action) == v1beta1.PolicyObserve {
			*action = observeOnly(*action)
		} else if held, ok := whileStopped(in, obs, *action); ok {
			*action = held
		} else if held, ok := whileAborted(in, obs, *action); ok {
			*action = held
		}
		if first == nil && isPassive(action) {
			first = action
		}
	}
	return first
}

func isPassive(action *plan.Action) bool {
	if UpgradeReason(action.Reason) && !action.Verb.Writes() {
		return true
	}
	if action.Verb != plan.Wait {
		return false
	}
	switch action.Reason {
	case ReasonObserveOnly, ReasonStopped, ReasonAborted:
		return true
	}
	return rotationReasons[action.Reason]
}

// holdsPools tells a pool that waits for something every other pool waits for, too.
func holdsPools(pool *plan.Action) bool {
	return pool.Verb == plan.Wait && pool.Reason != ReasonWaitingForControlPlane && pool.Reason != ReasonThrottled
}

// gates tells whether a held step keeps back all behind it. A pool or a dependent does not, nor does a cluster that
// failed and has nothing to change: what is wrong with it may be a pool's size, and AKS takes the pool's change. Nor does
// a change of something at rest that Azure did not accept, or would not: nothing runs, and all else is as it was before.
func gates(hold *plan.Action, obs Observation) bool {
	if hold == nil || hold.Kind == KindAgentPool || IsDependent(hold.Kind) || hold.Kind == KindManagedCluster && hold.Reason == plan.ReasonFailed {
		return false
	}
	switch hold.Reason {
	case ReasonRefused, ReasonThrottled, plan.ReasonImmutableField, ReasonPassthrough:
		return !atRest(obs, hold)
	}
	return true
}

// atRest tells whether the resource a step is about exists, and the cluster, too, and its last operation went well.
func atRest(obs Observation, step *plan.Action) bool {
	observed := obs.Cluster
	switch step.Kind {
	case KindVirtualNetwork:
		observed = obs.VirtualNetwork
	case KindResourceGroup:
		observed = obs.ResourceGroup
		if !SameID(stringAt(observed.Body, "id"), step.ID) {
			observed = obs.NetworkGroup
		}
	}
	return obs.Cluster.Exists && observed.Exists && !Busy(observed.State) && !Failed(observed.State)
}

// keepBehind says of every step behind a held one what it waits for.
func keepBehind(actions []plan.Action, hold *plan.Action) {
	behind := false
	for i := range actions {
		action := &actions[i]
		if behind && writes(action.Verb) {
			reason := ReasonWaitingForControlPlane
			if hold.Verb == plan.Wait {
				reason = ReasonWaitingForOperation
			}
			*action = waiting(*action, fmt.Sprintf("waits for %s %s: %s", hold.Kind, hold.Name, strings.TrimPrefix(hold.Message, hold.Kind+" "+hold.Name+" ")))
			action.Reason = reason
		}
		behind = behind || action == hold
	}
}

// keepBefore is next if it comes before hold in the plan: nothing behind a held step may be sent.
func keepBefore(actions []plan.Action, next, hold *plan.Action) *plan.Action {
	for i := range actions {
		if &actions[i] == hold {
			return nil
		}
		if &actions[i] == next {
			return next
		}
	}
	return nil
}

func writes(v plan.Verb) bool { return v.Writes() }

func isAKS(kind string) bool { return kind == KindManagedCluster || kind == KindAgentPool }

// busyPool names a pool with a running operation: while it runs AKS refuses changes of the cluster, and the safe
// reading of its rules is that it refuses those of other pools too.
func busyPool(obs Observation) string {
	for _, profile := range inlineProfiles(obs.Cluster.Body) {
		if state := stringAt(profile, "provisioningState"); Busy(state) {
			return fmt.Sprintf("an operation is in progress on agentPool %s (provisioningState %s)", stringAt(profile, "name"), state)
		}
	}
	return ""
}

// Busy tells whether a provisioningState means that an operation runs: only Succeeded, Failed and Canceled are final; AKS has many other states and adds new ones.
func Busy(state string) bool {
	switch strings.ToLower(state) {
	case "", "succeeded", "failed", "canceled":
		return false
	}
	return true
}

func waiting(action plan.Action, message string) plan.Action {
	action.Verb, action.Reason, action.Message = plan.Wait, ReasonWaitingForOperation, message
	action.Body, action.IfMatch, action.IfNoneMatch = nil, "", ""
	return action
}

// needsDetail: the inline list leaves out some pool properties, so a difference found there is only trusted after
// the pool itself was read. A pool that does not exist, or is to go, needs no such reading.
func needsDetail(obs Observation, action *plan.Action) bool {
	if action.Verb != plan.Update {
		return false
	}
	_, read := obs.PoolDetails[action.Name]
	return !read
}

func blocked(d plan.Desired, reason, message string) plan.Action {
	return plan.Action{Verb: plan.Blocked, ID: d.ID, Kind: d.Kind, Name: d.Name, APIVersion: d.APIVersion, Reason: reason, Message: message}
}

// Goal is a digest of what a request asks for; the same goal after a failure is not sent again at once.
func Goal(action plan.Action) string {
	raw, err := json.Marshal([]any{action.Verb, action.ID, goalBody(action)})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// goalBody leaves out what an update only echoes: the changes are the goal.
func goalBody(action plan.Action) any {
	if action.Verb == plan.Create {
		return action.Body
	}
	wanted := fieldset.Object{}
	for _, change := range action.Changes {
		wanted[change.Path] = change.To
	}
	return wanted
}

// heldByFailure is the step that waits because Azure already refused or failed at this very goal, or nil.
func heldByFailure(in Inputs, action *plan.Action, obs Observation, now time.Time) *plan.Action {
	failure, ok := in.Failures[strings.ToLower(action.ID)]
	if !ok || action.Reason == plan.ReasonRetry || in.Cleared[strings.ToLower(action.ID)] {
		return nil
	}
	if failure.Goal != Goal(*action) || ETagOf(obs, *action) != failure.ETag {
		return nil
	}
	if !failure.RetryAt.IsZero() && !now.Before(failure.RetryAt) {
		return nil
	}
	held := *action
	held.Verb, held.Reason, held.Message = plan.Blocked, ReasonRefused, failure.Error.Message
	if failure.Diagnosis.Outcome == OutcomeWait {
		held.Verb, held.Reason = plan.Wait, ReasonThrottled
	}
	held.Body, held.IfMatch, held.IfNoneMatch = nil, "", ""
	return &held
}

// ETagOf is the observed eTag of the resource an action is about; it is remembered with a failure.
func ETagOf(obs Observation, action plan.Action) string {
	switch action.Kind {
	case KindManagedCluster:
		return obs.Cluster.ETag
	case KindAgentPool:
		return observedPool(obs, action.Name).ETag
	}
	return obs.Dependents[strings.ToLower(action.ID)].ETag
}

// retryDue tells whether a resource left Failed or Canceled gets its goal sent again now: AKS does not repair it
// by itself. Without a remembered failure (a restart) the first look only starts the waiting.
func retryDue(in Inputs, d plan.Desired, obs plan.Observed, now time.Time) bool {
	failure, ok := in.Failures[strings.ToLower(d.ID)]
	if !ok && in.versions.finishing(d) && strings.EqualFold(obs.State, "Failed") {
		return false // the very version was asked for, and failed: the wish is not newer than that
	}
	if !ok {
		return in.SpecChanged && d.Kind == KindManagedCluster || d.SpecChanged
	}
	return in.Cleared[strings.ToLower(d.ID)] || failure.Spec != SpecMark(in, d.ID) || failure.ETag != obs.ETag || !failure.RetryAt.IsZero() && !now.Before(failure.RetryAt)
}

// SpecMark changes whenever a person changes what is declared about a resource. SpecChanged does not tell that: it stays
// true from a change until all is as declared, and a goal that fails never is.
func SpecMark(in Inputs, id string) string {
	for _, pool := range in.Pools {
		if SameID(id, AgentPoolID(NamesOf(in).ClusterID, PoolName(pool.Object))) {
			replicas := int32(-1)
			if pool.Replicas != nil {
				replicas = *pool.Replicas
			}
			return fmt.Sprint(pool.Object.Generation, replicas, pool.Version)
		}
	}
	return fmt.Sprint(in.ControlPlane.Generation)
}
