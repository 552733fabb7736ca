package world

import (
	"iter"
	"slices"
	"strings"
)

// Grant is a role assignment that exists as a resource: its permission holds on a scope and everything below it.
type Grant struct {
	Assignment string // the id of the resource
	Principal  string // object id
	Scope      string
	Permission Permission
}

// is reports whether an id names the principal.
func (p *Principal) is(id string) bool {
	return strings.EqualFold(id, p.ClientID) || strings.EqualFold(id, p.Object())
}

func below(scope, ancestor string) bool {
	ancestor = strings.TrimSuffix(ancestor, "/")
	return len(scope) >= len(ancestor) && strings.EqualFold(scope[:len(ancestor)], ancestor) && (len(scope) == len(ancestor) || scope[len(ancestor)] == '/')
}

// Allowed reports whether a principal may do an action (Microsoft.Network/virtualNetworks/write) on a scope.
func (w *World) Allowed(principal *Principal, action, scope string) bool {
	for p := range w.Permissions(principal, scope) {
		if p.Allows(action) {
			return true
		}
	}
	return false
}

// Permissions are what the roles of a principal allow on a scope, be they configured or assigned through ARM.
func (w *World) Permissions(principal *Principal, scope string) iter.Seq[*Permission] {
	return func(yield func(*Permission) bool) {
		for _, r := range w.Roles {
			if !principal.is(r.Principal) || !below(scope, r.Scope) {
				continue
			}
			if role := RoleNamed(r.Role); role != nil && !yield(&role.Permission) {
				return
			}
		}
		for i := range w.Grants {
			if g := &w.Grants[i]; strings.EqualFold(g.Principal, principal.Object()) && below(scope, g.Scope) && !yield(&g.Permission) {
				return
			}
		}
	}
}

// Sees reports whether a principal has any role inside a subscription, which is what listing subscriptions shows.
func (w *World) Sees(principal *Principal, subscription string) bool {
	id := "/subscriptions/" + subscription
	return slices.ContainsFunc(w.Roles, func(r RoleAssignment) bool {
		return principal.is(r.Principal) && (below(r.Scope, id) || below(id, r.Scope))
	}) || slices.ContainsFunc(w.Grants, func(g Grant) bool {
		return strings.EqualFold(g.Principal, principal.Object()) && below(g.Scope, id)
	})
}

// SetGrant adds a grant or, without a permission, takes away the one of that assignment.
func (h *Holder) SetGrant(g Grant) {
	h.update(func(w *World) {
		w.Grants = slices.DeleteFunc(slices.Clone(w.Grants), func(o Grant) bool { return strings.EqualFold(o.Assignment, g.Assignment) })
		if len(g.Permission.Actions) > 0 {
			w.Grants = append(w.Grants, g)
		}
	})
}

// SetIdentity makes a managed identity a principal of the world.
func (h *Holder) SetIdentity(p Principal) {
	h.update(func(w *World) {
		w.Identities = slices.DeleteFunc(slices.Clone(w.Identities), func(o Principal) bool { return strings.EqualFold(o.ResourceID, p.ResourceID) })
		w.Identities = append(w.Identities, p)
	})
}

// DropIdentity makes it unknown again.
func (h *Holder) DropIdentity(resourceID string) {
	h.update(func(w *World) {
		w.Identities = slices.DeleteFunc(slices.Clone(w.Identities), func(o Principal) bool { return strings.EqualFold(o.ResourceID, resourceID) })
	})
}
