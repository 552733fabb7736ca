package aks

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/compute"
	"github.com/capaks/capaks/azuresim/fabric"
)

const deleteMachines = "DeleteMachines"

// machine is one instance of a pool's scale set as the pool shows it.
type machine struct {
	name string
	set  *fabric.Resource
	compute.Instance
}

func (p *Provider) machinesOf(c, pool *fabric.Resource) []machine {
	set := p.Fabric.Get(p.scaleSetID(c, pool).String())
	if set == nil {
		return nil
	}
	var out []machine
	for _, inst := range compute.Machines(set).Instances {
		out = append(out, machine{compute.ComputerName(set.Name, compute.Machines(set).OS, inst.ID), set, inst})
	}
	return out
}

func viewMachine(pool *fabric.Resource, m machine) arm.Object {
	out := arm.Object{
		"id": pool.ID + "/machines/" + m.name, "name": m.name, "type": MachineType,
		"properties": arm.Object{
			"network":    arm.Object{"ipAddresses": []any{arm.Object{"family": "IPv4", "ip": m.IP}}},
			"resourceId": compute.InstanceID(m.set.ID, m.ID),
		},
	}
	if m.Zone != "" {
		out["zones"] = []any{m.Zone}
	}
	return out
}

func (p *Provider) listMachines(rq *arm.Request) (*arm.Response, error) {
	c, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	value := []arm.Object{}
	for _, m := range p.machinesOf(c, pool) {
		value = append(value, viewMachine(pool, m))
	}
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getMachine(rq *arm.Request) (*arm.Response, error) {
	c, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	for _, m := range p.machinesOf(c, pool) {
		if strings.EqualFold(m.name, rq.Params["machine"]) {
			return pretty(http.StatusOK, viewMachine(pool, m)), nil
		}
	}
	return nil, childNotFound(rq, "machine", rq.Params["machine"], "GetMachine_NotFound")
}

// deleteMachines takes the named machines away and lowers the pool's count by as many, so that no new ones appear.
func (p *Provider) deleteMachines(rq *arm.Request) (*arm.Response, error) {
	c, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	if err := p.poolIdle(c, pool); err != nil {
		return nil, err
	}
	names, err := p.machineNames(rq, c, pool)
	if err != nil {
		return nil, err
	}
	pool.State, pool.ETag = "DeletingMachines", uuid.NewString()
	p.Fabric.Save(pool)
	op := p.Fabric.Start(rq, fabric.Plan{Kind: deleteMachines, Label: "DeletingMachines", Resource: pool, Location: c.Location, Duration: p.Durations().PoolUpdate, Args: map[string]string{"machines": strings.Join(names, " ")}})
	return p.accepted(rq, op, http.StatusAccepted, nil), nil
}

// poolIdle: nothing runs on the pool or the cluster, and the cluster is not stopped.
func (p *Provider) poolIdle(c, pool *fabric.Resource) error {
	if err := p.poolBusy(c, pool.Name); err != nil {
		return err
	}
	return notWhileStopped(c, "updating agent pools")
}

// machineNames reads and checks the request.
func (p *Provider) machineNames(rq *arm.Request, c, pool *fabric.Resource) ([]string, error) {
	there := map[string]string{}
	for _, m := range p.machinesOf(c, pool) {
		there[strings.ToLower(m.name)] = m.name
	}
	all := len(there)
	var names []string
	for _, raw := range arm.List(rq.Body, "machineNames") {
		name, _ := raw.(string)
		if there[strings.ToLower(name)] == "" {
			return nil, badRequest("InvalidParameter", "machineNames", "The value of parameter machineNames is invalid. Error details: machine '%s' was not found in agent pool '%s' or is named twice.", name, pool.Name)
		}
		names = append(names, there[strings.ToLower(name)])
		delete(there, strings.ToLower(name))
	}
	switch {
	case len(names) == 0:
		return nil, badRequest("InvalidParameter", "machineNames", "Required parameter machineNames is missing (null).")
	case len(names) == all && isSystem(arm.Map(pool.Body, "properties")):
		return nil, badRequest("BadRequest", "machineNames", "The last machine of the system agent pool '%s' cannot be deleted.", pool.Name)
	}
	return names, nil
}

func (p *Provider) machinesDeleted(op *fabric.Operation, c, pool *fabric.Resource) (*arm.OperationError, time.Duration) {
	named := strings.Fields(op.Args["machines"])
	leaving := slices.DeleteFunc(p.machinesOf(c, pool), func(m machine) bool { return !slices.Contains(named, m.name) })
	stuck, wait := p.drain(op, c, pool, leaving)
	switch {
	case wait > 0:
		return nil, wait
	case len(stuck) > 0:
		return drainFailure("PodDrainFailure", stuck[0]), 0
	}
	for _, m := range leaving {
		compute.Remove(p.Fabric, m.set, map[int]bool{m.ID: true})
	}
	props := arm.Map(pool.Body, "properties")
	count, _ := arm.Int(props, "count")
	props["count"] = max(count-int64(len(leaving)), 0)
	p.succeeded(pool)
	p.syncNodes(c)
	return nil, 0
}
