package plan

import (
	"slices"
	"sort"
	"strings"

	"github.com/capaks/capaks/internal/fieldset"
)

// envelope are the properties of every ARM resource that only Azure writes.
var envelope = []string{"id", "name", "type", "systemData", "eTag", "etag"}

// body is the observed document, minus what Azure does not want to read back, with ours laid over it. A field that is
// equal keeps the spelling that was read: sending "1.33" where 1.33.4 runs could mean something to AKS.
func (c *comparison) body() fieldset.Object {
	body := c.rules.strip(c.observed)
	for _, p := range c.rules.NoEcho {
		leaveOut(body, p)
	}
	for _, p := range c.drop {
		fieldset.Remove(body, p)
	}
	for _, p := range c.empties {
		if _, there := fieldset.Get(body, p); !there {
			fieldset.Put(body, p, fieldset.Object{}) // leaving the map out would keep its last key
		}
	}
	for _, s := range c.set {
		fieldset.Put(body, s.path, s.value)
	}
	fieldset.Leaves(c.wish).Each(func(p fieldset.Path) {
		if _, there := fieldset.Get(body, p); !there && !c.yield.Has(p) { // equal or never returned, but not to be left out
			value, _ := fieldset.Get(c.wish, p)
			fieldset.Put(body, p, value)
		}
	})
	return body
}

func (r Rules) strip(observed fieldset.Object) fieldset.Object {
	var body fieldset.Object
	switch {
	case r.Strip != nil:
		body = fieldset.Copy(r.Strip(observed))
	case r.ReadOnly != nil:
		body = r.stripMap(nil, observed)
	default:
		body = fieldset.Copy(observed)
	}
	if body == nil {
		body = fieldset.Object{}
	}
	for _, key := range envelope {
		delete(body, key)
	}
	return body
}

// stripMap copies a map without its read-only properties. A map that is emptied by it goes too, unless it is the
// value of a key that counts by itself ("userAssignedIdentities{}": the ids stay, their principals go).
func (r Rules) stripMap(at fieldset.Path, m fieldset.Object) fieldset.Object {
	_, keys := r.isMap(at)
	result := make(fieldset.Object, len(m))
	for key, value := range m {
		p := at.Child(key)
		if keys {
			p = r.generic(p, len(p)-1)
		} else if r.ReadOnly(p) {
			continue
		}
		switch value := value.(type) {
		case fieldset.Object:
			stripped := r.stripMap(p, value)
			if len(stripped) > 0 || len(value) == 0 || keys {
				result[key] = stripped
			}
		case []any:
			result[key] = r.stripList(p, value)
		default:
			result[key] = value
		}
	}
	return result
}

func (r Rules) stripList(at fieldset.Path, list []any) []any {
	item := at.Parent().Child(at[len(at)-1] + "[]")
	result := make([]any, len(list))
	for i, value := range list {
		if m, ok := value.(fieldset.Object); ok {
			result[i] = r.stripMap(item, m)
			continue
		}
		result[i] = fieldset.CopyValue(value)
	}
	return result
}

// leaveOut removes p, also from each item of the lists that p names with "[]".
func leaveOut(o fieldset.Object, p fieldset.Path) {
	i := slices.IndexFunc(p, func(key string) bool { return strings.HasSuffix(key, "[]") })
	if i < 0 || i == len(p)-1 {
		fieldset.Remove(o, p)
		return
	}
	head := append(slices.Clone(p[:i]), strings.TrimSuffix(p[i], "[]"))
	value, _ := fieldset.Get(o, head)
	list, _ := value.([]any)
	for _, item := range list {
		if m, ok := item.(fieldset.Object); ok {
			leaveOut(m, p[i+1:])
		}
	}
}

func sortedKeys(m fieldset.Object) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
