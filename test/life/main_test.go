package life

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// groups are the sandboxes of the stories. Those of one group take turns in one sandbox, because killing its manager and changing its
// clock concern everybody in it; groups go on side by side, because stories wait nearly all of their time.
var groups = struct {
	mu     sync.Mutex
	byName map[string]*group
	dir    string
}{byName: map[string]*group{}}

type group struct {
	turn  sync.Mutex
	plane *plane
	err   error
}

func TestMain(m *testing.M) {
	flag.Parse()
	// The default is the number of processors, which says nothing about stories that wait.
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", "32")
	}
	var err error
	if groups.dir, err = os.MkdirTemp("", "capaks-life-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := takeDown(code != 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func takeDown(failed bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var errs []error
	for name, g := range groups.byName {
		if g.plane == nil {
			continue
		}
		if failed {
			fmt.Fprintf(os.Stderr, "the end of the manager's log in the sandbox of %s:\n%s\n", name, g.plane.box.LogTail(sandbox.Manager, 25))
		}
		errs = append(errs, g.plane.box.Down(ctx))
	}
	if failed && os.Getenv("CAPAKS_LIFE_KEEP") != "" {
		fmt.Fprintln(os.Stderr, "logs are kept in", groups.dir)
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, os.RemoveAll(groups.dir))...)
}

// life is the sandbox of a group of stories; the test has it for itself until it ends. Operations of the emulator take long enough
// for a kill in their middle, and time passes there faster when a story says so (azure.advance).
func life(t *testing.T, name string) *plane {
	t.Helper()
	bin := os.Getenv("CAPAKS_BIN")
	if bin == "" {
		bin = sandboxtest.BinDir(t, "kube-controller-manager", "cluster-api-manager", "cluster-api-components.yaml", "azuresim", "manager")
	} else if testing.Short() {
		t.Skip("starts a real API server")
	}
	t.Parallel()
	groups.mu.Lock()
	g := groups.byName[name]
	if g == nil {
		g = &group{}
		groups.byName[name] = g
	}
	groups.mu.Unlock()
	g.turn.Lock()
	t.Cleanup(g.turn.Unlock)
	if g.plane == nil && g.err == nil {
		g.plane, g.err = newPlane(bin, filepath.Join(groups.dir, name))
	}
	if g.err != nil {
		t.Fatalf("the sandbox of %s did not start: %v", name, g.err)
	}
	return g.plane
}

func newPlane(bin, dir string) (*plane, error) {
	box, err := sandbox.Up(context.Background(), sandbox.Options{
		BinDir: bin, Dir: dir,
		AzureSimArgs: []string{"--durations=managedCluster=2s,agentPool=2s,unchanged=1s,resourceGroup.delete=1s,fleet=2s,extension=2s", "--throttle-scale=0"},
		ManagerArgs:  []string{"--fleet-interval=2s", "--throttle-factor=100", "--feature-gates=AKSResourceHealth=true"},
	})
	if err != nil {
		return nil, err
	}
	p := &plane{box: box, azure: &azure{}}
	p.azure.Azure, err = sandboxtest.NewAzure(box)
	return p, err
}

// until asks again and again until the answer is ""; the answer says what is missing.
func until(t *testing.T, limit time.Duration, missing func() string) {
	t.Helper()
	over := time.After(limit)
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		last := missing()
		if last == "" {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("not after %s: %s", limit, last)
		}
	}
}

// unless is a way to write a wish for until.
func unless(ok bool, format string, args ...any) string {
	if ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}
