package e2e

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

type object = map[string]any

// cluster is an AKS cluster as a user declares it. The zero value of a field takes what the quick start has.
type cluster struct {
	namespace, name        string
	group                  string // resource group; default: the name
	subscription, location string
	version                string
	controlPlane           object // further fields of its spec; nil removes one
	pools                  []pool
}

// pool is a MachinePool with its AzureManagedMachinePool.
type pool struct {
	name     string
	mode     string
	replicas int
	version  string
	spec     object // further fields of the AzureManagedMachinePool's spec
}

// small is a cluster with one System pool of one node.
func small(namespace, name string) cluster {
	return cluster{namespace: namespace, name: name, pools: []pool{{name: "system", mode: "System", replicas: 1}}}
}

func (c cluster) groupName() string { return orElse(c.group, c.name) }
func (c cluster) sub() string       { return orElse(c.subscription, subscriptionA) }

// groupID, id and poolID are where it is in Azure.
func (c cluster) groupID() string {
	return "/subscriptions/" + c.sub() + "/resourceGroups/" + c.groupName()
}
func (c cluster) id() string                { return c.groupID() + managedClusterProvider + c.name }
func (c cluster) poolID(name string) string { return c.id() + "/agentPools/" + name }

// mentions lets requests about anything of the cluster pass: its resource group and that of its nodes.
func (c cluster) mentions(r request) bool {
	return r.About("/resourceGroups/"+c.groupName()+"/") || r.About("/resourceGroups/"+c.groupName()+"?") || r.About("/resourceGroups/MC_"+c.groupName()+"_"+c.name+"_")
}

func (c cluster) manifest() string {
	version := orElse(c.version, "v1.34.1")
	meta := func(name string) object { return object{"name": name, "namespace": c.namespace} }
	ref := func(kind, name string) object {
		return object{"apiVersion": infraGroup + "/v1beta1", "kind": kind, "name": name}
	}
	spec := object{
		"location": orElse(c.location, "southcentralus"), "resourceGroupName": c.groupName(), "sshPublicKey": "",
		"subscriptionID": c.sub(), "version": version, "networkPlugin": "azure", "networkPolicy": "azure",
	}
	for key, value := range c.controlPlane {
		if spec[key] = value; value == nil {
			delete(spec, key)
		}
	}
	objects := []object{
		{"apiVersion": coreGroup + "/v1beta1", "kind": "Cluster", "metadata": meta(c.name), "spec": object{
			"clusterNetwork":    object{"services": object{"cidrBlocks": []string{"192.168.0.0/16"}}},
			"controlPlaneRef":   ref("AzureManagedControlPlane", c.name),
			"infrastructureRef": ref("AzureManagedCluster", c.name),
		}},
		{"apiVersion": infraGroup + "/v1beta1", "kind": "AzureManagedControlPlane", "metadata": meta(c.name), "spec": spec},
		{"apiVersion": infraGroup + "/v1beta1", "kind": "AzureManagedCluster", "metadata": meta(c.name), "spec": object{}},
	}
	for _, p := range c.pools {
		objects = append(objects, c.poolObjects(p, version)...)
	}
	return sandboxtest.Documents(objects...)
}

func (c cluster) poolObjects(p pool, version string) []object {
	// Pools of several clusters may share a namespace, so the objects' names are not the pool's.
	name := c.poolObject(p.name)
	spec := object{"name": p.name, "mode": p.mode, "sku": "Standard_D2s_v3", "osDiskSizeGB": 128}
	for key, value := range p.spec {
		spec[key] = value
	}
	return []object{
		{"apiVersion": coreGroup + "/v1beta1", "kind": "MachinePool", "metadata": object{"name": name, "namespace": c.namespace}, "spec": object{
			"clusterName": c.name, "replicas": p.replicas,
			"template": object{"spec": object{
				"bootstrap": object{"dataSecretName": ""}, "clusterName": c.name, "version": orElse(p.version, version),
				"infrastructureRef": object{"apiVersion": infraGroup + "/v1beta1", "kind": "AzureManagedMachinePool", "name": name},
			}},
		}},
		{"apiVersion": infraGroup + "/v1beta1", "kind": "AzureManagedMachinePool", "metadata": object{"name": name, "namespace": c.namespace}, "spec": spec},
	}
}

