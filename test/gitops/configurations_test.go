package gitops

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
	documented "github.com/capaks/capaks/test/documentation"
)

// examples are the manifests of examples/ that become clusters, by their names.
func examples(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, outcome := range documented.Outcomes() {
		for _, example := range outcome.Examples {
			if strings.Contains(example, "recovery") || documented.Refusals[example] != nil || example == "quickstart.yaml" {
				continue // that one is the tutorial's
			}
			// Cluster API stores no version in a reference and shows the current one, so that an old one in a manifest is a change each
			// time it is applied: the objects may be of the old version, references to them are not (docs/gitops.md).
			manifest := contents(t, "..", "..", "examples", example)
			out[example] = strings.ReplaceAll(manifest, " apiVersion: infrastructure.cluster.x-k8s.io/v1alpha4", " apiVersion: infrastructure.cluster.x-k8s.io/v1beta1")
		}
	}
	if len(out) < 5 {
		t.Fatalf("examples: %v", slices.Collect(maps.Keys(out)))
	}
	return out
}

// fields are the clusters that the first steps of folders of test/scenarios make, several of them in one where they go together: what has
// lists, what has defaults inside, what is written down in several ways.
var fields = [][]string{
	{"addons", "extensions", "http-proxy", "autoscaler-profile", "storage", "oidc", "tier"},
	{"network"}, {"private-endpoint"}, {"fleet-member"}, {"identity"}, {"passthrough", "templates"},
	{"pool-labels"}, {"pool-kubelet"}, {"pool-autoscaling"}, {"policy-observe"},
}

// scenarios are the manifests of these clusters.
func scenarios(t *testing.T, p *sandboxtest.Plane) map[string]string {
	t.Helper()
	root := filepath.Join("..", "scenarios")
	base := contents(t, root, "base.yaml")
	out := map[string]string{}
	for _, folders := range fields {
		name := folders[0]
		declared := objects(t, strings.ReplaceAll(base, "NAME", name))
		for _, folder := range folders {
			beforehand(t, p, filepath.Join(root, folder, "00-azure.yaml"))
			for _, patch := range objects(t, contents(t, root, folder, "01-set.yaml")) {
				declared = lay(declared, patch, name)
			}
		}
		out[name] = sandboxtest.Documents(declared...)
	}
	return out
}

// beforehand makes what a scenario needs in Azure.
func beforehand(t *testing.T, p *sandboxtest.Plane, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return
	}
	var resources []struct {
		ID, APIVersion string
		Body           object
	}
	if err == nil {
		err = yaml.Unmarshal(raw, &resources)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resources {
		p.Azure.ARM(t, http.MethodPut, r.ID, r.APIVersion, r.Body)
	}
}

// lay merges a patch into the object it names, or adds a pool like the first one.
func lay(declared []object, patch object, cluster string) []object {
	name := textAt(patch, "metadata", "name")
	if name == "" {
		name = cluster
	}
	for i, o := range declared {
		if o["kind"] == patch["kind"] && textAt(o, "metadata", "name") == name {
			declared[i] = sandboxtest.Merged(o, patch)
			return declared
		}
	}
	if patch["kind"] != "AzureManagedMachinePool" {
		return append(declared, sandboxtest.Merged(object{
			"apiVersion": "infrastructure.cluster.x-k8s.io/v1beta1", "metadata": object{"namespace": cluster, "name": name},
		}, patch))
	}
	for _, o := range declared {
		if textAt(o, "metadata", "name") != "system" {
			continue
		}
		like := sandboxtest.Merged(o, object{"metadata": object{"name": name}})
		if o["kind"] == "MachinePool" {
			like = sandboxtest.Merged(like, object{"spec": object{"template": object{"spec": object{"infrastructureRef": object{"name": name}}}}})
		} else {
			like["spec"] = object{"mode": "User", "sku": "Standard_D2s_v3"}
			like = sandboxtest.Merged(like, patch)
		}
		declared = append(declared, like)
	}
	return declared
}

func objects(t *testing.T, manifest string) (out []object) {
	t.Helper()
	all, err := documented.Objects(bytes.TrimSpace([]byte(manifest)))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		out = append(out, o.Object)
	}
	return out
}

func contents(t *testing.T, path ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
