package aks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Reasons of steps of a rotation; they are also the phases in status.
const (
	// ReasonRotating: what is fixed at creation differs, and another agent pool is about to take this one's place.
	ReasonRotating = "Rotating"
	// ReasonCreatingReplacement, ReasonWaitingForNodes, ReasonDraining and ReasonDeletingReplaced are the steps.
	ReasonCreatingReplacement = "Creating"
	ReasonWaitingForNodes     = "WaitingForNodes"
	ReasonDraining            = "Draining"
	ReasonDeletingReplaced    = "Deleting"
	// ReasonWorkloadUnreachable: nodes cannot be drained because the Kubernetes API of the cluster cannot be used.
	ReasonWorkloadUnreachable = "WorkloadUnreachable"
)

var rotationReasons = map[string]bool{ReasonRotating: true, ReasonCreatingReplacement: true, ReasonWaitingForNodes: true,
	ReasonDraining: true, ReasonDeletingReplaced: true, ReasonWorkloadUnreachable: true}

// Rotation is all that is remembered of the agent pools of an object: which one is its own now, and which ones that one
// replaces. The rest is in Azure and on the nodes.
type Rotation struct {
	Name     string   `json:"name,omitempty"`
	Replaces []string `json:"replaces,omitempty"`
}

// RotationOf reads what is remembered. What cannot be read counts as nothing.
func RotationOf(pool *v1beta1.AzureManagedMachinePool) Rotation {
	var r Rotation
	text, ok := pool.Annotations[v1beta1.AgentPoolAnnotation]
	if !ok || json.Unmarshal([]byte(text), &r) != nil || !legalPoolName.MatchString(r.Name) {
		return Rotation{}
	}
	return r
}

// Annotate writes what is to be remembered into the object; nothing is where nothing differs from what is declared.
func (r Rotation) Annotate(pool *v1beta1.AzureManagedMachinePool) {
	if r.Name == declaredPoolName(pool) && len(r.Replaces) == 0 {
		delete(pool.Annotations, v1beta1.AgentPoolAnnotation)
		return
	}
	text, err := json.Marshal(r)
	if err != nil {
		return
	}
	pool.Annotations = maps.Clone(pool.Annotations)
	if pool.Annotations == nil {
		pool.Annotations = map[string]string{}
	}
	pool.Annotations[v1beta1.AgentPoolAnnotation] = string(text)
}

// RotationState is how far the rotation of a pool is.
type RotationState struct {
	Phase, To, Message string
	From               []string
	Nodes, Drained     int
}

// rotates tells whether a pool is replaced when a fixed setting changes.
func (p Pool) rotates() bool {
	r := p.Object.Spec.Replacement
	return r != nil && r.Strategy == v1beta1.ReplacementRotate
}

// drainedByAzure tells whether AKS empties the nodes that go.
func (p Pool) drainedByAzure() bool {
	r := p.Object.Spec.Replacement
	return r != nil && r.Drain == v1beta1.DrainAzure
}

// rules are those of the pool's fields. What AKS takes once and never again is as fixed as the rest for a pool that can be
// replaced: the replacement then is created with it.
func (p Pool) rules() plan.Rules {
	if p.rotates() {
		return rotatingPoolRules
	}
	return poolRules
}

var rotatingPoolRules = func() plan.Rules {
	rules := poolRules
	rules.Fields = maps.Clone(poolRules.Fields)
	for path, rule := range rules.Fields {
		if rule.Mutability == string(armfield.SetOnce) {
			rule.Mutability = plan.Immutable
			rules.Fields[path] = rule
		}
	}
	return rules
}()

// renamed is the pool with another agent pool as its own.
func (p Pool) renamed(r Rotation) Pool {
	p.Object = p.Object.DeepCopy()
	r.Annotate(p.Object)
	return p
}

