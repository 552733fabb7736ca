package clusterclass

import (
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 16) }

type object = sandboxtest.Object

// plane is a management plane with an emulated Azure.
type plane struct{ *sandboxtest.Plane }

var (
	at        = sandboxtest.At
	textAt    = sandboxtest.TextAt
	condition = sandboxtest.Condition
	until     = sandboxtest.Until
	unless    = sandboxtest.Unless
)

const limit = sandboxtest.Limit

// shared is the sandbox of all stories; each has a namespace, resource groups and clusters of its own.
func shared(t *testing.T) *plane {
	t.Helper()
	return &plane{planes.Get(t, "clusterclass", sandbox.Options{
		AzureSimArgs: []string{"--durations=managedCluster=1s,agentPool=1s,unchanged=500ms,resourceGroup.delete=500ms", "--throttle-scale=0"},
		ManagerArgs:  []string{"--fleet-interval=3s", "--throttle-factor=100", "--concurrency=20"},
	})}
}
