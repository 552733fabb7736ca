package azuresim_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/azuresim"
)

// The story of one cluster, with the status codes, headers and states of the recordings.
func TestClusterLifecycle(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.refused(404, "ResourceNotFound", "'Microsoft.ContainerService/managedClusters/c1' under resource group 'Rg1'", "GET", cluster, aksVersion, "")

	a := m.do(201, "PUT", cluster, aksVersion, twoPools)
	m.wantEqual(a, "id", strings.Replace(cluster, "resourceGroups", "resourcegroups", 1))
	m.wantEqual(a, "type", "Microsoft.ContainerService/ManagedClusters")
	m.wantEqual(a, "properties.provisioningState", "Creating")
	m.wantEqual(a, "properties.currentKubernetesVersion", "1.34.1")
	m.wantEqual(a, "properties.nodeResourceGroup", "MC_Rg1_c1_westus2")
	if a.get("properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs") != nil || a.get("properties.identityProfile") != nil {
		t.Error("outbound IPs and the kubelet identity exist only after the create has succeeded")
	}
	op := a.Header.Get("Azure-AsyncOperation")
	if op == "" || a.Header.Get("Location") != "" || a.Header.Get("Retry-After") != "" || !strings.Contains(op, "api-version=2016-03-30&t=") || len(op) < 1000 {
		t.Errorf("a create answers with Azure-AsyncOperation only, and a long one: %v", a.Header)
	}
	m.wantEqual(m.do(200, "GET", op, "", ""), "status", "InProgress")

	m.clock.Advance(15 * time.Second)
	progress := m.do(200, "GET", cluster+"/operations/latest", "2026-05-02-preview", "")
	m.wantEqual(progress, "percentComplete", 50.0)
	m.refused(400, "NoRegisteredProviderFound", "'managedClusters/operations'", "GET", cluster+"/operations/latest", aksVersion, "")
	m.refused(400, "NoRegisteredProviderFound", "'managedClusters/agentPools/operations'", "GET", cluster+"/agentPools/sys/operations/latest", aksVersion, "")
	m.refused(404, "ControlPlaneNotFound", "Could not find control plane", "POST", cluster+"/listClusterAdminCredential", aksVersion, "")
	m.clock.Advance(13 * time.Second)
	m.do(200, "POST", cluster+"/listClusterAdminCredential", aksVersion, "") // the API server answers before the operation ends
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Creating")
	m.clock.Advance(2 * time.Second)

	done := m.do(200, "GET", op, "", "")
	m.wantEqual(done, "status", "Succeeded")
	if s, _ := done.get("endTime").(string); !strings.HasSuffix(s, ".0000000Z") {
		t.Errorf("endTime %q has no seven fractional digits", s)
	}
	a = m.succeeded(cluster)
	ips, _ := a.get("properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs").([]any)
	if len(ips) != 1 {
		t.Errorf("effective outbound IPs: %v", ips)
	}
	nodes := m.nodes()
	if len(nodes) != 3 || !strings.HasSuffix(nodes[0], "aks-sys-"+m.suffix()+"-vmss/virtualMachines/0") || !strings.Contains(nodes[0], "/resourceGroups/mc_rg1_c1_westus2/") {
		t.Errorf("nodes: %v", nodes)
	}
	m.dayTwo(t)
	m.deletion(t)
}

// dayTwo scales, upgrades and adds a pool.
func (m *sim) dayTwo(t *testing.T) {
	pool := cluster + "/agentPools/user1"
	a := m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":3}}`)
	m.wantEqual(a, "properties.provisioningState", "Scaling")
	m.clock.Advance(30 * time.Second)
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":1}}`)
	m.clock.Advance(30 * time.Second)
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2}}`)
	m.clock.Advance(30 * time.Second)
	if got := m.instances("user1"); got != "0,3" {
		t.Errorf("instances after 1, 3, 1, 2 are %s: ids are never reused", got)
	}
	a = m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"kubernetesVersion":"1.35.1"}}`)
	m.wantEqual(a, "properties.provisioningState", "Upgrading")
	m.wantEqual(a, "properties.currentKubernetesVersion", "1.34.1")
	m.clock.Advance(30 * time.Second)
	m.wantEqual(m.succeeded(cluster), "properties.currentKubernetesVersion", "1.35.1")
	m.wantEqual(m.succeeded(pool), "properties.currentOrchestratorVersion", "1.34.1")
	a = m.do(200, "PUT", pool, aksVersion, `{"properties":{"orchestratorVersion":"1.35.1"}}`)
	m.wantEqual(a, "properties.provisioningState", "Upgrading")
	m.clock.Advance(30 * time.Second)
	m.wantEqual(m.succeeded(pool), "properties.currentOrchestratorVersion", "1.35.1")
	a = m.do(201, "PUT", cluster+"/agentPools/extra", aksVersion, `{"properties":{"count":0,"mode":"User","vmSize":"Standard_D2s_v3"}}`)
	m.wantEqual(a, "properties.currentOrchestratorVersion", "1.35.1")
	m.clock.Advance(30 * time.Second)
	if a := m.do(202, "DELETE", cluster+"/agentPools/extra", aksVersion, ""); a.Header.Get("Location") == "" || a.Header.Get("Azure-AsyncOperation") == "" {
		t.Errorf("a DELETE answers with both polling headers: %v", a.Header)
	}
	m.wantEqual(m.do(200, "GET", cluster+"/agentPools/extra", aksVersion, ""), "properties.provisioningState", "Deleting")
	m.clock.Advance(30 * time.Second)
	m.refused(404, "NotFound", "Could not find the agentpool: extra", "GET", cluster+"/agentPools/extra", aksVersion, "")
	m.do(204, "DELETE", cluster+"/agentPools/extra", aksVersion, "")
}

