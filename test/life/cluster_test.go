package life

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const (
	infraVersion = "infrastructure.cluster.x-k8s.io/v1beta1"
	coreVersion  = "cluster.x-k8s.io/v1beta2"
)

// cluster is an AKS cluster as a user declares it. Namespace, resource group and all objects of the cluster have its name; the
// objects of a pool have the name of the pool.
type cluster struct {
	name, version string
	spec          object // further fields of the control plane's spec
	pools         []pool
}

// pool is a MachinePool with its AzureManagedMachinePool.
type pool struct {
	name, mode string
	replicas   int
	version    string // default: that of the cluster; "-" for none
	spec       object // further fields of the AzureManagedMachinePool's spec
	set        object // further fields of the MachinePool's spec
}

func (c cluster) id() string {
	return subscription + "/resourceGroups/" + c.name + "/providers/Microsoft.ContainerService/managedClusters/" + c.name
}

func (c cluster) poolID(name string) string { return c.id() + "/agentPools/" + name }

// about lets requests about anything of the cluster pass: its resource group and that of its nodes.
func (c cluster) about(r request) bool {
	path := strings.ToLower(r.Path)
	for _, part := range []string{"/resourcegroups/" + c.name + "/", "/resourcegroups/" + c.name + "?", "/resourcegroups/mc_" + c.name + "_"} {
		if strings.Contains(path, strings.ToLower(part)) {
			return true
		}
	}
	return false
}

func (c cluster) manifest() string {
	spec := object{"location": "westeurope", "resourceGroupName": c.name, "subscriptionID": strings.TrimPrefix(subscription, "/subscriptions/"), "version": c.version}
	merge(spec, c.spec)
	ref := func(kind string) object {
		return object{"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": kind, "name": c.name}
	}
	objects := []object{
		{"apiVersion": coreVersion, "kind": "Cluster", "metadata": c.meta(c.name), "spec": object{
			"clusterNetwork":  object{"services": object{"cidrBlocks": []string{"192.168.0.0/16"}}},
			"controlPlaneRef": ref("AzureManagedControlPlane"), "infrastructureRef": ref("AzureManagedCluster"),
		}},
		{"apiVersion": infraVersion, "kind": "AzureManagedControlPlane", "metadata": c.meta(c.name), "spec": spec},
		{"apiVersion": infraVersion, "kind": "AzureManagedCluster", "metadata": c.meta(c.name), "spec": object{}},
	}
	for _, p := range c.pools {
		objects = append(objects, c.poolObjects(p)...)
	}
	return sandboxtest.Documents(objects...)
}

func (c cluster) poolObjects(p pool) []object {
	template := object{
		"bootstrap": object{"dataSecretName": ""}, "clusterName": c.name,
		"infrastructureRef": object{"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "AzureManagedMachinePool", "name": p.name},
	}
	switch p.version {
	case "":
		template["version"] = c.version
	case "-":
	default:
		template["version"] = p.version
	}
	machines := object{"clusterName": c.name, "replicas": p.replicas, "template": object{"spec": template}}
	merge(machines, p.set)
	spec := object{"mode": p.mode, "sku": "Standard_D2s_v3"}
	merge(spec, p.spec)
	return []object{
		{"apiVersion": coreVersion, "kind": "MachinePool", "metadata": c.meta(p.name), "spec": machines},
		{"apiVersion": infraVersion, "kind": "AzureManagedMachinePool", "metadata": c.meta(p.name), "spec": spec},
	}
}

func (c cluster) meta(name string) object { return object{"name": name, "namespace": c.name} }

func merge(into, more object) {
	for key, value := range more {
		into[key] = value
	}
}

// create makes the namespace and the cluster, waits until both are as declared, and takes everything away with the test.
func (p *plane) create(t *testing.T, c cluster) {
	t.Helper()
	p.Kubectl(t, "create", "namespace", c.name)
	p.Apply(t, c.manifest())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("events:\n%s", joined(p.Events(t, c.name)))
			t.Logf("requests:\n%s", joined(p.azure.Requests(t, 0, c.about)))
		}
		p.azure.clean(t, c)
	})
	p.Settled(t, c.name, c.name)
}

func joined[T fmt.Stringer](list []T) string {
	lines := make([]string, len(list))
	for i, item := range list {
		lines[i] = item.String()
	}
	return strings.Join(lines, "\n")
}
