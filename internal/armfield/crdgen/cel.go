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
	path  string
	short bool // a value of it fits into a message
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

// before is the old value in a message. Rules about what may not be lost are broken only where there was one.
func (c celField) before() string {
	switch c.Mutability {
	case armfield.Fixed, armfield.Mutable, armfield.Precreate:
		return c.shown("oldSelf")
	}
	if c.isString() {
		return `'"' + ` + c.of("oldSelf") + ` + '"'`
	}
	return "dyn(" + c.of("oldSelf") + ")"
}

// after is the new value in a message.
func (c celField) after() string {
	if c.Mutability == armfield.NoUnset {
		return "'(not set)'"
	}
	return c.shown("self")
}

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
	case armfield.SetOnce, armfield.Precreate:
		if c.withdrawable() {
			return fmt.Sprintf("!%s || (%s ? %s || %s : %s)", c.isSet("oldSelf"), c.isSet("self"), c.sameWhereSet(), notReady, looked)
		}
		if c.Mutability == armfield.SetOnce {
			return fmt.Sprintf("!%s || (%s)", c.isSet("oldSelf"), c.same())
		}
		return fmt.Sprintf("%s ? %s : !%s || (%s)", c.isSet("oldSelf"), c.same(), c.isSet("self"), c.known())
	case armfield.Up:
		return c.notLower()
	default:
		return c.same()
	}
}

// atRoot tells whether the rule needs the status and so has to be at the root of the object.
func atRoot(f armfield.Field, k kind) bool {
	return k.running && (f.Mutability == armfield.Up || f.Mutability == armfield.Precreate && f.ARMPath == "" || withdrawable(f))
}

// withdrawable tells whether a field is given once to Azure, which may refuse what it is given: see
// docs/decisions/0013-what-is-given-once-can-be-taken-back.md. Names of resources are not among them: they lead elsewhere.
func withdrawable(f armfield.Field) bool {
	return (f.Mutability == armfield.SetOnce || f.Mutability == armfield.Precreate) &&
		(f.ARMPath != "" || strings.HasPrefix(f.Computed, "resolved to"))
}

func (c celField) withdrawable() bool {
	return withdrawable(c.Field) && strings.HasPrefix(c.path, "spec.")
}

// notReady says that the controller has found something else in Azure than what was asked for. Taking a field back needs no more
// than that the controller has looked: it may have been given a moment ago, which the webhook can tell.
const (
	looked   = "has(oldSelf.status) && has(oldSelf.status.conditions)"
	notReady = looked + " && oldSelf.status.conditions.exists(c, c.type == 'Ready' && c.status == 'False')"
)

// sameWhereSet compares what is there in both objects, in fewer words than same: the CRD is large.
func (c celField) sameWhereSet() string {
	if !c.isString() || slices.Contains(strings.Split(c.Compare, ","), "location") {
		return "(" + c.same() + ")"
	}
	lower := ""
	if c.Compare != "" {
		lower = ".lowerAscii()"
	}
	return fmt.Sprintf("%s%s == %s%s", c.of("oldSelf"), lower, c.of("self"), lower)
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

// notLower compares versions of three plain numbers; what has more, a pre-release for example, is left to the webhook. The floor
// is what runs: a version that was asked for and never came to be can be taken back.
func (c celField) notLower() string {
	plain := func(version string) string {
		return version + `.matches('^v?[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}$')`
	}
	number := func(version string) string {
		parts := version + ".replace('v', '').split('.')"
		return fmt.Sprintf("int(%s[0]) * 1000000 + int(%s[1]) * 1000 + int(%s[2])", parts, parts, parts)
	}
	atLeast := func(floor string) string {
		return fmt.Sprintf("!%s || !%s || %s >= %s", plain(floor), plain(c.of("self")), number(c.of("self")), number(floor))
	}
	return fmt.Sprintf("%s == %s || %s && !has(oldSelf.status.resourceID) && !has(oldSelf.status.version) || %s",
		c.of("oldSelf"), c.of("self"), notReady, atLeast(c.floor()))
}

// floor is the lowest version there may be; the field is at the root of the object and always there.
func (c celField) floor() string {
	return fmt.Sprintf("(has(oldSelf.status) && has(oldSelf.status.version) ? oldSelf.status.version : %s)", c.of("oldSelf"))
}
