package authorization

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

func (p *Provider) putAssignment(rq *arm.Request) (*arm.Response, error) {
	name, scope, props := rq.Params["name"], scopeOf(rq), arm.Map(rq.Body, "properties")
	if !guid.MatchString(name) {
		return nil, bad("InvalidRoleAssignmentId", "The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", name)
	}
	if err := p.scopeExists(rq); err != nil {
		return nil, err
	}
	role, permission, err := p.role(rq, arm.Str(props, "roleDefinitionId"))
	if err != nil {
		return nil, err
	}
	principal := strings.ToLower(arm.Str(props, "principalId"))
	if !guid.MatchString(principal) {
		return nil, bad("InvalidPrincipalId", "The Principal ID '%s' is not valid. Principal ID must be a GUID.", principal)
	}
	r := p.Fabric.Get(rq.ID.String())
	if err := p.conflicts(rq, r, scope, role, principal); err != nil {
		return nil, err
	}
	typ, err := p.principalType(rq, props, principal)
	if err != nil {
		return nil, err
	}
	if r == nil {
		r = p.Fabric.Create(rq.ID, "", arm.Object{})
		r.State, r.Private = "Succeeded", &record{}
	}
	r.Private.(*record).stamp(rq)
	r.Body["properties"] = arm.Object{
		"roleDefinitionId": role, "principalId": principal, "principalType": typ, "scope": scope,
		"condition": props["condition"], "conditionVersion": props["conditionVersion"],
		"delegatedManagedIdentityResourceId": props["delegatedManagedIdentityResourceId"], "description": props["description"],
	}
	p.Fabric.Save(r)
	p.World.SetGrant(world.Grant{Assignment: r.ID, Principal: principal, Scope: scope, Permission: permission})
	return written(viewAssignment(r)), nil
}

// scopeExists refuses assignments on what is not there.
func (p *Provider) scopeExists(rq *arm.Request) error {
	id, ok := arm.ParseID(rq.Params["scope"])
	switch {
	case !ok:
		return bad("InvalidScope", "The scope '%s' is not valid.", rq.Params["scope"])
	case id.ResourceGroup != "" && p.Fabric.Get(id.Group().String()) == nil:
		return arm.GroupNotFound(id.ResourceGroup)
	case id.Provider != "" && p.Fabric.Get(id.String()) == nil:
		return arm.ResourceNotFound(id)
	}
	return nil
}

