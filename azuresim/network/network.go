// Package network emulates the part of Microsoft.Network that AKS clusters stand on: virtual networks and their
// subnets. It must not know AKS; who uses a subnet is asked through UsedBy.
package network

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

// Resource types.
const (
	VNetType   = "Microsoft.Network/virtualNetworks"
	SubnetType = "Microsoft.Network/virtualNetworks/subnets"
)

const (
	putKind    = "PutNetworkResource"
	deleteKind = "DeleteNetworkResource"
)

// Provider serves Microsoft.Network.
type Provider struct {
	Fabric   *fabric.Fabric
	World    *world.Holder
	Duration func() time.Duration
	// UsedBy names a resource that stands in a subnet, "" if none.
	UsedBy func(subnetID string) string
}

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	p.Fabric.Register(putKind, fabric.Kind{Done: p.putDone})
	p.Fabric.Register(deleteKind, fabric.Kind{Done: p.deleteDone})
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	const sub, group = "/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{rg}"
	const vnets = "/providers/Microsoft.Network/virtualNetworks"
	const vnet = group + vnets + "/{vnet}"
	const subnet = vnet + "/subnets/{subnet}"
	const ops = sub + "/providers/Microsoft.Network/locations/{location}/"
	get, put, patch, del := http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []arm.Route{
		{Method: get, Path: sub + vnets, Type: VNetType, Verb: "read", Handler: p.listVNets},
		{Method: get, Path: group + vnets, Type: VNetType, Verb: "read", Handler: p.listVNets},
		{Method: get, Path: vnet, Type: VNetType, Verb: "read", Handler: p.getVNet},
		{Method: put, Path: vnet, Type: VNetType, Verb: "write", Handler: p.putVNet},
		{Method: patch, Path: vnet, Type: VNetType, Verb: "write", Handler: p.patchVNet},
		{Method: del, Path: vnet, Type: VNetType, Verb: "delete", Handler: p.deleteVNet},
		{Method: get, Path: vnet + "/subnets", Type: SubnetType, Verb: "read", Handler: p.listSubnets},
		{Method: get, Path: subnet, Type: SubnetType, Verb: "read", Handler: p.getSubnet},
		{Method: put, Path: subnet, Type: SubnetType, Verb: "write", Handler: p.putSubnet},
		{Method: del, Path: subnet, Type: SubnetType, Verb: "delete", Handler: p.deleteSubnet},
		{Method: get, Path: ops + "operations/{operation}", Type: VNetType, Handler: p.operation},
		{Method: get, Path: ops + "operationResults/{operation}", Type: VNetType, Handler: p.operationResult},
	}
}

func newETag() string { return `W/"` + uuid.NewString() + `"` }

// accepted answers a write whose operation has started. A write that had nothing to do but tags is Succeeded at once
// and carries no Retry-After, as recorded.
func accepted(rq *arm.Request, op *fabric.Operation, status int, body any, retryAfter string) *arm.Response {
	resp := arm.Respond(status, body).With("Azure-AsyncNotification", "Enabled").With("Azure-AsyncOperation", operationURL(rq, op, "operations"))
	if retryAfter != "" {
		resp.With("Retry-After", retryAfter)
	}
	if status == http.StatusAccepted {
		resp.With("Location", operationURL(rq, op, "operationResults"))
	}
	return resp
}

func operationPath(op *fabric.Operation, what string) string {
	return "/subscriptions/" + op.Subscription + "/providers/Microsoft.Network/locations/" + op.Location + "/" + what + "/" + op.ID
}

func operationURL(rq *arm.Request, op *fabric.Operation, what string) string {
	return arm.SignedURL(rq.BaseURL, operationPath(op, what), rq.APIVersion)
}

// operation is the status document: only a status, and an error when it failed.
func (p *Provider) operation(rq *arm.Request) (*arm.Response, error) {
	op := p.Fabric.Operation(rq.Params["operation"])
	if op == nil {
		return nil, arm.ProviderError(http.StatusNotFound, "OperationNotFound", "Operation %s not found.", rq.Params["operation"])
	}
	body := arm.Object{"status": op.Status}
	if op.Error != nil {
		body["error"] = op.Error
	}
	resp := arm.Respond(http.StatusOK, body)
	if op.Running() {
		resp.With("Retry-After", "10")
	}
	return resp, nil
}

func (p *Provider) operationResult(rq *arm.Request) (*arm.Response, error) {
	op := p.Fabric.Operation(rq.Params["operation"])
	switch {
	case op == nil:
		return nil, arm.ProviderError(http.StatusNotFound, "OperationNotFound", "Operation %s not found.", rq.Params["operation"])
	case op.Running():
		return accepted(rq, op, http.StatusAccepted, nil, "10"), nil
	case op.Error != nil:
		return nil, arm.ProviderError(http.StatusBadRequest, op.Error.Code, "%s", op.Error.Message)
	}
	return arm.Respond(http.StatusNoContent, nil), nil
}

// busy refuses a write while the network or one of its subnets is being changed.
func (p *Provider) busy(rq *arm.Request, vnet *fabric.Resource) error {
	for _, r := range append(p.Fabric.Children(vnet.ID, SubnetType), vnet) {
		if op := p.Fabric.RunningOn(r.ID); op != nil {
			return arm.ProviderError(http.StatusConflict, "AnotherOperationInProgress", "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: %s%s?api-version=%s.", rq.BaseURL, operationPath(op, "operations"), rq.APIVersion)
		}
	}
	return nil
}

func (p *Provider) start(rq *arm.Request, kind, label string, r, vnet *fabric.Resource, d time.Duration) *fabric.Operation {
	return p.Fabric.Start(rq, fabric.Plan{Kind: kind, Label: label, Resource: r, Location: vnet.Location, Duration: d})
}

func (p *Provider) putDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	r := p.Fabric.Get(op.Resource)
	if r == nil {
		return fail, 0
	}
	state := "Succeeded"
	if fail != nil {
		state = "Failed"
	}
	r.State = state
	if strings.EqualFold(r.Type, VNetType) {
		for _, s := range p.Fabric.Children(r.ID, SubnetType) {
			s.State = state
		}
	}
	p.touch(p.vnetOf(r))
	p.Fabric.Save(r)
	return fail, 0
}

func (p *Provider) deleteDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	r := p.Fabric.Get(op.Resource)
	if r == nil {
		return nil, 0
	}
	if fail != nil {
		r.State = "Failed"
		p.Fabric.Save(r)
		return fail, 0
	}
	vnet := p.vnetOf(r)
	p.Fabric.Drop(r)
	if vnet != r {
		p.touch(vnet)
	}
	return nil, 0
}

func (p *Provider) vnetOf(r *fabric.Resource) *fabric.Resource {
	if strings.EqualFold(r.Type, SubnetType) {
		if v := p.Fabric.Get(r.ARMID().Parent().String()); v != nil {
			return v
		}
	}
	return r
}

// touch gives a network and all its subnets one new etag: they share it in every recording.
func (p *Provider) touch(vnet *fabric.Resource) {
	vnet.ETag = newETag()
	p.Fabric.Save(vnet)
	for _, s := range p.Fabric.Children(vnet.ID, SubnetType) {
		s.ETag = vnet.ETag
		p.Fabric.Save(s)
	}
}
