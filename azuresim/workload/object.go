package workload

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
)

// decode returns a private copy of a stored object.
func decode(raw []byte) object {
	obj := object{}
	_ = json.Unmarshal(raw, &obj) // stored objects were encoded by this package
	return obj
}

func metadata(obj object) object {
	m, ok := obj["metadata"].(object)
	if !ok {
		m = object{}
		obj["metadata"] = m
	}
	return m
}

func keyOf(obj object) string {
	return tableKey(text(obj, "metadata", "namespace"), text(obj, "metadata", "name"))
}

func lookup(obj object, path ...string) any {
	var v any = obj
	for _, p := range path {
		m, ok := v.(object)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func text(obj object, path ...string) string {
	s, _ := lookup(obj, path...).(string)
	return s
}

func number(obj object, path ...string) int64 {
	switch n := lookup(obj, path...).(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	}
	return 0
}

func list(obj object, path ...string) []any {
	l, _ := lookup(obj, path...).([]any)
	return l
}

func stringMap(obj object, path ...string) map[string]string {
	m, _ := lookup(obj, path...).(object)
	out := make(map[string]string, len(m))
	for k, v := range m {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}

// child returns the map at key, creating it if need be.
func child(obj object, key string) object {
	m, ok := obj[key].(object)
	if !ok {
		m = object{}
		obj[key] = m
	}
	return m
}

func setDefault(obj object, key string, value any) {
	if v, ok := obj[key]; !ok || v == nil || v == "" {
		obj[key] = value
	}
}

// fieldView lets a field selector name any scalar of an object. A real API
// server knows a few fields per kind and refuses others; a superset is enough.
type fieldView object

func (f fieldView) Has(field string) bool {
	return lookup(object(f), strings.Split(field, ".")...) != nil
}

func (f fieldView) Get(field string) string {
	switch v := lookup(object(f), strings.Split(field, ".")...).(type) {
	case nil:
		if field == "spec.unschedulable" {
			return "false"
		}
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}
