package life

import (
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 32) }

type object = sandboxtest.Object

// plane is a management plane with an emulated Azure.
type plane struct {
	*sandboxtest.Plane
	azure *azure
}

var (
	at        = sandboxtest.At
	textAt    = sandboxtest.TextAt
	condition = sandboxtest.Condition
	until     = sandboxtest.Until
	unless    = sandboxtest.Unless
)

const limit = sandboxtest.Limit

// Kinds as kubectl is told them.
const (
	controlPlane = "azuremanagedcontrolplane"
	infraPool    = "azuremanagedmachinepool"
	machinePool  = "machinepool.cluster.x-k8s.io"
	capiCluster  = "cluster.cluster.x-k8s.io"
)

// life is the sandbox of a group of stories; the test has it for itself until it ends, because killing its manager and changing its
// clock concern everybody in it. Groups go on side by side. Operations of the emulator take long enough for a kill in their middle,
// and time passes there faster when a story says so (azure.advance).
func life(t *testing.T, group string) *plane {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real API server")
	}
	t.Parallel()
	p := planes.Alone(t, group, sandbox.Options{
		AzureSimArgs: []string{"--durations=managedCluster=2s,agentPool=2s,unchanged=1s,resourceGroup.delete=1s,fleet=2s,extension=2s", "--throttle-scale=0"},
		ManagerArgs:  []string{"--fleet-interval=2s", "--throttle-factor=100", "--feature-gates=AKSResourceHealth=true"},
	})
	return &plane{Plane: p, azure: &azure{Azure: p.Azure}}
}
