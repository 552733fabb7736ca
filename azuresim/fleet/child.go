package fleet

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/spec"
)

// hidden are the properties the service fills in that older api-versions do not show. Versions with a description are
// filtered by it.
var hidden = []struct{ path, since string }{
	{"properties.status.lastOperationId", "2025-03-01"}, {"properties.status.lastOperationError", "2025-03-01"}, {"properties.hubProfile.portalFqdn", "2023-06-15-preview"},
}

// concurrencySince is the first described api-version in which the status of a run shows maxConcurrency.
const concurrencySince = "2026-03-02-preview"

// view shows a resource in the api-version of the request.
func (p *Provider) view(rq *arm.Request, r *fabric.Resource) arm.Object {
	out := arm.Copy(r.Body)
	out["id"], out["name"], out["type"], out["eTag"], out["systemData"] = r.ID, r.Name, r.Type, r.ETag, private(r).View()
	if r.Location != "" {
		out["location"] = r.Location
	}
	arm.Put(out, "properties.provisioningState", r.State)
	if k := private(r); k.LastOperation != "" && (r.Type == Type || r.Type == MemberType) {
		arm.Put(out, "properties.status.lastOperationId", k.LastOperation)
		if k.LastError != nil {
			arm.Put(out, "properties.status.lastOperationError", arm.Object{"code": k.LastError.Code, "message": k.LastError.Message})
		}
	}
	for _, h := range hidden {
		if rq.APIVersion < h.since {
			arm.Remove(out, h.path)
		}
	}
	if r.Type == RunType && rq.APIVersion < concurrencySince {
		for _, node := range nodes(arm.Map(out, "properties.status")) {
			delete(node, "maxConcurrency")
		}
	}
	if status := arm.Map(out, "properties.status"); status != nil && len(status) == 0 {
		arm.Remove(out, "properties.status")
	}
	return spec.Filter(r.Type, rq.APIVersion, out)
}

// newETag looks like those recorded, which quote themselves inside the JSON text.
func newETag(now time.Time) string {
	return fmt.Sprintf("\"%08x-0000-4d00-0000-%08x0000\"", rand.Uint32(), uint32(now.Unix()))
}

// touch notes a change made by a request.
func (p *Provider) touch(rq *arm.Request, r *fabric.Resource, state string) {
	r.State, r.ETag = state, newETag(rq.Now)
	private(r).Stamp(rq)
	p.Fabric.Save(r)
}

// create stores a new resource.
func (p *Provider) create(id arm.ID, location string) *fabric.Resource {
	r := p.Fabric.Create(id, location, arm.Object{"properties": arm.Object{}})
	r.Private = &item{}
	return r
}

func fleetID(rq *arm.Request) arm.ID {
	return arm.ID{Subscription: rq.ID.Subscription, ResourceGroup: rq.ID.ResourceGroup, Provider: namespace, Types: []string{"fleets"}, Names: []string{rq.Params["fleet"]}}
}

// parent finds the fleet of a nested resource. Without it the gateway answers, also when the whole group is gone.
func (p *Provider) parent(rq *arm.Request, verb string) (*fabric.Resource, error) {
	if f := p.Fabric.Get(fleetID(rq).String()); f != nil {
		return f, nil
	}
	return nil, arm.ParentNotFound(verb, rq.ID)
}

// child finds a nested resource; the service itself answers when it is missing.
func (p *Provider) child(rq *arm.Request, verb string) (*fabric.Resource, error) {
	if _, err := p.parent(rq, verb); err != nil {
		return nil, err
	}
	if r := p.Fabric.Get(rq.ID.String()); r != nil {
		return r, nil
	}
	return nil, arm.ProviderError(http.StatusNotFound, "ResourceNotFound", "Could not find the given resource. Resource ID: \"%s\". Correlation ID: \"%s\". Operation ID: \"%s\"", rq.ID.String(), uuid.NewString(), uuid.NewString())
}

func (p *Provider) getChild(rq *arm.Request) (*arm.Response, error) {
	r, err := p.child(rq, "read")
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, p.view(rq, r)), nil
}

