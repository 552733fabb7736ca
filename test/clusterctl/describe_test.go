package clusterctl

import (
	"encoding/base64"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestDescribe looks at a cluster as a user does: when all is well, and when Azure refused something.
func TestDescribe(t *testing.T) {
	t.Parallel()
	const name = "described"
	p := home(t)
	create(t, p, name, nil)
	describe := func(args ...string) string {
		out, said, err := run{kubeconfig: p.Box.Kubeconfig(), args: append([]string{"describe", "cluster", name, "--namespace=" + name, "--color=false"}, args...)}.try(t)
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		return out
	}
	well := describe()
	if missing := lacks(well, "Cluster described/described", "AzureManagedCluster described/described", "AzureManagedControlPlane described/described, v1.34.1", "MachinePool described/described-pool0, v1.34.1"); missing != nil {
		t.Errorf("it lacks %q", missing)
	}
	if strings.Contains(well, "False") {
		t.Error("something of a healthy cluster is False")
	}
	t.Run("kubeconfig", func(t *testing.T) { checkKubeconfig(t, p, name) })

	id := clusterID(name) + "/agentPools/pool1"
	p.Azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": id, "status": 400, "code": "ErrCode_InsufficientVCPUQuota",
		"message": "Insufficient vcpu quota requested 14, remaining 10 for family standardDSv2Family for region southcentralus."})
	p.Patch(t, "machinepool.cluster.x-k8s.io", name, name+"-pool1", `{"spec":{"replicas":7}}`)
	p.AwaitCondition(t, "azuremanagedmachinepool", name, name+"-pool1", "Ready", "False QuotaExceeded")
	ill := describe()
	if missing := lacks(ill, "AzureManagedMachinePool described/described-pool1", "QuotaExceeded", "Insufficient vcpu quota"); missing != nil || strings.Contains(ill, "declared") {
		t.Errorf("a pool has a problem; it lacks %q", missing)
	}

	p.Azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": "/managedClusters/" + name + "$", "status": 403, "code": "RequestDisallowedByPolicy",
		"message": "Resource 'described' was disallowed by policy."})
	p.Patch(t, "azuremanagedcontrolplane", name, name, `{"spec":{"additionalTags":{"cost-center":"none"}}}`)
	p.AwaitCondition(t, "azuremanagedcontrolplane", name, name, "Ready", "False RequestDisallowedByPolicy")
	ill = describe()
	if missing := lacks(ill, "not as declared", "RequestDisallowedByPolicy"); missing != nil {
		t.Errorf("the control plane has a problem; it lacks %q", missing)
	}
	all := describe("--show-conditions=AzureManagedControlPlane")
	if missing := lacks(all, "Synced", "RequestDisallowedByPolicy", "CredentialsValid", "ManagedClusterRunning"); missing != nil {
		t.Errorf("all conditions of the control plane lack %q", missing)
	}
}

// checkKubeconfig: what clusterctl hands out works.
func checkKubeconfig(t *testing.T, p *plane, name string) {
	out, said, err := run{kubeconfig: p.Box.Kubeconfig(), args: []string{"get", "kubeconfig", name, "--namespace=" + name}}.try(t)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	stored, err := base64.StdEncoding.DecodeString(at(p.Get(t, "secret", name, name+"-kubeconfig"), "data", "value"))
	if err != nil || strings.TrimSpace(out) != strings.TrimSpace(string(stored)) {
		t.Errorf("it is not what is stored (%v)", err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	write(t, file, []byte(out))
	if nodes := p.Kubectl(t, "--kubeconfig="+file, "get", "nodes", "--no-headers"); strings.Count(nodes, " Ready ") != 4 {
		t.Errorf("the workload cluster has not 4 ready nodes:\n%s", nodes)
	}
}

// create makes a cluster of the flavor aks, named like its namespace, and waits for it.
func create(t *testing.T, p *plane, name string, variables map[string]string) {
	t.Helper()
	p.Apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n")
	p.Apply(t, generate(t, repository(t, nil), "aks", name, name, variables))
	available(t, p, name, name)
}

func clusterID(name string) string {
	return "/subscriptions/" + sandboxtest.Subscription + "/resourceGroups/" + name + "/providers/Microsoft.ContainerService/managedClusters/" + name
}
