package graph

import (
	"strings"
	"sync"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

const groupType = "Microsoft.Resources/resourceGroups"

// columns every row of a table has, in the service's order.
var columns = []string{"id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation"}

// table makes the rows of a table: what the caller may read in the subscriptions.
func (p *Provider) table(rq *arm.Request, name string, subscriptions []world.Subscription) ([]row, error) {
	w := p.World.Get()
	who := w.Principal(rq.Caller.ClientID)
	var out []row
	for _, s := range subscriptions {
		if name == "resourcecontainers" {
			out = append(out, subscriptionRow(s))
		}
		for _, r := range p.Fabric.List(s.ID, "") {
			// Only tracked resources are in the table: children and extension resources have no location of their own.
			if r.Location == "" || len(r.ARMID().Names) > 1 || (r.Type == groupType) != (name == "resourcecontainers") {
				continue
			}
			if w.Allowed(who, r.Type+"/read", r.ID) {
				out = append(out, p.row(rq, r, s))
			}
		}
	}
	return out, nil
}

// row shows a resource. Types, locations and groups are in lower case, whatever their providers write.
func (p *Provider) row(rq *arm.Request, r *fabric.Resource, s world.Subscription) row {
	typ := strings.ToLower(r.Type)
	document := sync.OnceValue(func() arm.Object { return p.Document(rq, r) })
	if r.Type == groupType {
		typ = "microsoft.resources/subscriptions/resourcegroups"
		document = func() arm.Object {
			return arm.Object{"tags": r.Body["tags"], "properties": arm.Object{"provisioningState": r.State}}
		}
	}
	values := arm.Object{
		"id": r.ID, "name": r.Name, "type": typ, "tenantId": s.TenantID, "kind": "", "location": r.Location, "resourceGroup": strings.ToLower(r.ARMID().ResourceGroup), "subscriptionId": s.ID, "managedBy": r.ManagedBy,
	}
	for _, k := range []string{"sku", "plan", "properties", "tags", "identity", "zones"} {
		values[k] = lazy(func() any { return document()[k] })
	}
	return rowOf(values)
}

func subscriptionRow(s world.Subscription) row {
	return rowOf(arm.Object{"id": "/subscriptions/" + s.ID, "name": s.DisplayName, "type": "microsoft.resources/subscriptions", "tenantId": s.TenantID, "kind": "", "location": "", "resourceGroup": "", "subscriptionId": s.ID,
		"managedBy": "", "properties": arm.Object{"state": "Enabled"}})
}

func rowOf(values arm.Object) row {
	out := make(row, 0, len(columns))
	for _, c := range columns {
		out = append(out, cell{c, values[c]})
	}
	return out
}
