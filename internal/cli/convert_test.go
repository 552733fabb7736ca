package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	oldManifest = "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureManagedControlPlane\nmetadata: {name: a}\nspec:\n  sku: Free"
	newManifest = "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1\nkind: AzureManagedControlPlane\nmetadata: {name: a}\nspec:\n  sku: {tier: Free}"
)

// capaks runs the command line as main does and returns what it wrote.
func capaks(t *testing.T, in string, args ...string) (out, log string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := NewRootCommand()
	root.SetArgs(args)
	root.SetIn(strings.NewReader(in))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	err = root.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

func TestConvertStandardInput(t *testing.T) {
	out, log, err := capaks(t, oldManifest, "convert", "-f", "-")
	if err != nil {
		t.Fatal(err)
	}
	if out != newManifest {
		t.Errorf("output is\n%s", out)
	}
	if !strings.HasPrefix(log, "-: line 5, document 1, AzureManagedControlPlane a: spec.sku: Free -> {tier: Free}: ") || strings.Count(log, "\n") != 1 {
		t.Errorf("standard error is\n%s", log)
	}
}

func TestConvertDirectory(t *testing.T) {
	in, target := t.TempDir(), filepath.Join(t.TempDir(), "new")
	for name, text := range map[string]string{"a.yaml": oldManifest, "deep/b.yml": newManifest, "README.md": oldManifest} {
		write(t, filepath.Join(in, name), text)
	}
	out, _, err := capaks(t, "", "convert", "-f", in)
	if err != nil {
		t.Fatal(err)
	}
	if want := newManifest + "\n---\n" + newManifest; out != want {
		t.Errorf("output is\n%s", out)
	}
	if out, _, err = capaks(t, "", "convert", "-f", in, "-o", target); err != nil || out != "" {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"a.yaml", "deep/b.yml"} {
		if got, err := os.ReadFile(filepath.Join(target, name)); err != nil || string(got) != newManifest {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if _, err := os.Stat(filepath.Join(target, "README.md")); err == nil {
		t.Error("README.md is no manifest and was written")
	}
	if _, _, err := capaks(t, "", "convert", "--check", "-f", target); err != nil {
		t.Errorf("what was converted needs no changes: %v", err)
	}
}

func TestConvertFileInPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	write(t, file, oldManifest)
	out, log, err := capaks(t, "", "convert", "--check", "-f", file)
	if err == nil || out != "" || !strings.Contains(log, "spec.sku") {
		t.Errorf("--check: error %v, output %q, standard error %q", err, out, log)
	}
	if got, _ := os.ReadFile(file); string(got) != oldManifest {
		t.Error("--check wrote the file")
	}
	if _, _, err := capaks(t, "", "convert", "-f", file, "-o", file); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(file); string(got) != newManifest {
		t.Errorf("the file is\n%s", got)
	}
}

func TestConvertRefuses(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	write(t, broken, "a: b: c")
	for want, args := range map[string][]string{
		"filename":           {"convert"},
		"no such file":       {"convert", "-f", "missing.yaml"},
		"has no .yaml":       {"convert", "-f", t.TempDir()},
		"broken.yaml: yaml:": {"convert", "-f", broken},
	} {
		if _, _, err := capaks(t, "", args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error is %v, want one with %q", args, err, want)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
