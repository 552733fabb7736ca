package clusterclass

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// declared is a cluster as the API server has it.
func (p *plane) declared(t *testing.T, namespace, name string) cluster {
	t.Helper()
	o := p.read(t, clusters, namespace, name)
	c := cluster{namespace: namespace, name: name, class: textAt(o, "spec", "topology", "classRef", "name"), version: textAt(o, "spec", "topology", "version")}
	pools, _ := at(o, "spec", "topology", "workers", "machinePools").([]any)
	for _, one := range pools {
		c.pools = append(c.pools, pool{name: textAt(one, "name"), class: textAt(one, "class")})
	}
	return c
}

// The samples become clusters, word for word.
func TestSamples(t *testing.T) {
	t.Parallel()
	p := withClass(t, "samples")
	for file, name := range map[string]string{"cluster.yaml": "shop", "cluster-pools.yaml": "analytics"} {
		p.apply(t, sample(t, "samples", file))
		t.Cleanup(func() { p.clean(t, name) })
	}
	for _, name := range []string{"shop", "analytics"} {
		p.settled(t, p.declared(t, "samples", name))
	}
	analytics := p.declared(t, "samples", "analytics")
	analytics.name = "analytics-prod" // the resource group
	id := strings.Replace(analytics.id(), "managedClusters/analytics-prod", "managedClusters/analytics", 1)
	if size := p.inAzure(t, id+"/agentPools/"+p.agentPool(t, p.declared(t, "samples", "analytics"), "workers-memory"), "vmSize"); size != "Standard_E4s_v3" {
		t.Errorf("the machines of workers-memory are %q", size)
	}
	if ranges := p.inAzure(t, id, "apiServerAccessProfile", "authorizedIPRanges"); ranges != "[203.0.113.0/24]" {
		t.Errorf("authorizedIPRanges %s", ranges)
	}
}

// agentPool is the name in Azure of a pool of the topology.
func (p *plane) agentPool(t *testing.T, c cluster, name string) string {
	t.Helper()
	return textAt(p.infraPool(t, c, name), "status", "agentPoolName")
}

// clean fails for requests of a cluster that are not as the official description says, and for writes that Azure refused.
func (p *plane) clean(t *testing.T, cluster string) {
	t.Helper()
	for _, r := range p.Azure.Requests(t, 0, func(r sandboxtest.Request) bool { return r.About("/managedclusters/" + cluster) }) {
		if len(r.SpecErrors) > 0 || r.Write() && !r.Accepted() {
			t.Errorf("%s: %q", r, r.SpecErrors)
		}
	}
}

// The flavors of clusterctl become clusters: the class by the name a user gives it, and the class that clusterctl adds by itself.
func TestFlavors(t *testing.T) {
	t.Parallel()
	p := shared(t)
	sandboxtest.BinDir(t, "clusterctl")
	for class, templates := range map[string][]string{
		"own-class":   {"cluster-template-aks-clusterclass.yaml", "cluster-template-aks-topology.yaml"},
		"aks-default": {"clusterclass-aks-default.yaml", "cluster-template-aks-topology.yaml"},
	} {
		t.Run(class, func(t *testing.T) {
			t.Parallel()
			name := "flavor-" + class
			p.Kubectl(t, "create", "namespace", name)
			for _, file := range templates {
				p.apply(t, strings.ReplaceAll(p.generated(t, file, name, class), "namespace: default", "namespace: "+name))
			}
			c := p.declared(t, name, name)
			p.settled(t, c)
			if version := p.inAzure(t, c.id(), "currentKubernetesVersion"); version != "1.33.8" {
				t.Errorf("the AKS cluster %s runs %q", c.id(), version)
			}
			p.clean(t, name)
		})
	}
}

// generated is a template as clusterctl fills it in.
func (p *plane) generated(t *testing.T, file, name, class string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(p.Bin, "clusterctl"), "generate", "yaml", "--from", filepath.Join("..", "..", "templates", file))
	command.Env = append(os.Environ(), "CLUSTERCTL_DISABLE_VERSIONCHECK=true", "XDG_CONFIG_HOME="+t.TempDir(),
		"CLUSTER_NAME="+name, "CLUSTER_CLASS_NAME="+class, "KUBERNETES_VERSION=v1.33.8", "AZURE_LOCATION=westeurope",
		"AZURE_SUBSCRIPTION_ID="+sandboxtest.Subscription, "AZURE_NODE_MACHINE_TYPE=Standard_D2s_v3")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return string(out)
}

// Both files of templates/ with a class are one class by two names.
func TestOneClassByTwoNames(t *testing.T) {
	content := func(file, name string) string {
		raw, err := os.ReadFile(filepath.Join("..", "..", "templates", file))
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(raw), "\n") // the first line says which is which
		return strings.ReplaceAll(text, name, "NAME")
	}
	if content("clusterclass-aks-default.yaml", "aks-default") != content("cluster-template-aks-clusterclass.yaml", "${CLUSTER_CLASS_NAME}") {
		t.Error("clusterclass-aks-default.yaml and cluster-template-aks-clusterclass.yaml differ in more than the name")
	}
}
