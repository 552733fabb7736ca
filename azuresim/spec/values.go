package spec

import (
	"slices"
	"strings"
	"sync"
)

// Values lists what any api-version allows the property at path to be, oldest first and each value once; nil for a
// property without a list. A service knows old names in new api-versions and, mostly, new ones in old api-versions, so
// what no description lists is what it does not know at all.
func Values(resourceType, path string) []string {
	key := resource{strings.ToLower(resourceType), path}
	if known, ok := allValues.Load(key); ok {
		return known.([]string)
	}
	var all []string
	for _, version := range APIVersions(resourceType) {
		for _, value := range lookup(resourceType, version).properties[path].enum {
			if !slices.ContainsFunc(all, func(v string) bool { return strings.EqualFold(v, value) }) {
				all = append(all, value)
			}
		}
	}
	allValues.Store(key, all)
	return all
}

var allValues sync.Map // resource with a path for its version -> []string
