package aks

import (
	"net/http"
	"strings"

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
	return pretty(http.StatusOK, p.statusDocument(op)), nil
}

func (p *Provider) statusDocument(op *fabric.Operation) arm.Object {
	doc := arm.Object{"name": op.ID, "status": op.Status, "startTime": op.Start.UTC().Format(timestamp)}
	if !op.Running() {
		doc["endTime"] = op.End.UTC().Format(timestamp)
	}
	switch {
	case op.Error != nil:
		doc["error"] = op.Error
	case p.notLatest(op):
		doc["error"] = arm.Object{"code": "NotLatestOperation", "message": "The operation has been preempted by another one. Please wait for the other operation to complete and try again.."}
	case op.Args[remarked] != "":
		doc["error"] = arm.Object{"code": "NotLatestOperation", "message": "Cannot proceed with the operation. Either the operation has been preempted by another one, or the information needed by the operation failed to be saved (or hasn't been saved yet)."}
	}
	return doc
}

// remarked marks the operations of the winter of 2023, when every change and every deletion of an existing cluster
// carried a NotLatestOperation "error" although it ran and succeeded (recorded): clients must look at the status.
const remarked = "remarked"

func (p *Provider) remark(args map[string]string) map[string]string {
	if p.onDay("1.26.0") && !p.onDay("1.28.0") {
		if args == nil {
			args = map[string]string{}
		}
		args[remarked] = "true"
	}
	return args
}

// notLatest says that an operation that has ended was followed by another one on the same resource. What the service
// does on its own does not count (recorded for a cluster that joins a fleet).
func (p *Provider) notLatest(op *fabric.Operation) bool {
	if op.Running() {
		return false
	}
	for _, newer := range p.Fabric.Operations(op.Resource) {
		if newer == op || newer.Args[reconciling] == "" {
			return newer != op
		}
	}
	return false
}

func (p *Provider) operationResult(rq *arm.Request) (*arm.Response, error) {
	op, err := p.operation(rq)
	if err != nil {
		return nil, err
	}
	if resp, err := p.Result(rq, op); resp != nil || err != nil {
		return resp, err
	}
	switch {
	case op.Running():
		resp := p.accepted(rq, op, http.StatusAccepted, nil)
		resp.Header.Del("Azure-AsyncOperation")
		return resp, nil
	case op.Error != nil:
		return nil, arm.FlatError(http.StatusBadRequest, op.Error.Code, "%s", op.Error.Message)
	case op.Kind == upgradeNodeImage:
		return p.upgradedPool(rq, op), nil
	}
	return arm.Respond(http.StatusNoContent, nil), nil
}

// progress is the document of managedClusters/operations, the only place with a percentage.
func (p *Provider) progress(rq *arm.Request, op *fabric.Operation) arm.Object {
	doc := p.statusDocument(op)
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
