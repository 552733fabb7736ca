package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/capaks/capaks/internal/armfield"
)

const preamble = `# API reference

Generated from api/v1beta1 by internal/armfield/crdgen; do not edit.

All kinds are in the group infrastructure.cluster.x-k8s.io, version v1beta1 (v1alpha4 is served with the same fields and is
deprecated); the CRDs need Kubernetes 1.31 or newer in the management cluster. "Azure property" is the property of the Azure resource a field stands for: of the managed cluster for an
AzureManagedControlPlane, of the agent pool for an AzureManagedMachinePool.

How a field may change:

- **any time**: freely.
- **fixed**: fixed at creation.
- **once**: it can be given later, and is fixed then. What Azure did not take can be changed or removed: while the object is not Ready.
- **once, as in Azure**: the same; once the Azure resource exists, only as it is there.
- **up**: a version can only rise from the one that runs.
- **on only**: true stays true.
- **not removed**: it can be changed, but not removed.

"When dropped" is what happens in Azure when a field that was given leaves the spec: a value is set, **null** lets Azure choose,
**removed** takes the entries that the spec gave away, and **stays** leaves the value in Azure as it is, no longer managed. A
field that cannot be dropped, and one inside a list, which changes with its list, has none.
`

var mutabilityWords = map[armfield.Mutability]string{
	armfield.Mutable: "any time", armfield.Fixed: "fixed", armfield.SetOnce: "once", armfield.Precreate: "once, as in Azure",
	armfield.Up: "up", armfield.TrueOnly: "on only", armfield.NoUnset: "not removed",
}

// reference is the field reference of all kinds, in Markdown.
func reference(crds map[string]*apiextensionsv1.CustomResourceDefinition) string {
	var b strings.Builder
	b.WriteString(preamble)
	for _, k := range kinds {
		crd := crds[k.name]
		root := crd.Spec.Versions[len(crd.Spec.Versions)-1].Schema.OpenAPIV3Schema
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", k.name, flat(root.Description))
		if k.template {
			fmt.Fprintf(&b, "\n`spec.template.metadata` and `spec.template.spec` are those of the objects that are made from it. "+
				"Fields of %s that belong to one object only cannot be given.\n", strings.TrimSuffix(k.name, "Template"))
			continue
		}
		fields := map[string]armfield.Field{}
		collect(fields, armfield.Table(k.spec), "", "")
		b.WriteString("\n### spec\n\n| Field | Type | Default | Change | When dropped | Azure property | Meaning |\n|---|---|---|---|---|---|---|\n")
		specRows(&b, at(root, "spec"), "", fields)
		if status := at(root, "status"); status != nil {
			b.WriteString("\n### status\n\n| Field | Type | Meaning |\n|---|---|---|\n")
			statusRows(&b, status, "")
		}
	}
	return b.String()
}

// collect finds fields by their path, also inside lists.
func collect(into map[string]armfield.Field, fields []armfield.Field, prefix, property string) {
	for _, f := range fields {
		path := prefix + f.JSONPath
		if f.ARMPath != "" {
			f.ARMPath = property + f.ARMPath
		}
		into[path] = f
		inside, key := f.Items()
		below := f.ARMPath + "[]."
		switch {
		case f.ARMPath == "":
			below = ""
		case key != "":
			below = f.ARMPath + "{}."
		}
		collect(into, inside, path+"[].", below)
	}
}

func specRows(b *strings.Builder, schema *apiextensionsv1.JSONSchemaProps, prefix string, fields map[string]armfield.Field) {
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		p, path := schema.Properties[name], prefix+name
		field, leaf := fields[path]
		if path == "sku" && !leaf { // one value for the API server, one field inside for Azure
			field, leaf = fields["sku.tier"]
		}
		change, dropped, property := "", "", ""
		if leaf {
			change, property = mutabilityWords[field.Mutability], "`"+field.ARMPath+"`"
			if !strings.Contains(path, "[].") {
				dropped = droppedWord(field, p, slices.Contains(schema.Required, name))
			}
			if field.ARMPath == "" {
				property = "– (" + field.Computed + ")"
			}
		}
		required := ""
		if slices.Contains(schema.Required, name) {
			required = " **required**"
		}
		fmt.Fprintf(b, "| `%s` | %s%s | %s | %s | %s | %s | %s |\n", path, typeName(p), required, defaultOf(p), change, dropped, property, flat(p.Description))
		if inside, suffix := members(p); inside != nil && len(inside.Properties) > 0 && field.Computed != "selects the credentials" {
			specRows(b, inside, path+suffix, fields)
		}
	}
}

// droppedWord is the removal rule of a field that can be dropped. What only exists with its resource, or stands for no
// property, has none.
func droppedWord(field armfield.Field, p apiextensionsv1.JSONSchemaProps, required bool) string {
	switch field.Mutability {
	case armfield.Fixed, armfield.SetOnce, armfield.Precreate, armfield.NoUnset, armfield.TrueOnly:
		return ""
	}
	_, key := field.Items()
	switch {
	case required || p.Default != nil || field.ARMPath == "":
		return ""
	case field.Release.Send && field.Release.Value == nil:
		return "null"
	case field.Release.Send:
		raw, err := json.Marshal(field.Release.Value)
		if err != nil {
			return ""
		}
		return "`" + string(raw) + "`"
	case p.Type == "object" && p.AdditionalProperties != nil, key != "" && field.ARMPath != "properties.addonProfiles":
		return "removed"
	}
	return "stays"
}

func statusRows(b *strings.Builder, schema *apiextensionsv1.JSONSchemaProps, prefix string) {
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		p, path := schema.Properties[name], prefix+name
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", path, typeName(p), flat(p.Description))
		if inside, suffix := members(p); inside != nil && path != "conditions" {
			statusRows(b, inside, path+suffix)
		}
	}
}

// members is the schema with the properties inside a property, and what stands between the two names.
func members(p apiextensionsv1.JSONSchemaProps) (*apiextensionsv1.JSONSchemaProps, string) {
	if p.Type == "array" && p.Items != nil && p.Items.Schema != nil && p.Items.Schema.Type == "object" {
		return p.Items.Schema, "[]."
	}
	if p.Type == "object" {
		return &p, "."
	}
	return nil, ""
}

func typeName(p apiextensionsv1.JSONSchemaProps) string {
	switch {
	case p.XIntOrString:
		return "quantity"
	case len(p.Enum) > 0:
		values := make([]string, 0, len(p.Enum))
		for _, v := range p.Enum {
			values = append(values, "`"+string(v.Raw)+"`")
		}
		return strings.Join(values, ", ")
	case p.Type == "array" && p.Items != nil && p.Items.Schema != nil:
		return "list of " + typeName(*p.Items.Schema)
	case p.Type == "object" && p.AdditionalProperties != nil:
		return "map of strings"
	case p.Format == "date-time":
		return "time"
	}
	bounds := ""
	if p.Minimum != nil && p.Maximum != nil {
		bounds = fmt.Sprintf(" %v–%v", int64(*p.Minimum), int64(*p.Maximum))
	} else if p.Minimum != nil {
		bounds = fmt.Sprintf(" ≥ %v", int64(*p.Minimum))
	}
	return p.Type + bounds
}

func defaultOf(p apiextensionsv1.JSONSchemaProps) string {
	if p.Default == nil {
		return ""
	}
	return "`" + string(p.Default.Raw) + "`"
}

// flat puts a text into one cell of a table.
func flat(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "{", "&#123;", "}", "&#125;").Replace(text)
}
