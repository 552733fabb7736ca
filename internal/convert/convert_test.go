package convert_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/capaks/capaks/internal/convert"
)

func TestGolden(t *testing.T) {
	input, want := read(t, "testdata/old.yaml"), read(t, "testdata/old.converted.yaml")
	result, err := convert.Convert(input)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(result.Output)); diff != "" {
		t.Errorf("converted manifest (-want +got):\n%s", diff)
	}
	var log strings.Builder
	for _, change := range result.Changes {
		log.WriteString(change.String() + "\n")
	}
	for _, note := range result.Notes {
		log.WriteString("note: " + note.String() + "\n")
	}
	if diff := cmp.Diff(string(read(t, "testdata/old.log")), log.String()); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}

// pool is a MachinePool around what stands in spec.template.spec.
func pool(spec string) string {
	return "apiVersion: cluster.x-k8s.io/v1beta1\nkind: MachinePool\nmetadata: {name: p}\nspec:\n  template:\n    spec:\n" + spec +
		"      infrastructureRef: {kind: AzureManagedMachinePool, name: p}\n"
}

func plane(spec string) string {
	return "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureManagedControlPlane\nmetadata: {name: c}\nspec:\n" + spec
}

func TestConvert(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing to do":      {plane("  sku: {tier: Paid} # stays\n"), plane("  sku: {tier: Paid} # stays\n")},
		"nothing at all":     {"", ""},
		"empty documents":    {"---\n---\n# nothing\n---\n", "---\n---\n# nothing\n---\n"},
		"quoted tier":        {plane("  sku: 'Paid'\n"), plane("  sku: {tier: 'Standard'}\n")},
		"tier in a variable": {plane("  sku: ${TIER:=Free} # x\n  location: a\n"), plane("  sku:\n    tier: ${TIER:=Free} # x\n  location: a\n")},
		"sku of a pool is a machine size": {
			"apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureManagedMachinePool\nspec: {sku: Free}\n",
			"apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureManagedMachinePool\nspec: {sku: Free}\n",
		},
		"template": {
			"apiVersion: infrastructure.cluster.x-k8s.io/v1alpha4\nkind: AzureManagedControlPlaneTemplate\nspec: {template: {spec: {sku: Free}}}\n",
			"apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureManagedControlPlaneTemplate\nspec: {template: {spec: {sku: {tier: Free}}}}\n",
		},
		"bootstrap empty":         {pool("      bootstrap: {}\n"), pool("      bootstrap: {\"dataSecretName\": \"\"}\n")},
		"bootstrap null":          {pool("      bootstrap: null # x\n"), pool("      bootstrap: {\"dataSecretName\": \"\"} # x\n")},
		"bootstrap without value": {pool("      bootstrap:\n"), pool("      bootstrap: {\"dataSecretName\": \"\"}\n")},
		"bootstrap of v1alpha3":   {pool("      bootstrap:\n        data: x\n"), pool("      bootstrap:\n        dataSecretName: \"\"\n        data: x\n")},
		"data secret null":        {pool("      bootstrap: {dataSecretName: }\n"), pool("      bootstrap: {dataSecretName: \"\" }\n")},
		"bootstrap with a config": {pool("      bootstrap: {configRef: {name: x}}\n"), pool("      bootstrap: {configRef: {name: x}}\n")},
		"machines of someone else": {
			"apiVersion: cluster.x-k8s.io/v1beta1\nkind: MachinePool\nspec: {template: {spec: {infrastructureRef: {kind: DockerMachinePool}}}}\n",
			"apiVersion: cluster.x-k8s.io/v1beta1\nkind: MachinePool\nspec: {template: {spec: {infrastructureRef: {kind: DockerMachinePool}}}}\n",
		},
		"carriage returns": {strings.ReplaceAll(pool(""), "\n", "\r\n"), strings.ReplaceAll(pool("      bootstrap:\n        dataSecretName: \"\"\n"), "\n", "\r\n")},
		"byte order mark and other letters": {
			"\ufeff" + "apiVersion: cluster.x-k8s.io/v1alpha4\nkind: Cluster\nmetadata: {name: ä, labels: {é: ß}, ownerReferences: [{apiVersion: cluster.x-k8s.io/v1alpha4, kind: X}]}\n",
			"\ufeff" + "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: ä, labels: {é: ß}, ownerReferences: [{apiVersion: cluster.x-k8s.io/v1beta1, kind: X}]}\n",
		},
		"apiGroup of v1beta2": {
			"apiVersion: cluster.x-k8s.io/v1beta2\nkind: Cluster\nspec:\n  infrastructureRef:\n    apiGroup: exp.infrastructure.cluster.x-k8s.io\n    kind: AzureManagedCluster\n    name: a\n",
			"apiVersion: cluster.x-k8s.io/v1beta2\nkind: Cluster\nspec:\n  infrastructureRef:\n    apiGroup: infrastructure.cluster.x-k8s.io\n    kind: AzureManagedCluster\n    name: a\n",
		},
		"json list": {
			`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"infrastructure.cluster.x-k8s.io/v1alpha4","kind":"AzureManagedControlPlane","spec":{"sku":"Free","defaultPoolRef":{"name":"a, b}"}}},` +
				`{"apiVersion":"cluster.x-k8s.io/v1alpha4","kind":"MachinePool","spec":{"template":{"spec":{"infrastructureRef":{"kind":"AzureManagedMachinePool"}}}}}]}`,
			`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"AzureManagedControlPlane","spec":{"sku":{"tier": "Free"}}},` +
				`{"apiVersion":"cluster.x-k8s.io/v1beta1","kind":"MachinePool","spec":{"template":{"spec":{"bootstrap": {"dataSecretName": ""}, "infrastructureRef":{"kind":"AzureManagedMachinePool"}}}}}]}`,
		},
		"one place, two users": {
			"apiVersion: v1\nkind: List\nx: &spec\n  sku: Free\nitems:\n- {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedControlPlane, spec: *spec}\n" +
				"- {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedControlPlane, spec: {<<: *spec}}\n",
			"apiVersion: v1\nkind: List\nx: &spec\n  sku: {tier: Free}\nitems:\n- {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedControlPlane, spec: *spec}\n" +
				"- {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedControlPlane, spec: {<<: *spec}}\n",
		},
		"a text is not an object": {
			"apiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n    apiVersion: exp.infrastructure.cluster.x-k8s.io/v1beta1\n",
			"apiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n    apiVersion: exp.infrastructure.cluster.x-k8s.io/v1beta1\n",
		},
		"flow list of namespaces": {
			"apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureClusterIdentity\nspec: {allowedNamespaces: [a, b], type: x}\n",
			"apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureClusterIdentity\nspec: {allowedNamespaces: {\"list\": [a, b]}, type: x}\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := convert.Convert([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(result.Output)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if changed := test.in != test.want; changed != (len(result.Changes) > 0) {
				t.Errorf("changed is %v, but %d changes were reported", changed, len(result.Changes))
			}
		})
	}
}

