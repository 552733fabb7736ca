package fleet

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/resources"
	"github.com/capaks/capaks/azuresim/workload"
)

// configurationVersion is in a header of the answer to a GET of a fleet (recorded): the release of the service.
const configurationVersion = "v20261101.1"

func (p *Provider) listFleets(rq *arm.Request) (*arm.Response, error) {
	list := p.Fabric.List(rq.ID.Subscription, Type)
	if rq.ID.ResourceGroup != "" {
		list = p.Fabric.Children(rq.ID.Group().String(), Type)
	}
	value := []arm.Object{}
	for _, r := range list {
		value = append(value, p.view(rq, r))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) fleet(rq *arm.Request) (*fabric.Resource, error) {
	if f := p.Fabric.Get(fleetID(rq).String()); f != nil {
		return f, nil
	}
	return nil, arm.ResourceNotFound(fleetID(rq))
}

func (p *Provider) getFleet(rq *arm.Request) (*arm.Response, error) {
	f, err := p.fleet(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, p.view(rq, f)).With("Fleet-Configuration-Version", configurationVersion), nil
}

func (p *Provider) putFleet(rq *arm.Request) (*arm.Response, error) {
	f := p.Fabric.Get(rq.ID.String())
	if err := p.checkFleet(rq, f); err != nil {
		return nil, err
	}
	status, label := http.StatusOK, "Updating"
	if f == nil {
		status, label = http.StatusCreated, "Creating"
		f = p.create(rq.ID, arm.Location(arm.Str(rq.Body, "location")))
	}
	if hub := arm.Map(rq.Body, "properties.hubProfile"); hub != nil {
		stored := arm.Map(f.Body, "properties.hubProfile")
		for _, readOnly := range []string{"fqdn", "kubernetesVersion", "portalFqdn"} {
			hub = arm.Merge(hub, arm.Object{readOnly: stored[readOnly]})
		}
		arm.Put(f.Body, "properties.hubProfile", arm.Merge(stored, hub))
		arm.Default(f.Body, "properties.hubProfile.dnsPrefix", dnsPrefix(f))
	}
	p.setIdentity(rq, f)
	setTags(rq, f)
	p.touch(rq, f, label)
	return p.written(rq, p.start(rq, f, putFleet, p.Durations().Fleet), status, f), nil
}

// dnsPrefix is made up when none is given, like the one of the Azure CLI for clusters.
func dnsPrefix(f *fabric.Resource) string {
	id := f.ARMID()
	return strings.Trim(f.Name[:min(len(f.Name), 40)]+"-"+strings.ToLower(id.Subscription)[:6], "-")
}

func (p *Provider) checkFleet(rq *arm.Request, f *fabric.Resource) error {
	if err := checkName("fleet name", rq.ID.Name(), 63); err != nil {
		return err
	}
	if err := resources.CheckPlace(p.World.Get(), rq, f, Type); err != nil {
		return err
	}
	if err := checkBody(rq, Type); err != nil {
		return err
	}
	if err := precondition(rq, f); err != nil {
		return err
	}
	if f == nil {
		return nil
	}
	before := arm.Map(f.Body, "properties.hubProfile")
	for _, path := range []string{"dnsPrefix", "agentProfile.subnetId", "apiServerAccessProfile.enablePrivateCluster"} {
		now := arm.Get(rq.Body, "properties.hubProfile."+path)
		if before != nil && now != nil && now != arm.Get(before, path) {
			return invalid("Changing property 'properties.hubProfile.%s' is not allowed.", path)
		}
	}
	return p.idle(f)
}

// idle allows one operation at a time.
func (p *Provider) idle(r *fabric.Resource) error {
	if op := p.Fabric.RunningOn(r.ID); op != nil {
		return notAllowed("Another operation (%s) is in progress on '%s', please wait for it to finish before starting a new operation.", op.Label, r.ID)
	}
	return nil
}

func setTags(rq *arm.Request, f *fabric.Resource) {
	delete(f.Body, "tags")
	if tags := arm.Map(rq.Body, "tags"); len(tags) > 0 {
		f.Body["tags"] = arm.Copy(tags)
	}
}

// setIdentity adds what Entra ID knows about the identities of the fleet.
func (p *Provider) setIdentity(rq *arm.Request, f *fabric.Resource) {
	sent := arm.Map(rq.Body, "identity")
	if sent == nil {
		return
	}
	identity := withoutNulls(sent)
	delete(identity, "principalId")
	if strings.HasPrefix(arm.Str(identity, "type"), "SystemAssigned") {
		identity["principalId"], identity["tenantId"] = uuid.NewString(), rq.Caller.TenantID
		if old := arm.Str(f.Body, "identity.principalId"); old != "" {
			identity["principalId"] = old
		}
	}
	for id := range arm.Map(sent, "userAssignedIdentities") {
		known := arm.Object{}
		if principal := p.World.Get().Principal(id); principal != nil {
			known = arm.Object{"clientId": principal.ClientID, "principalId": principal.Object()}
		}
		arm.Map(identity, "userAssignedIdentities")[id] = known
	}
	f.Body["identity"] = identity
}

func (p *Provider) fleetPutDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	f := p.Fabric.Get(op.Resource)
	if f == nil {
		return fail, 0
	}
	if hub := arm.Map(f.Body, "properties.hubProfile"); hub != nil && fail == nil && hub["fqdn"] == nil {
		w := p.World.Get()
		version, _ := w.Resolve(w.DefaultMinor())
		host := arm.Str(hub, "dnsPrefix") + "-" + uuid.NewString()[:8]
		hub["fqdn"], hub["portalFqdn"] = host+".hcp."+f.Location+".azmk8s.io", host+".portal.hcp."+f.Location+".azmk8s.io"
		hub["kubernetesVersion"] = version
	}
	p.ended(f, fail)
	return fail, 0
}

