package clusterclass

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// One new version in the topology becomes the whole way there: minor version by minor version, the control plane first, pools one after
// the other, and nodes that say exactly the version the topology waits for.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	p := withClass(t, "upgrade")
	c := cluster{namespace: "upgrade", name: "upgrade", class: "aks-standard", version: "v1.33.8", pools: []pool{
		{name: "mp-0", class: "system", replicas: 1}, {name: "mp-1", class: "worker", replicas: 1},
	}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.created(t, c)
	since := p.Azure.Last(t)
	before := p.identities(t, c)

	c.version = "v1.36.3"
	p.created(t, c)
	var controlPlane, order []string
	pools := map[string]string{p.agentPool(t, c, "mp-0"): "1.33.8", p.agentPool(t, c, "mp-1"): "1.33.8"}
	for _, r := range p.writes(t, since, c) {
		if r.Method != http.MethodPut {
			continue
		}
		if name, version := lastOf(r), textAt(r.Body, "properties", "orchestratorVersion"); pools[name] != "" && version != "" {
			order = append(order, name+" "+version)
			pools[name] = version
		} else if version := textAt(r.Body, "properties", "kubernetesVersion"); version != "" {
			controlPlane = append(controlPlane, version)
			for name, pool := range pools {
				if pool > version {
					t.Errorf("pool %s was at %s before the control plane at %s", name, pool, version)
				}
			}
		}
	}
	if want := []string{"1.34.1", "1.35.4", "1.36.3"}; !slices.Equal(slices.Compact(controlPlane), want) {
		t.Errorf("the control plane went %v, want %v", controlPlane, want)
	}
	for name, version := range pools {
		if version != "1.36.3" {
			t.Errorf("pool %s went to %s: %v", name, version, order)
		}
	}
	nodes, err := p.Workload(t, c.namespace, c.name, "get", "nodes", "--output=jsonpath={range .items[*]}{.status.nodeInfo.kubeletVersion} {end}")
	if err != nil || strings.TrimSpace(nodes) != "v1.36.3 v1.36.3" {
		t.Errorf("the nodes run %q (%v)", nodes, err)
	}
	after := p.identities(t, c)
	for name, uid := range before {
		if after[name] != uid {
			t.Errorf("%s was replaced", name)
		}
	}
	t.Logf("control plane %v, pools %v", controlPlane, order)
}

func lastOf(r sandboxtest.Request) string {
	path, _, _ := strings.Cut(r.Path, "?")
	return path[strings.LastIndex(path, "/")+1:]
}
