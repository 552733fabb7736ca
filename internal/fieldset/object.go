package fieldset

// Object is a JSON object as k8s.io/apimachinery/pkg/util/json decodes it: map[string]any, []any, string, bool,
// int64, float64 and nil.
type Object = map[string]any

// Get is the value at p. The second result tells a null that is there from a value that is not.
func Get(o Object, p Path) (any, bool) {
	var at any = o
	for _, key := range p {
		m, ok := at.(Object)
		if !ok {
			return nil, false
		}
		if at, ok = m[key]; !ok {
			return nil, false
		}
	}
	return at, true
}

// Put sets the value at p and creates the maps that lead there; whatever is not a map on the way is replaced.
// The value is copied. Nothing can be put at the root.
func Put(o Object, p Path, v any) {
	if len(p) == 0 {
		return
	}
	for _, key := range p.Parent() {
		next, ok := o[key].(Object)
		if !ok || next == nil {
			next = Object{}
			o[key] = next
		}
		o = next
	}
	o[p[len(p)-1]] = CopyValue(v)
}

// Remove takes the value at p out, and with it every map above that it leaves empty. A map that was empty before
// stays: only what the removal emptied goes.
func Remove(o Object, p Path) {
	if len(p) == 0 {
		return
	}
	key := p[0]
	if len(p) == 1 {
		delete(o, key)
		return
	}
	child, ok := o[key].(Object)
	if !ok || len(child) == 0 {
		return
	}
	Remove(child, p[1:])
	if len(child) == 0 {
		delete(o, key)
	}
}

// Copy is a deep copy. A nil object stays nil.
func Copy(o Object) Object {
	if o == nil {
		return nil
	}
	c := make(Object, len(o))
	for key, value := range o {
		c[key] = CopyValue(value)
	}
	return c
}

// CopyValue is a deep copy of any JSON value.
func CopyValue(v any) any {
	switch v := v.(type) {
	case Object:
		return Copy(v)
	case []any:
		if v == nil {
			return v
		}
		c := make([]any, len(v))
		for i, item := range v {
			c[i] = CopyValue(item)
		}
		return c
	default:
		return v
	}
}

// Overlay is base with over laid on top: maps merge key by key, everything else (also a list, also null) is
// replaced. Neither argument is changed or shared with the result.
func Overlay(base, over Object) Object {
	result := Copy(base)
	if result == nil {
		result = Object{}
	}
	for key, value := range over {
		upper, ok := value.(Object)
		if !ok || upper == nil {
			result[key] = CopyValue(value)
			continue
		}
		lower, _ := result[key].(Object)
		result[key] = Overlay(lower, upper)
	}
	return result
}
