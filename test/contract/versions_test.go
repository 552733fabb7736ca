package contract

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// oldVersions applies a manifest of some years ago: v1alpha4 of ours, v1beta1 of Cluster API, with references to v1alpha4.
func oldVersions(t *testing.T, w *world) {
	const name = "old"
	w.namespace(t, name)
	manifest := strings.NewReplacer(core, "cluster.x-k8s.io/v1beta1", infra, "infrastructure.cluster.x-k8s.io/v1alpha4",
		"apiGroup: infrastructure.cluster.x-k8s.io", "apiVersion: infrastructure.cluster.x-k8s.io/v1alpha4").Replace(cluster(name))
	w.Apply(t, manifest)
	w.awaitRunning(t, name, "system")
	rule(t, "V", "objects and references of old versions make the same cluster", func(t *testing.T) {
		for kind, path := range map[string][]string{clusterKind: {"spec", "controlPlaneRef", "apiGroup"}, machinePoolKind: {"spec", "template", "spec", "infrastructureRef", "apiGroup"}} {
			object := map[string]string{clusterKind: name, machinePoolKind: "system"}[kind]
			if stored := textAt(w.now(kind, name, object), path...); stored != group {
				t.Errorf("%s refers to %q", kind, stored)
			}
		}
	})
	rule(t, "V", "who asks for v1beta1 of Cluster API reads references to v1beta1 of ours", func(t *testing.T) {
		cluster := w.read(t, schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta1", Resource: "clusters"}, name, name)
		if ref := textAt(cluster, "spec", "controlPlaneRef", "apiVersion"); ref != infra {
			t.Errorf("the reference is to %s", ref)
		}
	})
	rule(t, "V", "readers of the old contract find its fields in both versions", func(t *testing.T) {
		for _, version := range []string{"v1alpha4", "v1beta1"} {
			for resource, fields := range map[string][]string{
				"azuremanagedcontrolplanes/" + name: {"ready=true", "initialized=true", "version=v1.34.1"},
				"azuremanagedclusters/" + name:      {"ready=true"}, "azuremanagedmachinepools/system": {"ready=true", "replicas=1"},
			} {
				resource, object, _ := strings.Cut(resource, "/")
				o := w.read(t, schema.GroupVersionResource{Group: group, Version: version, Resource: resource}, name, object)
				for _, field := range fields {
					key, want, _ := strings.Cut(field, "=")
					if got := textAt(o, "status", key); got != want {
						t.Errorf("%s %s: status.%s is %q, want %s", version, resource, key, got, want)
					}
				}
			}
		}
	})
	w.remove(t, name)
}

// read asks for an object in a version of its kind.
func (w *world) read(t *testing.T, resource schema.GroupVersionResource, namespace, name string) object {
	t.Helper()
	o, err := w.Kube.Resource(resource).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o.Object
}

// oldContract labels our CRDs as an installation of the earlier contract, in which Cluster API reads other fields. It comes when no
// story runs any more.
func oldContract(t *testing.T, w *world) {
	const name = "v1beta1"
	label := []string{"label", "crd"}
	for plural := range kindOf {
		label = append(label, plural+"."+group)
	}
	w.Kubectl(t, append(label, "cluster.x-k8s.io/v1beta2-", "cluster.x-k8s.io/v1beta1=v1beta1")...)
	w.namespace(t, name)
	w.Apply(t, cluster(name))
	w.awaitRunning(t, name, "system")
	rule(t, "V", "the same objects fulfil the earlier contract", func(t *testing.T) {
		cluster := w.now(clusterKind, name, name)
		for _, field := range []string{"infrastructureProvisioned", "controlPlaneInitialized"} {
			if !isTrue(cluster, "status", "initialization", field) {
				t.Errorf("the Cluster's status.initialization is %v", at(cluster, "status", "initialization"))
			}
		}
		if host := textAt(cluster, "spec", "controlPlaneEndpoint", "host"); host == "" || host != textAt(w.now(controlPlaneKind, name, name), "spec", "controlPlaneEndpoint", "host") {
			t.Errorf("the Cluster has the endpoint %q", host)
		}
	})
	w.remove(t, name)
	w.Kubectl(t, append(label, "cluster.x-k8s.io/v1beta1-", "cluster.x-k8s.io/v1beta2=v1alpha4_v1beta1")...)
}
