package cli_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// planned is what `capaks plan -o json` prints, as far as it is compared.
type planned struct {
	Clusters []struct {
		Requests []struct {
			Method, Path, APIVersion string
			Body                     map[string]any
		}
	}
	Refused []struct{ Object, Message string }
}

const declared = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: planned, namespace: planned}
spec:
  clusterNetwork: {services: {cidrBlocks: [192.168.0.0/16]}}
  controlPlaneRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedControlPlane, name: planned}
  infrastructureRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedCluster, name: planned}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlane
metadata: {name: planned, namespace: planned}
spec: {location: westeurope, resourceGroupName: planned, version: v1.34.1, sku: {tier: Free}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedCluster
metadata: {name: planned, namespace: planned}
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: MachinePool
metadata: {name: sys, namespace: planned}
spec:
  clusterName: planned
  replicas: 1
  template: {spec: {bootstrap: {dataSecretName: ""}, clusterName: planned, version: v1.34.1, infrastructureRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedMachinePool, name: sys}}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePool
metadata: {name: sys, namespace: planned}
spec: {mode: System, sku: Standard_D2s_v3}
`

// TestPlan: what a plan of files prints is what is sent when they are applied, byte for byte.
func TestPlan(t *testing.T) {
	p := one(t, "cli")
	p.Kubectl(t, "create", "namespace", "planned")
	p.sentAsPlanned(t, declared)
	// One request at a time: a later one echoes what Azure has filled in by then.
	edited := strings.Replace(declared, "tier: Free", "tier: Standard", 1)
	wants(t, p.sentAsPlanned(t, edited), `~ sku.tier "Free" -> "Standard"`+"\n")
	edited = strings.Replace(edited, "mode: System,", "mode: System, nodeLabels: {a: b},", 1)
	wants(t, p.sentAsPlanned(t, edited), `+ nodeLabels.a (none) -> "b"`)

	file := t.TempDir() + "/cluster.yaml"
	write(t, file, strings.Replace(edited, "location: westeurope", "location: northeurope", 1))
	wants(t, p.must(t, 1, "plan", "-f", file), "! refused AzureManagedControlPlane planned/planned", "location", "1 of the manifests would be refused")
	wants(t, p.must(t, 0, "plan", "-n", "planned", "--detailed-exitcode"), "0 to create, 0 to update, 0 to delete, 0 waiting, 0 blocked")
	wants(t, p.must(t, 1, "plan", "-n", "planned", "other"), "has no Cluster other", "there is planned")
}

// TestImport: a cluster that somebody else made is imported, observed, and adopted with no request to Azure.
func TestImport(t *testing.T) {
	p := one(t, "cli")
	p.imported(t)
}

// sentAsPlanned plans a manifest, applies it, and compares; it answers with the plan.
func (p *plane) sentAsPlanned(t *testing.T, manifest string) (text string) {
	t.Helper()
	file := t.TempDir() + "/cluster.yaml"
	write(t, file, manifest)
	text = p.must(t, 2, "plan", "-f", file, "--detailed-exitcode")
	var want planned
	if out := p.must(t, 0, "plan", "-f", file, "-o", "json"); json.Unmarshal([]byte(out), &want) != nil || len(want.Clusters) != 1 {
		t.Fatalf("no plan: %s", out)
	}
	since := p.Azure.Last(t)
	p.Kubectl(t, "apply", "-f", file)
	var sent []sandboxtest.Request
	until(t, limit, func() string {
		sent = p.Azure.Requests(t, since, sandboxtest.Request.Write, sandboxtest.Request.Accepted)
		return unless(len(sent) >= len(want.Clusters[0].Requests), "%d requests are sent, %d were planned", len(sent), len(want.Clusters[0].Requests))
	})
	until(t, limit, func() string {
		for _, o := range p.Azure.State(t).Operations {
			if o.Status == "InProgress" {
				return "Azure works on " + o.Resource
			}
		}
		return ""
	})
	p.Settled(t, "planned", "planned")
	sent = p.Azure.Requests(t, since, sandboxtest.Request.Write, sandboxtest.Request.Accepted)
	if len(sent) != len(want.Clusters[0].Requests) {
		t.Fatalf("sent %v, planned %v", sent, want.Clusters[0].Requests)
	}
	for i, r := range want.Clusters[0].Requests {
		if sent[i].Method != r.Method || !sent[i].To(r.Path) || !strings.Contains(sent[i].Path, "api-version="+r.APIVersion) {
			t.Errorf("planned %s %s %s, sent %s", r.Method, r.Path, r.APIVersion, sent[i])
		}
		if !reflect.DeepEqual(sent[i].Body, r.Body) {
			got, _ := json.Marshal(sent[i].Body)
			planned, _ := json.Marshal(r.Body)
			t.Errorf("%s: planned\n%s\nsent\n%s", r.Path, planned, got)
		}
	}
	return text
}

// imported makes a cluster as people do without this provider, with a network that AKS makes, and imports it.
func (p *plane) imported(t *testing.T) {
	t.Helper()
	group := subscription + "/resourceGroups/foreign"
	id := group + "/providers/Microsoft.ContainerService/managedClusters/foreign"
	p.Azure.ARM(t, "PUT", group, resources, object{"location": "westeurope"})
	p.Azure.ARM(t, "PUT", id, containerService, object{"location": "westeurope", "identity": object{"type": "SystemAssigned"}, "tags": object{"cost": "7"},
		"properties": object{"dnsPrefix": "foreign", "kubernetesVersion": "1.34.1", "networkProfile": object{"networkPlugin": "azure", "networkPluginMode": "overlay"},
			"agentPoolProfiles": []any{object{"name": "nodepool1", "mode": "System", "vmSize": "Standard_D2s_v3", "count": 2, "osType": "Linux", "enableAutoScaling": true, "minCount": 1, "maxCount": 3, "nodeLabels": object{"a": "b"}}}}})
	settled(t, p.Azure, id, containerService)
	began := lastRequest(t, p)
	p.Kubectl(t, "create", "namespace", "imported")
	for _, policy := range []string{"observe", "manage"} {
		out := p.must(t, 0, "import", id, "-n", "imported", "--policy", policy)
		manifest, _, _ := strings.Cut(out, "note: ")
		file := t.TempDir() + "/imported.yaml"
		write(t, file, manifest)
		wants(t, p.must(t, 0, "plan", "-f", file, "--detailed-exitcode"), "0 to create, 0 to update, 0 to delete, 0 waiting, 0 blocked")
		p.Kubectl(t, "apply", "-f", file)
		p.Settled(t, "imported", "foreign")
		p.AwaitCondition(t, "azuremanagedcontrolplane", "imported", "foreign", "Ready", "True")
	}
	p.expectNoWrites(t, began)
	p.Patch(t, "azuremanagedcontrolplane", "imported", "foreign", `{"spec":{"additionalTags":{"cost":"8"}}}`)
	until(t, limit, func() string {
		tags := textAt(p.Azure.Get(t, id, containerService), "tags")
		return unless(tags == "map[cost:8]", "the tags are %s", tags)
	})
}
