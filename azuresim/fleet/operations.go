package fleet

import (
	"net/http"
	"time"

	"github.com/blang/semver/v4"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// The kinds of operations.
const (
	putFleet     = "PutFleet"
	deleteFleet  = "DeleteFleet"
	putMember    = "PutFleetMember"
	deleteMember = "DeleteFleetMember"
	runAction    = "FleetUpdateRunAction"
	stageWait    = "FleetStageWait"

	pollingVersion = "2016-03-30"
)

// start begins an operation on one of the service's resources.
func (p *Provider) start(rq *arm.Request, r *fabric.Resource, kind string, d time.Duration) *fabric.Operation {
	f := r
	if r.Location == "" {
		f = p.Fabric.Get(r.ARMID().Parent().String())
	}
	op := p.Fabric.Start(rq, fabric.Plan{Kind: kind, Label: r.State, Resource: r, Location: f.Location, Duration: d})
	private(r).LastOperation, private(r).LastError = op.ID, nil
	return op
}

func polling(rq *arm.Request, op *fabric.Operation, what string) string {
	return arm.SignedURL(rq.BaseURL, "/subscriptions/"+op.Subscription+"/providers/"+namespace+"/locations/"+op.Location+"/"+what+"/"+op.ID, pollingVersion)
}

// written answers a PUT: Azure-AsyncOperation only (recorded).
func (p *Provider) written(rq *arm.Request, op *fabric.Operation, status int, r *fabric.Resource) *arm.Response {
	return arm.Respond(status, p.view(rq, r)).With("Azure-AsyncOperation", polling(rq, op, "operations"))
}

// accepted answers everything else: Location only, with the resource as it is now (recorded for DELETE).
func (p *Provider) accepted(rq *arm.Request, op *fabric.Operation, r *fabric.Resource) *arm.Response {
	return arm.Respond(http.StatusAccepted, p.view(rq, r)).With("Location", polling(rq, op, "operationresults"))
}

// Result is what polling a Location of this service answers; nil for the operations of others. The addresses are those
// of AKS, the documents are not.
func (p *Provider) Result(rq *arm.Request, op *fabric.Operation) (*arm.Response, error) {
	switch op.Kind {
	case putFleet, deleteFleet, putMember, deleteMember, runAction:
	default:
		return nil, nil
	}
	location := polling(rq, op, "operationresults")
	switch r := p.Fabric.Get(op.Resource); {
	case op.Running():
		doc := arm.Object{"name": op.ID, "status": op.Status, "startTime": op.Start.UTC().Format("2006-01-02T15:04:05.0000000Z")}
		if p.tellsProgress() {
			doc["progress"] = arm.Object{"currentStep": ""}
		}
		return arm.Respond(http.StatusAccepted, doc).With("Location", location), nil
	case op.Error != nil:
		return nil, arm.ProviderError(http.StatusBadRequest, op.Error.Code, "%s", op.Error.Message)
	case op.Kind == deleteFleet || op.Kind == deleteMember || r == nil:
		return arm.Respond(http.StatusNoContent, nil).With("Location", location), nil
	case op.Args["created"] != "":
		return arm.Respond(http.StatusOK, arm.Object{"id": op.Args["created"]}), nil
	default:
		view := *rq
		view.APIVersion = op.Args["version"] // the address always has the polling version
		return arm.Respond(http.StatusOK, p.view(&view, r)), nil
	}
}

// tellsProgress: the service began to tell its progress between November 2023 and August 2024 (recorded), which as
// everywhere in the emulator is told by the default version of Kubernetes of the day.
func (p *Provider) tellsProgress() bool {
	day, err := semver.ParseTolerant(p.World.Get().DefaultMinor())
	return err == nil && day.GTE(semver.MustParse("1.28.0"))
}

// ended sets the state an operation leaves behind.
func (p *Provider) ended(r *fabric.Resource, fail *arm.OperationError) {
	r.State, private(r).LastError = "Succeeded", fail
	if fail != nil {
		r.State = "Failed"
	}
	r.ETag = newETag(p.Fabric.Clock.Now())
	p.Fabric.Save(r)
}

// deleted ends the deletion of a fleet or a member.
func (p *Provider) deleted(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	r := p.Fabric.Get(op.Resource)
	switch {
	case r == nil:
		return nil, 0
	case fail != nil:
		p.ended(r, fail)
		return fail, 0
	}
	p.Fabric.Drop(r)
	return nil, 0
}
