package contract

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// pausedWhileAzureWorks pauses in the middle of an operation, deletes objects meanwhile, and lets go again.
func pausedWhileAzureWorks(t *testing.T, w *world) {
	const name = "paused"
	w.namespace(t, name)
	w.Apply(t, cluster(name, poolManifest(name, "user", "User", 1)))
	w.awaitRunning(t, name, "system", "user")
	w.Azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": "/managedClusters/" + name + `$`, "times": 1, "operationTakes": "10h"})

	rule(t, "P", "a move is blocked while Azure works", func(t *testing.T) {
		w.Patch(t, controlPlaneKind, name, name, `{"spec":{"additionalTags":{"a":"b"}}}`)
		until(t, limit, func() string {
			return unless(blocked(w.now(controlPlaneKind, name, name)) && w.works(t, name), "the annotation is missing, or Azure does not work")
		})
	})
	w.Patch(t, clusterKind, name, name, `{"spec":{"paused":true}}`)
	rule(t, "P", "a pause is a condition on every object, and ends the block", func(t *testing.T) {
		for kind, object := range map[string]string{controlPlaneKind: name, infraClusterKind: name, infraPoolKind: "user"} {
			if message := w.await(t, kind, name, object, "Paused", "True"); message != "Cluster spec.paused is set to true" {
				t.Errorf("%s: %s", kind, message)
			}
		}
		if blocked(w.now(controlPlaneKind, name, name)) || !w.works(t, name) {
			t.Errorf("blocked: %v; Azure works: %v", blocked(w.now(controlPlaneKind, name, name)), w.works(t, name))
		}
	})
	since, from := w.Azure.Last(t), len(w.revisions(controlPlaneKind, name, name))
	fromPool := len(w.revisions(infraPoolKind, name, "user"))
	w.Kubectl(t, "delete", infraPoolKind, "user", "--namespace="+name, "--wait=false")
	w.Kubectl(t, "delete", controlPlaneKind, name, "--namespace="+name, "--wait=false")
	rule(t, "P", "paused, a deletion too changes nothing but the condition", func(t *testing.T) {
		// The mark on another object of the cluster is seen later than the deletions, and shows in a message.
		w.Kubectl(t, "annotate", infraClusterKind, name, "--namespace="+name, "cluster.x-k8s.io/paused=")
		until(t, limit, func() string {
			_, message := condition(w.now(infraClusterKind, name, name), "Paused")
			return unless(strings.Contains(message, "AzureManagedCluster has the cluster.x-k8s.io/paused annotation"), "the AzureManagedCluster says %q", message)
		})
		onlyPaused(t, w.revisions(controlPlaneKind, name, name)[from-1:])
		onlyPaused(t, w.revisions(infraPoolKind, name, "user")[fromPool-1:])
		if sent := w.Azure.Requests(t, since, about(name)); len(sent) > 0 {
			t.Errorf("the manager sent %v", sent)
		}
	})
	letGo(t, w, name, since)
}

// letGo ends the pause of the Cluster, and then that of one object in it.
func letGo(t *testing.T, w *world, name string, since int) {
	w.Patch(t, clusterKind, name, name, `{"spec":{"paused":false}}`)
	rule(t, "P", "the annotation on one object pauses as well", func(t *testing.T) {
		w.await(t, infraClusterKind, name, name, "Paused", "True")
		w.await(t, controlPlaneKind, name, name, "Paused", "False NotPaused")
		if sent := w.Azure.Requests(t, since, about(name)); len(sent) > 0 {
			t.Errorf("the manager sent %v", sent)
		}
	})
	w.Kubectl(t, "annotate", infraClusterKind, name, "--namespace="+name, "cluster.x-k8s.io/paused-")
	w.Azure.Control(t, http.MethodPost, "operations", object{"id": clusterID(name), "finish": true})
	rule(t, "P", "let go, it catches up", func(t *testing.T) {
		until(t, limit, func() string {
			_, message := condition(w.now(controlPlaneKind, name, name), "Deleting")
			return unless(w.now(controlPlaneKind, name, name) == nil && w.now(infraPoolKind, name, "user") == nil, "the control plane is still there: %s", message)
		})
		if w.Azure.Get(t, clusterID(name), "2026-05-01") != nil {
			t.Error("Azure still has the cluster")
		}
	})
	rule(t, "M", "a Cluster can be deleted whose control plane is gone", func(t *testing.T) { w.remove(t, name) })
}

