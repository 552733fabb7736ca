// Package arm holds the vocabulary of Azure Resource Manager that every emulated provider shares: ids, requests,
// responses, errors and routes. It must not hold state and must not know any particular resource.
package arm

import "strings"

// ID is a parsed resource id. Names keep the caller's spelling; comparisons are made on Key.
type ID struct {
	Subscription  string
	ResourceGroup string
	Provider      string   // Microsoft.Network
	Types         []string // virtualNetworks, subnets
	Names         []string
	// Scope is the id of the resource an extension resource is attached to (a cluster that has an extension or a
	// role assignment), in the caller's spelling; "" for all others.
	Scope string
}

// ParseID reads a fully qualified id; ok is false when the text is not one.
func ParseID(s string) (ID, bool) {
	seg := strings.Split(strings.Trim(s, "/"), "/")
	if len(seg) < 2 || !strings.EqualFold(seg[0], "subscriptions") {
		return ID{}, false
	}
	id := ID{Subscription: seg[1]}
	seg = seg[2:]
	if len(seg) >= 2 && strings.EqualFold(seg[0], "resourceGroups") {
		id.ResourceGroup = seg[1]
		seg = seg[2:]
	}
	if len(seg) == 0 {
		return id, true
	}
	for i := len(seg) - 2; i >= 4; i-- {
		if strings.EqualFold(seg[i], "providers") && i%2 == 0 {
			scope, ok := ParseID(id.String() + "/" + strings.Join(seg[:i], "/"))
			if !ok {
				return ID{}, false
			}
			id.Scope, seg = scope.String(), seg[i:]
			break
		}
	}
	if len(seg) < 4 || len(seg)%2 != 0 || !strings.EqualFold(seg[0], "providers") {
		return ID{}, false
	}
	id.Provider = seg[1]
	for i := 2; i < len(seg); i += 2 {
		id.Types = append(id.Types, seg[i])
		id.Names = append(id.Names, seg[i+1])
	}
	return id, true
}

// String renders the id with the canonical spelling of "resourceGroups".
func (id ID) String() string {
	var b strings.Builder
	switch {
	case id.Scope != "":
		b.WriteString(id.Scope)
	case id.ResourceGroup != "":
		b.WriteString("/subscriptions/" + id.Subscription + "/resourceGroups/" + id.ResourceGroup)
	default:
		b.WriteString("/subscriptions/" + id.Subscription)
	}
	if id.Provider != "" {
		b.WriteString("/providers/" + id.Provider)
		for i := range id.Types {
			b.WriteString("/" + id.Types[i] + "/" + id.Names[i])
		}
	}
	return b.String()
}

// Key identifies the resource: ids compare without case.
func (id ID) Key() string { return strings.ToLower(id.String()) }

// Type is the full resource type, e.g. Microsoft.Network/virtualNetworks/subnets.
func (id ID) Type() string {
	switch {
	case id.Provider != "":
		return id.Provider + "/" + strings.Join(id.Types, "/")
	case id.ResourceGroup != "":
		return "Microsoft.Resources/resourceGroups"
	default:
		return "Microsoft.Resources/subscriptions"
	}
}

// Name is the last name.
func (id ID) Name() string {
	switch {
	case len(id.Names) > 0:
		return id.Names[len(id.Names)-1]
	case id.ResourceGroup != "":
		return id.ResourceGroup
	default:
		return id.Subscription
	}
}

// Path is the type with its names interleaved: virtualNetworks/a/subnets/b, as error texts spell it.
func (id ID) Path() string {
	return id.Provider + "/" + strings.Join(id.Types, "/") + "/" + strings.Join(id.Names, "/")
}

// Parent is the enclosing resource, the resource an extension is attached to, or the resource group.
func (id ID) Parent() ID {
	p := id
	if len(id.Names) == 1 && id.Scope != "" {
		scope, _ := ParseID(id.Scope)
		return scope
	}
	if n := len(id.Names); n > 1 {
		p.Types, p.Names = id.Types[:n-1:n-1], id.Names[:n-1:n-1]
		return p
	}
	p.Provider, p.Types, p.Names = "", nil, nil
	return p
}

// Child is the id of a nested resource.
func (id ID) Child(typ, name string) ID {
	c := id
	c.Types = append(append([]string{}, id.Types...), typ)
	c.Names = append(append([]string{}, id.Names...), name)
	return c
}

// Group is the id of the enclosing resource group.
func (id ID) Group() ID { return ID{Subscription: id.Subscription, ResourceGroup: id.ResourceGroup} }

// Location normalises a location the way ARM does: "West US 3" = "westus3".
func Location(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "")) }
