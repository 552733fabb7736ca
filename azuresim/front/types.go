package front

import (
	"slices"
	"strings"
)

// typeInfo is one resource type the gateway routes to.
type typeInfo struct {
	name     string // as its provider spells it
	versions []string
}

// addType remembers the type of a route with its api-versions. Routes of one type may differ in them (an action that
// only previews have); what the type as a whole supports is all of them.
func (g *Gateway) addType(r *route) {
	key := strings.ToLower(r.Type)
	t := g.types[key]
	if t == nil {
		t = &typeInfo{name: r.Type}
		g.types[key] = t
	}
	for _, v := range r.versions {
		if !slices.Contains(t.versions, v) {
			t.versions = append(t.versions, v)
		}
	}
}

// Types lists all resource types with their api-versions, newest first, as provider documents show them.
func (g *Gateway) Types() map[string][]string {
	out := make(map[string][]string, len(g.types))
	for _, t := range g.types {
		versions := slices.Sorted(slices.Values(t.versions))
		slices.Reverse(versions)
		out[t.name] = versions
	}
	return out
}

func (g *Gateway) hasNamespace(namespace string) bool {
	prefix := strings.ToLower(namespace) + "/"
	for typ := range g.types {
		if strings.HasPrefix(typ, prefix) {
			return true
		}
	}
	return false
}
