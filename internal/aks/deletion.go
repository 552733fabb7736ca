package aks

import (
	"fmt"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// decideDeletion takes away what was created for the cluster, and nothing else: first what would outlive it (its
// membership in a fleet, private endpoints in its network), then the managed cluster with all its pools and extensions,
// then the network, then the resource group. A group that is ours and holds nothing foreign goes as a whole; one that
// holds something foreign stays, and that is said.
func decideDeletion(in Inputs, obs Observation, now time.Time) Decision {
	if policy := Policy(in.ControlPlane); policy != v1beta1.PolicyManage {
		return decideLeaving(in, obs, policy)
	}
	n := NamesOf(in)
	if why := protection(in, obs); why != "" && obs.Cluster.Exists {
		d := plan.Desired{ID: n.ClusterID, Kind: KindManagedCluster, Name: n.ClusterName, APIVersion: ContainerServiceAPIVersion}
		held := blocked(d, ReasonDeletionProtected, why)
		return Decision{Actions: []plan.Action{held}, Hold: &held}
	}
	network := removal(in, KindVirtualNetwork, n.NetworkID, NetworkAPIVersion, obs.VirtualNetwork, nil, now)
	group := groupRemoval(in, n.GroupID, obs.ResourceGroup, obs, now)
	survivors, need := survivorSteps(in, n, obs, now)
	if len(need) > 0 {
		return Decision{NeedDependents: need}
	}
	d := Decision{Done: true, Actions: survivors}
	d.Actions = append(d.Actions, removal(in, KindManagedCluster, n.ClusterID, ContainerServiceAPIVersion, obs.Cluster, in.Owned.ManagedCluster, now))
	if group.Verb == plan.None || n.NetworkInOtherGroup {
		d.Actions = append(d.Actions, network)
	}
	d.Actions = append(d.Actions, group)
	if n.NetworkInOtherGroup {
		d.Actions = append(d.Actions, groupRemoval(in, n.NetworkGroupID, obs.NetworkGroup, obs, now))
	}
	for i := range d.Actions {
		action := &d.Actions[i]
		if action.Verb == plan.None {
			continue
		}
		d.Done = false
		if refused := heldByFailure(in, action, obs, now); writes(action.Verb) && refused != nil {
			*action = *refused
		}
		if writes(action.Verb) {
			d.Next = action
			if _, read := obs.Foreign[strings.ToLower(action.ID)]; action.Kind == KindResourceGroup && !read {
				d.Next, d.NeedContents = nil, []string{action.ID}
			}
		} else {
			d.Hold = action
		}
		break
	}
	return d
}

// removal is the plan for taking away one resource, if it is ours by tag or by memory.
func removal(in Inputs, kind, id, apiVersion string, obs plan.Observed, owned *fieldset.Set, now time.Time) plan.Action {
	d := plan.Desired{ID: id, Kind: kind, Name: lastSegment(id), APIVersion: apiVersion, Absent: true}
	d.Adopt = ownedByTag(obs.Body, in.Cluster.Name)
	return plan.Compute(d, obs, owned, plan.Rules{}, now)
}

// groupRemoval deletes a resource group only when it is ours and holds nothing that we did not create.
func groupRemoval(in Inputs, id string, observed plan.Observed, obs Observation, now time.Time) plan.Action {
	action := removal(in, KindResourceGroup, id, ResourcesAPIVersion, observed, nil, now)
	if foreign := obs.Foreign[strings.ToLower(id)]; action.Verb == plan.Delete && len(foreign) > 0 {
		action.Verb, action.Reason = plan.None, ReasonForeignContents
		action.Message = fmt.Sprintf("resource group %s is kept: it also holds %s", action.Name, strings.Join(shortNames(foreign), ", "))
	}
	return action
}

// Foreign picks the ids of a resource group that were not created for this cluster.
func Foreign(in Inputs, ids []string) []string {
	n := NamesOf(in)
	foreign := []string{}
	for _, id := range ids {
		if !SameID(id, n.ClusterID) && !SameID(id, n.NetworkID) && !strings.HasPrefix(strings.ToLower(id), strings.ToLower(n.ClusterID)+"/") {
			foreign = append(foreign, id)
		}
	}
	return foreign
}

// shortNames makes ids readable: type and name, at most five.
func shortNames(ids []string) []string {
	names := make([]string, 0, len(ids))
	for i, id := range ids {
		if i == 5 {
			names = append(names, fmt.Sprintf("%d more", len(ids)-i))
			break
		}
		if at := strings.LastIndex(id, "/providers/"); at >= 0 {
			id = id[at+len("/providers/"):]
		}
		names = append(names, id)
	}
	return names
}
