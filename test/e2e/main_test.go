package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// planes are the sandboxes that tests share.
var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 16) }

// plane is a management plane with an emulated Azure.
type plane struct {
	shared *sandboxtest.Plane
	box    *sandbox.Sandbox
	kube   dynamic.Interface
	azure  azure
	bin    string
}

// quick are durations of emulated operations that are long enough to see a state in.
const quick = "--durations=managedCluster=2s,agentPool=2s,unchanged=1s,resourceGroup.delete=1s,fleet=2s,extension=2s"

// crowded is the sandbox most stories share: each has namespaces, resource groups and clusters of its own.
func crowded(t *testing.T) *plane {
	return story(planes.Get(t, "crowded", sandbox.Options{
		// A story must not wait for the requests of the others.
		AzureSimArgs: []string{quick, "--throttle-scale=0"},
		ManagerArgs:  []string{"--fleet-interval=3s", "--throttle-factor=100", "--concurrency=20"},
		Env:          []string{"AZURE_FEDERATED_TOKEN_FILE=" + filepath.Join(planes.Dir(), federatedToken)},
	}))
}

// calm has the settings of an installation, for what is counted and timed.
func calm(t *testing.T) *plane {
	return story(planes.Get(t, "calm", sandbox.Options{AzureSimArgs: []string{quick}}))
}

// disturbed is for stories in which parts of the plane fail: each has it for itself until it ends.
func disturbed(t *testing.T) *plane {
	return story(planes.Alone(t, "disturbed", sandbox.Options{AzureSimArgs: []string{quick, "--durations=managedCluster.create=4s"}}))
}

func story(p *sandboxtest.Plane) *plane {
	return &plane{shared: p, box: p.Box, kube: p.Kube, azure: azure{p.Azure}, bin: p.Bin}
}

// federatedToken is the file, beside the sandboxes, that a WorkloadIdentity signs in with.
const federatedToken = "federated-token"

// eventually asks until the answer is "" or the time is over; the answer says what is missing.
func eventually(t *testing.T, limit time.Duration, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(400 * time.Millisecond)
	defer tick.Stop()
	for {
		last := missing()
		if last == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not after %s: %s", limit, last)
		}
		<-tick.C
	}
}

// always asks for a while and fails as soon as the answer is not "".
func always(t *testing.T, span time.Duration, wrong func() string) {
	t.Helper()
	end := time.After(span)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		if now := wrong(); now != "" {
			t.Fatal(now)
		}
		select {
		case <-end:
			return
		case <-tick.C:
		}
	}
}

func lacks(text string, parts ...string) []string {
	var out []string
	for _, part := range parts {
		if !strings.Contains(text, part) {
			out = append(out, part)
		}
	}
	return out
}