// rotatePools adds what pools with a rotation need to the plan: that the name of a replacement is remembered before it is
// created, that the nodes of what it replaces are drained once it is there, and that the old agent pool goes then.
func (d *Decision) rotatePools(in Inputs, n Names, obs Observation, now time.Time) {
	for _, pool := range in.Pools {
		own := d.actionOf(n.PoolID(pool.Object))
		if own == nil || in.observedOnly(pool) || in.twin(pool) != "" {
			continue
		}
		if pool.Deleting {
			d.removeReplaced(in, n, pool, obs, now)
			continue
		}
		if next, why, changes := d.nextRotation(in, n, pool, obs, now, own); changes {
			d.remember(pool, next)
			if why != "" {
				*own = held(*own, ReasonRotating, why)
			}
			continue
		}
		d.retire(in, n, pool, obs, now, own)
	}
}

// actionOf is the step about a resource.
func (d *Decision) actionOf(id string) *plan.Action {
	for i := range d.Actions {
		if SameID(d.Actions[i].ID, id) {
			return &d.Actions[i]
		}
	}
	return nil
}

func (d *Decision) remember(pool Pool, next Rotation) {
	if d.Rotations == nil {
		d.Rotations = map[string]Rotation{}
	}
	d.Rotations[pool.Object.Name] = next
}

// held is a step of a rotation that waits. It keeps nothing else from going on.
func held(action plan.Action, reason, message string) plan.Action {
	action.Verb, action.Reason, action.Message = plan.Wait, reason, message
	action.Body, action.IfMatch, action.IfNoneMatch = nil, "", ""
	return action
}

// nextRotation is what has to be remembered before anything else is done about a pool; changes says that it differs from
// what is remembered now, why that the pool waits for it.
func (d *Decision) nextRotation(in Inputs, n Names, pool Pool, obs Observation, now time.Time, own *plan.Action) (next Rotation, why string, changes bool) {
	name, replaces := PoolName(pool.Object), existing(obs, RotationOf(pool.Object).Replaces)
	observed := observedPool(obs, name)
	unfit := own.Verb == plan.Blocked && own.Reason == plan.ReasonImmutableField
	switch {
	case unfit && (pool.rotates() || len(replaces) > 0):
		if Protected(pool.Object) {
			own.Reason, own.Message = ReasonDeletionProtected, fmt.Sprintf("%s; replacing the agent pool deletes it, and pool %q is protected: set the annotation %s of AzureManagedMachinePool %s to false",
				own.Message, name, v1beta1.DeletionProtectionAnnotation, pool.Object.Name)
			return next, "", false
		}
		if !d.trusted(obs, name) {
			return next, "", false
		}
		if !pool.rotates() && d.fitting(in, n, pool, obs, now, replaces) == "" {
			return next, "", false // refused by admission; a rotation is begun on demand only
		}
	case !observed.Exists && len(replaces) > 0:
	case len(replaces) != len(RotationOf(pool.Object).Replaces):
		return Rotation{Name: name, Replaces: replaces}, "", true
	default:
		return next, "", false
	}
	if back := d.fitting(in, n, pool, obs, now, replaces); back != "" {
		next = Rotation{Name: back, Replaces: without(replaces, back)}
	} else if !observed.Exists {
		return next, "", len(replaces) != len(RotationOf(pool.Object).Replaces)
	} else {
		next = Rotation{Name: anotherPoolName(pool.Object, takenNames(in, obs)), Replaces: replaces}
	}
	if observed.Exists {
		next.Replaces = append(slices.Clone(next.Replaces), name)
	}
	slices.Sort(next.Replaces)
	return next, fmt.Sprintf("agent pool %s takes the place of %s: %s", next.Name, name, differences(own)), true
}

// differences names what made a rotation necessary.
func differences(own *plan.Action) string {
	var texts []string
	for _, change := range own.Changes {
		if own.Reason == plan.ReasonImmutableField {
			texts = append(texts, change.String())
		}
	}
	if len(texts) == 0 {
		return "its settings are those that are wanted again"
	}
	return strings.Join(texts, "; ")
}

