package clusterctl

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 16) }

type (
	object = sandboxtest.Object
	plane  = sandboxtest.Plane
)

const (
	kubernetesVersion = "v1.34.1"
	location          = "southcentralus"
	machineType       = "Standard_D2s_v3"
	limit             = sandboxtest.Limit
)

// quick are durations of emulated operations; a story that needs a long one says so to the emulator.
const quick = "--durations=managedCluster=2s,agentPool=2s,unchanged=1s,resourceGroup.delete=1s"

// home is the sandbox most stories share, each with a namespace of its own. Its inventory says that clusterctl installed it.
func home(t *testing.T) *plane {
	t.Helper()
	p := planes.Get(t, "home", sandbox.Options{AzureSimArgs: []string{quick, "--throttle-scale=0"}, ManagerArgs: []string{"--fleet-interval=3s", "--throttle-factor=100"}})
	initialize(t, p)
	return p
}

// away is a second management plane on the same Azure, which clusters move to.
func away(t *testing.T) *plane {
	t.Helper()
	var env []string
	variables, err := home(t).Box.AzureEnv()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		env = append(env, v.Name+"="+v.Value)
	}
	p := planes.Get(t, "away", sandbox.Options{Without: []string{sandbox.AzureSim}, ManagerArgs: []string{"--fleet-interval=3s", "--throttle-factor=100"}, Env: env})
	initialize(t, p)
	return p
}

// variables of every flavor, as the documentation lists them.
func documented(more map[string]string) map[string]string {
	all := map[string]string{
		"AZURE_LOCATION": location, "AZURE_SUBSCRIPTION_ID": sandboxtest.Subscription, "AZURE_NODE_MACHINE_TYPE": machineType,
		"KUBERNETES_VERSION": kubernetesVersion,
	}
	for name, value := range more {
		all[name] = value
	}
	return all
}

// run is one clusterctl command.
type run struct {
	config     string            // of the repository; see repository.config
	kubeconfig string            // none: clusterctl sees no cluster
	variables  map[string]string // all the environment there is
	args       []string
}

// try answers standard output and what was said beside it.
func (r run) try(t testing.TB) (out, said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	args := append([]string{}, r.args...)
	if r.config != "" {
		args = append(args, "--config="+r.config)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(sandboxtest.Binaries(t), "clusterctl"), args...)
	kubeconfig := r.kubeconfig
	if kubeconfig == "" {
		kubeconfig = filepath.Join(t.TempDir(), "none")
	}
	// Nothing of this machine: neither its proxies nor the variables of its shells.
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + kubeconfig, "GOPROXY=off", "CLUSTERCTL_DISABLE_VERSIONCHECK=true", "CLUSTER_TOPOLOGY=true"}
	for name, value := range r.variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	t.Logf("$ clusterctl %s\n%s%s", strings.Join(r.args, " "), abridged(stdout.String()), abridged(stderr.String()))
	return stdout.String(), stderr.String(), err
}

// must fails the test when the command does.
func (r run) must(t testing.TB) string {
	t.Helper()
	out, said, err := r.try(t)
	if err != nil {
		t.Fatalf("clusterctl %s: %v\n%s", strings.Join(r.args, " "), err, said)
	}
	return out + said
}

// abridged is the beginning of a long text.
func abridged(text string) string {
	const lines = 45
	all := strings.SplitAfter(text, "\n")
	if len(all) <= lines {
		return text
	}
	return strings.Join(all[:lines], "") + "...\n"
}

func lacks(text string, parts ...string) (missing []string) {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			missing = append(missing, part)
		}
	}
	return missing
}
