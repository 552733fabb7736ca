package aks

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// inProgress is the 409 every client of AKS learns to know. It carries no Retry-After (recorded).
func inProgress(what string) error {
	return arm.FlatError(http.StatusConflict, "OperationNotAllowed", "Operation is not allowed: Another %s is in progress, please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details", what)
}

func blocker(op *fabric.Operation) string { return fmt.Sprintf("operation (%s)", op.Label) }

func poolBlocker(pool *fabric.Resource, op *fabric.Operation) string {
	return fmt.Sprintf("agentpool operation (%s - %s)", pool.Name, op.Label)
}

// clusterBusy: a cluster operation excludes everything else on the cluster.
func (p *Provider) clusterBusy(c *fabric.Resource) error {
	if op := p.Fabric.RunningOn(c.ID); op != nil {
		return inProgress(blocker(op))
	}
	for _, pool := range p.pools(c) {
		if op := p.Fabric.RunningOn(pool.ID); op != nil {
			return inProgress(poolBlocker(pool, op))
		}
	}
	return nil
}

// poolBusy: operations on different pools may run side by side.
func (p *Provider) poolBusy(c *fabric.Resource, name string) error {
	if op := p.Fabric.RunningOn(c.ID); op != nil {
		return inProgress(blocker(op))
	}
	for _, pool := range p.pools(c) {
		if op := p.Fabric.RunningOn(pool.ID); op != nil && strings.EqualFold(pool.Name, name) {
			return inProgress(poolBlocker(pool, op))
		}
	}
	return nil
}

// poolGoing: a pool whose deletion has begun accepts nothing but another deletion, however long it takes. label is the
// state the refused change would have had.
func (p *Provider) poolGoing(pool *fabric.Resource, label string) error {
	if pool == nil {
		return nil
	}
	op := p.Fabric.RunningOn(pool.ID)
	if op == nil || op.Kind != deletePool {
		return nil
	}
	if label == "" {
		label = "Updating"
	}
	s := int(p.Fabric.Clock.Now().Sub(op.Start).Seconds())
	return arm.FlatError(http.StatusConflict, "OperationNotAllowed", "Unable to perform '%s' operation on '%s' since deletion was issued on '%s'. The only allowed operation is deletion once deletion has started. The delete operation started at '%s' and elapsed time is: '%02d:%02d:%02d' (RFC3339 format)",
		label, pool.Name, pool.Name, op.Start.UTC().Format(time.RFC3339), s/3600, s/60%60, s%60)
}