// conflicts refuses what would change an assignment, and a second one for the same thing. The same PUT again is
// answered like the first one, as recorded.
func (p *Provider) conflicts(rq *arm.Request, stored *fabric.Resource, scope, role, principal string) error {
	same := func(r *fabric.Resource) bool {
		return strings.EqualFold(arm.Str(r.Body, "properties.roleDefinitionId"), role) && arm.Str(r.Body, "properties.principalId") == principal
	}
	if stored != nil && !same(stored) {
		return bad("RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
	}
	for _, r := range p.Fabric.Children(scope, AssignmentType) {
		if r != stored && same(r) {
			return arm.ProviderError(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists. The ID of the existing role assignment is %s.", strings.ReplaceAll(r.Name, "-", ""))
		}
	}
	return nil
}

// principalType finds the kind of the principal in the directory; a caller that names it spares Azure the look-up,
// which is how one gets around the replication delay.
func (p *Provider) principalType(rq *arm.Request, props arm.Object, principal string) (string, error) {
	if typ := arm.Str(props, "principalType"); typ != "" {
		return typ, nil
	}
	if !p.known(principal) || p.lagging(principal) {
		tenant := p.World.Get().Subscription(rq.ID.Subscription).TenantID
		return "", bad("PrincipalNotFound", "Principal %s does not exist in the directory %s. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype", strings.ReplaceAll(principal, "-", ""), tenant)
	}
	if who := p.World.Get().Principal(principal); who != nil && who.Type != "" {
		return who.Type, nil
	}
	return "ServicePrincipal", nil
}

// lagging counts the refusals the world asks for before a new identity is found.
func (p *Provider) lagging(principal string) bool {
	who := p.World.Get().Principal(principal)
	if who == nil || who.Unseen == 0 {
		return false
	}
	seen := *who
	seen.Unseen--
	p.World.SetIdentity(seen)
	return true
}

// known reports whether a principal exists: one of the directory, or one that a resource has as its identity.
func (p *Provider) known(principal string) bool {
	if p.World.Get().Principal(principal) != nil {
		return true
	}
	return slices.ContainsFunc(p.Fabric.List("", ""), func(r *fabric.Resource) bool {
		return r.Type != AssignmentType && (mentions(r.Body["identity"], principal) || mentions(arm.Get(r.Body, "properties.identityProfile"), principal) || mentions(arm.Get(r.Body, "properties.aksAssignedIdentity"), principal))
	})
}

// mentions looks for a principal in a document about identities, at any depth.
func mentions(v any, principal string) bool {
	o, _ := v.(map[string]any)
	for k, v := range o {
		if s, ok := v.(string); ok && (k == "principalId" || k == "objectId") && strings.EqualFold(s, principal) || mentions(v, principal) {
			return true
		}
	}
	return false
}

func viewAssignment(r *fabric.Resource) arm.Object {
	props := arm.Copy(arm.Map(r.Body, "properties"))
	r.Private.(*record).show(props)
	return arm.Object{"properties": props, "id": r.ID, "type": AssignmentType, "name": r.Name}
}

func (p *Provider) getAssignment(rq *arm.Request) (*arm.Response, error) {
	r := p.Fabric.Get(rq.ID.String())
	if r == nil {
		if v := p.configured(rq.ID.Subscription, rq.Params["name"]); v != nil {
			return arm.Respond(http.StatusOK, v[0]), nil
		}
		return nil, arm.ProviderError(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", rq.Params["name"])
	}
	return arm.Respond(http.StatusOK, viewAssignment(r)), nil
}

func (p *Provider) deleteAssignment(rq *arm.Request) (*arm.Response, error) {
	r := p.Fabric.Get(rq.ID.String())
	if r == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	view := viewAssignment(r)
	p.Fabric.Drop(r)
	return arm.Respond(http.StatusOK, view), nil
}

// configured are the role assignments of the world's configuration as documents: they were made before anybody
// looked, so they have no author.
func (p *Provider) configured(subscription, name string) []arm.Object {
	var out []arm.Object
	w := p.World.Get()
	sub := arm.ID{Subscription: subscription}.String()
	for _, r := range w.Roles {
		role, who := world.RoleNamed(r.Role), w.Principal(r.Principal)
		if role == nil || who == nil || !within(r.Scope, sub) {
			continue
		}
		id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(r.Principal+role.ID+r.Scope))).String()
		if name != "" && !strings.EqualFold(name, id) {
			continue
		}
		out = append(out, arm.Object{"id": r.Scope + "/providers/" + AssignmentType + "/" + id, "type": AssignmentType, "name": id, "properties": arm.Object{
			"roleDefinitionId": definitionID(subscription, role.ID), "principalId": who.Object(), "principalType": "ServicePrincipal", "scope": r.Scope, "condition": nil, "conditionVersion": nil,
			"createdOn": "2020-01-01T00:00:00.0000000Z", "updatedOn": "2020-01-01T00:00:00.0000000Z", "createdBy": "", "updatedBy": "", "delegatedManagedIdentityResourceId": nil, "description": nil,
		}})
	}
	return out
}

var byPrincipal = regexp.MustCompile(`(?i)^(?:principalId\s+eq|assignedTo\()\s*'([^']*)'\)?$`)

// listAssignments shows those at the scope, above and below it; atScope() leaves out the ones below.
func (p *Provider) listAssignments(rq *arm.Request) (*arm.Response, error) {
	atScope, principal := false, ""
	for part := range strings.SplitSeq(rq.Query.Get("$filter"), " and ") {
		part = strings.TrimSpace(part)
		match := byPrincipal.FindStringSubmatch(part)
		switch {
		case part == "":
		case strings.EqualFold(part, "atScope()"):
			atScope = true
		case match != nil:
			principal = match[1]
		default:
			return nil, bad("InvalidFilter", "The filter '%s' is not supported. Supported filters are 'atScope()', 'assignedTo('{id}')' and 'principalId eq '{id}''.", part)
		}
	}
	scope := scopeOf(rq)
	all := p.configured(rq.ID.Subscription, "")
	for _, r := range p.Fabric.List(rq.ID.Subscription, AssignmentType) {
		all = append(all, viewAssignment(r))
	}
	value := slices.DeleteFunc(all, func(v arm.Object) bool {
		at := arm.Str(v, "properties.scope")
		return !within(scope, at) && (atScope || !within(at, scope)) || principal != "" && !strings.EqualFold(arm.Str(v, "properties.principalId"), principal)
	})
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}