// fitting is one of the pools being replaced that could do what is declared as it is: the change was taken back.
func (d *Decision) fitting(in Inputs, n Names, pool Pool, obs Observation, now time.Time, replaced []string) string {
	for _, name := range replaced {
		if !d.trusted(obs, name) {
			continue
		}
		action := poolStep(in, n, pool.renamed(Rotation{Name: name}), obs, observedPool(obs, name), now)
		if action.Verb == plan.None || action.Verb == plan.Update || action.Verb == plan.Blocked && action.Reason == plan.ReasonFailed {
			return name
		}
	}
	return ""
}

// trusted tells whether a pool was read by itself; the cluster's list of pools leaves out some properties. It asks for that.
func (d *Decision) trusted(obs Observation, name string) bool {
	_, read := obs.PoolDetails[name]
	if !read && !slices.Contains(d.NeedPools, name) {
		d.NeedPools = append(d.NeedPools, name)
	}
	return read
}

func existing(obs Observation, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !observedPool(obs, name).Exists })
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name })
}

// takenNames are the names of agent pools that exist or are declared.
func takenNames(in Inputs, obs Observation) []string {
	var names []string
	for _, pool := range in.Pools {
		names = append(names, pool.agentPools()...)
	}
	for _, profile := range inlineProfiles(obs.Cluster.Body) {
		names = append(names, stringAt(profile, "name"))
	}
	return names
}

// removeReplaced deletes what a deleted pool was still replacing.
func (d *Decision) removeReplaced(in Inputs, n Names, pool Pool, obs Observation, now time.Time) {
	for _, name := range existing(obs, RotationOf(pool.Object).Replaces) {
		d.Actions = append(d.Actions, poolStep(in, n, pool.renamed(Rotation{Name: name}), obs, observedPool(obs, name), now))
	}
}

// retire empties and deletes the agent pools that a pool replaces, once it is complete itself.
func (d *Decision) retire(in Inputs, n Names, pool Pool, obs Observation, now time.Time, own *plan.Action) {
	replaced := existing(obs, RotationOf(pool.Object).Replaces)
	if len(replaced) == 0 {
		return
	}
	state := RotationState{To: PoolName(pool.Object), From: replaced}
	ready := d.replacementReady(pool, obs, now, own, &state)
	for i, name := range replaced {
		action := plan.Action{Verb: plan.None, ID: AgentPoolID(n.ClusterID, name), Kind: KindAgentPool, Name: name, APIVersion: PoolAPIVersion(in.ControlPlane, pool.Object)}
		switch {
		case strings.EqualFold(observedPool(obs, name).State, "deleting"):
			state.Phase, state.Message = ReasonDeletingReplaced, "agent pool "+name+" is being deleted"
			action = held(action, ReasonDeletingReplaced, state.Message)
		case !ready:
			action = held(action, state.Phase, state.Message)
		case i > 0:
			action = held(action, state.Phase, "goes after agent pool "+replaced[0])
		default:
			action = d.retireStep(action, pool, obs, now, &state)
		}
		d.Actions = append(d.Actions, action)
	}
	if d.Rotating == nil {
		d.Rotating = map[string]RotationState{}
	}
	d.Rotating[pool.Object.Name] = state
}

// replacementReady tells whether the agent pool that takes another's place has all its nodes.
func (d *Decision) replacementReady(pool Pool, obs Observation, now time.Time, own *plan.Action, state *RotationState) bool {
	name := PoolName(pool.Object)
	observed := observedPool(obs, name)
	count, _ := fieldset.Get(observed.Body, fieldset.ParsePath("properties.count"))
	want, _ := count.(int64)
	switch {
	case !observed.Exists, Busy(observed.State), Failed(observed.State):
		state.Phase, state.Message = ReasonCreatingReplacement, "waits for agent pool "+name+", which takes its place"
		return false
	case own.Verb != plan.None && !isPassive(own):
		state.Phase, state.Message = ReasonCreatingReplacement, "waits until agent pool "+name+" is as declared"
		return false
	case isStopped(observed.Body):
		return true
	}
	nodes, fresh := d.nodes(obs, NodesOf{Pool: name}, now)
	state.Phase = ReasonWaitingForNodes
	switch {
	case !fresh:
		state.Message = "waits for the nodes of agent pool " + name
		return false
	case nodes.Instances < want:
		state.Message = fmt.Sprintf("waits for the nodes of agent pool %s: Azure has %d of %d", name, nodes.Instances, want)
		return false
	case nodes.Unreachable != "" && pool.drainedByAzure():
		return true
	case nodes.Unreachable != "":
		state.Phase, state.Message = ReasonWorkloadUnreachable, unreachableMessage(pool, nodes)
		return false
	}
	for _, node := range nodes.Nodes {
		if node.Cordoned { // it was about to go, and now stays after all
			d.Drain.Uncordon = append(d.Drain.Uncordon, node.Name)
		}
	}
	if ready := nodes.Ready(); ready < want {
		state.Message = fmt.Sprintf("waits for the nodes of agent pool %s: %d of %d are ready", name, ready, want)
		return false
	}
	return true
}

