package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/capaks/capaks/internal/sandbox"
)

func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := NewRootCommand()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestVersion(t *testing.T) {
	version = "v1.2.3"
	t.Cleanup(func() { version = "" })
	out, err := run(t, "version")
	if err != nil || !strings.HasPrefix(out, "capaks v1.2.3 ") {
		t.Errorf("capaks version: %q, %v", out, err)
	}
}

// Whoever meets a command for the first time reads its help: it says what the command does, and each flag says what it is for.
func TestEveryCommandExplainsItself(t *testing.T) {
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: %q is no short description", cmd.CommandPath(), cmd.Short)
		}
		if usage := cmd.LocalFlags().FlagUsages(); strings.Contains(usage, "  \n") {
			t.Errorf("%s has a flag without a description:\n%s", cmd.CommandPath(), usage)
		}
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(NewRootCommand())
}

func TestSandboxWithoutASandbox(t *testing.T) {
	dir := t.TempDir()
	for _, command := range []string{"status", "env"} {
		if out, err := run(t, "sandbox", command, "--dir", dir); !errors.Is(err, sandbox.ErrNoSandbox) || out != "" {
			t.Errorf("sandbox %s: %q, %v", command, out, err)
		}
	}
	// Ending what does not run is no error: the wish is fulfilled.
	if out, err := run(t, "sandbox", "down", "--dir", dir); err != nil || !strings.Contains(out, "no sandbox in "+dir) {
		t.Errorf("sandbox down: %q, %v", out, err)
	}
}

func TestSandboxEnvAndStatus(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("state.json", `{"components": [{"name": "azuresim", "pid": 0, "log": "nowhere"}]}`)
	write("azure.env", "export AZURE_TENANT_ID='t'\n")
	out, err := run(t, "sandbox", "env", "--dir", dir)
	if want := "export KUBECONFIG='" + filepath.Join(dir, "kubeconfig") + "'\nexport AZURE_TENANT_ID='t'\n"; err != nil || out != want {
		t.Errorf("sandbox env: %q, %v, want %q", out, err, want)
	}
	out, err = run(t, "sandbox", "status", "--dir", dir)
	if err == nil || !strings.Contains(err.Error(), "azuresim") || !strings.Contains(out, "azuresim   0    dead") {
		t.Errorf("sandbox status of a dead component: %v\n%s", err, out)
	}
}

func TestUpSaysWhatIsMissing(t *testing.T) {
	_, err := run(t, "sandbox", "up", "--dir", t.TempDir(), "--bin-dir", t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("up without binaries: %v", err)
	}
}
