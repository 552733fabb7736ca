package sandbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

var (
	clusterResource = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "clusters"}
	poolResource    = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "machinepools"}
)

// expectation is what the applied files promise: clusters ("namespace/name") and the pools of each.
type expectation struct {
	clusters []string
	pools    map[string][]string
}

// expect reads the promises of files. Pools that a ClusterClass makes are not in any file; they are found when they exist.
func expect(files []string) (expectation, error) {
	e := expectation{pools: map[string][]string{}}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return e, err
		}
		objects, err := parse(raw)
		if err != nil {
			return e, fmt.Errorf("%s: %w", file, err)
		}
		for _, object := range objects {
			ns := orDefault(object.GetNamespace(), "default")
			if object.GroupVersionKind().Group != clusterResource.Group {
				continue
			}
			switch object.GetKind() {
			case "Cluster":
				e.clusters = append(e.clusters, ns+"/"+object.GetName())
			case "MachinePool":
				key := ns + "/" + text(object.Object, "spec", "clusterName")
				e.pools[key] = append(e.pools[key], object.GetName())
			}
		}
	}
	return e, nil
}

// observer reads a view from the management API and from the emulator's own state.
type observer struct {
	client   dynamic.Interface
	azure    *http.Client
	azureURL string
}

func (s *Sandbox) newObserver() (*observer, error) {
	config, err := s.RESTConfig()
	if err != nil {
		return nil, err
	}
	o := &observer{azureURL: s.AzureURL()}
	if o.client, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	if o.azureURL == "" {
		return o, nil
	}
	env, err := s.AzureEnv()
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, v := range env {
		if v.Name != "SSL_CERT_FILE" {
			continue
		}
		ca, err := os.ReadFile(v.Value)
		if err != nil {
			return nil, err
		}
		roots.AppendCertsFromPEM(ca)
	}
	o.azure = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return o, nil
}

// observe never fails: what cannot be read now is said in the view and read again the next time.
func (o *observer) observe(ctx context.Context) view {
	v := view{}
	clusters, err := o.list(ctx, clusterResource)
	if err != nil {
		v.trouble = "the management API does not answer: " + err.Error()
		return v
	}
	pools, err := o.list(ctx, poolResource)
	if err != nil {
		v.trouble = "the management API does not answer: " + err.Error()
		return v
	}
	for _, cluster := range clusters {
		c := clusterView{
			namespace: cluster.GetNamespace(), name: cluster.GetName(), phase: text(cluster.Object, "status", "phase"),
			controlPlane: o.controlPlane(ctx, cluster),
		}
		available := condition(cluster.Object, "Available")
		if c.available = string(available.Status); c.available != "True" {
			c.message = oneLine(available.Message)
		}
		for _, pool := range pools {
			if pool.GetNamespace() == c.namespace && text(pool.Object, "spec", "clusterName") == c.name {
				c.pools = append(c.pools, poolOf(pool))
			}
		}
		v.clusters = append(v.clusters, c)
	}
	if v.operations, err = o.operations(ctx); err != nil {
		v.trouble = "the emulator does not answer: " + err.Error()
	}
	return v
}

func (o *observer) list(ctx context.Context, resource schema.GroupVersionResource) ([]*unstructured.Unstructured, error) {
	list, err := o.client.Resource(resource).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // a sandbox without Cluster API
	}
	if err != nil {
		return nil, err
	}
	var items []*unstructured.Unstructured
	for i := range list.Items {
		items = append(items, &list.Items[i])
	}
	slices.SortFunc(items, func(a, b *unstructured.Unstructured) int {
		return cmp.Compare(a.GetNamespace()+"/"+a.GetName(), b.GetNamespace()+"/"+b.GetName())
	})
	return items, nil
}

func (o *observer) controlPlane(ctx context.Context, cluster *unstructured.Unstructured) controlPlaneView {
	kind := text(cluster.Object, "spec", "controlPlaneRef", "kind")
	cp := controlPlaneView{kind: kind, name: text(cluster.Object, "spec", "controlPlaneRef", "name")}
	if cp.name == "" {
		return cp
	}
	resource := schema.GroupVersionResource{
		Group: text(cluster.Object, "spec", "controlPlaneRef", "apiGroup"), Version: "v1beta1", Resource: strings.ToLower(kind) + "s",
	}
	object, err := o.client.Resource(resource).Namespace(cluster.GetNamespace()).Get(ctx, cp.name, metav1.GetOptions{})
	if err != nil {
		cp.reason = "NotFound"
		return cp
	}
	ready := condition(object.Object, "Ready")
	cp.version, cp.ready = text(object.Object, "status", "version"), string(ready.Status)
	if ready.Status != "True" {
		cp.reason, cp.message = ready.Reason, oneLine(ready.Message)
	}
	return cp
}

func poolOf(pool *unstructured.Unstructured) poolView {
	p := poolView{
		name: pool.GetName(), phase: text(pool.Object, "status", "phase"), version: text(pool.Object, "spec", "template", "spec", "version"),
		desired: 1, // what Cluster API takes where nothing is said
	}
	if desired, found, _ := unstructured.NestedInt64(pool.Object, "spec", "replicas"); found {
		p.desired = desired
	}
	// Cluster API copies its replica counters from the infrastructure; only a Node it has found is evidence of one.
	nodes, _, _ := unstructured.NestedSlice(pool.Object, "status", "nodeRefs")
	for _, node := range nodes {
		if ref, ok := node.(map[string]any); ok {
			p.nodes = append(p.nodes, text(ref, "name"))
		}
	}
	slices.Sort(p.nodes)
	return p
}

// operations asks the emulator for what it is doing. The times in its answer are those of its own clock, which may be faster than ours.
func (o *observer) operations(ctx context.Context) ([]operationView, error) {
	if o.azureURL == "" {
		return nil, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.azureURL+"/_azuresim/state", nil)
	if err != nil {
		return nil, err
	}
	response, err := o.azure.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	var state azureState
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		return nil, fmt.Errorf("%s: %w", request.URL.Path, err)
	}
	return state.running(), nil
}

// azureState is the part of GET /_azuresim/state that is shown.
type azureState struct {
	Now        time.Time `json:"now"`
	Operations []struct {
		Resource  string    `json:"resource"`
		State     string    `json:"state"` // Creating, Updating, ...
		Status    string    `json:"status"`
		Percent   float64   `json:"percent"`
		StartTime time.Time `json:"startTime"`
	} `json:"operations"`
}

func (s azureState) running() []operationView {
	var running []operationView
	for _, op := range s.Operations {
		if op.Status != "InProgress" {
			continue
		}
		running = append(running, operationView{
			what:     op.State + " " + path.Base(path.Dir(op.Resource)) + "/" + path.Base(op.Resource),
			resource: op.Resource, percent: int(op.Percent), elapsed: s.Now.Sub(op.StartTime),
		})
	}
	slices.SortFunc(running, func(a, b operationView) int { return cmp.Compare(a.resource, b.resource) })
	return running
}

func condition(object map[string]any, kind string) metav1.Condition {
	conditions, _, _ := unstructured.NestedSlice(object, "status", "conditions")
	for _, c := range conditions {
		if fields, ok := c.(map[string]any); ok && text(fields, "type") == kind {
			status := metav1.ConditionStatus(text(fields, "status"))
			return metav1.Condition{Type: kind, Status: status, Reason: text(fields, "reason"), Message: text(fields, "message")}
		}
	}
	return metav1.Condition{}
}

func text(object map[string]any, fields ...string) string {
	s, _, _ := unstructured.NestedString(object, fields...)
	return s
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
