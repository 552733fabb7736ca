package authorization

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

// definitionID is how every answer spells a role: definitions belong to the directory and are shown below the
// subscription, whatever scope they were asked for at.
func definitionID(subscription, name string) string {
	if subscription == "" {
		return "/providers/" + DefinitionType + "/" + name
	}
	return arm.ID{Subscription: subscription}.String() + "/providers/" + DefinitionType + "/" + name
}

// role resolves the roleDefinitionId of an assignment.
func (p *Provider) role(rq *arm.Request, id string) (string, world.Permission, error) {
	name := id[strings.LastIndex(id, "/")+1:]
	if !strings.Contains(strings.ToLower(id), "microsoft.authorization/roledefinitions/") || !guid.MatchString(name) {
		return "", world.Permission{}, bad("InvalidRoleDefinitionId", "The role definition ID '%s' is not valid.", id)
	}
	full := definitionID(rq.ID.Subscription, strings.ToLower(name))
	if permission, ok := p.permission(full); ok {
		return full, permission, nil
	}
	return "", world.Permission{}, bad("RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", strings.ReplaceAll(name, "-", ""))
}

// permission is what a role allows; several permissions of a custom role add up.
func (p *Provider) permission(id string) (world.Permission, bool) {
	if builtin := world.RoleNamed(id[strings.LastIndex(id, "/")+1:]); builtin != nil {
		return builtin.Permission, true
	}
	r := p.Fabric.Get(id)
	if r == nil {
		return world.Permission{}, false
	}
	var out world.Permission
	for _, raw := range arm.List(r.Body, "properties.permissions") {
		o, _ := raw.(map[string]any)
		out.Actions = append(out.Actions, texts(o["actions"])...)
		out.NotActions = append(out.NotActions, texts(o["notActions"])...)
	}
	return out, true
}

// grant mirrors a stored assignment into the world.
func (p *Provider) grant(r *fabric.Resource) {
	if permission, ok := p.permission(arm.Str(r.Body, "properties.roleDefinitionId")); ok {
		p.World.SetGrant(world.Grant{Assignment: r.ID, Principal: arm.Str(r.Body, "properties.principalId"), Scope: arm.Str(r.Body, "properties.scope"), Permission: permission})
	}
}

