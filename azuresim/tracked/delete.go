package tracked

import (
	"errors"
	"net/http"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// remove serves DELETE.
func (p *Provider) remove(t *Type, rq *arm.Request) (*arm.Response, error) {
	r := p.Fabric.Get(rq.ID.String())
	if r == nil {
		if group := rq.ID.Group(); t.Life.GroupFirst != "" && rq.APIVersion >= t.Life.GroupFirst && p.Fabric.Get(group.String()) == nil {
			return nil, arm.GroupNotFound(group.ResourceGroup)
		}
		if err := p.parentThere(t, rq.ID, "delete"); err != nil {
			return nil, err
		}
		return arm.Respond(t.Life.Absent, nil), nil
	}
	if err := p.precondition(t, rq, r); err != nil {
		return nil, err
	}
	op := p.Fabric.RunningOn(r.ID)
	if op == nil || op.Kind != p.deleteKind() {
		if err := p.mayDelete(t, rq, r); err != nil {
			return nil, err
		}
		if t.Life.Duration == nil {
			p.drop(t, r)
			return arm.Respond(t.Life.Deleted, nil), nil
		}
		r.State = t.Life.Deleting
		p.Fabric.Save(r)
		op = p.start(rq, t, p.deleteKind(), "Delete", t.Life.Deleting, r, t.duration())
	}
	resp := arm.Respond(t.Life.Deleted, nil)
	return t.accepted(rq, resp, op, t.Life.DeleteRetry, true), nil
}

// mayDelete asks the type, then its embedded children, then whether something is going on.
func (p *Provider) mayDelete(t *Type, rq *arm.Request, r *fabric.Resource) error {
	for _, each := range p.with(t, r) {
		if of := p.Type(each.Type); of.InUse != nil {
			if err := of.InUse(rq, each); err != nil {
				return err
			}
		}
	}
	return p.busy(t, rq, r.ARMID())
}

func (p *Provider) drop(t *Type, r *fabric.Resource) {
	parent := p.Fabric.Get(r.ARMID().Parent().String())
	p.Fabric.Drop(r)
	if t.Gone != nil {
		t.Gone(r)
	}
	if parent != nil && t.Life.SharedETag && p.Type(parent.Type) != nil {
		p.touch(p.Type(parent.Type), parent)
	}
}

// deleted ends the operation of a deletion.
func (p *Provider) deleted(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	delete(p.polls, op.ID)
	r := p.Fabric.Get(op.Resource)
	if r == nil {
		return nil, 0
	}
	if fail != nil {
		r.State = fabric.Failed
		p.Fabric.Save(r)
		return fail, 0
	}
	p.drop(p.Type(r.Type), r)
	return nil, 0
}

// deleteWithGroup is the deletion of a resource with its resource group. What only others in the same group use goes
// with them; what something outside uses cannot go, and keeps the group.
func (p *Provider) deleteWithGroup(rq *arm.Request, r *fabric.Resource) *fabric.Operation {
	t := p.Type(r.Type)
	var refusal *arm.Error
	for _, each := range p.with(t, r) {
		if of := p.Type(each.Type); of.InUse != nil && errors.As(of.InUse(rq, each), &refusal) {
			break
		}
	}
	if refusal == nil {
		return nil
	}
	inner := *rq
	inner.FailOperation = &arm.OperationError{Code: refusal.Code, Message: refusal.Message, Details: refusal.Details}
	return p.start(&inner, t, p.deleteKind(), "Delete", t.Life.Deleting, r, t.duration())
}

// precondition implements If-Match and If-None-Match on types with etags.
func (p *Provider) precondition(t *Type, rq *arm.Request, r *fabric.Resource) error {
	if t.Life.ETag == nil {
		return nil
	}
	if m := rq.Header.Get("If-Match"); m != "" && (r == nil || m != "*" && m != r.ETag) {
		etag := ""
		if r != nil {
			etag = r.ETag
		}
		return arm.ProviderError(http.StatusPreconditionFailed, "PreconditionFailed", "Precondition failed. Etag provided in if-match header %s does not match etag %s of the resource %s in NRP data store.", m, etag, rq.ID.String())
	}
	if m := rq.Header.Get("If-None-Match"); m == "*" && r != nil {
		return arm.ProviderError(http.StatusPreconditionFailed, "PreconditionFailed", "Precondition failed. The resource %s exists.", rq.ID.String())
	}
	return nil
}
