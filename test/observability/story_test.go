package observability

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const (
	containerService = "2026-05-01"
	signer           = "aaaaaaaa-0000-4000-8000-0000000f0001"
)

// cluster is a manifest whose namespace, resource group and objects have one name; its pools have that name and a number.
func cluster(name, version string, pools int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: %[1]s, namespace: %[1]s}
spec:
  clusterNetwork: {services: {cidrBlocks: [192.168.0.0/16]}}
  controlPlaneRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedControlPlane, name: %[1]s}
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedCluster, name: %[1]s}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedCluster
metadata: {name: %[1]s, namespace: %[1]s}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlane
metadata:
  name: %[1]s
  namespace: %[1]s
spec: {location: westeurope, resourceGroupName: %[1]s, subscriptionID: %[2]s, version: %[3]s, additionalTags: {team: blue}, autoUpgradeProfile: {upgradeChannel: none}}
`, name, sandboxtest.Subscription, version)
	for i := range pools {
		mode := "User"
		if i == 0 {
			mode = "System"
		}
		fmt.Fprintf(&b, `---
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachinePool
metadata: {name: %[1]s%[2]d, namespace: %[1]s}
spec:
  clusterName: %[1]s
  replicas: 1
  template:
    spec:
      clusterName: %[1]s
      version: %[3]s
      bootstrap: {dataSecretName: ""}
      infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedMachinePool, name: %[1]s%[2]d}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePool
