package aks

import (
	"fmt"
	"net/http"
	"strings"

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
