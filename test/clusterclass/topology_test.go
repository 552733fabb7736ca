package clusterclass

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// cluster is a Cluster with a topology. Its resource group has its name.
type cluster struct {
	namespace, name, class, version string
	variables                       object
	metadata                        object // of the control plane
	annotations                     object // of the Cluster
	pools                           []pool
}

// pool is a pool of a topology.
type pool struct {
	name, class         string
	replicas            int // -1 to leave it out
	overrides, metadata object
}

func (c cluster) manifest(t *testing.T) string {
	t.Helper()
	pools := []any{}
	for _, p := range c.pools {
		one := object{"name": p.name, "class": p.class}
		if p.replicas >= 0 {
			one["replicas"] = p.replicas
		}
		if p.metadata != nil {
			one["metadata"] = p.metadata
		}
		if p.overrides != nil {
			one["variables"] = object{"overrides": values(p.overrides)}
		}
		pools = append(pools, one)
	}
	variables := object{"location": "westeurope"}
	for name, value := range c.variables {
		variables[name] = value
	}
	topology := object{"classRef": object{"name": c.class}, "version": c.version, "variables": values(variables)}
	if len(pools) > 0 {
		topology["workers"] = object{"machinePools": pools}
	}
	if c.metadata != nil {
		topology["controlPlane"] = object{"metadata": c.metadata}
	}
	raw, err := yaml.Marshal(object{
		"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster", "metadata": object{"name": c.name, "namespace": c.namespace, "annotations": c.annotations},
		"spec": object{"clusterNetwork": object{"services": object{"cidrBlocks": []string{"192.168.0.0/16"}}}, "topology": topology},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func values(variables object) []any {
	var out []any
	for name, value := range variables {
		out = append(out, object{"name": name, "value": value})
	}
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(textAt(a, "name"), textAt(b, "name")) })
	return out
}

// id is the AKS cluster in Azure.
func (c cluster) id() string {
	return "/subscriptions/" + sandboxtest.Subscription + "/resourceGroups/" + c.name + "/providers/Microsoft.ContainerService/managedClusters/" + c.name
}

// sample reads a file of examples/ for another namespace.
func sample(t *testing.T, namespace, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "examples", "clusterclass", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(raw), "namespace: default", "namespace: "+namespace)
}

// withClass makes a namespace with the sample class.
func withClass(t *testing.T, namespace string) *plane {
	t.Helper()
	p := shared(t)
	p.Kubectl(t, "create", "namespace", namespace)
	p.apply(t, sample(t, namespace, "class.yaml"))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("events:\n%s", p.Kubectl(t, "events", "--namespace="+namespace))
			t.Logf("objects:\n%s", p.Kubectl(t, "get", "cluster-api", "--namespace="+namespace, "--output=wide"))
		}
	})
	return p
}

// apply applies manifests; a Cluster is refused for the moment in which the controller has not looked at its class yet.
func (p *plane) apply(t *testing.T, manifest string) {
	t.Helper()
	until(t, limit, func() string {
		out, err := p.TryApply(t, manifest)
		if err == nil {
			return ""
		}
		if text := out + err.Error(); !strings.Contains(text, "VariablesReady") && !strings.Contains(text, "is not successfully reconciled") {
			t.Fatal(text)
		}
		return err.Error()
	})
}

// Resources as the dynamic client is told them.
var (
	clusters      = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "clusters"}
	machinePools  = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "machinepools"}
	infraClusters = schema.GroupVersionResource{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "azuremanagedclusters"}
	controlPlanes = schema.GroupVersionResource{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "azuremanagedcontrolplanes"}
	infraPools    = schema.GroupVersionResource{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "azuremanagedmachinepools"}
)

// read is an object, nil where there is none.
func (p *plane) read(t *testing.T, kind schema.GroupVersionResource, namespace, name string) object {
	t.Helper()
	o, err := p.Kube.Resource(kind).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.Object
}

// list are the objects of a namespace that were made for a cluster.
func (p *plane) list(t *testing.T, kind schema.GroupVersionResource, c cluster) []object {
	t.Helper()
	found, err := p.Kube.Resource(kind).Namespace(c.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "cluster.x-k8s.io/cluster-name=" + c.name})
	if err != nil {
		t.Fatal(err)
	}
	var out []object
	for _, item := range found.Items {
		out = append(out, item.Object)
	}
	return out
}

