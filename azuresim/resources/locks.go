package resources

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const lockType = "Microsoft.Authorization/locks"

var lockVersions = []string{"2015-01-01", "2016-09-01", "2017-04-01", "2020-05-01"}

func lockView(r *fabric.Resource) arm.Object {
	return arm.Object{"id": r.ID, "name": r.Name, "type": lockType, "properties": arm.Map(r.Body, "properties")}
}

func (p *Provider) getLock(rq *arm.Request) (*arm.Response, error) {
	r := p.Fabric.Get(rq.ID.String())
	if r == nil {
		return nil, arm.GatewayError(http.StatusNotFound, "LockNotFound", "The lock '%s' could not be found.", rq.ID.Name())
	}
	return arm.Respond(http.StatusOK, lockView(r)), nil
}

func (p *Provider) putLock(rq *arm.Request) (*arm.Response, error) {
	scope := rq.ID.Parent()
	if scope.Provider != "" && p.Fabric.Get(scope.String()) == nil {
		return nil, arm.ResourceNotFound(scope)
	}
	level := arm.Str(rq.Body, "properties.level")
	if level != "CanNotDelete" && level != "ReadOnly" {
		return nil, arm.GatewayError(http.StatusBadRequest, "InvalidLockLevel", "The lock level '%s' is invalid. The supported levels are 'CanNotDelete,ReadOnly'.", level)
	}
	r, status := p.Fabric.Get(rq.ID.String()), http.StatusOK
	if r == nil {
		r, status = p.Fabric.Create(rq.ID, "", arm.Object{}), http.StatusCreated
		r.State, r.ETag = "Succeeded", uuid.NewString()
	}
	props := arm.Object{"level": level}
	if notes := arm.Str(rq.Body, "properties.notes"); notes != "" {
		props["notes"] = notes
	}
	r.Body["properties"] = props
	p.Fabric.Save(r)
	return arm.Respond(status, lockView(r)), nil
}

func (p *Provider) deleteLock(rq *arm.Request) (*arm.Response, error) {
	r := p.Fabric.Get(rq.ID.String())
	if r == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	p.Fabric.Drop(r)
	return arm.Respond(http.StatusOK, nil), nil
}

// listLocks shows the locks at a scope and below it.
func (p *Provider) listLocks(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, r := range p.locksBelow(rq.Params["scope"]) {
		value = append(value, lockView(r))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) locksBelow(scope string) []*fabric.Resource {
	out := p.Fabric.Children(scope, lockType)
	for _, r := range p.Fabric.Children(scope, "") {
		if r.Type != lockType {
			out = append(out, p.locksBelow(r.ID)...)
		}
	}
	return out
}

// Locked refuses what a lock forbids: CanNotDelete and ReadOnly keep a scope, what is in it and therefore also what it
// is in from being deleted; ReadOnly also forbids writes.
func (p *Provider) Locked(id arm.ID, verb string) error {
	if strings.EqualFold(id.Type(), lockType) || verb != "write" && verb != "delete" {
		return nil
	}
	var locks []*fabric.Resource
	for at := id; ; at = at.Parent() {
		locks = append(locks, p.Fabric.Children(at.String(), lockType)...)
		if at.Provider == "" {
			break
		}
	}
	if id.ResourceGroup != "" {
		locks = append(locks, p.Fabric.Children(arm.ID{Subscription: id.Subscription}.String(), lockType)...)
	}
	if verb == "delete" {
		locks = append(locks, p.locksBelow(id.String())...)
	}
	var scopes []string
	for _, l := range locks {
		scope := l.ARMID().Parent().String()
		if (verb == "delete" || arm.Str(l.Body, "properties.level") == "ReadOnly") && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return nil
	}
	return arm.GatewayError(http.StatusConflict, "ScopeLocked", "The scope '%s' cannot perform %s operation because following scope(s) are locked: '%s'. Please remove the lock and try again.", id.String(), verb, strings.Join(scopes, ","))
}
