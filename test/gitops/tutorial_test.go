package gitops

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// outcomes are what the commands of the tutorial say, as far as the tutorial promises something: a part of the command, and of its output.
// No output at all is written as a dash.
var outcomes = map[string]string{
	"get cluster-api":        "azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io/my-cluster-control-plane",
	"describe azure":         "ManagedClusterRunning",
	"my-cluster.kubeconfig ": "aks-agentpool1-",
	"events --for":           "count 2 -> 3",
	"northeurope":            "spec.location",
	"kubectl diff":           "-",
	"kubectl delete cluster": `"my-cluster" deleted`,
}

// TestTutorial runs the commands of the tutorial, as they are written, in a sandbox that `make sandbox` would have made.
func TestTutorial(t *testing.T) {
	t.Parallel()
	p := plane(t)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Box.Apply(t.Context(), filepath.Join(root, "examples", "quickstart.yaml")); err != nil {
		t.Fatal(err)
	}
	p.AwaitCondition(t, capiCluster, "default", "my-cluster", "Available", "True")
	newSource(t, map[string]string{"quickstart": contents(t, root, "examples", "quickstart.yaml")}).settled(t, p)

	here := t.TempDir()
	for _, folder := range []string{"bin", "examples"} {
		if err := os.Symlink(filepath.Join(root, folder), filepath.Join(here, folder)); err != nil {
			t.Fatal(err)
		}
	}
	expected := len(outcomes)
	for line := range strings.Lines(contents(t, root, "docs", "tutorial.md")) {
		command, isCommand := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		if !isCommand || strings.HasPrefix(command, "make ") || strings.HasPrefix(command, "eval ") {
			continue // what the test has done already
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", command)
		cmd.Dir = here
		cmd.Env = append(os.Environ(), "KUBECONFIG="+p.Box.Kubeconfig())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", command, err, out)
		}
		for part, want := range outcomes {
			if !strings.Contains(command, part) {
				continue
			}
			expected--
			if said := withoutWarnings(string(out)); want == "-" && said != "" || want != "-" && !strings.Contains(said, want) {
				t.Errorf("%s\nsays %q, want %q", command, said, want)
			}
		}
	}
	if expected != 0 {
		t.Errorf("%d of the promised outputs were not met", expected)
	}
}

func withoutWarnings(out string) string {
	var kept strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "Warning:") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
