package armfield

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/fieldset"
)

func TestSettings(t *testing.T) {
	table, err := parseSchema("things", "1", "location\tstring\trequired\nid\tstring\treadOnly\n"+
		"a\tobject\na.b\tarray\na.b[]\tstring\na.c\tarray\na.c[]\tobject\na.c[].d\tstring\n"+
		"tags\tobject\ntags{}\tstring\nids\tobject\nids{}\tobject\nids{}.x\tstring\treadOnly\n"+
		"m\tobject\nm{}\tobject\nm{}.y\tinteger\nm{}.z\tstring\treadOnly\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a.b", "a.c[].d", "ids", "location", "m{}.y", "tags"}
	if diff := cmp.Diff(want, table.Settings()); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// The full golden specs set every field that is sent, so that every codec and path meets the official description.
func TestFullSpecsAreFull(t *testing.T) {
	for file, make := range map[string]func() any{"controlplane-full": specs["controlplane"].make, "nodepool-full": specs["nodepool"].make} {
		text, err := os.ReadFile(filepath.Join("testdata", file+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		spec := make()
		if err := yaml.UnmarshalStrict(text, spec); err != nil {
			t.Fatal(err)
		}
		body := Encode(spec)
		for _, f := range Table(spec) {
			value, there := fieldset.Get(body, f.Path())
			if f.ARMPath == "" {
				continue
			}
			if !there {
				t.Errorf("%s does not set %s", file, f.JSONPath)
			}
			missing := unset(f, value)
			if len(missing) > 0 {
				t.Errorf("%s: no item of %s sets %v", file, f.JSONPath, missing)
			}
		}
	}
}

// unset are the fields no item of a list of structs has.
func unset(f Field, value any) []string {
	items, key := f.Items()
	var bodies []any
	switch value := value.(type) {
	case []any:
		bodies = value
	case map[string]any:
		for _, body := range value {
			bodies = append(bodies, body)
		}
	}
	var out []string
	for _, item := range items {
		has := func(body any) bool {
			object, _ := body.(map[string]any)
			_, ok := fieldset.Get(object, item.Path())
			return ok
		}
		if item.ARMPath != "" && item.JSONPath != key && !slices.ContainsFunc(bodies, has) {
			out = append(out, item.JSONPath)
		}
	}
	return out
}
