package clusterctl

import (
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestUpgrade replaces the components of one release by those of the next while a cluster runs; the manager is restarted, as its
// Deployment would have it. Azure sees reads only.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	p := planes.Get(t, "upgraded", sandbox.Options{AzureSimArgs: []string{quick, "--throttle-scale=0"}, ManagerArgs: []string{"--fleet-interval=3s"}})
	initialize(t, p)
	const name = "upgraded"
	p.Apply(t, secretOfPerson(name))
	create(t, p, name, identified) // the earlier release may know fewer kinds of identities
	p.Settled(t, name, name)
	mark := p.Azure.Last(t)
	config := repositoryOf(t, p.Box, next, version)

	plan := run{config: config, kubeconfig: p.Box.Kubeconfig(), args: []string{"upgrade", "plan"}}.must(t)
	if missing := lacks(plan, "infrastructure-azure", version, next, contract); missing != nil {
		t.Errorf("the plan lacks %q", missing)
	}
	run{config: config, kubeconfig: p.Box.Kubeconfig(), args: []string{"upgrade", "apply", "--infrastructure=azure:" + next}}.must(t)
	p.Restart(t)
	if providers := p.Kubectl(t, "get", "providers.clusterctl.cluster.x-k8s.io", "--all-namespaces", "--no-headers"); !strings.Contains(providers, next) {
		t.Errorf("the inventory does not name %s:\n%s", next, providers)
	}
	// The new manager has looked at everything: it has listed the subscription, and the objects are as before.
	sandboxtest.Until(t, limit, func() string {
		reads := p.Azure.Requests(t, mark, func(r sandboxtest.Request) bool { return r.About("/managedclusters?") })
		return sandboxtest.Unless(len(reads) > 2, "%d listings", len(reads))
	})
	available(t, p, name, name)
	noWrites(t, p.Azure, mark, name)

	t.Run("takeover of the name", func(t *testing.T) { checkNamesake(t, p, config) })
}

// checkNamesake: an inventory of the provider that had the name azure before.
func checkNamesake(t *testing.T, p *plane, config string) {
	p.Kubectl(t, "patch", "providers.clusterctl.cluster.x-k8s.io", "infrastructure-azure", "--namespace=capaks-system", "--type=merge", `--patch={"version":"v1.21.0"}`)
	plan := run{config: config, kubeconfig: p.Box.Kubeconfig(), args: []string{"upgrade", "plan"}}.must(t)
	if missing := lacks(plan, "v1.21.0", next); missing != nil {
		t.Errorf("the plan lacks %q", missing)
	}
}
