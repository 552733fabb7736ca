package gitops

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestFluxPrunesNoCluster builds manifests as Flux does, with the patches of the example: every object of Cluster API and of ours is
// marked, whether it had annotations before or not.
func TestFluxPrunesNoCluster(t *testing.T) {
	t.Parallel()
	bin := sandboxtest.BinDir(t, "kustomize")
	var patches any
	for _, o := range objects(t, contents(t, "..", "..", "examples", "gitops", "flux", "kustomizations.yaml")) {
		if textAt(o, "metadata", "name") == "aks-clusters" {
			patches = at(o, "spec", "patches")
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"kustomization.yaml": sandboxtest.Documents(object{"resources": []any{"clusters.yaml"}, "patches": patches}),
		"clusters.yaml":      contents(t, "..", "..", "examples", "documentation", "multi-tenancy.yaml"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	built, err := exec.CommandContext(t.Context(), filepath.Join(bin, "kustomize"), "build", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	marked := 0
	for _, o := range objects(t, string(built)) {
		mark := at(o, "metadata", "annotations", "kustomize.toolkit.fluxcd.io/prune")
		if strings.Contains(textAt(o, "apiVersion"), "cluster.x-k8s.io/") != (mark == "disabled") {
			t.Errorf("%s: prune is %v", key(o), mark)
		}
		if mark == "disabled" {
			marked++
		}
	}
	if marked < 6 {
		t.Errorf("%d objects are marked", marked)
	}
}
