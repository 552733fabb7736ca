package fieldset_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/fieldset"
)

type (
	object = fieldset.Object
	path   = fieldset.Path
)

func TestPathText(t *testing.T) {
	for text, want := range map[string]path{
		"location": {"location"},
		"properties.networkProfile.networkPlugin": {"properties", "networkProfile", "networkPlugin"},
		`tags["a.b/c"]`:                       {"tags", "a.b/c"},
		`tags["say \"hi\""].x`:                {"tags", `say "hi"`, "x"},
		`["a.b"].c`:                           {"a.b", "c"},
		`tags[""]`:                            {"tags", ""},
		"tags{}":                              {"tags{}"},
		"properties.agentPoolProfiles[].eTag": {"properties", "agentPoolProfiles[]", "eTag"},
		`identity.userAssignedIdentities["/subscriptions/0"]`:  {"identity", "userAssignedIdentities", "/subscriptions/0"},
		`properties.nodeLabels["topology.kubernetes.io/zone"]`: {"properties", "nodeLabels", "topology.kubernetes.io/zone"},
	} {
		if got := fieldset.ParsePath(text); !cmp.Equal(got, want) {
			t.Errorf("ParsePath(%s) = %#v, want %#v", text, got, want)
		}
		if got := want.String(); got != text {
			t.Errorf("%#v.String() = %s, want %s", want, got, text)
		}
	}
	if got := fieldset.ParsePath(""); len(got) != 0 {
		t.Errorf("ParsePath of nothing = %#v, want the root", got)
	}
}

func TestMalformedPathIsLiteral(t *testing.T) {
	for _, text := range []string{`tags["a`, `tags[a.b]`, `["x"`, `a..b`, `[`} {
		p := fieldset.ParsePath(text)
		if again := fieldset.ParsePath(p.String()); !cmp.Equal(again, p) {
			t.Errorf("%q reads as %#v, its own text as %#v", text, p, again)
		}
	}
}

func FuzzPathText(f *testing.F) {
	f.Add("properties", "a.b/c", `q"[]{}`)
	f.Add("", "[", `["`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		p := path{a, b, c}
		if got := fieldset.ParsePath(p.String()); !cmp.Equal(got, p) {
			t.Errorf("%#v is written %s and read as %#v", p, p.String(), got)
		}
	})
}

func TestPathRelations(t *testing.T) {
	base := make(path, 1, 8)
	base[0] = "a"
	first, second := base.Child("b"), base.Child("c")
	if first[1] != "b" || second[1] != "c" {
		t.Errorf("children share memory: %v %v", first, second)
	}
	if !first.HasPrefix(base) || !base.HasPrefix(base) || base.HasPrefix(first) || first.HasPrefix(path{"b"}) {
		t.Error("HasPrefix is not: itself or below")
	}
	if p := first.Parent(); !cmp.Equal(p, path{"a"}) {
		t.Errorf("parent of a.b = %v", p)
	}
	if p := (path{}).Parent(); len(p) != 0 {
		t.Errorf("parent of the root = %v", p)
	}
}

func document() object {
	return object{
		"location": "westeurope",
		"tags":     object{"env": "prod", "a.b/c": "x"},
		"properties": object{
			"nodeLabels": object{},
			"zones":      []any{"1", object{"deep": true}},
			"count":      int64(3),
			"nothing":    nil,
		},
	}
}

