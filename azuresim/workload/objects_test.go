package workload

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
)

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}, Data: data}
}

func TestCreateUpdateDelete(t *testing.T) {
	_, access := start(t, Options{})
	ctx := testContext(t)
	maps := typedClient(t, certConfig(access)).CoreV1().ConfigMaps("default") // sends protobuf

	made, err := maps.Create(ctx, configMap("a", map[string]string{"k": "v"}), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if made.UID == "" || made.ResourceVersion == "" || made.CreationTimestamp.IsZero() || made.Namespace != "default" || made.Data["k"] != "v" {
		t.Errorf("created: %+v", made)
	}
	if _, err := maps.Create(ctx, configMap("a", nil), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("second create: %v, want AlreadyExists", err)
	}
	generated, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "gen-"}}, metav1.CreateOptions{})
	if err != nil || !strings.HasPrefix(generated.Name, "gen-") || len(generated.Name) != 9 {
		t.Errorf("generateName: %q, %v", generated.Name, err)
	}
	stale := made.DeepCopy()
	made.Data["k"] = "w"
	updated, err := maps.Update(ctx, made, metav1.UpdateOptions{})
	if err != nil || updated.Data["k"] != "w" || updated.ResourceVersion == stale.ResourceVersion || updated.UID != stale.UID {
		t.Fatalf("update: %+v, %v", updated, err)
	}
	again, err := maps.Update(ctx, updated, metav1.UpdateOptions{})
	if err != nil || again.ResourceVersion != updated.ResourceVersion {
		t.Errorf("an update that changes nothing moved the resourceVersion: %s -> %s, %v", updated.ResourceVersion, again.ResourceVersion, err)
	}
	if _, err := maps.Update(ctx, stale, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("stale update: %v, want Conflict", err)
	}
	if _, err := maps.Create(ctx, configMap("dry", nil), metav1.CreateOptions{DryRun: []string{"All"}}); err != nil {
		t.Error(err)
	}
	if _, err := maps.Get(ctx, "dry", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("dry-run create was stored: %v", err)
	}
	wrong := types.UID("wrong")
	if err := maps.Delete(ctx, "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}}); !apierrors.IsConflict(err) {
		t.Errorf("delete with a wrong uid: %v, want Conflict", err)
	}
	if err := maps.Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := maps.Get(ctx, "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("get after delete: %v, want NotFound", err)
	}
}

