package crd_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A bare string and an object must do as sku by every way a manifest can come in, server-side apply above all: it types
// the object before any webhook could rewrite it.
func TestSKUForms(t *testing.T) {
	forms := map[string]any{"string": "Free", "object": map[string]any{"tier": "Standard"}}
	refused := []any{"Cheap", map[string]any{"tier": "Cheap"}, map[string]any{}, map[string]any{"tier": "Free", "x": "y"},
		1, true, []any{"Free"}}
	ways := map[string]func(client.Client, *unstructured.Unstructured) error{
		"create": func(c client.Client, o *unstructured.Unstructured) error { return c.Create(t.Context(), o) },
		"server-side apply": func(c client.Client, o *unstructured.Unstructured) error {
			return c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("gitops"))
		},
	}
	for way, send := range ways {
		t.Run(way, func(t *testing.T) {
			needServer(t)
			for form, sku := range forms {
				object := withSKU("sku-"+form, sku)
				if err := send(api, object); err != nil {
					t.Fatalf("sku as %s: %v", form, err)
				}
				got, _, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", "sku")
				if fmt.Sprint(got) != fmt.Sprint(sku) {
					t.Errorf("sku as %s was stored as %v", form, got)
				}
				if err := api.Delete(t.Context(), object); err != nil {
					t.Fatal(err)
				}
			}
			for _, sku := range refused {
				err := send(api, withSKU("sku-bad", sku))
				if !apierrors.IsInvalid(err) {
					t.Errorf("sku %v: want a refusal, got %v", sku, err)
				}
			}
		})
	}
}

// The form can be changed, with both kinds of apply, and one applier may use the other form than the last one.
func TestSKUChangesForm(t *testing.T) {
	ctx := needServer(t)
	apply := func(sku any) error {
		return api.Apply(ctx, client.ApplyConfigurationFromUnstructured(withSKU("sku-forms", sku)), client.FieldOwner("gitops"))
	}
	for _, sku := range []any{"Free", map[string]any{"tier": "Free"}, "Standard"} {
		if err := apply(sku); err != nil {
			t.Fatalf("apply %v: %v", sku, err)
		}
	}
	object := withSKU("sku-forms", nil)
	patch := map[string]any{"spec": map[string]any{"sku": map[string]any{"tier": "Premium"}}}
	text, err := json.Marshal(patch)
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Patch(ctx, object, client.RawPatch(types.MergePatchType, text)); err != nil {
		t.Fatalf("merge patch of a string with an object: %v", err)
	}
	var status apierrors.APIStatus
	if err := apply("Free"); !errors.As(err, &status) || !apierrors.IsConflict(err) {
		t.Errorf("want a conflict with the one who patched, got %v", err)
	}
	if err := api.Delete(ctx, object); err != nil {
		t.Fatal(err)
	}
}

func withSKU(name string, sku any) *unstructured.Unstructured {
	spec := map[string]any{"location": "westeurope", "version": "v1.33.4"}
	if sku != nil {
		spec["sku"] = sku
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "infrastructure.cluster.x-k8s.io/v1beta1",
		"kind":       "AzureManagedControlPlane",
		"metadata":   map[string]any{"name": name, "namespace": "default"},
		"spec":       spec,
	}}
}