// retireStep is the next step on the way of an agent pool that is replaced: its autoscaler is turned off, which would make new
// nodes for the pods that leave; its nodes are cordoned and drained; it is deleted.
func (d *Decision) retireStep(action plan.Action, pool Pool, obs Observation, now time.Time, state *RotationState) plan.Action {
	observed := observedPool(obs, action.Name)
	if lastSystemPool(obs, action.Name) {
		state.Phase, state.Message = ReasonDraining, fmt.Sprintf("agent pool %q is the last System pool of the cluster and AKS keeps at least one: create another System pool", action.Name)
		return blocked(plan.Desired{ID: action.ID, Kind: action.Kind, Name: action.Name, APIVersion: action.APIVersion}, ReasonLastSystemPool, state.Message)
	}
	if !pool.drainedByAzure() && !isStopped(observed.Body) {
		if off, needed := autoscalerOff(action, observed, now); needed {
			state.Phase, state.Message = ReasonDraining, "the autoscaler of agent pool "+action.Name+" is turned off before its nodes are drained"
			return off
		}
		if nodes, fresh := d.nodes(obs, NodesOf{Pool: action.Name, Pods: true}, now); !fresh || !d.drainNodes(pool, nodes, state) {
			if state.Phase != ReasonWorkloadUnreachable {
				state.Phase = ReasonDraining
			}
			return held(action, state.Phase, cmp.Or(state.Message, "waits for the nodes of agent pool "+action.Name))
		}
	}
	state.Phase, state.Message = ReasonDeletingReplaced, "agent pool "+action.Name+" is drained and goes"
	return plan.Compute(plan.Desired{ID: action.ID, Kind: action.Kind, Name: action.Name, APIVersion: action.APIVersion, Absent: true, Adopt: true}, observed, nil, poolRules, now)
}

// autoscalerOff is the request that fixes the size of an agent pool that is about to be drained.
func autoscalerOff(action plan.Action, observed plan.Observed, now time.Time) (plan.Action, bool) {
	if on, _ := fieldset.Get(observed.Body, fieldset.ParsePath("properties.enableAutoScaling")); on != true {
		return action, false
	}
	owned := fieldset.NewSet(paths("properties.minCount", "properties.maxCount")...)
	d := plan.Desired{ID: action.ID, Kind: action.Kind, Name: action.Name, APIVersion: action.APIVersion, SpecChanged: true, Adopt: true,
		Body: fieldset.Object{"properties": fieldset.Object{"enableAutoScaling": false}}}
	off := plan.Compute(d, observed, owned, poolRules, now)
	off.Owned = nil
	return off, true
}

// withReplaced is a pool with no fewer nodes than the biggest agent pool that it replaces still has.
func withReplaced(pool Pool, cluster fieldset.Object) Pool {
	for _, name := range RotationOf(pool.Object).Replaces {
		for _, profile := range inlineProfiles(cluster) {
			count, _ := profile["count"].(int64)
			if strings.EqualFold(stringAt(profile, "name"), name) && (pool.Replicas == nil || count > int64(*pool.Replicas)) {
				pool.Replicas = new(int32(count))
			}
		}
	}
	return pool
}