// poolObject is the name of a pool's objects.
func (c cluster) poolObject(pool string) string { return c.name + "-" + pool }

// identityManifest declares an identity that namespaces may use.
func identityManifest(namespace, name string, spec object, allowed ...string) string {
	if allowed != nil {
		spec["allowedNamespaces"] = object{"list": allowed}
	}
	return sandboxtest.Documents(object{
		"apiVersion": infraGroup + "/v1beta1", "kind": "AzureClusterIdentity", "metadata": object{"name": name, "namespace": namespace}, "spec": spec,
	})
}

func secretManifest(namespace, name string, data map[string]string) string {
	return sandboxtest.Documents(object{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": name, "namespace": namespace}, "stringData": data})
}

func identityRef(namespace, name string) object {
	return object{"apiVersion": infraGroup + "/v1beta1", "kind": "AzureClusterIdentity", "name": name, "namespace": namespace}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// creation is how long a cluster may take on a busy machine: Cluster API tries to connect again only half a minute after a failure.
const creation = 2 * time.Minute

// awaitAvailable waits until the Cluster is Available and all its MachinePools run.
func (p *plane) awaitAvailable(t *testing.T, c cluster) {
	t.Helper()
	p.awaitCondition(t, creation, clusters, c.namespace, c.name, "Available", "True", "")
	for _, pool := range c.pools {
		p.awaitPool(t, c, pool.name, pool.replicas)
	}
}

// awaitPool waits until a MachinePool runs with as many nodes.
func (p *plane) awaitPool(t *testing.T, c cluster, pool string, nodes int) {
	t.Helper()
	eventually(t, time.Minute, func() string {
		mp := p.get(t, machinePools, c.namespace, c.poolObject(pool))
		refs := 0
		if mp != nil {
			refs = len(slice(mp.Object, "status", "nodeRefs"))
		}
		if phase := text(mp, "status", "phase"); phase != "Running" || refs != nodes || text(mp, "status", "replicas") != fmt.Sprint(nodes) {
			_, reason, message := condition(p.get(t, infraPools, c.namespace, c.poolObject(pool)), "Ready")
			return fmt.Sprintf("MachinePool %s is %s with %d of %d nodes (%s %s)", pool, phase, refs, nodes, reason, message)
		}
		return ""
	})
}

// awaitSynced waits until Azure is as declared and nothing is left to do.
func (p *plane) awaitSynced(t *testing.T, c cluster) {
	t.Helper()
	eventually(t, time.Minute, func() string {
		cp := p.get(t, controlPlanes, c.namespace, c.name)
		status, reason, message := condition(cp, "Synced")
		if status != "True" || text(cp, "metadata", "generation") != text(cp, "status", "observedGeneration") {
			return fmt.Sprintf("Synced is %s %s (%s), generation %s observed %s", status, reason, message, text(cp, "metadata", "generation"), text(cp, "status", "observedGeneration"))
		}
		return ""
	})
}

// remove deletes the Cluster and waits until nothing of it is left, here or in Azure.
func (p *plane) remove(t *testing.T, c cluster) {
	t.Helper()
	p.kubectl(t, "delete", "cluster.cluster.x-k8s.io", c.name, "--namespace="+c.namespace, "--wait=false")
	eventually(t, 2*time.Minute, func() string {
		if object := p.get(t, clusters, c.namespace, c.name); object != nil {
			_, reason, message := condition(p.get(t, controlPlanes, c.namespace, c.name), "Deleting")
			return fmt.Sprintf("the Cluster is still there: %s %s", reason, message)
		}
		return ""
	})
}
