package v1beta1_test

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestSKUForms(t *testing.T) {
	for text, want := range map[string]struct {
		tier    v1beta1.SKUTier
		written string
	}{
		`"Free"`:                     {"Free", `"Free"`},
		`{"tier":"Paid"}`:            {"Paid", `{"tier":"Paid"}`},
		`"Standard"`:                 {"Standard", `"Standard"`},
		`{"tier":"Premium","x":"y"}`: {"Premium", `{"tier":"Premium"}`},
		`{"tier":1}`:                 {"", `{"tier":""}`},
		`{}`:                         {"", `{"tier":""}`},
		`null`:                       {"", `{"tier":""}`},
		`5`:                          {"", `{"tier":""}`},
		`["Free"]`:                   {"", `{"tier":""}`},
	} {
		t.Run(text, func(t *testing.T) {
			var sku v1beta1.SKU
			if err := json.Unmarshal([]byte(text), &sku); err != nil {
				t.Fatal(err)
			}
			if sku.Tier != want.tier {
				t.Errorf("tier is %q, want %q", sku.Tier, want.tier)
			}
			written, err := json.Marshal(sku)
			if err != nil || string(written) != want.written {
				t.Errorf("written as %s, %v; want %s", written, err, want.written)
			}
		})
	}
}

// The converter between typed and unstructured objects, which patches of Cluster API go through, keeps the form too.
func TestSKUInPatches(t *testing.T) {
	for _, sku := range []any{"Free", map[string]any{"tier": "Free"}} {
		before := map[string]any{"spec": map[string]any{"location": "l", "version": "v1.33.4", "sku": sku}}
		var typed v1beta1.AzureManagedControlPlane
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(before, &typed); err != nil {
			t.Fatal(err)
		}
		after, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&typed)
		if err != nil {
			t.Fatal(err)
		}
		spec := after["spec"].(map[string]any)
		want, _ := json.Marshal(sku)
		if got, _ := json.Marshal(spec["sku"]); string(got) != string(want) {
			t.Errorf("sku became %s, want %s", got, want)
		}
		if _, ok := spec["controlPlaneEndpoint"]; ok {
			t.Error("an endpoint that is not set is written")
		}
	}
}
