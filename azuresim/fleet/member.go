package fleet

import (
	"net/http"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// preempted is the code of an operation that gave way to the deletion of its cluster.
const preempted = "OriginalEtagNotExpect"

func (p *Provider) putMember(rq *arm.Request) (*arm.Response, error) {
	f, member, props, err := p.draft(rq, "member name")
	if err != nil {
		return nil, err
	}
	if err := p.checkMember(f, member, props); err != nil {
		return nil, err
	}
	status, label := http.StatusOK, "Updating"
	if member == nil {
		status, label = http.StatusCreated, "Joining"
		member = p.create(rq.ID, "")
	}
	member.Body = arm.Object{"properties": props}
	p.touch(rq, member, label)
	op := p.start(rq, member, putMember, p.Durations().Member)
	p.reconcile(member)
	return p.written(rq, op, status, member), nil
}

func (p *Provider) checkMember(f, member *fabric.Resource, props arm.Object) error {
	const path = "clusterResourceId"
	id, ok := arm.ParseID(arm.Str(props, path))
	switch {
	case !ok || !strings.EqualFold(id.Type(), "Microsoft.ContainerService/managedClusters"):
		return invalid("The property 'properties.%s' must be the id of a managed cluster, got '%s'.", path, arm.Str(props, path))
	case member != nil && !strings.EqualFold(arm.Str(props, path), arm.Str(member.Body, "properties."+path)):
		return invalid("Changing property 'properties.%s' is not allowed.", path)
	case member != nil:
		return p.idle(member)
	case p.Fabric.Get(id.String()) == nil:
		return arm.ProviderError(http.StatusNotFound, "ResourceNotFound", "The managed cluster '%s' was not found.", id.String())
	}
	for _, other := range p.Fabric.List("", MemberType) {
		if strings.EqualFold(arm.Str(other.Body, "properties."+path), id.String()) {
			return notAllowed("The managed cluster '%s' is already a member of a fleet: '%s'.", id.String(), other.ID)
		}
	}
	return nil
}

// reconcile lets the cluster go through the update that joining a fleet means for it: it shows Updating meanwhile, and
// when it is busy that comes afterwards (recorded).
func (p *Provider) reconcile(member *fabric.Resource) {
	cluster := arm.Str(member.Body, "properties.clusterResourceId")
	if private(member).Reconciled || member.State == "Leaving" {
		return
	}
	if busy := p.Clusters.Busy(cluster); busy != nil {
		p.Fabric.Follow(busy, member)
		return
	}
	private(member).Reconciled = p.Clusters.Reconcile(cluster, p.Durations().Member) != nil
	p.Fabric.Save(member)
}

// clusterFree is told when what kept a joining cluster busy has ended.
func (p *Provider) clusterFree(member *fabric.Resource, op *fabric.Operation) {
	if op.Status == fabric.Succeeded || op.Status == fabric.Failed && (op.Error == nil || op.Error.Code != preempted) {
		p.reconcile(member)
	}
}

func (p *Provider) memberPutDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	if member := p.Fabric.Get(op.Resource); member != nil {
		p.ended(member, fail)
	}
	return fail, 0
}

// patchMember changes the group and the labels.
func (p *Provider) patchMember(rq *arm.Request) (*arm.Response, error) {
	member, err := p.child(rq, "write")
	if err != nil {
		return nil, err
	}
	if err := precondition(rq, member); err != nil {
		return nil, err
	}
	if err := p.idle(member); err != nil {
		return nil, err
	}
	if group := arm.Str(rq.Body, "properties.group"); group != "" {
		if err := checkName("group", group, 50); err != nil {
			return nil, err
		}
	}
	for _, k := range []string{"group", "labels"} {
		if v := arm.Get(rq.Body, "properties."+k); v != nil {
			arm.Put(member.Body, "properties."+k, arm.Copy(v))
		}
	}
	return p.patched(rq, member, putMember, p.Durations().Short), nil
}

func (p *Provider) deleteMember(rq *arm.Request) (*arm.Response, error) {
	member, resp, err := p.absent(rq)
	if err != nil || resp != nil {
		return resp, err
	}
	op := p.Fabric.RunningOn(member.ID)
	if op == nil || op.Kind != deleteMember {
		if op != nil {
			p.Fabric.End(op, fabric.Canceled, nil)
		}
		p.touch(rq, member, "Leaving")
		op = p.start(rq, member, deleteMember, p.Durations().Member)
	}
	return p.accepted(rq, op, member), nil
}