func blocked(o object) bool {
	marks, _ := at(o, "metadata", "annotations").(object)
	_, marked := marks["clusterctl.cluster.x-k8s.io/block-move"]
	return marked
}

// works tells whether an operation runs on a cluster.
func (w *world) works(t *testing.T, name string) bool {
	t.Helper()
	for _, o := range w.Azure.State(t).Operations {
		if strings.EqualFold(o.Resource, clusterID(name)) && o.Status == "InProgress" {
			return true
		}
	}
	return false
}

// onlyPaused asserts that all revisions are equal but for the condition and what the API server itself writes.
func onlyPaused(t *testing.T, revisions []revision) {
	t.Helper()
	if len(revisions) < 2 {
		t.Error("nothing was written, not even by the API server")
	}
	bare := func(o object) (spec, status any, finalizers string) {
		kept := object{}
		s, _ := at(o, "status").(object)
		for key, value := range s {
			kept[key] = value
		}
		var conditions []any
		list, _ := at(o, "status", "conditions").([]any)
		for _, c := range list {
			if textAt(c, "type") != "Paused" {
				conditions = append(conditions, c)
			}
		}
		kept["conditions"] = conditions
		return at(o, "spec"), kept, fmt.Sprint(at(o, "metadata", "finalizers"), at(o, "metadata", "annotations"), at(o, "metadata", "labels"))
	}
	spec, status, marks := bare(revisions[0].object)
	for _, one := range revisions[1:] {
		s, st, m := bare(one.object)
		if !reflect.DeepEqual(s, spec) || !reflect.DeepEqual(st, status) || m != marks {
			t.Errorf("revision %d of %s %s differs:\n%v\n%v", one.number, one.kind, one.name, one.object, revisions[0].object)
		}
	}
}

// externallyManaged: somebody else takes care of the infrastructure and says so with the annotation.
func externallyManaged(t *testing.T, w *world) {
	const name = "external"
	w.namespace(t, name)
	w.Apply(t, clusterManifest(name)+controlPlaneManifest(name)+`---
apiVersion: `+infra+`
kind: AzureManagedCluster
metadata: {name: `+name+`, namespace: `+name+`, annotations: {cluster.x-k8s.io/managed-by: somebody}}
spec: {controlPlaneEndpoint: {host: aks.example.com, port: 8443}}
`+poolManifest(name, "system", "System", 1))
	until(t, limit, func() string {
		return unless(w.now(infraClusterKind, name, name) != nil, "the AzureManagedCluster is not there")
	})
	w.Kubectl(t, "patch", infraClusterKind, name, "--namespace="+name, "--subresource=status", "--type=merge",
		`--patch={"status":{"ready":true,"initialization":{"provisioned":true}}}`)
	w.awaitRunning(t, name, "system")
	rule(t, "IC5", "infrastructure that somebody else manages is not written", func(t *testing.T) {
		for _, one := range w.revisions(infraClusterKind, name, name) {
			status, _ := at(one.object, "status").(object)
			if at(one.object, "status", "conditions") != nil || len(status) > 2 || textAt(one.object, "spec", "controlPlaneEndpoint", "host") != "aks.example.com" || at(one.object, "metadata", "finalizers") != nil {
				t.Errorf("revision %d is %v", one.number, one.object)
			}
		}
		fields := w.Kubectl(t, "get", infraClusterKind, name, "--namespace="+name, "--show-managed-fields", "--output=jsonpath={.metadata.managedFields[*].manager}")
		if strings.Contains(fields, "capaks") || strings.TrimSpace(fields) == "" {
			t.Errorf("its fields are those of %s", fields)
		}
	})
	rule(t, "CP2", "the endpoint of the infrastructure wins over that of the control plane", func(t *testing.T) {
		cluster, cp := w.now(clusterKind, name, name), w.now(controlPlaneKind, name, name)
		if host := textAt(cluster, "spec", "controlPlaneEndpoint", "host"); host != "aks.example.com" {
			t.Errorf("the Cluster has %s", host)
		}
		if host := textAt(cp, "spec", "controlPlaneEndpoint", "host"); host == "aks.example.com" || host == "" {
			t.Errorf("the control plane has %s", host)
		}
	})
	w.remove(t, name)
	if left := w.Azure.Requests(t, 0, about(name), func(r sandboxtest.Request) bool { return r.Method == http.MethodDelete && r.To(clusterID(name)) }); len(left) != 1 {
		t.Errorf("the AKS cluster was deleted with %v", left)
	}
}
