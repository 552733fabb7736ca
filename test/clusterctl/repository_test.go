package clusterctl

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// The release as `make release` names it, and one after it, made from the same tree.
const (
	version = "v2.0.0"
	next    = "v2.0.1"
)

// earlierVariable names a components file of an earlier release, to upgrade from it. Without it the present one stands in for that.
const earlierVariable = "CAPAKS_EARLIER_COMPONENTS"

const componentsFile = "infrastructure-components.yaml"

// release is what `make release` writes, made once: a repository with both versions.
var release = sync.OnceValues(func() (string, error) {
	out := filepath.Join(planes.Dir(), "out")
	for _, v := range []string{next, version} {
		if err := makeRelease(out, v); err != nil {
			return "", err
		}
	}
	return filepath.Join(out, "release"), nil
})

// root is the project's directory, seen from that of this package.
const root = "../.."

func makeRelease(out, version string) error {
	cmd := exec.Command("make", "--silent", "release", "OUT="+out, "RELEASE="+version)
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make release: %w\n%s", err, said)
	}
	return nil
}

func released(t testing.TB) string {
	t.Helper()
	sandboxtest.BinDir(t, "clusterctl", "kustomize", filepath.Join("cluster-api-source", "metadata.yaml"))
	dir, err := release()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// coreVersion is that of the Cluster API the sandbox runs.
func coreVersion(t testing.TB) string {
	t.Helper()
	found := regexp.MustCompile(`sigs\.k8s\.io/cluster-api (v\S+)`).FindStringSubmatch(read(t, filepath.Join(root, "tools", "cluster-api", "go.mod")))
	if found == nil {
		t.Fatal("tools/cluster-api/go.mod names no version of Cluster API")
	}
	return found[1]
}

// repository writes a clusterctl.yaml with two local repositories, Cluster API's core and ours, and answers its path. With a sandbox, its
// components are rewritten for it: what clusterctl installs then works without a kubelet.
func repository(t testing.TB, box *sandbox.Sandbox) string {
	return repositoryOf(t, box, version, next)
}

func repositoryOf(t testing.TB, box *sandbox.Sandbox, versions ...string) string {
	t.Helper()
	bin, dir := sandboxtest.Binaries(t), t.TempDir()
	adapt := func(component, file string) []byte {
		raw := []byte(read(t, file))
		if box == nil {
			return raw
		}
		adapted, err := box.Components(component, raw)
		if err != nil {
			t.Fatal(err)
		}
		return adapted
	}
	core := filepath.Join(dir, "cluster-api", coreVersion(t))
	write(t, filepath.Join(core, "core-components.yaml"), adapt(sandbox.ClusterAPI, filepath.Join(bin, "cluster-api-components.yaml")))
	write(t, filepath.Join(core, "metadata.yaml"), []byte(read(t, filepath.Join(bin, "cluster-api-source", "metadata.yaml"))))
	for _, v := range versions {
		from, to := filepath.Join(released(t), "infrastructure-azure", v), filepath.Join(dir, "infrastructure-azure", v)
		files, err := os.ReadDir(from)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if file.Name() != componentsFile {
				write(t, filepath.Join(to, file.Name()), []byte(read(t, filepath.Join(from, file.Name()))))
			}
		}
		components := filepath.Join(from, componentsFile)
		if earlier := os.Getenv(earlierVariable); earlier != "" && v == version {
			components = earlier
		}
		write(t, filepath.Join(to, componentsFile), adapt(sandbox.Manager, components))
	}
	config := filepath.Join(dir, "clusterctl.yaml")
	write(t, config, fmt.Appendf(nil, `providers:
- name: cluster-api
  type: CoreProvider
  url: %s/core-components.yaml
- name: azure
  type: InfrastructureProvider
  url: %s/%s
cert-manager:
  externallyProvisioned: "true"
  timeout: 60s
`, core, filepath.Join(dir, "infrastructure-azure", versions[0]), componentsFile))
	return config
}

// certManager are the two kinds of cert-manager that clusterctl tries; nothing acts on them.
func certManager() string {
	var all strings.Builder
	for _, kind := range []string{"Issuer", "Certificate"} {
		fmt.Fprintf(&all, `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[2]ss.cert-manager.io}
spec:
  group: cert-manager.io
  names: {kind: %[1]s, listKind: %[1]sList, plural: %[2]ss, singular: %[2]s}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`, kind, strings.ToLower(kind))
	}
	return all.String()
}

// initialized are the sandboxes that clusterctl has installed into.
var initialized sync.Map

type installation struct {
	once sync.Once
	done bool
}

// initialize lets clusterctl install into a running sandbox what is there already: from then on its inventory is there too.
func initialize(t testing.TB, p *plane) {
	t.Helper()
	released(t) // or there is nothing to install, and the test is skipped
	one, _ := initialized.LoadOrStore(p, &installation{})
	i, _ := one.(*installation)
	i.once.Do(func() {
		p.Apply(t, certManager())
		p.Kubectl(t, "wait", "--for=condition=Established", "crd/issuers.cert-manager.io", "crd/certificates.cert-manager.io")
		box := p.Box
		if _, err := box.PID(sandbox.Manager); err != nil {
			box = nil // nothing is there already
		}
		run{
			config: repository(t, box), kubeconfig: p.Box.Kubeconfig(),
			args: []string{"init", "--core=cluster-api:" + coreVersion(t), "--infrastructure=azure:" + version, "--bootstrap=-", "--control-plane=-"},
		}.must(t)
		i.done = true
	})
	if !i.done {
		t.Fatal("another test did not succeed with clusterctl init")
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func write(t testing.TB, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
