package spec

import "strings"

// Filter returns a deep copy of body with the properties an api-version knows: one stored object has as many
// views as there are api-versions, and AKS serialises only what the requested one declares. A body of an
// unknown type or version is copied whole.
func Filter(resourceType, apiVersion string, body map[string]any) map[string]any {
	if body == nil {
		return nil
	}
	t := lookup(resourceType, apiVersion)
	if t == nil {
		t = &table{}
	}
	return t.view("", body).(map[string]any)
}

func (t *table) view(path string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		free := !t.described(path)
		out := make(map[string]any, len(v))
		for key, item := range v {
			at, _, known := t.below(path, key)
			if known || free {
				out[key] = t.view(at, item)
			}
		}
		return out
	case []any:
		if v == nil {
			return v
		}
		at, _, _ := t.element(path)
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = t.view(at, item)
		}
		return out
	default:
		return value
	}
}

// ReadOnly reports whether only the service sets the property at path ("properties.powerState.code",
// "properties.agentPoolProfiles[].eTag", also with indexes), by its own flag or by that of a parent.
func ReadOnly(resourceType, apiVersion, path string) bool {
	readOnly := false
	known := walk(resourceType, apiVersion, path, func(p property) { readOnly = readOnly || p.readOnly })
	return known && readOnly
}

// WriteOnly reports whether the property at path is a secret that no answer contains.
func WriteOnly(resourceType, apiVersion, path string) bool {
	writeOnly := false
	known := walk(resourceType, apiVersion, path, func(p property) { writeOnly = p.writeOnly })
	return known && writeOnly
}

// walk visits the properties on the way to path and reports whether all of them are known.
func walk(resourceType, apiVersion, path string, visit func(property)) bool {
	t := lookup(resourceType, apiVersion)
	if t == nil {
		return false
	}
	at := ""
	for _, step := range strings.FieldsFunc(strings.ReplaceAll(path, "[", ".["), func(r rune) bool { return r == '.' }) {
		var p property
		var known bool
		if strings.HasPrefix(step, "[") {
			at, p, known = t.element(t.canonical(at))
		} else {
			name, isMap := strings.CutSuffix(step, "{}")
			if at, p, known = t.below(at, name); known && isMap {
				visit(p)
				p, known = t.properties[at+"{}"]
				at += "{}"
			}
		}
		if !known {
			return false
		}
		visit(p)
	}
	return at != ""
}
