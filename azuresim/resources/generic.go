package resources

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// listResources is the generic list of a group or a subscription. It has what ARM itself tracks: resources with a
// location. Subnets, agent pools, role assignments and the like are known to their providers only.
func (p *Provider) listResources(rq *arm.Request) (*arm.Response, error) {
	pass, byTag, err := parseFilter(rq)
	if err != nil {
		return nil, err
	}
	groups := []string{rq.ID.String()}
	if rq.ID.ResourceGroup == "" {
		groups = nil
		for _, g := range p.Fabric.Children(rq.ID.String(), "Microsoft.Resources/resourceGroups") {
			groups = append(groups, g.ID)
		}
	}
	value := []any{}
	var walk func(parent string)
	walk = func(parent string) {
		for _, r := range p.Fabric.Children(parent, "") {
			if r.Location == "" {
				continue
			}
			if pass(r) {
				value = append(value, genericView(rq, r, byTag))
			}
			walk(r.ID)
		}
	}
	for _, g := range groups {
		walk(g)
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func genericView(rq *arm.Request, r *fabric.Resource, withoutTags bool) arm.Object {
	item := arm.Object{"id": r.ID, "name": r.Name, "type": r.Type, "location": r.Location}
	for _, key := range []string{"kind", "managedBy", "sku", "identity", "plan", "zones", "extendedLocation", "tags"} {
		if v := r.Body[key]; v != nil && (key != "tags" || !withoutTags) {
			item[key] = v
		}
	}
	if r.ManagedBy != "" {
		item["managedBy"] = r.ManagedBy
	}
	const stamp = "2006-01-02T15:04:05.0000000Z"
	for extra := range strings.SplitSeq(rq.Query.Get("$expand"), ",") {
		switch strings.ToLower(strings.TrimSpace(extra)) {
		case "createdtime":
			item["createdTime"] = r.Created.Format(stamp)
		case "changedtime":
			item["changedTime"] = r.Changed.Format(stamp)
		case "provisioningstate":
			item["provisioningState"] = r.State
		}
	}
	return item
}

// exportGroup and moveResources are calls the emulator knows and refuses.
func (p *Provider) exportGroup(*arm.Request) (*arm.Response, error) {
	return nil, arm.GatewayError(http.StatusBadRequest, "ExportTemplateNotSupported", "This emulator does not export templates. List the resources of the group instead.")
}

func (p *Provider) moveResources(rq *arm.Request) (*arm.Response, error) {
	var ids []string
	for _, id := range arm.List(rq.Body, "resources") {
		if s, ok := id.(string); ok {
			ids = append(ids, s)
		}
	}
	return nil, arm.GatewayError(http.StatusConflict, "ResourceMoveNotSupported", "Resource move is not supported for the resources '%s'. AKS clusters and what belongs to them cannot be moved between resource groups, subscriptions or regions.", strings.Join(ids, ","))
}
