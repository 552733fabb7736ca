package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/capaks/capaks/internal/armfield"
)

// immutabilityRules adds one CEL rule for each field that cannot be changed freely. A rule compares the field in the old
// and in the new object and so covers changed, removed and added. It sits at the spec, which both objects always have;
// for names that are part of resource ids at the root, where the status can be seen; and for fields of a struct that is
// fixed as a whole at that struct, with one more rule that the struct neither comes nor goes. Where something else in the
// spec lets fixed fields change, all rules sit at the spec, from where that can be seen.
func immutabilityRules(root *apiextensionsv1.JSONSchemaProps, k kind) {
	fields := armfield.Table(k.spec)
	blocks := fixedBlocks(fields)
	for _, block := range blocks {
		scope, name := split(block)
		if k.unless != "" {
			scope, name = "", block
		}
		addRule(root, specPath(scope), blockRule(name, block, k))
	}
	for _, f := range fields {
		itemRules(root, f, k)
		scope, name := split(f.JSONPath)
		schema := at(root, specPath(f.JSONPath)...)
		short := schema != nil && schema.Type == "string" && schema.MaxLength != nil && *schema.MaxLength <= shownWhole
		switch {
		case f.Mutability == armfield.Mutable:
		case atRoot(f, k):
			addRule(root, nil, transition(f, "spec."+f.JSONPath, k, short))
		case slices.Contains(blocks, scope) && k.unless == "":
			addRule(root, specPath(scope), transition(f, name, k, short))
		case slices.Contains(blocks, scope):
			rule, block := transition(f, f.JSONPath, k, short), celField{path: scope} // the struct itself has its own rule
			rule.Rule = fmt.Sprintf("!(%s && %s) || %s", block.present("self"), block.present("oldSelf"), rule.Rule)
			addRule(root, specPath(""), rule)
		default:
			addRule(root, specPath(""), transition(f, f.JSONPath, k, short))
		}
	}
}

// shownWhole is how long a string may be for two of it to fit into a message of a rule, which the API server cuts off at 5 KiB.
const shownWhole = 1024

// itemRules adds the rules of the fields inside a list whose items have a key. They sit at the items: the API server finds the
// old item by its key.
func itemRules(root *apiextensionsv1.JSONSchemaProps, list armfield.Field, k kind) {
	fields, key := list.Items()
	for _, f := range fields {
		if key == "" || f.Mutability == armfield.Mutable {
			continue
		}
		path := f.JSONPath
		f.JSONPath = list.JSONPath + "[]." + path
		k.wayOut = "remove the entry first and add it again"
		addRule(root, append(specPath(list.JSONPath), items), transition(f, path, k, false))
	}
}

// split cuts a path before its last name.
func split(path string) (parent, name string) {
	i := strings.LastIndex(path, ".")
	return path[:max(i, 0)], path[i+1:]
}

func specPath(path string) []string {
	if path == "" {
		return []string{"spec"}
	}
	return append([]string{"spec"}, strings.Split(path, ".")...)
}

// fixedBlocks are the structs all of whose fields are fixed, outer ones first.
func fixedBlocks(fields []armfield.Field) []string {
	var blocks, others []string
	for _, f := range fields {
		for block, _ := split(f.JSONPath); block != ""; block, _ = split(block) {
			if f.Mutability != armfield.Fixed {
				others = append(others, block)
			}
			blocks = append(blocks, block)
		}
	}
	slices.Sort(blocks)
	blocks = slices.Compact(blocks)
	return slices.DeleteFunc(blocks, func(block string) bool { return slices.Contains(others, block) })
}

func addRule(root *apiextensionsv1.JSONSchemaProps, path []string, rule apiextensionsv1.ValidationRule) {
	if len(path) == 0 {
		root.XValidations = append(root.XValidations, rule)
		return
	}
	schema := *at(root, path...)
	schema.XValidations = append(schema.XValidations, rule)
	put(root, schema, path...)
}

func blockRule(name, path string, k kind) apiextensionsv1.ValidationRule {
	forbidden := apiextensionsv1.FieldValueForbidden
	block := celField{path: name}
	rule := fmt.Sprintf("%s == %s", block.present("self"), block.present("oldSelf"))
	if k.unless != "" {
		rule = fmt.Sprintf("(%s) || (%s) && %s", rule, block.present("self"), k.unless)
	}
	return apiextensionsv1.ValidationRule{
		Rule: rule,
		MessageExpression: fmt.Sprintf("'%s cannot be ' + (%s ? 'added' : 'removed') + ': %s. Restore what was there, or %s.'",
			path, block.present("self"), armfield.Fixed.Words(), k.wayOutOf(path)),
		FieldPath: "." + name,
		Reason:    &forbidden,
	}
}

// wayOut is what a person can do about a refused change, besides restoring the old value.
func wayOut(f armfield.Field, k kind) string {
	switch {
	case f.Mutability == armfield.NoUnset && f.GoType.Kind() == reflect.Bool:
		return fmt.Sprintf("write %s: false to turn it off", f.JSONPath)
	case f.Mutability == armfield.NoUnset:
		return fmt.Sprintf("write %s: none to turn it off", f.JSONPath)
	case withdrawable(f) && k.running:
		return "remove the field if Azure did not take it, or " + k.wayOut
	case f.Mutability == armfield.Up:
		return "write %s or a newer version"
	}
	return k.wayOut
}

// transition is the rule of one field, whose place seen from the rule is path.
func transition(f armfield.Field, path string, k kind, short bool) apiextensionsv1.ValidationRule {
	c := celField{Field: f, path: path, short: short}
	forbidden := apiextensionsv1.FieldValueForbidden
	k.wayOut = k.wayOutOf(f.JSONPath)
	words, out := f.Mutability.Words(), wayOut(f, k)
	values := c.before() + ", " + c.after()
	if f.Mutability == armfield.Up {
		values += ", " + c.floor()
	}
	rule := apiextensionsv1.ValidationRule{
		Rule: c.rule(),
		MessageExpression: fmt.Sprintf("'%s cannot be changed from %%s to %%s: %s. Restore the old value, or %s.'.format([%s])",
			f.JSONPath, words, out, values),
		FieldPath: "." + path,
		Reason:    &forbidden,
	}
	if k.mayChange(f) {
		unless := k.unless
		if strings.HasPrefix(path, "spec.") { // the rule is at the root
			unless = strings.Replace(unless, "self.", "self.spec.", 1)
		}
		rule.Rule = fmt.Sprintf("(%s) || %s && %s", rule.Rule, c.isSet("self"), unless)
	}
	if !c.short && (c.isString() || c.isList()) { // too long a value cannot be shown
		rule.Message = fmt.Sprintf("%s cannot be changed so: %s. Restore the old value, or %s.", f.JSONPath, words, out)
		if k.mayChange(f) { // the CRD has to fit into an annotation
			rule.Message = fmt.Sprintf("%s cannot be changed so: %s.", f.JSONPath, words)
		}
	}
	return rule
}

// mayChange tells whether something else in the spec lets a fixed field change. What is no longer given never may: nobody knows
// which value Azure would have chosen.
func (k kind) mayChange(f armfield.Field) bool {
	switch f.Mutability {
	case armfield.Fixed, armfield.SetOnce, armfield.Precreate:
		return k.unless != "" && !slices.Contains(k.never, f.JSONPath)
	}
	return false
}

// wayOutOf is the way out for one field.
func (k kind) wayOutOf(path string) string {
	if slices.Contains(k.never, path) {
		return newPool
	}
	return k.wayOut
}
