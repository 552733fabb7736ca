package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// planes are the sandboxes that tests share, started by the first test that asks for one.
var planes = struct {
	mu     sync.Mutex
	byName map[string]*plane
	dir    string
}{byName: map[string]*plane{}}

// crowd is how many stories run at once. They wait nearly all of their time, so the number of processors says nothing.
const crowd = "16"

func TestMain(m *testing.M) {
	flag.Parse()
	// The default is the number of processors; a number given by hand is kept.
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", crowd)
	}
	var err error
	if planes.dir, err = os.MkdirTemp("", "capaks-e2e-"); err != nil {
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
	for name, p := range planes.byName {
		if failed {
			fmt.Fprintf(os.Stderr, "the end of the manager's log in the %s sandbox:\n%s\n", name, p.box.LogTail(sandbox.Manager, 15))
		}
		errs = append(errs, p.box.Down(ctx))
	}
	if failed && os.Getenv("CAPAKS_E2E_KEEP") != "" {
		fmt.Fprintf(os.Stderr, "logs are kept in %s\n", planes.dir)
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, os.RemoveAll(planes.dir))...)
}

// plane is a management plane with an emulated Azure.
type plane struct {
	box   *sandbox.Sandbox
	kube  dynamic.Interface
	azure azure
	bin   string
}

// quick are durations of emulated operations that are long enough to see a state in.
const quick = "--durations=managedCluster=2s,agentPool=2s,unchanged=1s,resourceGroup.delete=1s,fleet=2s,extension=2s"

// crowded is the sandbox most stories share: each has namespaces, resource groups and clusters of its own.
func crowded(t *testing.T) *plane {
	return started(t, "crowded", func(dir string) sandbox.Options {
		return sandbox.Options{
			// A story must not wait for the requests of the others.
			AzureSimArgs: []string{quick, "--throttle-scale=0"},
			ManagerArgs:  []string{"--fleet-interval=3s", "--throttle-factor=100", "--concurrency=20"},
			Env:          []string{"AZURE_FEDERATED_TOKEN_FILE=" + filepath.Join(dir, federatedToken)},
		}
	})
}

// calm has the settings of an installation, for what is counted and timed.
func calm(t *testing.T) *plane {
	return started(t, "calm", func(string) sandbox.Options {
		return sandbox.Options{AzureSimArgs: []string{quick}}
	})
}

// disturbed is for stories in which parts of the plane fail. They take turns: each holds it until it ends.
func disturbed(t *testing.T) *plane {
	t.Helper()
	p := started(t, "disturbed", func(string) sandbox.Options {
		return sandbox.Options{AzureSimArgs: []string{quick, "--durations=managedCluster.create=4s"}}
	})
	turn.Lock()
	t.Cleanup(turn.Unlock)
	return p
}

var turn sync.Mutex

// federatedToken is the file, beside the sandbox's own, that a WorkloadIdentity signs in with.
const federatedToken = "federated-token"

func started(t *testing.T, name string, options func(dir string) sandbox.Options) *plane {
	t.Helper()
	bin := os.Getenv("CAPAKS_BIN")
	if bin == "" {
		bin = sandboxtest.BinDir(t, "kube-controller-manager", "cluster-api-manager", "cluster-api-components.yaml", "azuresim", "manager")
	} else if testing.Short() {
		t.Skip("starts a real API server")
	}
	// Starting several at once only makes all of them late.
	planes.mu.Lock()
	defer planes.mu.Unlock()
	if p, ok := planes.byName[name]; ok {
		if p == nil {
			t.Fatalf("the %s sandbox did not start", name)
		}
		return p
	}
	planes.byName[name] = nil
	o := options(planes.dir)
	o.Dir, o.BinDir = filepath.Join(planes.dir, name), bin
	box, err := sandbox.Up(context.Background(), o)
	if err != nil {
		delete(planes.byName, name)
		t.Fatal(err)
	}
	p := &plane{box: box, bin: bin}
	planes.byName[name] = p
	config, err := box.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	if p.kube, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	if p.azure.Azure, err = sandboxtest.NewAzure(box); err != nil {
		t.Fatal(err)
	}
	return p
}

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
