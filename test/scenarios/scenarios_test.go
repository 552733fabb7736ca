package scenarios

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var everything = labels.Everything()

func TestMain(m *testing.M) {
	flag.Parse()
	// Scenarios wait most of their time, so the number of processors says nothing; a number given by hand is kept.
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", "20")
	}
	os.Exit(m.Run())
}

// TestScenarios walks every folder, and then reads the log of all requests it took.
func TestScenarios(t *testing.T) {
	all := folders(t)
	p := start(t)
	t.Run("of", func(t *testing.T) {
		for _, f := range all {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				s := &story{T: t, plane: p, folder: f, declared: newDeclared(t, f.name), applied: map[string]int64{}}
				s.tell()
			})
		}
	})
	bodies := 0
	for _, r := range p.azure.Requests(t, 0) {
		if r.Body != nil {
			bodies++
		}
		if len(r.SpecErrors) > 0 {
			t.Errorf("%s is not as the official description says: %q", r, r.SpecErrors)
		}
	}
	t.Logf("%d scenarios, %d request bodies checked against the official description", len(all), bodies)
}

// story is a folder that is being walked.
type story struct {
	*testing.T
	*plane
	folder   folder
	declared *declared
	told     map[string]bool  // events of earlier steps
	applied  map[string]int64 // generations of what was applied, which the copies of the objects may not show yet
}

func (s *story) tell() {
	namespace := object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": s.folder.name}}
	if _, err := s.kube.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(s.Context(), &unstructured.Unstructured{Object: namespace}, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	for _, r := range s.folder.before {
		put(s.T, s.azure, r)
	}
	s.apply("01-set.yaml", s.folder.set, s.folder.expect.Set, true)
	s.apply("02-change.yaml", s.folder.change, s.folder.expect.Change, false)
	s.drift()
	s.refused()
	s.apply("03-drop.yaml", s.folder.drop, s.folder.expect.Drop, false)
	s.idle()
	s.remove()
	s.refusals()
}

// apply lays a file over what is declared and waits for what it comes to.
func (s *story) apply(file string, patches []object, want step, first bool) {
	s.Helper()
	if patches == nil {
		if raw, _ := json.Marshal(want); string(raw) != "{}" {
			s.Fatalf("expect.yaml says what %s comes to, but there is none", file)
		}
		return
	}
	since := s.begin()
	apply, remove := s.declared.lay(patches)
	if first {
		apply = nil
		for _, key := range s.declared.order {
			apply = append(apply, s.declared.objects[key])
		}
	}
	for _, o := range apply {
		kind := fmt.Sprint(o["kind"])
		err := s.kubeApply(kind, o)
		if err != nil {
			s.Fatalf("%s: %v", file, err)
		}
	}
	for _, o := range remove {
		s.delete("MachinePool", fmt.Sprint(o["metadata"].(object)["name"]))
	}
	// The sizes and versions of pools are in other objects than those that say how far Azure is.
	s.settled(file, want, since, !first && !slices.ContainsFunc(append(apply, remove...), func(o object) bool { return o["kind"] == "MachinePool" || o["kind"] == "Cluster" }))
}

func (s *story) kubeApply(kind string, o object) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	name, _, _ := unstructured.NestedString(o, "metadata", "name")
	force := true
	stored, err := s.kube.Resource(kinds[kind]).Namespace(s.folder.name).Patch(s.Context(), name, "application/apply-patch+yaml", raw, metav1.PatchOptions{FieldManager: "person", Force: &force})
	if err == nil {
		s.applied[kind+"/"+name] = stored.GetGeneration()
	}
	return err
}

func (s *story) delete(kind, name string) {
	s.Helper()
	err := s.kube.Resource(kinds[kind]).Namespace(s.folder.name).Delete(s.Context(), name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		s.Fatal(err)
	}
	s.within(2*limit, "deletion of "+name, func() string {
		if o := s.get(kind, s.folder.name, name); o != nil {
			state, message := condition(o, "Ready")
			return fmt.Sprintf("%s is there still: %s %s", name, state, message)
		}
		return ""
	})
}

