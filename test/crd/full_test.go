package crd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// The objects whose requests are golden documents are objects a person can create, and change afterwards.
func TestFullFeaturedCluster(t *testing.T) {
	ctx := needServer(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "aks", "testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			t.Fatal(err)
		}
		strict := client.NewNamespacedClient(client.WithFieldValidation(api, "Strict"), "default")
		if err := strict.Create(ctx, object); err != nil {
			t.Fatal(err)
		}
		if err := unstructured.SetNestedField(object.Object, "b", "spec", "additionalTags", "a"); err != nil {
			t.Fatal(err)
		}
		if err := strict.Update(ctx, object); err != nil {
			t.Errorf("%s: %v", object.GetName(), err)
		}
		if err := strict.Delete(ctx, object); err != nil {
			t.Error(err)
		}
	}
}
