package packaging

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// everything is a cluster with which the manager does all it can do with objects of the management cluster.
const everything = `
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureClusterIdentity
metadata: {name: team, namespace: replicas}
spec:
  type: ServicePrincipal
  tenantID: TENANT
  clientID: CLIENT
  clientSecret: {name: team, namespace: replicas}
  allowedNamespaces:
    selector:
      matchLabels: {kubernetes.io/metadata.name: replicas}
---
apiVersion: v1
kind: Secret
metadata: {name: team, namespace: replicas}
stringData: {clientSecret: SECRET}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: replicas, namespace: replicas}
spec:
  clusterNetwork: {services: {cidrBlocks: [192.168.0.0/16]}}
  controlPlaneRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedControlPlane, name: replicas}
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedCluster, name: replicas}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlane
metadata: {name: replicas, namespace: replicas}
spec:
  identityRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity, name: team}
  location: westeurope
  oidcIssuerProfile: {enabled: true}
  resourceGroupName: replicas
  sshPublicKey: ""
  subscriptionID: SUBSCRIPTION
  version: v1.34.1
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedCluster
metadata: {name: replicas, namespace: replicas}
spec: {}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachinePool
metadata: {name: system, namespace: replicas}
spec:
  clusterName: replicas
  replicas: 1
  template: {spec: {bootstrap: {dataSecretName: ""}, clusterName: replicas, version: v1.34.1, infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedMachinePool, name: system}}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePool
metadata: {name: system, namespace: replicas}
spec: {mode: System, sku: Standard_D2s_v3}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachinePool
metadata: {name: scaled, namespace: replicas}
spec:
  clusterName: replicas
  replicas: 1
  template: {spec: {bootstrap: {dataSecretName: ""}, clusterName: replicas, version: v1.34.1, infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedMachinePool, name: scaled}}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePool
metadata: {name: scaled, namespace: replicas}
spec: {mode: User, sku: Standard_D2s_v3, scaling: {minSize: 1, maxSize: 3}}
`

// notSeen are the rights that the story cannot be made to use, each with the reason why it is needed.
var notSeen = map[string]string{
	"update infrastructure.cluster.x-k8s.io/azuremanagedcontrolplanes/finalizers": "asked by the API server where it admits an owner reference with blockOwnerDeletion",
	"delete /secrets":            "asked by the API server where it admits another owner reference on one that exists; none is deleted",
	"delete /configmaps":         "the same",
	"patch events.k8s.io/events": "an event that recurs within minutes is counted, and not written again",
	"list":                       "client-go streams lists as watches and falls back to this verb where the API server is too old to",
}

// everyRightIsUsed compares the rules of the components with what the API server wrote down: one that nobody uses is one too many.
func (p plane) everyRightIsUsed(t *testing.T) {
	t.Helper()
	all, err := sandboxtest.Accesses(p.Box)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, a := range all {
		if !a.Denied() {
			used[a.Verb+" "+a.Object.APIGroup+"/"+a.What()] = true
		}
	}
	for right := range notSeen {
		if strings.HasPrefix(right, "delete ") && used[right] {
			t.Errorf("the manager used the right to %s, which it has for another reason", right)
		}
	}
	var rights int
	for _, role := range ofKind(components(t, "default"), "ClusterRole", "Role") {
		if sandboxtest.TextAt(role, "metadata", "name") != "capaks-manager-role" {
			continue
		}
		for _, right := range granted(role) {
			rights++
			verb, what, _ := strings.Cut(right, " ")
			switch {
			case used[right], notSeen[right] != "":
			case notSeen[verb] != "" && used["watch "+what]:
			default:
				t.Errorf("%s %s: nobody uses the right to %s; without a use its marker has to go", sandboxtest.TextAt(role, "kind"), sandboxtest.TextAt(role, "metadata", "name"), right)
			}
		}
	}
	t.Logf("%d rights are granted, %d requests were looked at", rights, len(all))
}

// granted are the rights of a role as "verb group/resource".
func granted(role object) (rights []string) {
	rules, _ := sandboxtest.At(role, "rules").([]any)
	for _, rule := range rules {
		for _, group := range texts(rule, "apiGroups") {
			for _, resource := range texts(rule, "resources") {
				for _, verb := range texts(rule, "verbs") {
					rights = append(rights, verb+" "+group+"/"+resource)
				}
			}
		}
	}
	return rights
}

func texts(value any, field string) (out []string) {
	list, _ := sandboxtest.At(value, field).([]any)
	for _, item := range list {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

// TestRightsAreNarrow: no wildcard, no right to list Secrets, none to delete what the API server does not want it for, and leases in the
// manager's namespace only.
func TestRightsAreNarrow(t *testing.T) {
	t.Parallel()
	for _, role := range ofKind(components(t, "default"), "ClusterRole", "Role") {
		if sandboxtest.TextAt(role, "metadata", "name") != "capaks-manager-role" {
			continue
		}
		for _, right := range granted(role) {
			verb, what, _ := strings.Cut(right, " ")
			cluster := sandboxtest.TextAt(role, "kind") == "ClusterRole"
			if strings.Contains(right, "*") || strings.HasPrefix(verb, "delete") && notSeen[right] == "" || slices.Contains([]string{"bind", "escalate", "impersonate"}, verb) ||
				slices.Contains([]string{"/secrets", "/configmaps"}, what) && !slices.Contains([]string{"get", "create", "patch", "delete"}, verb) ||
				cluster && what == "coordination.k8s.io/leases" {
				t.Errorf("%s: %s is more than a manager needs", sandboxtest.TextAt(role, "kind"), right)
			}
		}
	}
}
