package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

type object = map[string]any

// folder is a scenario as it is written down.
type folder struct {
	name    string
	before  []resource
	set     []object
	change  []object
	drift   []object
	drop    []object
	refused []object
	expect  expectations
}

// resource is something in Azure that somebody else made.
type resource struct {
	ID         string `json:"id"`
	APIVersion string `json:"apiVersion"`
	Body       object `json:"body"`
}

// expectations are the contents of expect.yaml.
type expectations struct {
	Set    step `json:"set"`
	Change step `json:"change"`
	Drift  step `json:"drift"`
	Drop   step `json:"drop"`
	// Refusals are parts of the API server's answers to the documents of refused.yaml, in their order.
	Refusals []string `json:"refusals,omitempty"`
	// Left are resources that stay in Azure when the Cluster is deleted. Not given: nothing may stay.
	Left []string `json:"left,omitempty"`
	// Refused are the codes with which Azure refuses requests of this scenario, in the order in which that happens.
	Refused []string `json:"refused,omitempty"`
}

// step is what one of the files comes to.
type step struct {
	// Azure has the documents of resources by their place ("cluster", "pools/user", "maintenanceConfigurations/default", or a
	// whole id), as the given version shows them with "?<api-version>": the values of paths in them. null means that there is no such value, or no such resource. Of maps, what is named counts.
	Azure map[string]object `json:"azure,omitempty"`
	// Objects has the values of paths in Kubernetes objects, by kind and name.
	Objects map[string]object `json:"objects,omitempty"`
	// Same has values of Kubernetes objects ("kind/name path") that have to be those of a resource ("place path").
	Same map[string]string `json:"same,omitempty"`
	// Conditions are those of an object, by kind and name, as "True" or "False Reason". Not given: Ready and Synced are True.
	Conditions map[string]map[string]string `json:"conditions,omitempty"`
	// Events are parts of the events that the step causes.
	Events []string `json:"events,omitempty"`
	// Writes is the number of requests that change something in Azure. Not given: any; after a drift one.
	Writes *int `json:"writes,omitempty"`
}

// folders are all scenarios.
func folders(t *testing.T) []folder {
	t.Helper()
	files, err := filepath.Glob("*/expect.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no scenarios (%v)", err)
	}
	var out []folder
	for _, file := range files {
		dir := filepath.Dir(file)
		f := folder{name: dir}
		read(t, file, &f.expect)
		if raw := contents(t, filepath.Join(dir, "00-azure.yaml")); raw != nil {
			if err := yaml.UnmarshalStrict(raw, &f.before); err != nil {
				t.Fatal(err)
			}
		}
		f.set, f.change, f.drop = documents(t, filepath.Join(dir, "01-set.yaml")), documents(t, filepath.Join(dir, "02-change.yaml")), documents(t, filepath.Join(dir, "03-drop.yaml"))
		f.refused = documents(t, filepath.Join(dir, "refused.yaml"))
		if raw := contents(t, filepath.Join(dir, "drift.json")); raw != nil {
			if err := kjson.Unmarshal(raw, &f.drift); err != nil {
				t.Fatalf("%s/drift.json: %v", dir, err)
			}
		}
		if f.set == nil {
			t.Fatalf("%s has no 01-set.yaml", dir)
		}
		out = append(out, f)
	}
	return out
}

