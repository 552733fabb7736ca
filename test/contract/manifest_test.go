package contract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// infra and core are the API versions of today.
const (
	infra = "infrastructure.cluster.x-k8s.io/v1beta1"
	core  = "cluster.x-k8s.io/v1beta2"
)

// name is the only one a story needs: that of its namespace, its resource group, its Cluster and the objects of the contract.
func clusterID(name string) string {
	return "/subscriptions/" + sandboxtest.Subscription + "/resourceGroups/" + name + "/providers/Microsoft.ContainerService/managedClusters/" + name
}

// about lets requests about a story's resource groups pass.
func about(name string) func(sandboxtest.Request) bool {
	return func(r sandboxtest.Request) bool {
		return r.About("/resourceGroups/"+name+"/") || r.About("/resourceGroups/"+name+"?") || r.About("/resourceGroups/MC_"+name+"_")
	}
}

func clusterManifest(name string) string {
	return fmt.Sprintf(`
apiVersion: %[2]s
kind: Cluster
metadata: {name: %[1]s, namespace: %[1]s}
spec:
  clusterNetwork: {services: {cidrBlocks: [192.168.0.0/16]}}
  controlPlaneRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedControlPlane, name: %[1]s}
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedCluster, name: %[1]s}
`, name, core)
}

// controlPlaneManifest takes further lines of the spec, without indentation.
func controlPlaneManifest(name string, more ...string) string {
	return fmt.Sprintf(`---
apiVersion: %[2]s
kind: AzureManagedControlPlane
metadata: {name: %[1]s, namespace: %[1]s}
spec:
  location: westeurope
  resourceGroupName: %[1]s
  subscriptionID: %[3]s
  version: 1.34.1
`, name, infra, sandboxtest.Subscription) + indented(more)
}

func indented(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("  " + line + "\n")
	}
	return b.String()
}

func infraClusterManifest(name string) string {
	return fmt.Sprintf(`---
apiVersion: %[2]s
kind: AzureManagedCluster
metadata: {name: %[1]s, namespace: %[1]s}
spec: {}
`, name, infra)
}

// poolManifest takes further lines of the MachinePool's spec.
func poolManifest(name, pool, mode string, replicas int, more ...string) string {
	return fmt.Sprintf(`---
apiVersion: %[5]s
kind: MachinePool
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  clusterName: %[1]s
  replicas: %[4]d
  template:
    spec:
      bootstrap: {dataSecretName: ""}
      clusterName: %[1]s
      version: v1.34.1
      infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedMachinePool, name: %[2]s}
%[7]s---
apiVersion: %[6]s
kind: AzureManagedMachinePool
metadata: {name: %[2]s, namespace: %[1]s}
spec: {mode: %[3]s, sku: Standard_D2s_v3}
`, name, pool, mode, replicas, core, infra, indented(more))
}

// cluster is the plainest one, with a System pool "system" of one node and whatever else is declared.
func cluster(name string, more ...string) string {
	return clusterManifest(name) + controlPlaneManifest(name) + infraClusterManifest(name) + poolManifest(name, "system", "System", 1) + strings.Join(more, "")
}

// namespace makes one for a story; when the story fails, the test shows what the manager said and did.
func (w *world) namespace(t *testing.T, name string) {
	t.Helper()
	w.Kubectl(t, "create", "namespace", name)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("events:\n%v", w.Events(t, name))
			t.Logf("requests:\n%v", w.Azure.Requests(t, 0, about(name)))
		}
	})
}

// remove deletes the Cluster and waits until it is gone.
func (w *world) remove(t *testing.T, name string) {
	t.Helper()
	w.Kubectl(t, "delete", clusterKind, name, "--namespace="+name, "--wait=false")
	until(t, limit, func() string {
		_, message := condition(w.now(clusterKind, name, name), "Deleting")
		return unless(end(w.revisions(clusterKind, name, name)) > 0, "Cluster %s is still there: %s", name, message)
	})
}
