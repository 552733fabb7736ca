package crd_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// suite is one file of testdata: an object that is accepted, and cases that differ from it.
type suite struct {
	Base  map[string]any `json:"base"`
	Cases []ruleCase     `json:"cases"`
}

// ruleCase creates an object, or creates and changes one. All differences are JSON merge patches: null removes.
type ruleCase struct {
	Name   string         `json:"name"`
	Create map[string]any `json:"create"` // on the base of the suite
	Status map[string]any `json:"status"` // what a controller had written before the change
	Change map[string]any `json:"change"`
	// Refused are texts the last request's refusal must have, each; none means that it is accepted.
	Refused []string `json:"refused"`
	// Causes is the number of rules that refuse it: one if not given.
	Causes int `json:"causes"`
	// Reads is part of what is read back.
	Reads map[string]any `json:"reads"`
}

func TestRules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s suite
		if err := yaml.UnmarshalStrict(text, &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, c := range s.Cases {
			name := strings.TrimSuffix(filepath.Base(file), ".yaml")
			t.Run(name+"/"+c.Name, func(t *testing.T) {
				c.run(needServer(t), t, s.Base, fmt.Sprintf("%s%d", name, i))
			})
		}
	}
}

func (c ruleCase) run(ctx context.Context, t *testing.T, base map[string]any, name string) {
	object := c.object(base, name)
	err := api.Create(ctx, object)
	if err == nil {
		t.Cleanup(func() {
			if err := api.Delete(context.WithoutCancel(ctx), object); err != nil {
				t.Errorf("delete: %v", err)
			}
		})
	}
	if c.Status != nil || c.Change != nil {
		if err != nil {
			t.Fatalf("the object to change was refused: %v", err)
		}
		err = c.change(ctx, t, object)
	}
	c.check(t, object, err)
}

func (c ruleCase) object(base map[string]any, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: merged(runtime.DeepCopyJSON(base), c.Create)}
	object.SetNamespace("default")
	if object.GetName() == "" {
		object.SetName(name)
	}
	return object
}

// merged is the JSON merge patch of RFC 7386.
func merged(base, patch map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, value := range patch {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(out, key)
		case isObject:
			old, _ := out[key].(map[string]any)
			if old == nil {
				old = map[string]any{}
			}
			out[key] = merged(old, inner)
		default:
			out[key] = value
		}
	}
	return out
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (c ruleCase) change(ctx context.Context, t *testing.T, object *unstructured.Unstructured) error {
	if c.Status != nil {
		patch := client.RawPatch(types.MergePatchType, encoded(t, map[string]any{"status": c.Status}))
		if err := api.Status().Patch(ctx, object, patch); err != nil {
			if c.Change == nil {
				return err
			}
			t.Fatalf("the status was refused: %v", err)
		}
	}
	if c.Change == nil {
		return nil
	}
	return api.Patch(ctx, object, client.RawPatch(types.MergePatchType, encoded(t, c.Change)))
}

func (c ruleCase) check(t *testing.T, object *unstructured.Unstructured, err error) {
	t.Helper()
	if len(c.Refused) == 0 {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		if difference := missing(c.Reads, object.Object, ""); difference != "" {
			t.Error(difference)
		}
		return
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
		t.Fatalf("want a refusal with %q, got %v", c.Refused, err)
	}
	for _, want := range c.Refused {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal does not say %q:\n%v", want, err)
		}
	}
	// After an error of the schema the API server adds that it did not run the rules.
	causes := slices.DeleteFunc(status.Status().Details.Causes, func(cause metav1.StatusCause) bool {
		return strings.Contains(cause.Message, "some validation rules were not checked")
	})
	if want := max(c.Causes, 1); len(causes) != want {
		t.Errorf("%d rules are to refuse this, got %d: %v", want, len(causes), err)
	}
}

// missing names the first value of want that is not in got.
func missing(want, got any, at string) string {
	object, ok := want.(map[string]any)
	if !ok {
		if fmt.Sprint(want) != fmt.Sprint(got) {
			return fmt.Sprintf("%s is %v, want %v", at, got, want)
		}
		return ""
	}
	in, _ := got.(map[string]any)
	for key, value := range object {
		if difference := missing(value, in[key], at+"."+key); difference != "" {
			return difference
		}
	}
	return ""
}
