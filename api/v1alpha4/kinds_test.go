package v1alpha4_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/capaks/capaks/api/v1alpha4"
	"github.com/capaks/capaks/api/v1beta1"
)

// Both versions in one scheme stay two sets of types, and an old manifest decodes into the types of its version.
func TestOldManifest(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha4.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	manifest := []byte(`
apiVersion: infrastructure.cluster.x-k8s.io/v1alpha4
kind: AzureManagedControlPlane
metadata: {name: my-cluster-control-plane}
spec: {location: southcentralus, version: v1.21.2, sku: Free}
`)
	object, _, err := serializer.NewCodecFactory(scheme).UniversalDeserializer().Decode(manifest, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	old, ok := object.DeepCopyObject().(*v1alpha4.AzureManagedControlPlane)
	if !ok {
		t.Fatalf("decoded as %T", object)
	}
	updated := old.AzureManagedControlPlane
	if updated.Name != "my-cluster-control-plane" || updated.Spec.SKU == nil || updated.Spec.SKU.Tier != v1beta1.TierFree {
		t.Errorf("fields were lost: %+v", updated)
	}
}

// Every kind of v1beta1 is there as v1alpha4 too.
func TestSameKinds(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha4.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	for kind := range scheme.KnownTypes(v1beta1.GroupVersion) {
		if !scheme.Recognizes(schema.GroupVersionKind{Group: v1beta1.GroupName, Version: "v1alpha4", Kind: kind}) {
			t.Errorf("v1alpha4 has no %s", kind)
		}
	}
}
