// Package kubernetesconfiguration emulates Microsoft.KubernetesConfiguration on managed clusters: cluster extensions
// and Flux configurations. It must not install anything into the workload cluster; what an extension or Flux would
// report from there is made up to look healthy.
package kubernetesconfiguration

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
	"github.com/capaks/capaks/azuresim/world"
)

// Resource types.
const (
	ExtensionType = "Microsoft.KubernetesConfiguration/extensions"
	FluxType      = "Microsoft.KubernetesConfiguration/fluxConfigurations"
)

// versions are the api-versions of both types; the recorded polling addresses list most of them.
var versions = []string{
	"2019-11-01-preview", "2021-05-01-preview", "2021-06-01-preview", "2021-09-01", "2021-11-01-preview", "2022-01-01-preview", "2022-03-01", "2022-04-02-preview", "2022-07-01", "2022-11-01", "2023-05-01",
	"2024-04-01-preview", "2024-11-01", "2025-03-01", "2025-04-01",
}

const cluster = "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.ContainerService/managedClusters/{mc}"

// Provider serves Microsoft.KubernetesConfiguration.
type Provider struct {
	tracked.Provider
}

// New declares the types.
func New(f *fabric.Fabric, w *world.Holder, duration func() time.Duration) *Provider {
	p := &Provider{tracked.Provider{Namespace: "Microsoft.KubernetesConfiguration", Fabric: f, World: w}}
	life := tracked.Life{
		Created: http.StatusCreated, Updated: http.StatusOK, Deleted: http.StatusAccepted, Absent: http.StatusNoContent, Duration: duration, Creating: "Creating", Updating: "Updating", Deleting: "Deleting",
		Status: "{resource}/operations/{operation}", Poll: poll, Header: p.header, Busy: busy,
	}
	p.Types = []*tracked.Type{p.extension(life), p.flux(life)}
	return p
}

// Routes is the provider's table. Deletions find the cluster missing before they find the resource group missing,
// as recorded.
func (p *Provider) Routes() []arm.Route {
	routes := p.Provider.Routes()
	for i := range routes {
		routes[i].AnyGroup = routes[i].AnyGroup || routes[i].Method == http.MethodDelete
	}
	return routes
}

// spelled is how the service writes the cluster's type in its own addresses.
func spelled(address string) string {
	return strings.Replace(address, "/managedClusters/", "/ManagedClusters/", 1)
}

// header adds what the service sends with every answer. The address of a new resource is absolute.
func (p *Provider) header(rq *arm.Request, resp *arm.Response) {
	if operation := resp.Header.Get("Azure-AsyncOperation"); operation != "" {
		resp.With("Azure-AsyncOperation", spelled(operation))
	}
	if resp.Status == http.StatusCreated {
		resp.With("Location", spelled(rq.BaseURL+rq.ID.String()))
	}
	location := ""
	if c := p.Fabric.Get(rq.ID.Parent().String()); c != nil {
		location = c.Location
	}
	resp.With("api-supported-versions", strings.Join(versions, ", "))
	resp.With("x-ms-operation-identifier", "tenantId="+rq.Caller.TenantID+",objectId="+rq.Caller.ObjectID+"/"+location+"/"+uuid.NewString())
}

// poll is the operation document: its status while running is the resource's own state.
func poll(p *tracked.Provider, rq *arm.Request, op *fabric.Operation, _ bool) (*arm.Response, error) {
	status := op.Status
	if op.Running() {
		status = op.Label
	}
	body := arm.Object{"id": spelled(op.Resource) + "/operations/" + op.ID, "name": op.ID, "status": status}
	if op.Error != nil {
		body["error"] = op.Error
	}
	return arm.Respond(http.StatusOK, body).With("api-supported-versions", strings.Join(versions, ", ")), nil
}

// busy refuses to change what is being changed.
func busy(rq *arm.Request, op *fabric.Operation, root *fabric.Resource) error {
	return arm.ProviderError(http.StatusConflict, "Conflict", "The operation on '%s' is not allowed because another operation (%s) is in progress. Please retry after it has completed.", root.Name, op.Label)
}

// notFound is the provider's 404; both types word it differently.
func notFound(format string) func(arm.ID) error {
	return func(id arm.ID) error {
		e := arm.ProviderError(http.StatusNotFound, "ResourceNotFound", format, id.Name())
		e.AdditionalInfo = true
		e.Header = http.Header{"Api-Supported-Versions": {strings.Join(versions, ", ")}}
		return e
	}
}

// written stamps the times of a write; the service knows nobody's name.
func written(w *tracked.Write) {
	const format = "2006-01-02T15:04:05.0000000-07:00"
	now := w.Request.Now.UTC().Format(format)
	created := now
	if w.Stored != nil {
		created = arm.Str(w.Stored.Body, "systemData.createdAt")
	}
	w.Body["systemData"] = arm.Object{"createdBy": nil, "createdByType": nil, "createdAt": created, "lastModifiedBy": nil, "lastModifiedByType": nil, "lastModifiedAt": now}
}

// conceal returns the names of protected settings with empty values, which is all the service ever shows.
func conceal(settings arm.Object) arm.Object {
	out := arm.Object{}
	for k := range settings {
		out[k] = ""
	}
	return out
}

// fill sets what a document lacks to null or to a default: the service shows every property it knows.
func fill(o arm.Object, defaults arm.Object) arm.Object {
	for k, v := range defaults {
		if o[k] == nil {
			o[k] = v
		}
	}
	return o
}

func invalid(format string, args ...any) error {
	return arm.ProviderError(http.StatusBadRequest, "BadRequest", format, args...)
}
