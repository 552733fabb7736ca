package engine

import (
	"context"
	"slices"
	"time"

	"github.com/capaks/capaks/internal/aks"
)

// Workload is the Kubernetes API of the cluster, as far as nodes that go have to be drained.
type Workload interface {
	// Nodes are the nodes of an agent pool, with the pods that leave them in a drain if pods is set.
	Nodes(ctx context.Context, pool string, pods bool) ([]aks.Node, error)
	// Cordon keeps new pods off a node, or takes that back.
	Cordon(ctx context.Context, node string, cordon bool) error
	// Evict answers false when a disruption budget does not let the pod go now.
	Evict(ctx context.Context, pod aks.Pod) (bool, error)
	// Budgets are the disruption budgets of the cluster.
	Budgets(ctx context.Context) ([]aks.Budget, error)
}

// Pauses between two looks at nodes.
const (
	// drainPause is for what goes on by itself within seconds: nodes that come up, pods that shut down.
	drainPause = 5 * time.Second
	// budgetPause is for what somebody has to do something about, or another pod to become ready.
	budgetPause = 20 * time.Second
)

// readNodes looks at the nodes of agent pools: in Azure, and in the Kubernetes API where that can be used.
func (s *step) readNodes(ctx context.Context, wanted []aks.NodesOf) error {
	facts := aks.FactsOf(s.memory.obs.Cluster)
	nodes := map[aks.NodesOf]aks.PoolNodes{}
	for known, pool := range s.memory.obs.Nodes {
		if _, exists := facts.Pool(known.Pool); exists {
			nodes[known] = pool
		}
	}
	for _, want := range wanted {
		ids, err := s.listInstances(ctx, facts, want.Pool)
		if err != nil {
			return err
		}
		pool := aks.PoolNodes{Time: s.now(), Instances: int64(len(ids))}
		if s.Workload == nil {
			pool.Unreachable = "there is no kubeconfig of the cluster"
		} else if pool.Nodes, err = s.Workload.Nodes(ctx, want.Pool, want.Pods); err != nil {
			pool.Unreachable = err.Error()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		nodes[want] = pool
	}
	s.memory.obs.Nodes = nodes
	return nil
}

// drain asks for what the decision wants of the Kubernetes API and makes sure that somebody looks again.
func (s *step) drain(ctx context.Context, d aks.Decision) error {
	if len(d.Rotations) > 0 {
		s.report.requeue(0) // as soon as it is remembered
	}
	if len(d.Rotating) == 0 {
		s.memory.obs.Nodes = nil
		return nil
	}
	pause := budgetPause
	for _, state := range d.Rotating {
		if state.Phase != aks.ReasonDraining && state.Phase != aks.ReasonWorkloadUnreachable {
			pause = drainPause
		}
	}
	if !d.Drain.Empty() {
		pause = drainPause
		if err := s.workloadDrain(ctx, d.Drain); err != nil {
			s.report.drainError = err.Error()
			pause = budgetPause
		}
		s.rotating = d.Rotating
		s.memory.obs.Nodes = nil // it is another picture now
	} else if s.going() {
		pause = drainPause
	}
	s.report.requeue(pause)
	return ctx.Err()
}

// going tells whether pods are on their way from nodes.
func (s *step) going() bool {
	for _, pool := range s.memory.obs.Nodes {
		for _, node := range pool.Nodes {
			if slices.ContainsFunc(node.Pods, func(p aks.Pod) bool { return p.Going }) {
				return true
			}
		}
	}
	return false
}

func (s *step) workloadDrain(ctx context.Context, d aks.Drain) error {
	for _, node := range d.Uncordon {
		if err := s.Workload.Cordon(ctx, node, false); err != nil {
			return err
		}
	}
	for _, node := range d.Cordon {
		if err := s.Workload.Cordon(ctx, node, true); err != nil {
			return err
		}
	}
	for _, pod := range d.Evict {
		// One that a budget does not let go is seen with its budget at the next look.
		if _, err := s.Workload.Evict(ctx, pod); err != nil {
			return err
		}
	}
	return nil
}

// rotation reports how far rotations are. What was asked of the Kubernetes API in this step has changed the picture, so the
// state is that of the decision that asked for it.
func (s *step) rotation(r *Report) {
	r.Rotations, r.Rotating, r.Twins = r.decision.Rotations, r.decision.Rotating, aks.Twins(s.Inputs)
	for name, state := range s.rotating {
		if _, goes := r.Rotating[name]; goes {
			r.Rotating[name] = state
		}
	}
	if len(r.Rotations) > 0 {
		r.requeue(0)
	}
	if s.report.drainError == "" {
		return
	}
	for name, state := range r.Rotating {
		state.Message += "; " + s.report.drainError
		r.Rotating[name] = state
	}
}
