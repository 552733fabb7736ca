package controller

import (
	"slices"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

// rememberRotations writes into the objects (in memory) which agent pools are theirs from now on.
func rememberRotations(a *aggregate, r engine.Report) {
	for _, p := range a.pools {
		if rotation, changes := r.Rotations[p.pool.Name]; changes {
			rotation.Annotate(p.pool)
		}
	}
}

// rotating is how far the rotation of a pool is; ok is false when there is none.
func (o outcome) rotating(pool *v1beta1.AzureManagedMachinePool) (aks.RotationState, bool) {
	state, ok := o.report.Rotating[pool.Name]
	return state, ok
}

// applyRotation writes how far a rotation is into the status of its pool (in memory).
func applyRotation(pool *v1beta1.AzureManagedMachinePool, o outcome) {
	pool.Status.Replacement = nil
	state, ok := o.rotating(pool)
	if !ok {
		return
	}
	pool.Status.Replacement = &v1beta1.NodePoolReplacementStatus{
		Phase: state.Phase, From: state.From, To: state.To, Message: state.Message,
		Nodes: int32(state.Nodes), DrainedNodes: int32(state.Drained),
	}
}

// machinesOf are the ids of the machines of a pool: its agent pool's own and, while it replaces others, theirs, too. A machine
// that leaves the list is one whose Node Cluster API deletes.
func machinesOf(pool *v1beta1.AzureManagedMachinePool, r engine.Report) []string {
	ids := slices.Clone(r.ProviderIDs[aks.PoolName(pool)])
	for _, replaced := range aks.RotationOf(pool).Replaces {
		if _, exists := r.Facts.Pool(replaced); exists {
			ids = append(ids, r.ProviderIDs[replaced]...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// rotationText is the message of the condition of a pool that is being replaced.
func rotationText(state aks.RotationState) string {
	return "agent pool " + state.To + " takes the place of " + strings.Join(state.From, ", ") + ": " + state.Message
}
