package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/config"
	"github.com/capaks/capaks/internal/armfield"
)

const apiVersion = armfield.ContainerServiceAPIVersion

// generated are the CRDs as they are released, by kind.
func generated(t *testing.T) map[string]*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	files, err := fs.Glob(config.CRDs, "crd/bases/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, file := range files {
		text, err := config.CRDs.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, crd); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[crd.Spec.Names.Kind] = crd
	}
	return out
}

func TestReleasedCRDs(t *testing.T) {
	crds := generated(t)
	if len(crds) != len(kinds) {
		t.Errorf("%d CRDs, want %d", len(crds), len(kinds))
	}
	for _, k := range kinds {
		crd := crds[k.name]
		if crd == nil {
			t.Errorf("no CRD of %s", k.name)
			continue
		}
		if got := crd.Labels["cluster.x-k8s.io/v1beta2"]; got != "v1alpha4_v1beta1" {
			t.Errorf("%s: contract label is %q", k.name, got)
		}
		if move := crd.Labels["clusterctl.cluster.x-k8s.io/move-hierarchy"]; (move == "true") != (k.name == "AzureClusterIdentity") {
			t.Errorf("%s: move label is %q", k.name, move)
		}
		if !slices.Equal(crd.Spec.Names.Categories, []string{"cluster-api"}) || len(crd.Spec.Names.ShortNames) != 1 ||
			crd.Spec.Scope != apiextensionsv1.NamespaceScoped || crd.Spec.Names.ListKind != k.name+"List" {
			t.Errorf("%s: names are %+v, scope %s", k.name, crd.Spec.Names, crd.Spec.Scope)
		}
		versions(t, k, crd)
	}
}

func versions(t *testing.T, k kind, crd *apiextensionsv1.CustomResourceDefinition) {
	if len(crd.Spec.Versions) != 2 || crd.Spec.Conversion.Strategy != apiextensionsv1.NoneConverter {
		t.Fatalf("%s: %d versions, conversion %v", k.name, len(crd.Spec.Versions), crd.Spec.Conversion)
	}
	old, current := crd.Spec.Versions[0], crd.Spec.Versions[1]
	if old.Name != "v1alpha4" || !old.Served || old.Storage || !old.Deprecated || !strings.Contains(*old.DeprecationWarning, "/v1beta1") {
		t.Errorf("%s: v1alpha4 is %s, served %v, storage %v, deprecated %v", k.name, old.Name, old.Served, old.Storage, old.Deprecated)
	}
	if current.Name != "v1beta1" || !current.Served || !current.Storage || current.Deprecated {
		t.Errorf("%s: v1beta1 is %s, served %v, storage %v, deprecated %v", k.name, current.Name, current.Served, current.Storage, current.Deprecated)
	}
	if hasStatus := current.Subresources != nil && current.Subresources.Status != nil; hasStatus == k.template {
		t.Errorf("%s: status subresource %v", k.name, hasStatus)
	}
	withoutDescriptions(current.Schema.OpenAPIV3Schema)
	a, _ := yaml.Marshal(old.Schema)
	b, _ := yaml.Marshal(current.Schema)
	if string(a) != string(b) {
		t.Errorf("%s: the schemas of the versions differ; conversion None would lose fields", k.name)
	}
}

// kubectl apply without --server-side keeps the whole object in an annotation, which has a limit.
func TestCRDsFitIntoAnAnnotation(t *testing.T) {
	const limit = 262144
	for kind, crd := range generated(t) {
		text, err := marshal(crd)
		if err != nil {
			t.Fatal(err)
		}
		json, err := yaml.YAMLToJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(json) > limit*19/20 {
			t.Errorf("%s has %d bytes, %d are possible", kind, len(json), limit)
		}
	}
}

// wider are fields for which manifests in use have values that Azure refuses; the webhook warns of them.
var wider = []string{"linuxOSConfig.sysctls.netIpv4TCPkeepaliveIntvl"}

