package life

import (
	"strings"
	"testing"
)

// Pools whose objects have names as Cluster API generates them, two of one class, get names AKS accepts, and different ones; a name
// given twice is refused.
func TestGeneratedNames(t *testing.T) {
	p := life(t, "pools")
	c := cluster{name: "names", version: "v1.34.1", pools: []pool{
		{name: "names-mp-0-x7k2p", mode: "System", replicas: 1},
		{name: "names-mp-1-9qz4d", mode: "User", replicas: 1},
		{name: "given-9qz4d", mode: "User", replicas: 0, spec: object{"name": "given"}},
	}}
	p.create(t, c)
	seen := map[string]bool{}
	for _, pool := range c.pools {
		o := p.Get(t, infraPool, "names", pool.name)
		name := textAt(o, "status", "agentPoolName")
		if size := textAt(p.azure.get(t, c.poolID(name)), "properties", "vmSize"); size == "" || seen[name] {
			t.Errorf("pool %s has the name %q in Azure", pool.name, name)
		}
		seen[name] = true
		t.Logf("%s is %s in Azure", pool.name, name)
	}
	if !seen["given"] {
		t.Error("the name that was given is not used")
	}
	c.pools = append(c.pools, pool{name: "twin", mode: "User", replicas: 1, spec: object{"name": "given"}})
	if out, err := p.TryApply(t, c.manifest()); err == nil || !strings.Contains(err.Error()+out, "the name") || !strings.Contains(err.Error()+out, `"given-9qz4d"`) {
		t.Errorf("a second pool with that name: %v %s", err, out)
	}
}
