package clusterctl

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/capaks/capaks/internal/sandbox"
)

// TestInit installs the release as it is, with Cluster API's core, into an API server that has nothing: as far as that goes without a
// kubelet.
func TestInit(t *testing.T) {
	t.Parallel()
	p := planes.Get(t, "bare", sandbox.Options{Without: []string{sandbox.AzureSim, sandbox.ClusterAPI, sandbox.Manager}, Provider: fstest.MapFS{}})
	initialize(t, p)
	providers := p.Kubectl(t, "get", "providers.clusterctl.cluster.x-k8s.io", "--all-namespaces", "--no-headers")
	if missing := lacks(providers, "infrastructure-azure", "InfrastructureProvider", version, "capaks-system", "cluster-api", coreVersion(t)); missing != nil {
		t.Errorf("the inventory lacks %q:\n%s", missing, providers)
	}
	// `clusterctl move` finds what to move by this label, and identities by the other.
	crds := strings.Fields(p.Kubectl(t, "get", "crd", "--output=name", "--selector=clusterctl.cluster.x-k8s.io,cluster.x-k8s.io/provider=infrastructure-azure"))
	if len(crds) != 7 {
		t.Errorf("%d CRDs have clusterctl's label: %q", len(crds), crds)
	}
	if got := strings.Fields(p.Kubectl(t, "get", "crd", "--output=name", "--selector=clusterctl.cluster.x-k8s.io/move-hierarchy")); len(got) != 1 || !strings.Contains(got[0], "azureclusteridentities") {
		t.Errorf("%q move with what they own, want identities", got)
	}
	images := p.Kubectl(t, "get", "deployment", "--namespace=capaks-system", "--output=jsonpath={.items[*].spec.template.spec.containers[*].image}")
	if images != "localhost/capaks/manager:"+version {
		t.Errorf("the manager's image is %q", images)
	}
	_, said, err := run{config: repository(t, nil), kubeconfig: p.Box.Kubeconfig(), args: []string{"init", "--infrastructure=azure:" + next}}.try(t)
	if err == nil || !strings.Contains(said, "already") {
		t.Errorf("a second instance: %v, %s", err, said)
	}
}
