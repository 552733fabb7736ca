package contract

import (
	"context"
	"strconv"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

// Kinds as the record names them and kubectl is told them.
const (
	clusterKind      = "clusters.cluster.x-k8s.io"
	machinePoolKind  = "machinepools.cluster.x-k8s.io"
	controlPlaneKind = "azuremanagedcontrolplanes.infrastructure.cluster.x-k8s.io"
	infraClusterKind = "azuremanagedclusters.infrastructure.cluster.x-k8s.io"
	infraPoolKind    = "azuremanagedmachinepools.infrastructure.cluster.x-k8s.io"
)

var recordedKinds = []schema.GroupVersionResource{
	{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "clusters"},
	{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "machinepools"},
	{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "azuremanagedcontrolplanes"},
	{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "azuremanagedclusters"},
	{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "azuremanagedmachinepools"},
}

// record holds every state that the objects of the contract were ever in. Many rules are about an order of events or about what
// never happens, and what a test sees by asking now and then proves neither.
type record struct {
	mu    sync.Mutex
	all   []revision
	ended error
}

// revision is an object as it was from one write on. Numbers grow over all kinds.
type revision struct {
	kind, namespace, name string
	number                uint64
	gone                  bool
	object                object
}

func newRecord(t *testing.T, kube dynamic.Interface) *record {
	t.Helper()
	r := &record{}
	for _, kind := range recordedKinds {
		// It ends with the process: stories of several tests are recorded.
		stream, err := kube.Resource(kind).Watch(context.WithoutCancel(t.Context()), metav1.ListOptions{TimeoutSeconds: new(int64(3600))})
		if err != nil {
			t.Fatal(err)
		}
		go r.follow(kind.Resource+"."+kind.Group, stream)
	}
	return r
}

func (r *record) follow(kind string, stream watch.Interface) {
	for event := range stream.ResultChan() {
		u, ok := event.Object.(*unstructured.Unstructured)
		if !ok || event.Type == watch.Bookmark {
			continue
		}
		number, err := strconv.ParseUint(u.GetResourceVersion(), 10, 64)
		r.mu.Lock()
		if err != nil {
			r.ended = err
		}
		r.all = append(r.all, revision{kind, u.GetNamespace(), u.GetName(), number, event.Type == watch.Deleted, u.Object})
		r.mu.Unlock()
	}
}

// revisions are those of one object, oldest first; name "" stands for all of a kind in the namespace.
func (r *record) revisions(kind, namespace, name string) []revision {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []revision
	for _, one := range r.all {
		if one.kind == kind && one.namespace == namespace && (name == "" || one.name == name) {
			out = append(out, one)
		}
	}
	return out
}

// now is an object as it is, nil when there is none.
func (r *record) now(kind, namespace, name string) object {
	revisions := r.revisions(kind, namespace, name)
	if len(revisions) == 0 || revisions[len(revisions)-1].gone {
		return nil
	}
	return revisions[len(revisions)-1].object
}

// first is the number of the first revision for which something is true, 0 where it never was.
func first(revisions []revision, is func(object) bool) uint64 {
	for _, one := range revisions {
		if is(one.object) {
			return one.number
		}
	}
	return 0
}

// end is the number of the revision with which an object was gone, 0 while it is there.
func end(revisions []revision) uint64 {
	for _, one := range revisions {
		if one.gone {
			return one.number
		}
	}
	return 0
}

// await waits for a state of a condition, "True" or "False Reason", and answers its message.
func (r *record) await(t *testing.T, kind, namespace, name, conditionType, want string) (message string) {
	t.Helper()
	until(t, limit, func() string {
		var state string
		state, message = condition(r.now(kind, namespace, name), conditionType)
		return unless(state == want, "%s %s/%s: %s is %s (%s), want %s", kind, namespace, name, conditionType, state, message, want)
	})
	return message
}

// awaitRunning waits until a Cluster can be used and its pools run.
func (r *record) awaitRunning(t *testing.T, namespace string, pools ...string) {
	t.Helper()
	r.await(t, clusterKind, namespace, namespace, "Available", "True")
	for _, pool := range pools {
		until(t, limit, func() string {
			phase := textAt(r.now(machinePoolKind, namespace, pool), "status", "phase")
			return unless(phase == "Running", "MachinePool %s/%s is %s", namespace, pool, phase)
		})
	}
	until(t, limit, func() string {
		cp := r.now(controlPlaneKind, namespace, namespace)
		state, message := condition(cp, "Synced")
		return unless(state == "True" && textAt(cp, "metadata", "generation") == textAt(cp, "status", "observedGeneration"),
			"control plane %s: Synced is %s (%s)", namespace, state, message)
	})
}
