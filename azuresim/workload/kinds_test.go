package workload

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	metadataclient "k8s.io/client-go/metadata"
	"sigs.k8s.io/yaml"
)

var widgets = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}

func createWidgetCRD(ctx context.Context, t *testing.T, a Access) {
	t.Helper()
	crd := map[string]any{}
	if err := yaml.Unmarshal([]byte(crdYAML), &crd); err != nil {
		t.Fatal(err)
	}
	_, err := dynamicClient(t, certConfig(a)).Resource(crds.gvr()).Create(ctx, &unstructured.Unstructured{Object: crd}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func widget(version string, size int64) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: object{"apiVersion": "example.com/" + version, "kind": "Widget",
		"metadata": object{"name": "w"}, "spec": object{"size": size}, "status": object{"ignored": true}}}
}

func TestCustomResources(t *testing.T) {
	_, access := start(t, Options{})
	ctx := testContext(t)
	client := dynamicClient(t, certConfig(access))
	v1, old := client.Resource(widgets).Namespace("default"), client.Resource(widgets.GroupResource().WithVersion("v1alpha1")).Namespace("default")
	if _, err := v1.Create(ctx, widget("v1", 1), metav1.CreateOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("create without a CRD: %v, want NotFound", err)
	}
	createWidgetCRD(ctx, t, access)
	made, err := v1.Create(ctx, widget("v1", 1), metav1.CreateOptions{})
	if err != nil || made.GetGeneration() != 1 || made.Object["status"] != nil {
		t.Fatalf("created: %v, %v", made, err)
	}
	noVersion := made.DeepCopy()
	noVersion.SetResourceVersion("")
	if _, err := v1.Update(ctx, noVersion, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("update without resourceVersion: %v, want Invalid", err)
	}
	got, err := old.Patch(ctx, "w", types.MergePatchType, []byte(`{"spec":{"size":2}}`), metav1.PatchOptions{})
	if err != nil || got.GetAPIVersion() != "example.com/v1alpha1" || got.GetGeneration() != 2 {
		t.Fatalf("patched through the old version: %v, %v", got, err)
	}
	applied, err := v1.Apply(ctx, "w", widget("v1", 3), metav1.ApplyOptions{FieldManager: "test", Force: true})
	if size, _, _ := unstructured.NestedInt64(applied.Object, "spec", "size"); err != nil || size != 3 {
		t.Errorf("applied: %v, %v", applied, err)
	}
	if _, err := v1.Patch(ctx, "w", types.StrategicMergePatchType, []byte(`{}`), metav1.PatchOptions{}); !apierrors.IsUnsupportedMediaType(err) {
		t.Errorf("strategic patch of a custom resource: %v, want 415", err)
	}
	if err := client.Resource(crds.gvr()).Delete(ctx, "widgets.example.com", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := v1.Get(ctx, "w", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("get after the CRD went: %v, want NotFound", err)
	}
}

func TestDiscoveryShapes(t *testing.T) {
	_, access := start(t, Options{})
	createWidgetCRD(testContext(t), t, access)
	client := typedClient(t, certConfig(access))
	_, aggregated, err := client.Discovery().ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	legacy := typedClient(t, certConfig(access)).Discovery().WithLegacy()
	_, plain, err := legacy.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	names := func(lists []*metav1.APIResourceList) map[string]bool {
		out := map[string]bool{}
		for _, l := range lists {
			for _, r := range l.APIResources {
				out[l.GroupVersion+"/"+r.Name] = true
			}
		}
		return out
	}
	if diff := cmp.Diff(names(plain), names(aggregated)); diff != "" {
		t.Errorf("aggregated discovery differs from the plain one:\n%s", diff)
	}
	for _, want := range []string{"v1/nodes", "v1/nodes/status", "v1/pods/eviction", "apps/v1/deployments/scale", "example.com/v1/widgets", "example.com/v1alpha1/widgets"} {
		if !names(plain)[want] {
			t.Errorf("%s is not discovered", want)
		}
	}
	info, err := client.Discovery().ServerVersion()
	if err != nil || info.GitVersion != "v1.34.2" || info.Major != "1" || info.Minor != "34" {
		t.Errorf("version: %+v, %v", info, err)
	}
	if doc, err := client.Discovery().OpenAPISchema(); err != nil || doc.Swagger != "2.0" {
		t.Errorf("openapi v2: %v, %v", doc, err)
	}
}

func TestTable(t *testing.T) {
	m, access := start(t, Options{})
	node := testNode("nodepool1", 0)
	node.Ready = false
	setNodes(t, m, node)
	raw, err := typedClient(t, certConfig(access)).CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes").
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json").Do(testContext(t)).Raw()
	if err != nil {
		t.Fatal(err)
	}
	var table metav1.Table
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	row := map[string]any{}
	for i, col := range table.ColumnDefinitions {
		row[col.Name] = table.Rows[0].Cells[i]
	}
	delete(row, "Age")
	want := map[string]any{"Name": node.Name, "Status": "NotReady", "Roles": "<none>", "Version": "v1.34.2", "Internal-IP": "10.224.0.4",
		"External-IP": "<none>", "OS-Image": "Ubuntu 24.04.3 LTS", "Kernel-Version": "6.8.0-1034-azure", "Container-Runtime": "containerd://1.7.28-1"}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if table.Kind != "Table" || !strings.Contains(string(table.Rows[0].Object.Raw), "PartialObjectMetadata") {
		t.Errorf("table: %s", raw)
	}
}

// Controllers that only need metadata ask for a projection, in watches too.
func TestPartialObjectMetadata(t *testing.T) {
	m, access := start(t, Options{})
	setNodes(t, m, testNode("nodepool1", 0))
	client, err := metadataclient.NewForConfig(certConfig(access))
	if err != nil {
		t.Fatal(err)
	}
	ctx, nodes := testContext(t), client.Resource(nodeKind.gvr())
	list, err := nodes.List(ctx, metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Kind != "PartialObjectMetadata" || list.Items[0].Labels["agentpool"] != "nodepool1" {
		t.Fatalf("list: %+v, %v", list, err)
	}
	w, err := nodes.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if got, ok := next(t, w).Object.(*metav1.PartialObjectMetadata); !ok || got.UID != list.Items[0].UID {
		t.Errorf("watched: %+v", got)
	}
}
