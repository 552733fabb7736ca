package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// documents reads Swagger 2.0 files and JSON schemas; both are trees of "properties", "items" and "$ref".
type documents struct {
	files map[string]map[string]any
	// shallow stops at read-only properties and at other resources embedded in a body: a subnet may embed a
	// network security group which embeds network interfaces which embed subnets, without an end.
	shallow bool
}

// schema is one node of a document together with the file its references are relative to.
type schema struct {
	file string
	node map[string]any
	name string // file#definition when reached through a reference, to notice recursion
}

func (d *documents) load(file string) (map[string]any, error) {
	if doc, ok := d.files[file]; ok {
		return doc, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	doc := map[string]any{}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if d.files == nil {
		d.files = map[string]map[string]any{}
	}
	d.files[file] = doc
	return doc, nil
}

func (d *documents) at(file, pointer string) (schema, error) {
	doc, err := d.load(file)
	if err != nil {
		return schema{}, err
	}
	node := doc
	for _, key := range strings.Split(strings.Trim(pointer, "/"), "/") {
		next, ok := node[key].(map[string]any)
		if !ok {
			return schema{}, fmt.Errorf("%s has no %s", file, pointer)
		}
		node = next
	}
	return schema{file: file, node: node, name: file + "#" + pointer}, nil
}

// resolve follows references, merges allOf and drops the "or a template expression" alternative.
func (d *documents) resolve(s schema) (schema, error) {
	if alternatives, ok := s.node["oneOf"].([]any); ok {
		for _, a := range alternatives {
			alternative := a.(map[string]any)
			if ref, _ := alternative["$ref"].(string); strings.HasSuffix(ref, "/expression") {
				continue
			}
			return d.resolve(schema{file: s.file, node: alternative, name: s.name})
		}
	}
	if ref, ok := s.node["$ref"].(string); ok {
		target, err := d.follow(s.file, ref)
		if err != nil {
			return schema{}, err
		}
		if target, err = d.resolve(target); err != nil {
			return schema{}, err
		}
		merged := maps.Clone(target.node)
		for key, value := range s.node {
			if key != "$ref" {
				merged[key] = value // a sibling such as readOnly belongs to this use, not to the definition
			}
		}
		return schema{file: target.file, node: merged, name: target.name}, nil
	}
	bases, ok := s.node["allOf"].([]any)
	if !ok {
		return s, nil
	}
	return d.inherit(s, bases)
}

func (d *documents) follow(file, ref string) (schema, error) {
	target, pointer, _ := strings.Cut(ref, "#")
	if target == "" {
		return d.at(file, pointer)
	}
	if u, err := url.Parse(target); err == nil && u.Host == "schema.management.azure.com" {
		return schema{file: file, node: map[string]any{}, name: ref}, nil // shared definitions of template syntax
	}
	return d.at(filepath.Join(filepath.Dir(file), target), pointer)
}

// inherit merges the properties of the bases into a copy of s. Properties of a base in another file keep
// working because every property is resolved to its file before it is merged.
func (d *documents) inherit(s schema, bases []any) (schema, error) {
	merged := maps.Clone(s.node)
	delete(merged, "allOf")
	properties := map[string]any{}
	required, _ := s.node["required"].([]any)
	for _, b := range bases {
		base, err := d.resolve(schema{file: s.file, node: b.(map[string]any)})
		if err != nil {
			return schema{}, err
		}
		for key, value := range base.node {
			switch key {
			case "properties":
				for name, p := range value.(map[string]any) {
					properties[name] = located(p, base.file)
				}
			case "required":
				required = append(slices.Clone(required), value.([]any)...)
			default:
				if _, own := merged[key]; !own {
					merged[key] = value
				}
			}
		}
	}
	if own, ok := s.node["properties"].(map[string]any); ok {
		maps.Copy(properties, own)
	}
	if len(properties) > 0 {
		merged["properties"] = properties
	}
	if len(required) > 0 {
		merged["required"] = required
	}
	return schema{file: s.file, node: merged, name: s.name}, nil
}

const fileKey = "\x00file"

func located(property any, file string) any {
	p := maps.Clone(property.(map[string]any))
	if _, set := p[fileKey]; !set {
		p[fileKey] = file
	}
	return p
}

// rows lists every property below s. open holds the definitions on the way down and where they began.
func (d *documents) rows(s schema, path string, open map[string]string) ([]row, error) {
	if file, ok := s.node[fileKey].(string); ok {
		s.file = file
	}
	s, err := d.resolve(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := describe(s.node, path)
	if start, again := open[s.name]; again && s.name != "" {
		r.typ = "@" + start
		return []row{r}, nil
	}
	if r.typ == "" && d.shallow && r.readOnly {
		r.typ = "object"
	}
	out := []row{r}
	if d.shallow && r.readOnly {
		return out, nil
	}
	if s.name != "" {
		open = maps.Clone(open)
		open[s.name] = path
	}
	children, err := d.children(s, path, open)
	return append(out, children...), err
}

func (d *documents) children(s schema, path string, open map[string]string) ([]row, error) {
	var out []row
	add := func(node any, path string, required bool) error {
		rows, err := d.rows(schema{file: s.file, node: node.(map[string]any)}, path, open)
		if err == nil && len(rows) > 0 {
			rows[0].required = required
			out = append(out, rows...)
		}
		return err
	}
	properties, _ := s.node["properties"].(map[string]any)
	required, _ := s.node["required"].([]any)
	_, tracked := properties["location"]
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if d.shallow && tracked && path != "" && name == "properties" {
			out = append(out, row{path: path + ".properties", typ: "object"})
			continue
		}
		if err := add(properties[name], strings.TrimPrefix(path+"."+name, "."), slices.Contains(required, any(name))); err != nil {
			return nil, err
		}
	}
	if items, ok := s.node["items"].(map[string]any); ok {
		if err := add(items, path+"[]", false); err != nil {
			return nil, err
		}
	}
	if values, ok := s.node["additionalProperties"].(map[string]any); ok {
		if err := add(values, path+"{}", false); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func describe(node map[string]any, path string) row {
	r := row{path: path}
	r.typ, _ = node["type"].(string)
	if r.typ == "" {
		switch {
		case node["properties"] != nil || node["additionalProperties"] != nil:
			r.typ = "object"
		case node["items"] != nil:
			r.typ = "array"
		default:
			r.typ = "any"
		}
	}
	r.readOnly, _ = node["readOnly"].(bool)
	secret, _ := node["x-ms-secret"].(bool)
	r.writeOnly = secret
	if values, ok := node["enum"].([]any); ok && r.typ == "string" {
		for _, v := range values {
			r.enum = append(r.enum, v.(string))
		}
	}
	if f, ok := node["minimum"].(float64); ok {
		r.min = &f
	}
	if f, ok := node["maximum"].(float64); ok {
		r.max = &f
	}
	for _, key := range []string{"minLength", "minItems"} {
		if f, ok := node[key].(float64); ok {
			n := int(f)
			r.minLen = &n
		}
	}
	for _, key := range []string{"maxLength", "maxItems"} {
		if f, ok := node[key].(float64); ok {
			n := int(f)
			r.maxLen = &n
		}
	}
	r.pattern, _ = node["pattern"].(string)
	return r
}
