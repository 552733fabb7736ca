package sandbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// managementPlane is a sandbox of the parts that are not this project's: what these tests are about does not change with it.
func managementPlane(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	bin := sandboxtest.BinDir(t, "kube-controller-manager", "cluster-api-manager", "cluster-api-components.yaml")
	return sandboxtest.Up(t, sandbox.Options{
		BinDir: bin, Without: []string{sandbox.AzureSim, sandbox.Manager}, Provider: fstest.MapFS{},
	})
}

const refusedCluster = `
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: refused, namespace: elsewhere}
spec:
  clusterNetwork: {pods: {cidrBlocks: [nonsense]}}
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedCluster, name: refused}
`

func TestSandbox(t *testing.T) {
	box := managementPlane(t)
	ctx := t.Context()
	pids := pidsOf(t, box.Dir())

	t.Run("kubectl reads the API server", func(t *testing.T) {
		out, err := box.Kubectl(ctx, "version")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out, "Server Version: v1.") {
			t.Errorf("kubectl version says %q; Cluster API refuses a server without a proper version", out)
		}
	})
	t.Run("Cluster API's webhooks decide from the first request on", func(t *testing.T) {
		err := box.Apply(ctx, file(t, refusedCluster))
		if err == nil || !strings.Contains(err.Error(), "invalid CIDR address: nonsense") {
			t.Errorf("applying a Cluster with a bad CIDR: %v", err)
		}
	})
	t.Run("namespaces are made when missing, and end", func(t *testing.T) {
		kubectl(t, box, "get", "namespace", "elsewhere")
		kubectl(t, box, "create", "configmap", "content", "--namespace=elsewhere")
		kubectl(t, box, "delete", "namespace", "elsewhere", "--timeout=60s")
		if out, err := box.Kubectl(ctx, "get", "namespace", "elsewhere"); err == nil {
			t.Errorf("the namespace is still there: %s", out)
		}
	})
	t.Run("owned objects are collected", func(t *testing.T) {
		kubectl(t, box, "create", "configmap", "owner", "--namespace=default")
		uid := kubectl(t, box, "get", "configmap", "owner", "--namespace=default", "-o", "jsonpath={.metadata.uid}")
		owned := strings.ReplaceAll("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: owned\n  namespace: default\n"+
			"  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: UID}]\n", "UID", uid)
		if err := box.Apply(ctx, file(t, owned)); err != nil {
			t.Fatal(err)
		}
		kubectl(t, box, "delete", "configmap", "owner", "--namespace=default")
		kubectl(t, box, "wait", "--for=delete", "configmap/owned", "--namespace=default", "--timeout=60s")
	})
	t.Run("components can be killed and started again", func(t *testing.T) {
		kubectl(t, box, "create", "configmap", "survivor", "--namespace=default")
		for _, component := range []string{sandbox.APIServer, sandbox.ClusterAPI} {
			if err := box.Kill(component); err != nil {
				t.Fatal(err)
			}
			if component == sandbox.APIServer {
				if out, err := box.Kubectl(ctx, "get", "configmap", "survivor", "--namespace=default", "--request-timeout=5s"); err == nil {
					t.Fatalf("a killed API server answers: %s", out)
				}
			}
			if err := box.Restart(ctx, component); err != nil {
				t.Fatal(err)
			}
		}
		kubectl(t, box, "get", "configmap", "survivor", "--namespace=default")
	})
	t.Run("a crash is named with the end of the log", func(t *testing.T) {
		pid, err := box.PID(sandbox.ClusterAPI)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		var crash *sandbox.CrashError
		if err := box.Wait(ctx); !errors.As(err, &crash) || crash.Component != sandbox.ClusterAPI || !strings.Contains(crash.Tail, "Starting manager") &&
			!strings.Contains(crash.Tail, "controller") {
			t.Errorf("Wait returned %v", err)
		}
	})
	t.Run("down leaves no process and no data", func(t *testing.T) {
		if err := box.Down(ctx); err != nil {
			t.Fatal(err)
		}
		for name, pid := range pids {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("%s (%d) still exists: %v", name, pid, err)
			}
		}
		if _, err := os.Stat(filepath.Join(box.Dir(), "data")); !os.IsNotExist(err) {
			t.Errorf("data is still there: %v", err)
		}
		if _, err := sandbox.ReadStatus(box.Dir()); !errors.Is(err, sandbox.ErrNoSandbox) {
			t.Errorf("status after down: %v", err)
		}
	})
}

func TestTwoSandboxesSideBySide(t *testing.T) {
	bin := sandboxtest.BinDir(t)
	options := sandbox.Options{BinDir: bin, Without: []string{sandbox.AzureSim, sandbox.Manager, sandbox.ClusterAPI, sandbox.ControllerManager}, Provider: fstest.MapFS{}}
	first, second := sandboxtest.Up(t, options), sandboxtest.Up(t, options)

	kubectl(t, first, "create", "namespace", "only-in-first")
	if out, err := second.Kubectl(t.Context(), "get", "namespace", "only-in-first"); err == nil {
		t.Errorf("the second sandbox sees the first one's objects: %s", out)
	}
	options.Dir = first.Dir()
	if _, err := sandbox.Up(t.Context(), options); err == nil || !strings.Contains(err.Error(), "runs in "+first.Dir()) {
		t.Errorf("a second sandbox in the same directory: %v", err)
	}
	// What `capaks sandbox down` does from another process must end one and leave the other.
	if err := sandbox.Down(t.Context(), first.Dir()); err != nil {
		t.Fatal(err)
	}
	kubectl(t, second, "get", "namespace", "default")
	status, err := sandbox.ReadStatus(second.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if len(status.Dead()) > 0 || status.ResidentBytes() < 50<<20 {
		t.Errorf("the second sandbox after the first one's end:\n%s", status)
	}
}

func kubectl(t *testing.T, box *sandbox.Sandbox, args ...string) string {
	t.Helper()
	out, err := box.Kubectl(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func pidsOf(t *testing.T, dir string) map[string]int {
	t.Helper()
	status, err := sandbox.ReadStatus(dir)
	if err != nil {
		t.Fatal(err)
	}
	pids := map[string]int{}
	for _, c := range status.Components {
		pids[c.Name] = c.PID
	}
	if len(pids) != 4 {
		t.Fatalf("expected four components, got %v", pids)
	}
	return pids
}
