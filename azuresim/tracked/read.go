package tracked

import (
	"net/http"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// View is the document of a resource in an api-version.
func (p *Provider) View(apiVersion string, r *fabric.Resource) arm.Object {
	t := p.Type(r.Type)
	doc := arm.Copy(r.Body)
	if doc == nil {
		doc = arm.Object{}
	}
	doc["id"], doc["name"], doc["type"] = r.ID, r.Name, t.Name
	if r.Location != "" {
		doc["location"] = r.Location
	}
	if t.Life.ETag != nil {
		doc["etag"] = r.ETag
	}
	props, _ := doc["properties"].(map[string]any)
	if props == nil {
		props = arm.Object{}
		doc["properties"] = props
	}
	if !t.Life.NoState {
		props["provisioningState"] = r.State
	}
	for _, e := range t.Embedded {
		list := []any{}
		for _, child := range p.Fabric.Children(r.ID, e.Type) {
			list = append(list, p.View(apiVersion, child))
		}
		props[e.Property] = list
	}
	if t.View != nil {
		t.View(apiVersion, r, doc)
	}
	for path, since := range t.Since {
		if apiVersion < since {
			arm.Remove(doc, path)
		}
	}
	for path, until := range t.Until {
		if apiVersion >= until {
			arm.Remove(doc, path)
		}
	}
	return doc
}

func (p *Provider) answer(t *Type, rq *arm.Request, status int, r *fabric.Resource) *arm.Response {
	doc := p.View(rq.APIVersion, r)
	if t.Answer != nil {
		t.Answer(rq, r, doc)
	}
	resp := arm.Respond(status, doc)
	if t.Life.ETag != nil && !t.Life.QuietETag && (rq.Method == http.MethodGet || t.Life.Duration == nil) {
		resp.With("ETag", r.ETag)
	}
	return resp
}

// find is the resource of a request, or the 404 its absence deserves.
func (p *Provider) find(t *Type, rq *arm.Request) (*fabric.Resource, error) {
	if r := p.Fabric.Get(rq.ID.String()); r != nil {
		return r, nil
	}
	if err := p.parentThere(t, rq.ID, "read"); err != nil {
		return nil, err
	}
	return nil, t.notFound(rq.ID)
}

func (t *Type) notFound(id arm.ID) error {
	switch {
	case t.NotFound != nil:
		return t.NotFound(id)
	case len(id.Names) > 1:
		return NotFound(id)
	}
	return arm.ResourceNotFound(id)
}

// NotFound is a provider's own 404, which nested resources get; the gateway never sees them.
func NotFound(id arm.ID) *arm.Error {
	return &arm.Error{Status: http.StatusNotFound, Code: "NotFound", Message: "Resource " + id.String() + " not found.", Details: []arm.Detail{}}
}

// parentThere refuses requests below an absent parent.
func (p *Provider) parentThere(t *Type, id arm.ID, verb string) error {
	if len(id.Names) == 1 && id.Scope == "" {
		return nil
	}
	parent := id.Parent()
	switch {
	case parent.Provider == "" || p.Fabric.Get(parent.String()) != nil:
		return nil
	case verb == "write":
		return arm.ParentNotFound(verb, id)
	case t.Life.Orphan != nil:
		return t.Life.Orphan(verb, id)
	}
	return arm.ResourceNotFound(parent)
}

func (p *Provider) get(t *Type, rq *arm.Request) (*arm.Response, error) {
	r, err := p.find(t, rq)
	if err != nil {
		return nil, err
	}
	return p.answer(t, rq, http.StatusOK, r), nil
}

// list serves a collection below a parent, in a resource group or in a subscription.
func (p *Provider) list(t *Type, rq *arm.Request) (*arm.Response, error) {
	under := rq.ID.String()
	var found []*fabric.Resource
	switch {
	case t.nested() || t.Under != "":
		if rq.ID.Provider != "" && p.Fabric.Get(under) == nil {
			return nil, p.parentThere(t, rq.ID.Child("", ""), "read")
		}
		found = p.Fabric.Children(under, t.Name)
	case rq.ID.ResourceGroup != "":
		found = p.Fabric.Children(under, t.Name)
	default:
		found = p.Fabric.List(rq.ID.Subscription, t.Name)
	}
	value := make([]arm.Object, 0, len(found))
	for _, r := range found {
		value = append(value, p.View(rq.APIVersion, r))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}