// TestNotes covers what only the author can decide: the text stays, and the note says which way out there is.
func TestNotes(t *testing.T) {
	tests := map[string]struct {
		in   string
		want string // "" where there is nothing to say
	}{
		"three ways out":               {plane("  loadBalancerProfile: {managedOutboundIPs: 2, outboundIPPrefixes: [a], outboundIPs: [b]}\n"), "managedOutboundIPs, outboundIPPrefixes, outboundIPs: AKS takes one kind"},
		"one way out":                  {plane("  loadBalancerProfile: {managedOutboundIPs: 2, outboundIPPrefixes: [], outboundIPs: }\n"), ""},
		"zone without private cluster": {plane("  apiServerAccessProfile: {privateDNSZone: None}\n"), "only a private cluster has such a zone"},
		"zone of a private cluster":    {plane("  apiServerAccessProfile: {privateDNSZone: None, enablePrivateCluster: true}\n"), ""},
		"group id":                     {plane("  aadProfile: {adminGroupObjectIDs: [917056a9-8eb5-439c-g679-b34901ade75h]}\n"), "not the object id of an Entra ID group"},
		"real group id":                {plane("  aadProfile: {adminGroupObjectIDs: [917056a9-8eb5-439c-a679-b34901ade75a]}\n"), ""},
		"group id in a variable":       {plane("  aadProfile:\n    adminGroupObjectIDs:\n    - ${GROUP}\n"), ""},
		"folded text":                  {plane("  sku: >-\n    Free\n"), "cannot be edited safely"},
		"tagged value":                 {plane("  sku: !!str Free\n"), "cannot be edited safely"},
		"anchored mapping":             {pool("") + "---\n" + strings.Replace(pool(""), "    spec:\n", "    spec: &a\n", 1), ""},
		"empty list of namespaces": {
			"apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureClusterIdentity\nspec: {allowedNamespaces: []}\n", "write {} for every namespace",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := convert.Convert([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" && len(result.Notes) > 0 || test.want != "" && (len(result.Notes) != 1 || !strings.Contains(result.Notes[0].String(), test.want)) {
				t.Errorf("notes are %q, want one with %q", result.Notes, test.want)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for input, want := range map[string]string{
		"a: b: c":                 "mapping values are not allowed",
		"a: {b: ${C}}":            "fill in its variables first",
		"a: *nobody":              "unknown anchor",
		"ok: 1\n---\n\tnot: yaml": "line 3",
	} {
		if _, err := convert.Convert([]byte(input)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", input, err, want)
		}
	}
}

// FuzzConvert looks for input whose conversion cannot be read any more, is not stable, or touches what is not ours.
func FuzzConvert(f *testing.F) {
	f.Add(string(read(f, "testdata/old.yaml")))
	f.Add(pool(""))
	f.Add(plane("  sku: Free\n  defaultPoolRef: {name: \"a}\"}\n"))
	f.Add(`{"apiVersion":"cluster.x-k8s.io/v1alpha4","kind":"MachinePool","spec":{"strategy":[1,2],"template":{"spec":{"infrastructureRef":{"kind":"AzureManagedMachinePool"}}}}}`)
	f.Fuzz(func(t *testing.T, input string) {
		// Convert itself converts its output again and reports what would still change.
		result, err := convert.Convert([]byte(input))
		if err != nil {
			if strings.Contains(err.Error(), "please report") {
				t.Fatalf("%v\n%s", err, input)
			}
			return
		}
		if len(result.Changes) == 0 && string(result.Output) != input {
			t.Fatal("changed without saying so")
		}
		if before, after := documents(t, []byte(input)), documents(t, result.Output); before != after {
			t.Fatalf("%d documents became %d", before, after)
		}
	})
}

func documents(t *testing.T, raw []byte) int {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	for n := 0; ; n++ {
		var root yaml.Node
		if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
