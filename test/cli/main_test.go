// Package cli_test runs the commands of capaks that look at, or change, a management cluster, as a person does, against one sandbox.
package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 8) }

type object = sandboxtest.Object

const (
	subscription     = "/subscriptions/" + sandboxtest.Subscription
	containerService = "2026-05-01"
	resources        = "2021-04-01"
	network          = "2021-02-01"
)

// plane is a sandbox of this package; a test has it for itself until it ends. The takeover has one of its own: it replaces kinds, which must
// have no objects then.
type plane struct{ *sandboxtest.Plane }

func one(t *testing.T, name string) *plane {
	t.Helper()
	return &plane{planes.Alone(t, name, sandbox.Options{
		AzureSimArgs: []string{"--durations=managedCluster=1s,agentPool=1s,unchanged=1s,resourceGroup.delete=1s", "--throttle-scale=0"},
		ManagerArgs:  []string{"--fleet-interval=1s", "--throttle-factor=100"},
	})}
}

// capaks runs the program, and answers what it printed and its exit code.
func (p *plane) capaks(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	// What is looked at when a test is over, too, must not end with its context.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(p.Bin, "capaks"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+p.Box.Kubeconfig())
	variables, err := p.Box.AzureEnv()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &text, &text, t.TempDir()
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	t.Logf("$ capaks %s\n%s(exit code %d)", strings.Join(args, " "), text.String(), cmd.ProcessState.ExitCode())
	return text.String(), cmd.ProcessState.ExitCode()
}

// must fails the test unless the program ends with the code.
func (p *plane) must(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, got := p.capaks(t, args...)
	if got != code {
		t.Fatalf("capaks %q ended with %d, want %d:\n%s", args, got, code, out)
	}
	return out
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
