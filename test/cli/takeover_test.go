package cli_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var (
	until  = sandboxtest.Until
	unless = sandboxtest.Unless
	textAt = sandboxtest.TextAt
)

const limit = sandboxtest.Limit

// TestTakeover walks docs/takeover.md: a management cluster of the earlier provider becomes one of this, and Azure is sent nothing
// before, meanwhile and afterwards, although the manager is killed and started again. Then a pool is scaled.
func TestTakeover(t *testing.T) {
	p := one(t, "takeover")
	replaced := p.becomeEarlier(t)
	e := earlier{"legacy", "prod"}
	e.create(t, p)
	p.applyFile(t, "earlier-webhooks.yaml")
	began := lastRequest(t, p)

	p.refusedWhileItRuns(t, e)
	p.refusedWithChanges(t, e)
	p.interrupted(t, e)
	p.tellsToInstall(t, e)
	replaced.install(t, p)
	p.finish(t, e)

	p.Kill(t)
	p.Restart(t)
	listings := lastRequest(t, p)
	until(t, limit, func() string {
		n := len(p.Azure.Requests(t, listings, func(r sandboxtest.Request) bool {
			return r.Method == "GET" && r.To(subscription+"/providers/Microsoft.ContainerService/managedClusters")
		}))
		return unless(n >= 5, "the manager has listed the subscription %d times since its start", n)
	})
	p.expectNoWrites(t, began)
	p.Patch(t, "machinepool.cluster.x-k8s.io", e.namespace, e.object("pool0"), `{"spec":{"replicas":3}}`)
	until(t, limit, func() string {
		count := textAt(p.Azure.Get(t, e.pool("pool0"), containerService), "properties", "count")
		return unless(count == "3", "pool0 has %s nodes", count)
	})
	p.Settled(t, e.namespace, e.controlPlane())
	writes := p.Azure.All(t, began, sandboxtest.Request.Write)
	if len(writes) != 1 || !writes[0].To(e.pool("pool0")) {
		t.Errorf("scaling one pool wrote %v", writes)
	}
}

func lastRequest(t *testing.T, p *plane) int {
	t.Helper()
	all := p.Azure.All(t, 0)
	return all[len(all)-1].N
}

func (p *plane) expectNoWrites(t *testing.T, since int) {
	t.Helper()
	if wrote := p.Azure.All(t, since, sandboxtest.Request.Write); len(wrote) > 0 {
		t.Fatalf("Azure was sent %v", wrote)
	}
}

// installation is what makes a management cluster one of this provider.
type installation struct{ definitions, webhooks string }

// becomeEarlier replaces this provider by what the earlier one leaves in a management cluster.
func (p *plane) becomeEarlier(t *testing.T) installation {
	t.Helper()
	p.Kill(t)
	names := []string{"azuremanagedcontrolplanes", "azuremanagedclusters", "azuremanagedmachinepools"}
	args := []string{"get", "customresourcedefinition", "--output=yaml"}
	for _, n := range names {
		args = append(args, n+".infrastructure.cluster.x-k8s.io")
	}
	mine := installation{definitions: p.Kubectl(t, args...)}
	for _, kind := range []string{"mutatingwebhookconfiguration", "validatingwebhookconfiguration"} {
		for _, name := range strings.Fields(p.Kubectl(t, "get", kind, "--output=name")) {
			if strings.Contains(name, "capi") {
				continue
			}
			mine.webhooks += "---\n" + p.Kubectl(t, "get", name, "--output=yaml")
			p.Kubectl(t, "delete", name)
		}
	}
	p.Kubectl(t, "delete", "customresourcedefinition", names[0]+".infrastructure.cluster.x-k8s.io", names[1]+".infrastructure.cluster.x-k8s.io", names[2]+".infrastructure.cluster.x-k8s.io")
	p.applyFile(t, "earlier-crds.yaml")
	p.applyFile(t, "operator-crds.yaml")
	p.Kubectl(t, "wait", "--for=condition=Established", "customresourcedefinition", "--all", "--timeout=60s")
	return mine
}

// install does what `clusterctl delete` of the earlier provider and `clusterctl init` of this one do.
func (i installation) install(t *testing.T, p *plane) {
	t.Helper()
	p.Kubectl(t, "delete", "validatingwebhookconfiguration", "capz-validating-webhook-configuration")
	p.applyOver(t, i.definitions)
	p.applyOver(t, i.webhooks)
	p.Restart(t)
}

