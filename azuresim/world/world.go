// Package world describes what exists before anybody asks for a resource: tenants, principals and their roles,
// subscriptions, locations, quotas, Kubernetes versions and VM sizes. It is data and look-ups only: no HTTP, no
// resources.
package world

import (
	"cmp"
	"slices"
	"strings"
)

// World is one configuration. The same JSON is accepted by --config and by PUT /_azuresim/world.
type World struct {
	Tenants       []Tenant         `json:"tenants,omitempty"`
	Subscriptions []Subscription   `json:"subscriptions,omitempty"`
	Principals    []Principal      `json:"principals,omitempty"`
	Roles         []RoleAssignment `json:"roleAssignments,omitempty"`
	Locations     []string         `json:"locations,omitempty"`
	Quotas        []Quota          `json:"quotas,omitempty"`
	Versions      []Version        `json:"versions,omitempty"`
	VMSizes       []VMSize         `json:"vmSizes,omitempty"`
	Policies      []TagPolicy      `json:"tagPolicies,omitempty"`
	// NodeImageRelease is the newest release of node images, such as 202611.02.0; "" is the one built in.
	NodeImageRelease string        `json:"nodeImageRelease,omitempty"`
	Health           []Health      `json:"health,omitempty"`
	Restrictions     []Restriction `json:"restrictions,omitempty"`
	Extensions       []Extension   `json:"extensions,omitempty"`
	Repositories     []Repository  `json:"repositories,omitempty"`
	// PrincipalLag is how many role assignments for a new identity are refused with PrincipalNotFound, as happens until
	// Entra ID has replicated it, unless they name the principal's type.
	PrincipalLag int `json:"principalLag,omitempty"`
	// PrivateNetworks keeps clients out of the virtual networks: kubeconfigs of private clusters name a host that only the
	// network knows, and not the loopback address.
	PrivateNetworks bool `json:"privateNetworks,omitempty"`

	// Identities and Grants exist because of resources (user-assigned identities, role assignments). They are no
	// configuration, and the providers of those resources restore them.
	Identities []Principal `json:"-"`
	Grants     []Grant     `json:"-"`
}

// Tenant is an Entra ID directory.
type Tenant struct {
	ID     string `json:"id"`
	Domain string `json:"domain,omitempty"`
}

// Subscription belongs to one tenant. Unregistered lists provider namespaces that answer
// MissingSubscriptionRegistration until they are registered.
type Subscription struct {
	ID           string   `json:"id"`
	TenantID     string   `json:"tenantId"`
	DisplayName  string   `json:"displayName,omitempty"`
	Unregistered []string `json:"unregistered,omitempty"`
	// Registrations are the changes made since.
	Registrations []Registration `json:"registrations,omitempty"`
}

// Principal is a service principal or a managed identity.
type Principal struct {
	TenantID        string      `json:"tenantId"`
	ClientID        string      `json:"clientId"`
	ObjectID        string      `json:"objectId,omitempty"`
	DisplayName     string      `json:"displayName,omitempty"`
	Type            string      `json:"type,omitempty"` // User or Group, which only role assignments care about; default ServicePrincipal
	Secret          string      `json:"secret,omitempty"`
	SecretExpired   bool        `json:"secretExpired,omitempty"`
	CertificatePEM  string      `json:"certificatePem,omitempty"`
	Federated       []Federated `json:"federated,omitempty"`
	ManagedIdentity bool        `json:"managedIdentity,omitempty"`
	ResourceID      string      `json:"resourceId,omitempty"` // of a user-assigned identity

	// TokenSeconds is how long the principal's tokens for a resource live, as a token lifetime policy has it.
	TokenSeconds map[string]int `json:"tokenSeconds,omitempty"`

	// Unseen is how many more role assignments are refused because Entra ID has not replicated the principal yet.
	Unseen int `json:"-"`
}

// Federated is a federated identity credential: a token of this issuer and subject is accepted as an assertion.
// With a public key its signature is checked too.
type Federated struct {
	Issuer       string `json:"issuer"`
	Subject      string `json:"subject"`
	Audience     string `json:"audience,omitempty"` // default api://AzureADTokenExchange
	PublicKeyPEM string `json:"publicKeyPem,omitempty"`
}

// RoleAssignment gives a principal (client or object id) a role on a scope and everything below it.
type RoleAssignment struct {
	Principal string `json:"principal"`
	Role      string `json:"role"` // name or guid of a built-in role, see Roles
	Scope     string `json:"scope"`
}

