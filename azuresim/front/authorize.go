package front

import (
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// authorize decides 404 for an unknown subscription, 401 for a token of another tenant and 403 for a missing role.
func (g *Gateway) authorize(match *route, rq *arm.Request) error {
	if rq.ID.Subscription == "" {
		return nil // tenant-level routes show each caller its own
	}
	w := g.World.Get()
	sub := w.Subscription(rq.ID.Subscription)
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
	if principal == nil || !w.Allowed(principal, match.Verb, scope) {
		return arm.GatewayError(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.", rq.Caller.ClientID, rq.Caller.ObjectID, match.Type+"/"+match.Verb, scope)
	}
	if namespace := namespaceOf(match.Type); slices.ContainsFunc(sub.Unregistered, func(u string) bool { return strings.EqualFold(u, namespace) }) && match.Verb == "write" {
		return arm.GatewayError(http.StatusConflict, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace '%s'. See https://aka.ms/rps-not-found for how to register subscriptions.", namespace)
	}
	return nil
}
