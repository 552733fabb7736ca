package crd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// The examples of docs/pools.md are what the API server accepts, one after the other for the same pool.
func TestExamplesOfPools(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "pools.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(examples) != 2 {
		t.Fatalf("%d examples in docs/pools.md, want those of scaling and replacement", len(examples))
	}
	for _, example := range examples {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(example[1], &object.Object); err != nil {
			t.Fatal(err)
		}
		//nolint:staticcheck // what kubectl apply --server-side does
		if err := api.Patch(t.Context(), object, client.Apply, client.FieldOwner("reader"), client.ForceOwnership); err != nil {
			t.Errorf("%v in\n%s", err, example[1])
		}
	}
}