// listChildren serves the lists of all nested types: the last segment of the path names the type.
func (p *Provider) listChildren(rq *arm.Request) (*arm.Response, error) {
	if p.Fabric.Get(fleetID(rq).String()) == nil {
		return nil, arm.ResourceNotFound(fleetID(rq))
	}
	path := strings.Trim(rq.Path, "/")
	value := []arm.Object{}
	for _, r := range p.Fabric.Children(fleetID(rq).String(), Type+path[strings.LastIndexByte(path, '/'):]) {
		value = append(value, p.view(rq, r))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

// absent answers a DELETE of what is not there.
func (p *Provider) absent(rq *arm.Request) (r *fabric.Resource, resp *arm.Response, err error) {
	if _, err := p.parent(rq, "delete"); err != nil {
		return nil, nil, err
	}
	if r = p.Fabric.Get(rq.ID.String()); r == nil {
		return nil, arm.Respond(http.StatusNoContent, nil), nil
	}
	return r, nil, precondition(rq, r)
}

// deleteAtOnce is the DELETE of what needs no operation.
func (p *Provider) deleteAtOnce(rq *arm.Request) (*arm.Response, error) {
	r, resp, err := p.absent(rq)
	if err != nil || resp != nil {
		return resp, err
	}
	p.Fabric.Drop(r)
	return arm.Respond(http.StatusOK, nil), nil
}

// draft checks a PUT of a nested resource that needs no operation and returns its properties without nulls.
func (p *Provider) draft(rq *arm.Request, what string) (f, stored *fabric.Resource, props arm.Object, err error) {
	if f, err = p.parent(rq, "write"); err != nil {
		return nil, nil, nil, err
	}
	stored = p.Fabric.Get(rq.ID.String())
	if err = checkName(what, rq.ID.Name(), 50); err == nil {
		err = checkBody(rq, Type+"/"+rq.ID.Types[1])
	}
	if err == nil {
		err = precondition(rq, stored)
	}
	if err == nil && f.State == "Deleting" {
		err = notAllowed("The fleet '%s' is being deleted.", f.Name)
	}
	props = withoutNulls(arm.Map(rq.Body, "properties"))
	for _, readOnly := range []string{"provisioningState", "status", "autoUpgradeProfileStatus", "autoUpgradeProfileId"} {
		delete(props, readOnly)
	}
	return f, stored, props, err
}

// keep stores such a resource and answers 201 or 200, already Succeeded (recorded for update runs).
func (p *Provider) keep(rq *arm.Request, stored *fabric.Resource, props arm.Object) (*arm.Response, error) {
	status := http.StatusOK
	if stored == nil {
		status, stored = http.StatusCreated, p.create(rq.ID, "")
	}
	stored.Body = arm.Object{"properties": props}
	p.touch(rq, stored, "Succeeded")
	return arm.Respond(status, p.view(rq, stored)), nil
}

// precondition applies If-Match and If-None-Match; eTags may come with or without their quotes.
func precondition(rq *arm.Request, r *fabric.Resource) error {
	match, none := rq.Header.Get("If-Match"), rq.Header.Get("If-None-Match")
	switch {
	case none == "*" && r != nil:
		return arm.ProviderError(http.StatusPreconditionFailed, "PreconditionFailed", "The resource '%s' exists already.", r.ID)
	case match != "" && r == nil:
		return arm.ProviderError(http.StatusPreconditionFailed, "PreconditionFailed", "The resource '%s' does not exist, but If-Match was given.", rq.ID.String())
	case match != "" && match != "*" && strings.Trim(match, `"`) != strings.Trim(r.ETag, `"`):
		return arm.ProviderError(http.StatusPreconditionFailed, "PreconditionFailed", "The eTag '%s' does not match the current eTag '%s' of the resource '%s'.", match, r.ETag, r.ID)
	}
	return nil
}

// checkBody refuses what the description forbids.
func checkBody(rq *arm.Request, typ string) error {
	if rq.Body == nil {
		return arm.GatewayError(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: 'the body is empty'.")
	}
	if findings := spec.Refusals(spec.Validate(typ, rq.APIVersion, rq.Body)); len(findings) > 0 {
		return invalid("The request body is invalid: %s", findings[0])
	}
	return nil
}

// withoutNulls copies an object; null means the same as absent.
func withoutNulls(o arm.Object) arm.Object {
	out := arm.Object{}
	for k, v := range o {
		switch v := v.(type) {
		case nil:
		case map[string]any:
			out[k] = withoutNulls(v)
		default:
			out[k] = arm.Copy(v)
		}
	}
	return out
}