// infraPool is the AzureManagedMachinePool of a pool of the topology; nil while there is none. The MachinePool tells which one it is: where
// Cluster API failed to create that, an AzureManagedMachinePool may be left that nobody refers to.
func (p *plane) infraPool(t *testing.T, c cluster, name string) object {
	t.Helper()
	for _, mp := range p.list(t, machinePools, c) {
		if textAt(mp, "metadata", "labels", "topology.cluster.x-k8s.io/pool-name") == name && at(mp, "metadata", "deletionTimestamp") == nil {
			return p.read(t, infraPools, c.namespace, textAt(mp, "spec", "template", "spec", "infrastructureRef", "name"))
		}
	}
	return nil
}

// topologyIs waits for the state of the topology of the Cluster as it is declared now.
func (p *plane) topologyIs(t *testing.T, c cluster, want, says string) {
	t.Helper()
	var state, message string
	until(t, limit, func() string {
		o := p.read(t, clusters, c.namespace, c.name)
		state, message = condition(o, "TopologyReconciled")
		return unless(state == want && strings.Contains(message, says) && seen(o, "TopologyReconciled"),
			"cluster %s: TopologyReconciled is %s (%s), want %s and %q", c.name, state, message, want, says)
	})
	t.Logf("TopologyReconciled %s: %s", state, message)
}

// seen tells whether a condition is about the present generation.
func seen(o object, kind string) bool {
	list, _ := at(o, "status", "conditions").([]any)
	for _, one := range list {
		if textAt(one, "type") == kind {
			return textAt(one, "observedGeneration") == textAt(o, "metadata", "generation")
		}
	}
	return false
}

// settled waits until everything is as the topology says and nothing goes on any more.
func (p *plane) settled(t *testing.T, c cluster) {
	t.Helper()
	until(t, limit, func() string { return p.missing(t, c) })
}

// missing says what is not as the topology says.
func (p *plane) missing(t *testing.T, c cluster) string {
	t.Helper()
	o := p.read(t, clusters, c.namespace, c.name)
	for _, kind := range []string{"TopologyReconciled", "Available"} {
		if state, message := condition(o, kind); state != "True" || !seen(o, kind) {
			return fmt.Sprintf("cluster %s: %s is %s (%s)", c.name, kind, state, message)
		}
	}
	cp := p.read(t, controlPlanes, c.namespace, textAt(o, "spec", "controlPlaneRef", "name"))
	if state, message := condition(cp, "Synced"); state != "True" || textAt(cp, "status", "version") != c.version || !seen(cp, "Synced") {
		return fmt.Sprintf("control plane %s: version %s, Synced is %s (%s)", c.name, textAt(cp, "status", "version"), state, message)
	}
	pools := p.list(t, machinePools, c)
	if len(pools) != len(c.pools) {
		return fmt.Sprintf("cluster %s has %d pools, want %d", c.name, len(pools), len(c.pools))
	}
	for _, mp := range pools {
		name := textAt(mp, "metadata", "labels", "topology.cluster.x-k8s.io/pool-name")
		infra := p.infraPool(t, c, name)
		state, message := condition(infra, "Ready")
		if phase := textAt(mp, "status", "phase"); phase != "Running" || state != "True" || !seen(infra, "Ready") || textAt(infra, "status", "version") != c.version {
			return fmt.Sprintf("pool %s is %s, version %s, Ready is %s (%s)", name, phase, textAt(infra, "status", "version"), state, message)
		}
	}
	return ""
}

// created makes a cluster and waits until everything of it is there.
func (p *plane) created(t *testing.T, c cluster) {
	t.Helper()
	p.apply(t, c.manifest(t))
	p.settled(t, c)
}

// inAzure is a property of a resource.
func (p *plane) inAzure(t *testing.T, id string, path ...string) string {
	t.Helper()
	return textAt(p.Azure.Get(t, id, "2026-05-01"), append([]string{"properties"}, path...)...)
}

// writes are the requests about a cluster that changed something in Azure after number since.
func (p *plane) writes(t *testing.T, since int, c cluster) []sandboxtest.Request {
	t.Helper()
	return p.Azure.Requests(t, since, sandboxtest.Request.Write, func(r sandboxtest.Request) bool {
		return r.About("/resourcegroups/"+c.name+"/") || r.About("/resourcegroups/"+c.name+"?")
	})
}
