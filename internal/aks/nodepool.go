package aks

import (
	"fmt"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// scaleSetsType is the only type of pool AKS still creates for new clusters of this API.
const scaleSetsType = "VirtualMachineScaleSets"

// poolSteps are the plans for the pools, in the order in which they may be sent: new pools first, so that the
// last System pool can be replaced; then changes, System pools before User pools; then removals.
func poolSteps(in Inputs, n Names, obs Observation, now time.Time) []plan.Action {
	var creates, updates, removals []plan.Action
	for _, pool := range in.Pools {
		observed := observedPool(obs, PoolName(pool.Object))
		action := poolStep(in, n, pool, obs, observed, now)
		switch {
		case pool.Deleting:
			removals = append(removals, action)
		case !observed.Exists:
			creates = append(creates, action)
		case pool.Object.Spec.Mode == v1beta1.NodePoolModeSystem:
			updates = append([]plan.Action{action}, updates...)
		default:
			updates = append(updates, action)
		}
	}
	return append(append(creates, updates...), removals...)
}

func poolStep(in Inputs, n Names, pool Pool, obs Observation, observed plan.Observed, now time.Time) plan.Action {
	name := PoolName(pool.Object)
	d := plan.Desired{ID: AgentPoolID(n.ClusterID, name), Kind: KindAgentPool, Name: name, APIVersion: PoolAPIVersion(in.ControlPlane, pool.Object), SpecChanged: pool.SpecChanged}
	// Pools of this cluster's first request have no owned set yet if the manager died right after it; the pool
	// belongs to a cluster that is ours, and a declared pool of that name is what was asked for.
	d.Adopt = true
	if twin := in.twin(pool); twin != "" {
		return twinStep(d, pool, twin)
	}
	if pool.Deleting && in.Cluster.Deleting {
		// AKS deletes all pools with their cluster; one by one first only costs the time of another operation.
		return plan.Action{Verb: plan.None, ID: d.ID, Kind: d.Kind, Name: name, APIVersion: d.APIVersion, Reason: ReasonGoesWithCluster}
	}
	if pool.Deleting {
		d.Absent = true
		if policy := PoolPolicy(in.ControlPlane, pool.Object); policy != v1beta1.PolicyManage {
			return plan.Action{Verb: plan.None, ID: d.ID, Kind: d.Kind, Name: name, APIVersion: d.APIVersion, Reason: ReasonDetached, Message: LeavingMessage("agentPool "+name, policy)}
		}
		if observed.Exists && Protected(pool.Object) {
			return blocked(d, ReasonDeletionProtected, fmt.Sprintf("pool %q is protected: to delete it, set the annotation %s of AzureManagedMachinePool %s to false",
				name, v1beta1.DeletionProtectionAnnotation, pool.Object.Name))
		}
		if observed.Exists && lastSystemPool(obs, name) {
			return blocked(d, ReasonLastSystemPool, fmt.Sprintf("pool %q is the last System pool of the cluster and AKS keeps at least one: create another System pool first, or delete the Cluster", name))
		}
		return plan.Compute(d, observed, pool.Owned, poolRules, now)
	}
	if problem := emptySystemPool(pool); problem != "" {
		return blocked(d, ReasonEmptySystemPool, problem)
	}
	if observed.Exists && pool.Object.Spec.Mode != v1beta1.NodePoolModeSystem && lastSystemPool(obs, name) {
		return blocked(d, ReasonLastSystemPool, fmt.Sprintf("pool %q is the last System pool of the cluster and AKS keeps at least one: it changes its mode to %s when there is another one", name, pool.Object.Spec.Mode))
	}
	remembered := pool.Owned
	pool, paused := betweenRanges(pool, observed.Body)
	body, problems := desiredPool(in, n, pool, observed.Body, obs.Cluster.Body)
	if len(problems) > 0 {
		return blocked(d, ReasonPassthrough, refusal(problems))
	}
	d.Body = body
	d.Retry = retryDue(in, d, observed, now)
	if pool.Owned != nil || d.Adopt {
		pool.Owned = withLimits(pool.Owned, body)
	}
	rules := rulesFor(pool.rules(), "agentPools", d.APIVersion, raw(pool.Object.Spec.Passthrough))
	action := in.versions.shown(name, in.versions.named(name, withVersion(in.inSequence(d, observed, pool, rules, now))))
	if paused {
		action.Owned = remembered // the range is still ours, and follows
	}
	if held := heldVersion(pool, obs.Cluster.Body); held != "" && action.Verb == plan.None {
		action.Verb, action.Reason, action.Message = plan.Wait, ReasonWaitingForControlPlane, held
	}
	return action
}

// emptySystemPool says that a System pool is to have no nodes, which AKS refuses, or nothing. Replicas belong to the
// MachinePool and mode to the pool, so that no schema can say it.
func emptySystemPool(pool Pool) string {
	if pool.Object.Spec.Mode != v1beta1.NodePoolModeSystem || pool.Object.Spec.Scaling != nil || pool.ReplicasManaged || pool.Replicas == nil || *pool.Replicas > 0 {
		return ""
	}
	return fmt.Sprintf("pool %q is a System pool and AKS keeps at least one node in it, but spec.replicas of MachinePool %q is 0: raise it, or change spec.mode of the pool to User",
		PoolName(pool.Object), pool.MachinePool)
}

// poolBody is the desired agent pool. Observed bodies are nil before the cluster exists.
func poolBody(in Inputs, n Names, pool Pool, observed, cluster fieldset.Object) fieldset.Object {
	spec := &pool.Object.Spec
	body := armfield.Encode(spec)
	put := func(path string, value any) { fieldset.Put(body, fieldset.ParsePath("properties."+path), value) }
	put("type", scaleSetsType)
	if spec.VnetSubnetID == "" && (spec.SubnetName != "" || !networkOfAKS(cluster)) {
		put("vnetSubnetID", poolSubnetID(n, pool))
	}
	if zones := poolZones(pool, observed); zones != nil {
		put("availabilityZones", zones)
	}
	if version := poolVersion(in, pool, observed, cluster); version != "" {
		put("orchestratorVersion", version)
	}
	autoscaled := spec.Scaling != nil
	put("enableAutoScaling", autoscaled)
	if count, ok := poolCount(withReplaced(pool, cluster), observed); ok {
		put("count", count)
	}
	if spec.OSDiskSizeGB != nil && *spec.OSDiskSizeGB == 0 {
		// 0 asks for the size that goes with the machines, and Azure answers with that size.
		fieldset.Remove(body, fieldset.ParsePath("properties.osDiskSizeGB"))
	}
	if spec.ScaleSetPriority != "Spot" {
		// A price for machines that are not Spot has no effect (admission warns), and AKS refuses it.
		fieldset.Remove(body, fieldset.ParsePath("properties.spotMaxPrice"))
	}
	withoutCount(spec, body, observed, cluster)
	return applyPatches(body, "agentPools", spec.ASOManagedClustersAgentPoolPatches)
}

func poolSubnetID(n Names, pool Pool) string {
	if name := pool.Object.Spec.SubnetName; name != "" {
		return SubnetID(n.NetworkID, name)
	}
	return n.SubnetID
}

// zones are where the machines of a new pool are to be.
func (p Pool) zones() []string {
	if own := p.Object.Spec.AvailabilityZones; len(own) > 0 {
		return own
	}
	return p.FailureDomains
}

// poolZones are the zones that the MachinePool's failure domains come to, nil where the pool has zones of its own, or none. AKS never
// moves a pool, and a MachinePool's failure domains can be changed at any time: of a pool that is there they say nothing.
func poolZones(pool Pool, observed fieldset.Object) []any {
	if len(pool.Object.Spec.AvailabilityZones) > 0 {
		return nil
	}
	path := fieldset.ParsePath("properties.availabilityZones")
	if observed != nil {
		there, _ := fieldset.Get(observed, path)
		zones, _ := there.([]any)
		if len(pool.FailureDomains) == 0 && !pool.Owned.Has(path) {
			return nil
		}
		return zones
	}
	var zones []any
	for _, zone := range pool.FailureDomains {
		zones = append(zones, zone)
	}
	return zones
}

// poolCount is the node count to ask for. Where an autoscaler is in charge the count is only given at creation and, because
// AKS refuses to turn the autoscaler on for a count outside of its limits, at that moment: afterwards it belongs to the
// autoscaler and is sent back as it was read.
func poolCount(pool Pool, observed fieldset.Object) (int64, bool) {
	count := int64(1)
	if pool.Replicas != nil {
		count = int64(*pool.Replicas)
	}
	scaling := pool.Object.Spec.Scaling
	switch {
	case scaling == nil:
		return count, observed == nil || !pool.ReplicasManaged
	case observed == nil:
		return within(scaling, count), true
	}
	running, on, known := autoscaled(observed)
	if on || !known || within(scaling, running) == running {
		return 0, false
	}
	return within(scaling, running), true
}

// within is a count inside the limits of an autoscaler.
func within(scaling *v1beta1.Scaling, count int64) int64 {
	if scaling.MinSize != nil {
		count = max(count, int64(*scaling.MinSize))
	}
	if scaling.MaxSize != nil {
		count = min(count, int64(*scaling.MaxSize))
	}
	return count
}

// poolVersion is the version to ask for: of a new pool the declared one, though not above what the control plane runs (AKS refuses
// that), and of one that exists its next step on the way there. Empty when nothing is declared.
func poolVersion(in Inputs, pool Pool, observed, cluster fieldset.Object) string {
	want := strings.TrimPrefix(pool.Version, "v")
	if want == "" {
		return ""
	}
	if observed == nil {
		if control := stringAt(cluster, "properties", "currentKubernetesVersion"); control != "" && CompareVersions(want, control) > 0 {
			return control
		}
		return want
	}
	return in.versions.versionFor(runs{name: PoolName(pool.Object), current: stringAt(observed, "properties", "currentOrchestratorVersion"),
		asked: stringAt(observed, "properties", "orchestratorVersion")})
}

// heldVersion says that a pool's upgrade waits for the control plane, or nothing.
func heldVersion(pool Pool, cluster fieldset.Object) string {
	control := stringAt(cluster, "properties", "currentKubernetesVersion")
	if pool.Version == "" || control == "" || CompareVersions(pool.Version, control) <= 0 {
		return ""
	}
	return fmt.Sprintf("version %s waits for the control plane, which runs v%s", NormalVersion(pool.Version), control)
}

// observedPool is what is known of a pool: the pool read on its own, or else the cluster's inline entry in the
// shape of an agent pool, with the defaults AKS leaves out there.
func observedPool(obs Observation, name string) plan.Observed {
	if detail, ok := obs.PoolDetails[name]; ok {
		return detail
	}
	for _, inline := range inlineProfiles(obs.Cluster.Body) {
		if !strings.EqualFold(stringAt(inline, "name"), name) {
			continue
		}
		properties := fieldset.Copy(inline)
		delete(properties, "name")
		for key, value := range inlineDefaults {
			if _, there := properties[key]; !there {
				properties[key] = value
			}
		}
		return plan.Observed{
			Exists: true,
			Body:   fieldset.Object{"name": inline["name"], "properties": properties},
			ETag:   stringAt(inline, "eTag"),
			State:  stringAt(inline, "provisioningState"),
		}
	}
	return plan.Observed{}
}

// inlineDefaults are the pool defaults that AKS reports on an agent pool but leaves out of the cluster's inline
// list (recorded with 2024-09-01).
var inlineDefaults = fieldset.Object{"enableAutoScaling": false, "scaleDownMode": "Delete"}

func inlineProfiles(cluster fieldset.Object) []fieldset.Object {
	list, _ := fieldset.Get(cluster, fieldset.Path{"properties", "agentPoolProfiles"})
	items, _ := list.([]any)
	profiles := make([]fieldset.Object, 0, len(items))
	for _, item := range items {
		if profile, ok := item.(fieldset.Object); ok {
			profiles = append(profiles, profile)
		}
	}
	return profiles
}

// lastSystemPool tells whether AKS would be left without a System pool: none other is there that is not going.
func lastSystemPool(obs Observation, name string) bool {
	for _, profile := range inlineProfiles(obs.Cluster.Body) {
		if !strings.EqualFold(stringAt(profile, "name"), name) && strings.EqualFold(stringAt(profile, "mode"), string(v1beta1.NodePoolModeSystem)) &&
			!strings.EqualFold(stringAt(profile, "provisioningState"), "Deleting") {
			return false
		}
	}
	return strings.EqualFold(stringAt(observedPool(obs, name).Body, "properties", "mode"), string(v1beta1.NodePoolModeSystem))
}

// UndeclaredPools are pools in Azure that no object declares. They are reported, never removed.
func UndeclaredPools(in Inputs, obs Observation) []string {
	declared := map[string]bool{}
	for _, pool := range in.Pools {
		for _, name := range pool.agentPools() {
			declared[strings.ToLower(name)] = true
		}
	}
	var names []string
	for _, profile := range inlineProfiles(obs.Cluster.Body) {
		if name := stringAt(profile, "name"); !declared[strings.ToLower(name)] {
			names = append(names, name)
		}
	}
	return names
}
