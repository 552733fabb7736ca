package clusterclass

import (
	"strings"
	"testing"
)

// Cluster API creates no pool for a control plane that tells no version, and AKS no cluster without a pool. Whatever keeps pools from being
// created together with the control plane, they are created once it is gone.

func TestPoolsForgotten(t *testing.T) {
	t.Parallel()
	p := withClass(t, "forgotten")
	c := cluster{namespace: "forgotten", name: "forgotten", class: "aks-standard", version: "v1.33.8"}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.apply(t, c.manifest(t))
	p.waiting(t, c, "WaitingForPools", "AKS creates no cluster without a System pool")
	c.version = "v1.34.1" // nothing exists that would have to be upgraded
	c.pools = []pool{{name: "system", class: "system", replicas: 1}}
	p.created(t, c)
	if asked := p.firstVersion(t, c); asked != "1.34.1" {
		t.Errorf("the cluster was created with version %q", asked)
	}
}

func TestFirstPassFails(t *testing.T) {
	t.Parallel()
	p := withClass(t, "firstpass")
	c := cluster{namespace: "firstpass", name: "firstpass", class: "aks-standard", version: "v1.33.8", pools: []pool{
		{name: "system", class: "system", replicas: 1, overrides: object{"nodeLabels": object{"not a key": "x"}}},
	}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.apply(t, c.manifest(t))
	p.topologyIs(t, c, "False ReconcileFailed", "is not a key of a label")
	p.waiting(t, c, "WaitingForPools", "System pool")
	c.pools[0].overrides = object{"nodeLabels": object{"key": "x"}}
	p.created(t, c)
}

// A version that AKS does not have is no dead end either: while nothing exists, another one gets through.
func TestVersionNotOffered(t *testing.T) {
	t.Parallel()
	p := withClass(t, "typo")
	p.apply(t, strings.NewReplacer("kubernetesVersions:", "# kubernetesVersions:").Replace(sample(t, "typo", "class.yaml")))
	c := cluster{namespace: "typo", name: "typo", class: "aks-standard", version: "v1.33.99", pools: []pool{{name: "system", class: "system", replicas: 1}}}
	p.apply(t, c.manifest(t))
	p.waiting(t, c, "", "1.33.99")
	c.version = "v1.34.1"
	// Cluster API may ask the nodes whether they are through with the last upgrade, and there are none.
	c.annotations = object{"unsafe.topology.cluster.x-k8s.io/disable-update-version-check": ""}
	p.created(t, c)
}

// What exists before its Cluster owns it is left alone: until then its owner is the topology controller's shim.
func TestShim(t *testing.T) {
	t.Parallel()
	p := withClass(t, "shim")
	p.Kubectl(t, "create", "secret", "generic", "shim-shim", "--namespace=shim")
	uid := p.Kubectl(t, "get", "secret", "shim-shim", "--namespace=shim", "--output=jsonpath={.metadata.uid}")
	owner := `ownerReferences: [{apiVersion: v1, kind: Secret, name: shim-shim, uid: ` + uid + `}]`
	p.apply(t, strings.ReplaceAll(`
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedCluster
metadata: {name: shim, namespace: shim, OWNER, labels: {cluster.x-k8s.io/cluster-name: shim}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlane
metadata: {name: shim, namespace: shim, OWNER, labels: {cluster.x-k8s.io/cluster-name: shim}}
spec: {location: westeurope, version: v1.33.8}
`, "OWNER", owner))
	c := cluster{namespace: "shim", name: "other", class: "aks-standard", version: "v1.33.8", pools: []pool{{name: "system", class: "system", replicas: 1}}}
	p.created(t, c) // which takes long enough for the manager to have looked at the other one
	cp := p.read(t, controlPlanes, "shim", "shim")
	if sent := p.writes(t, 0, cluster{name: "shim"}); len(sent) > 0 || at(cp, "metadata", "finalizers") != nil || at(cp, "status") != nil {
		t.Errorf("sent %v; finalizers %v, status %v", sent, at(cp, "metadata", "finalizers"), at(cp, "status"))
	}
}

// waiting waits until the control plane says what it waits for.
func (p *plane) waiting(t *testing.T, c cluster, reason, says string) {
	t.Helper()
	until(t, limit, func() string {
		state, message := condition(p.read(t, controlPlanes, c.namespace, c.name), "Ready")
		return unless(strings.HasPrefix(state, "False "+reason) && strings.Contains(message, says), "control plane %s: Ready is %s (%s), want %s and %q", c.name, state, message, reason, says)
	})
}

// firstVersion is the version that the cluster was created with.
func (p *plane) firstVersion(t *testing.T, c cluster) string {
	t.Helper()
	for _, r := range p.writes(t, 0, c) {
		if r.Method == "PUT" && r.To(c.id()) {
			return textAt(r.Body, "properties", "kubernetesVersion")
		}
	}
	return ""
}
