package compute

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const instanceKind = "ActOnScaleSetInstances"

// actions on machines, with the power state they leave behind; deleting is one of them.
var actions = map[string]string{"restart": "", "start": "", "reimage": "", "reimageall": "", "redeploy": "", "poweroff": "stopped", "deallocate": "deallocated", "delete": "", "manualupgrade": "", "performMaintenance": ""}

func (p *Provider) instanceRoutes() []arm.Route {
	const set = group + "/providers/Microsoft.Compute/virtualMachineScaleSets/{set}"
	const instances, instance = set + "/virtualMachines", set + "/virtualMachines/{instance}"
	get := func(path string, h arm.Handler) arm.Route {
		return arm.Route{Method: http.MethodGet, Path: path, Type: InstanceType, Verb: "read", Handler: h}
	}
	routes := []arm.Route{
		get(instances, p.listInstances), get(instance, p.getInstance), get(instance+"/instanceView", p.instanceStatus),
		{Method: http.MethodGet, Path: set + "/instanceView", Type: ScaleSetType, Verb: "read", Handler: p.setStatus},
		{Method: http.MethodDelete, Path: instance, Type: InstanceType, Verb: "delete", Handler: p.act("delete")},
	}
	for action := range actions {
		if action != "delete" && action != "manualupgrade" {
			routes = append(routes, arm.Route{Method: http.MethodPost, Path: instance + "/" + action, Type: InstanceType, Verb: action + "/action", Handler: p.act(action)})
		}
		routes = append(routes, arm.Route{Method: http.MethodPost, Path: set + "/" + action, Type: ScaleSetType, Verb: action + "/action", Handler: p.act(action)})
	}
	return routes
}

func (p *Provider) set(rq *arm.Request) (*fabric.Resource, error) {
	id := rq.ID
	for len(id.Names) > 1 {
		id = id.Parent()
	}
	r := p.Fabric.Get(id.String())
	if r == nil {
		return nil, p.notFound(id)
	}
	return r, nil
}

// instance finds the machine of a request.
func (p *Provider) instance(rq *arm.Request) (*fabric.Resource, Instance, error) {
	r, err := p.set(rq)
	if err != nil {
		return nil, Instance{}, err
	}
	at := slices.IndexFunc(Machines(r).Instances, func(i Instance) bool { return strconv.Itoa(i.ID) == rq.Params["instance"] })
	if at < 0 {
		return nil, Instance{}, entityNotFound()
	}
	return r, Machines(r).Instances[at], nil
}

func viewInstance(r *fabric.Resource, inst Instance, status bool) arm.Object {
	s := Machines(r)
	id, size := strconv.Itoa(inst.ID), arm.Str(r.Body, "sku.name")
	props := arm.Object{
		"latestModelApplied": true, "modelDefinitionApplied": "VirtualMachineScaleSet", "networkProfileConfiguration": arm.Object{"networkInterfaceConfigurations": []any{}}, "provisioningState": "Succeeded",
		"vmId": inst.VMID, "timeCreated": inst.Created.Format(timeFormat), "hardwareProfile": arm.Object{}, "osProfile": arm.Object{"computerName": hostName(r, s, inst), "adminUsername": "azureuser"},
		"storageProfile": arm.Object{"osDisk": arm.Object{"osType": s.OS, "createOption": "FromImage"}},
		"networkProfile": arm.Object{"networkInterfaces": []any{arm.Object{"id": InstanceID(r.ID, inst.ID) + "/networkInterfaces/" + r.Name}}},
	}
	if nics := arm.List(r.Body, "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations"); len(nics) > 0 {
		props["networkProfileConfiguration"] = arm.Object{"networkInterfaceConfigurations": nics}
	}
	if status {
		props["instanceView"] = statusOf(r, inst)
	}
	out := arm.Object{"name": r.Name + "_" + id, "id": InstanceID(r.ID, inst.ID), "type": InstanceType, "location": r.Location, "instanceId": id, "sku": arm.Object{"name": size, "tier": "Standard"}, "properties": props}
	if inst.Zone != "" {
		out["zones"] = []any{inst.Zone}
	}
	if tags := arm.Map(r.Body, "tags"); len(tags) > 0 {
		out["tags"] = tags
	}
	return out
}

// hostName is the host name of a machine: AKS's own scheme, or the prefix the scale set declares.
func hostName(r *fabric.Resource, s *ScaleSet, inst Instance) string {
	if prefix := arm.Str(r.Body, "properties.virtualMachineProfile.osProfile.computerNamePrefix"); prefix != "" {
		return ComputerName(prefix, "Linux", inst.ID)
	}
	return ComputerName(r.Name, s.OS, inst.ID)
}

func statusOf(r *fabric.Resource, inst Instance) arm.Object {
	power := "running"
	if inst.Power != "" {
		power = inst.Power
	}
	return arm.Object{"platformUpdateDomain": 0, "platformFaultDomain": 0, "computerName": hostName(r, Machines(r), inst), "osName": Machines(r).OS, "statuses": []any{
		arm.Object{"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded", "time": inst.Created.Format(timeFormat)},
		arm.Object{"code": "PowerState/" + power, "level": "Info", "displayStatus": "VM " + power},
	}}
}

