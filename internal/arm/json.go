package arm

import (
	"bytes"
	"encoding/json"
)

// decodeObject decodes a JSON object the way the rest of the code base holds JSON: integers are int64, other numbers float64. Anything but an
// object (an empty body, an HTML page of a proxy, a list) is nil.
func decodeObject(data []byte) map[string]any {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return nil
	}
	for k, v := range object {
		object[k] = numbers(v)
	}
	return object
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case map[string]any:
		for k, e := range v {
			v[k] = numbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = numbers(e)
		}
	}
	return v
}

func stringAt(object map[string]any, key string) string {
	s, _ := object[key].(string)
	return s
}
