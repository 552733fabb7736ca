package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/capaks/capaks/internal/sandbox"
)

const infrastructure = "infrastructure.cluster.x-k8s.io"

var (
	clusters      = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "clusters"}
	machinePools  = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "machinepools"}
	controlPlanes = schema.GroupVersionResource{Group: infrastructure, Version: "v1beta1", Resource: "azuremanagedcontrolplanes"}
	pools         = schema.GroupVersionResource{Group: infrastructure, Version: "v1beta1", Resource: "azuremanagedmachinepools"}
	definitions   = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// namespace holds everything that is measured.
const namespace = "default"

// object names one object of the namespace.
type object struct {
	resource schema.GroupVersionResource
	name     string
}

func (o object) String() string { return o.resource.Resource + "/" + o.name }

// sighting is an object as a watch event brought it, with the time it came.
type sighting struct {
	at      time.Time
	deleted bool
	state   map[string]any
}

// timeline remembers every event of the watched kinds.
type timeline struct {
	client dynamic.Interface

	mu     sync.Mutex
	events map[object][]sighting
	news   chan struct{} // closed and replaced with every event
	broken error
}

// openTimeline starts the watches; nothing may exist yet. They end with ctx.
func openTimeline(ctx context.Context, box *sandbox.Sandbox) (*timeline, error) {
	config, err := box.RESTConfig()
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	t := &timeline{events: map[object][]sighting{}, news: make(chan struct{})}
	if t.client, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	for _, resource := range []schema.GroupVersionResource{clusters, machinePools, controlPlanes, pools} {
		w, err := t.client.Resource(resource).Namespace(namespace).Watch(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		go t.follow(ctx, resource, w)
	}
	return t, nil
}

func (t *timeline) follow(ctx context.Context, resource schema.GroupVersionResource, w watch.Interface) {
	defer w.Stop()
	for event := range w.ResultChan() {
		at := time.Now()
		u, ok := event.Object.(*unstructured.Unstructured)
		if !ok || event.Type == watch.Error {
			break
		}
		t.mu.Lock()
		key := object{resource, u.GetName()}
		t.events[key] = append(t.events[key], sighting{at: at, deleted: event.Type == watch.Deleted, state: u.Object})
		close(t.news)
		t.news = make(chan struct{})
		t.mu.Unlock()
	}
	if ctx.Err() == nil {
		t.mu.Lock()
		t.broken = fmt.Errorf("the watch on %s ended early", resource.Resource)
		close(t.news)
		t.news = make(chan struct{})
		t.mu.Unlock()
	}
}

// first waits for the first event since a moment that shows the object as wanted.
func (t *timeline) first(ctx context.Context, o object, since time.Time, wanted func(sighting) bool) (sighting, error) {
	next := 0
	for {
		t.mu.Lock()
		events, news, broken := t.events[o], t.news, t.broken
		t.mu.Unlock()
		for ; next < len(events); next++ {
			if e := events[next]; !e.at.Before(since) && wanted(e) {
				return e, nil
			}
		}
		if broken != nil {
			return sighting{}, broken
		}
		select {
		case <-news:
		case <-ctx.Done():
			return sighting{}, fmt.Errorf("%s: %w; last seen: %s", o, ctx.Err(), describe(events))
		}
	}
}

func describe(events []sighting) string {
	if len(events) == 0 {
		return "never"
	}
	last := events[len(events)-1]
	ready := last.condition("Ready")
	return fmt.Sprintf("Ready=%v %v %v", ready["status"], ready["reason"], ready["message"])
}

// writes is how often the object changed in a window, deletion included.
func (t *timeline) writes(w window) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, events := range t.events {
		for _, e := range events {
			if w.has(e.at) {
				n++
			}
		}
	}
	return n
}

func (s sighting) condition(kind string) map[string]any {
	conditions, _, _ := unstructured.NestedSlice(s.state, "status", "conditions")
	for _, c := range conditions {
		if fields, ok := c.(map[string]any); ok && fields["type"] == kind {
			return fields
		}
	}
	return nil
}

func (s sighting) text(path string) string {
	text, _, _ := unstructured.NestedString(s.state, strings.Split(path, ".")...)
	return text
}

func (s sighting) number(path string) int64 {
	n, _, _ := unstructured.NestedInt64(s.state, strings.Split(path, ".")...)
	return n
}

func present(s sighting) bool { return !s.deleted }
func gone(s sighting) bool    { return s.deleted }

func owned(s sighting) bool {
	owners, _, _ := unstructured.NestedSlice(s.state, "metadata", "ownerReferences")
	return len(owners) > 0
}

// ready: the condition holds for the current generation and Azure's own state is final.
func ready(s sighting) bool {
	return !s.deleted && s.condition("Ready")["status"] == "True" && s.text("status.provisioningState") == "Succeeded"
}

func readyAt(version string) func(sighting) bool {
	return func(s sighting) bool { return ready(s) && s.text("status.version") == version }
}

// readyWith: as many replicas as wanted, and each of them named to Cluster API.
func readyWith(replicas int64) func(sighting) bool {
	return func(s sighting) bool {
		ids, _, _ := unstructured.NestedSlice(s.state, "spec", "providerIDList")
		return ready(s) && s.number("status.replicas") == replicas && int64(len(ids)) == replicas
	}
}

// since is when the condition says that it changed; whole seconds are all Kubernetes keeps.
func (s sighting) since(kind string) time.Time {
	text, _ := s.condition(kind)["lastTransitionTime"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}
