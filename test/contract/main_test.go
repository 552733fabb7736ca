package contract

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var planes sandboxtest.Planes

func TestMain(m *testing.M) { planes.Main(m, 32) }

type object = sandboxtest.Object

var (
	at        = sandboxtest.At
	textAt    = sandboxtest.TextAt
	condition = sandboxtest.Condition
	until     = sandboxtest.Until
	unless    = sandboxtest.Unless
)

const limit = sandboxtest.Limit

// clusterAPIVariable names the directory of another release of Cluster API, see `make test-contract-1.13`.
const clusterAPIVariable = "CAPAKS_CLUSTER_API"

// world is the sandbox of all stories, and what the API server said in it from the beginning.
type world struct {
	*sandboxtest.Plane
	*record
}

var recording sync.Once
var recorded *record

func start(t *testing.T) *world {
	t.Helper()
	p := planes.Get(t, "contract", sandbox.Options{
		ClusterAPIDir: os.Getenv(clusterAPIVariable),
		AzureSimArgs:  []string{"--durations=managedCluster=2s,agentPool=2s,unchanged=1s,resourceGroup.delete=1s", "--throttle-scale=0"},
		ManagerArgs:   []string{"--fleet-interval=3s", "--throttle-factor=100"},
	})
	recording.Do(func() { recorded = newRecord(t, p.Kube) })
	return &world{p, recorded}
}

// TestContract tells the stories, in which the rules are subtests with the number of the rule in docs/reference/contract.md.
func TestContract(t *testing.T) {
	w := start(t)
	t.Run("rules", func(t *testing.T) {
		for name, story := range map[string]func(*testing.T, *world){
			"kinds": kinds, "one cluster": oneCluster, "paused": pausedWhileAzureWorks, "infrastructure of somebody else": externallyManaged,
			"admission": admission, "manifests of old versions": oldVersions, "topology": topology,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				story(t, w)
			})
		}
	})
	t.Run("always", func(t *testing.T) { always(t, w) })
	t.Run("read under the old contract", func(t *testing.T) { oldContract(t, w) })
	rule(t, "P", "nothing ever panicked", func(t *testing.T) {
		for name, url := range map[string]string{"the manager": w.Box.ManagerMetricsURL(), "Cluster API": w.Box.ClusterAPIMetricsURL()} {
			for _, line := range panics(t, url) {
				if !strings.HasSuffix(line, " 0") {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
	})
}

// rule is the test of one rule; a failure of one does not keep the others from being looked at.
func rule(t *testing.T, id, title string, test func(*testing.T)) {
	t.Helper()
	t.Run(id+" "+title, test)
}

var panicsTotal = regexp.MustCompile(`(?m)^controller_runtime_(reconcile|webhook|conversion_webhook)_panics_total.*$`)

func panics(t *testing.T, url string) []string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	lines := panicsTotal.FindAllString(string(text), -1)
	if len(lines) == 0 {
		t.Errorf("%s does not count panics", url)
	}
	return lines
}
