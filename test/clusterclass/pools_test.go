package clusterclass

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// Pools come and go with the topology. Their objects have generated names and the topology's names are none that AKS takes, so the names in
// Azure are made of them: different for two pools of one class, the same after a restart, and shown. In the end all goes with the Cluster.
// The test is not parallel: while the manager is away other stories' objects would be refused.
func TestPools(t *testing.T) {
	p := withClass(t, "pools")
	c := cluster{namespace: "pools", name: "pools", class: "aks-standard", version: "v1.33.8", pools: []pool{
		{name: "mp-0", class: "system", replicas: 1}, {name: "mp-1", class: "worker", replicas: 1}, {name: "mp-2", class: "worker", replicas: 1},
	}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.created(t, c)
	if creations := p.writes(t, 0, c); !slices.ContainsFunc(creations, func(r sandboxtest.Request) bool {
		pools, _ := at(r.Body, "properties", "agentPoolProfiles").([]any)
		return len(pools) == 3
	}) {
		t.Errorf("the pools were not all created with the cluster: %v", creations)
	}
	names := p.namesInAzure(t, c)
	for pool, name := range names {
		if !strings.HasPrefix(name, strings.ReplaceAll(pool, "-", "")) || len(name) > 12 {
			t.Errorf("pool %s is %q in Azure", pool, name)
		}
	}

	p.Kill(t)
	p.Restart(t)
	since := p.Azure.Last(t)
	c.pools = append(slices.Delete(slices.Clone(c.pools), 1, 2), pool{name: "mp-3", class: "spot", replicas: 1})
	p.created(t, c)
	now := p.namesInAzure(t, c)
	if now["mp-0"] != names["mp-0"] || now["mp-2"] != names["mp-2"] {
		t.Errorf("names changed: %v, now %v", names, now)
	}
	until(t, limit, func() string {
		return unless(!p.exists(t, c, names["mp-1"]), "agent pool %s still exists", names["mp-1"])
	})
	for _, r := range p.writes(t, since, c) {
		if !r.About("/agentpools/"+now["mp-3"]) && !r.About("/agentpools/"+names["mp-1"]) {
			t.Errorf("another pool or the cluster was written: %s", r)
		}
	}

	c.pools = append(c.pools, pool{name: "mp-1", class: "worker", replicas: 1}) // the same name again
	p.created(t, c)
	if again := p.namesInAzure(t, c); again["mp-1"] != names["mp-1"] {
		t.Errorf("the pool that came back is %q in Azure, was %q", again["mp-1"], names["mp-1"])
	}

	p.Kubectl(t, "delete", "cluster.cluster.x-k8s.io", c.name, "--namespace="+c.namespace, "--timeout=180s")
	if left := p.Azure.Resources(t, "/resourcegroups/"+c.name+"/"); len(left) > 0 {
		t.Errorf("left in Azure: %v", left)
	}
	if left := p.identities(t, c); len(left) > 0 {
		t.Errorf("left here: %v", left)
	}
}

func (p *plane) exists(t *testing.T, c cluster, agentPool string) bool {
	t.Helper()
	return p.Azure.Get(t, c.id()+"/agentPools/"+agentPool, "2026-05-01") != nil
}

// namesInAzure are the names of the agent pools by those of the topology; each has to exist, and to be nobody else's.
func (p *plane) namesInAzure(t *testing.T, c cluster) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, pool := range c.pools {
		name := p.agentPool(t, c, pool.name)
		if slices.Contains(slices.Collect(maps.Values(names)), name) || !p.exists(t, c, name) {
			t.Fatalf("pool %s is %q in Azure; the others are %v", pool.name, name, names)
		}
		names[pool.name] = name
	}
	return names
}

// Another machine size replaces the nodes of a pool and no object: the AzureManagedMachinePool stays, its agent pool is another one.
func TestAnotherSize(t *testing.T) {
	t.Parallel()
	p := withClass(t, "size")
	c := cluster{namespace: "size", name: "size", class: "aks-standard", version: "v1.33.8", pools: []pool{
		{name: "system", class: "system", replicas: 1}, {name: "apps", class: "worker", replicas: 1},
	}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.created(t, c)
	before := p.identities(t, c)
	c.pools[1].overrides = object{"vmSize": "Standard_D4s_v3"}
	p.created(t, c)
	if size := p.inAzure(t, c.id()+"/agentPools/"+p.agentPool(t, c, "apps"), "vmSize"); size != "Standard_D4s_v3" {
		t.Errorf("the machines are %q", size)
	}
	until(t, limit, func() string { return unless(!p.exists(t, c, "apps"), "the replaced agent pool still exists") })
	if after := p.identities(t, c); !maps.Equal(before, after) {
		t.Errorf("objects were replaced: %v, now %v", before, after)
	}
}
