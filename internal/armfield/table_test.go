package armfield

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

// Pinned api-version of the tables the API is checked against.
const apiVersion = ContainerServiceAPIVersion

// Every leaf of a spec is a property that exists and can be written, or says why it is none. This is what keeps a tag
// from being a typing error that only Azure would notice.
func TestEveryLeafIsAnARMProperty(t *testing.T) {
	for kind, spec := range map[string]any{
		"managedClusters": v1beta1.AzureManagedControlPlaneSpec{},
		"agentPools":      v1beta1.AzureManagedMachinePoolSpec{},
	} {
		schema := Schema(kind, apiVersion)
		if schema == nil {
			t.Fatalf("no table of %s %s", kind, apiVersion)
		}
		if sent := checkProperties(t, schema, Table(spec), ""); sent < 100 {
			t.Errorf("only %d fields of %s are sent", sent, kind)
		}
	}
}

// checkProperties compares leaves, also those inside lists, with a table, and counts them.
func checkProperties(t *testing.T, schema *SchemaTable, fields []Field, within string) int {
	t.Helper()
	sent := 0
	for _, f := range fields {
		if f.ARMPath == "" {
			continue
		}
		path := within + f.ARMPath
		property, ok := schema.Lookup(path)
		if !ok {
			t.Errorf("%s: %s has no property %s", f.JSONPath, schema.kind, path)
			continue
		}
		if schema.ReadOnly(path) {
			t.Errorf("%s: %s of %s is read-only", f.JSONPath, path, schema.kind)
		}
		if want := jsonType(f); property.Type != "any" && !strings.Contains(want, property.Type) {
			t.Errorf("%s: %s of %s is of type %s, the field is sent as %s", f.JSONPath, path, schema.kind, property.Type, want)
		}
		items, key := f.Items()
		if items == nil {
			sent++
			continue
		}
		below := path + "[]."
		if key != "" {
			below = path + "{}."
		}
		sent += checkProperties(t, schema, items, below)
	}
	return sent
}

// jsonType is the type of the property a field is sent as; the schema has integer for the float of spotMaxPrice.
func jsonType(f Field) string {
	switch c := f.codec.(type) {
	case floatCodec:
		return "number integer"
	case identityMapCodec:
		return "object"
	case objectsCodec:
		if c.key != "" {
			return "object"
		}
	}
	t := f.GoType
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Map:
		return "object"
	case reflect.Slice:
		if strings.HasSuffix(f.ARMPath, "[].id") {
			return "string"
		}
		return "array"
	}
	if _, ok := f.codec.(sshKeyCodec); ok {
		return "array"
	}
	return "string"
}

// Kinds without an Azure resource of their own have reasons only.
func TestComputedKinds(t *testing.T) {
	for _, spec := range []any{v1beta1.AzureManagedClusterSpec{}, v1beta1.AzureClusterIdentitySpec{}} {
		for _, f := range Table(spec) {
			if f.ARMPath != "" || f.Computed == "" {
				t.Errorf("%T %s: want a reason, got property %q", spec, f.JSONPath, f.ARMPath)
			}
		}
	}
}

// A template has the fields of its kind, with the same properties and the same mutability.
func TestTemplatesHaveTheSameFields(t *testing.T) {
	for _, pair := range [][2]any{
		{v1beta1.AzureManagedControlPlaneTemplateResourceSpec{}, v1beta1.AzureManagedControlPlaneSpec{}},
		{v1beta1.AzureManagedMachinePoolClassSpec{}, v1beta1.AzureManagedMachinePoolSpec{}},
	} {
		whole := map[string]Field{}
		for _, f := range Table(pair[1]) {
			whole[f.JSONPath] = f
		}
		for _, f := range Table(pair[0]) {
			of := whole[f.JSONPath]
			if of.ARMPath != f.ARMPath || of.Mutability != f.Mutability {
				t.Errorf("%T %s is %s %s in the template, %s %s in the kind", pair[0], f.JSONPath, f.ARMPath, f.Mutability, of.ARMPath, of.Mutability)
			}
		}
	}
}

