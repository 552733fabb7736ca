package aks

import (
	"cmp"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// What the service does when an operation reaches a step or its end.

func (p *Provider) clusterStep(op *fabric.Operation, name string) {
	if c := p.Fabric.Get(op.Resource); c != nil && name == apiServerStep {
		_ = p.startAPI(c) // tried again, and reported, at the end of the operation
	}
}

// clusterPutDone goes the way of an upgrade: the control plane first, then the pools. A pool that fails does not take the
// control plane back.
func (p *Provider) clusterPutDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	c := p.Fabric.Get(op.Resource)
	if c == nil {
		return fail, 0
	}
	if fail == nil && op.Args[drainingSince] == "" {
		fail = p.controlPlaneDone(c, op.Args["version"])
	}
	if fail != nil {
		p.clusterFailed(c, fail)
		return fail, 0
	}
	fail, wait := p.poolsDone(op, c)
	p.syncNodes(c)
	switch {
	case wait > 0:
		return nil, wait
	case fail != nil:
		p.clusterFailed(c, fail)
	default:
		p.succeeded(c)
	}
	return fail, 0
}

func (p *Provider) controlPlaneDone(c *fabric.Resource, version string) *arm.OperationError {
	if fail := p.overQuota(c); fail != nil {
		return fail
	}
	if err := p.startAPI(c); err != nil {
		return &arm.OperationError{Code: "ProvisioningControlPlaneError", Message: err.Error()}
	}
	if fail := p.connect(c); fail != nil {
		return fail
	}
	private(c).Deployed = true
	arm.Map(c.Body, "properties")["currentKubernetesVersion"] = version
	p.Fabric.Save(c)
	return nil
}

// poolsDone ends the change of each pool, those that could be drained before those that keep the operation waiting. No
// pool has failed as long as one waits. The first failure is the cluster's.
func (p *Provider) poolsDone(op *fabric.Operation, c *fabric.Resource) (first *arm.OperationError, wait time.Duration) {
	failures, again := map[*fabric.Resource]*arm.OperationError{}, op.Args[drainingSince] != ""
	for _, pool := range p.pools(c) {
		if again && pool.State == "Succeeded" {
			continue
		}
		fail, more := p.replaceMachines(op, c, pool)
		wait = max(wait, more)
		if fail != nil {
			failures[pool], first = fail, cmp.Or(first, fail)
		}
	}
	if wait > 0 {
		return nil, wait
	}
	for pool, fail := range failures {
		p.failed(pool, fail)
	}
	return first, 0
}

// clusterFailed leaves the cluster, and the pools that had not ended, behind.
func (p *Provider) clusterFailed(c *fabric.Resource, fail *arm.OperationError) {
	p.failed(c, fail)
	for _, pool := range p.pools(c) {
		if !terminal(pool.State) {
			p.failed(pool, fail)
		}
	}
}

// onPool makes the end of an operation from what it does to its pool: the pool may be gone by then, and a failure stays
// on it.
func (p *Provider) onPool(apply func(op *fabric.Operation, c, pool *fabric.Resource) (*arm.OperationError, time.Duration)) fabric.Kind {
	return fabric.Kind{Done: func(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
		pool := p.Fabric.Get(op.Resource)
		if pool == nil {
			return fail, 0
		}
		wait := time.Duration(0)
		if fail == nil {
			fail, wait = apply(op, p.Fabric.Get(pool.ARMID().Parent().String()), pool)
		}
		if fail != nil {
			p.failed(pool, fail)
		}
		return fail, wait
	}}
}

func (p *Provider) poolPutDone(op *fabric.Operation, c, pool *fabric.Resource) (*arm.OperationError, time.Duration) {
	if fail := p.overQuota(c); fail != nil {
		return fail, 0
	}
	fail, wait := p.replaceMachines(op, c, pool)
	if fail == nil && wait == 0 {
		p.syncNodes(c)
	}
	return fail, wait
}

// applyPool makes the machines follow the pool. Nothing but an upgrade, a node image upgrade or another operating system
// brings an existing machine a newer image.
func (p *Provider) applyPool(c, pool *fabric.Resource, g goal) {
	props := arm.Map(pool.Body, "properties")
	if g.upgrade {
		props["currentOrchestratorVersion"], props["nodeImageVersion"] = g.version, g.image
	}
	dropEmpty(props)
	p.succeeded(pool)
	p.scale(c, pool)
	if g.upgrade {
		p.reimage(c, pool, g)
	}
}

func (p *Provider) clusterDeleteDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	c := p.Fabric.Get(op.Resource)
	if c == nil {
		return nil, 0
	}
	if fail != nil {
		p.failed(c, fail)
		for _, pool := range p.pools(c) {
			p.failed(pool, fail)
		}
		return fail, 0
	}
	if group := p.nodeGroup(c); group != nil {
		p.Fabric.Drop(group)
	}
	p.Fabric.Drop(c)
	return nil, 0
}

// poolDeleteDone empties the machines first, unless the client said not to ask the disruption budgets.
func (p *Provider) poolDeleteDone(op *fabric.Operation, c, pool *fabric.Resource) (*arm.OperationError, time.Duration) {
	if op.Args[ignoreBudgets] == "" {
		stuck, wait := p.drain(op, c, pool, p.machinesOf(c, pool))
		switch {
		case wait > 0:
			return nil, wait
		case len(stuck) > 0:
			return drainFailure("PodDrainFailure", stuck[0]), 0
		}
	}
	if set := p.Fabric.Get(p.scaleSetID(c, pool).String()); set != nil {
		p.Fabric.Drop(set)
	}
	p.Fabric.Drop(pool)
	p.syncNodes(c)
	return nil, 0
}

func (p *Provider) succeeded(r *fabric.Resource) {
	r.State, r.ETag = "Succeeded", uuid.NewString()
	arm.Remove(r.Body, "properties.status")
	p.Fabric.Save(r)
}

// failed leaves the resource behind, with the reason on it.
func (p *Provider) failed(r *fabric.Resource, e *arm.OperationError) {
	r.State, r.ETag = "Failed", uuid.NewString()
	arm.Put(r.Body, "properties.status", arm.Object{"provisioningError": arm.Object{"code": e.Code, "message": e.Message}})
	p.Fabric.Save(r)
}
