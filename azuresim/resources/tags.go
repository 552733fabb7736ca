package resources

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const tagsType = "Microsoft.Resources/tags"

// tagsID is the id of the wrapper that stands for the tags of a subscription, group or resource.
func tagsID(scope arm.ID) arm.ID {
	id := arm.ID{Subscription: scope.Subscription, ResourceGroup: scope.ResourceGroup, Provider: "Microsoft.Resources", Types: []string{"tags"}, Names: []string{"default"}}
	if scope.Provider != "" {
		id.Scope = scope.String()
	}
	return id
}

// tagged is what a tags request is about: its scope and the tags there are now. A subscription keeps its tags in a
// resource of their own, the others in their document.
func (p *Provider) tagged(rq *arm.Request) (scope arm.ID, holder *fabric.Resource, tags arm.Object, err error) {
	scope, ok := arm.ParseID(rq.Params["scope"])
	if !ok {
		return scope, nil, nil, arm.GatewayError(http.StatusBadRequest, "InvalidScope", "The scope '%s' is not a subscription, a resource group or a resource.", rq.Params["scope"])
	}
	switch {
	case scope.Provider != "":
		if holder = p.Fabric.Get(scope.String()); holder == nil {
			return scope, nil, nil, arm.ResourceNotFound(scope)
		}
	case scope.ResourceGroup != "":
		holder = p.Fabric.Get(scope.String()) // the gateway has seen that the group is there
	default:
		holder = p.Fabric.Get(tagsID(scope).String())
	}
	if holder != nil {
		tags = arm.Map(holder.Body, "tags")
	}
	return scope, holder, tags, nil
}

func tagsView(scope arm.ID, tags arm.Object) *arm.Response {
	if tags == nil {
		tags = arm.Object{}
	}
	return arm.Respond(http.StatusOK, arm.Object{"id": tagsID(scope).String(), "name": "default", "type": tagsType, "properties": arm.Object{"tags": tags}})
}

func (p *Provider) getTags(rq *arm.Request) (*arm.Response, error) {
	scope, _, tags, err := p.tagged(rq)
	if err != nil {
		return nil, err
	}
	return tagsView(scope, tags), nil
}

func (p *Provider) putTags(rq *arm.Request) (*arm.Response, error) {
	return p.changeTags(rq, func(arm.Object, arm.Object) arm.Object { return arm.Map(rq.Body, "properties.tags") })
}

func (p *Provider) deleteTags(rq *arm.Request) (*arm.Response, error) {
	if _, err := p.changeTags(rq, func(arm.Object, arm.Object) arm.Object { return nil }); err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, nil), nil
}

func (p *Provider) patchTags(rq *arm.Request) (*arm.Response, error) {
	operation := arm.Str(rq.Body, "operation")
	switch strings.ToLower(operation) {
	case "replace":
		return p.putTags(rq)
	case "merge":
		return p.changeTags(rq, mergeTags)
	case "delete":
		return p.changeTags(rq, removeTags)
	}
	return nil, arm.GatewayError(http.StatusBadRequest, "InvalidTagsPatchOperation", "The tags patch operation '%s' is invalid. The supported operations are 'Replace,Merge,Delete'.", operation)
}

// mergeTags keeps the spelling a tag's name already has.
func mergeTags(tags, sent arm.Object) arm.Object {
	for name, v := range sent {
		for old := range tags {
			if strings.EqualFold(old, name) {
				name = old
			}
		}
		tags[name] = v
	}
	return tags
}

// removeTags takes away tags by name, or by name and value where the request gives one.
func removeTags(tags, sent arm.Object) arm.Object {
	for name, v := range sent {
		for old, value := range tags {
			if strings.EqualFold(old, name) && (v == "" || v == nil || v == value) {
				delete(tags, old)
			}
		}
	}
	return tags
}

func (p *Provider) changeTags(rq *arm.Request, change func(tags, sent arm.Object) arm.Object) (*arm.Response, error) {
	scope, holder, stored, err := p.tagged(rq)
	if err != nil {
		return nil, err
	}
	tags := arm.Merge(nil, change(arm.Merge(nil, stored), arm.Map(rq.Body, "properties.tags")))
	if err := CheckTags(tags); err != nil {
		return nil, err
	}
	if scope.Provider != "" {
		// ARM leaves it to the provider, which may refuse (an AKS cluster that is busy) or take its time.
		_, found, err := p.Forward(rq, http.MethodPatch, holder.ARMID(), arm.Object{"tags": tags})
		if found || err != nil {
			return tagsView(scope, tags), err
		}
	}
	if holder == nil {
		holder = p.Fabric.Create(tagsID(scope), "", arm.Object{})
		holder.State = "Succeeded"
	}
	delete(holder.Body, "tags")
	if len(tags) > 0 {
		holder.Body["tags"] = tags
	}
	p.Fabric.Save(holder)
	return tagsView(scope, tags), nil
}