func texts(v any) []string {
	out := []string{}
	list, _ := v.([]any)
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func viewPermission(p world.Permission) arm.Object {
	list := func(l []string) []string { return append([]string{}, l...) }
	return arm.Object{"actions": list(p.Actions), "notActions": list(p.NotActions), "dataActions": list(p.DataActions), "notDataActions": list(p.NotDataActions)}
}

func viewBuiltin(subscription string, r world.Role) arm.Object {
	return arm.Object{"id": definitionID(subscription, r.ID), "type": DefinitionType, "name": r.ID, "properties": arm.Object{
		"roleName": r.Name, "type": "BuiltInRole", "description": r.Description, "assignableScopes": []string{"/"}, "permissions": []any{viewPermission(r.Permission)},
		"createdOn": "2015-02-02T21:55:09.8806423Z", "updatedOn": "2023-07-10T15:10:53.8947748Z", "createdBy": nil, "updatedBy": nil,
	}}
}

func viewDefinition(r *fabric.Resource) arm.Object {
	props := arm.Copy(arm.Map(r.Body, "properties"))
	r.Private.(*record).show(props)
	return arm.Object{"properties": props, "id": r.ID, "type": DefinitionType, "name": r.Name}
}

// custom finds a custom role that can be assigned at the scope of the request.
func (p *Provider) custom(rq *arm.Request) *fabric.Resource {
	r := p.Fabric.Get(definitionID(rq.ID.Subscription, rq.Params["name"]))
	if r == nil || !assignable(r, scopeOf(rq)) {
		return nil
	}
	return r
}

func assignable(r *fabric.Resource, scope string) bool {
	return slices.ContainsFunc(texts(arm.Get(r.Body, "properties.assignableScopes")), func(s string) bool { return within(scope, s) || within(s, scope) })
}

func (p *Provider) getDefinition(rq *arm.Request) (*arm.Response, error) {
	if builtin := world.RoleNamed(rq.Params["name"]); builtin != nil && guid.MatchString(rq.Params["name"]) {
		return arm.Respond(http.StatusOK, viewBuiltin(rq.ID.Subscription, *builtin)), nil
	}
	if r := p.custom(rq); r != nil {
		return arm.Respond(http.StatusOK, viewDefinition(r)), nil
	}
	return nil, arm.ProviderError(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", strings.ReplaceAll(rq.Params["name"], "-", ""))
}

var roleFilter = regexp.MustCompile(`(?i)^(roleName|type)\s+eq\s+'([^']*)'$`)

func (p *Provider) listDefinitions(rq *arm.Request) (*arm.Response, error) {
	value := []arm.Object{}
	for _, r := range world.Roles {
		value = append(value, viewBuiltin(rq.ID.Subscription, r))
	}
	for _, r := range p.Fabric.Children(arm.ID{Subscription: rq.ID.Subscription}.String(), DefinitionType) {
		if assignable(r, scopeOf(rq)) {
			value = append(value, viewDefinition(r))
		}
	}
	for part := range strings.SplitSeq(rq.Query.Get("$filter"), " and ") {
		part = strings.TrimSpace(part)
		match := roleFilter.FindStringSubmatch(part)
		switch {
		case part == "" || strings.EqualFold(part, "atScopeAndBelow()") || strings.EqualFold(part, "atScope()"):
		case match == nil:
			return nil, bad("InvalidFilter", "The filter '%s' is not supported. Supported filters are 'atScopeAndBelow()', 'roleName eq '{name}'' and 'type eq '{type}''.", part)
		default:
			key := map[string]string{"rolename": "properties.roleName", "type": "properties.type"}[strings.ToLower(match[1])]
			value = slices.DeleteFunc(value, func(v arm.Object) bool { return !strings.EqualFold(arm.Str(v, key), match[2]) })
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) putDefinition(rq *arm.Request) (*arm.Response, error) {
	name, props := strings.ToLower(rq.Params["name"]), arm.Map(rq.Body, "properties")
	if err := p.checkDefinition(rq, name, props); err != nil {
		return nil, err
	}
	id, _ := arm.ParseID(definitionID(rq.ID.Subscription, name))
	r := p.Fabric.Get(id.String())
	if r == nil {
		r = p.Fabric.Create(id, "", arm.Object{})
		r.State, r.Private = "Succeeded", &record{}
	}
	r.Private.(*record).stamp(rq)
	permissions := []any{}
	for _, raw := range arm.List(props, "permissions") {
		o, _ := raw.(map[string]any)
		permission := arm.Object{}
		for _, k := range []string{"actions", "notActions", "dataActions", "notDataActions"} {
			permission[k] = append([]any{}, arm.List(o, k)...)
		}
		permissions = append(permissions, permission)
	}
	r.Body["properties"] = arm.Object{"roleName": props["roleName"], "type": "CustomRole", "description": props["description"], "assignableScopes": arm.Copy(arm.List(props, "assignableScopes")), "permissions": permissions}
	p.Fabric.Save(r)
	p.Restore() // assignments of the role follow it
	return written(viewDefinition(r)), nil
}

func (p *Provider) checkDefinition(rq *arm.Request, name string, props arm.Object) error {
	roleName := arm.Str(props, "roleName")
	builtin := world.RoleNamed(name)
	switch {
	case !guid.MatchString(name):
		return bad("InvalidRoleDefinitionId", "The role definition ID '%s' is not valid. The role definition ID must be a GUID.", name)
	case builtin != nil:
		return arm.ProviderError(http.StatusConflict, "RoleDefinitionIsBuiltIn", "The role definition '%s' is a built-in role and cannot be changed.", builtin.Name)
	case roleName == "":
		return bad("RoleDefinitionNameNullOrEmpty", "The role definition name cannot be null or empty.")
	case len(arm.List(props, "assignableScopes")) == 0:
		return bad("MissingAssignableScopes", "The role definition cannot have empty assignable scopes.")
	}
	for _, r := range p.Fabric.List("", DefinitionType) {
		if strings.EqualFold(arm.Str(r.Body, "properties.roleName"), roleName) && !strings.EqualFold(r.Name, name) {
			return arm.ProviderError(http.StatusConflict, "RoleDefinitionWithSameNameExists", "A custom role with the same name already exists in this directory. Use a different name.")
		}
	}
	if world.RoleNamed(roleName) != nil && !guid.MatchString(roleName) {
		return arm.ProviderError(http.StatusConflict, "RoleDefinitionWithSameNameExists", "A role with the name '%s' already exists in this directory. Use a different name.", roleName)
	}
	return nil
}

func (p *Provider) deleteDefinition(rq *arm.Request) (*arm.Response, error) {
	r := p.custom(rq)
	if r == nil || rq.ID.ResourceGroup != "" && p.Fabric.Get(rq.ID.Group().String()) == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	for _, a := range p.Fabric.List(rq.ID.Subscription, AssignmentType) {
		if strings.EqualFold(arm.Str(a.Body, "properties.roleDefinitionId"), r.ID) {
			return nil, bad("RoleDefinitionHasAssignments", "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)")
		}
	}
	view := viewDefinition(r)
	p.Fabric.Drop(r)
	return arm.Respond(http.StatusOK, view), nil
}

// listPermissions is what the caller may do at the scope.
func (p *Provider) listPermissions(rq *arm.Request) (*arm.Response, error) {
	value := []arm.Object{}
	w := p.World.Get()
	if who := w.Principal(rq.Caller.ClientID); who != nil {
		for permission := range w.Permissions(who, scopeOf(rq)) {
			value = append(value, viewPermission(*permission))
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}
