package aks

import (
	"testing"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestOperationNamed(t *testing.T) {
	started := time.Date(2026, 11, 22, 10, 0, 0, 743_000_000, time.UTC)
	op := Operation{Name: "9abb9d09", CorrelationID: "11-22", Started: started}
	for value, want := range map[string]bool{
		"9abb9d09": true, "9ABB9D09": true, "11-22": true, "2026-11-22T10:00:00Z": true, "2026-11-22T11:00:00+01:00": true,
		"2026-11-22T10:00:01Z": false, "other": false, "": false, "true": false,
	} {
		if got := op.named(value); got != want {
			t.Errorf("%q names the operation: %v, want %v", value, got, want)
		}
	}
	if (Operation{}).named("") || (Operation{}).named("0001-01-01T00:00:00Z") {
		t.Error("an operation of which nothing is known yet is named")
	}
}

func TestSpecDigestChangesWithWhatAPersonDeclares(t *testing.T) {
	in := quickstart()
	cluster, pool := NamesOf(in).ClusterID, NamesOf(in).PoolID(in.Pools[1].Object)
	digests := func() [2]string { return [2]string{SpecDigest(in, cluster), SpecDigest(in, pool)} }
	cases := []struct {
		name          string
		change        func()
		cluster, pool bool
	}{
		{"an endpoint the controller writes", func() { in.ControlPlane.Spec.ControlPlaneEndpoint.Host = "c.example" }, false, false},
		{"ids the controller writes", func() { in.Pools[1].Object.Spec.ProviderIDList = []string{"azure:///0"} }, false, false},
		{"a generation, as after a move", func() { in.ControlPlane.Generation, in.Pools[1].Object.Generation = 7, 7 }, false, false},
		{"a version", func() { in.ControlPlane.Spec.Version = "v1.35.0" }, true, false},
		{"a pool's version", func() { in.Pools[1].Version = "v1.35.0" }, false, true},
		{"a count", func() { *in.Pools[1].Replicas = 9 }, false, true},
		{"an autoscaler", func() { in.Pools[1].Object.Spec.Scaling = &v1beta1.Scaling{MinSize: new(int32(1))} }, false, true},
		{"a count that is the autoscaler's", func() { *in.Pools[1].Replicas = 4 }, false, false},
	}
	for _, c := range cases {
		before := digests()
		c.change()
		after := digests()
		if (before[0] != after[0]) != c.cluster || (before[1] != after[1]) != c.pool {
			t.Errorf("%s: cluster differs %v, pool differs %v", c.name, before[0] != after[0], before[1] != after[1])
		}
	}
}

func TestHeldAbortedNeedsNoteAndAnnotation(t *testing.T) {
	in := quickstart()
	id := NamesOf(in).ClusterID
	note := `{"operation":"op","spec":"` + SpecDigest(in, id) + `"}`
	for _, c := range []struct {
		name  string
		marks map[string]string
		held  bool
	}{
		{"nothing", nil, false},
		{"only the annotation", map[string]string{v1beta1.AbortAnnotation: "op"}, false},
		{"only the note", map[string]string{v1beta1.AbortedAnnotation: note}, false},
		{"both", map[string]string{v1beta1.AbortAnnotation: "op", v1beta1.AbortedAnnotation: note}, true},
		{"another order", map[string]string{v1beta1.AbortAnnotation: "another", v1beta1.AbortedAnnotation: note}, false},
		{"another spec", map[string]string{v1beta1.AbortAnnotation: "op", v1beta1.AbortedAnnotation: `{"operation":"op","spec":"0"}`}, false},
		{"a note nobody can read", map[string]string{v1beta1.AbortAnnotation: "op", v1beta1.AbortedAnnotation: "op"}, false},
	} {
		in.ControlPlane.Annotations = c.marks
		if held := HeldAborted(in, id) != ""; held != c.held {
			t.Errorf("%s: held %v, want %v", c.name, held, c.held)
		}
	}
}

func TestProgressNeverGoesBackAndHasAnEnd(t *testing.T) {
	op := Operation{Started: testTime}
	op.Expect(testTime.Add(time.Minute))
	if !op.ExpectedEnd.IsZero() {
		t.Errorf("nothing tells and yet it ends at %s", op.ExpectedEnd)
	}
	last := 0.0
	for i, percent := range []float64{0, 10, 50, 20, 60} {
		op.Look(&percent, testTime.Add(time.Duration(i+1)*time.Minute))
		if *op.Percent < last {
			t.Errorf("from %v to %v", last, *op.Percent)
		}
		last = *op.Percent
	}
	if end := op.ExpectedEnd.Sub(testTime); end < 8*time.Minute || end > 9*time.Minute {
		t.Errorf("60 %% after five minutes and expected to take %s", end)
	}
	typical := Operation{Started: testTime, Typical: 4 * time.Minute}
	if typical.Expect(testTime.Add(time.Minute)); typical.ExpectedEnd != testTime.Add(4*time.Minute) {
		t.Errorf("usually four minutes and expected to end at %s", typical.ExpectedEnd)
	}
	if typical.Expect(testTime.Add(6 * time.Minute)); typical.ExpectedEnd.Before(testTime.Add(6 * time.Minute)) {
		t.Errorf("expected to have ended at %s", typical.ExpectedEnd)
	}
}
