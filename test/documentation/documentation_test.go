package documented_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	clusterv1beta1 "sigs.k8s.io/cluster-api/api/core/v1beta1" //nolint:staticcheck // the documentation's manifests have this version
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/convert"
	"github.com/capaks/capaks/internal/sandbox"
	documented "github.com/capaks/capaks/test/documentation"
)

const (
	root     = "../.."
	examples = root + "/examples"
)

// TestConversion converts every block of the documentation and decodes the result strictly.
func TestConversion(t *testing.T) {
	blocks := documentation(t)
	for i, outcome := range documented.Outcomes() {
		t.Run(outcome.Heading, func(t *testing.T) {
			// The variables survive: converting the template is as good as converting what it becomes.
			template := convertText(t, blocks[i].YAML)
			result := convertText(t, expand(t, blocks[i].YAML))
			if string(result.Output) != expand(t, string(template.Output)) {
				t.Error("converting before and after filling in the variables does not give the same")
			}
			if len(result.Changes) != outcome.Changes {
				t.Errorf("%d changes, want %d: %v", len(result.Changes), outcome.Changes, result.Changes)
			}
			if len(result.Notes) != len(outcome.Notes) {
				t.Fatalf("notes are %v, want %d", result.Notes, len(outcome.Notes))
			}
			for n, want := range outcome.Notes {
				if !strings.Contains(result.Notes[n].String(), want) {
					t.Errorf("note %q does not name %q", result.Notes[n], want)
				}
			}
			decodeAll(t, result.Output)
		})
	}
}

// TestExamples checks the project's own manifests without an API server: every field exists, nothing is left to convert, all can be
// applied side by side, and every configuration of the documentation has one.
func TestExamples(t *testing.T) {
	seen := map[string]string{}
	listed := map[string]bool{}
	for _, outcome := range documented.Outcomes() {
		for _, example := range outcome.Examples {
			listed[example] = true
		}
	}
	for file := range documented.Refusals {
		listed[file] = true
	}
	for _, file := range exampleFiles(t) {
		t.Run(file, func(t *testing.T) {
			if !listed[file] {
				t.Error("no configuration of the documentation belongs to this file")
			}
			result := convertText(t, string(read(t, filepath.Join(examples, file))))
			// The documentation shows authorized ranges with v1alpha4, and so do we.
			for _, change := range result.Changes {
				if !strings.Contains(change.Why, "v1alpha4 is deprecated") || file != "documentation/authorized-ip-ranges.yaml" {
					t.Errorf("something is left to convert: %s", change)
				}
			}
			for _, object := range decodeAll(t, result.Output) {
				id := object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
				if other, ok := seen[id]; ok {
					t.Errorf("%s is in %s too", id, other)
				}
				seen[id] = file
			}
		})
	}
	for file := range listed {
		if _, err := os.Stat(filepath.Join(examples, file)); err != nil {
			t.Error(err)
		}
	}
}

// TestTemplates fills in the cluster templates with the documented variables and no others.
func TestTemplates(t *testing.T) {
	for _, file := range templateFiles(t) {
		t.Run(file, func(t *testing.T) {
			objects := decodeAll(t, []byte(expand(t, string(read(t, filepath.Join(root, file))))))
			want := 8 // a Cluster, its two halves, two pools of two objects each, and an identity
			switch {
			case strings.Contains(file, "multi-tenancy"):
				want = 7 // the identity exists already
			case strings.Contains(file, "clusterclass"):
				want = 7 // a class, templates of the two halves and of two pools, one for the bootstrap, and an identity
			case strings.Contains(file, "topology"):
				want = 1
			}
			if len(objects) != want {
				t.Errorf("%d objects, want %d", len(objects), want)
			}
		})
	}
}