func TestLeaves(t *testing.T) {
	var got []string
	fieldset.Leaves(document()).Each(func(p path) { got = append(got, p.String()) })
	want := []string{"location", "properties.count", "properties.nodeLabels", "properties.nothing", "properties.zones",
		`tags["a.b/c"]`, "tags.env"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSetAlgebra(t *testing.T) {
	a := fieldset.NewSet(path{"x"}, path{"y", "z"}, path{"y"})
	b := fieldset.NewSet(path{"y", "z"}, path{"w"})
	for name, tt := range map[string]struct{ got, want *fieldset.Set }{
		"union":             {a.Union(b), fieldset.NewSet(path{"w"}, path{"x"}, path{"y"}, path{"y", "z"})},
		"difference":        {a.Difference(b), fieldset.NewSet(path{"x"}, path{"y"})},
		"intersection":      {a.Intersection(b), fieldset.NewSet(path{"y", "z"})},
		"union with nil":    {a.Union(nil), a},
		"nil minus a":       {(*fieldset.Set)(nil).Difference(a), fieldset.NewSet()},
		"a minus nil":       {a.Difference(nil), a},
		"nil intersected":   {(*fieldset.Set)(nil).Intersection(a), fieldset.NewSet()},
		"the root is no-op": {fieldset.NewSet(path{}), fieldset.NewSet()},
	} {
		if !tt.got.Equal(tt.want) {
			t.Errorf("%s: got %v, want %v", name, tt.got.Paths(), tt.want.Paths())
		}
	}
	if a.Len() != 3 || a.Empty() || a.Has(path{"z"}) || !a.Has(path{"y"}) || !a.Has(path{"y", "z"}) {
		t.Errorf("members of %v", a.Paths())
	}
	var none *fieldset.Set
	if none.Len() != 0 || !none.Empty() || none.Has(path{"x"}) || none.Paths() != nil {
		t.Error("a nil set does not read like an empty one")
	}
}

func TestSetJSON(t *testing.T) {
	s := fieldset.NewSet(path{"sku", "tier"}, path{"tags"}, path{"tags", "a.b/c"})
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"f:sku":{"f:tier":{}},"f:tags":{".":{},"f:a.b/c":{}}}`
	if string(data) != want {
		t.Errorf("got %s, want %s", data, want)
	}
	var back fieldset.Set
	if err := json.Unmarshal(data, &back); err != nil || !back.Equal(s) {
		t.Errorf("read back %v, %v", back.Paths(), err)
	}
	if data, err := json.Marshal(fieldset.NewSet()); err != nil || string(data) != "{}" {
		t.Errorf("empty set: %s, %v", data, err)
	}
}

func TestSetJSONRefuses(t *testing.T) {
	for _, text := range []string{`[]`, `"x"`, `{"f:a":1}`, `{"nonsense":{}}`, `{"k:{\"name\":\"p\"}":{}}`, `{"v:1":{}}`, `{"i:0":{}}`} {
		var s fieldset.Set
		if err := json.Unmarshal([]byte(text), &s); err == nil {
			t.Errorf("%s was read as %v", text, s.Paths())
		}
	}
}

func TestGetPutRemove(t *testing.T) {
	o := document()
	if v, ok := fieldset.Get(o, path{"properties", "nothing"}); v != nil || !ok {
		t.Error("a null is there")
	}
	if _, ok := fieldset.Get(o, path{"properties", "zones", "0"}); ok {
		t.Error("a path led into a list")
	}
	if _, ok := fieldset.Get(o, path{"location", "x"}); ok {
		t.Error("a path led into a string")
	}
	list := []any{"a"}
	fieldset.Put(o, path{"location", "now", "map"}, list)
	list[0] = "changed"
	if v, _ := fieldset.Get(o, path{"location", "now", "map"}); !cmp.Equal(v, []any{"a"}) {
		t.Errorf("Put did not copy: %v", v)
	}
	fieldset.Remove(o, path{"location", "now", "map"})
	fieldset.Remove(o, path{"tags", "env"})
	fieldset.Remove(o, path{"tags", "a.b/c"})
	fieldset.Remove(o, path{"properties", "nodeLabels", "absent"})
	fieldset.Remove(o, path{"properties", "count", "below a number"})
	want := document()
	delete(want, "location")
	delete(want, "tags")
	if d := cmp.Diff(want, o); d != "" {
		t.Error(d)
	}
	before := fieldset.Copy(o)
	fieldset.Put(o, nil, "x")
	fieldset.Remove(o, nil)
	if d := cmp.Diff(before, o); d != "" {
		t.Errorf("the root was touched: %s", d)
	}
}

func TestOverlay(t *testing.T) {
	base := document()
	over := object{
		"tags":       object{"env": "dev"},
		"properties": object{"zones": []any{"2"}, "nodeLabels": object{"a": "b"}, "count": nil},
		"sku":        object{},
	}
	got := fieldset.Overlay(base, over)
	want := document()
	want["tags"].(object)["env"] = "dev"
	p := want["properties"].(object)
	p["zones"], p["nodeLabels"], p["count"] = []any{"2"}, object{"a": "b"}, nil
	want["sku"] = object{}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got["properties"].(object)["zones"].([]any)[0] = "changed"
	got["tags"].(object)["env"] = "changed"
	if d := cmp.Diff(document(), base); d != "" {
		t.Errorf("base was changed: %s", d)
	}
	if over["properties"].(object)["zones"].([]any)[0] != "2" {
		t.Error("the result shares a list with its argument")
	}
	if got := fieldset.Overlay(nil, nil); got == nil || len(got) != 0 {
		t.Errorf("nothing over nothing = %v", got)
	}
	if fieldset.Copy(nil) != nil {
		t.Error("a copy of nil is nil")
	}
}

func FuzzSetJSON(f *testing.F) {
	f.Add([]byte(`{"properties":{"sku":{"tier":"Free"},"tags":{"a.b/c":"d"},"zones":[1]},"tags":{}}`))
	f.Add([]byte(`{"":{"":null},"f:x":{".":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var o object
		if json.Unmarshal(data, &o) != nil {
			t.Skip()
		}
		owned := fieldset.Leaves(o)
		text, err := json.Marshal(owned)
		if err != nil {
			t.Fatal(err)
		}
		var back fieldset.Set
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !back.Equal(owned) {
			t.Errorf("%v became %v", owned.Paths(), back.Paths())
		}
		owned.Each(func(p path) {
			v, ok := fieldset.Get(o, p)
			if !ok || !back.Has(p) {
				t.Errorf("leaf %s: in the document %v, in the set %v", p, ok, back.Has(p))
			}
			if m, isMap := v.(object); isMap && len(m) > 0 {
				t.Errorf("leaf %s is a map with keys", p)
			}
		})
	})
}
