package compute

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// Provider serves Microsoft.Compute.
type Provider struct{ Fabric *fabric.Fabric }

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	p.Fabric.RegisterPrivate(ScaleSetType, func() any { return &ScaleSet{} })
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	const sub, group = "/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{rg}"
	const sets = "/providers/Microsoft.Compute/virtualMachineScaleSets"
	const set = group + sets + "/{set}"
	get := http.MethodGet
	return []arm.Route{
		{Method: get, Path: sub + sets, Type: ScaleSetType, Verb: "read", Handler: p.list},
		{Method: get, Path: group + sets, Type: ScaleSetType, Verb: "read", Handler: p.list},
		{Method: get, Path: set, Type: ScaleSetType, Verb: "read", Handler: p.get},
		{Method: get, Path: set + "/virtualMachines", Type: InstanceType, Verb: "read", Handler: p.listInstances},
		{Method: get, Path: set + "/virtualMachines/{instance}", Type: InstanceType, Verb: "read", Handler: p.getInstance},
	}
}

func view(r *fabric.Resource) arm.Object {
	s := Machines(r)
	profile := arm.Object{
		"osProfile":      arm.Object{"computerNamePrefix": strings.TrimSuffix(ComputerName(r.Name, s.OS, 0), "000000"), "adminUsername": "azureuser"},
		"storageProfile": arm.Object{"osDisk": arm.Object{"osType": s.OS, "createOption": "FromImage", "caching": "ReadOnly"}},
	}
	if s.SubnetID != "" {
		profile["networkProfile"] = arm.Object{"networkInterfaceConfigurations": []any{arm.Object{"name": r.Name, "properties": arm.Object{"primary": true,
			"ipConfigurations": []any{arm.Object{"name": "ipconfig1", "properties": arm.Object{"primary": true, "subnet": arm.Object{"id": s.SubnetID}}}}}}}}
	}
	out := arm.Object{
		"name": r.Name, "id": r.ID, "type": ScaleSetType, "location": r.Location, "sku": r.Body["sku"],
		"properties": arm.Object{
			"singlePlacementGroup": false, "orchestrationMode": "Uniform", "upgradePolicy": arm.Object{"mode": "Manual"}, "virtualMachineProfile": profile,
			"provisioningState": r.State, "overprovision": false, "doNotRunExtensionsOnOverprovisionedVMs": false, "uniqueId": s.UniqueID, "platformFaultDomainCount": 1,
			"timeCreated": r.Created.UTC().Format("2006-01-02T15:04:05.0000000+00:00"),
		},
	}
	for _, k := range []string{"tags", "zones"} {
		if v := r.Body[k]; v != nil {
			out[k] = v
		}
	}
	return out
}

func instanceView(r *fabric.Resource, inst Instance) arm.Object {
	s := Machines(r)
	id := strconv.Itoa(inst.ID)
	out := arm.Object{
		"name": r.Name + "_" + id, "id": InstanceID(r.ID, inst.ID), "type": InstanceType, "location": r.Location, "instanceId": id, "sku": arm.Object{"name": arm.Str(r.Body, "sku.name"), "tier": "Standard"},
		"properties": arm.Object{
			"latestModelApplied": true, "provisioningState": "Succeeded", "vmId": inst.VMID, "timeCreated": inst.Created.Format("2006-01-02T15:04:05.0000000+00:00"),
			"hardwareProfile": arm.Object{"vmSize": arm.Str(r.Body, "sku.name")},
			"osProfile":       arm.Object{"computerName": ComputerName(r.Name, s.OS, inst.ID), "adminUsername": "azureuser"},
		},
	}
	if inst.Zone != "" {
		out["zones"] = []any{inst.Zone}
	}
	if tags := r.Body["tags"]; tags != nil {
		out["tags"] = tags
	}
	return out
}

func (p *Provider) list(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, r := range p.Fabric.List(rq.ID.Subscription, ScaleSetType) {
		if rq.ID.ResourceGroup == "" || strings.EqualFold(r.ARMID().ResourceGroup, rq.ID.ResourceGroup) {
			value = append(value, view(r))
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) set(rq *arm.Request) (*fabric.Resource, error) {
	id := rq.ID
	if len(id.Names) == 2 {
		id = id.Parent()
	}
	r := p.Fabric.Get(id.String())
	if r == nil {
		return nil, arm.ResourceNotFound(id)
	}
	return r, nil
}

func (p *Provider) get(rq *arm.Request) (*arm.Response, error) {
	r, err := p.set(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, view(r)), nil
}

func (p *Provider) listInstances(rq *arm.Request) (*arm.Response, error) {
	r, err := p.set(rq)
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, inst := range Machines(r).Instances {
		value = append(value, instanceView(r, inst))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getInstance(rq *arm.Request) (*arm.Response, error) {
	r, err := p.set(rq)
	if err != nil {
		return nil, err
	}
	for _, inst := range Machines(r).Instances {
		if strconv.Itoa(inst.ID) == rq.ID.Name() {
			return arm.Respond(http.StatusOK, instanceView(r, inst)), nil
		}
	}
	return nil, arm.ProviderError(http.StatusNotFound, "NotFound", "The entity was not found in this Azure location.")
}
