package sandbox

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironmentFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "azure.env")
	content := "# how to reach the emulator\n\nexport AZURE_TENANT_ID=abc\nAZURE_CLIENT_SECRET='it'\\''s'\nAZURE_AUTHORITY_HOST=\"https://127.0.0.1:1/\"\nSSL_CERT_FILE=/a b/ca.crt\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readEnvFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Variable{
		{"AZURE_TENANT_ID", "abc"}, {"AZURE_CLIENT_SECRET", "it's"}, {"AZURE_AUTHORITY_HOST", "https://127.0.0.1:1/"}, {"SSL_CERT_FILE", "/a b/ca.crt"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := os.WriteFile(path, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readEnvFile(path); err == nil || !strings.Contains(err.Error(), `"nonsense" is not NAME=value`) {
		t.Errorf("a line that sets nothing: %v", err)
	}
}

func TestExportIsWhatAShellUnderstands(t *testing.T) {
	for _, value := range []string{"plain", "it's $HOME and `date`", `back\slash "quoted"`, "two\nlines", ""} {
		out, err := exec.Command("/bin/sh", "-c", Variable{"VALUE", value}.Export()+`; printf %s "$VALUE"`).Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(out) != value {
			t.Errorf("%q comes out as %q", value, out)
		}
	}
}

func TestPorts(t *testing.T) {
	first, err := choosePorts(nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]string{}
	for name, port := range first {
		if other, twice := seen[port]; twice || port < firstPort || port >= lastPort {
			t.Errorf("port %d for %s (also %q)", port, name, other)
		}
		seen[port] = name
	}
	if len(first) != len(portNames()) {
		t.Errorf("ports for %v", first)
	}
	taken, err := net.Listen("tcp", loopback(first[portEtcd]))
	if err != nil {
		t.Skipf("somebody else took the port meanwhile: %v", err)
	}
	defer taken.Close() //nolint:errcheck // nothing was accepted
	second, err := choosePorts(first)
	if err != nil {
		t.Fatal(err)
	}
	if second[portEtcd] == first[portEtcd] {
		t.Error("a port that is taken was chosen")
	}
}

func TestOptions(t *testing.T) {
	bin := t.TempDir()
	for _, tc := range []struct {
		name    string
		options Options
		want    string
	}{
		{"nothing set", Options{}, "Dir and BinDir must be set"},
		{"unknown component", Options{Dir: bin, BinDir: bin, Without: []string{"azure"}}, `no component is called "azure"; choose from etcd`},
		{"indispensable component", Options{Dir: bin, BinDir: bin, Without: []string{Etcd}}, "etcd cannot be left out"},
		{"binaries missing", Options{Dir: bin, BinDir: bin}, filepath.Join(bin, "kube-apiserver") + ", "},
		{"how to get them", Options{Dir: bin, BinDir: bin}, "`make build` makes them"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Up(t.Context(), tc.options); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
