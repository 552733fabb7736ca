package resources

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/world"
)

// namespaces are the providers the emulator has, with their types.
var namespaces = map[string][]string{
	"Microsoft.ContainerService": {"managedClusters", "managedClusters/agentPools", "locations", "locations/operations"},
	"Microsoft.Network":          {"virtualNetworks", "virtualNetworks/subnets", "locations", "locations/operations"},
	"Microsoft.Compute":          {"virtualMachineScaleSets", "virtualMachineScaleSets/virtualMachines"},
	"Microsoft.Resources":        {"subscriptions", "resourceGroups", "resources"},
}

func (p *Provider) tenants(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, t := range p.World.Get().Tenants {
		if strings.EqualFold(t.ID, rq.Caller.TenantID) {
			value = append(value, arm.Object{"id": "/tenants/" + t.ID, "tenantId": t.ID, "defaultDomain": t.Domain, "displayName": t.Domain, "tenantCategory": "Home"})
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func subscriptionView(s world.Subscription) arm.Object {
	return arm.Object{
		"id": "/subscriptions/" + s.ID, "subscriptionId": s.ID, "tenantId": s.TenantID, "displayName": s.DisplayName, "state": "Enabled",
		"subscriptionPolicies": arm.Object{"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
		"authorizationSource":  "RoleBased", "managedByTenants": []any{},
	}
}

func (p *Provider) subscriptions(rq *arm.Request) (*arm.Response, error) {
	w := p.World.Get()
	value := []any{}
	for _, s := range w.Subscriptions {
		if principal := w.Principal(rq.Caller.ClientID); principal != nil && w.Sees(principal, s.ID) {
			value = append(value, subscriptionView(s))
		}
	}
	return arm.Respond(http.StatusOK, arm.Object{"value": value, "count": arm.Object{"type": "Total", "value": len(value)}}), nil
}

func (p *Provider) subscription(rq *arm.Request) (*arm.Response, error) {
	return arm.Respond(http.StatusOK, subscriptionView(*p.World.Get().Subscription(rq.ID.Subscription))), nil
}

func (p *Provider) locations(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, l := range p.World.Get().Locations {
		value = append(value, arm.Object{"id": "/subscriptions/" + rq.ID.Subscription + "/locations/" + l, "type": "Region", "name": l, "displayName": l, "regionalDisplayName": l, "metadata": arm.Object{"regionType": "Physical"}})
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) providerView(rq *arm.Request, namespace string) arm.Object {
	sub := p.World.Get().Subscription(rq.ID.Subscription)
	state := "Registered"
	if slices.ContainsFunc(sub.Unregistered, func(u string) bool { return strings.EqualFold(u, namespace) }) {
		state = "NotRegistered"
	}
	types := []any{}
	for _, t := range namespaces[namespace] {
		types = append(types, arm.Object{"resourceType": t, "locations": p.World.Get().Locations})
	}
	return arm.Object{"id": "/subscriptions/" + sub.ID + "/providers/" + namespace, "namespace": namespace, "registrationPolicy": "RegistrationRequired", "registrationState": state, "resourceTypes": types}
}

func (p *Provider) providers(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, n := range slices.Sorted(maps.Keys(namespaces)) {
		value = append(value, p.providerView(rq, n))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func namespaceNamed(name string) (string, error) {
	for n := range namespaces {
		if strings.EqualFold(n, name) {
			return n, nil
		}
	}
	return "", arm.GatewayError(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", name)
}

func (p *Provider) provider(rq *arm.Request) (*arm.Response, error) {
	n, err := namespaceNamed(rq.Params["namespace"])
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, p.providerView(rq, n)), nil
}

// register makes a namespace usable at once; Azure takes a few minutes in state Registering.
func (p *Provider) register(rq *arm.Request) (*arm.Response, error) {
	n, err := namespaceNamed(rq.Params["namespace"])
	if err != nil {
		return nil, err
	}
	sub := *p.World.Get().Subscription(rq.ID.Subscription)
	sub.Unregistered = slices.DeleteFunc(slices.Clone(sub.Unregistered), func(u string) bool { return strings.EqualFold(u, n) })
	p.World.Merge(world.World{Subscriptions: []world.Subscription{sub}})
	return arm.Respond(http.StatusOK, p.providerView(rq, n)), nil
}

// listResources is the generic list of a group or a subscription; $filter knows only resourceType eq '…'.
func (p *Provider) listResources(rq *arm.Request) (*arm.Response, error) {
	typ := ""
	if f := rq.Query.Get("$filter"); f != "" {
		rest, ok := strings.CutPrefix(strings.TrimSpace(f), "resourceType eq '")
		if !ok || !strings.HasSuffix(rest, "'") {
			return nil, arm.GatewayError(http.StatusBadRequest, "InvalidFilterInQueryString", "Invalid $filter '%s' specified in the query string.", f)
		}
		typ = strings.TrimSuffix(rest, "'")
	}
	value := []any{}
	groups := []string{rq.ID.String()}
	if rq.ID.ResourceGroup == "" {
		groups = nil
		for _, g := range p.Fabric.Children(rq.ID.String(), "Microsoft.Resources/resourceGroups") {
			groups = append(groups, g.ID)
		}
	}
	for _, g := range groups {
		for _, r := range p.Fabric.Children(g, typ) {
			item := arm.Object{"id": r.ID, "name": r.Name, "type": r.Type, "location": r.Location}
			for _, key := range []string{"tags", "sku", "identity"} {
				if v := arm.Map(r.Body, key); v != nil {
					item[key] = v
				}
			}
			if r.ManagedBy != "" {
				item["managedBy"] = r.ManagedBy
			}
			value = append(value, item)
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}
