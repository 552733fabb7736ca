package aks

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// The kinds of operations, and the step at which a new cluster's API server starts to answer.
const (
	putCluster    = "PutManagedCluster"
	deleteCluster = "DeleteManagedCluster"
	putPool       = "PutAgentPool"
	deletePool    = "DeleteAgentPool"
	apiServerStep = "api-server"

	// operationVersion is the api-version of the polling addresses, whatever the request used.
	operationVersion = "2016-03-30"
	timestamp        = "2006-01-02T15:04:05.0000000Z"
)

// accepted adds the polling addresses: a PUT gets only Azure-AsyncOperation, a DELETE also Location; never a
// Retry-After (recorded).
func (p *Provider) accepted(rq *arm.Request, op *fabric.Operation, status int, body any) *arm.Response {
	path := func(what string) string {
		return "/subscriptions/" + op.Subscription + "/providers/" + Namespace + "/locations/" + op.Location + "/" + what + "/" + op.ID
	}
	resp := pretty(status, body)
	resp.With("Azure-AsyncOperation", arm.SignedURL(rq.BaseURL, path("operations"), operationVersion))
	if status == http.StatusAccepted {
		resp.With("Location", arm.SignedURL(rq.BaseURL, path("operationresults"), operationVersion))
	}
	return resp
}

func (p *Provider) operation(rq *arm.Request) (*fabric.Operation, error) {
	op := p.Fabric.Operation(rq.Params["operation"])
	if op == nil || op.Provider != Namespace || !strings.EqualFold(op.Subscription, rq.ID.Subscription) {
		return nil, arm.FlatError(http.StatusNotFound, "NotFound", "The entity was not found. Operation '%s'.", rq.Params["operation"])
	}
	return op, nil
}

func (p *Provider) operationStatus(rq *arm.Request) (*arm.Response, error) {
	op, err := p.operation(rq)
	if err != nil {
		return nil, err
	}
	return pretty(http.StatusOK, statusDocument(op)), nil
}

func statusDocument(op *fabric.Operation) arm.Object {
	doc := arm.Object{"name": op.ID, "status": op.Status, "startTime": op.Start.UTC().Format(timestamp)}
	if !op.Running() {
		doc["endTime"] = op.End.UTC().Format(timestamp)
	}
	if op.Error != nil {
		doc["error"] = op.Error
	}
	return doc
}

func (p *Provider) operationResult(rq *arm.Request) (*arm.Response, error) {
	op, err := p.operation(rq)
	switch {
	case err != nil:
		return nil, err
	case op.Running():
		resp := p.accepted(rq, op, http.StatusAccepted, nil)
		resp.Header.Del("Azure-AsyncOperation")
		return resp, nil
	case op.Error != nil:
		return nil, arm.FlatError(http.StatusBadRequest, op.Error.Code, "%s", op.Error.Message)
	}
	return arm.Respond(http.StatusNoContent, nil), nil
}

// progress is the document of managedClusters/operations, the only place with a percentage.
func (p *Provider) progress(rq *arm.Request, op *fabric.Operation) arm.Object {
	doc := statusDocument(op)
	doc["id"] = lowerGroups(op.Resource) + "/operations/" + op.ID
	doc["resourceId"] = op.Resource
	doc["percentComplete"] = op.Percent(rq.Now)
	return doc
}

func (p *Provider) operationOf(rq *arm.Request, r *fabric.Resource) (*arm.Response, error) {
	for _, op := range p.Fabric.Operations(r.ID) {
		if name := rq.Params["operation"]; strings.EqualFold(name, "latest") || strings.EqualFold(name, op.ID) {
			return pretty(http.StatusOK, p.progress(rq, op)), nil
		}
	}
	return nil, arm.FlatError(http.StatusNotFound, "NotFound", "Operation '%s' of '%s' was not found.", rq.Params["operation"], r.ID)
}

func (p *Provider) clusterOperation(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	return p.operationOf(rq, c)
}

func (p *Provider) poolOperation(rq *arm.Request) (*arm.Response, error) {
	_, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	return p.operationOf(rq, pool)
}

func (p *Provider) listOperations(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, op := range p.Fabric.Operations(c.ID) {
		if len(value) < 50 { // the service keeps the last fifty
			value = append(value, p.progress(rq, op))
		}
	}
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}

// --- what happens in the background ------------------------------------------------------------------------------

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
	p.outboundIPs(c)
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
	}
	props["nodeImageVersion"] = nodeImage(props)
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

// overQuota compares the vCPUs all pools of the subscription and region ask for with the limits.
func (p *Provider) overQuota(c *fabric.Resource) *arm.OperationError {
	w := p.World.Get()
	sub := c.ARMID().Subscription
	wanted, running := map[string]int64{}, map[string]int64{}
	for _, other := range p.Fabric.List(sub, ClusterType) {
		if other.Location != c.Location {
			continue
		}
		for _, pool := range p.pools(other) {
			props := arm.Map(pool.Body, "properties")
			size, _ := w.Size(arm.Str(props, "vmSize"))
			machines := p.machines(other, pool)
			count := int64(machines)
			if other == c {
				count, _ = arm.Int(props, "count")
			}
			for _, family := range []string{"cores", size.Family} {
				wanted[family] += count * size.VCPUs
				running[family] += int64(machines) * size.VCPUs
			}
		}
	}
	for family, n := range wanted {
		limit, ok := w.Limit(sub, c.Location, family)
		if ok && n > limit && n > running[family] {
			what := "Core"
			if family != "cores" {
				what = family + " Core"
			}
			return &arm.OperationError{Code: "QuotaExceeded", Message: "Provisioning of resource(s) for Agent Pool failed. Error: Operation results in exceeding quota limits of " + what + ". Maximum allowed: " + strconv.FormatInt(limit, 10) + ", Current in use: " + strconv.FormatInt(running[family], 10) + ", Additional requested: " + strconv.FormatInt(n-running[family], 10) + ". Please read more about quota increase at https://aka.ms/AzurePerVMQuotaLimits."}
		}
	}
	return nil
}