metadata: {name: %[1]s%[2]d, namespace: %[1]s}
spec: {mode: %[4]s, sku: Standard_D2s_v3}
`, name, i, version, mode)
	}
	return b.String()
}

func id(name string) string {
	return "/subscriptions/" + sandboxtest.Subscription + "/resourceGroups/" + name + "/providers/Microsoft.ContainerService/managedClusters/" + name
}

// The sandbox serves metrics as an installation does, over TLS and to those who may read them, and sends its traces somewhere.
func observed(t *testing.T, traces *collector) *sandboxtest.Plane {
	t.Helper()
	return planes.Get(t, "observed", sandbox.Options{
		AzureSimArgs: []string{"--durations=managedCluster=2s,agentPool=2s,unchanged=1s,resourceGroup.delete=1s", "--throttle-scale=0"},
		ManagerArgs:  []string{"--fleet-interval=2s", "--throttle-factor=10", "--insecure-diagnostics=false"},
		Env:          []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + traces.URL, "OTEL_BSP_SCHEDULE_DELAY=500"},
	})
}

// live lets happen what is to be seen: clusters that are well, one that signs in with a certificate, one that is only observed, an answer that is none, drift, a
// failed operation, throttling, and at the end operations that run, of a cluster, a pool and a deletion.
// seen returns when Prometheus has scraped a series: what happens afterwards shows in its rate.
func live(t *testing.T, p *sandboxtest.Plane, seen func(series string)) {
	t.Helper()
	certificate, key := sandboxtest.NewCertificate(t, 10*24*time.Hour)
	p.Azure.Control(t, http.MethodPut, "world", object{
		"principals":      []object{{"tenantId": sandboxtest.Tenant, "clientId": signer, "certificatePem": certificate}},
		"roleAssignments": []object{{"principal": signer, "role": "Contributor", "scope": "/subscriptions/" + sandboxtest.Subscription}},
	})
	p.Azure.Control(t, http.MethodPost, "faults", object{"method": "GET", "pathRegex": "resourceGroups/steady$", "times": 1, "status": 503, "code": "ServiceUnavailable", "message": "Try again."})
	p.Apply(t, cluster("steady", "v1.34.1", 3)+"---"+cluster("leaving", "v1.33.8", 1)+"---"+cluster("seen", "v1.34.1", 1))
	p.Apply(t, strings.Replace(cluster("signed", "v1.34.1", 1), "spec: {location", "spec: {identityRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity, name: signer, namespace: signed}, location", 1)+
		identity("signed", key+certificate))
	for _, name := range []string{"steady", "leaving", "signed", "seen"} {
		p.Settled(t, name, name)
	}
	p.Patch(t, "azuremanagedcontrolplane", "seen", "seen", `{"metadata":{"annotations":{"infrastructure.cluster.x-k8s.io/policy":"observe"}},"spec":{"additionalTags":{"team":"green"}}}`)
	p.AwaitCondition(t, "azuremanagedcontrolplane", "seen", "seen", "Synced", "False ObserveOnly")
	seen(`capaks_overhead_seconds_count{until="synced"}`)
	drift(t, p)
	seen(`capaks_operation_duration_seconds_count{resource="managedCluster",operation="updating"}`)
	p.Patch(t, "azuremanagedcontrolplane", "steady", "steady", `{"spec":{"additionalTags":{"cost":"low"}}}`)
	p.Settled(t, "steady", "steady")
	failure(t, p)
	throttle(t, p)
	for _, rule := range []object{
		{"method": "PUT", "pathRegex": "managedClusters/building$", "operationTakes": "10m"},
		{"method": "PUT", "pathRegex": "agentPools/steady2$", "operationTakes": "10m"},
		{"method": "DELETE", "pathRegex": "managedClusters/leaving$", "operationTakes": "10m"},
	} {
		p.Azure.Control(t, http.MethodPost, "faults", rule)
	}
	p.Apply(t, cluster("building", "v1.34.1", 1))
	p.Patch(t, "machinepool.cluster.x-k8s.io", "steady", "steady2", `{"spec":{"replicas":3}}`)
	p.Kubectl(t, "delete", "cluster.cluster.x-k8s.io", "leaving", "--namespace=leaving", "--wait=false")
	for _, o := range [][3]string{{"azuremanagedcontrolplane", "building", "building"}, {"azuremanagedmachinepool", "steady", "steady2"}, {"azuremanagedcontrolplane", "leaving", "leaving"}} {
		sandboxtest.Until(t, sandboxtest.Limit, func() string {
			return sandboxtest.Unless(sandboxtest.TextAt(p.Get(t, o[0], o[1], o[2]), "status", "operation", "startTime") != "", "nothing runs on %s", o[2])
		})
	}
	// A change during an operation waits for it, and somebody is told.
	p.Patch(t, "azuremanagedcontrolplane", "steady", "steady", `{"spec":{"additionalTags":{"team":"blue","during":"operation"}}}`)
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		return sandboxtest.Unless(strings.Contains(told(t, p, "steady"), "(tags.during) waits for"), "no wait is told")
	})
	p.Kubectl(t, "delete", "machinepool.cluster.x-k8s.io", "steady1", "--namespace=steady", "--wait=false")
}

// drift: somebody sets a tag to another value, and it is set back.
func drift(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	p.Azure.ARM(t, http.MethodPatch, id("steady"), containerService, object{"tags": object{"team": "red"}})
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		return sandboxtest.Unless(strings.Contains(told(t, p, "steady"), `tags.team "red" -> "blue" (drift)`), "the tag is not set back; told is\n%s", told(t, p, "steady"))
	})
	p.Settled(t, "steady", "steady")
}

// failure: Azure cannot carry out a change of a pool. It stays failed.
func failure(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	p.Azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": "agentPools/steady1$", "times": 1, "failOperation": object{"code": "SubnetIsFull", "message": "Subnet is full."}})
	p.Patch(t, "machinepool.cluster.x-k8s.io", "steady", "steady1", `{"spec":{"replicas":2}}`)
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		return sandboxtest.Unless(strings.Contains(told(t, p, "steady"), "steady1 ended Failed after"), "no failure is told:\n%s", told(t, p, "steady"))
	})
}

// throttle: Azure has enough of changes of a cluster, and the next one is not even sent.
func throttle(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	p.Azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": "managedClusters/signed$", "times": 1, "status": 429, "retryAfter": 120,
		"code": "Throttled", "message": "The request limit has been exceeded.", "flat": true})
	for i := range 2 {
		p.Patch(t, "azuremanagedcontrolplane", "signed", "signed", fmt.Sprintf(`{"spec":{"additionalTags":{"n":"%d"}}}`, i))
		sandboxtest.Until(t, sandboxtest.Limit, func() string {
			state, message := sandboxtest.Condition(p.Get(t, "azuremanagedcontrolplane", "signed", "signed"), "Synced")
			return sandboxtest.Unless(state == "False Throttled" && strings.Contains(message, []string{"The request limit has been exceeded", "is held back"}[i]), "Synced is %s: %s", state, message)
		})
	}
}

// told are the events of a namespace, a line each.
func told(t *testing.T, p *sandboxtest.Plane, namespace string) string {
	t.Helper()
	var b strings.Builder
	for _, e := range p.Events(t, namespace) {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

func identity(namespace, certificate string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Secret
metadata: {name: signer, namespace: %[1]s}
stringData: {certificate: %[2]q}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureClusterIdentity
metadata: {name: signer, namespace: %[1]s}
spec: {type: ServicePrincipalCertificate, tenantID: %[3]s, clientID: %[4]s, clientSecret: {name: signer}, allowedNamespaces: {}}
`, namespace, certificate, sandboxtest.Tenant, signer)
}
