package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

type object = sandboxtest.Object

// components are the objects of a directory of config/ as clusterctl would install them: built by kustomize, with the defaults of
// all variables.
func components(t *testing.T, dir string) []object {
	t.Helper()
	text := expanded(t, dir)
	var all []object
	for _, document := range strings.Split(text, "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		all = append(all, o)
	}
	return all
}

// texts of components are made once: each takes two programs a second.
var componentTexts struct {
	sync.Mutex
	of map[string]string
}

func expanded(t *testing.T, dir string) string {
	t.Helper()
	componentTexts.Lock()
	defer componentTexts.Unlock()
	if text := componentTexts.of[dir]; text != "" {
		return text
	}
	bin := binaries(t)
	built, err := exec.CommandContext(t.Context(), filepath.Join(bin, "kustomize"), "build", filepath.Join("..", "..", "config", dir)).Output()
	if err != nil {
		t.Fatalf("kustomize build config/%s: %v", dir, err)
	}
	file := filepath.Join(t.TempDir(), "components.yaml")
	if err := os.WriteFile(file, built, 0o600); err != nil {
		t.Fatal(err)
	}
	expand := exec.CommandContext(t.Context(), filepath.Join(bin, "clusterctl"), "generate", "yaml", "--from", file)
	// Variables of whoever runs the tests are none of the defaults, and clusterctl is not to look for news of itself.
	expand.Env = []string{"HOME=" + t.TempDir(), "CLUSTERCTL_DISABLE_VERSIONCHECK=true", "PATH=" + os.Getenv("PATH")}
	text, err := expand.Output()
	if err != nil {
		t.Fatalf("clusterctl generate yaml: %v", err)
	}
	if componentTexts.of == nil {
		componentTexts.of = map[string]string{}
	}
	componentTexts.of[dir] = string(text)
	return string(text)
}

func ofKind(all []object, kinds ...string) []object {
	return slices.DeleteFunc(slices.Clone(all), func(o object) bool { return !slices.Contains(kinds, sandboxtest.TextAt(o, "kind")) })
}

// applyServerSide applies objects the way GitOps tools do, and answers what the API server said to it.
func applyServerSide(t *testing.T, p *sandboxtest.Plane, manifest string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return p.Box.Kubectl(t.Context(), append([]string{"apply", "--server-side", "--field-manager=packaging-test", "-f", file}, args...)...)
}

// installed puts the namespace, the accounts and the rights of the components in force, and takes those away that the sandbox gave
// its manager: from then on it has what an installation has.
var installed sync.Once

func install(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	installed.Do(func() {
		all := components(t, "default")
		// The sandbox applied the namespace with another field manager.
		rights := ofKind(all, "Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
		if out, err := applyServerSide(t, p, sandboxtest.Documents(rights...)); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		p.Kubectl(t, "delete", "clusterrolebinding", "capaks-sandbox:"+namespace+":manager-role")
		p.Kubectl(t, "delete", "rolebinding", "--namespace="+namespace, "capaks-sandbox:"+namespace+":manager-role")
	})
}

// TestManifestsAreAccepted sends everything that is installed to a real API server, which knows all kinds but those of cert-manager.
func TestManifestsAreAccepted(t *testing.T) {
	t.Parallel()
	p := packaged(t)
	install(t, p)
	all := append(components(t, "default"), components(t, "network-policy")...)
	all = slices.DeleteFunc(all, func(o object) bool { return strings.HasPrefix(sandboxtest.TextAt(o, "apiVersion"), "cert-manager.io/") })
	// The CRDs are the sandbox's own, whose labels are another field manager's.
	out, err := applyServerSide(t, p, sandboxtest.Documents(all...), "--dry-run=server", "--force-conflicts")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(out, "Warning") {
		t.Errorf("the API server warns:\n%s", out)
	}
	for _, want := range []string{
		"deployment.apps/capaks-controller-manager", "poddisruptionbudget.policy/capaks-controller-manager",
		"networkpolicy.networking.k8s.io/capaks-controller-manager ", "networkpolicy.networking.k8s.io/capaks-controller-manager-egress",
		"service/capaks-webhook-service", "validatingwebhookconfiguration.admissionregistration.k8s.io/capaks-validating-webhook-configuration",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s was not among what was applied:\n%s", want, out)
		}
	}
}

// TestPodMeetsRestrictedPodSecurity: the namespace admits the Deployment's pod, and not one that asks for a little more.
func TestPodMeetsRestrictedPodSecurity(t *testing.T) {
	t.Parallel()
	p := packaged(t)
	install(t, p)
	deployment := ofKind(components(t, "default"), "Deployment")[0]
	pod, ok := sandboxtest.At(deployment, "spec", "template").(object)
	if !ok {
		t.Fatal("the Deployment has no pod template")
	}
	pod["apiVersion"], pod["kind"] = "v1", "Pod"
	pod["metadata"].(object)["name"], pod["metadata"].(object)["namespace"] = "probe", namespace
	if out, err := applyServerSide(t, p, sandboxtest.Documents(pod), "--dry-run=server"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	delete(pod["spec"].(object)["containers"].([]any)[0].(object), "securityContext")
	out, err := applyServerSide(t, p, sandboxtest.Documents(pod), "--dry-run=server")
	if err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted`) {
		t.Errorf("without its security context the pod is admitted, or refused for another reason: %v\n%s", err, out)
	}
}

// TestSelectorsFindTheManager: what selects pods selects the Deployment's, and every port that something names is there.
func TestSelectorsFindTheManager(t *testing.T) {
	t.Parallel()
	all := append(components(t, "default"), components(t, "network-policy")...)
	deployment := ofKind(all, "Deployment")[0]
	labels := sandboxtest.At(deployment, "spec", "template", "metadata", "labels").(object)
	container := sandboxtest.At(deployment, "spec", "template", "spec", "containers").([]any)[0].(object)
	ports := map[string]bool{}
	for _, port := range container["ports"].([]any) {
		ports[sandboxtest.TextAt(port, "name")] = true
	}
	selectors := map[string][]string{
		"Deployment": {"spec", "selector", "matchLabels"}, "Service": {"spec", "selector"},
		"PodDisruptionBudget": {"spec", "selector", "matchLabels"}, "NetworkPolicy": {"spec", "podSelector", "matchLabels"},
	}
	for kind, path := range selectors {
		for _, o := range ofKind(all, kind) {
			selector, _ := sandboxtest.At(o, path...).(object)
			if len(selector) < 2 {
				t.Errorf("%s %s selects by %v, want the provider and its manager", kind, sandboxtest.TextAt(o, "metadata", "name"), selector)
			}
			for label, want := range selector {
				if labels[label] != want {
					t.Errorf("%s %s selects %s=%v, the pods have %v", kind, sandboxtest.TextAt(o, "metadata", "name"), label, want, labels[label])
				}
			}
		}
	}
	ingress := sandboxtest.At(ofKind(all, "NetworkPolicy")[0], "spec", "ingress").([]any)[0]
	for _, port := range sandboxtest.At(ingress, "ports").([]any) {
		if name := sandboxtest.TextAt(port, "port"); !ports[name] {
			t.Errorf("the NetworkPolicy lets through port %q, the container has %v", name, ports)
		}
		delete(ports, sandboxtest.TextAt(port, "port"))
	}
	if len(ports) > 0 {
		t.Errorf("the NetworkPolicy keeps everybody from %v", ports)
	}
}