func expanded(rq *arm.Request) bool {
	return strings.EqualFold(rq.Query.Get("$expand"), "instanceView")
}

func (p *Provider) listInstances(rq *arm.Request) (*arm.Response, error) {
	r, err := p.set(rq)
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, inst := range Machines(r).Instances {
		value = append(value, viewInstance(r, inst, expanded(rq)))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getInstance(rq *arm.Request) (*arm.Response, error) {
	r, inst, err := p.instance(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, viewInstance(r, inst, expanded(rq))), nil
}

func (p *Provider) instanceStatus(rq *arm.Request) (*arm.Response, error) {
	r, inst, err := p.instance(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, statusOf(r, inst)), nil
}

// setStatus counts the machines by state.
func (p *Provider) setStatus(rq *arm.Request) (*arm.Response, error) {
	r, err := p.set(rq)
	if err != nil {
		return nil, err
	}
	counts := []any{}
	if n := len(Machines(r).Instances); n > 0 {
		counts = append(counts, arm.Object{"code": "ProvisioningState/succeeded", "count": n})
	}
	return arm.Respond(http.StatusOK, arm.Object{
		"virtualMachine": arm.Object{"statusesSummary": counts},
		"statuses":       []any{arm.Object{"code": "ProvisioningState/" + strings.ToLower(r.State), "level": "Info", "displayStatus": "Provisioning " + strings.ToLower(r.State), "time": r.Changed.Format(timeFormat)}},
	}), nil
}

// act starts an action on one machine, on the listed ones or on all.
func (p *Provider) act(action string) arm.Handler {
	return func(rq *arm.Request) (*arm.Response, error) {
		r, err := p.set(rq)
		if err != nil {
			return nil, err
		}
		ids, err := wanted(rq, action, Machines(r))
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			return arm.Respond(http.StatusNoContent, nil), nil
		}
		label := "Updating"
		if action == "delete" {
			label = "Deleting"
		}
		op := p.Fabric.Start(rq, fabric.Plan{Kind: instanceKind, Label: label, Resource: r, Location: r.Location, Duration: max(p.Duration(), time.Millisecond), Args: map[string]string{"action": action, "ids": strings.Join(ids, ",")}})
		at := arm.SignedURL(rq.BaseURL, "/subscriptions/"+op.Subscription+"/providers/Microsoft.Compute/locations/"+op.Location+"/operations/"+op.ID, rq.APIVersion)
		resp := arm.Respond(http.StatusAccepted, nil).With("Azure-AsyncNotification", "Enabled").With("Azure-AsyncOperation", at).With("Location", at).With("Retry-After", "10")
		p.header(rq, resp)
		return resp, nil
	}
}

// wanted lists the machines a request is about. Deleting needs them named.
func wanted(rq *arm.Request, action string, s *ScaleSet) ([]string, error) {
	exists := func(id string) bool {
		return slices.ContainsFunc(s.Instances, func(i Instance) bool { return strconv.Itoa(i.ID) == id })
	}
	if id := rq.Params["instance"]; id != "" {
		if !exists(id) && action != "delete" {
			return nil, entityNotFound()
		}
		if !exists(id) {
			return nil, nil
		}
		return []string{id}, nil
	}
	var ids []string
	for _, raw := range arm.List(rq.Body, "instanceIds") {
		id, _ := raw.(string)
		switch {
		case id == "*":
			ids = nil
			for _, i := range s.Instances {
				ids = append(ids, strconv.Itoa(i.ID))
			}
			return ids, nil
		case !exists(id):
			return nil, invalid("instanceIds", "The provided instanceId %s is not an active Virtual Machine Scale Set VM instanceId.", id)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 && (action == "delete" || action == "manualupgrade") {
		return nil, invalid("instanceIds", "Required parameter 'instanceIds' is missing (null).")
	}
	if len(ids) == 0 {
		for _, i := range s.Instances {
			ids = append(ids, strconv.Itoa(i.ID))
		}
	}
	return ids, nil
}

// instanceActionDone applies an action. AKS does not replace a machine that was deleted by hand: it goes on with those
// that are left, until the pool is scaled again.
func (p *Provider) instanceActionDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	r := p.Fabric.Get(op.Resource)
	if r == nil || fail != nil {
		return fail, 0
	}
	ids := map[int]bool{}
	for id := range strings.SplitSeq(op.Args["ids"], ",") {
		n, _ := strconv.Atoi(id)
		ids[n] = true
	}
	s, action := Machines(r), op.Args["action"]
	if action == "delete" {
		Remove(p.Fabric, r, ids)
	} else {
		for i := range s.Instances {
			if ids[s.Instances[i].ID] {
				s.Instances[i].Power, s.Instances[i].Lost = actions[action], false // a lost machine comes back with a restart
			}
		}
	}
	p.Fabric.Save(r)
	p.Changed(r)
	return nil, 0
}
