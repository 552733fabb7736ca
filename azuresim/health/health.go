// Package health emulates Microsoft.ResourceHealth: whether a cluster or a machine is available, judged by what the
// other providers know about it. It must not keep state; what people want to be shown is in the world.
package health

import (
	"net/http"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

const statusType = "Microsoft.ResourceHealth/availabilityStatuses"

var versions = []string{"2015-01-01", "2017-07-01", "2018-07-01", "2020-05-01", "2022-10-01", "2023-10-01-preview", "2024-02-01", "2025-05-01"}

// unknownFor is how long a new resource has not been checked.
const unknownFor = 10 * time.Minute

// covered are the resource types whose health Azure reports.
var covered = []string{"Microsoft.ContainerService/managedClusters", "Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachineScaleSets"}

// Provider serves Microsoft.ResourceHealth.
type Provider struct {
	Fabric *fabric.Fabric
	World  *world.Holder
}

// Register has nothing to hook into the fabric.
func (p *Provider) Register() {}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	const sub = "/subscriptions/{sub}"
	const statuses = "/providers/Microsoft.ResourceHealth/availabilityStatuses"
	get := func(path string, h arm.Handler) arm.Route {
		return arm.Route{Method: http.MethodGet, Path: path, Type: statusType, Verb: "read", Versions: versions, Handler: h}
	}
	return []arm.Route{
		get(sub+statuses, p.list), get(sub+"/resourceGroups/{rg}"+statuses, p.list),
		get("{scope*}"+statuses+"/current", p.current), get("{scope*}"+statuses, p.history),
	}
}

// state is what the service thinks of a resource.
type state struct {
	availability, title, summary, reason string
	since                                time.Time
}

func (p *Provider) judge(r *fabric.Resource, now time.Time) state {
	if h := p.World.Get().HealthOf(r.ID); h != nil {
		return state{h.State, h.State, h.Summary, h.Reason, r.Changed}
	}
	age := now.Sub(r.Created)
	switch {
	case arm.Str(r.Body, "properties.powerState.code") == "Stopped":
		return state{"Unavailable", "Stopped", "The resource was stopped by an authorized user or process.", "Customer Initiated", r.Changed}
	case r.State == "Failed":
		return state{"Unavailable", "Unavailable", "The last operation on the resource failed. Review its provisioning state.", "Unplanned", r.Changed}
	case age < unknownFor:
		return state{"Unknown", "Unknown", "We are currently unable to determine the health of this resource because it was created recently.", "", r.Created}
	}
	return state{"Available", "Available", "There aren't any known Azure platform problems affecting this resource.", "", r.Created.Add(unknownFor)}
}

func (p *Provider) view(r *fabric.Resource, name string, now time.Time, apiVersion string) arm.Object {
	s := p.judge(r, now)
	const format = "2006-01-02T15:04:05.9999999Z"
	props := arm.Object{"availabilityState": s.availability, "summary": s.summary, "reasonType": s.reason, "reasonChronicity": "Persistent", "reportedTime": now.UTC().Format(format), "detailedStatus": ""}
	if apiVersion >= "2020-05-01" {
		props["title"] = s.title
	}
	props["occurredTime"] = s.since.UTC().Format(format)
	if s.availability == "Unavailable" {
		props["recommendedActions"] = []any{}
	}
	return arm.Object{"id": r.ID + "/providers/" + statusType + "/" + name, "name": name, "type": "Microsoft.ResourceHealth/AvailabilityStatuses", "location": r.Location, "properties": props}
}

func (p *Provider) list(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, typ := range covered {
		for _, r := range p.Fabric.List(rq.ID.Subscription, typ) {
			if rq.ID.ResourceGroup == "" || strings.EqualFold(r.ARMID().ResourceGroup, rq.ID.ResourceGroup) {
				value = append(value, p.view(r, "current", rq.Now, rq.APIVersion))
			}
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) find(rq *arm.Request) (*fabric.Resource, error) {
	id, ok := arm.ParseID(rq.Params["scope"])
	if !ok || id.Provider == "" {
		return nil, arm.ProviderError(http.StatusBadRequest, "InvalidResourceId", "The resource id '%s' is not valid.", rq.Params["scope"])
	}
	for _, typ := range covered {
		if strings.EqualFold(typ, id.Type()) {
			if r := p.Fabric.Get(id.String()); r != nil {
				return r, nil
			}
			return nil, arm.ResourceNotFound(id)
		}
	}
	return nil, arm.ProviderError(http.StatusBadRequest, "UnsupportedResourceType", "The resource type '%s' is not supported.", id.Type())
}

func (p *Provider) current(rq *arm.Request) (*arm.Response, error) {
	r, err := p.find(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, p.view(r, "current", rq.Now, rq.APIVersion)), nil
}

// history is what there was: the emulator remembers only the present.
func (p *Provider) history(rq *arm.Request) (*arm.Response, error) {
	r, err := p.find(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, []arm.Object{p.view(r, "current", rq.Now, rq.APIVersion)})), nil
}