// Quota limits vCPUs. Empty Subscription or Location match all; Family "cores" is the regional total.
type Quota struct {
	Subscription string `json:"subscription,omitempty"`
	Location     string `json:"location,omitempty"`
	Family       string `json:"family"`
	Limit        int64  `json:"limit"`
}

// Merge adds what other has, replacing entries with the same identity. Lists of plain names are united.
func (w *World) Merge(other World) {
	w.Tenants = merged(w.Tenants, other.Tenants, func(t Tenant) string { return t.ID })
	w.Subscriptions = merged(w.Subscriptions, other.Subscriptions, func(s Subscription) string { return s.ID })
	w.Principals = merged(w.Principals, other.Principals, func(p Principal) string { return p.ClientID })
	w.Roles = merged(w.Roles, other.Roles, func(r RoleAssignment) string { return r.Principal + " " + r.Role + " " + r.Scope })
	w.Locations = merged(w.Locations, other.Locations, func(s string) string { return s })
	w.Quotas = merged(w.Quotas, other.Quotas, func(q Quota) string { return q.Subscription + " " + q.Location + " " + q.Family })
	w.Versions = merged(w.Versions, other.Versions, func(v Version) string { return v.Minor })
	w.Policies = merged(w.Policies, other.Policies, func(p TagPolicy) string { return strings.TrimSuffix(p.Scope, "/") })
	w.NodeImageRelease = cmp.Or(other.NodeImageRelease, w.NodeImageRelease)
	w.VMSizes = merged(w.VMSizes, other.VMSizes, func(s VMSize) string { return s.Name })
	w.Health = merged(w.Health, other.Health, func(h Health) string { return h.Resource })
	w.Restrictions = merged(w.Restrictions, other.Restrictions, func(r Restriction) string { return r.Size + " " + r.Subscription + " " + r.Location })
	w.Extensions = merged(w.Extensions, other.Extensions, func(e Extension) string { return e.Name })
	w.Repositories = merged(w.Repositories, other.Repositories, func(r Repository) string { return r.URL })
	w.PrivateNetworks = w.PrivateNetworks || other.PrivateNetworks
	if other.PrincipalLag > 0 {
		w.PrincipalLag = other.PrincipalLag
	}
}

func merged[T any](base, over []T, key func(T) string) []T {
	out := slices.Clone(base)
	for _, o := range over {
		at := slices.IndexFunc(out, func(b T) bool { return strings.EqualFold(key(b), key(o)) })
		if at < 0 {
			out = append(out, o)
		} else {
			out[at] = o
		}
	}
	return out
}

// Tenant finds a tenant by id or domain.
func (w *World) Tenant(id string) *Tenant {
	for i := range w.Tenants {
		if t := &w.Tenants[i]; strings.EqualFold(t.ID, id) || t.Domain != "" && strings.EqualFold(t.Domain, id) {
			return t
		}
	}
	return nil
}

// Subscription finds a subscription by id.
func (w *World) Subscription(id string) *Subscription {
	for i := range w.Subscriptions {
		if strings.EqualFold(w.Subscriptions[i].ID, id) {
			return &w.Subscriptions[i]
		}
	}
	return nil
}

// Principal finds a principal by client id, object id or the resource id of its identity.
func (w *World) Principal(id string) *Principal {
	for _, list := range [][]Principal{w.Principals, w.Identities} {
		for i := range list {
			if p := &list[i]; p.is(id) || p.ResourceID != "" && strings.EqualFold(p.ResourceID, id) {
				return p
			}
		}
	}
	return nil
}

// Object is the object id; it defaults to one derived from the client id.
func (p *Principal) Object() string {
	if p.ObjectID != "" || len(p.ClientID) < 8 {
		return p.ObjectID
	}
	return "0b1ec700" + p.ClientID[8:]
}

// HasLocation reports whether resources can be placed there.
func (w *World) HasLocation(l string) bool { return slices.Contains(w.Locations, l) }

// Limit is the vCPU quota of a family ("cores" = regional total); the most specific entry wins. ok is false when
// there is no limit.
func (w *World) Limit(subscription, location, family string) (limit int64, ok bool) {
	best := -1
	for _, q := range w.Quotas {
		if !strings.EqualFold(q.Family, family) || q.Subscription != "" && !strings.EqualFold(q.Subscription, subscription) || q.Location != "" && !strings.EqualFold(q.Location, location) {
			continue
		}
		specific := 0
		if q.Subscription != "" {
			specific++
		}
		if q.Location != "" {
			specific++
		}
		if specific >= best {
			best, limit, ok = specific, q.Limit, true
		}
	}
	return limit, ok
}

// Clone is a copy that Merge may change.
func (w *World) Clone() *World {
	c := *w
	return &c
}