func contents(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return raw
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := yaml.YAMLToJSONStrict(contents(t, file))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// documents are the YAML documents of a file, nil where there is none.
func documents(t *testing.T, file string) []object {
	t.Helper()
	return parse(t, file, contents(t, file))
}

func parse(t *testing.T, file string, raw []byte) (out []object) {
	t.Helper()
	for part := range strings.SplitSeq(string(raw), "\n---\n") {
		text, err := yaml.YAMLToJSONStrict([]byte(part))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var document object
		if err := kjson.Unmarshal(text, &document); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if document != nil {
			out = append(out, document)
		}
	}
	return out
}

// declared are the objects of a cluster by kind and name, as far as the steps have come.
type declared struct {
	name    string
	objects map[string]object
	order   []string
}

func newDeclared(t *testing.T, name string) *declared {
	t.Helper()
	d := &declared{name: name, objects: map[string]object{}}
	for _, o := range parse(t, "base.yaml", bytes.ReplaceAll(contents(t, "base.yaml"), []byte("NAME"), []byte(name))) {
		d.put(o)
	}
	return d
}

func (d *declared) put(o object) {
	key := d.key(o)
	if _, there := d.objects[key]; !there {
		d.order = append(d.order, key)
	}
	d.objects[key] = o
}

// key of an object is its kind and name; without a name it is the cluster's.
func (d *declared) key(o object) string {
	name, _, _ := unstructured.NestedString(o, "metadata", "name")
	if name == "" {
		name = d.name
	}
	return fmt.Sprint(o["kind"], "/", name)
}

// lay merges patches into the objects and returns what is to be applied and what to be deleted.
func (d *declared) lay(patches []object) (apply, remove []object) {
	touched := map[string]bool{}
	for _, patch := range patches {
		key := d.key(patch)
		kind, name, _ := strings.Cut(key, "/")
		if patch["$patch"] == "delete" {
			remove = append(remove, d.objects[key])
			delete(d.objects, key)
			continue
		}
		if _, there := d.objects[key]; !there && kind == "AzureManagedMachinePool" {
			d.addPool(name)
			touched["MachinePool/"+name] = true
		}
		group, _, _ := unstructured.NestedString(d.objects["AzureManagedControlPlane/"+d.name], "apiVersion")
		whole := sandboxtest.Merged(object{"apiVersion": group, "metadata": object{"name": name, "namespace": d.name}}, patch)
		if have, there := d.objects[key]; there {
			whole = sandboxtest.Merged(have, patch)
		}
		d.put(whole)
		touched[key] = true
	}
	for _, key := range d.order {
		if o, there := d.objects[key]; there && touched[key] {
			apply = append(apply, o)
		}
	}
	return apply, remove
}

// addPool adds a pool that is like the first one.
func (d *declared) addPool(name string) {
	for _, kind := range []string{"MachinePool", "AzureManagedMachinePool"} {
		like := sandboxtest.Merged(d.objects[kind+"/system"], object{"metadata": object{"name": name}})
		if kind == "MachinePool" {
			like = sandboxtest.Merged(like, object{"spec": object{"template": object{"spec": object{"infrastructureRef": object{"name": name}}}}})
		} else {
			like["spec"] = object{"mode": "User", "sku": "Standard_D2s_v3"}
		}
		d.put(like)
	}
}

// differences tells how a document differs from the values that are expected at its paths.
func differences(document, expected object) (out []string) {
	for _, path := range slices.Sorted(maps.Keys(expected)) {
		have, there := lookup(document, strings.Split(path, ".")...)
		if !covers(have, there, expected[path]) {
			out = append(out, fmt.Sprintf("%s is %s, want %s", path, text(have, there), text(expected[path], expected[path] != nil)))
		}
	}
	return out
}

func lookup(document object, path ...string) (any, bool) {
	var v any = document
	for _, key := range path {
		m, ok := v.(object)
		if !ok {
			return nil, false
		}
		if v, ok = m[key]; !ok {
			return nil, false
		}
	}
	return v, true
}

// covers: of maps only what is named counts, of lists everything.
func covers(have any, there bool, want any) bool {
	switch want := want.(type) {
	case nil:
		return !there || have == nil
	case object:
		m, _ := have.(object)
		for key, value := range want {
			v, found := m[key]
			if !covers(v, found, value) {
				return false
			}
		}
		return there && m != nil || len(want) > 0 // what is wanted absent is absent from nothing, too
	case []any:
		list, ok := have.([]any)
		if !ok && len(want) == 0 {
			return !there
		}
		if len(list) != len(want) {
			return false
		}
		for i := range want {
			if !covers(list[i], true, want[i]) {
				return false
			}
		}
		return true
	default:
		return there && fmt.Sprint(have) == fmt.Sprint(want)
	}
}

func text(v any, there bool) string {
	if !there {
		return "(none)"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