func (m *sim) deletion(t *testing.T) {
	a := m.do(202, "DELETE", cluster, aksVersion, "")
	location := a.Header.Get("Location")
	if again := m.do(202, "GET", location, "", ""); again.Header.Get("Location") == "" {
		t.Error("operationresults answers 202 with Location while running")
	}
	m.clock.Advance(30 * time.Second)
	m.do(204, "GET", location, "", "")
	m.do(204, "DELETE", cluster, aksVersion, "")
	m.refused(404, "ResourceGroupNotFound", "MC_Rg1_c1_westus2", "GET", nodeGroup, rgVersion, "")
	var state struct{ Resources []any }
	if err := json.Unmarshal(m.control("GET", "state", ""), &state); err != nil || len(state.Resources) != 1 {
		t.Errorf("only the resource group should be left: %v %v", state, err)
	}
}

func (m *sim) kubeconfig() []byte {
	m.t.Helper()
	a := m.do(200, "POST", cluster+"/listClusterAdminCredential", aksVersion, "")
	value := a.Body["kubeconfigs"].([]any)[0].(map[string]any)["value"].(string)
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		m.t.Fatal(err)
	}
	return raw
}

// nodes are the provider ids of the workload cluster's Nodes, read with the admin kubeconfig.
func (m *sim) nodes() []string {
	m.t.Helper()
	list, err := m.kube().CoreV1().Nodes().List(m.t.Context(), metav1.ListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	var out []string
	for _, n := range list.Items {
		out = append(out, n.Spec.ProviderID)
	}
	return out
}

func (m *sim) scaleSet(pool string) string {
	m.t.Helper()
	a := m.do(200, "GET", nodeGroup+"/providers/Microsoft.Compute/virtualMachineScaleSets", vmVersion, "")
	for _, raw := range a.Body["value"].([]any) {
		v := answer{Body: raw.(map[string]any)}
		if v.get("tags.aks-managed-poolName") == pool {
			return v.get("name").(string)
		}
	}
	m.t.Fatalf("no scale set of pool %s: %s", pool, a.Raw)
	return ""
}

func (m *sim) suffix() string { return strings.Split(m.scaleSet("sys"), "-")[2] }

func (m *sim) instances(pool string) string {
	m.t.Helper()
	a := m.do(200, "GET", nodeGroup+"/providers/Microsoft.Compute/virtualMachineScaleSets/"+m.scaleSet(pool)+"/virtualMachines", vmVersion, "")
	var ids []string
	for _, raw := range a.Body["value"].([]any) {
		ids = append(ids, raw.(map[string]any)["instanceId"].(string))
	}
	return strings.Join(ids, ",")
}

// azcore's own poller drives a create to its final GET.
func TestPollerOfTheSDK(t *testing.T) {
	m := start(t, azuresim.Options{Durations: map[string]time.Duration{"managedCluster": 5 * time.Minute}})
	m.group()
	req, err := runtime.NewRequest(t.Context(), http.MethodPut, m.s.URL()+cluster+"?api-version="+aksVersion)
	if err != nil {
		t.Fatal(err)
	}
	if err := req.SetBody(readSeekNopCloser{strings.NewReader(twoPools)}, "application/json"); err != nil {
		t.Fatal(err)
	}
	resp, err := m.pipe.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	poller, err := runtime.NewPoller[map[string]any](resp, m.pipe, nil)
	if err != nil {
		t.Fatal(err)
	}
	for minute := range 6 {
		if _, err := poller.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if poller.Done() != (minute == 5) {
			t.Errorf("after %d of 5 minutes Done is %v", minute, poller.Done())
		}
		m.clock.Advance(time.Minute)
	}
	out, err := poller.Result(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.wantEqual(answer{Body: out}, "properties.provisioningState", "Succeeded")
}
