package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const templates = `
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePoolTemplate
metadata: {name: t, namespace: admission, annotations: {}}
spec: {template: {spec: {mode: User, sku: Standard_D2s_v3}}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlaneTemplate
metadata: {name: t, namespace: admission, annotations: {}}
spec: {template: {spec: {location: westeurope}}}
`

// serverSide applies on the server as Cluster API's topology controller does.
func (w *world) serverSide(t *testing.T, manifest string, flags ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return w.Box.Kubectl(t.Context(), append([]string{"apply", "--server-side", "--field-manager=capi-topology", "--filename=" + file}, flags...)...)
}

// admission needs no cluster: what the webhooks answer is all of it.
func admission(t *testing.T, w *world) {
	w.namespace(t, "admission")
	if out, err := w.serverSide(t, templates); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	changed := strings.NewReplacer("Standard_D2s_v3", "Standard_D8s_v3", "westeurope", "northeurope").Replace(templates)
	marked := strings.ReplaceAll(changed, "annotations: {}", `annotations: {topology.cluster.x-k8s.io/dry-run: ""}`)
	for rule, c := range map[string]struct {
		manifest string
		dry      bool
		refused  bool
	}{
		"a change of a template is refused":                            {changed, false, true},
		"a change of a template is refused in a dry run, too":          {changed, true, true},
		"the topology controller's dry run of a change gets through":   {marked, true, false},
		"its annotation lets nothing through that is not a dry run":    {marked, false, true},
		"applying a template again is no change":                       {templates, false, false},
		"labels and annotations of a template can be changed any time": {strings.ReplaceAll(templates, "annotations: {}", `labels: {a: b}`), false, false},
	} {
		t.Run("MP16 "+rule, func(t *testing.T) {
			for _, manifest := range strings.Split(c.manifest, "---\n") {
				var flags []string
				if c.dry {
					flags = append(flags, "--dry-run=server")
				}
				out, err := w.serverSide(t, manifest, flags...)
				if refused := err != nil; refused != c.refused {
					t.Errorf("refused: %v (%v)\n%s", refused, err, out)
				} else if refused && !strings.Contains(err.Error()+out, "create a new template") {
					t.Errorf("no way out in %v %s", err, out)
				}
			}
		})
	}
	requests(t, w)
}

// requests are the rules about objects, of which none is stored.
func requests(t *testing.T, w *world) {
	rule(t, "W", "defaults are the same each time", func(t *testing.T) {
		manifest := strings.Replace(controlPlaneManifest("admission", `sshPublicKey: ""`), "---\n", "", 1)
		var answers [2]object
		for i := range answers {
			out, err := w.serverSide(t, manifest, "--dry-run=server", "--output=yaml")
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if err := yaml.Unmarshal([]byte(out), &answers[i]); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := textAt(answers[0], "spec"), textAt(answers[1], "spec"); a != b || !strings.Contains(a, "v1.34.1") {
			t.Errorf("%s\n%s", a, b)
		}
	})
	rule(t, "W", "one rule meets requests of every version", func(t *testing.T) {
		for _, version := range []string{"v1alpha4", "v1beta1"} {
			manifest := strings.NewReplacer("/v1beta1", "/"+version, "1.34.1", "latest").Replace(controlPlaneManifest("admission"))
			if out, err := w.serverSide(t, manifest, "--dry-run=server"); err == nil || !strings.Contains(err.Error()+out, "spec.version") {
				t.Errorf("%s: accepted, or refused for another reason: %v %s", version, err, out)
			}
		}
	})
	rule(t, "W", "what moves may be deleted", func(t *testing.T) {
		const name = "moving"
		w.namespace(t, name)
		w.Apply(t, strings.Replace(clusterManifest(name), "spec:\n", "spec:\n  paused: true\n", 1)+poolManifest(name, "system", "System", 1))
		if out, err := w.Box.Kubectl(t.Context(), "delete", machinePoolKind, "system", "--namespace="+name, "--wait=false"); err == nil || !strings.Contains(err.Error()+out, "last System pool") {
			t.Errorf("the last System pool's MachinePool is not kept: %v %s", err, out)
		}
		w.Kubectl(t, "annotate", machinePoolKind, "system", "--namespace="+name, "clusterctl.cluster.x-k8s.io/delete-for-move=")
		w.Kubectl(t, "delete", machinePoolKind, "system", "--namespace="+name, "--wait=false")
	})
}