func TestRefusals(t *testing.T) {
	_, access := start(t, Options{})
	ctx, client := testContext(t), typedClient(t, certConfig(access))
	create := func(ns string, cm *corev1.ConfigMap) error {
		_, err := client.CoreV1().ConfigMaps(ns).Create(ctx, cm, metav1.CreateOptions{})
		return err
	}
	withRV := configMap("a", nil)
	withRV.ResourceVersion = "5"
	elsewhere := configMap("a", nil)
	elsewhere.Namespace = "kube-system"
	tests := map[string]struct {
		err  error
		want func(error) bool
	}{
		"no such namespace":     {create("nowhere", configMap("a", nil)), apierrors.IsNotFound},
		"other namespace":       {create("default", elsewhere), apierrors.IsBadRequest},
		"resourceVersion given": {create("default", withRV), apierrors.IsBadRequest},
		"bad name":              {create("default", configMap("Not_A_Name", nil)), apierrors.IsInvalid},
		"no name":               {create("default", &corev1.ConfigMap{}), apierrors.IsInvalid},
		"default namespace":     {client.CoreV1().Namespaces().Delete(ctx, "default", metav1.DeleteOptions{}), apierrors.IsForbidden},
		"bad selector": {func() error {
			_, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: "a in ("})
			return err
		}(), apierrors.IsBadRequest},
		"no such kind": {client.CoreV1().RESTClient().Get().AbsPath("/apis/none.example.com/v1/things").Do(ctx).Error(), apierrors.IsNotFound},
		"strict field": {client.CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces/default/configmaps").Param("fieldValidation", "Strict").
			SetHeader("Content-Type", "application/json").Body([]byte(`{"metadata":{"name":"s"},"extra":1}`)).Do(ctx).Error(), apierrors.IsBadRequest},
		"wrong type": {client.CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces/default/configmaps").
			SetHeader("Content-Type", "application/json").Body([]byte(`{"metadata":{"name":"s"},"data":[]}`)).Do(ctx).Error(), apierrors.IsBadRequest},
	}
	for name, tt := range tests {
		if !tt.want(tt.err) {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
}

func TestListSelectors(t *testing.T) {
	_, access := start(t, Options{})
	ctx, client := testContext(t), typedClient(t, certConfig(access))
	for _, ns := range []string{"default", "kube-system"} {
		for _, name := range []string{"a", "b"} {
			if _, err := client.CoreV1().ConfigMaps(ns).Create(ctx, configMap(name, nil), metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		ns   string
		opts metav1.ListOptions
		want string
	}{
		{"", metav1.ListOptions{}, "default/a default/b kube-system/a kube-system/b"},
		{"default", metav1.ListOptions{}, "default/a default/b"},
		{"", metav1.ListOptions{LabelSelector: "app=a"}, "default/a kube-system/a"},
		{"", metav1.ListOptions{LabelSelector: "app notin (a)"}, "default/b kube-system/b"},
		{"default", metav1.ListOptions{FieldSelector: "metadata.name=b"}, "default/b"},
		{"", metav1.ListOptions{FieldSelector: "metadata.namespace!=default"}, "kube-system/a kube-system/b"},
		{"", metav1.ListOptions{Limit: 1}, "default/a default/b kube-system/a kube-system/b"},
	}
	for _, tt := range tests {
		items, err := client.CoreV1().ConfigMaps(tt.ns).List(ctx, tt.opts)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, item := range items.Items {
			got = append(got, item.Namespace+"/"+item.Name)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%q %+v: %s, want %s", tt.ns, tt.opts, s, tt.want)
		}
	}
	if err := client.CoreV1().ConfigMaps("default").DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "app=a"}); err != nil {
		t.Fatal(err)
	}
	left, err := client.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
	if err != nil || len(left.Items) != 1 || left.Items[0].Name != "b" {
		t.Errorf("after deletecollection: %v, %v", left.Items, err)
	}
}

func TestPatchKinds(t *testing.T) {
	m, access := start(t, Options{})
	node := testNode("nodepool1", 0)
	node.Taints = nil
	setNodes(t, m, node)
	ctx, nodes := testContext(t), typedClient(t, certConfig(access)).CoreV1().Nodes()
	tests := []struct {
		kind  types.PatchType
		patch string
		check func(*corev1.Node) bool
	}{
		{types.MergePatchType, `{"metadata":{"annotations":{"x":"1"}}}`, func(n *corev1.Node) bool { return n.Annotations["x"] == "1" }},
		{types.JSONPatchType, `[{"op":"add","path":"/metadata/labels/y","value":"2"}]`, func(n *corev1.Node) bool { return n.Labels["y"] == "2" }},
		{types.StrategicMergePatchType, `{"spec":{"unschedulable":true}}`, func(n *corev1.Node) bool { return n.Spec.Unschedulable }},
		{types.MergePatchType, `{"metadata":{"annotations":{"x":null}}}`, func(n *corev1.Node) bool { _, ok := n.Annotations["x"]; return !ok }},
	}
	for _, tt := range tests {
		got, err := nodes.Patch(ctx, node.Name, tt.kind, []byte(tt.patch), metav1.PatchOptions{})
		if err != nil || !tt.check(got) {
			t.Errorf("%s %s: %+v, %v", tt.kind, tt.patch, got, err)
		}
	}
	// Only the condition named in a strategic patch changes, and only through /status.
	patch := []byte(`{"status":{"conditions":[{"type":"Ready","status":"False","reason":"Test"}]}}`)
	ready := func(n *corev1.Node) corev1.ConditionStatus {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady {
				return c.Status
			}
		}
		return ""
	}
	got, err := nodes.Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if err != nil || ready(got) != corev1.ConditionTrue {
		t.Errorf("a patch of the object changed the status: %v, %v", ready(got), err)
	}
	got, err = nodes.Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil || ready(got) != corev1.ConditionFalse || len(got.Status.Conditions) != 4 {
		t.Errorf("status patch: %+v, %v", got.Status.Conditions, err)
	}
	for _, bad := range []struct {
		kind  types.PatchType
		patch string
		want  func(error) bool
	}{
		{types.JSONPatchType, `[{"op":"test","path":"/metadata/name","value":"z"}]`, apierrors.IsInvalid},
		{types.MergePatchType, `{"metadata":{"resourceVersion":"1"}}`, apierrors.IsConflict},
		{"text/plain", `x`, apierrors.IsUnsupportedMediaType},
		{types.ApplyCBORPatchType, `x`, apierrors.IsUnsupportedMediaType},
	} {
		if _, err := nodes.Patch(ctx, node.Name, bad.kind, []byte(bad.patch), metav1.PatchOptions{}); !bad.want(err) {
			t.Errorf("%s %s: %v", bad.kind, bad.patch, err)
		}
	}
	if _, err := nodes.Patch(ctx, "absent", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("patch of an absent node: %v", err)
	}
}

