package life

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// shared is the sandbox of all stories, started by the first that asks for it.
var shared struct {
	dir   string
	plane *plane
	err   error
}

func TestMain(m *testing.M) {
	var err error
	if shared.dir, err = os.MkdirTemp("", "capaks-life-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if p := shared.plane; p != nil {
		if code != 0 {
			fmt.Fprintf(os.Stderr, "the end of the manager's log:\n%s\n", p.box.LogTail(sandbox.Manager, 25))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		err = p.box.Down(ctx)
		cancel()
	}
	if code == 0 || os.Getenv("CAPAKS_LIFE_KEEP") == "" {
		_ = os.RemoveAll(shared.dir)
	} else {
		fmt.Fprintln(os.Stderr, "logs are kept in", shared.dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// life is the shared sandbox. Operations of the emulator take long enough for a kill in their middle, and time passes there
// faster when a story says so (azure.advance).
func life(t *testing.T) *plane {
	t.Helper()
	bin := os.Getenv("CAPAKS_BIN")
	if bin == "" {
		bin = sandboxtest.BinDir(t, "kube-controller-manager", "cluster-api-manager", "cluster-api-components.yaml", "azuresim", "manager")
	} else if testing.Short() {
		t.Skip("starts a real API server")
	}
	if shared.plane == nil && shared.err == nil {
		shared.plane, shared.err = newPlane(bin, filepath.Join(shared.dir, "sandbox"))
	}
	if shared.err != nil {
		t.Fatalf("the sandbox did not start: %v", shared.err)
	}
	return shared.plane
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
	p := &plane{box: box}
	if p.azure, err = newAzure(box); err != nil {
		return nil, err
	}
	return p, nil
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
