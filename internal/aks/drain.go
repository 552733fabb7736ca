package aks

import (
	"fmt"
	"strings"
	"time"
)

// NodesOf asks for the nodes of an agent pool, with or without the pods on them.
type NodesOf struct {
	Pool string
	Pods bool
}

// Drain is what is to be asked of the Kubernetes API of the cluster now.
type Drain struct {
	Cordon, Uncordon []string
	Evict            []Pod
}

// Empty tells whether there is nothing to ask.
func (d Drain) Empty() bool { return len(d.Cordon)+len(d.Uncordon)+len(d.Evict) == 0 }

// nodesFreshFor is how old knowledge of nodes may be for a decision about them.
const nodesFreshFor = 5 * time.Second

// nodes are those of an agent pool, asked for where they are not known well enough.
func (d *Decision) nodes(obs Observation, want NodesOf, now time.Time) (PoolNodes, bool) {
	known, ok := obs.Nodes[want]
	if ok && now.Sub(known.Time) <= nodesFreshFor {
		return known, true
	}
	d.NeedNodes = append(d.NeedNodes, want)
	return PoolNodes{}, false
}

// drainNodes works out what drains nodes further, and answers true when all are drained. Nodes are drained one after the
// other; one on which only disruption budgets hold pods back does not keep the next from being drained.
func (d *Decision) drainNodes(pool Pool, known PoolNodes, state *RotationState) bool {
	state.Phase = ReasonDraining
	if known.Unreachable != "" {
		state.Phase, state.Message = ReasonWorkloadUnreachable, unreachableMessage(pool, known)
		return false
	}
	nodes := sortNodes(known.Nodes)
	state.Nodes = len(nodes)
	var waits []string
	begun := false
	for _, node := range nodes {
		if !node.Unschedulable {
			d.Drain.Cordon = append(d.Drain.Cordon, node.Name)
		}
		if len(node.Pods) == 0 {
			state.Drained++
			continue
		}
		if begun {
			continue
		}
		evict, held, going := drainOf(node)
		d.Drain.Evict = append(d.Drain.Evict, evict...)
		waits = append(waits, held...)
		begun = len(evict) > 0 || going
	}
	if len(d.Drain.Cordon) > 0 {
		d.Drain.Evict = nil // what leaves a node must not land on the next one that goes
	}
	state.Message = fmt.Sprintf("drained %d of %d nodes", state.Drained, state.Nodes)
	if len(waits) > 0 {
		state.Message += "; " + strings.Join(waits[:min(len(waits), maxWaits)], "; ")
	}
	return state.Drained == state.Nodes && len(d.Drain.Cordon) == 0
}

// maxWaits bounds how many pods a message names.
const maxWaits = 3

// drainOf sorts the pods of a node into those to evict now and those that are held back, with the reason; going says that
// some are on their way.
func drainOf(node Node) (evict []Pod, held []string, going bool) {
	left := map[string]int32{} // what a budget still allows
	for _, pod := range node.Pods {
		full := ""
		for _, budget := range pod.Budgets {
			if _, seen := left[budget.Key()]; !seen {
				left[budget.Key()] = budget.DisruptionsAllowed
			}
			if left[budget.Key()] <= 0 {
				full = budget.Key()
			}
		}
		switch {
		case pod.Going:
			going = true
		case pod.Unmanaged:
			held = append(held, fmt.Sprintf("pod %s on node %s belongs to no controller that would make it again: delete it, or move it", pod.Key(), node.Name))
		case full != "":
			held = append(held, fmt.Sprintf("pod %s on node %s waits for PodDisruptionBudget %s, which allows no disruption now", pod.Key(), node.Name, full))
		default:
			for _, budget := range pod.Budgets {
				left[budget.Key()]--
			}
			evict = append(evict, pod)
		}
	}
	return evict, held, going
}

func unreachableMessage(pool Pool, nodes PoolNodes) string {
	return fmt.Sprintf("the old nodes cannot be drained: %s; make the API server reachable from the manager, or set spec.replacement.drain of AzureManagedMachinePool %s to Azure to let AKS drain them",
		nodes.Unreachable, pool.Object.Name)
}