// What the CRD accepts, Azure accepts: ranges are inside those of the official description, enums among its values.
func TestLimitsAreThoseOfAzure(t *testing.T) {
	crds := generated(t)
	for kind, resource := range map[string]string{"AzureManagedControlPlane": "managedClusters", "AzureManagedMachinePool": "agentPools"} {
		spec := at(crds[kind].Spec.Versions[1].Schema.OpenAPIV3Schema, "spec")
		table := armfield.Schema(resource, apiVersion)
		k := kinds[slices.IndexFunc(kinds, func(k kindType) bool { return k.name == kind })]
		for _, f := range armfield.Table(k.spec) {
			schema := at(spec, strings.Split(f.JSONPath, ".")...)
			property, ok := table.Lookup(f.ARMPath)
			if f.ARMPath == "" || !ok || schema == nil { // sku.tier is inside a property without a type
				continue
			}
			if property.Min != nil && !slices.Contains(wider, f.JSONPath) && (schema.Minimum == nil || *schema.Minimum < *property.Min) {
				t.Errorf("%s: minimum is %v, that of Azure %v", f.JSONPath, value(schema.Minimum), *property.Min)
			}
			if property.Max != nil && (schema.Maximum == nil || *schema.Maximum > *property.Max) {
				t.Errorf("%s: maximum is %v, that of Azure %v", f.JSONPath, value(schema.Maximum), *property.Max)
			}
			for _, raw := range schema.Enum {
				word := strings.Trim(string(raw.Raw), `"`)
				known := func(s string) bool { return strings.EqualFold(s, word) }
				if len(property.Enum) > 0 && !slices.ContainsFunc(property.Enum, known) {
					t.Errorf("%s: Azure does not know %q, only %q", f.JSONPath, word, property.Enum)
				}
			}
		}
	}
}

type kindType = kind

// mayBeEmpty are strings that must be there and may be empty; those with a reason say what refuses an empty one instead.
var mayBeEmpty = map[string]string{
	"spec.taints[].value":                                           "",
	"spec.taints[].key":                                             "the webhook: it is no key",
	"spec.securityProfile.azureKeyVaultKms.keyID":                   "a rule of the block: not while it is turned off",
	"spec.securityProfile.defender.logAnalyticsWorkspaceResourceID": "a rule of the block: not while it is turned off",
	"spec.allowedNamespaces.selector.matchExpressions[].key":        "",
	"spec.allowedNamespaces.selector.matchExpressions[].operator":   "",
}

// A typed client writes an empty string for what was left out, so that being required alone asks for nothing.
func TestRequiredStringsAreNotEmpty(t *testing.T) {
	found := map[string]bool{}
	for kind, crd := range generated(t) {
		spec := at(crd.Spec.Versions[1].Schema.OpenAPIV3Schema, "spec")
		for _, path := range optionalStrings(spec, "spec") {
			path = strings.Replace(path, "spec.template.spec.", "spec.", 1)
			found[path] = true
			if _, ok := mayBeEmpty[path]; !ok {
				t.Errorf("%s: %s is required and may be empty: give it a MinLength", kind, path)
			}
		}
	}
	for path := range mayBeEmpty {
		if !found[path] {
			t.Errorf("%s is no required string that may be empty", path)
		}
	}
}

// optionalStrings are the paths of required strings that nothing keeps from being empty.
func optionalStrings(schema *apiextensionsv1.JSONSchemaProps, path string) []string {
	var out []string
	for name, p := range schema.Properties {
		free := p.MinLength == nil && len(p.Enum) == 0 && p.Pattern == "" && p.Format == ""
		if p.Type == "string" && free && slices.Contains(schema.Required, name) {
			out = append(out, path+"."+name)
		}
		out = append(out, optionalStrings(&p, path+"."+name)...)
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		out = append(out, optionalStrings(schema.Items.Schema, path+"[]")...)
	}
	return out
}

func value(f *float64) any {
	if f == nil {
		return "not set"
	}
	return *f
}

// The reference in docs is that of these CRDs.
func TestReferenceIsCurrent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reference", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != reference(generated(t)) {
		t.Error("docs/reference/api.md is not what the CRDs say; run make generate")
	}
}

func TestCompleteRefusesItsOwnOutput(t *testing.T) {
	crd := generated(t)["AzureManagedCluster"]
	if err := complete(crd); err == nil || !strings.Contains(err.Error(), "run controller-gen first") {
		t.Errorf("got %v", err)
	}
}