// TestAdmission asks a real API server, with Cluster API and, once it is built, this provider's manager.
func TestAdmission(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	bin := filepath.Join(root, "bin")
	for _, name := range []string{"etcd", "kube-apiserver", "kubectl", "cluster-api-manager", "cluster-api-components.yaml"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			t.Skipf("%s is missing: run `make build`", name)
		}
	}
	layer, without := documented.Provider, []string{sandbox.AzureSim}
	if _, err := os.Stat(filepath.Join(bin, "manager")); err != nil {
		t.Log("bin/manager is missing: what its webhooks decide is not checked")
		layer, without = documented.ClusterAPI, append(without, sandbox.Manager)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	box, err := sandbox.Up(ctx, sandbox.Options{Dir: t.TempDir(), BinDir: bin, Without: without, Log: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Down(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	config, err := box.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := documented.NewChecker(config, layer)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("examples", func(t *testing.T) { checkExamples(ctx, t, checker) })
	t.Run("templates", func(t *testing.T) { checkTemplates(ctx, t, checker) })
	t.Run("documentation", func(t *testing.T) { checkDocumentation(ctx, t, checker) })
	t.Run("recovery", func(t *testing.T) {
		if layer < documented.Provider {
			t.Skip("a MachinePool gets stuck because this provider's webhooks guard the last System pool")
		}
		checkRecovery(ctx, t, box, bin)
	})
}

func checkExamples(ctx context.Context, t *testing.T, checker *documented.Checker) {
	for _, file := range exampleFiles(t) {
		t.Run(file, func(t *testing.T) {
			manifest := read(t, filepath.Join(examples, file))
			if err := checker.Check(ctx, manifest, accepted(t, manifest, documented.Refusals[file])); err != nil {
				t.Error(err)
			}
		})
	}
}

func checkTemplates(ctx context.Context, t *testing.T, checker *documented.Checker) {
	for _, file := range templateFiles(t) {
		t.Run(file, func(t *testing.T) {
			manifest := []byte(expand(t, string(read(t, filepath.Join(root, file)))))
			if err := checker.Check(ctx, manifest, accepted(t, manifest, nil)); err != nil {
				t.Error(err)
			}
		})
	}
}

func checkDocumentation(ctx context.Context, t *testing.T, checker *documented.Checker) {
	blocks := documentation(t)
	for i, outcome := range documented.Outcomes() {
		t.Run(outcome.Heading, func(t *testing.T) {
			manifest := expand(t, blocks[i].YAML)
			if err := checker.Check(ctx, []byte(manifest), outcome.Written); err != nil {
				t.Errorf("as written: %v", err)
			}
			converted := outcome.Converted
			if converted == nil {
				converted = outcome.Written
			}
			if err := checker.Check(ctx, convertText(t, manifest).Output, converted); err != nil {
				t.Errorf("converted: %v", err)
			}
		})
	}
}

// accepted are the verdicts for a manifest whose objects are accepted, all but the given ones.
func accepted(t *testing.T, manifest []byte, except []documented.Verdict) []documented.Verdict {
	objects, err := documented.Objects(manifest)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := make([]documented.Verdict, len(objects))
	for i, object := range objects {
		verdicts[i] = documented.Verdict{Kind: object.GetKind(), Name: object.GetName()}
		for _, other := range except {
			if other.Kind == verdicts[i].Kind && other.Name == verdicts[i].Name {
				verdicts[i] = other
			}
		}
	}
	return verdicts
}

// documentation reads the blocks of the documentation, one for each outcome; without its text there is nothing to check.
func documentation(t *testing.T) []documented.Block {
	t.Helper()
	file := filepath.Join(root, "../shared/reference/seed-documentation.txt")
	if specs := os.Getenv("CAPAKS_SPECS"); specs != "" {
		file = filepath.Join(specs, "../reference/seed-documentation.txt")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("the text of the documentation is not here: %v", err)
	}
	var headings []string
	outcomes := documented.Outcomes()
	for _, outcome := range outcomes {
		headings = append(headings, outcome.Heading)
	}
	blocks := documented.Blocks(string(text), headings)
	if len(blocks) != len(outcomes) {
		t.Fatalf("%d blocks of YAML, but %d outcomes", len(blocks), len(outcomes))
	}
	for i := range blocks {
		if blocks[i].Heading != outcomes[i].Heading {
			t.Fatalf("block %d is below %q, not %q", i, blocks[i].Heading, outcomes[i].Heading)
		}
	}
	if apiVersions := strings.Count(string(text), "\napiVersion:"); apiVersions != countObjects(t, blocks) {
		t.Fatalf("%d objects in the documentation, but %d in its blocks", apiVersions, countObjects(t, blocks))
	}
	return blocks
}

func countObjects(t *testing.T, blocks []documented.Block) int {
	n := 0
	for _, block := range blocks {
		objects, err := documented.Objects([]byte(block.YAML))
		if err != nil {
			t.Fatal(err)
		}
		n += len(objects)
	}
	return n
}

// decodeAll decodes every object into its Go type and reports fields the type does not have.
func decodeAll(t *testing.T, manifest []byte) []*unstructured.Unstructured {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1beta1.AddToScheme, clusterv1beta1.AddToScheme, clusterv1.AddToScheme, bootstrapv1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	objects, err := documented.Objects(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		typed, err := scheme.New(object.GroupVersionKind())
		if err != nil {
			t.Error(err)
			continue
		}
		const strict = true
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typed, strict); err != nil {
			t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
	return objects
}

func exampleFiles(t *testing.T) []string {
	t.Helper()
	return files(t, examples, "*.yaml", "documentation/*.yaml")
}

func templateFiles(t *testing.T) []string {
	t.Helper()
	return files(t, root, "templates/cluster-template-*.yaml")
}

// files are the files below a directory that match, as paths relative to it.
func files(t *testing.T, dir string, patterns ...string) []string {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing in %s matches %s: %v", dir, pattern, err)
		}
		for _, file := range found {
			relative, err := filepath.Rel(dir, file)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, filepath.ToSlash(relative))
		}
	}
	return files
}

func convertText(t *testing.T, text string) convert.Result {
	t.Helper()
	result, err := convert.Convert([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func expand(t *testing.T, text string) string {
	t.Helper()
	expanded, err := documented.Expand(text, documented.Variables)
	if err != nil {
		t.Fatal(err)
	}
	return expanded
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
