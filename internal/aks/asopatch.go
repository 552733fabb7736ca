package aks

import (
	"fmt"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
)

// Earlier providers wrote objects of Azure Service Operator, and their users patched those. Such an object has the properties
// of the ARM body in spec, without the envelope "properties", and names other resources by reference. Here the patches go
// to the body itself.

// ParsePatch reads a merge patch in JSON or YAML.
func ParsePatch(text string) (fieldset.Object, error) {
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("is neither JSON nor YAML (%w)", err)
	}
	var patch any
	if err := utiljson.Unmarshal(raw, &patch); err != nil {
		return nil, fmt.Errorf("is neither JSON nor YAML (%w)", err)
	}
	object, ok := patch.(fieldset.Object)
	if !ok {
		return nil, fmt.Errorf("is not an object")
	}
	if spec, there := object["spec"]; there && spec != nil {
		if _, ok := spec.(fieldset.Object); !ok {
			return nil, fmt.Errorf("has a spec that is not an object")
		}
	}
	return object, nil
}

// PatchWarnings compare what patches come to in a body with the official description. Like all that is raw it is a remark:
// Azure has the last word.
func PatchWarnings(kind, field string, patches []string, apiVersion string) []string {
	table := armfield.Schema(kind, apiVersion)
	if table == nil {
		return nil
	}
	var warnings []string
	for i, text := range patches {
		patch, err := ParsePatch(text)
		if err != nil {
			continue // refused by the webhook
		}
		spec, _ := patch["spec"].(fieldset.Object)
		for _, message := range table.ValidatePart(armPatch(spec, kind)) {
			warnings = append(warnings, fmt.Sprintf("spec.%s[%d] comes to %s (%s %s); Azure may refuse it", field, i, message, kind, apiVersion))
		}
	}
	return warnings
}

// outside are the fields of spec that stand beside properties in a body.
var outside = map[string][]string{
	"managedClusters": {"extendedLocation", "identity", "kind", "location", "sku", "tags"},
	"agentPools":      nil,
}

// notInARM are fields of spec that only Azure Service Operator knows. The name is part of the resource id, and the pools are
// declared on their own.
var notInARM = []string{"azureName", "owner", "operatorSpec", "originalVersion", "agentPoolProfiles"}

// applyPatches lays the patches over a body, in order. What cannot be read has no effect: the webhook refuses it, and an
// object stored before must stay manageable.
func applyPatches(body fieldset.Object, kind string, patches []string) fieldset.Object {
	for _, text := range patches {
		patch, err := ParsePatch(text)
		if err != nil {
			continue
		}
		spec, _ := patch["spec"].(fieldset.Object)
		if spec = armPatch(spec, kind); len(spec) > 0 {
			body = mergePatch(body, spec)
		}
	}
	return body
}

// armPatch turns a patch of a spec into one of a body.
func armPatch(spec fieldset.Object, kind string) fieldset.Object {
	properties, out := fieldset.Object{}, fieldset.Object{}
	schema := armfield.Schema(kind, ContainerServiceAPIVersion)
	for key, value := range spec {
		switch {
		case slices.Contains(notInARM, key):
		case slices.Contains(outside[kind], key):
			name, inner := translated(schema, "", key, value)
			out[name] = inner
		default:
			name, inner := translated(schema, "properties", key, value)
			properties[name] = inner
		}
	}
	if len(properties) > 0 {
		out["properties"] = properties
	}
	return out
}

// translated is a field in the words of ARM. References end in Reference or References, where ARM has an id.
func translated(schema *armfield.SchemaTable, parent, key string, value any) (string, any) {
	path := strings.TrimPrefix(parent+"."+key, ".")
	if identities, ok := value.([]any); ok && path == "identity.userAssignedIdentities" {
		ids := fieldset.Object{}
		for _, identity := range identities {
			if id, ok := armID(identity, "reference"); ok {
				ids[id] = fieldset.Object{}
			}
		}
		return key, ids
	}
	if name, ok := strings.CutSuffix(key, "References"); ok {
		return idName(schema, parent, name, "s"), armIDs(value)
	}
	if name, ok := strings.CutSuffix(key, "Reference"); ok {
		if id, ok := armID(fieldset.Object{key: value}, key); ok {
			value = id
		}
		return idName(schema, parent, name, ""), value
	}
	return key, inside(schema, path, value)
}

func inside(schema *armfield.SchemaTable, path string, value any) any {
	switch value := value.(type) {
	case fieldset.Object:
		out := fieldset.Object{}
		for key, item := range value {
			name, inner := translated(schema, path, key, item)
			out[name] = inner
		}
		// A list of references to public addresses is a list of objects with an id in ARM: {reference: {armId}} -> {id}.
		if id, ok := armID(value, "reference"); ok && len(value) == 1 {
			return fieldset.Object{"id": id}
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = inside(schema, path+"[]", item)
		}
		return out
	}
	return value
}

// idName is the property that holds the id: ARM writes some with Id and some with ID.
func idName(schema *armfield.SchemaTable, parent, name, plural string) string {
	for _, candidate := range []string{name + "Id" + plural, name + "ID" + plural, name} {
		if _, ok := schema.Lookup(strings.TrimPrefix(parent+"."+candidate, ".")); ok {
			return candidate
		}
	}
	return name + "Id" + plural
}

// armID is the id in {key: {armId: id}}.
func armID(value any, key string) (string, bool) {
	object, _ := value.(fieldset.Object)
	reference, _ := object[key].(fieldset.Object)
	id, ok := reference["armId"].(string)
	return id, ok
}

func armIDs(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	ids := make([]any, 0, len(list))
	for _, item := range list {
		if id, ok := armID(fieldset.Object{"x": item}, "x"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// mergePatch is RFC 7386: null removes, objects merge, everything else replaces.
func mergePatch(body, patch fieldset.Object) fieldset.Object {
	out := fieldset.Copy(body)
	if out == nil {
		out = fieldset.Object{}
	}
	for key, value := range patch {
		inner, isObject := value.(fieldset.Object)
		switch {
		case value == nil:
			delete(out, key)
		case isObject:
			old, _ := out[key].(fieldset.Object)
			out[key] = mergePatch(old, inner)
		default:
			out[key] = fieldset.CopyValue(value)
		}
	}
	return out
}
