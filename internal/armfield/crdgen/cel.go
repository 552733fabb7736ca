package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/capaks/capaks/internal/armfield"
)

// celField writes CEL about one field. It takes values by self.a.b and not by optional ones (self.?a.?b.value()), because the
// API server cannot tell how long an optional string may be, and then refuses the rule as too expensive.
type celField struct {
	armfield.Field
	path string
}

func (c celField) kind() reflect.Kind {
	t := c.GoType
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind()
}

func (c celField) isString() bool { return c.kind() == reflect.String }
func (c celField) isList() bool   { return c.kind() == reflect.Slice }

func (c celField) of(object string) string { return object + "." + c.path }

// present says that the field is there: has(self.a), self.?a.?b.hasValue().
func (c celField) present(object string) string {
	path := c.path
	if rest, ok := strings.CutPrefix(path, "spec."); ok { // at the root; a kind without a spec is not one of ours
		object, path = object+".spec", rest
	}
	if !strings.Contains(path, ".") {
		return "has(" + object + "." + path + ")"
	}
	return object + ".?" + strings.ReplaceAll(path, ".", ".?") + ".hasValue()"
}

func (c celField) or(object, otherwise string) string {
	return fmt.Sprintf("(%s ? %s : %s)", c.present(object), c.of(object), otherwise)
}

// value is a string or list in the form that is compared; what is not there is empty.
func (c celField) value(object string) string {
	if c.isList() {
		return c.or(object, "[]")
	}
	v := c.or(object, "''")
	words := strings.Split(c.Compare, ",")
	if slices.ContainsFunc(words, func(w string) bool { return w == "fold" || w == "id" || w == "location" }) {
		v += ".lowerAscii()"
	}
	if slices.Contains(words, "location") {
		v += ".replace(' ', '')"
	}
	return v
}

func (c celField) isSet(object string) string {
	test := c.present(object)
	switch {
	case c.isString():
		test += " && " + c.of(object) + " != ''"
	case c.isList():
		test += " && size(" + c.of(object) + ") > 0"
	}
	return "(" + test + ")"
}

func (c celField) same() string {
	old, updated := c.value("oldSelf"), c.value("self")
	switch {
	case c.isList() && strings.Contains(c.Compare, "set"):
		return fmt.Sprintf("%s.all(v, v in %s) && %s.all(v, v in %s)", old, updated, updated, old)
	case c.isList(), c.isString():
		return old + " == " + updated
	default:
		return fmt.Sprintf("(%s) == (%s) && (!(%s) || %s == %s)", c.present("oldSelf"), c.present("self"),
			both(c.present("oldSelf"), c.present("self")), c.of("oldSelf"), c.of("self"))
	}
}

func both(a, b string) string { return a + " && " + b }

// shown is the field as an argument of format(), which unlike string() has a cost the API server can tell.
func (c celField) shown(object string) string {
	if c.isString() {
		return fmt.Sprintf(`%s ? '"' + %s + '"' : '(not set)'`, c.isSet(object), c.of(object))
	}
	return fmt.Sprintf("%s ? dyn(%s) : dyn('(not set)')", c.isSet(object), c.of(object))
}

func (c celField) rule() string {
	switch c.Mutability {
	case armfield.TrueOnly:
		return fmt.Sprintf("!%s || %s", c.or("oldSelf", "false"), c.or("self", "false"))
	case armfield.NoUnset:
		return fmt.Sprintf("!%s || %s", c.isSet("oldSelf"), c.isSet("self"))
	case armfield.SetOnce:
		return fmt.Sprintf("!%s || (%s)", c.isSet("oldSelf"), c.same())
	case armfield.Precreate:
		if c.ARMPath != "" {
			return fmt.Sprintf("!%s || (%s)", c.isSet("oldSelf"), c.same())
		}
		return fmt.Sprintf("%s ? %s : !%s || (%s)", c.isSet("oldSelf"), c.same(), c.isSet("self"), c.known())
	case armfield.Up:
		return c.notLower()
	default:
		return c.same()
	}
}

// known says that a name is part of the id of an Azure resource that exists, or that none exists yet.
func (c celField) known() string {
	within := func(id string) string {
		return fmt.Sprintf("(%s.lowerAscii() + '/').contains('/' + %s.lowerAscii() + '/')", id, c.of("self"))
	}
	known := "!has(oldSelf.status) || !has(oldSelf.status.resourceID) || " + within("oldSelf.status.resourceID")
	if c.path != "spec.name" { // a pool is a single resource
		known += " || has(oldSelf.status.resources) && oldSelf.status.resources.exists(r, " + within("r.id") + ")"
	}
	return known
}

// notLower compares versions of three plain numbers; what has more, a pre-release for example, is left to the webhook.
func (c celField) notLower() string {
	plain := func(object string) string {
		return c.or(object, "''") + `.matches('^v?[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}$')`
	}
	number := func(object string) string {
		parts := c.of(object) + ".replace('v', '').split('.')"
		return fmt.Sprintf("int(%s[0]) * 1000000 + int(%s[1]) * 1000 + int(%s[2])", parts, parts, parts)
	}
	return fmt.Sprintf("!%s || !%s || %s >= %s", plain("oldSelf"), plain("self"), number("self"), number("oldSelf"))
}
