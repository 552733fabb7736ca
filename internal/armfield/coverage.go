package armfield

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ContainerServiceAPIVersion is the api-version of the description that managed clusters and agent pools are made for.
const ContainerServiceAPIVersion = "2026-05-01"

// Coverage tells how a leaf of an API description is reached.
type Coverage struct {
	// Path is the property.
	Path string
	// Field is the JSON path of the field that stands for it, empty for none.
	Field string
	// Remark says who else gives the property its value: the provider, or Azure, whatever the description says.
	Remark string
	// Answer is true where only Azure gives it: it is no setting.
	Answer bool
}

// Covered tells whether a spec can say the value, or need not.
func (c Coverage) Covered() bool { return c.Field != "" || c.Remark != "" && !c.Answer }

// Settings lists the leaves that can be written, sorted. The name in the address of the resource is none of them.
func (t *SchemaTable) Settings() []string {
	var out []string
	var visit func(n *schemaNode, path string)
	visit = func(n *schemaNode, path string) {
		before := len(out)
		for _, key := range slices.Sorted(maps.Keys(n.children)) {
			if c := n.children[key]; !c.ReadOnly {
				visit(c, strings.TrimPrefix(path+"."+key, "."))
			}
		}
		if n.element != nil && !n.element.scalar() {
			visit(n.element, path+"[]")
		}
		if n.value != nil && !n.value.scalar() {
			visit(n.value, path+"{}")
		}
		if len(out) == before && path != "" {
			out = append(out, strings.TrimSuffix(strings.TrimSuffix(path, "{}"), "[]"))
		}
	}
	visit(t.root, "")
	slices.Sort(out)
	return slices.Compact(out)
}

// scalar: a list or map of it is one leaf.
func (n *schemaNode) scalar() bool { return n.same == nil && n.open() && n.Type != "object" }

// Properties lists the leaves of a description that the field stands for, in the table's own spelling.
func (f Field) Properties(t *SchemaTable) []string {
	return f.properties(t, "")
}

func (f Field) properties(t *SchemaTable, within string) []string {
	path := within + f.ARMPath
	if items, key := f.Items(); items != nil {
		below := path + "[]."
		if key != "" {
			below = path + "{}."
		}
		var out []string
		for _, item := range items {
			if item.ARMPath != "" {
				out = append(out, item.properties(t, below)...)
			}
		}
		return out
	}
	if _, ok := f.codec.(sshKeyCodec); ok {
		path += "[].keyData"
	}
	property, ok := t.Lookup(path)
	if !ok {
		panic(fmt.Sprintf("%s: %s has no property %s", f.JSONPath, t.kind, path)) // a test looks at all fields
	}
	return []string{property.Path}
}

// Covering tells for each writable leaf of a description which field of a spec stands for it. Remarks by path, or by path of
// what is around the leaf, are for what no field says.
func (t *SchemaTable) Covering(fields []Field, provided, answers map[string]string) []Coverage {
	by := map[string]string{}
	for _, f := range fields {
		if f.ARMPath == "" {
			continue
		}
		for _, path := range f.Properties(t) {
			if by[path] == "" {
				by[path] = f.JSONPath
			}
		}
	}
	var out []Coverage
	for _, path := range t.Settings() {
		c := Coverage{Path: path, Field: by[path]}
		if c.Field == "" {
			c.Remark = around(provided, path)
		}
		if c.Field == "" && c.Remark == "" {
			c.Remark = around(answers, path)
			c.Answer = c.Remark != ""
		}
		out = append(out, c)
	}
	return out
}

func around(remarks map[string]string, path string) string {
	for prefix, remark := range remarks {
		if path == prefix || strings.HasPrefix(path, prefix+".") || strings.HasPrefix(path, prefix+"[]") || strings.HasPrefix(path, prefix+"{}") {
			return remark
		}
	}
	return ""
}
