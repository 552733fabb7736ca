package packaging

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestManagerRunsConfined: the sandbox's manager is the one of the image, and has nothing a restricted pod would not have.
func TestManagerRunsConfined(t *testing.T) {
	t.Parallel()
	p := packaged(t)
	t.Logf("%s", layout.said)
	log, err := p.Box.Logs(sandbox.Manager)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log, "not confined:") {
		t.Skip("this machine does not let the test make mounts; the manager of the image ran with the machine's files")
	}
	pid, err := p.Box.PID(sandbox.Manager)
	if err != nil {
		t.Fatal(err)
	}
	status := processStatus(t, pid)
	for name, want := range map[string]string{
		"Name": "manager", "Uid": "65532 65532 65532 65532", "Gid": "65532 65532 65532 65532", "Groups": "",
		"CapEff": "0000000000000000", "CapPrm": "0000000000000000", "NoNewPrivs": "1",
	} {
		if status[name] != want {
			t.Errorf("%s of the manager is %q, want %q", name, status[name], want)
		}
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !slices.Contains([]string{"/", "/tmp"}, fields[4]) {
			continue
		}
		seen++
		if !slices.Contains(strings.Split(fields[5], ","), "ro") {
			t.Errorf("%s is mounted %s, want read-only", fields[4], fields[5])
		}
	}
	if seen != 2 {
		t.Errorf("%d of the mounts / and /tmp found in:\n%s", seen, mounts)
	}
}

func processStatus(t *testing.T, pid int) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = strings.Join(strings.Fields(value), " ")
	}
	return status
}

// TestSBOMIsAttached: a reader of the layout finds the SBOM by the image it names as its subject, and the same file beside.
func TestSBOMIsAttached(t *testing.T) {
	t.Parallel()
	dir := pack(t)
	var all manifest
	if err := readJSON(filepath.Join(dir, "index.json"), &all); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, d := range all.Manifests {
		var m manifest
		if err := readJSON(blob(dir, d), &m); err != nil {
			t.Fatal(err)
		}
		if m.Subject == nil {
			continue
		}
		found++
		if _, err := os.Stat(blob(dir, *m.Subject)); err != nil || len(m.Layers) != 1 || m.Config.MediaType != "application/spdx+json" {
			t.Fatalf("what is attached is %+v (%v)", m, err)
		}
		var sbom struct {
			Packages []struct{ Name, VersionInfo string } `json:"packages"`
		}
		if err := readJSON(blob(dir, m.Layers[0]), &sbom); err != nil {
			t.Fatal(err)
		}
		names := make([]string, len(sbom.Packages))
		for i, p := range sbom.Packages {
			names[i] = p.Name
		}
		for _, want := range []string{"github.com/capaks/capaks/cmd/manager", "stdlib", "sigs.k8s.io/controller-runtime", "github.com/Azure/azure-sdk-for-go/sdk/azcore"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s is missing in the SBOM of %d packages", want, len(names))
			}
		}
	}
	if found != 1 {
		t.Errorf("%d SBOMs are attached, want one for the platform", found)
	}
}

// started is how long a manager of the sandbox takes from its start until it is ready, on this machine as it is now.
func started(t *testing.T, p *sandboxtest.Plane) time.Duration {
	t.Helper()
	began := time.Now()
	p.Restart(t)
	return time.Since(began)
}
