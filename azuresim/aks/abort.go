package aks

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const (
	abortCluster = "AbortManagedCluster"
	abortPool    = "AbortAgentPool"
)

// abortClusterOperation ends what runs on the cluster where it stands: nothing is rolled back. The answer carries the
// whole cluster (recorded by the CLI's tests).
func (p *Provider) abortClusterOperation(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	op, err := p.abort(rq, abortCluster, c, c)
	if err != nil {
		return nil, err
	}
	return p.accepted(rq, op, http.StatusAccepted, p.viewCluster(rq, c, forRead)), nil
}

func (p *Provider) abortPoolOperation(rq *arm.Request) (*arm.Response, error) {
	c, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	op, err := p.abort(rq, abortPool, c, pool)
	if err != nil {
		return nil, err
	}
	return p.accepted(rq, op, http.StatusAccepted, p.viewPool(rq, pool)), nil
}

func (p *Provider) abort(rq *arm.Request, kind string, c, r *fabric.Resource) (*fabric.Operation, error) {
	op := p.Fabric.RunningOn(r.ID)
	switch {
	case op == nil:
		return nil, arm.FlatError(http.StatusConflict, "OperationNotAllowed", "There is no operation in progress on '%s' that could be aborted.", r.Name)
	case op.Kind == kind:
		return nil, inProgress(blocker(op))
	case op.Kind == deleteCluster || op.Kind == deletePool:
		return nil, arm.FlatError(http.StatusConflict, "OperationNotAllowed", "The operation (%s) in progress on '%s' cannot be aborted.", op.Label, r.Name)
	}
	p.Fabric.End(op, fabric.Canceled, &arm.OperationError{Code: "OperationCanceled", Message: "The operation was aborted by a request of the user."})
	for _, touched := range p.touchedBy(r) {
		touched.State, touched.ETag = "Canceling", uuid.NewString()
		p.Fabric.Save(touched)
	}
	return p.Fabric.Start(rq, fabric.Plan{Kind: kind, Label: "Canceling", Resource: r, Location: c.Location, Duration: p.Durations().Unchanged}), nil
}

// touchedBy is the resource of an operation and, for a cluster, the pools that were being changed with it.
func (p *Provider) touchedBy(r *fabric.Resource) []*fabric.Resource {
	out := []*fabric.Resource{r}
	for _, pool := range p.Fabric.Children(r.ID, PoolType) {
		if !terminal(pool.State) && p.Fabric.RunningOn(pool.ID) == nil {
			out = append(out, pool)
		}
	}
	return out
}

func terminal(state string) bool {
	return state == "Succeeded" || state == "Failed" || state == "Canceled"
}

func (p *Provider) abortDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	r := p.Fabric.Get(op.Resource)
	if r == nil {
		return fail, 0
	}
	for _, touched := range p.touchedBy(r) {
		if touched.State == "Canceling" {
			touched.State, touched.ETag = "Canceled", uuid.NewString()
			p.Fabric.Save(touched)
		}
	}
	return fail, 0
}
