package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// startShell starts a shell script as if it were a component.
func startShell(t *testing.T, script string, ready func(context.Context) error) (*process, layout) {
	t.Helper()
	l := layout{t.TempDir()}
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
	p, err := start(command{name: Manager, path: "/bin/sh", args: []string{"-c", script}, env: baseEnv(), ready: ready}, l, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(0, p.id); err != nil {
			t.Error(err)
		}
	})
	return p, l
}

func TestACrashBeforeReadinessTellsItsLog(t *testing.T) {
	p, l := startShell(t, "echo cannot find my configuration; exit 3", func(context.Context) error { return errors.New("not yet") })
	err := p.awaitReady(t.Context(), l, time.Minute)
	var crash *CrashError
	if !errors.As(err, &crash) || crash.Component != Manager || crash.Exit != "exit status 3" || !strings.Contains(crash.Tail, "cannot find my configuration") {
		t.Errorf("awaitReady: %v", err)
	}
}

func TestReadinessThatNeverComesIsAnError(t *testing.T) {
	p, l := startShell(t, "echo thinking; sleep 60", func(context.Context) error { return errors.New("still thinking") })
	err := p.awaitReady(t.Context(), l, 200*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "still thinking") || !strings.Contains(err.Error(), "manager did not become ready within 200ms") {
		t.Errorf("awaitReady: %v", err)
	}
}

func TestStopEndsWhatIgnoresSIGTERMAndItsChildren(t *testing.T) {
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready")
	p, l := startShell(t, "trap '' TERM; sleep 60 & echo $! > "+ready+".new; mv "+ready+".new "+ready+"; wait; sleep 60", func(context.Context) error {
		_, err := os.Stat(ready)
		return err
	})
	if err := p.awaitReady(t.Context(), l, time.Minute); err != nil {
		t.Fatal(err)
	}
	p.expect(true)
	if err := stop(50*time.Millisecond, p.id); err != nil {
		t.Fatal(err)
	}
	<-p.done
	if p.id.alive() {
		t.Error("the process still lives")
	}
	if left := strays(l.dir); len(left) > 0 && !gone(5*time.Second, left) {
		t.Errorf("children outlive their component: %v", left)
	}
}

func TestStraysAreFoundByTheirMark(t *testing.T) {
	p, l := startShell(t, "echo $"+markVariable+"; exec sleep 60", nil)
	if strays("/proc") == nil && strays(l.dir) == nil {
		t.Skip("this system shows no environments")
	}
	// The shell replaces itself, and in that instant Linux shows an empty environment.
	want, deadline := []Identity{p.id}, time.Now().Add(10*time.Second)
	found := strays(l.dir)
	for !slices.Equal(found, want) && time.Now().Before(deadline) {
		found = strays(l.dir)
	}
	if !slices.Equal(found, want) {
		t.Errorf("strays(%s) = %v, want %v", l.dir, found, want)
	}
	if others := strays(l.dir + "/other"); len(others) > 0 {
		t.Errorf("another sandbox's strays: %v", others)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	long := strings.Repeat("x", tailBytes) + "\none\ntwo\nthree\n"
	for _, tc := range []struct{ name, content, want string }{
		{"short", "one\n", "    one"},
		{"last lines only", "zero\none\ntwo\n", "    one\n    two"},
		{"longer than what is read", long, "    two\n    three"},
		{"empty", "", "    (empty)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := tail(path, 2); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := tail(path+".none", 2); !strings.Contains(got, "no such file") {
		t.Errorf("tail of a missing file: %q", got)
	}
}
