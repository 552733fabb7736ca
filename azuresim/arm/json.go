package arm

import (
	"maps"
	"strings"
)

// Object is a decoded JSON document.
type Object = map[string]any

// Get reads a dotted path; names with dots are not reachable this way.
func Get(o Object, path string) any {
	var cur any = o
	for part := range strings.SplitSeq(path, ".") {
		m, ok := cur.(map[string]any)
		if !ok {
			return nil
		}
		cur = m[part]
	}
	return cur
}

// Str reads a text, "" when there is none.
func Str(o Object, path string) string { s, _ := Get(o, path).(string); return s }

// Bool reads a boolean, false when there is none.
func Bool(o Object, path string) bool { b, _ := Get(o, path).(bool); return b }

// Int reads a number; ok is false when there is none.
func Int(o Object, path string) (n int64, ok bool) {
	switch v := Get(o, path).(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case float64:
		return int64(v), true
	}
	return 0, false
}

// Map reads an object, nil when absent.
func Map(o Object, path string) Object { m, _ := Get(o, path).(map[string]any); return m }

// List reads an array, nil when absent.
func List(o Object, path string) []any { l, _ := Get(o, path).([]any); return l }

// Put writes a dotted path, creating what is missing.
func Put(o Object, path string, v any) {
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		next, ok := o[p].(map[string]any)
		if !ok {
			next = map[string]any{}
			o[p] = next
		}
		o = next
	}
	o[parts[len(parts)-1]] = v
}

// Default writes a dotted path unless it has a value.
func Default(o Object, path string, v any) {
	if Get(o, path) == nil {
		Put(o, path, v)
	}
}

// Remove deletes a dotted path.
func Remove(o Object, path string) {
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		next, ok := o[p].(map[string]any)
		if !ok {
			return
		}
		o = next
	}
	delete(o, parts[len(parts)-1])
}

// Copy is a deep copy of a JSON value.
func Copy[T any](v T) T {
	c, _ := copyValue(v).(T)
	return c
}

func copyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = copyValue(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = copyValue(x)
		}
		return out
	}
	return v
}

// Merge overlays over onto base: objects merge, everything else replaces, null removes (JSON merge patch).
func Merge(base, over Object) Object {
	out := maps.Clone(base)
	if out == nil {
		out = Object{}
	}
	for k, v := range over {
		switch v := v.(type) {
		case nil:
			delete(out, k)
		case map[string]any:
			b, _ := out[k].(map[string]any)
			out[k] = Merge(b, v)
		default:
			out[k] = copyValue(v)
		}
	}
	return out
}
