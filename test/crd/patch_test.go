package crd_test

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/cluster-api/util/conditions"
	"sigs.k8s.io/cluster-api/util/patch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/capaks/capaks/api/v1beta1"
)

// An object with a string as sku and the conditions of the earlier provider goes through a typed client and Cluster API's
// patch helper: the conditions become complete, and nothing in the spec is rewritten.
func TestTypedPatch(t *testing.T) {
	ctx := needServer(t)
	scheme := runtime.NewScheme()
	if err := v1beta1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	typed, err := client.New(server, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	stored := withSKU("typed-patch", "Free")
	if err := api.Create(ctx, stored); err != nil {
		t.Fatal(err)
	}
	spec := runtime.DeepCopyJSONValue(stored.Object["spec"])
	stored.Object["status"] = map[string]any{"conditions": []any{
		map[string]any{"type": "Ready", "status": "True", "lastTransitionTime": "2024-01-01T00:00:00Z"},
		map[string]any{"type": "VNetReady", "status": "True", "severity": "Info", "lastTransitionTime": "2024-01-01T00:00:00Z"},
	}}
	if err := api.Status().Update(ctx, stored); err != nil {
		t.Fatal(err)
	}

	controlPlane := &v1beta1.AzureManagedControlPlane{}
	if err := typed.Get(ctx, client.ObjectKeyFromObject(stored), controlPlane); err != nil {
		t.Fatal(err)
	}
	if controlPlane.Spec.SKU == nil || controlPlane.Spec.SKU.Tier != v1beta1.TierFree {
		t.Fatalf("sku was read as %+v", controlPlane.Spec.SKU)
	}
	helper, err := patch.NewHelper(controlPlane, typed)
	if err != nil {
		t.Fatal(err)
	}
	controllerutil.AddFinalizer(controlPlane, v1beta1.ControlPlaneFinalizer)
	controlPlane.Status.Initialized = true
	conditions.Set(controlPlane, metav1.Condition{Type: v1beta1.ReadyCondition, Status: metav1.ConditionFalse, Reason: "Creating", Message: "m"})
	if err := helper.Patch(ctx, controlPlane); err != nil {
		t.Fatal(err)
	}

	if err := api.Get(ctx, client.ObjectKeyFromObject(stored), stored); err != nil {
		t.Fatal(err)
	}
	if difference := missing(spec, stored.Object["spec"], ".spec"); difference != "" {
		t.Error(difference)
	}
	list, _, _ := unstructured.NestedSlice(stored.Object, "status", "conditions")
	if len(list) != 2 || missing(map[string]any{"status": "False", "reason": "Creating"}, list[0], "") != "" {
		t.Errorf("conditions are %v", list)
	}
	removeWithFinalizer(t, typed, controlPlane)
}

func removeWithFinalizer(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	if err := c.Delete(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	before := object.DeepCopyObject().(client.Object)
	object.SetFinalizers(nil)
	if err := c.Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(object), object); !apierrors.IsNotFound(err) {
		t.Errorf("want the object gone, got %v", err)
	}
}
