package aks

import (
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

func (p *Provider) clusterPutDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	c := p.Fabric.Get(op.Resource)
	if c == nil {
		return fail, 0
	}
	if fail == nil {
		fail = p.overQuota(c)
	}
	if fail == nil {
		if err := p.startAPI(c); err != nil {
			fail = &arm.OperationError{Code: "ProvisioningControlPlaneError", Message: err.Error()}
		}
	}
	if fail == nil {
		fail = p.connect(c)
	}
	if fail != nil {
		p.failed(c, fail)
		for _, pool := range p.pools(c) {
			if pool.State != "Succeeded" {
				p.failed(pool, fail)
			}
		}
		return fail, 0
	}
	private(c).Deployed = true
	props := arm.Map(c.Body, "properties")
	props["currentKubernetesVersion"] = op.Args["version"]
	p.succeeded(c)
	for _, pool := range p.pools(c) {
		p.applyPool(c, pool, op.Args["pool/"+pool.Name])
	}
	p.syncNodes(c)
	return nil, 0
}

func (p *Provider) poolPutDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	pool := p.Fabric.Get(op.Resource)
	if pool == nil {
		return fail, 0
	}
	c := p.Fabric.Get(pool.ARMID().Parent().String())
	if fail == nil {
		fail = p.overQuota(c)
	}
	if fail != nil {
		p.failed(pool, fail)
		return fail, 0
	}
	p.applyPool(c, pool, op.Args["pool/"+pool.Name])
	p.syncNodes(c)
	return nil, 0
}

// applyPool makes the machines follow the pool.
func (p *Provider) applyPool(c, pool *fabric.Resource, version string) {
	props := arm.Map(pool.Body, "properties")
	if version != "" {
		props["currentOrchestratorVersion"] = version
		props["nodeImageVersion"] = p.nodeImage(props) // nothing else but an upgrade brings a newer image
	}
	dropEmpty(props)
	p.succeeded(pool)
	p.scale(c, pool)
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

func (p *Provider) poolDeleteDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	pool := p.Fabric.Get(op.Resource)
	if pool == nil {
		return nil, 0
	}
	if fail != nil {
		p.failed(pool, fail)
		return fail, 0
	}
	c := p.Fabric.Get(pool.ARMID().Parent().String())
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
