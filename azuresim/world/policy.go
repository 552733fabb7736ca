package world

import (
	"slices"
	"strings"
)

// TagPolicy is an assignment of Azure Policy with the effect "modify": whatever is written at its scope or below gets
// the tags, over what the caller sent.
type TagPolicy struct {
	Scope string            `json:"scope"`
	Tags  map[string]string `json:"tags"`
}

// PolicyTags are the tags the policies force on a resource; those of an inner scope win.
func (w *World) PolicyTags(id string) map[string]string {
	at := strings.ToLower(id) + "/"
	var hits []TagPolicy
	for _, p := range w.Policies {
		if strings.HasPrefix(at, strings.TrimSuffix(strings.ToLower(p.Scope), "/")+"/") {
			hits = append(hits, p)
		}
	}
	slices.SortStableFunc(hits, func(a, b TagPolicy) int { return len(a.Scope) - len(b.Scope) })
	var out map[string]string
	for _, p := range hits {
		for k, v := range p.Tags {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = v
		}
	}
	return out
}