func TestServerSideApply(t *testing.T) {
	_, access := start(t, Options{})
	ctx := testContext(t)
	maps := typedClient(t, certConfig(access)).CoreV1().ConfigMaps("default")
	apply := func(manager string, force bool, data map[string]string) (*corev1.ConfigMap, error) {
		return maps.Apply(ctx, applycorev1.ConfigMap("a", "default").WithData(data), metav1.ApplyOptions{FieldManager: manager, Force: force})
	}
	if _, err := apply("one", false, map[string]string{"x": "1", "y": "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := apply("two", false, map[string]string{"x": "2"}); !apierrors.IsConflict(err) {
		t.Errorf("apply over a foreign field: %v, want Conflict", err)
	}
	if _, err := apply("two", true, map[string]string{"x": "2"}); err != nil {
		t.Fatal(err)
	}
	got, err := apply("one", false, map[string]string{"z": "1"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"x": "2", "z": "1"}, got.Data); diff != "" {
		t.Errorf("a field that its owner no longer applies must go, others stay (-want +got):\n%s", diff)
	}
	if len(got.ManagedFields) != 2 {
		t.Errorf("managedFields: %v", got.ManagedFields)
	}
}

func TestStatusScaleAndGeneration(t *testing.T) {
	_, access := start(t, Options{})
	ctx := testContext(t)
	deployments := typedClient(t, certConfig(access)).AppsV1().Deployments("default")
	labels := map[string]string{"app": "web"}
	d, err := deployments.Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}},
	}, Status: appsv1.DeploymentStatus{Replicas: 9}}, metav1.CreateOptions{})
	if err != nil || d.Generation != 1 || d.Status.Replicas != 0 || *d.Spec.Replicas != 1 {
		t.Fatalf("created: %+v, %v", d, err)
	}
	d.Status.ReadyReplicas, d.Spec.Paused = 1, true
	d, err = deployments.UpdateStatus(ctx, d, metav1.UpdateOptions{})
	if err != nil || d.Status.ReadyReplicas != 1 || d.Spec.Paused || d.Generation != 1 {
		t.Fatalf("status update: %+v, %v", d, err)
	}
	scale, err := deployments.GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil || scale.Spec.Replicas != 1 || scale.Status.Selector != "app=web" {
		t.Fatalf("scale: %+v, %v", scale, err)
	}
	scale.Spec.Replicas = 4
	if _, err := deployments.UpdateScale(ctx, "web", scale, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	d, err = deployments.Get(ctx, "web", metav1.GetOptions{})
	if err != nil || *d.Spec.Replicas != 4 || d.Generation != 2 || d.Status.ReadyReplicas != 1 {
		t.Errorf("after scaling: %+v, %v", d, err)
	}
}

func TestFinalizersAndNamespaces(t *testing.T) {
	_, access := start(t, Options{})
	ctx, client := testContext(t), typedClient(t, certConfig(access))
	if _, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	maps := client.CoreV1().ConfigMaps("shop")
	held := configMap("held", nil)
	held.Finalizers = []string{"example.com/hold"}
	for _, cm := range []*corev1.ConfigMap{held, configMap("free", nil)} {
		if _, err := maps.Create(ctx, cm, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.CoreV1().Namespaces().Delete(ctx, "shop", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ns, err := client.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{})
	if err != nil || ns.Status.Phase != corev1.NamespaceTerminating {
		t.Fatalf("namespace with a held object: %+v, %v", ns, err)
	}
	if _, err := maps.Create(ctx, configMap("late", nil), metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("create in a terminating namespace: %v, want Forbidden", err)
	}
	left, err := maps.List(ctx, metav1.ListOptions{})
	if err != nil || len(left.Items) != 1 || left.Items[0].DeletionTimestamp == nil {
		t.Fatalf("left in the namespace: %+v, %v", left.Items, err)
	}
	if _, err := maps.Patch(ctx, "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("namespace after the last object went: %v, want NotFound", err)
	}
}

func TestEvictionHonoursBudget(t *testing.T) {
	_, access := start(t, Options{})
	ctx, client := testContext(t), typedClient(t, certConfig(access))
	labels := map[string]string{"app": "web"}
	for _, name := range []string{"a", "b"} {
		runningPod(ctx, t, client, name, labels)
	}
	one := intstr.FromInt32(1)
	if _, err := client.PolicyV1().PodDisruptionBudgets("default").Create(ctx, &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: labels}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	evict := func(name string) error {
		return client.CoreV1().Pods("default").EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	if err := evict("a"); err != nil {
		t.Errorf("first eviction: %v", err)
	}
	if err := evict("b"); !apierrors.IsTooManyRequests(err) || !apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) {
		t.Errorf("second eviction: %v, want 429 with the budget as cause", err)
	}
}

func runningPod(ctx context.Context, t *testing.T, client kubernetes.Interface, name string, labels map[string]string) {
	t.Helper()
	pods := client.CoreV1().Pods("default")
	pod, err := pods.Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	if _, err := pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
