package gitops

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestApplyingAgain applies every example and a cluster for every group of fields, and applies them again: by kubectl's own apply, by
// server-side apply, and as they are after a change. Nothing may be written, and no tool may see a difference.
func TestApplyingAgain(t *testing.T) {
	t.Parallel()
	p := plane(t)
	for name, manifests := range map[string]map[string]string{"examples": examples(t), "fields": scenarios(t, p)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t, manifests)
			s.namespaces(t, p)
			s.apply(t, p)
			s.settled(t, p)

			again := []string{"--server-side=false"}
			s.quiet(t, p, again...)
			s.asWritten(t, p)
			s.oursOnly(t, p)

			// Who goes over to server-side apply changes managedFields, and nothing else of ours.
			before := s.live(t, p)
			s.modern(t)
			s.apply(t, p, "--server-side", "--force-conflicts")
			for key, o := range s.live(t, p) {
				was := textAt(before[key], "metadata", "generation")
				if strings.HasPrefix(key, "Azure") && textAt(o, "metadata", "generation") != was {
					t.Errorf("%s: server-side apply of what was applied makes another generation", key)
				}
			}
			s.quiet(t, p, "--server-side", "--force-conflicts")
		})
	}
}

// modern writes Cluster API's objects in their current version. In v1beta1 each server-side apply of a Cluster or MachinePool is a change to
// Cluster API, which converts references back and forth; docs/gitops.md says so.
func (s *source) modern(t *testing.T) {
	t.Helper()
	var all []object
	for _, o := range s.objects {
		if o["apiVersion"] == "cluster.x-k8s.io/v1beta1" {
			spec := at(o, "spec").(object)
			for _, where := range []object{spec, below(spec, "template", "spec")} {
				for _, name := range []string{"controlPlaneRef", "infrastructureRef"} {
					if ref, ok := where[name].(object); ok {
						where[name] = object{"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": ref["kind"], "name": ref["name"]}
					}
				}
			}
			o["apiVersion"] = "cluster.x-k8s.io/v1beta2"
		}
		all = append(all, o)
	}
	old, err := filepath.Glob(filepath.Join(s.dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, "modern", sandboxtest.Documents(all...))
}

func below(o object, path ...string) object {
	found, _ := at(o, path...).(object)
	return found
}

// settled waits until nothing is left to be done for any cluster of the source.
func (s *source) settled(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	for _, o := range s.of("AzureManagedControlPlane") {
		until(t, limit, func() string {
			have := p.Get(t, controlPlane, textAt(o, "metadata", "namespace"), textAt(o, "metadata", "name"))
			state, message := condition(have, "Synced")
			done := state == "True" && textAt(have, "metadata", "generation") == textAt(have, "status", "observedGeneration")
			return unless(done || state == "False ObserveOnly", "%s: Synced is %s (%s)", key(o), state, message)
		})
	}
	for _, o := range s.of("MachinePool") {
		until(t, limit, func() string {
			have := p.Get(t, machinePool, textAt(o, "metadata", "namespace"), textAt(o, "metadata", "name"))
			pool := p.Get(t, infraPool, textAt(o, "metadata", "namespace"), textAt(o, "metadata", "name"))
			provisioned := at(pool, "status", "initialization", "provisioned") == true
			return unless(provisioned && textAt(have, "status", "phase") == "Running", "%s: %s", key(o), textAt(have, "status", "phase"))
		})
	}
}

// quiet: `kubectl diff` sees nothing, and applying again writes nothing. Somebody's status may just be written, so that one
// quiet round out of several will do; a write that applying causes is there in each.
func (s *source) quiet(t *testing.T, p *sandboxtest.Plane, way ...string) {
	t.Helper()
	seen := s.differences(t, p, way...)
	for tries := 1; seen != "" && tries < 5; tries++ {
		seen = s.differences(t, p, way...)
	}
	if seen != "" {
		t.Errorf("kubectl diff %s:\n%s", strings.Join(way, " "), seen)
	}
	var changed []string
	for range 5 {
		before := versions(s.live(t, p))
		said := s.apply(t, p, way...)
		if !slices.Contains(way, "--server-side") {
			for line := range strings.Lines(said) {
				if strings.HasPrefix(line, "secret/") {
					continue // stringData is not read back, so kubectl always sends it
				}
				if strings.HasSuffix(strings.TrimSpace(line), " configured") || strings.HasSuffix(strings.TrimSpace(line), " created") {
					t.Errorf("applied again: %s", line)
				}
			}
		}
		after := versions(s.live(t, p))
		if changed = nil; maps.Equal(before, after) {
			return
		}
		for key, version := range after {
			if before[key] != version {
				changed = append(changed, key+": "+before[key]+" -> "+version)
			}
		}
	}
	slices.Sort(changed)
	t.Errorf("kubectl apply %s changes what is there:\n%s", strings.Join(way, " "), strings.Join(changed, "\n"))
}

// asWritten: every value of the manifest is stored as it was written, lists as a whole. Who compares Git and cluster without asking the
// API server, as Argo CD does unless told otherwise, sees no difference then.
func (s *source) asWritten(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	live := s.live(t, p)
	for _, o := range s.objects {
		have := live[key(o)]
		if have["apiVersion"] != o["apiVersion"] {
			have = object{"metadata": have["metadata"]} // kubectl reads it in another version than it is written in
			o = object{"metadata": o["metadata"]}
		}
		for _, difference := range unequal("", plain(t, o), plain(t, have)) {
			if o["kind"] != "Secret" { // whose stringData nobody ever reads back
				t.Errorf("%s%s", key(live[key(o)]), difference)
			}
		}
	}
}

// plain has all numbers in one type.
func plain(t *testing.T, o object) (out object) {
	t.Helper()
	raw, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func unequal(path string, want, have any) (out []string) {
	members, ok := want.(object)
	if !ok {
		if !reflect.DeepEqual(want, have) {
			out = append(out, fmt.Sprintf("%s is %v, written as %v", path, have, want))
		}
		return out
	}
	below, _ := have.(object)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		out = append(out, unequal(path+"."+name, members[name], below[name])...)
	}
	return out
}
