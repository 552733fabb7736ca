package spec

import (
	"maps"
	"strings"
	"sync"
)

// Between is Filter, and for a stable api-version without a description the next best thing: what neither the
// description before nor the one after knows cannot be known in between. Previews are copied whole, because what they
// try out may appear in no stable version.
func Between(resourceType, apiVersion string, body map[string]any) map[string]any {
	if body == nil || Known(resourceType, apiVersion) || strings.HasSuffix(apiVersion, "-preview") {
		return Filter(resourceType, apiVersion, body)
	}
	key := resource{strings.ToLower(resourceType), apiVersion}
	t, ok := unions.Load(key)
	if !ok {
		older, newer := neighbours(resourceType, apiVersion)
		t, _ = unions.LoadOrStore(key, union(lookup(resourceType, older), lookup(resourceType, newer)))
	}
	return t.(*table).view("", body).(map[string]any)
}

var unions sync.Map // resource -> *table

// neighbours are the described stable api-versions around one; "" where there is none.
func neighbours(resourceType, apiVersion string) (older, newer string) {
	for _, v := range APIVersions(resourceType) {
		switch {
		case strings.HasSuffix(v, "-preview"):
		case v < apiVersion:
			older = v
		case newer == "":
			newer = v
		}
	}
	return older, newer
}

// union knows what either table knows; where they differ about a property the newer one is right.
func union(older, newer *table) *table {
	switch {
	case newer == nil: // newer than all descriptions: nothing is known
		return &table{}
	case older == nil:
		return newer
	}
	u := &table{properties: maps.Clone(older.properties), inside: maps.Clone(older.inside)}
	maps.Copy(u.properties, newer.properties)
	maps.Copy(u.inside, newer.inside)
	return u
}
