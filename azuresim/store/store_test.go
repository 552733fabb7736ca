package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim/store"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) (*store.Store, store.Contents) {
	t.Helper()
	s, c, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, c
}

func TestCommitAndCompact(t *testing.T) {
	dir := t.TempDir()
	s, c := open(t, dir)
	if len(c.Docs) != 0 {
		t.Fatalf("an empty directory holds %v", c.Docs)
	}
	for _, changes := range [][]store.Change{
		{{Key: "a", Value: 1}, {Key: "b", Value: "two"}},
		{{Key: "a", Value: 3}, {Key: "c", Value: []int{4}}},
		{{Key: "b"}},
	} {
		if err := s.Commit(t0, changes); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Beat(t0.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "3", "c": "[4]"}
	check := func(c store.Contents) {
		t.Helper()
		if len(c.Docs) != len(want) || string(c.Docs["a"]) != want["a"] || string(c.Docs["c"]) != want["c"] {
			t.Errorf("got %s, want %v", c.Docs, want)
		}
		if !c.Time.Equal(t0.Add(time.Minute)) {
			t.Errorf("the beat is forgotten: %s", c.Time)
		}
	}
	_, c = open(t, dir) // the first is still open: as after a SIGKILL
	check(c)
	if err := s.Compact(t0, []store.Change{{Key: "a", Value: 3}, {Key: "c", Value: []int{4}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t0, []store.Change{{Key: "d", Value: 5}, {Key: "a"}}); err != nil {
		t.Fatal(err)
	}
	want = map[string]string{"c": "[4]", "d": "5"}
	_, c = open(t, dir)
	if len(c.Docs) != 2 || string(c.Docs["d"]) != "5" {
		t.Errorf("after a compaction and a commit: %s", c.Docs)
	}
}

// A damaged line in the middle is not a torn write: starting anyway would silently lose what came after it.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state.log"), []byte("{\"set\":{\"a\":1}}\nnonsense\n{\"set\":{\"b\":1}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Open(dir); err == nil || !strings.Contains(err.Error(), "offset 16 is damaged") {
		t.Errorf("got %v", err)
	}
}
