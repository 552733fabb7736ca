package spec

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// The kinds of findings. Each message of Validate is "<kind>: <path>: <text>".
const (
	KindUnknown  = "unknown"  // a property this api-version does not have
	KindType     = "type"     // a JSON type other than the declared one
	KindRequired = "required" // missing or null
	KindRange    = "range"    // outside minimum and maximum
	KindLength   = "length"   // outside minimum and maximum length
	KindPattern  = "pattern"
	KindEnum     = "enum"     // not in the list; lists are open, so this alone is no reason to refuse
	KindReadOnly = "readOnly" // a value only the service sets; AKS ignores it
)

// Validate compares a request body with the description and returns what it finds, sorted by path. A body
// the real service accepts may still have "enum" and "readOnly" findings; Refusals leaves those out. Explicit
// null is accepted, as AKS does, and so are id, name and type at the root, which repeat the address.
// It returns nil for a type or api-version without a table.
func Validate(resourceType, apiVersion string, body map[string]any) []string {
	t := lookup(resourceType, apiVersion)
	if t == nil {
		return nil
	}
	c := &checker{table: t}
	c.object("", "", body)
	slices.SortStableFunc(c.findings, func(a, b finding) int { return strings.Compare(a.at, b.at) })
	var out []string
	for _, f := range c.findings {
		out = append(out, f.kind+": "+f.at+": "+f.text)
	}
	return out
}

// Refusals keeps the messages of Validate for which a real service answers 400.
func Refusals(messages []string) []string {
	var out []string
	for _, m := range messages {
		if !strings.HasPrefix(m, KindEnum+":") && !strings.HasPrefix(m, KindReadOnly+":") {
			out = append(out, m)
		}
	}
	return out
}

// OfPatch keeps the messages of Validate that hold for a PATCH, whose body names only what changes: nothing is required,
// and that of the tags API says which operation it wants.
func OfPatch(resourceType string, messages []string) []string {
	tags := strings.EqualFold(resourceType, "Microsoft.Resources/tags")
	var out []string
	for _, m := range messages {
		if !strings.HasPrefix(m, KindRequired+":") && !(tags && strings.HasPrefix(m, KindUnknown+": operation:")) {
			out = append(out, m)
		}
	}
	return out
}

// Unknown lists the paths of the properties an api-version does not have, for which the AKS resource provider
// answers 400 UnmarshalError `json: unknown field "X"`.
func Unknown(resourceType, apiVersion string, body map[string]any) []string {
	t := lookup(resourceType, apiVersion)
	if t == nil {
		return nil
	}
	c := &checker{table: t}
	c.object("", "", body)
	var out []string
	for _, f := range c.findings {
		if f.kind == KindUnknown {
			out = append(out, f.at)
		}
	}
	slices.Sort(out)
	return out
}

type finding struct{ kind, at, text string }

// checker walks a body. path is where we are in the table, at is where we are in the body.
type checker struct {
	table    *table
	answer   bool // the body is what a service answered
	findings []finding
}

func (c *checker) report(kind, at, format string, args ...any) {
	c.findings = append(c.findings, finding{kind, at, fmt.Sprintf(format, args...)})
}

func (c *checker) object(path, at string, body map[string]any) {
	if !c.table.described(path) {
		return
	}
	for key, value := range body {
		below, p, known := c.table.below(path, key)
		here := join(at, key)
		switch {
		case !known:
			c.report(KindUnknown, here, "not a property of this api-version")
		case value == nil:
		case c.answer && p.writeOnly:
			c.report(KindWriteOnly, here, "a secret in an answer")
		case c.answer:
			c.value(below, here, p, value)
		case p.readOnly && at == "" && (key == "id" || key == "name" || key == "type"):
		case p.readOnly:
			c.report(KindReadOnly, here, "set by the service only")
		default:
			c.value(below, here, p, value)
		}
	}
	for _, name := range c.table.required[c.table.canonical(path)] {
		if body[name] == nil && !c.answer {
			c.report(KindRequired, join(at, name), "missing or null")
		}
	}
}

func (c *checker) value(path, at string, p property, value any) {
	actual := jsonType(value)
	if p.typ != "any" && p.typ != actual && (p.typ != "number" || actual != "integer") {
		c.report(KindType, at, "%s instead of %s", actual, p.typ)
		return
	}
	switch v := value.(type) {
	case map[string]any:
		c.object(path, at, v)
	case []any:
		c.length(at, p, len(v))
		below, element, known := c.table.element(path)
		for i, item := range v {
			if known && item != nil {
				c.value(below, fmt.Sprintf("%s[%d]", at, i), element, item)
			}
		}
	case string:
		c.text(at, p, v)
	default:
		if f, ok := asFloat(value); ok {
			c.number(at, p, f)
		}
	}
}

func (c *checker) text(at string, p property, s string) {
	c.length(at, p, utf8.RuneCountInString(s))
	if p.pattern != "" && !compiled(p.pattern).MatchString(s) {
		c.report(KindPattern, at, "%q does not match %s", s, p.pattern)
	}
	// Enums have no case in ARM: AKS itself answers nodeIPConfiguration where its description says NodeIPConfiguration.
	if len(p.enum) > 0 && !slices.ContainsFunc(p.enum, func(known string) bool { return strings.EqualFold(known, s) }) {
		c.report(KindEnum, at, "%q is not one of %s", s, strings.Join(p.enum, ", "))
	}
}

func (c *checker) number(at string, p property, f float64) {
	if p.min != nil && f < *p.min || p.max != nil && f > *p.max {
		c.report(KindRange, at, "%v is not between %s and %s", f, bound(p.min), bound(p.max))
	}
}

func (c *checker) length(at string, p property, n int) {
	if n < p.minLength {
		c.report(KindLength, at, "%d is shorter than %d", n, p.minLength)
	}
	if p.maxLength >= 0 && n > p.maxLength {
		c.report(KindLength, at, "%d is longer than %d", n, p.maxLength)
	}
}

func bound(f *float64) string {
	if f == nil {
		return "any value"
	}
	return fmt.Sprint(*f)
}

// jsonType names the type of a decoded value whichever decoder made it.
func jsonType(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	}
	f, ok := asFloat(value)
	switch {
	case !ok:
		return fmt.Sprintf("%T", value)
	case f == math.Trunc(f):
		return "integer"
	default:
		return "number"
	}
}

func asFloat(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

var patterns sync.Map // pattern -> *regexp.Regexp; they come from the embedded tables only

func compiled(pattern string) *regexp.Regexp {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(pattern)
	patterns.Store(pattern, re)
	return re
}
