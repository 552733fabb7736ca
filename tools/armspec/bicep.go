package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Flags of a property in Bicep's types.json.
const (
	bicepRequired  = 1
	bicepReadOnly  = 2
	bicepWriteOnly = 4
)

type bicepRef struct {
	Ref string `json:"$ref"`
}

func (r bicepRef) index() int {
	n, err := strconv.Atoi(strings.TrimPrefix(r.Ref, "#/"))
	if err != nil {
		return -1
	}
	return n
}

type bicepType struct {
	Kind                 string     `json:"$type"`
	Name                 string     `json:"name"`
	Value                string     `json:"value"`
	Body                 bicepRef   `json:"body"`
	Elements             []bicepRef `json:"elements"`
	ItemType             *bicepRef  `json:"itemType"`
	AdditionalProperties *bicepRef  `json:"additionalProperties"`
	Properties           map[string]struct {
		Type  bicepRef `json:"type"`
		Flags int      `json:"flags"`
	} `json:"properties"`
	MinValue  *float64 `json:"minValue"`
	MaxValue  *float64 `json:"maxValue"`
	MinLength *int     `json:"minLength"`
	MaxLength *int     `json:"maxLength"`
	Pattern   string   `json:"pattern"`
	Sensitive bool     `json:"sensitive"`
}

type bicepFile []bicepType

func loadBicep(file string) (bicepFile, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var types bicepFile
	if err := json.Unmarshal(raw, &types); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return types, nil
}

// resource lists the body of "Namespace/type@api-version".
func (f bicepFile) resource(name string) ([]row, error) {
	for _, t := range f {
		if t.Kind == "ResourceType" && t.Name == name {
			return f.rows(t.Body, row{}, map[int]string{})[1:], nil
		}
	}
	return nil, fmt.Errorf("no resource type %s", name)
}

func (f bicepFile) rows(ref bicepRef, r row, open map[int]string) []row {
	i := ref.index()
	t := f[i]
	if start, again := open[i]; again {
		r.typ = "@" + start
		return []row{r}
	}
	f.describe(t, &r)
	out := []row{r}
	if t.Kind == "ObjectType" {
		open = maps.Clone(open)
		open[i] = r.path
	}
	for _, name := range slices.Sorted(maps.Keys(t.Properties)) {
		p := t.Properties[name]
		child := row{
			path:      strings.TrimPrefix(r.path+"."+name, "."),
			required:  p.Flags&bicepRequired != 0,
			readOnly:  p.Flags&bicepReadOnly != 0,
			writeOnly: p.Flags&bicepWriteOnly != 0,
		}
		out = append(out, f.rows(p.Type, child, open)...)
	}
	if t.ItemType != nil {
		out = append(out, f.rows(*t.ItemType, row{path: r.path + "[]"}, open)...)
	}
	if t.AdditionalProperties != nil {
		out = append(out, f.rows(*t.AdditionalProperties, row{path: r.path + "{}"}, open)...)
	}
	return out
}

func (f bicepFile) describe(t bicepType, r *row) {
	r.writeOnly = r.writeOnly || t.Sensitive // passwords and secrets: accepted, never returned
	r.min, r.max, r.minLen, r.maxLen, r.pattern = t.MinValue, t.MaxValue, t.MinLength, t.MaxLength, t.Pattern
	switch t.Kind {
	case "ObjectType":
		r.typ = "object"
	case "ArrayType":
		r.typ = "array"
	case "StringType", "StringLiteralType":
		r.typ = "string"
	case "IntegerType":
		r.typ = "integer"
	case "BooleanType":
		r.typ = "boolean"
	case "UnionType": // an open enum is "literal | literal | string"
		r.typ = "string"
		for _, e := range t.Elements {
			if el := f[e.index()]; el.Kind == "StringLiteralType" {
				r.enum = append(r.enum, el.Value)
			}
		}
	default:
		r.typ = "any"
	}
	if t.Kind == "StringLiteralType" {
		r.enum = []string{t.Value}
	}
}
