package gitops

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
	documented "github.com/capaks/capaks/test/documentation"
)

var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 16) }

type object = sandboxtest.Object

const (
	controlPlane = "azuremanagedcontrolplane"
	infraCluster = "azuremanagedcluster"
	infraPool    = "azuremanagedmachinepool"
	identity     = "azureclusteridentity"
	machinePool  = "machinepool.cluster.x-k8s.io"
	capiCluster  = "cluster.cluster.x-k8s.io"

	limit = sandboxtest.Limit
)

var (
	at        = sandboxtest.At
	textAt    = sandboxtest.TextAt
	condition = sandboxtest.Condition
	until     = sandboxtest.Until
	unless    = sandboxtest.Unless
)

// plane is the sandbox all stories share.
func plane(t *testing.T) *sandboxtest.Plane {
	t.Helper()
	return planes.Get(t, "gitops", sandbox.Options{
		AzureSimArgs: []string{"--durations=managedCluster=1s,agentPool=1s,unchanged=300ms,resourceGroup.delete=300ms,fleet=300ms,extension=500ms", "--throttle-scale=0"},
		ManagerArgs:  []string{"--fleet-interval=2s", "--throttle-factor=100", "--concurrency=20"},
	})
}

// source is a directory of manifests, as a GitOps tool has it.
type source struct {
	dir     string
	objects []object
}

// newSource writes manifests into a directory of their own.
func newSource(t *testing.T, manifests map[string]string) *source {
	t.Helper()
	s := &source{dir: t.TempDir()}
	for _, name := range slices.Sorted(maps.Keys(manifests)) {
		s.write(t, name, manifests[name])
	}
	return s
}

func (s *source) write(t *testing.T, name, manifest string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, strings.ReplaceAll(name, "/", "-")+".yaml"), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	s.objects = nil
	entries, err := filepath.Glob(filepath.Join(s.dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		raw, err := os.ReadFile(entry)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := documented.Objects(raw)
		if err != nil {
			t.Fatalf("%s: %v", entry, err)
		}
		for _, o := range objects {
			s.objects = append(s.objects, o.Object)
		}
	}
}

// of are the declared objects of a kind.
func (s *source) of(kind string) (out []object) {
	for _, o := range s.objects {
		if o["kind"] == kind {
			out = append(out, o)
		}
	}
	return out
}

// namespaces makes those of the source, as a GitOps tool with CreateNamespace does.
func (s *source) namespaces(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	var all []object
	seen := map[string]bool{"": true, "default": true}
	for _, o := range s.objects {
		if ns := textAt(o, "metadata", "namespace"); !seen[ns] {
			seen[ns] = true
			all = append(all, object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": ns}})
		}
	}
	if len(all) > 0 {
		p.Apply(t, sandboxtest.Documents(all...))
	}
}

// apply is `kubectl apply` of the whole source, as one way of applying does it.
func (s *source) apply(t *testing.T, p *sandboxtest.Plane, way ...string) string {
	t.Helper()
	return p.Kubectl(t, append([]string{"apply", "-f", s.dir}, way...)...)
}

// differences is what `kubectl diff` says; it ends with 1 where it says anything.
func (s *source) differences(t *testing.T, p *sandboxtest.Plane, way ...string) string {
	t.Helper()
	out, err := p.Box.Kubectl(t.Context(), append([]string{"diff", "-f", s.dir}, way...)...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("kubectl diff: %v", err)
	}
	if exit != nil && exit.ExitCode() > 1 {
		t.Fatalf("kubectl diff: %v\n%s", err, out)
	}
	if err == nil {
		return "" // what it says then are warnings
	}
	return orElse(out, "kubectl diff ends with 1")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// live are the objects of the source as they are stored, managedFields included.
func (s *source) live(t *testing.T, p *sandboxtest.Plane) map[string]object {
	t.Helper()
	var list struct{ Items []object }
	raw := p.Kubectl(t, "get", "-f", s.dir, "--output=json", "--show-managed-fields")
	// Warnings of the API server come after it.
	if err := json.NewDecoder(strings.NewReader(raw)).Decode(&list); err != nil {
		t.Fatal(err)
	}
	out := map[string]object{}
	for _, o := range list.Items {
		out[key(o)] = o
	}
	if len(out) != len(s.objects) {
		t.Fatalf("%d objects are declared, %d exist", len(s.objects), len(out))
	}
	return out
}

func key(o object) string {
	return fmt.Sprintf("%v %v/%v", o["kind"], textAt(o, "metadata", "namespace"), textAt(o, "metadata", "name"))
}

// versions tell whether anything was written between two looks.
func versions(objects map[string]object) map[string]string {
	out := map[string]string{}
	for key, o := range objects {
		out[key] = textAt(o, "metadata", "generation") + "/" + textAt(o, "metadata", "resourceVersion")
	}
	return out
}
