package sandboxtest

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
)

// Planes are the sandboxes that the tests of one package share, each started by the first test that asks for it.
type Planes struct {
	mu     sync.Mutex
	byName map[string]*shared
	dir    string
}

type shared struct {
	start sync.Once
	turn  sync.Mutex
	plane *Plane
	err   error
}

// keepVariable keeps the logs of the sandboxes of failed tests.
const keepVariable = "CAPAKS_KEEP"

// Main runs the tests of a package, crowd of them at once, and takes its sandboxes down; to be called by TestMain. Stories wait nearly all
// of their time, so the number of processors says nothing; a number given by hand (-parallel) is kept.
func (s *Planes) Main(m *testing.M, crowd int) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", fmt.Sprint(crowd))
	}
	var err error
	if s.dir, err = os.MkdirTemp("", "capaks-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s.byName = map[string]*shared{}
	code := m.Run()
	if err := s.takeDown(code != 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func (s *Planes) takeDown(failed bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var errs []error
	for name, one := range s.byName {
		if one.plane == nil {
			continue
		}
		if failed {
			fmt.Fprintf(os.Stderr, "the end of the manager's log in the sandbox %s:\n%s\n", name, one.plane.Box.LogTail(sandbox.Manager, 25))
		}
		errs = append(errs, one.plane.Box.Down(ctx), missingRights(one.plane.Box))
	}
	if failed && os.Getenv(keepVariable) != "" {
		fmt.Fprintln(os.Stderr, "logs are kept in", s.dir)
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// Dir is where the sandboxes of the package live.
func (s *Planes) Dir() string { return s.dir }

// Get is the sandbox of that name, shared by everybody who asks for it.
func (s *Planes) Get(t testing.TB, name string, options sandbox.Options) *Plane {
	t.Helper()
	return s.get(t, name, options).plane
}

// Alone is the sandbox of that name, which the test has for itself until it ends.
func (s *Planes) Alone(t testing.TB, name string, options sandbox.Options) *Plane {
	t.Helper()
	one := s.get(t, name, options)
	one.turn.Lock()
	t.Cleanup(one.turn.Unlock)
	return one.plane
}

func (s *Planes) get(t testing.TB, name string, options sandbox.Options) *shared {
	t.Helper()
	if options.BinDir == "" {
		options.BinDir = Binaries(t)
	}
	options.Dir = filepath.Join(s.dir, name)
	options.Audit = true
	s.mu.Lock()
	one := s.byName[name]
	if one == nil {
		one = &shared{}
		s.byName[name] = one
	}
	s.mu.Unlock()
	one.start.Do(func() { one.plane, one.err = NewPlane(options) })
	if one.err != nil {
		t.Fatalf("the sandbox %s did not start: %v", name, one.err)
	}
	return one
}

// binVariable names another directory of binaries than the module's own bin/.
const binVariable = "CAPAKS_BIN"

// Binaries is the directory of everything a whole sandbox consists of, and of more that a test needs.
func Binaries(t testing.TB, more ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real API server")
	}
	if bin := os.Getenv(binVariable); bin != "" {
		return bin
	}
	return BinDir(t, append(more, "kube-controller-manager", "cluster-api-manager", "cluster-api-components.yaml", "azuresim", "manager")...)
}
