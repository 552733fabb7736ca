package clusterclass

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Variables reach Azure and leave it again, labels reach the objects, and no object is replaced by another one.
func TestVariables(t *testing.T) {
	t.Parallel()
	p := withClass(t, "variables")
	c := cluster{namespace: "variables", name: "variables", class: "aks-standard", version: "v1.33.8", pools: []pool{
		{name: "system", class: "system", replicas: 1}, {name: "apps", class: "worker", replicas: 1},
	}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.created(t, c)
	before := p.identities(t, c)

	c.variables = object{"tier": "Standard", "tags": object{"team": "shop"}}
	c.metadata = object{"labels": object{"cost-center": "4711"}, "annotations": object{"note": "ours"}}
	c.pools[1].metadata, c.pools[1].replicas = object{"labels": object{"cost-center": "4712"}}, 2
	p.created(t, c)
	azure := p.Azure.Get(t, c.id(), "2026-05-01")
	if tier, team := textAt(azure, "sku", "tier"), textAt(azure, "tags", "team"); tier != "Standard" || team != "shop" {
		t.Errorf("tier %q and tag team %q in Azure", tier, team)
	}
	if count := p.inAzure(t, c.id()+"/agentPools/apps", "count"); count != "2" {
		t.Errorf("%s nodes in Azure", count)
	}
	cp, apps := p.read(t, controlPlanes, c.namespace, c.name), p.read(t, machinePools, c.namespace, "variables-apps")
	for what, got := range map[string]string{
		"4711": textAt(cp, "metadata", "labels", "cost-center"), "ours": textAt(cp, "metadata", "annotations", "note"),
		"4712": textAt(apps, "metadata", "labels", "cost-center"),
	} {
		if got != what {
			t.Errorf("a label or annotation is %q, want %q", got, what)
		}
	}

	c.variables, c.metadata = object{"tier": "Free"}, nil
	p.created(t, c)
	until(t, limit, func() string {
		azure = p.Azure.Get(t, c.id(), "2026-05-01")
		return unless(at(azure, "tags", "team") == nil && textAt(azure, "sku", "tier") == "Free", "tags in Azure: %v", at(azure, "tags"))
	})
	if label := textAt(p.read(t, controlPlanes, c.namespace, c.name), "metadata", "labels", "cost-center"); label != "" {
		t.Errorf("the label stayed: %q", label)
	}
	if after := p.identities(t, c); !maps.Equal(before, after) {
		t.Errorf("objects were replaced: %v, now %v", before, after)
	}
	p.quiet(t, c)
}

// identities are the objects of a cluster and their UIDs.
func (p *plane) identities(t *testing.T, c cluster) map[string]string {
	t.Helper()
	return p.each(t, c, "uid")
}

func (p *plane) each(t *testing.T, c cluster, what string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, kind := range []schema.GroupVersionResource{infraClusters, controlPlanes, infraPools, machinePools, bootstrapConfigs} {
		for _, o := range p.list(t, kind, c) {
			out[kind.Resource+"/"+textAt(o, "metadata", "name")] = textAt(o, "metadata", what)
		}
	}
	return out
}

var bootstrapConfigs = schema.GroupVersionResource{Group: "bootstrap.cluster.x-k8s.io", Version: "v1beta2", Resource: "kubeadmconfigs"}

// quiet makes the topology controller look again and again at a cluster that is as declared: it must not write any object, and we
// neither, here and in Azure. What makes it look is a generation of the Cluster that says the same in other words.
func (p *plane) quiet(t *testing.T, c cluster) {
	t.Helper()
	look := func(round int) map[string]string {
		c.pools[0].overrides = saysTheSame(round)
		p.created(t, c)
		return p.each(t, c, "resourceVersion")
	}
	before := look(1)
	round := 2
	until(t, limit, func() string { // what core still writes of nodes that just came
		now := look(round)
		round++
		defer func() { before = now }()
		return unless(maps.Equal(before, now), "%s", differences(before, now))
	})
	since := p.Azure.Last(t)
	for range 3 {
		if now := look(round); !maps.Equal(before, now) {
			t.Errorf("written although nothing changed: %s", differences(before, now))
		}
		round++
	}
	if sent := p.writes(t, since, c); len(sent) > 0 {
		t.Errorf("sent although nothing changed: %v", sent)
	}
}

// saysTheSame is nothing, or what is the default anyway.
func saysTheSame(round int) object {
	if round%2 == 0 {
		return nil
	}
	return object{"vmSize": "Standard_D2s_v3"}
}

func differences(before, after map[string]string) string {
	var out []string
	for name, version := range after {
		if before[name] != version {
			out = append(out, fmt.Sprintf("%s %s -> %s", name, before[name], version))
		}
	}
	return strings.Join(out, ", ")
}

// A number of nodes in the topology and an autoscaler do not quarrel: the autoscaler decides, and it is said that the number is idle.
func TestAutoscaler(t *testing.T) {
	t.Parallel()
	p := withClass(t, "autoscaler")
	c := cluster{namespace: "autoscaler", name: "autoscaler", class: "aks-standard", version: "v1.33.8", pools: []pool{
		{name: "system", class: "system", replicas: 1},
		{name: "apps", class: "worker", replicas: 1, overrides: object{"autoscaler": object{"min": 2, "max": 5}}},
	}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.apply(t, c.manifest(t))
	idle := "replicas 1 of the pool in the topology of Cluster autoscaler has no effect"
	until(t, limit, func() string {
		state, message := condition(p.infraPool(t, c, "apps"), "Ready")
		return unless(state == "True" && strings.HasPrefix(message, idle), "pool apps: Ready is %s (%s)", state, message)
	})
	if count := p.inAzure(t, c.id()+"/agentPools/apps", "count"); count != "2" {
		t.Errorf("%s nodes, want the 2 that the autoscaler keeps", count)
	}
	version, round := "", 0
	until(t, limit, func() string { // in a quarrel no two looks see the same
		round++
		c.pools[0].overrides = saysTheSame(round)
		p.apply(t, c.manifest(t))
		p.topologyIs(t, c, "True", "")
		before := version
		version = textAt(p.read(t, machinePools, c.namespace, "autoscaler-apps"), "metadata", "resourceVersion")
		return unless(version == before, "the MachinePool was written, from resourceVersion %s to %s", before, version)
	})
	c.pools[1].replicas = -1
	p.created(t, c)
	until(t, limit, func() string {
		_, message := condition(p.infraPool(t, c, "apps"), "Ready")
		mp := p.read(t, machinePools, c.namespace, "autoscaler-apps")
		return unless(message == "" && textAt(mp, "spec", "replicas") == "2", "%q, spec.replicas %s", message, textAt(mp, "spec", "replicas"))
	})
	p.quiet(t, c)
}
