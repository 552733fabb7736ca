package gitops

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// flux applies like Flux does: server-side, under its own name, and with force.
var flux = []string{"--server-side", "--force-conflicts", "--field-manager=kustomize-controller"}

// declaration is a cluster of two pools in the current version of Cluster API's types.
type declaration struct {
	name, version string
	replicas      int  // of the User pool; none are written while it is scaled by AKS
	autoscaled    bool // the User pool
	pools         bool
}

func (d declaration) manifest() string {
	meta := func(name string) object { return object{"name": name, "namespace": d.name} }
	ref := func(kind, name string) object {
		return object{"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": kind, "name": name}
	}
	const core, infra = "cluster.x-k8s.io/v1beta2", "infrastructure.cluster.x-k8s.io/v1beta1"
	objects := []object{
		{"apiVersion": core, "kind": "Cluster", "metadata": meta(d.name), "spec": object{
			"clusterNetwork":    object{"services": object{"cidrBlocks": []any{"192.168.0.0/16"}}},
			"controlPlaneRef":   ref("AzureManagedControlPlane", d.name),
			"infrastructureRef": ref("AzureManagedCluster", d.name),
		}},
		{"apiVersion": infra, "kind": "AzureManagedControlPlane", "metadata": meta(d.name), "spec": object{
			"location": "westeurope", "resourceGroupName": d.name, "subscriptionID": sandboxtest.Subscription, "version": d.version, "sshPublicKey": "",
			"sku": object{"tier": "Paid"},
		}},
		{"apiVersion": infra, "kind": "AzureManagedCluster", "metadata": meta(d.name), "spec": object{}},
	}
	for _, pool := range []string{"system", "work"} {
		if !d.pools {
			break
		}
		machines := object{"clusterName": d.name, "replicas": 1, "template": object{"spec": object{
			"bootstrap": object{"dataSecretName": ""}, "clusterName": d.name, "version": d.version, "infrastructureRef": ref("AzureManagedMachinePool", pool),
		}}}
		spec := object{"mode": "System", "sku": "Standard_D2s_v3"}
		if pool == "work" {
			spec["mode"], machines["replicas"] = "User", d.replicas
			if d.autoscaled {
				spec["scaling"] = object{"minSize": 2, "maxSize": 5}
				delete(machines, "replicas")
			}
		}
		objects = append(objects,
			object{"apiVersion": core, "kind": "MachinePool", "metadata": meta(pool), "spec": machines},
			object{"apiVersion": infra, "kind": "AzureManagedMachinePool", "metadata": meta(pool), "spec": spec})
	}
	return sandboxtest.Documents(objects...)
}

// TestAsFluxApplies follows a cluster through its life: after each change the manifests that made it make no other one.
func TestAsFluxApplies(t *testing.T) {
	t.Parallel()
	p := plane(t)
	d := declaration{name: "followed", version: "v1.33.4", replicas: 1, pools: true}
	s := newSource(t, map[string]string{"all": d.manifest()})
	s.namespaces(t, p)
	for _, step := range []struct {
		name   string
		change func()
		then   func()
	}{
		{"created", func() {}, nil},
		{"scaled", func() { d.replicas = 2 }, nil},
		{"upgraded", func() { d.version = "v1.34.1" }, nil},
		{"scaled by AKS", func() { d.autoscaled = true }, func() {
			until(t, limit, func() string {
				mark := at(p.Get(t, machinePool, d.name, "work"), "metadata", "annotations", "cluster.x-k8s.io/replicas-managed-by")
				return unless(mark == "aks", "the MachinePool says that %v owns its count", mark)
			})
			pool := "/subscriptions/" + sandboxtest.Subscription + "/resourceGroups/followed/providers/Microsoft.ContainerService/managedClusters/followed/agentPools/work"
			p.Azure.Outside(t, object{"kind": "autoscaler", "id": pool, "count": 4})
			until(t, limit, func() string {
				count := textAt(p.Get(t, machinePool, d.name, "work"), "spec", "replicas")
				return unless(count == "4", "the MachinePool has %s replicas, AKS 4", count)
			})
			// Where Git gives a count all the same, Argo CD is told to leave it: of this pool, and of no other.
			for pool, compared := range map[string]any{"work": nil, "system": 1.} {
				h := healthOf(t, p.Get(t, machinePool, d.name, pool))
				if got := at(h.Compared, "spec", "replicas"); got != compared {
					t.Errorf("Argo CD compares spec.replicas of %s as %v, want %v", pool, got, compared)
				}
			}
		}},
	} {
		step.change()
		s.write(t, "all", d.manifest())
		s.apply(t, p, flux...)
		s.settled(t, p)
		if step.then != nil {
			step.then()
		}
		s.quiet(t, p, flux...)
		s.asWritten(t, p)
		s.oursOnly(t, p)
		if t.Failed() {
			t.Fatalf("after it was %s", step.name)
		}
	}
	s.prune(t, p)
}

