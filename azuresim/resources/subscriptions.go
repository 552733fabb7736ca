package resources

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"maps"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/world"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (p *Provider) tenants(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, t := range p.World.Get().Tenants {
		if strings.EqualFold(t.ID, rq.Caller.TenantID) {
			value = append(value, arm.Object{"id": "/tenants/" + t.ID, "tenantId": t.ID, "countryCode": "US", "displayName": cmp.Or(t.Domain, t.ID), "domains": []string{t.Domain}, "tenantCategory": "Home", "defaultDomain": t.Domain, "tenantType": "AAD"})
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) subscriptionView(s world.Subscription) arm.Object {
	v := arm.Object{
		"id": "/subscriptions/" + s.ID, "subscriptionId": s.ID, "tenantId": s.TenantID, "displayName": cmp.Or(s.DisplayName, s.ID), "state": "Enabled",
		"subscriptionPolicies": arm.Object{"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
		"authorizationSource":  "RoleBased", "managedByTenants": []any{},
	}
	if r := p.Fabric.Get(tagsID(arm.ID{Subscription: s.ID}).String()); r != nil && len(arm.Map(r.Body, "tags")) > 0 {
		v["tags"] = arm.Map(r.Body, "tags")
	}
	return v
}

func (p *Provider) subscriptions(rq *arm.Request) (*arm.Response, error) {
	w := p.World.Get()
	value := []any{}
	for _, s := range w.Subscriptions {
		if principal := w.Principal(rq.Caller.ClientID); principal != nil && w.Sees(principal, s.ID) {
			value = append(value, p.subscriptionView(s))
		}
	}
	page := arm.Page(rq, value)
	page["count"] = arm.Object{"type": "Total", "value": len(value)}
	return arm.Respond(http.StatusOK, page), nil
}

func (p *Provider) subscription(rq *arm.Request) (*arm.Response, error) {
	return arm.Respond(http.StatusOK, p.subscriptionView(*p.World.Get().Subscription(rq.ID.Subscription))), nil
}