// begin remembers what was said and sent before a step.
func (s *story) begin() (since int) {
	s.told = map[string]bool{}
	for name := range s.events(s.folder.name) {
		s.told[name] = true
	}
	return s.azure.Last(s.T)
}

// drift lets somebody else change Azure. What is ours comes back with one request, and is reported.
func (s *story) drift() {
	if s.folder.drift == nil {
		return
	}
	want := s.folder.expect.Drift
	if want.Writes == nil {
		once := 1
		want.Writes = &once
	}
	s.looked(s.azure.Last(s.T), 1) // what comes with a change is no drift
	since := s.begin()
	for _, change := range s.folder.drift {
		s.azure.Outside(s.T, change)
	}
	if *want.Writes == 0 {
		s.looked(since, 2)
	}
	s.settled("drift.json", want, since, false)
}

// looked waits until the manager has listed the clusters so often since. The second list is surely one that began afterwards.
func (s *story) looked(since, times int) {
	s.Helper()
	s.until("", func() string {
		lists := s.azure.Requests(s.T, since, func(r request) bool {
			return r.Method == "GET" && strings.HasPrefix(r.Path, subscription+"/providers/Microsoft.ContainerService/managedClusters")
		})
		if len(lists) < times {
			return "the manager does not look at Azure"
		}
		return ""
	})
}

// settled waits until everything is as declared, and compares it with what is expected.
// What is Ready and Synced has to be in Azure: with atOnce there is no second look.
func (s *story) settled(file string, want step, since int, atOnce bool) {
	s.Helper()
	s.until(file, func() string { return s.unsettled(want) })
	if wrong := s.wrong(step{Azure: want.Azure}); atOnce && len(wrong) > 0 {
		s.Errorf("%s: is said to be done, but %s", file, strings.Join(wrong, "\n"))
	}
	s.within(limit/3, file, func() string { return strings.Join(s.wrong(want), "\n") })
	s.until(file, func() string { return s.unsettled(want) })
	sent := s.azure.Requests(s.T, since, func(r request) bool { return r.Write() && r.Status < 400 && about(s.folder.name)(r) })
	if want.Writes != nil && len(sent) != *want.Writes {
		s.Errorf("%s: the manager sent %v, want %d of them", file, sent, *want.Writes)
	}
}

// unsettled tells what conditions are not as they should be.
func (s *story) unsettled(want step) string {
	for _, key := range s.declared.order {
		kind, name, _ := strings.Cut(key, "/")
		if _, there := s.declared.objects[key]; !there || kind != "AzureManagedControlPlane" && kind != "AzureManagedMachinePool" {
			continue
		}
		expected := map[string]string{"Ready": "True", "Synced": "True"}
		if kind == "AzureManagedMachinePool" {
			delete(expected, "Synced") // is a condition of the whole
		}
		maps.Copy(expected, want.Conditions[key])
		o := s.get(kind, s.folder.name, name)
		if o == nil {
			return key + " is missing"
		}
		if seen, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration"); seen < max(o.GetGeneration(), s.applied[key]) {
			return fmt.Sprintf("%s has generation %d, observed is %d", key, max(o.GetGeneration(), s.applied[key]), seen)
		}
		for _, kind := range slices.Sorted(maps.Keys(expected)) {
			if state, message := condition(o, kind); state != expected[kind] {
				return fmt.Sprintf("%s: %s is %s (%s), want %s", key, kind, state, message, expected[kind])
			}
		}
	}
	return ""
}

// wrong is all that is not as expected in Azure, in objects and in events.
func (s *story) wrong(want step) (out []string) {
	for _, place := range slices.Sorted(maps.Keys(want.Azure)) {
		name, version, given := strings.Cut(place, "?")
		id := s.id(name)
		if !given {
			version = versionFor(id)
		}
		document := s.azure.Get(s.T, id, version)
		switch expected := want.Azure[place]; {
		case document == nil && expected != nil:
			out = append(out, place+" does not exist")
		case document != nil && expected == nil:
			out = append(out, place+" exists still")
		default:
			for _, difference := range differences(document, expected) {
				out = append(out, place+": "+difference)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want.Objects)) {
		kind, name, _ := strings.Cut(key, "/")
		var document object
		if o := s.get(kind, s.folder.name, name); o != nil {
			document = o.Object
		}
		for _, difference := range differences(document, want.Objects[key]) {
			out = append(out, key+": "+difference)
		}
	}
	out = append(out, s.same(want.Same)...)
	var notes []string
	for name, note := range s.events(s.folder.name) {
		if !s.told[name] {
			notes = append(notes, note)
		}
	}
	for _, part := range want.Events {
		if !slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, part) }) {
			out = append(out, fmt.Sprintf("no event says %q; there are %q", part, notes))
		}
	}
	return out
}

