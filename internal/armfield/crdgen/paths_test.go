package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/capaks/capaks/internal/armfield"
)

// typedPath is a line of testdata/typed_paths.tsv.
type typedPath struct{ kind, path, kindOfValue, values, standard, change string }

func typedPaths(t *testing.T) []typedPath {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "typed_paths.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []typedPath
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		c := append(strings.Split(strings.TrimSuffix(line, "\n"), "\t"), make([]string, 6)...)
		out = append(out, typedPath{c[0], c[1], c[2], c[3], c[4], c[5]})
	}
	return out
}

// steps cuts "a[].b" into a, [] and b.
func (p typedPath) steps() []string {
	return strings.Split(strings.ReplaceAll(p.path, "[]", ".[]"), ".")
}

// neverWritten are fields of the earlier provider's status that it never filled, or only in releases long past. An object that
// has them is read, and they are dropped.
var neverWritten = []string{"status.longRunningOperationStates", "status.errorReason", "status.errorMessage"}

// stricter are fields that change in fewer ways than in the earlier provider, because Azure refuses the others.
var stricter = map[string]armfield.Mutability{"AzureManagedMachinePool spec.enableEncryptionAtHost": armfield.Precreate}

// readLater are defaults that readers of the object fill in and the API server does not: inside of a list they would be a difference to
// the manifest each time it is applied (docs/decisions/0035). What is sent is the same (internal/aks/testdata/full-dependents.json).
var readLater = []string{"AzureManagedControlPlane spec.extensions[].autoUpgradeMinorVersion"}

// Every field of manifests in use is there, of the same type and default, takes the same values, and changes as the table says.
func TestTypedPaths(t *testing.T) {
	crds := generated(t)
	fields := map[string]map[string]armfield.Field{}
	for _, k := range kinds {
		fields[k.name] = map[string]armfield.Field{}
		collect(fields[k.name], armfield.Table(k.spec), "spec.", "")
	}
	exist, total := 0, 0
	for _, p := range typedPaths(t) {
		total++
		schema := at(crds[p.kind].Spec.Versions[1].Schema.OpenAPIV3Schema, p.steps()...)
		if schema == nil {
			if !slices.Contains(neverWritten, p.path) {
				t.Errorf("%s has no %s", p.kind, p.path)
			}
			continue
		}
		exist++
		if slices.Contains(readLater, p.kind+" "+p.path) {
			p.standard = ""
		}
		for _, problem := range p.differences(schema) {
			t.Errorf("%s %s: %s", p.kind, p.path, problem)
		}
		change := armfield.Mutability(p.change)
		if less, ok := stricter[p.kind+" "+p.path]; ok {
			change = less
		}
		if field, leaf := fields[p.kind][p.path]; leaf && field.Mutability != change {
			t.Errorf("%s %s: changes %q, want %q", p.kind, p.path, field.Mutability, change)
		}
	}
	t.Logf("schema paths of the reference that exist: %d of %d", exist, total)
}

func (p typedPath) differences(schema *apiextensionsv1.JSONSchemaProps) []string {
	var out []string
	kind := schema.Type
	switch {
	case schema.XIntOrString:
		kind = "quantity"
	case kind == "":
		kind = "any"
	}
	if kind != p.kindOfValue {
		out = append(out, fmt.Sprintf("is of type %s, want %s", kind, p.kindOfValue))
	}
	standard := ""
	if schema.Default != nil {
		standard = strings.Trim(string(schema.Default.Raw), `"`)
	}
	if standard != p.standard && (p.standard != "" || kind != "object") {
		out = append(out, fmt.Sprintf("default is %q, want %q", standard, p.standard))
	}
	if lower, upper, ranged := strings.Cut(p.values, ".."); ranged {
		return append(out, limits(schema, lower, upper)...)
	}
	var values []string
	for _, raw := range schema.Enum {
		values = append(values, strings.Trim(string(raw.Raw), `"`))
	}
	for want := range strings.SplitSeq(p.values, "|") {
		if want != "" && len(values) > 0 && !slices.Contains(values, want) {
			out = append(out, fmt.Sprintf("does not take %s, only %v", want, values))
		}
		if want != "" && len(values) == 0 {
			out = append(out, "takes any value, want "+p.values)
		}
	}
	return out
}

// limits says where a field takes less than it must.
func limits(schema *apiextensionsv1.JSONSchemaProps, lower, upper string) []string {
	var out []string
	low, high := schema.Minimum, schema.Maximum
	if rest, ok := strings.CutPrefix(lower, "len"); ok {
		lower, low, high = rest, float(schema.MinLength), float(schema.MaxLength)
	}
	check := func(what, text string, has *float64) {
		if text == "" {
			return
		}
		want, err := strconv.ParseFloat(text, 64)
		if err != nil || has == nil || *has != want {
			out = append(out, fmt.Sprintf("%s is %v, want %s", what, value(has), text))
		}
	}
	check("the lowest value", lower, low)
	check("the highest value", upper, high)
	return out
}

func float(n *int64) *float64 {
	if n == nil {
		return nil
	}
	f := float64(*n)
	return &f
}

// What belongs to one cluster or pool only is not part of a template; all else is.
func TestTypedPathsOfTemplates(t *testing.T) {
	crds := generated(t)
	omitted := map[string][]string{
		"AzureManagedControlPlane": {"spec.controlPlaneEndpoint", "spec.dnsPrefix", "spec.nodeResourceGroupName", "spec.sshPublicKey", "spec.fleetsMember.name"},
		"AzureManagedMachinePool":  {"spec.providerIDList"},
	}
	exist, total := 0, 0
	for _, p := range typedPaths(t) {
		out, hasTemplate := omitted[p.kind]
		if !hasTemplate || !strings.HasPrefix(p.path, "spec.") {
			continue
		}
		schema := at(crds[p.kind+"Template"].Spec.Versions[1].Schema.OpenAPIV3Schema, append([]string{"spec", "template"}, p.steps()...)...)
		if slices.ContainsFunc(out, func(o string) bool { return p.path == o || strings.HasPrefix(p.path, o+".") }) {
			if schema != nil {
				t.Errorf("%sTemplate has %s", p.kind, p.path)
			}
			continue
		}
		total++
		if schema == nil {
			t.Errorf("%sTemplate has no %s", p.kind, p.path)
			continue
		}
		exist++
	}
	t.Logf("schema paths of templates that exist: %d of %d", exist, total)
}

// The goal of the fields: nearly all of AKS can be said without passthrough.
func TestCoverage(t *testing.T) {
	for _, r := range resources {
		settings, yes := covered(r.coverage())
		if settings < 100 || float64(yes) < 0.95*float64(settings) {
			t.Errorf("%d of %d settings of %s are covered", yes, settings, r.name)
		}
		schema := armfield.Schema(r.name, apiVersion)
		for _, remarks := range []map[string]string{r.provided, r.answers} {
			for path := range remarks {
				if _, ok := schema.Lookup(path); !ok {
					t.Errorf("%s has no property %s", r.name, path)
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reference", "coverage.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != coverageReport() {
		t.Error("docs/reference/coverage.md is not what the fields say; run make generate")
	}
}
