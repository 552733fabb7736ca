package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// specsDir finds Microsoft's API descriptions, which stay out of this repository.
func specsDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CAPAKS_SPECS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "azure-specs")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no API descriptions at %s; set CAPAKS_SPECS to their folder", dir)
	}
	return dir
}

func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(raw)
	}
	return files
}

func TestCommittedTablesAreUpToDate(t *testing.T) {
	specs := specsDir(t)
	provider, sim := t.TempDir(), t.TempDir()
	if err := run(specs, provider, sim, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	total := 0
	for generated, committed := range map[string]string{
		provider: filepath.Join("..", "..", "internal", "armfield", "schema"),
		sim:      filepath.Join("..", "..", "azuresim", "spec", "tables"),
	} {
		want, got := folder(t, generated), folder(t, committed)
		for name, text := range want {
			total += len(text)
			if got[name] != text {
				t.Errorf("%s is not what the generator writes; run it again", filepath.Join(committed, name))
			}
			delete(got, name)
		}
		for name := range got {
			t.Errorf("%s is not written by the generator", filepath.Join(committed, name))
		}
	}
	if total == 0 || total > 1<<20 {
		t.Errorf("the tables have %d bytes, at most 1 MiB is meant to be committed", total)
	}
}

// TestDescriptionsAgree pins where Swagger and Bicep differ, so that a new difference is looked at.
func TestDescriptionsAgree(t *testing.T) {
	var report bytes.Buffer
	if _, err := (&reader{specs: specsDir(t), report: &report}).all(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(report.String()) {
		got = append(got, strings.TrimPrefix(strings.TrimSpace(line), "Microsoft.ContainerService/"))
	}
	// Bicep has no floating point, no byte strings, and requires the properties of a child resource.
	want := []string{
		"managedClusters/agentPools@2025-02-01: swagger/bicep: type of properties.spotMaxPrice: number / integer",
		"managedClusters/agentPools@2025-07-01: swagger/bicep: type of properties.gatewayProfile.publicIPPrefixSize: number / integer",
		"managedClusters/agentPools@2025-07-01: swagger/bicep: type of properties.spotMaxPrice: number / integer",
		"managedClusters/trustedAccessRoleBindings@2025-02-01: swagger/bicep: flags of properties: required false readOnly false / required true readOnly false",
		"managedClusters/trustedAccessRoleBindings@2025-07-01: swagger/bicep: flags of properties: required false readOnly false / required true readOnly false",
		"managedClusters@2025-02-01: swagger/bicep: type of properties.agentPoolProfiles[].spotMaxPrice: number / integer",
		"managedClusters@2025-02-01: swagger/bicep: type of properties.securityProfile.customCATrustCertificates[]: string / any",
		"managedClusters@2025-07-01: swagger/bicep: type of properties.agentPoolProfiles[].gatewayProfile.publicIPPrefixSize: number / integer",
		"managedClusters@2025-07-01: swagger/bicep: type of properties.agentPoolProfiles[].spotMaxPrice: number / integer",
		"managedClusters@2025-07-01: swagger/bicep: type of properties.securityProfile.customCATrustCertificates[]: string / any",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func lines(rows []row) string {
	t := table{rows: slices.Clone(rows)}
	t.normalise()
	var b strings.Builder
	for _, r := range t.rows {
		b.WriteString(strings.ReplaceAll(r.line(), "\t", " ") + "\n")
	}
	return b.String()
}

func file(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const mainDocument = `{"definitions": {
	"Thing": {"allOf": [{"$ref": "./base.json#/definitions/Resource"}], "required": ["size"], "properties": {
		"size": {"type": "integer", "minimum": 1, "maximum": 9},
		"price": {"type": "number"},
		"state": {"$ref": "./base.json#/definitions/State", "readOnly": true},
		"names": {"type": "array", "maxItems": 2, "items": {"type": "string", "pattern": "^a"}},
		"error": {"$ref": "#/definitions/Error"},
		"other": {"$ref": "./base.json#/definitions/Neighbour"}}},
	"Error": {"properties": {"code": {"type": "string"}, "details": {"type": "array", "items": {"$ref": "#/definitions/Error"}}}}}}`

const baseDocument = `{"definitions": {
	"Resource": {"required": ["location"], "properties": {"id": {"type": "string"}, "location": {"type": "string"}, "tags": {"additionalProperties": {"type": "string"}}}},
	"State": {"type": "string", "enum": ["Ready", "Broken"]},
	"Neighbour": {"allOf": [{"$ref": "#/definitions/Resource"}], "properties": {"properties": {"$ref": "#/definitions/Deep"}}},
	"Deep": {"properties": {"x": {"type": "boolean"}}}}}`

func TestSwagger(t *testing.T) {
	dir := t.TempDir()
	file(t, dir, "base.json", baseDocument)
	path := file(t, dir, "main.json", mainDocument)
	deep, err := (&reader{}).swagger(path, "Thing", false)
	if err != nil {
		t.Fatal(err)
	}
	want := `error object
error.code string
error.details array
error.details[] @error
id string readOnly
location string required
names array     2
names[] string      ^a
other object
other.id string
other.location string required
other.properties object
other.properties.x boolean
other.tags object
other.tags{} string
price number
size integer required  1 9
state string readOnly Ready|Broken
tags object
tags{} string
`
	got := lines(deep)
	if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	shallow, err := (&reader{}).swagger(path, "Thing", true)
	if err != nil {
		t.Fatal(err)
	}
	if text := lines(shallow); strings.Contains(text, "other.properties.x") || !strings.Contains(text, "other.properties object") {
		t.Errorf("an embedded resource is described to its end:\n%s", text)
	}
	if _, err := (&reader{}).swagger(path, "Nothing", false); err == nil {
		t.Error("a definition that does not exist was read")
	}
}

func TestBicep(t *testing.T) {
	path := file(t, t.TempDir(), "types.json", `[
		{"$type": "StringType"},
		{"$type": "StringLiteralType", "value": "Ready"},
		{"$type": "UnionType", "elements": [{"$ref": "#/1"}, {"$ref": "#/0"}]},
		{"$type": "StringType", "sensitive": true, "maxLength": 8},
		{"$type": "ArrayType", "itemType": {"$ref": "#/5"}},
		{"$type": "ObjectType", "name": "Error", "properties": {"code": {"type": {"$ref": "#/0"}, "flags": 2}, "details": {"type": {"$ref": "#/4"}, "flags": 0}}},
		{"$type": "ObjectType", "name": "Tags", "properties": {}, "additionalProperties": {"$ref": "#/0"}},
		{"$type": "ObjectType", "name": "N/things", "properties": {
			"name": {"type": {"$ref": "#/0"}, "flags": 9}, "apiVersion": {"type": {"$ref": "#/1"}, "flags": 10},
			"location": {"type": {"$ref": "#/0"}, "flags": 1}, "state": {"type": {"$ref": "#/2"}, "flags": 0},
			"secret": {"type": {"$ref": "#/3"}, "flags": 0}, "error": {"type": {"$ref": "#/5"}, "flags": 0}, "tags": {"type": {"$ref": "#/6"}, "flags": 0}}},
		{"$type": "ResourceType", "name": "N/things@1", "body": {"$ref": "#/7"}}]`)
	types, err := loadBicep(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := types.resource("N/things@1")
	if err != nil {
		t.Fatal(err)
	}
	want := `error object
error.code string readOnly
error.details array
error.details[] @error
location string required
name string readOnly
secret string writeOnly     8
state string  Ready
tags object
tags{} string
`
	if got := lines(rows); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if _, err := types.resource("N/things@2"); err == nil {
		t.Error("an api-version that does not exist was read")
	}
}

func TestTemplateSchema(t *testing.T) {
	path := file(t, t.TempDir(), "schema.json", `{"resourceDefinitions": {"things": {"required": ["name", "apiVersion"], "properties": {
		"apiVersion": {"enum": ["1"], "type": "string"}, "name": {"type": "string"}, "resources": {"type": "array", "items": {"type": "object"}},
		"size": {"oneOf": [{"type": "integer", "minimum": 0}, {"$ref": "https://schema.management.azure.com/schemas/common/definitions.json#/definitions/expression"}]},
		"price": {"oneOf": [{"$ref": "https://schema.management.azure.com/schemas/common/definitions.json#/definitions/numberOrExpression"}]}}}}}`)
	rows, err := (&reader{}).template(path, "things")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := lines(rows), "name string readOnly\nprice any\nsize integer   0\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestRefine(t *testing.T) {
	one, two := 1.0, 2
	tab := table{rows: []row{{path: "a", typ: "integer", enum: []string{"x"}}, {path: "b", typ: "any"}, {path: "c", typ: "string", pattern: "own"}}}
	tab.refine("second", []row{
		{path: "a", typ: "number", min: &one, enum: []string{"y"}, required: true},
		{path: "b", typ: "string", maxLen: &two, writeOnly: true},
		{path: "c", typ: "integer", pattern: "other"},
		{path: "d", typ: "string"},
	})
	want := "a number  x 1\nb string writeOnly     2\nc string       own\n"
	if got := lines(tab.rows); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestReadOnlyOfAnOlderVersion(t *testing.T) {
	tab := table{rows: []row{{path: "properties", typ: "object"}, {path: "properties.a", typ: "string"}}}
	tab.addReadOnly("older", []row{
		{path: "etag", typ: "string", readOnly: true},
		{path: "properties.a", typ: "object", readOnly: true},
		{path: "properties.state", typ: "string", readOnly: true},
		{path: "properties.writable", typ: "string"},
		{path: "gone.state", typ: "string", readOnly: true},
	})
	want := "etag string readOnly\nproperties object\nproperties.a string\nproperties.state string readOnly\n"
	if got := lines(tab.rows); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestDifferences(t *testing.T) {
	one := 1.0
	got := differences(
		[]row{{path: "a", typ: "string", enum: []string{"x", "y"}}, {path: "b", typ: "integer", min: &one}, {path: "c", typ: "any"}, {path: "e", typ: "string", enum: []string{"x"}}},
		[]row{{path: "a", typ: "string", enum: []string{"y", "x"}, readOnly: true}, {path: "b", typ: "number"}, {path: "d", typ: "any"}, {path: "e", typ: "string"}})
	want := []string{
		"enum of e: [x] / []",
		"flags of a: required false readOnly false / required false readOnly true",
		"only first: c",
		"only second: d",
		"range of b: 1.. / ..",
		"type of b: integer / number",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRunNeedsItsFolders(t *testing.T) {
	if err := run("", "a", "b", &bytes.Buffer{}); err == nil {
		t.Error("ran without -specs")
	}
}

func TestKindOf(t *testing.T) {
	const cluster = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ContainerService/managedClusters/{c}"
	for path, want := range map[string]string{
		cluster:                                "Microsoft.ContainerService/managedClusters",
		cluster + "/agentPools":                "Microsoft.ContainerService/managedClusters/agentPools",
		cluster + "/upgradeProfiles/default":   "Microsoft.ContainerService/managedClusters/upgradeProfiles",
		cluster + "/listClusterUserCredential": "Microsoft.ContainerService/managedClusters/listClusterUserCredential",
		cluster + "/providers/Microsoft.KubernetesConfiguration/extensions/{e}/operations/{o}": "Microsoft.KubernetesConfiguration/extensions/operations",
		"/subscriptions/{s}/providers/{namespace}":                                             "Microsoft.Resources/providers",
		"/subscriptions/{s}/providers/{namespace}/register":                                    "",
		"/{scope}/providers/Microsoft.Resources/tags/default":                                  "Microsoft.Resources/tags",
		"/subscriptions/{s}/resourcegroups/{g}":                                                "",
		"/providers/Microsoft.ContainerService/operations":                                     "Microsoft.ContainerService/operations",
	} {
		if got := kindOf(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestClientTypes(t *testing.T) {
	dir := t.TempDir()
	file(t, dir, "client.json", `{"operations": [{"method": "PUT", "path": "/{scope}/providers/N/things/{t}", "apiVersion": "1", "bodyType": "Thing"}, {"method": "GET", "path": "/providers/N/others", "apiVersion": "1"}],
		"enums": {"State": ["Ready"]}, "types": {
		"Thing": {"fields": [{"json": "properties", "go": "Properties", "type": "object", "ref": "Inner"}, {"json": "?Type", "go": "Type", "type": "string"}]},
		"Inner": {"fields": [{"json": "count", "type": "integer(int32)", "required": true}, {"json": "state", "type": "object", "ref": "State", "readOnly": true}, {"json": "labels", "type": "string", "map": true},
			{"json": "parts", "type": "object", "ref": "Inner", "array": true}]}, "Empty": {"fields": null}}}`)
	got := map[string]string{}
	err := (&reader{specs: dir}).client("client.json", func(kind, version, _ string, rows func() ([]row, error)) error {
		found, err := rows()
		got[kind+"@"+version] = lines(found)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "properties object\nproperties.count integer required\nproperties.labels object\nproperties.labels{} string\nproperties.parts array\nproperties.parts[] @properties\nproperties.state string readOnly Ready\ntype string readOnly\n"
	if len(got) != 1 || got["N/things@1"] != want {
		t.Errorf("got:\n%v\nwant:\n%s", got, want)
	}
}
