package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	infraGroup = "infrastructure.cluster.x-k8s.io"
	coreGroup  = "cluster.x-k8s.io"
)

// The kinds the stories look at.
var (
	clusters       = schema.GroupVersionResource{Group: coreGroup, Version: "v1beta2", Resource: "clusters"}
	machinePools   = schema.GroupVersionResource{Group: coreGroup, Version: "v1beta2", Resource: "machinepools"}
	controlPlanes  = schema.GroupVersionResource{Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedcontrolplanes"}
	infraClusters  = schema.GroupVersionResource{Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedclusters"}
	infraPools     = schema.GroupVersionResource{Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedmachinepools"}
	identities     = schema.GroupVersionResource{Group: infraGroup, Version: "v1beta1", Resource: "azureclusteridentities"}
	secrets        = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	eventResources = schema.GroupVersionResource{Group: "events.k8s.io", Version: "v1", Resource: "events"}
)

func (p *plane) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.box.Kubectl(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// apply applies manifests with kubectl as written, after making the namespace.
func (p *plane) apply(t *testing.T, manifest string) {
	t.Helper()
	if out, err := p.tryApply(t, manifest); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func (p *plane) tryApply(t *testing.T, manifest string, flags ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return p.box.Kubectl(t.Context(), append([]string{"apply", "-f", file}, flags...)...)
}

// namespace makes a namespace for this test. It goes with the test, and everything in it has to.
func (p *plane) namespace(t *testing.T, name string) {
	t.Helper()
	p.kubectl(t, "create", "namespace", name)
}

func (p *plane) get(t *testing.T, kind schema.GroupVersionResource, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	object, err := p.kube.Resource(kind).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		// An API server that is busy or just starting is asked again by whoever waits; nobody else can go on.
		t.Logf("get %s %s/%s: %v", kind.Resource, namespace, name, err)
		return nil
	}
	return object
}

func (p *plane) list(t *testing.T, kind schema.GroupVersionResource, namespace string) []unstructured.Unstructured {
	t.Helper()
	list, err := p.kube.Resource(kind).Namespace(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// text is the value of a field of an object that may be missing.
func text(object *unstructured.Unstructured, fields ...string) string {
	if object == nil {
		return ""
	}
	value, found, err := unstructured.NestedFieldNoCopy(object.Object, fields...)
	if err != nil || !found {
		return ""
	}
	return fmt.Sprint(value)
}

// condition is "Status Reason: message" of a condition, "" where it is missing.
func condition(object *unstructured.Unstructured, kind string) (status, reason, message string) {
	if object == nil {
		return "", "", "there is no such object"
	}
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if fields, ok := c.(map[string]any); ok && fields["type"] == kind {
			return str(fields["status"]), str(fields["reason"]), str(fields["message"])
		}
	}
	return "", "", "there is no condition " + kind
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// awaitCondition waits for a condition and returns its message.
func (p *plane) awaitCondition(t *testing.T, limit time.Duration, kind schema.GroupVersionResource, namespace, name, conditionType, wantStatus, wantReason string) string {
	t.Helper()
	var text string
	eventually(t, limit, func() string {
		status, reason, message := condition(p.get(t, kind, namespace, name), conditionType)
		text = message
		if status == wantStatus && (wantReason == "" || reason == wantReason) {
			return ""
		}
		return fmt.Sprintf("%s %s/%s: %s is %s %s (%s), want %s %s", kind.Resource, namespace, name, conditionType, status, reason, message, wantStatus, wantReason)
	})
	return text
}

// event is one event about an object.
type event struct {
	kind, reason, note string
	count              int64
}

// events are those about an object, oldest first.
func (p *plane) events(t *testing.T, namespace, name string) []event {
	t.Helper()
	var out []event
	for _, e := range p.list(t, eventResources, namespace) {
		if text(&e, "regarding", "name") != name || text(&e, "reportingController") != "capaks" {
			continue
		}
		count, found, _ := unstructured.NestedInt64(e.Object, "series", "count")
		if !found {
			count = 1
		}
		out = append(out, event{text(&e, "type"), text(&e, "reason"), text(&e, "note"), count})
	}
	return out
}

// warnings are the warnings among the events with a reason, each repetition counted.
func (p *plane) warnings(t *testing.T, namespace, name, reason string) (notes []string) {
	t.Helper()
	for _, e := range p.events(t, namespace, name) {
		if e.kind == "Warning" && e.reason == reason {
			for range e.count {
				notes = append(notes, e.note)
			}
		}
	}
	return notes
}

// patch merges JSON into an object.
func (p *plane) patch(t *testing.T, kind, namespace, name, merge string) {
	t.Helper()
	p.kubectl(t, "patch", kind, name, "--namespace="+namespace, "--type=merge", "--patch="+merge)
}

// workload runs kubectl with the kubeconfig in a Cluster's Secret.
func (p *plane) workload(t *testing.T, namespace, cluster string, args ...string) (string, error) {
	t.Helper()
	secret := p.get(t, secrets, namespace, cluster+"-kubeconfig")
	if secret == nil {
		return "", fmt.Errorf("there is no Secret %s/%s-kubeconfig", namespace, cluster)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, decode(t, text(secret, "data", "value")), 0o600); err != nil {
		return "", err
	}
	return p.box.Kubectl(t.Context(), append([]string{"--kubeconfig=" + file}, args...)...)
}

// nodes are the names of the Nodes in a workload cluster.
func (p *plane) nodes(t *testing.T, namespace, cluster string) []string {
	t.Helper()
	out, err := p.workload(t, namespace, cluster, "get", "nodes", "-o", "name")
	if err != nil {
		t.Logf("get nodes: %v", err)
		return nil
	}
	return strings.Fields(out)
}

// awaitGone waits until none of the kinds has an object in the namespace.
func (p *plane) awaitGone(t *testing.T, limit time.Duration, namespace string, kinds ...schema.GroupVersionResource) {
	t.Helper()
	eventually(t, limit, func() string {
		var left []string
		for _, kind := range kinds {
			list, err := p.kube.Resource(kind).Namespace(namespace).List(context.WithoutCancel(t.Context()), metav1.ListOptions{})
			if err != nil {
				return err.Error()
			}
			for _, object := range list.Items {
				left = append(left, fmt.Sprintf("%s/%s (finalizers %v)", kind.Resource, object.GetName(), object.GetFinalizers()))
			}
		}
		return strings.Join(left, ", ")
	})
}

func slice(object map[string]any, fields ...string) []any {
	out, _, _ := unstructured.NestedSlice(object, fields...)
	return out
}
