package contract

import (
	"regexp"
	"strings"
	"testing"
)

// class is the least a ClusterClass for AKS needs; docs/clusterclass.md has the rest.
const class = `
apiVersion: cluster.x-k8s.io/v1beta2
kind: ClusterClass
metadata: {name: least, namespace: topology}
spec:
  infrastructure: {templateRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedClusterTemplate, name: least}}
  controlPlane: {templateRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureManagedControlPlaneTemplate, name: least}}
  workers:
    machinePools:
    - class: system
      bootstrap: {templateRef: {apiVersion: bootstrap.cluster.x-k8s.io/v1beta2, kind: KubeadmConfigTemplate, name: least}}
      infrastructure: {templateRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1alpha4, kind: AzureManagedMachinePoolTemplate, name: least}}
---
apiVersion: bootstrap.cluster.x-k8s.io/v1beta2
kind: KubeadmConfigTemplate
metadata: {name: least, namespace: topology}
spec: {template: {spec: {format: cloud-config}}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedClusterTemplate
metadata: {name: least, namespace: topology}
spec: {template: {spec: {}}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlaneTemplate
metadata: {name: least, namespace: topology}
spec: {template: {spec: {location: westeurope}}}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePoolTemplate
metadata: {name: least, namespace: topology}
spec: {template: {spec: {mode: System, sku: Standard_D2s_v3}}}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: topology, namespace: topology}
spec:
  topology:
    classRef: {name: least}
    version: v1.34.1
    workers:
      machinePools:
      - {class: system, name: sys, replicas: 1}
`

// topology makes a cluster from a class.
func topology(t *testing.T, w *world) {
	const name = "topology"
	w.namespace(t, name)
	w.Apply(t, class)
	w.await(t, clusterKind, name, name, "Available", "True")
	latest := func(kind string) object {
		revisions := w.revisions(kind, name, "")
		if len(revisions) == 0 {
			t.Fatalf("there is no %s", kind)
		}
		return revisions[len(revisions)-1].object
	}
	until(t, limit, func() string {
		phase := textAt(latest(machinePoolKind), "status", "phase")
		return unless(phase == "Running", "the MachinePool is %s", phase)
	})
	w.await(t, clusterKind, name, name, "TopologyReconciled", "True")
	cp, pool, mp := latest(controlPlaneKind), latest(infraPoolKind), latest(machinePoolKind)
	rule(t, "CP13", "a control plane is made from its template, with the version of the topology", func(t *testing.T) {
		if textAt(cp, "metadata", "annotations", "cluster.x-k8s.io/cloned-from-groupkind") != "AzureManagedControlPlaneTemplate."+group || textAt(cp, "spec", "version") != "v1.34.1" {
			t.Errorf("%v, version %s", at(cp, "metadata", "annotations"), textAt(cp, "spec", "version"))
		}
	})
	rule(t, "CP15", "a topology's labels and owners stay on everything", func(t *testing.T) {
		for _, o := range []object{cp, latest(infraClusterKind), pool} {
			labels, _ := at(o, "metadata", "labels").(object)
			if _, owned := labels["topology.cluster.x-k8s.io/owned"]; !owned || labels["cluster.x-k8s.io/cluster-name"] != name || !ownedBy(o, w.now(clusterKind, name, name), core) {
				t.Errorf("%s has the labels %v and owners %v", textAt(o, "kind"), labels, at(o, "metadata", "ownerReferences"))
			}
		}
	})
	rule(t, "IC8", "the infrastructure is made from its template", func(t *testing.T) {
		if got := textAt(latest(infraClusterKind), "metadata", "annotations", "cluster.x-k8s.io/cloned-from-groupkind"); got != "AzureManagedClusterTemplate."+group {
			t.Errorf("it was cloned from %q", got)
		}
	})
	rule(t, "MP14", "a topology's pool has both owners and the name of its topology", func(t *testing.T) {
		if !ownedBy(pool, mp, core) || textAt(mp, "metadata", "labels", "topology.cluster.x-k8s.io/pool-name") != "sys" {
			t.Errorf("owners %v, labels %v", at(pool, "metadata", "ownerReferences"), at(mp, "metadata", "labels"))
		}
	})
	rule(t, "MP15", "a pool is made from its template, whichever version of it the class names", func(t *testing.T) {
		if got := textAt(pool, "metadata", "annotations", "cluster.x-k8s.io/cloned-from-groupkind"); got != "AzureManagedMachinePoolTemplate."+group {
			t.Errorf("it was cloned from %q", got)
		}
	})
	rule(t, "MP18", "a generated name becomes one that AKS takes, and is shown", func(t *testing.T) {
		inAzure, object := textAt(pool, "status", "agentPoolName"), textAt(pool, "metadata", "name")
		if !regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`).MatchString(inAzure) || !strings.HasPrefix(object, name+"-sys-") || len(w.Azure.Resources(t, "/agentPools/"+inAzure+"/")) == 0 {
			t.Errorf("%s is %q in Azure", object, inAzure)
		}
	})
	w.remove(t, name)
}
