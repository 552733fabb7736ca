// Package sandboxtest starts sandboxes for tests and ends them with the test. It must not be imported by anything but tests.
package sandboxtest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
)

// requireVariable makes a missing binary an error instead of a reason to skip; `make test` sets it, having built them all.
const requireVariable = "CAPAKS_REQUIRE_SANDBOX"

// BinDir is the directory of built binaries. The test is skipped with -short and where something it needs is not built.
func BinDir(t testing.TB, components ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real API server")
	}
	_, self, _, _ := runtime.Caller(0)
	// The path of this file is relative to the module when built with -trimpath; then tests still run in their package's directory.
	if !filepath.IsAbs(self) {
		wd, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		self = filepath.Join(moduleRoot(t, wd), "internal", "sandbox", "sandboxtest", "sandboxtest.go")
	}
	bin := filepath.Join(filepath.Dir(self), "..", "..", "..", "bin")
	for _, name := range append([]string{"etcd", "kube-apiserver", "kubectl"}, components...) {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			if os.Getenv(requireVariable) != "" {
				t.Fatalf("%v; run make build", err)
			}
			t.Skipf("%v; run make build", err)
		}
	}
	return bin
}

func moduleRoot(t testing.TB, dir string) string {
	t.Helper()
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}

// Up starts a sandbox for one test, in its own directory, and ends it with the test. A failed test shows the end of every log.
func Up(t testing.TB, options sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if options.BinDir == "" {
		options.BinDir = BinDir(t)
	}
	if options.Dir == "" {
		options.Dir = filepath.Join(t.TempDir(), "sandbox")
	}
	options.Log = func(line string) { t.Log(line) }
	box, err := sandbox.Up(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, component := range sandbox.Components() {
				if tail := box.LogTail(component, 15); tail != "" {
					t.Logf("the end of %s's log:\n%s", component, tail)
				}
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := box.Down(ctx); err != nil {
			t.Error(err)
		}
	})
	return box
}
