package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestQuickstartFromTheFirstApplyToTheLastDelete is the whole life of the example, with every change the documentation speaks of, and
// then the log of all requests it took.
func TestQuickstartFromTheFirstApplyToTheLastDelete(t *testing.T) {
	t.Parallel()
	p := calm(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "examples", "quickstart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	story := &quickstartStory{plane: p, T: t, manifest: string(raw)}
	story.created()
	story.kubeconfigSecret()
	story.scaled()
	story.upgraded()
	story.poolAddedAndDeleted()
	story.settingsChanged()
	story.appliedAgain()
	story.idle()
	story.deleted()
	p.azure.expectCleanLog(t)
}

type quickstartStory struct {
	*testing.T
	*plane
	manifest string
}

const quickstartID = "/subscriptions/" + subscriptionA + "/resourceGroups/foo-bar" + managedClusterProvider + "my-cluster-control-plane"

// pool waits for a MachinePool of the example, whose objects have the names of their pools.
func (s *quickstartStory) pool(name string, nodes int) {
	s.Helper()
	eventually(s.T, 90*time.Second, func() string {
		mp := s.get(s.T, machinePools, "default", name)
		if phase := text(mp, "status", "phase"); phase != "Running" || len(slice(mp.Object, "status", "nodeRefs")) != nodes {
			return fmt.Sprintf("MachinePool %s is %q and not Running with %d nodes", name, phase, nodes)
		}
		return ""
	})
}

func (s *quickstartStory) created() {
	s.apply(s.T, s.manifest)
	s.awaitCondition(s.T, creation, clusters, "default", "my-cluster", "Available", "True", "")
	s.pool("agentpool0", 2)
	s.pool("agentpool1", 2)
	if nodes := s.nodes(s.T, "default", "my-cluster"); len(nodes) != 4 {
		s.Errorf("the workload cluster has the nodes %v, want four", nodes)
	}
	wide := s.kubectl(s.T, "get", "cluster-api", "-o", "wide")
	if missing := lacks(wide, "cluster.cluster.x-k8s.io/my-cluster", "machinepool.cluster.x-k8s.io/agentpool0", "machinepool.cluster.x-k8s.io/agentpool1",
		"azuremanagedcluster.infrastructure.cluster.x-k8s.io/my-cluster", "azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io/my-cluster-control-plane",
		"azuremanagedmachinepool.infrastructure.cluster.x-k8s.io/agentpool0", "azuremanagedmachinepool.infrastructure.cluster.x-k8s.io/agentpool1",
		"v1.34.1", "Succeeded", "southcentralus", "Standard_D2s_v4"); len(missing) > 0 {
		s.Errorf("kubectl get cluster-api -o wide does not show %q:\n%s", missing, wide)
	}
	if n := len(s.azure.Requests(s.T, 0)); n > 20 {
		s.Errorf("creating the cluster took %d requests, want at most 20", n)
	}
}

func (s *quickstartStory) kubeconfigSecret() {
	secret := s.get(s.T, secrets, "default", "my-cluster-kubeconfig")
	if secret == nil {
		s.Fatal("there is no Secret my-cluster-kubeconfig")
	}
	controlPlane := s.get(s.T, controlPlanes, "default", "my-cluster-control-plane")
	if got := text(secret, "type"); got != "cluster.x-k8s.io/secret" {
		s.Errorf("its type is %q", got)
	}
	if got := secret.GetLabels()["cluster.x-k8s.io/cluster-name"]; got != "my-cluster" {
		s.Errorf("its label cluster.x-k8s.io/cluster-name is %q", got)
	}
	owners := secret.GetOwnerReferences()
	if len(owners) != 1 || owners[0].UID != controlPlane.GetUID() || owners[0].Controller == nil || !*owners[0].Controller {
		s.Errorf("its owners are %v, want the control plane as the only one and as controller", owners)
	}
	config := string(decode(s.T, text(secret, "data", "value")))
	if strings.Contains(config, "exec:") || strings.Contains(config, "auth-provider:") {
		s.Error("the kubeconfig needs a plugin, which Cluster API refuses")
	}
}

func (s *quickstartStory) scaled() {
	for _, n := range []int{5, 3} {
		s.kubectl(s.T, "scale", "machinepool.cluster.x-k8s.io/agentpool1", fmt.Sprintf("--replicas=%d", n))
		s.pool("agentpool1", n)
		if got := number(s.azure.Get(s.T, quickstartID+"/agentPools/agentpool1", containerService), "properties", "count"); got != int64(n) {
			s.Errorf("the pool has count %d in Azure, want %d", got, n)
		}
	}
	if nodes := s.nodes(s.T, "default", "my-cluster"); len(nodes) != 5 {
		s.Errorf("the workload cluster has the nodes %v, want five", nodes)
	}
}

// upgraded raises all versions in one apply: the order is the provider's business.
func (s *quickstartStory) upgraded() {
	since := s.azure.Last(s.T)
	s.manifest = strings.ReplaceAll(s.manifest, "v1.34.1", "v1.35.1")
	s.manifest = strings.Replace(s.manifest, "name: agentpool1\n  namespace: default\nspec:\n  clusterName: my-cluster\n  replicas: 2", "name: agentpool1\n  namespace: default\nspec:\n  clusterName: my-cluster\n  replicas: 3", 1)
	s.apply(s.T, s.manifest)
	eventually(s.T, 90*time.Second, func() string {
		cp := s.get(s.T, controlPlanes, "default", "my-cluster-control-plane")
		if v := text(cp, "status", "version"); v != "v1.35.1" {
			return "the control plane is at " + v
		}
		for _, name := range []string{"agentpool0", "agentpool1"} {
			if v := text(s.get(s.T, infraPools, "default", name), "status", "version"); v != "v1.35.1" {
				return name + " is at " + v
			}
		}
		out, err := s.workload(s.T, "default", "my-cluster", "get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}")
		if versions := strings.Fields(out); err != nil || len(versions) != 5 || slices.ContainsFunc(versions, func(v string) bool { return v != "v1.35.1" }) {
			return fmt.Sprintf("the nodes run %v (%v)", versions, err)
		}
		return ""
	})
	s.pool("agentpool0", 2)
	s.pool("agentpool1", 3)
	var order []string
	for _, r := range s.azure.Requests(s.T, since, request.Write) {
		if v, _, _ := nested(r.Body, "properties", "kubernetesVersion"); v == "1.35.1" && r.About("/my-cluster-control-plane?") {
			order = append(order, "control plane")
		}
		if v, _, _ := nested(r.Body, "properties", "orchestratorVersion"); v == "1.35.1" {
			order = append(order, "pool")
		}
	}
	if !reflect.DeepEqual(order, []string{"control plane", "pool", "pool"}) {
		s.Errorf("upgrades were sent in the order %q", order)
	}
}

func (s *quickstartStory) poolAddedAndDeleted() {
	c := cluster{namespace: "default", name: "my-cluster", version: "v1.35.1"}
	s.apply(s.T, sandboxtest.Documents(c.poolObjects(pool{name: "extra", mode: "User", replicas: 1}, c.version)...))
	s.pool("my-cluster-extra", 1)
	if nodes := s.nodes(s.T, "default", "my-cluster"); len(nodes) != 6 {
		s.Errorf("with the pool the workload cluster has the nodes %v, want six", nodes)
	}
	s.kubectl(s.T, "delete", "machinepool.cluster.x-k8s.io/my-cluster-extra", "--timeout=90s")
	if s.get(s.T, infraPools, "default", "my-cluster-extra") != nil {
		s.Error("the AzureManagedMachinePool outlives its MachinePool")
	}
	if left := s.azure.Resources(s.T, "/agentPools/extra/"); len(left) > 0 {
		s.Errorf("Azure still has %v", left)
	}
	eventually(s.T, 30*time.Second, func() string {
		if nodes := s.nodes(s.T, "default", "my-cluster"); len(nodes) != 5 {
			return fmt.Sprintf("without the pool the workload cluster has the nodes %v, want five", nodes)
		}
		return ""
	})
}

// settingsChanged changes what can be changed of the documentation's fields and looks at the result in Azure.
func (s *quickstartStory) settingsChanged() {
	const group = "917056a9-8eb5-439c-8679-b34901ade75a"
	for _, change := range []struct {
		patch string
		path  []string
		want  any
	}{
		{`{"spec":{"loadBalancerProfile":{"managedOutboundIPs":3,"idleTimeoutInMinutes":20}}}`, []string{"properties", "networkProfile", "loadBalancerProfile", "managedOutboundIPs", "count"}, int64(3)},
		{`{"spec":{"apiServerAccessProfile":{"authorizedIPRanges":["12.34.56.78/32"]}}}`, []string{"properties", "apiServerAccessProfile", "authorizedIPRanges"}, []any{"12.34.56.78/32"}},
		{`{"spec":{"aadProfile":{"managed":true,"adminGroupObjectIDs":["` + group + `"]}}}`, []string{"properties", "aadProfile", "adminGroupObjectIDs"}, []any{group}},
		{`{"spec":{"sku":{"tier":"Standard"}}}`, []string{"sku", "tier"}, "Standard"},
		{`{"spec":{"additionalTags":{"team":"blue"}}}`, []string{"tags", "team"}, "blue"},
	} {
		s.patch(s.T, "azuremanagedcontrolplane", "default", "my-cluster-control-plane", change.patch)
		eventually(s.T, time.Minute, func() string {
			body := s.azure.Get(s.T, quickstartID, containerService)
			if got, _, _ := nested(body, change.path...); !reflect.DeepEqual(got, change.want) {
				return fmt.Sprintf("%s is %v, want %v", strings.Join(change.path, "."), got, change.want)
			}
			return ""
		})
		s.awaitSynced(s.T, cluster{namespace: "default", name: "my-cluster-control-plane"})
	}
}

// appliedAgain: the manifest, with the one change that concerns what it says, is the state already.
func (s *quickstartStory) appliedAgain() {
	s.manifest = strings.Replace(s.manifest, "tier: Free", "tier: Standard", 1)
	since := s.azure.Last(s.T)
	s.apply(s.T, s.manifest)
	always(s.T, 5*time.Second, func() string {
		if sent := s.azure.Requests(s.T, since, request.Write); len(sent) > 0 {
			return fmt.Sprintf("applying the same manifest again wrote %v", sent)
		}
		return ""
	})
}

// idle: a converged cluster costs no write and next to no read.
func (s *quickstartStory) idle() {
	const span = 70 * time.Second
	since := s.azure.Last(s.T)
	always(s.T, span, func() string {
		sent := s.azure.Requests(s.T, since)
		if wrote := slices.ContainsFunc(sent, request.Write); wrote || len(sent) > 1 {
			return fmt.Sprintf("in %s of rest the manager sent %v, want no write and at most one read", span, sent)
		}
		return ""
	})
}

func (s *quickstartStory) deleted() {
	s.kubectl(s.T, "delete", "cluster.cluster.x-k8s.io", "my-cluster", "--timeout=120s")
	s.awaitGone(s.T, time.Minute, "default", clusters, machinePools, controlPlanes, infraClusters, infraPools, secrets)
	if left := s.azure.State(s.T); len(left.Resources) > 0 || len(left.Operations) > 0 {
		s.Errorf("Azure still has %+v", left)
	}
	if deletes := s.azure.Requests(s.T, 0, func(r request) bool { return r.Method == http.MethodDelete && r.About("/agentPools/agentpool") }); len(deletes) > 0 {
		s.Errorf("pools go with their cluster, but were deleted one by one: %v", deletes)
	}
}

func number(body map[string]any, path ...string) int64 {
	v, _, _ := nested(body, path...)
	n, _ := v.(int64)
	return n
}

// nested is the value at a path of a JSON document.
func nested(body map[string]any, path ...string) (any, bool, error) {
	var v any = body
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false, nil
		}
		if v, ok = m[key]; !ok {
			return nil, false, nil
		}
	}
	return v, true, nil
}
