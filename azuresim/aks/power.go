package aks

import (
	"net/http"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const (
	powerState = "properties.powerState.code"
	running    = "Running"
	halted     = "Stopped"
)

func isStopped(r *fabric.Resource) bool { return arm.Str(r.Body, powerState) == halted }

// wrongPower is the refusal of whatever the power state forbids (text seen for stop and start).
func wrongPower(c *fabric.Resource, status int, verb string) error {
	power := running
	if isStopped(c) {
		power = halted
	}
	return arm.FlatError(status, "OperationNotAllowed", "managed cluster is in Provisioning State(%s) and Power State(%s), %s cannot be performed", c.State, power, verb)
}

// notWhileStopped: on a stopped cluster only start and delete are allowed.
func notWhileStopped(c *fabric.Resource, verb string) error {
	if isStopped(c) {
		return wrongPower(c, http.StatusBadRequest, verb)
	}
	return nil
}

func (p *Provider) mayStop(_ *arm.Request, c *fabric.Resource) error {
	switch {
	case c.State == "Stopping" || c.State == "Starting":
		return wrongPower(c, http.StatusConflict, "stopping")
	case isStopped(c):
		return wrongPower(c, http.StatusBadRequest, "stopping")
	}
	return nil
}

// mayStart: a running cluster can be started only after a start that failed.
func (p *Provider) mayStart(_ *arm.Request, c *fabric.Resource) error {
	switch {
	case c.State == "Stopping" || c.State == "Starting":
		return wrongPower(c, http.StatusConflict, "starting")
	case !isStopped(c) && c.State == "Succeeded":
		return wrongPower(c, http.StatusBadRequest, "starting")
	}
	return nil
}

// stopped takes the machines and the API server away. Pools that had been stopped one by one stay so after a start.
func (p *Provider) stopped(c *fabric.Resource, _ *fabric.Operation) error {
	private(c).Resume = nil
	for _, pool := range p.pools(c) {
		if !isStopped(pool) {
			private(c).Resume = append(private(c).Resume, pool.Name)
			arm.Put(pool.Body, powerState, halted)
		}
		p.scale(c, pool)
	}
	arm.Put(c.Body, powerState, halted)
	p.syncNodes(c)
	if private(c).API {
		return p.Workload.SetAvailable(workloadID(c), false)
	}
	return nil
}

func (p *Provider) started(c *fabric.Resource, _ *fabric.Operation) error {
	arm.Put(c.Body, powerState, running)
	for _, name := range private(c).Resume {
		if pool := p.Fabric.Get(c.ARMID().Child("agentPools", name).String()); pool != nil {
			arm.Put(pool.Body, powerState, running)
			p.scale(c, pool)
		}
	}
	private(c).Resume = nil
	if private(c).API {
		if err := p.Workload.SetAvailable(workloadID(c), true); err != nil {
			return err
		}
		p.keepWorkload(c)
	}
	p.syncNodes(c)
	return nil
}

// checkPoolPower: only a User pool can be stopped on its own.
func checkPoolPower(props arm.Object) error {
	code := arm.Str(props, "powerState.code")
	switch {
	case code != "" && code != running && code != halted:
		return badRequest("InvalidParameter", "agentPoolProfile.powerState", "The value of parameter agentPoolProfile.powerState is invalid. Error details: '%s' is not one of Running, Stopped.", code)
	case code == halted && isSystem(props):
		return badRequest("OperationNotAllowed", "agentPoolProfile.powerState", "Stopping a system node pool is not allowed. Only user node pools can be stopped.")
	}
	return nil
}