func (p *plane) applyOver(t *testing.T, manifest string) {
	t.Helper()
	var kept []string
	for _, line := range strings.Split(manifest, "\n") {
		if text := strings.TrimSpace(line); !strings.HasPrefix(text, "resourceVersion:") && !strings.HasPrefix(text, "uid:") {
			kept = append(kept, line)
		}
	}
	file := t.TempDir() + "/installed.yaml"
	write(t, file, strings.Join(kept, "\n"))
	p.Kubectl(t, "apply", "--server-side", "--force-conflicts", "--validate=false", "-f", file)
}

// refusedWhileItRuns: a Deployment with replicas, and a lease that somebody holds.
func (p *plane) refusedWhileItRuns(t *testing.T, e earlier) {
	t.Helper()
	p.Kubectl(t, "create", "namespace", "capz-system")
	p.Apply(t, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"capz-controller-manager","namespace":"capz-system"},"spec":{"replicas":1,
		"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"manager","image":"capz"}]}}}}`)
	out := p.must(t, 1, "takeover", "-n", e.namespace, e.name, "--apply")
	wants(t, out, `kept before stopped: the earlier provider runs: Deployment capz-system/capz-controller-manager`, "kubectl scale deployment -n capz-system capz-controller-manager --replicas=0")
	p.Kubectl(t, "scale", "deployment", "-n", "capz-system", "capz-controller-manager", "--replicas=0")
	p.Apply(t, fmt.Sprintf(`{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"controller-leader-election-capz","namespace":"capz-system"},
		"spec":{"holderIdentity":"capz-0","leaseDurationSeconds":3600,"renewTime":%q}}`, time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")))
	wants(t, p.must(t, 1, "takeover", "-n", e.namespace, e.name, "--apply"), `"capz-0" holds Lease capz-system/controller-leader-election-capz`)
	p.Kubectl(t, "patch", "lease", "controller-leader-election-capz", "-n", "capz-system", "--type=merge", `--patch={"spec":{"holderIdentity":""}}`)
}

// refusedWithChanges: a tag that the earlier provider put on the cluster and not on its network would be put there now.
func (p *plane) refusedWithChanges(t *testing.T, e earlier) {
	t.Helper()
	p.Kubectl(t, "delete", "validatingwebhookconfiguration", "capz-validating-webhook-configuration")
	p.Patch(t, "azuremanagedcontrolplane", e.namespace, e.controlPlane(), `{"spec":{"additionalTags":{"late":"b"}}}`)
	out := p.must(t, 1, "takeover", "-n", e.namespace, e.name, "--apply")
	wants(t, out, "kept before planned", "virtualNetwork "+e.controlPlane(), `tags.late (none) -> "b"`, "PUT "+e.network())
	if textAt(p.Get(t, "cluster", e.namespace, e.name), "spec", "paused") != "" {
		t.Error("a cluster was paused that would be changed")
	}
	p.Patch(t, "azuremanagedcontrolplane", e.namespace, e.controlPlane(), `{"spec":{"additionalTags":{"late":null}}}`)
	p.applyFile(t, "earlier-webhooks.yaml")
	wants(t, p.must(t, 0, "takeover", "-n", e.namespace, e.name), "done  planned", "todo  paused", "ManagedCluster "+e.controlPlane()+" gets serviceoperator.azure.com/reconcile-policy: skip (now manage)")
}

// operatedNow are the objects of Azure Service Operator that there are, by kind and name.
func (p *plane) operatedNow(t *testing.T, e earlier) map[string]object {
	t.Helper()
	found := map[string]object{}
	for _, kind := range []string{"managedclusters.v1api20240901storage.containerservice.azure.com", "managedclustersagentpools.v1api20240901storage.containerservice.azure.com",
		"resourcegroups.v1api20240901storage.resources.azure.com", "virtualnetworks.v1api20240901storage.network.azure.com", "virtualnetworkssubnets.v1api20240901storage.network.azure.com"} {
		var list struct{ Items []object }
		if err := json.Unmarshal([]byte(p.Kubectl(t, "get", kind, "--namespace="+e.namespace, "--output=json")), &list); err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Items {
			found[textAt(o, "kind")+" "+textAt(o, "metadata", "name")] = o
		}
	}
	return found
}

const skipPath = "serviceoperator.azure.com/reconcile-policy"

// interrupted ends the takeover after each of its stages, and goes on.
func (p *plane) interrupted(t *testing.T, e earlier) {
	t.Helper()
	p.must(t, 0, "takeover", "-n", e.namespace, e.name, "--apply", "--until", "paused")
	if textAt(p.Get(t, "cluster", e.namespace, e.name), "spec", "paused") != "true" || len(p.operatedNow(t, e)) != 7 {
		t.Error("the stage paused did not pause, or did more")
	}
	p.must(t, 0, "takeover", "-n", e.namespace, e.name, "--apply", "--until", "skipped")
	for name, o := range p.operatedNow(t, e) {
		foreign := name == "ResourceGroup of-somebody"
		if skipped := textAt(o, "metadata", "annotations", skipPath) == "skip"; skipped == foreign {
			t.Errorf("%s: skip is %v", name, skipped)
		}
		if len(textAt(o, "metadata", "finalizers")) < 3 {
			t.Errorf("%s has lost its finalizer too early", name)
		}
	}
	// Somebody sets one back: nothing may go before it is skipped again.
	p.Kubectl(t, "annotate", "--overwrite", "managedclusters.v1api20240901storage.containerservice.azure.com", e.controlPlane(), "-n", e.namespace, skipPath+"=manage")
	wants(t, p.must(t, 0, "takeover", "-n", e.namespace, e.name), "todo  skipped", "now manage")
	p.must(t, 0, "takeover", "-n", e.namespace, e.name, "--apply", "--until", "released")
	left := p.operatedNow(t, e)
	if _, ok := left["ResourceGroup of-somebody"]; len(left) != 1 || !ok || textAt(left["ResourceGroup of-somebody"], "metadata", "deletionTimestamp") != "" {
		t.Errorf("there is still %v", left)
	}
	if p.Get(t, "secret", e.namespace, e.name+"-aso-secret") != nil {
		t.Error("a copy of credentials is left")
	}
	if p.Get(t, "azuremanagedcontrolplane", e.namespace, e.controlPlane()) == nil {
		t.Error("the control plane is gone")
	}
}

func (p *plane) tellsToInstall(t *testing.T, e earlier) {
	t.Helper()
	out := p.must(t, 1, "takeover", "-A", "--apply")
	wants(t, out, "kept before installed", "is that of the earlier provider", "clusterctl init --infrastructure azure")
	if strings.Contains(out, "not prepared") {
		t.Errorf("all clusters are prepared, and yet: %s", out)
	}
	_ = e
}

// finish: the manager runs, and the Cluster is resumed only when nothing would be sent.
func (p *plane) finish(t *testing.T, e earlier) {
	t.Helper()
	out := p.must(t, 0, "takeover", "-n", e.namespace, e.name, "--apply", "--timeout=4m")
	wants(t, out, "cleaned: AzureManagedControlPlane "+e.controlPlane()+" loses finalizer azurecluster.infrastructure.cluster.x-k8s.io", "resumed: ", "done up to observed")
	cp := p.Settled(t, e.namespace, e.controlPlane())
	for _, gone := range []string{"azurecluster.infrastructure.cluster.x-k8s.io"} {
		if strings.Contains(textAt(cp, "metadata", "finalizers"), gone) {
			t.Errorf("finalizer %s is still there", gone)
		}
	}
	if textAt(cp, "status", "lastChange") != "" {
		t.Errorf("something was changed: %s", textAt(cp, "status", "lastChange"))
	}
	cluster := p.Get(t, "cluster", e.namespace, e.name)
	if textAt(cluster, "spec", "paused") != "" || strings.Contains(textAt(cluster, "metadata", "annotations"), "takeover") {
		t.Errorf("the Cluster still has %v", textAt(cluster, "metadata", "annotations"))
	}
	identity := p.Get(t, "azureclusteridentity", e.namespace, "identity")
	if finalizers, _ := sandboxtest.At(identity, "metadata", "finalizers").([]any); len(finalizers) != 1 {
		t.Errorf("the identity has the finalizers %v", finalizers)
	}
	until(t, limit, func() string {
		state, message := sandboxtest.Condition(p.Get(t, "cluster", e.namespace, e.name), "Available")
		return unless(state == "True", "the Cluster is %s: %s", state, message)
	})
	wants(t, p.must(t, 0, "takeover", "-n", e.namespace, e.name), "done  observed")
	wants(t, p.must(t, 0, "plan", "-n", e.namespace, "--detailed-exitcode"), "0 to create, 0 to update, 0 to delete")
}

func wants(t *testing.T, out string, parts ...string) {
	t.Helper()
	missing := slices.DeleteFunc(parts, func(part string) bool { return strings.Contains(out, part) })
	if len(missing) > 0 {
		t.Fatalf("no %q in\n%s", missing, out)
	}
}