// id of a place: what is not a whole id is below the cluster.
func (s *story) id(place string) string {
	cluster := subscription + "/resourceGroups/" + s.folder.name + "/providers/Microsoft.ContainerService/managedClusters/" + s.folder.name
	switch kind, name, _ := strings.Cut(place, "/"); {
	case strings.HasPrefix(place, "/"):
		return place
	case place == "cluster":
		return cluster
	case kind == "pools":
		return cluster + "/agentPools/" + name
	case kind == "extensions":
		return cluster + "/providers/Microsoft.KubernetesConfiguration/extensions/" + name
	default:
		return cluster + "/" + place
	}
}

// idle: once everything is as declared, nothing is written.
func (s *story) idle() {
	since := s.azure.Last(s.T)
	s.looked(since, 2)
	if sent := s.azure.Requests(s.T, since, func(r request) bool { return r.Write() && about(s.folder.name)(r) }); len(sent) > 0 {
		s.Errorf("at rest the manager sent %v", sent)
	}
}

// remove deletes the Cluster, with which everything goes.
func (s *story) remove() {
	s.delete("Cluster", s.folder.name)
	for _, kind := range []string{"AzureManagedControlPlane", "AzureManagedMachinePool", "AzureManagedCluster", "MachinePool"} {
		s.until("deletion", func() string {
			list, err := s.store[kind].ByNamespace(s.folder.name).List(everything)
			if err != nil || len(list) > 0 {
				return fmt.Sprintf("there are %d objects of kind %s left (%v)", len(list), kind, err)
			}
			return ""
		})
	}
	s.leftovers()
}

// leftovers compares what is in Azure after the deletion with what the scenario leaves there: nothing, or what it names.
func (s *story) leftovers() {
	if want := s.folder.expect.Left; want != nil {
		for _, place := range want {
			if len(s.azure.Resources(s.T, s.id(place)+"/")) == 0 {
				s.Errorf("%s is gone from Azure", place)
			}
		}
		return
	}
	var left []string
	for _, part := range []string{s.folder.name + "/", s.folder.name + "-shared/", "MC_" + s.folder.name + "_"} {
		left = append(left, s.azure.Resources(s.T, "/resourceGroups/"+part)...)
	}
	left = slices.DeleteFunc(left, func(id string) bool {
		return slices.ContainsFunc(s.folder.before, func(b resource) bool {
			below := strings.HasPrefix(strings.ToLower(id), strings.ToLower(b.ID)+"/")
			return strings.EqualFold(b.ID, id) || below && strings.Contains(b.ID, "/providers/") && !strings.Contains(id, "/members/")
		})
	})
	if len(left) > 0 {
		s.Errorf("Azure still has %q", left)
	}
}

// refusals compares what Azure refused with what the scenario means it to.
func (s *story) refusals() {
	var codes, lines []string
	for _, r := range s.azure.Requests(s.T, 0, func(r request) bool { return r.Method != "GET" && r.Status >= 400 && about(s.folder.name)(r) }) {
		codes, lines = append(codes, r.ErrorCode), append(lines, r.String())
	}
	if !slices.Equal(codes, s.folder.expect.Refused) {
		s.Errorf("Azure refused %q, meant are %q", lines, s.folder.expect.Refused)
	}
}

func (s *story) until(what string, missing func() string) {
	s.Helper()
	s.within(limit, what, missing)
}

func (s *story) within(limit time.Duration, what string, missing func() string) {
	s.Helper()
	until(s.T, limit, s.next, func() string {
		if answer := missing(); answer != "" {
			return strings.TrimPrefix(what+": ", ": ") + answer
		}
		return ""
	})
}
