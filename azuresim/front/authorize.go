package front

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/world"
)

// authorize decides 404 for an unknown subscription, 401 for a token of another tenant and 403 for a missing role.
func (g *Gateway) authorize(match *route, rq *arm.Request) error {
	if rq.ID.Subscription == "" {
		return nil // tenant-level routes show each caller its own
	}
	w := g.World.Get()
	sub := w.Subscription(rq.ID.Subscription)
	if sub == nil && uuid.Validate(rq.ID.Subscription) != nil {
		return arm.GatewayError(http.StatusBadRequest, "InvalidSubscriptionId", "The provided subscription identifier '%s' is malformed or invalid.", rq.ID.Subscription)
	}
	if sub == nil {
		return arm.GatewayError(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", rq.ID.Subscription)
	}
	if !strings.EqualFold(sub.TenantID, rq.Caller.TenantID) {
		return g.Directory.WrongTenant(rq.Caller, sub.TenantID)
	}
	if match.Verb == "" {
		return nil
	}
	scope := rq.ID.String()
	principal := w.Principal(rq.Caller.ClientID)
	if principal == nil || !w.Allowed(principal, match.Type+"/"+match.Verb, scope) {
		return arm.GatewayError(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.", rq.Caller.ClientID, rq.Caller.ObjectID, match.Type+"/"+match.Verb, scope)
	}
	return registered(match, rq, sub)
}

// registered refuses writes to a namespace the subscription has not registered, in the form at which azcore registers
// it by itself and tries again.
func registered(match *route, rq *arm.Request, sub *world.Subscription) error {
	namespace := namespaceOf(match.Type)
	if match.Verb != "write" || sub.RegistrationState(namespace, rq.Now) == "Registered" {
		return nil
	}
	e := arm.GatewayError(http.StatusConflict, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace '%s'. See https://aka.ms/rps-not-found for how to register subscriptions.", namespace)
	e.Details = []arm.Detail{{Code: e.Code, Target: namespace, Message: e.Message}}
	return e
}
