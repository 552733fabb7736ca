package armfield

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/blang/semver/v4"
)

// Violation is a change of a field that is not possible.
type Violation struct {
	JSONPath string
	Old, New any // nil when not set
	Rule     Mutability
}

// String names the field and both values, and says why the change is refused.
func (v Violation) String() string {
	return fmt.Sprintf("%s cannot be changed from %s to %s: %s", v.JSONPath, shown(v.Old), shown(v.New), v.Rule.Words())
}

func shown(v any) string {
	if v == nil {
		return "(not set)"
	}
	return fmt.Sprintf("%q", fmt.Sprint(v))
}

// Words is the rule for people.
func (m Mutability) Words() string {
	switch m {
	case Fixed:
		return "it is fixed at creation"
	case SetOnce:
		return "it is fixed once it is given"
	case Precreate:
		return "it is fixed once it is given or the Azure resource exists"
	case Up:
		return "a version can only rise"
	case TrueOnly:
		return "it can be turned on, but not off again"
	case NoUnset:
		return "it can be changed, but not removed"
	}
	return "it can be changed at any time"
}

// Immutable compares two specs of one type and lists the changes that are not possible. Which Azure
// resources exist is not known here, so precreate fields are held to the weaker rule of setonce.
func Immutable(old, updated any) []Violation {
	oldRoot, newRoot := reflect.Indirect(reflect.ValueOf(old)), reflect.Indirect(reflect.ValueOf(updated))
	var out []Violation
	for _, f := range Table(old) {
		out = append(out, f.itemViolations(oldRoot, newRoot)...)
		if f.Mutability == Mutable {
			continue
		}
		before, hadBefore := f.value(oldRoot)
		after, hasAfter := f.value(newRoot)
		if f.allows(before, hadBefore, after, hasAfter) {
			continue
		}
		v := Violation{JSONPath: f.JSONPath, Rule: f.Mutability}
		if hadBefore {
			v.Old = reflect.Indirect(before).Interface()
		}
		if hasAfter {
			v.New = reflect.Indirect(after).Interface()
		}
		out = append(out, v)
	}
	return out
}

// itemViolations compares the items with the same key in a list of structs. That an item comes or goes is no violation.
func (f Field) itemViolations(oldRoot, newRoot reflect.Value) []Violation {
	c, ok := f.codec.(objectsCodec)
	if !ok || c.key == "" {
		return nil
	}
	before, had := f.value(oldRoot)
	after, has := f.value(newRoot)
	if !had || !has {
		return nil
	}
	var out []Violation
	for i := range before.Len() {
		for j := range after.Len() {
			key := c.keyOf(before.Index(i)).String()
			if c.keyOf(after.Index(j)).String() != key {
				continue
			}
			for _, v := range Immutable(before.Index(i).Interface(), after.Index(j).Interface()) {
				v.JSONPath = f.JSONPath + "[" + key + "]." + v.JSONPath
				out = append(out, v)
			}
		}
	}
	return out
}

func (f Field) allows(before reflect.Value, had bool, after reflect.Value, has bool) bool {
	switch f.Mutability {
	case TrueOnly:
		return !had || !reflect.Indirect(before).Bool() || has && reflect.Indirect(after).Bool()
	case NoUnset:
		return !had || has
	case Up:
		return !had || has && !lower(after.String(), before.String())
	case SetOnce, Precreate:
		if !had {
			return true
		}
	}
	return had == has && (!had || f.same(before, after))
}

// lower compares versions; what is no version is for other rules to refuse. A minor version stands for any patch of it.
func lower(a, b string) bool {
	if strings.Count(a, ".") == 1 && strings.HasPrefix(strings.TrimPrefix(b, "v")+".", strings.TrimPrefix(a, "v")+".") {
		return false
	}
	va, errA := semver.ParseTolerant(a)
	vb, errB := semver.ParseTolerant(b)
	return errA == nil && errB == nil && va.LT(vb)
}

// same compares two set values the way Azure would.
func (f Field) same(a, b reflect.Value) bool {
	a, b = reflect.Indirect(a), reflect.Indirect(b)
	words := strings.Split(f.Compare, ",")
	if a.Kind() == reflect.String {
		return normal(words, a.String()) == normal(words, b.String())
	}
	if a.Kind() == reflect.Slice && a.Type().Elem().Kind() == reflect.String {
		return slices.Equal(normalList(words, a), normalList(words, b))
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func normalList(words []string, v reflect.Value) []string {
	out := make([]string, v.Len())
	for i := range out {
		out[i] = normal(words, v.Index(i).String())
	}
	if slices.Contains(words, "set") {
		slices.Sort(out)
		out = slices.Compact(out)
	}
	return out
}

func normal(words []string, s string) string {
	for _, word := range words {
		switch word {
		case "fold":
			s = strings.ToLower(s)
		case "id":
			s = strings.ToLower(strings.Trim(s, "/"))
		case "location":
			s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
		case "version":
			s = strings.TrimPrefix(s, "v")
		}
	}
	return s
}
