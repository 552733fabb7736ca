package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStateSurvivesTheProcessThatWroteIt(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadState(dir); !errors.Is(err, ErrNoSandbox) || !strings.Contains(err.Error(), "capaks sandbox up") {
		t.Errorf("an empty directory: %v", err)
	}
	state := &State{Dir: dir, Started: time.Now().UTC().Round(time.Second), Ports: map[string]int{portEtcd: 20001}}
	state.set(ComponentState{Name: Etcd, Identity: Identity{PID: 1, StartTime: "x"}})
	state.set(ComponentState{Name: Manager, Identity: Identity{PID: 2, StartTime: "y"}})
	state.set(ComponentState{Name: Etcd, Identity: Identity{PID: 3, StartTime: "z"}, Command: []string{"etcd"}})
	if err := state.write(); err != nil {
		t.Fatal(err)
	}
	got, err := ReadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(state, got); diff != "" {
		t.Error(diff)
	}
	if len(got.Components) != 2 || got.Components[0].PID != 3 {
		t.Errorf("a restarted component must replace its old self: %+v", got.Components)
	}
}

func TestBrokenStateNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(layout{dir}.state(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadState(dir); err == nil || !strings.Contains(err.Error(), "state.json") {
		t.Errorf("ReadState: %v", err)
	}
}

// A pid is reused sooner or later; a process is only ours if it also started when ours did.
func TestAnotherProcessWithOurPidIsNotOurs(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone already
		_ = cmd.Wait()
	})
	id, ok := identify(cmd.Process.Pid)
	if !ok || !id.alive() {
		t.Fatalf("identify of a living process: %v %v", id, ok)
	}
	stranger := Identity{PID: id.PID, StartTime: id.StartTime + "0"}
	if stranger.alive() || (Identity{PID: id.PID}).alive() {
		t.Error("the same pid with another start time, or none, counts as ours")
	}
	if err := stop(0, stranger); err != nil {
		t.Fatal(err)
	}
	if !id.alive() {
		t.Error("stopping a process that is gone ended the one that has its pid now")
	}
	if residentBytes(id.PID) <= 0 {
		t.Error("a living process uses no memory")
	}
}

func TestStatusShowsTheDead(t *testing.T) {
	dir := t.TempDir()
	l := layout{dir}
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.log(Manager), []byte("first\nlast words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, ok := identify(os.Getpid())
	if !ok {
		t.Fatal("cannot identify this process")
	}
	state := &State{Dir: dir, Started: time.Now(), Components: []ComponentState{
		{Name: Etcd, Identity: self, Log: l.log(Etcd)},
		{Name: Manager, Identity: Identity{PID: self.PID, StartTime: "another"}, Log: l.log(Manager)},
	}}
	if err := state.write(); err != nil {
		t.Fatal(err)
	}
	status, err := ReadStatus(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{Manager}, status.Dead()); diff != "" {
		t.Error(diff)
	}
	if text := status.String(); !strings.Contains(text, "last words") || !strings.Contains(text, "manager does not run") {
		t.Errorf("status does not say why the manager is dead:\n%s", text)
	}
}
