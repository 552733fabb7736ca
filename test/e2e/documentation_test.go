package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	documented "github.com/capaks/capaks/test/documentation"
)

// withStoriesOfTheirOwn are examples that other tests apply.
var withStoriesOfTheirOwn = map[string]bool{
	"quickstart.yaml": true, "documentation/recovery.yaml": true, "documentation/recovery-machinepool.yaml": true,
}

// TestDocumentedConfigurationsBecomeAvailable applies every example that belongs to a configuration of the documentation.
func TestDocumentedConfigurationsBecomeAvailable(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	examples := filepath.Join("..", "..", "examples")
	for _, outcome := range documented.Outcomes() {
		for _, example := range outcome.Examples {
			if withStoriesOfTheirOwn[example] {
				continue
			}
			t.Run(strings.TrimSuffix(filepath.Base(example), ".yaml"), func(t *testing.T) {
				t.Parallel()
				raw, err := os.ReadFile(filepath.Join(examples, example))
				if err != nil {
					t.Fatal(err)
				}
				p.apply(t, string(raw))
				c := exampleCluster(t, raw)
				p.awaitCondition(t, creation, clusters, c.namespace, c.name, "Available", "True", "")
				if nodes := p.nodes(t, c.namespace, c.name); len(nodes) == 0 {
					t.Error("the workload cluster has no nodes")
				}
				p.azure.expectCleanLog(t, c.mentions)
				p.remove(t, c)
				if left := p.azure.Resources(t, "/resourceGroups/"+c.groupName()+"/"); len(left) > 0 {
					t.Errorf("Azure still has %v", left)
				}
			})
		}
	}
	config, err := p.box.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := documented.NewChecker(config, documented.Provider)
	if err != nil {
		t.Fatal(err)
	}
	for example, verdicts := range documented.Refusals {
		raw, err := os.ReadFile(filepath.Join(examples, example))
		if err != nil {
			t.Fatal(err)
		}
		objects, err := documented.Objects(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := checker.Check(t.Context(), raw, allVerdicts(objects, verdicts)); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
}

// allVerdicts are verdicts for all objects: those that are not listed are accepted.
func allVerdicts(objects []*unstructured.Unstructured, listed []documented.Verdict) []documented.Verdict {
	var all []documented.Verdict
	for _, o := range objects {
		verdict := documented.Verdict{Kind: o.GetKind(), Name: o.GetName()}
		for _, other := range listed {
			if other.Kind == verdict.Kind && other.Name == verdict.Name {
				verdict = other
			}
		}
		all = append(all, verdict)
	}
	return all
}

// exampleCluster is what has to be known of the one cluster in a manifest: all of an example has one name.
func exampleCluster(t *testing.T, manifest []byte) cluster {
	t.Helper()
	objects, err := documented.Objects(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() == "Cluster" {
			return cluster{namespace: o.GetNamespace(), name: o.GetName()}
		}
	}
	t.Fatal("there is no Cluster in the example")
	return cluster{}
}

// TestSKUIsAcceptedAsTheDocumentationWritesIt: a bare string, by either kind of apply, and in both versions of the API.
func TestSKUIsAcceptedAsTheDocumentationWritesIt(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "sku")
	for _, version := range []string{"v1beta1", "v1alpha4"} {
		for _, way := range []string{"--server-side=false", "--server-side=true"} {
			name := "sku-" + version + "-" + strings.TrimPrefix(way, "--server-side=")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				declared := cluster{namespace: "sku", name: name, controlPlane: object{"sku": "Free"}}
				manifest := strings.ReplaceAll(documentOf(declared, "AzureManagedControlPlane"), infraGroup+"/v1beta1", infraGroup+"/"+version)
				for range 2 { // again, as GitOps does
					if out, err := p.tryApply(t, manifest, way); err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
				}
				if sku := text(p.get(t, controlPlanes, "sku", name), "spec", "sku"); sku != "Free" {
					t.Errorf("sku: Free reads back as %v", sku)
				}
			})
		}
	}
}
