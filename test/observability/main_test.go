package observability

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 8) }

type object = sandboxtest.Object

// folder is config/observability.
const folder = "../../config/observability"

// The right to read the manager's metrics; kustomize puts capaks- before its name.
const (
	diagnosticsRoles = "../../config/rbac/diagnostics.yaml"
	metricsReader    = "metrics-reader"
)

// tool is a program of `make observability-tools`, or one that is installed; without it the test skips.
func tool(t *testing.T, name string) string {
	t.Helper()
	built, err := filepath.Abs(filepath.Join("../../bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(built); err == nil {
		return built
	}
	installed, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here: make observability-tools", name)
	}
	return installed
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