// patchFleet changes tags and identity.
func (p *Provider) patchFleet(rq *arm.Request) (*arm.Response, error) {
	f, err := p.fleet(rq)
	if err != nil {
		return nil, err
	}
	if err := precondition(rq, f); err != nil {
		return nil, err
	}
	if err := resources.CheckTags(arm.Map(rq.Body, "tags")); err != nil {
		return nil, err
	}
	if err := p.idle(f); err != nil {
		return nil, err
	}
	if arm.Map(rq.Body, "tags") != nil {
		setTags(rq, f)
	}
	p.setIdentity(rq, f)
	return p.patched(rq, f, putFleet, p.Durations().Short), nil
}

// patched starts the operation of a PATCH, whose result is the resource.
func (p *Provider) patched(rq *arm.Request, r *fabric.Resource, kind string, d time.Duration) *arm.Response {
	p.touch(rq, r, "Updating")
	op := p.start(rq, r, kind, d)
	op.Args = map[string]string{"version": rq.APIVersion}
	return p.accepted(rq, op, r)
}

func (p *Provider) deleteFleet(rq *arm.Request) (*arm.Response, error) {
	f := p.Fabric.Get(rq.ID.String())
	if f == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	if err := precondition(rq, f); err != nil {
		return nil, err
	}
	return p.accepted(rq, p.startDelete(rq, f), f), nil
}

// startDelete ends what is going on; members, strategies and runs go with the fleet. A second DELETE joins the first.
func (p *Provider) startDelete(rq *arm.Request, f *fabric.Resource) *fabric.Operation {
	if op := p.Fabric.RunningOn(f.ID); op != nil {
		if op.Kind == deleteFleet {
			return op
		}
		p.Fabric.End(op, fabric.Canceled, nil)
	}
	p.touch(rq, f, "Deleting")
	return p.start(rq, f, deleteFleet, p.Durations().Delete)
}

// listCredentials hands out the hub's kubeconfig. A fleet without a hub has none.
func (p *Provider) listCredentials(rq *arm.Request) (*arm.Response, error) {
	f, err := p.fleet(rq)
	if err != nil {
		return nil, err
	}
	hub := arm.Map(f.Body, "properties.hubProfile")
	if hub["fqdn"] == nil {
		return nil, invalid("The fleet '%s' has no hub cluster, or it is not ready yet.", f.Name)
	}
	tenant := p.World.Get().Subscription(rq.ID.Subscription).TenantID
	file, err := p.Clusters.HubKubeconfig(f.ARMID(), workload.Cluster{Name: f.Name, Version: arm.Str(hub, "kubernetesVersion"), FQDN: arm.Str(hub, "fqdn"), Location: f.Location, Tenant: tenant})
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, arm.Object{"kubeconfigs": []any{arm.Object{"name": "clusterUser", "value": base64.StdEncoding.EncodeToString(file)}}}), nil
}
