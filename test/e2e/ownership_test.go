package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const previewVersion = "2026-05-02-preview"

// examples are the YAML blocks of a page of the documentation, as merge patches.
func examples(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var patches []string
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		var object map[string]any
		if err := yaml.UnmarshalStrict([]byte(block), &object); err != nil {
			t.Fatalf("%s: %v\n%s", page, err, block)
		}
		patch, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		patches = append(patches, string(patch))
	}
	return patches
}

// refusedBy is the refusal of a command that must not succeed.
func (p *plane) refusedBy(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.box.Kubectl(t.Context(), args...)
	if err == nil {
		t.Fatalf("kubectl %s was accepted: %s", strings.Join(args, " "), out)
	}
	return out + err.Error()
}

// TestRawPropertiesPoliciesAndPower follows docs/passthrough.md and docs/ownership.md with one cluster.
func TestRawPropertiesPoliciesAndPower(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "owned")
	c := small("owned", "owned")
	c.pools = append(c.pools, pool{name: "work", mode: "User", replicas: 1})
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	p.awaitSynced(t, c)

	p.passThrough(t, c)
	ownership := examples(t, "ownership.md")
	if len(ownership) != 3 {
		t.Fatalf("%d examples in ownership.md, want observe, protection and power", len(ownership))
	}
	p.protect(t, c, ownership[1])
	p.stopAndStart(t, c, ownership[2])
	p.observeOnly(t, c, ownership[0])
	p.azure.expectCleanLog(t, c.mentions)
}

func (p *plane) passThrough(t *testing.T, c cluster) {
	t.Helper()
	patches := examples(t, "passthrough.md")
	if len(patches) != 2 {
		t.Fatalf("%d examples in passthrough.md, want one of each kind", len(patches))
	}
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, patches[0])
	p.patch(t, "azuremanagedmachinepool", c.namespace, c.poolObject("work"), patches[1])
	eventually(t, time.Minute, func() string {
		on, _, _ := nested(p.azure.Get(t, c.id(), previewVersion), "properties", "enableNamespaceResources")
		taints, _, _ := nested(p.azure.Get(t, c.poolID("work"), previewVersion), "properties", "nodeInitializationTaints")
		list, _ := taints.([]any)
		return unless(on == true && len(list) == 1, "raw properties have not reached Azure")
	})
	p.awaitSynced(t, c)
	out := p.refusedBy(t, "patch", "azuremanagedcontrolplane", "-n", c.namespace, c.name, "--type=merge", `--patch={"spec":{"passthrough":{"body":{"properties":{"networkProfile":{"networkPolicy":"calico"}}}}}}`)
	if missing := lacks(out, "spec.passthrough.body.properties.networkProfile.networkPolicy", "also given by spec.networkPolicy", "keep one of them"); len(missing) > 0 {
		t.Errorf("the refusal lacks %q: %s", missing, out)
	}
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"passthrough":null}}`)
	p.awaitEvent(t, c, "Released", "enableNamespaceResources (released: no longer managed; this api-version does not show it, the value in Azure stays)")
	p.awaitSynced(t, c)
}

// protect tries to delete everything that would take the cluster along, also past the webhook.
func (p *plane) protect(t *testing.T, c cluster, patch string) {
	t.Helper()
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, patch)
	for _, kind := range []string{"azuremanagedcontrolplane", "cluster"} {
		out := p.refusedBy(t, "delete", kind, "-n", c.namespace, c.name, "--wait=false")
		if missing := lacks(out, "is protected from deletion", "kubectl annotate --overwrite -n owned azuremanagedcontrolplane owned"); len(missing) > 0 {
			t.Errorf("deleting the %s: the refusal lacks %q: %s", kind, missing, out)
		}
	}
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"metadata":{"annotations":{"infrastructure.cluster.x-k8s.io/deletion-protection":"false"}}}`)
}

func (p *plane) stopAndStart(t *testing.T, c cluster, patch string) {
	t.Helper()
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, patch)
	p.awaitCondition(t, time.Minute, controlPlanes, c.namespace, c.name, "Ready", "False", "Stopped")
	eventually(t, 30*time.Second, func() string { return unless(!p.azure.running(t, c.id()), "the cluster is still being stopped") })
	since := p.azure.Last(t)
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"additionalTags":{"team":"a"}}}`)
	message := p.awaitCondition(t, time.Minute, controlPlanes, c.namespace, c.name, "Synced", "False", "Stopped")
	if missing := lacks(message, "until spec.powerState of the control plane is Running"); len(missing) > 0 {
		t.Errorf("Synced lacks %q: %s", missing, message)
	}
	if wrote := p.azure.Requests(t, since, request.Write, about("/managedClusters/owned")); len(wrote) > 0 {
		t.Errorf("a stopped cluster got %v", wrote)
	}
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"powerState":"Running"}}`)
	p.awaitCondition(t, time.Minute, controlPlanes, c.namespace, c.name, "Ready", "True", "")
	p.awaitSynced(t, c)
	p.awaitEvent(t, c, "Stopping", `Stop managedCluster owned: powerState.code "Running" -> "Stopped"`)
	p.awaitEvent(t, c, "Starting", `Start managedCluster owned: powerState.code "Stopped" -> "Running"`)
}

// observeOnly lets differences be reported, and deletes all objects without a request to Azure.
func (p *plane) observeOnly(t *testing.T, c cluster, patch string) {
	t.Helper()
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, patch)
	since := p.azure.Last(t)
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"sku":"Standard"}}`)
	message := p.awaitCondition(t, time.Minute, controlPlanes, c.namespace, c.name, "Synced", "False", "ObserveOnly")
	if missing := lacks(message, "policy observe sends nothing", `Update managedCluster owned: sku.tier "Free" -> "Standard"`); len(missing) > 0 {
		t.Errorf("Synced lacks %q: %s", missing, message)
	}
	p.awaitCondition(t, 10*time.Second, controlPlanes, c.namespace, c.name, "Ready", "True", "")
	p.kubectl(t, "delete", "cluster", "-n", c.namespace, c.name, "--timeout=60s")
	p.awaitGone(t, time.Minute, c.namespace, controlPlanes, infraPools)
	wrote := p.azure.Requests(t, since, request.Write, c.mentions, func(r request) bool { return r.Method != http.MethodPost })
	if len(wrote) > 0 {
		t.Errorf("an observed cluster got %v", wrote)
	}
	if left := p.azure.Resources(t, c.id()); len(left) == 0 {
		t.Error("the cluster is gone from Azure")
	}
}

// awaitEvent waits for an event of the control plane that says something.
func (p *plane) awaitEvent(t *testing.T, c cluster, reason, says string) {
	t.Helper()
	eventually(t, 30*time.Second, func() string {
		var seen []string
		for _, e := range p.events(t, c.namespace, c.name) {
			if e.reason == reason && strings.Contains(e.note, says) {
				return ""
			}
			seen = append(seen, e.reason+": "+e.note)
		}
		return "no event " + reason + " says " + says + " among\n" + strings.Join(seen, "\n")
	})
}
