package front

import (
	"maps"
	"net/http"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
)

// guard refuses what a caller with the right role still must not do: change what a deny assignment or a lock protects.
func (g *Gateway) guard(match *route, rq *arm.Request) error {
	if rq.Method == http.MethodGet || rq.Method == http.MethodHead || match.Verb == "" {
		return nil
	}
	if g.Denied != nil && rq.ID.ResourceGroup != "" && changes(rq.Method) {
		if group := g.Fabric.Get(rq.ID.Group().String()); group != nil {
			if name := g.Denied(group); name != "" {
				return denied(match, rq, name, group.ID)
			}
		}
	}
	if g.Locked != nil && changes(rq.Method) {
		return g.Locked(rq.ID, match.Verb)
	}
	return nil
}

// changes tells a PUT, PATCH or DELETE from an action such as listing credentials.
func changes(method string) bool { return method != http.MethodPost }

// denied is the 403 behind which service-managed resource groups hide. The id of a deny assignment is a GUID; it is
// derived so that it stays the same.
func denied(match *route, rq *arm.Request, name, scope string) error {
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(scope)).String()
	return arm.GatewayError(http.StatusForbidden, "DenyAssignmentAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; however, the access is denied because of the deny assignment with name '%s' and Id '%s' at scope '%s'.", rq.Caller.ClientID, rq.Caller.ObjectID, match.Type+"/"+match.Verb, rq.ID.String(), name, id, scope)
}

// applyPolicies adds the tags that Azure Policy forces on what is written. Its "modify" effect works on the request,
// so the provider, its answer and its eTag all see the tags as if the caller had sent them.
func (g *Gateway) applyPolicies(rq *arm.Request) {
	if rq.Body == nil || rq.Method != http.MethodPut && rq.Method != http.MethodPatch || !g.tagged(rq) {
		return
	}
	forced := g.World.Get().PolicyTags(rq.ID.String())
	if len(forced) == 0 {
		return
	}
	rq.Body = maps.Clone(rq.Body)
	tags := arm.Copy(arm.Map(rq.Body, "tags"))
	if tags == nil {
		tags = arm.Object{}
		if stored := g.Fabric.Get(rq.ID.String()); stored != nil && rq.Method == http.MethodPatch {
			tags = arm.Merge(nil, arm.Map(stored.Body, "tags"))
		}
	}
	for k, v := range forced {
		tags[k] = v
	}
	rq.Body["tags"] = tags
}

// tagged reports whether a write is about a resource that can have tags: those have a location, which a PUT names.
func (g *Gateway) tagged(rq *arm.Request) bool {
	if rq.Method == http.MethodPut {
		return rq.Body["location"] != nil
	}
	stored := g.Fabric.Get(rq.ID.String())
	return stored != nil && stored.Location != ""
}