// One plain field of AKS costs one struct field: this one is all it takes to send it, read it, own it and freeze it.
func TestOneFieldIsOneStructField(t *testing.T) {
	type more struct {
		v1beta1.AzureManagedControlPlaneSpec `json:",inline"`

		ServicePrincipal string `json:"servicePrincipal,omitempty" arm:"properties.servicePrincipalProfile.clientId,fold,immutable"`
	}
	spec := more{ServicePrincipal: "msi"}
	spec.Location = "westeurope"

	body := Encode(&spec)
	want := map[string]any{"location": "westeurope", "properties": map[string]any{"servicePrincipalProfile": map[string]any{"clientId": "msi"}}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if problems := Schema("managedClusters", apiVersion).Validate(body); len(problems) > 0 {
		t.Error(problems)
	}
	var back more
	if err := Decode(body, &back); err != nil || !reflect.DeepEqual(back, spec) {
		t.Errorf("decoded %+v, %v", back, err)
	}
	changed := spec
	changed.ServicePrincipal = "other"
	violations := Immutable(&spec, &changed)
	if len(violations) != 1 || violations[0].String() !=
		`servicePrincipal cannot be changed from "msi" to "other": it is fixed at creation` {
		t.Errorf("violations %v", violations)
	}
}

func TestTagGrammar(t *testing.T) {
	type inner struct {
		Relative string            `json:"relative" arm:"b.c,fold"`
		Own      *bool             `json:"own" arm:"d,setonce"`
		Reason   string            `json:"reason" arm:"-,why not"`
		Map      map[string]string `json:"map" arm:"labels,release={},impact=restarts nodes"`
	}
	type other struct {
		Name string `json:"name" arm:",precreate"`
		List []int  `json:"list"`
	}
	type spec struct {
		Inner    *inner   `json:"inner" arm:"properties.a,immutable"`
		Other    other    `json:"other" arm:"-,another resource"`
		IDs      []string `json:"ids" arm:"x.items[].id,set,id,release=null"`
		Absolute struct {
			Leaf string `json:"leaf" arm:"y.z"`
		} `json:"absolute"`
		Ignored string `json:"-"`
	}
	type row struct {
		JSON, ARM, Computed string
		Mutability          Mutability
		Compare             string
		Release             Release
		Impact, Rule        string
	}
	var got []row
	for _, f := range Table(spec{}) {
		got = append(got, row{f.JSONPath, f.ARMPath, f.Computed, f.Mutability, f.Compare, f.Release, f.Impact, f.RulePath()})
	}
	want := []row{
		{"inner.relative", "properties.a.b.c", "", Fixed, "fold", Release{}, "", "properties.a.b.c"},
		{"inner.own", "properties.a.d", "", SetOnce, "", Release{}, "", "properties.a.d"},
		{"inner.reason", "", "why not", Fixed, "", Release{}, "", ""},
		{"inner.map", "properties.a.labels", "", Fixed, "", Release{Send: true, Value: map[string]any{}}, "restarts nodes", "properties.a.labels{}"},
		{"other.name", "", "another resource", Precreate, "", Release{}, "", ""},
		{"other.list", "", "another resource", Mutable, "", Release{}, "", ""},
		{"ids", "x.items[].id", "", Mutable, "set,id", Release{Send: true}, "", "x.items"},
		{"absolute.leaf", "y.z", "", Mutable, "", Release{}, "", "y.z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestMalformedTags(t *testing.T) {
	for text, want := range map[string]string{
		"-":                   "a reason must follow",
		"a,unknown":           `unknown option "unknown"`,
		"a,release=[":         "is not JSON",
		"a,alias=A":           "write alias=A:B",
		"a,immutable,frozen=": `unknown option "frozen="`,
	} {
		if _, err := parseTag(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	for name, spec := range map[string]any{
		"no arm tag": struct{ A string }{},
		"type float64 cannot be": struct {
			A float64 `arm:"a"`
		}{},
		"unknown option": struct {
			A string `arm:"a,nonsense"`
		}{},
		"type []int cannot be": struct {
			A []int `arm:"a"`
		}{},
		"has no field key": struct {
			A []struct {
				B string `arm:"b"`
			} `arm:"a,key=key"`
		}{},
		"type *float32 cannot be": struct {
			A *float32 `arm:"a"`
		}{},
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(r.(string), name) {
					t.Errorf("want a panic with %q, got %v", name, r)
				}
			}()
			Table(spec)
		}()
	}
}

// What a plan is told about a field must be a path it understands.
func TestRulePathsAreCanonical(t *testing.T) {
	for _, spec := range []any{v1beta1.AzureManagedControlPlaneSpec{}, v1beta1.AzureManagedMachinePoolSpec{}} {
		for _, f := range Table(spec) {
			if path := f.RulePath(); fieldset.ParsePath(path).String() != path {
				t.Errorf("%s: %s reads back as %s", f.JSONPath, path, fieldset.ParsePath(path))
			}
		}
	}
}
