package resources

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/world"
)

// registrationFree are the namespaces every subscription may use without registering them.
var registrationFree = map[string]bool{"microsoft.resources": true, "microsoft.authorization": true, "microsoft.resourcegraph": true}

// namespaces groups the types the emulator serves by their provider.
func (p *Provider) namespaces() map[string][]string {
	out := map[string][]string{}
	for typ := range p.Types() {
		namespace, short, _ := strings.Cut(typ, "/")
		out[namespace] = append(out[namespace], short)
	}
	for _, types := range out {
		slices.Sort(types)
	}
	return out
}

// providerDocument is what GET providers/{namespace} shows; without a subscription there is no registration state.
func (p *Provider) providerDocument(rq *arm.Request, namespace string) arm.Object {
	doc := arm.Object{"namespace": namespace, "resourceTypes": p.resourceTypes(namespace)}
	if rq.ID.Subscription == "" {
		return doc
	}
	sub := p.World.Get().Subscription(rq.ID.Subscription)
	doc["id"] = "/subscriptions/" + sub.ID + "/providers/" + namespace
	doc["registrationState"] = sub.RegistrationState(namespace, rq.Now)
	doc["registrationPolicy"] = "RegistrationRequired"
	if registrationFree[strings.ToLower(namespace)] {
		doc["registrationPolicy"] = "RegistrationFree"
	}
	return doc
}

func (p *Provider) resourceTypes(namespace string) []any {
	locations := []any{}
	for _, l := range p.World.Get().Locations {
		locations = append(locations, placeOf(l).display)
	}
	types, out := p.Types(), []any{}
	for _, short := range p.namespaces()[namespace] {
		versions := types[namespace+"/"+short]
		out = append(out, arm.Object{"resourceType": short, "locations": locations, "apiVersions": versions, "capabilities": "None"})
	}
	return out
}

func (p *Provider) listProviders(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	known := p.namespaces()
	for _, n := range sortedKeys(known) {
		value = append(value, p.providerDocument(rq, n))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

// namespace finds the provider a request names, without case.
func (p *Provider) namespace(rq *arm.Request) (string, error) {
	name := rq.Params["namespace"]
	for n := range p.namespaces() {
		if strings.EqualFold(n, name) {
			return n, nil
		}
	}
	return "", arm.GatewayError(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", name)
}

func (p *Provider) getProvider(rq *arm.Request) (*arm.Response, error) {
	n, err := p.namespace(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, p.providerDocument(rq, n)), nil
}

func (p *Provider) listResourceTypes(rq *arm.Request) (*arm.Response, error) {
	n, err := p.namespace(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, p.resourceTypes(n))), nil
}

// register makes a namespace usable after a while: Azure takes minutes in state Registering, and clients poll for the
// end of it.
func (p *Provider) register(rq *arm.Request) (*arm.Response, error) {
	return p.changeRegistration(rq, "Registered", false)
}

// unregister is refused while the subscription has resources of the provider.
func (p *Provider) unregister(rq *arm.Request) (*arm.Response, error) {
	n, err := p.namespace(rq)
	if err != nil {
		return nil, err
	}
	if registrationFree[strings.ToLower(n)] {
		return nil, arm.GatewayError(http.StatusBadRequest, "CannotUnregisterRegistrationFreeResourceProvider", "The resource provider '%s' is registration free and cannot be unregistered.", n)
	}
	for _, r := range p.Fabric.List(rq.ID.Subscription, "") {
		if strings.EqualFold(r.ARMID().Provider, n) {
			return nil, arm.GatewayError(http.StatusConflict, "CannotUnregisterNamespace", "The subscription '%s' still has resources of the namespace '%s', for example '%s'. Delete them before unregistering it.", rq.ID.Subscription, n, r.ID)
		}
	}
	return p.changeRegistration(rq, "NotRegistered", true)
}

func (p *Provider) changeRegistration(rq *arm.Request, goal string, leaving bool) (*arm.Response, error) {
	n, err := p.namespace(rq)
	if err != nil {
		return nil, err
	}
	sub := p.World.Get().Subscription(rq.ID.Subscription)
	underway := map[bool]string{false: "Registering", true: "Unregistering"}[leaving]
	if state := sub.RegistrationState(n, rq.Now); state != goal && state != underway {
		done := rq.Now.Add(p.RegistrationDuration()).Truncate(time.Millisecond)
		p.World.Merge(world.World{Subscriptions: []world.Subscription{sub.WithRegistration(world.Registration{Namespace: n, Done: done, Leaving: leaving})}})
		p.KeepWorld()
	}
	return arm.Respond(http.StatusOK, p.providerDocument(rq, n)), nil
}
