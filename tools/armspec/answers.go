package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// described are the documents of which every answer is wanted, so that a server can be checked against them: kinds, when
// given, are the only ones.
var described = []struct {
	file, version string
	kinds         []string
}{
	{file: "openapi-rebuilt/containerservice-aks-2025-02-01.json", version: "2025-02-01"},
	{file: "openapi-rebuilt/containerservice-fleet-2024-04-01.json", version: "2024-04-01"},
	{file: "openapi-rebuilt/kubernetesconfiguration-2023-05-01.json", version: "2023-05-01"},
	{file: "openapi-rebuilt/msi-2024-11-30.json", version: "2024-11-30"},
	{file: "openapi-microsoft/specification/resources/resource-manager/Microsoft.Resources/stable/2021-04-01/resources.json", version: "2021-04-01",
		kinds: []string{"Microsoft.Resources/tags", "Microsoft.Resources/providers"}},
}

// clients are descriptions extracted from Microsoft's Go clients, for api-versions without a Swagger document.
var clients = []string{"sdk-schema/armkubernetesconfiguration-v1.1.1.json"}

// answers adds a table for each kind of answer that has none yet.
func (r *reader) answers(tables []table) ([]table, error) {
	known := map[string]bool{}
	for _, t := range tables {
		known[strings.ToLower(t.resourceType)+"@"+t.apiVersion] = true
	}
	var out []table
	add := func(kind, version, file string, rows func() ([]row, error)) error {
		key := strings.ToLower(kind) + "@" + version
		if known[key] {
			return nil
		}
		known[key] = true
		found, err := rows()
		if err != nil {
			return fmt.Errorf("%s@%s: %w", kind, version, err)
		}
		out = append(out, table{resourceType: kind, apiVersion: version, sources: []string{file}, rows: found, answer: true})
		return nil
	}
	for _, d := range described {
		if err := r.documented(d.file, d.version, d.kinds, add); err != nil {
			return nil, err
		}
	}
	for _, file := range clients {
		if err := r.client(file, add); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// adder takes the rows of a kind unless it has some already.
type adder func(kind, version, file string, rows func() ([]row, error)) error

// documented reads what the paths of a Swagger document answer.
func (r *reader) documented(file, version string, kinds []string, add adder) error {
	docs := &documents{}
	paths, err := docs.at(filepath.Join(r.specs, file), "/paths")
	if err != nil {
		return err
	}
	for _, p := range slices.Sorted(maps.Keys(paths.node)) {
		kind := kindOf(p)
		if kind == "" || kinds != nil && !slices.Contains(kinds, kind) {
			continue
		}
		answer, ok, err := docs.answer(schema{file: paths.file, node: paths.node[p].(map[string]any)})
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		err = add(kind, version, file, func() ([]row, error) {
			rows, err := docs.rows(answer, "", map[string]string{})
			return slices.DeleteFunc(rows, func(r row) bool { return r.path == "" }), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// kindOf is the type a path names, with the action or the collection at its end: every second segment after the
// provider. "" is a path that names none.
func kindOf(path string) string {
	seg := strings.Split(strings.Trim(path, "/"), "/")
	for i := len(seg) - 2; i >= 0; i-- {
		if seg[i] != "providers" {
			continue
		}
		rest := seg[i+2:]
		if strings.HasPrefix(seg[i+1], "{") { // registrations of providers
			if len(rest) > 0 {
				return ""
			}
			return "Microsoft.Resources/providers"
		}
		if len(rest) == 0 {
			return ""
		}
		kind := seg[i+1]
		for j := 0; j < len(rest); j += 2 {
			kind += "/" + rest[j]
		}
		return kind
	}
	return ""
}

// answer is the body a path answers with 200: that of GET before that of PUT and POST, and of a list its elements.
func (d *documents) answer(item schema) (schema, bool, error) {
	for _, method := range []string{"get", "put", "post"} {
		op, _ := item.node[method].(map[string]any)
		responses, _ := op["responses"].(map[string]any)
		ok200, _ := responses["200"].(map[string]any)
		body, _ := ok200["schema"].(map[string]any)
		if body == nil {
			continue
		}
		found, err := d.resolve(schema{file: item.file, node: body})
		if err != nil {
			return schema{}, false, err
		}
		properties, _ := found.node["properties"].(map[string]any)
		if list, ok := properties["value"].(map[string]any); ok {
			if items, ok := list["items"].(map[string]any); ok {
				found, err = d.resolve(schema{file: found.file, node: items})
			}
		}
		return found, true, err
	}
	return schema{}, false, nil
}

// client reads the bodies of PUT requests, which are what GET answers too, from the types of a client.
func (r *reader) client(file string, add adder) error {
	raw, err := os.ReadFile(filepath.Join(r.specs, file))
	if err != nil {
		return err
	}
	var doc clientFile
	if err := json.Unmarshal(raw, &doc); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, op := range doc.Operations {
		if op.Method != "PUT" || doc.Types[op.BodyType].Fields == nil {
			continue
		}
		if err := add(kindOf(op.Path), op.APIVersion, file, func() ([]row, error) { return doc.rows(op.BodyType, "", map[string]string{op.BodyType: ""}), nil }); err != nil {
			return err
		}
	}
	return nil
}

// clientFile is what was extracted from a Go client.
type clientFile struct {
	Operations []struct{ Method, Path, APIVersion, BodyType string }
	Types      map[string]struct{ Fields []clientField }
	Enums      map[string][]string
}

// clientField is one field of a type of a Go client.
type clientField struct {
	JSON, Go, Type, Ref            string
	Array, Map, Required, ReadOnly bool
}

// rows lists the fields of a type. open holds the types on the way down and where they began.
func (c clientFile) rows(typ, path string, open map[string]string) []row {
	var out []row
	for _, f := range c.Types[typ].Fields {
		name := f.JSON
		if strings.HasPrefix(name, "?") { // the extraction found no tag
			name = strings.ToLower(f.Go[:1]) + f.Go[1:]
		}
		own := row{path: strings.TrimPrefix(path+"."+name, "."), required: f.Required, readOnly: f.ReadOnly}
		value := own
		switch {
		case f.Array:
			own.typ, value = "array", row{path: own.path + "[]"}
			out = append(out, own)
		case f.Map:
			own.typ, value = "object", row{path: own.path + "{}"}
			out = append(out, own)
		}
		value.typ, _, _ = strings.Cut(f.Type, "(")
		start, again := open[f.Ref]
		switch {
		case c.Enums[f.Ref] != nil:
			value.typ, value.enum = "string", c.Enums[f.Ref]
		case again:
			value.typ = "@" + start
		}
		out = append(out, value)
		if f.Ref != "" && !again {
			deeper := maps.Clone(open)
			deeper[f.Ref] = value.path
			out = append(out, c.rows(f.Ref, value.path, deeper)...)
		}
	}
	return out
}
