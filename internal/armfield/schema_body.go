package armfield

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Strip returns a deep copy of body without read-only properties, at every depth and inside lists and maps. An
// object left empty by that goes too ("status" holds nothing but Azure's findings), but never the value of a map:
// identity.userAssignedIdentities keeps its ids with empty objects. What the table does not know is kept: a newer
// api-version may have stored it.
func (t *SchemaTable) Strip(body map[string]any) map[string]any {
	out, _ := stripped(t.root, body).(map[string]any)
	return out
}

func stripped(n *schemaNode, value any) any {
	if n == nil {
		n = &schemaNode{}
	}
	if n.same != nil {
		n = n.same
	}
	switch v := value.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		out := make(map[string]any, len(v))
		for key, item := range v {
			below := n.child(key)
			if below != nil && below.ReadOnly {
				continue
			}
			kept := stripped(below, item)
			if below != n.value && emptied(item, kept) {
				continue
			}
			out[key] = kept
		}
		return out
	case []any:
		if v == nil {
			return v
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = stripped(n.element, item)
		}
		return out
	default:
		return value
	}
}

// emptied reports whether stripping took everything out of an object; one that was empty before means something.
func emptied(before, after any) bool {
	b, _ := before.(map[string]any)
	a, isObject := after.(map[string]any)
	return isObject && len(b) > 0 && len(a) == 0
}

// Validate compares a request body with the table and returns one message per contradiction, sorted by path:
// unknown properties, wrong types, values outside a range, length or pattern, missing required properties and
// read-only properties with a value. Explicit null is accepted everywhere but for required properties, as AKS
// does. Enum values are not checked: the lists are open and only Azure knows today's values.
func (t *SchemaTable) Validate(body map[string]any) []string {
	var v bodyCheck
	v.object(t.root, body, "")
	slices.Sort(v.messages)
	return v.messages
}

// ValidatePart is Validate for properties that are merged into a body: what they do not say may come from elsewhere.
func (t *SchemaTable) ValidatePart(part map[string]any) []string {
	v := bodyCheck{part: true}
	v.object(t.root, part, "")
	slices.Sort(v.messages)
	return v.messages
}

type bodyCheck struct {
	messages []string
	part     bool
}

func (c *bodyCheck) report(path, format string, args ...any) {
	c.messages = append(c.messages, path+": "+fmt.Sprintf(format, args...))
}

func (c *bodyCheck) object(n *schemaNode, value map[string]any, path string) {
	if n.same != nil {
		n = n.same
	}
	if n.open() {
		return
	}
	for key, item := range value {
		below := n.child(key)
		at := key
		if path != "" {
			at = path + "." + key
		}
		switch {
		case below == nil:
			c.report(at, "not a property of this api-version; check its spelling and place")
		case item == nil:
		case below.ReadOnly:
			// The address of a request repeats id, name and type; Azure ignores them in the body.
			if path != "" || (key != "id" && key != "name" && key != "type") {
				c.report(at, "read-only: only Azure sets it; leave it out")
			}
		default:
			c.value(below, item, at)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(n.children)) {
		if n.children[key].Required && value[key] == nil && !c.part {
			at := key
			if path != "" {
				at = path + "." + key
			}
			c.report(at, "required but not set")
		}
	}
}

func (c *bodyCheck) value(n *schemaNode, value any, path string) {
	switch n.Type {
	case "any":
	case "object":
		if v, ok := value.(map[string]any); ok {
			c.object(n, v, path)
			return
		}
		c.wrongType(n, value, path)
	case "array":
		v, ok := value.([]any)
		if !ok {
			c.wrongType(n, value, path)
			return
		}
		c.length(n, len(v), path)
		for i, item := range v {
			if n.element != nil && item != nil {
				c.value(n.element, item, path+"["+strconv.Itoa(i)+"]")
			}
		}
	case "string":
		v, ok := value.(string)
		if !ok {
			c.wrongType(n, value, path)
			return
		}
		c.length(n, utf8.RuneCountInString(v), path)
		if n.Pattern != "" && !schemaPattern(n.Pattern).MatchString(v) {
			c.report(path, "%q does not match %s", v, n.Pattern)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			c.wrongType(n, value, path)
		}
	case "integer", "number":
		c.number(n, value, path)
	}
}

func (c *bodyCheck) number(n *schemaNode, value any, path string) {
	var f float64
	switch v := value.(type) {
	case int64:
		f = float64(v)
	case int:
		f = float64(v)
	case float64:
		f = v
	default:
		c.wrongType(n, value, path)
		return
	}
	if n.Type == "integer" && f != math.Trunc(f) {
		c.report(path, "%v is not an integer", f)
	}
	if n.Min != nil && f < *n.Min {
		c.report(path, "%v is less than %v", f, *n.Min)
	}
	if n.Max != nil && f > *n.Max {
		c.report(path, "%v is greater than %v", f, *n.Max)
	}
}

func (c *bodyCheck) length(n *schemaNode, length int, path string) {
	if n.MinLength != nil && length < *n.MinLength {
		c.report(path, "length %d is less than %d", length, *n.MinLength)
	}
	if n.MaxLength != nil && length > *n.MaxLength {
		c.report(path, "length %d is greater than %d", length, *n.MaxLength)
	}
}

func (c *bodyCheck) wrongType(n *schemaNode, value any, path string) {
	c.report(path, "%v (%T) is not of type %s", value, value, n.Type)
}

var schemaPatterns sync.Map // pattern -> *regexp.Regexp

func schemaPattern(pattern string) *regexp.Regexp {
	if re, ok := schemaPatterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re, _ := schemaPatterns.LoadOrStore(pattern, regexp.MustCompile(pattern))
	return re.(*regexp.Regexp)
}
