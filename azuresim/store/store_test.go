package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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

func TestCommit(t *testing.T) {
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
	s.LetGo() // and stay open: as after a SIGKILL
	_, c = open(t, dir)
	check(c)
}

// The log is rewritten while others write; nothing of theirs is lost, and what was overtaken takes no space.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state.log.new"), []byte("what a crash left of an earlier rewrite"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, dir)
	s.CompactAt(64 << 10)
	const writers, rounds = 8, 200
	filler := strings.Repeat("x", 200)
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() {
			for i := range rounds {
				key := fmt.Sprint("key-", w)
				changes := []store.Change{{Key: key, Value: fmt.Sprint(filler, i)}, {Key: key + "-gone", Value: i}}
				if i == rounds-1 {
					changes[1].Value = nil
				}
				if err := s.Commit(t0.Add(time.Duration(i)*time.Second), changes); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	s.Compacted()
	info, err := os.Stat(filepath.Join(dir, "state.log"))
	if err != nil {
		t.Fatal(err)
	}
	if written := int64(writers * rounds * len(filler)); info.Size() > written/2 {
		t.Errorf("the log has %d bytes after %d were written: it was never rewritten", info.Size(), written)
	}
	s.LetGo() // and stay open: as after a SIGKILL
	second, c := open(t, dir)
	if len(c.Docs) != writers {
		t.Errorf("%d documents, want %d", len(c.Docs), writers)
	}
	for w := range writers {
		if got, want := string(c.Docs[fmt.Sprint("key-", w)]), strconv.Quote(fmt.Sprint(filler, rounds-1)); got != want {
			t.Errorf("writer %d left %s", w, got)
		}
	}
	if !c.Time.Equal(t0.Add((rounds - 1) * time.Second)) {
		t.Errorf("the time of the last commit is forgotten: %s", c.Time)
	}
	if err := s.Commit(t0, []store.Change{{Key: "later", Value: 1}, {Key: "key-0"}}); err != nil {
		t.Fatal(err)
	}
	second.LetGo()
	if _, c = open(t, dir); len(c.Docs) != writers || string(c.Docs["later"]) != "1" {
		t.Errorf("after the rewrite a commit left %d documents", len(c.Docs))
	}
}

// Two processes that append to one log would lose what was answered.
func TestADirectoryHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	if _, _, err := store.Open(dir); err == nil || !strings.Contains(err.Error(), dir+" is in use") {
		t.Errorf("a second owner got the error %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	open(t, dir)
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