// prune deletes everything at once, as a tool does whose directory is gone, and again while something is refused. In the end nothing is
// left here, nor in Azure.
func (s *source) prune(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	until(t, limit, func() string {
		out, err := p.Box.Kubectl(t.Context(), "delete", "-f", s.dir, "--wait=false", "--ignore-not-found")
		if err != nil {
			return fmt.Sprintf("%v\n%s", err, out)
		}
		left, err := p.Box.Kubectl(t.Context(), "get", "-f", s.dir, "--ignore-not-found", "--output=name")
		if err != nil {
			return err.Error()
		}
		var names []string
		for line := range strings.Lines(left) {
			if strings.Contains(line, "cluster.x-k8s.io/") && !strings.HasPrefix(line, "Warning") {
				names = append(names, strings.TrimSpace(line))
			}
		}
		return unless(len(names) == 0, "still there: %v", names)
	})
	for _, o := range s.of("AzureManagedControlPlane") {
		if left := p.Azure.Resources(t, "/resourceGroups/"+textAt(o, "spec", "resourceGroupName")+"/"); len(left) > 0 {
			t.Errorf("Azure still has %v", left)
		}
	}
}

// health is what Argo CD and Flux say of an object with the checks of examples/gitops.
type health struct {
	Argo, Message, Flux string
	Compared            object // without what Argo CD ignores
}

func healthOf(t *testing.T, o object) (h health) {
	t.Helper()
	folder := filepath.Join("..", "..", "examples", "gitops")
	raw, err := json.Marshal([]object{o})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(sandboxtest.BinDir(t, "gitops-health"), "gitops-health"),
		"-argocd", filepath.Join(folder, "argocd", "argocd-cm.yaml"), "-flux", filepath.Join(folder, "flux", "kustomizations.yaml"))
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(raw)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []health
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != 1 {
		t.Fatalf("%v in %s", err, out)
	}
	return answers[0]
}

// TestHealth asks the checks of the examples about real objects in each state a person tells apart.
func TestHealth(t *testing.T) {
	t.Parallel()
	p := plane(t)
	d := declaration{name: "healthy", version: "v1.34.1", replicas: 1}
	s := newSource(t, map[string]string{"all": d.manifest()})
	s.namespaces(t, p)
	expect := func(kind, name, argo, flux, message string) {
		t.Helper()
		until(t, limit, func() string {
			o := p.Get(t, kind, d.name, name)
			if o == nil {
				return kind + " " + name + " is not there"
			}
			h := healthOf(t, o)
			return unless(h.Argo == argo && h.Flux == flux && strings.Contains(h.Message, message),
				"%s %s is %+v, want %s, %s, %q", kind, name, h, argo, flux, message)
		})
	}
	s.apply(t, p)
	expect(controlPlane, d.name, "Progressing", "InProgress", "WaitingForPools")
	expect(infraCluster, d.name, "Progressing", "InProgress", "")

	d.pools = true
	s.write(t, "all", d.manifest())
	s.apply(t, p)
	for kind, name := range map[string]string{controlPlane: d.name, infraCluster: d.name, infraPool: "work"} {
		expect(kind, name, "Healthy", "Current", "")
	}

	p.Patch(t, controlPlane, d.name, d.name, `{"spec":{"identityRef":{"kind":"AzureClusterIdentity","name":"nobody","namespace":"healthy"}}}`)
	const nobody = "IdentityNotFound: spec.identityRef: AzureClusterIdentity healthy/nobody does not exist"
	expect(infraPool, "work", "Degraded", "Failed", nobody)
	// The changed object itself: status.observedGeneration is what was carried out, and until it is Flux calls that work in progress.
	expect(controlPlane, d.name, "Degraded", "InProgress", nobody)
	p.Patch(t, controlPlane, d.name, d.name, `{"spec":{"identityRef":null}}`)
	expect(controlPlane, d.name, "Healthy", "Current", "")

	p.Patch(t, controlPlane, d.name, d.name, `{"metadata":{"annotations":{"infrastructure.cluster.x-k8s.io/policy":"observe"}},"spec":{"sku":{"tier":"Premium"}}}`)
	expect(controlPlane, d.name, "Suspended", "Current", "sku.tier")

	p.Patch(t, capiCluster, d.name, d.name, `{"spec":{"paused":true}}`)
	expect(controlPlane, d.name, "Suspended", "Current", "paused")
	p.Kubectl(t, "delete", controlPlane, d.name, "--namespace="+d.name, "--wait=false")
	expect(controlPlane, d.name, "Progressing", "InProgress", "is being deleted")
}
