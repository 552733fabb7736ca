package workload

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type counter struct{ n atomic.Int64 }

func (c *counter) add()         { c.n.Add(1) }
func (c *counter) value() int64 { return c.n.Load() }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNodeObject(t *testing.T) {
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m, access := start(t, Options{Now: func() time.Time { return clock }})
	setNodes(t, m, testNode("nodepool1", 0))
	node, err := typedClient(t, certConfig(access)).CoreV1().Nodes().Get(testContext(t), "aks-nodepool1-12345678-vmss000000", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"agentpool":                               "nodepool1",
		"beta.kubernetes.io/arch":                 "amd64",
		"beta.kubernetes.io/instance-type":        "Standard_D4s_v5",
		"beta.kubernetes.io/os":                   "linux",
		"kubernetes.azure.com/agentpool":          "nodepool1",
		"kubernetes.azure.com/cluster":            "mc_rg_prod_westeurope",
		"kubernetes.azure.com/mode":               "system",
		"kubernetes.azure.com/node-image-version": "AKSUbuntu-2404gen2containerd-202510.03.0",
		"kubernetes.azure.com/role":               "agent",
		"kubernetes.io/arch":                      "amd64",
		"kubernetes.io/hostname":                  node.Name,
		"kubernetes.io/os":                        "linux",
		"node.kubernetes.io/instance-type":        "Standard_D4s_v5",
		"team":                                    "blue",
		"topology.disk.csi.azure.com/zone":        "westeurope-1",
		"topology.kubernetes.io/region":           "westeurope",
		"topology.kubernetes.io/zone":             "westeurope-1",
	}
	if diff := cmp.Diff(want, node.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if !node.CreationTimestamp.Time.Equal(clock) {
		t.Errorf("created at %s, want the clock's %s", node.CreationTimestamp, clock)
	}
	if node.Spec.ProviderID != testNode("nodepool1", 0).ProviderID || node.Status.NodeInfo.KubeletVersion != "v1.34.2" {
		t.Errorf("providerID %q, kubelet %q", node.Spec.ProviderID, node.Status.NodeInfo.KubeletVersion)
	}
	if cpu, mem := node.Status.Capacity[corev1.ResourceCPU], node.Status.Capacity[corev1.ResourceMemory]; cpu.String() != "4" || mem.String() != "16Gi" {
		t.Errorf("capacity: %s cores, %s", cpu.String(), mem.String())
	}
}

func TestNodeVariants(t *testing.T) {
	m, access := start(t, Options{})
	base := Node{Name: "n", ProviderID: "azure:///x", Ready: true}
	with := func(change func(*Node)) Node {
		n := base
		change(&n)
		return n
	}
	tests := map[string]struct {
		node     Node
		os, arch string
		image    string
		zone     string
		version  string
	}{
		"defaults":    {base, "linux", "amd64", "Ubuntu 22.04", "0", "v1.34.2"},
		"own version": {with(func(n *Node) { n.Version = "1.33.5" }), "linux", "amd64", "Ubuntu 22.04", "0", "v1.33.5"},
		"windows":     {with(func(n *Node) { n.OS = "Windows" }), "windows", "amd64", "Windows Server 2022", "0", "v1.34.2"},
		"azure linux": {with(func(n *Node) { n.NodeImage = "AKSAzureLinux-V3gen2-202510.03.0" }), "linux", "amd64", "Azure Linux", "0", "v1.34.2"},
		"ampere":      {with(func(n *Node) { n.VMSize = "Standard_D2ps_v5" }), "linux", "arm64", "Ubuntu 22.04", "0", "v1.34.2"},
		"full zone":   {with(func(n *Node) { n.Zone = "westeurope-3" }), "linux", "amd64", "Ubuntu 22.04", "westeurope-3", "v1.34.2"},
	}
	nodes := typedClient(t, certConfig(access)).CoreV1().Nodes()
	for name, tt := range tests {
		setNodes(t, m, tt.node)
		got, err := nodes.Get(testContext(t), "n", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		info := got.Status.NodeInfo
		if info.OperatingSystem != tt.os || info.Architecture != tt.arch || got.Labels[corev1.LabelArchStable] != tt.arch ||
			!strings.HasPrefix(info.OSImage, tt.image) && !strings.Contains(info.OSImage, tt.image) ||
			got.Labels[corev1.LabelTopologyZone] != tt.zone || info.KubeletVersion != tt.version {
			t.Errorf("%s: %+v, labels %v", name, info, got.Labels)
		}
	}
}

func TestSetNodesWritesDifferencesOnly(t *testing.T) {
	m, access := start(t, Options{})
	ctx, client := testContext(t), typedClient(t, certConfig(access))
	nodes := client.CoreV1().Nodes()
	a, b := testNode("nodepool1", 0), testNode("nodepool1", 1)
	setNodes(t, m, a, b)
	list := func() map[string]corev1.Node {
		l, err := nodes.List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]corev1.Node{}
		for _, n := range l.Items {
			out[n.Name] = n
		}
		return out
	}
	before := list()
	setNodes(t, m, a, b)
	if diff := cmp.Diff(before, list()); diff != "" {
		t.Errorf("the same list changed something:\n%s", diff)
	}

	// What a user and a controller leave on a node ...
	patch := `{"metadata":{"annotations":{"cluster.x-k8s.io/machine":"m"},"labels":{"mine":"1"}},"spec":{"unschedulable":true,
		"taints":[{"key":"CriticalAddonsOnly","value":"true","effect":"NoSchedule"},{"key":"mine","effect":"NoExecute"}]}}`
	if _, err := nodes.Patch(ctx, a.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	// ... survives every change of the pool.
	a.Version, a.Labels, a.Ready = "1.35.0", map[string]string{"team": "green"}, false
	a.Taints = []corev1.Taint{{Key: "new", Value: "v", Effect: corev1.TaintEffectNoSchedule}}
	setNodes(t, m, a, b)
	after := list()
	got := after[a.Name]
	var taints []string
	for _, taint := range got.Spec.Taints {
		taints = append(taints, taint.ToString())
	}
	slices.Sort(taints)
	wantTaints := []string{"mine:NoExecute", "new=v:NoSchedule", "node.kubernetes.io/not-ready:NoSchedule"}
	if diff := cmp.Diff(wantTaints, taints); diff != "" {
		t.Errorf("taints (-want +got):\n%s", diff)
	}
	if got.UID != before[a.Name].UID || got.Annotations["cluster.x-k8s.io/machine"] != "m" || got.Labels["mine"] != "1" ||
		!got.Spec.Unschedulable || got.Labels["team"] != "green" || got.Status.NodeInfo.KubeletVersion != "v1.35.0" || nodeReady(got) {
		t.Errorf("changed node: %+v", got)
	}
	if diff := cmp.Diff(before[b.Name], after[b.Name]); diff != "" {
		t.Errorf("the other node changed:\n%s", diff)
	}

	// A reimaged instance keeps its object, a new instance gets a new one.
	a.ProviderID += "9"
	setNodes(t, m, a)
	last := list()
	if len(last) != 1 || last[a.Name].UID == got.UID || last[a.Name].Annotations != nil || last[a.Name].Spec.Unschedulable {
		t.Errorf("after replacing an instance: %+v", last)
	}
}

func TestNodesFollowTheClusterVersion(t *testing.T) {
	m, access := start(t, Options{})
	node := testNode("nodepool1", 0)
	setNodes(t, m, node)
	upgraded := testCluster
	upgraded.Version = "1.35.1"
	if _, err := m.EnsureCluster(testID, upgraded); err != nil {
		t.Fatal(err)
	}
	setNodes(t, m, node)
	got, err := typedClient(t, certConfig(access)).CoreV1().Nodes().Get(testContext(t), node.Name, metav1.GetOptions{})
	if err != nil || got.Status.NodeInfo.KubeletVersion != "v1.35.1" {
		t.Errorf("kubelet version %q, %v", got.Status.NodeInfo.KubeletVersion, err)
	}
}

func nodeReady(n corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func TestSetNodesAndClientsNodes(t *testing.T) {
	m, access := start(t, Options{})
	ctx, nodes := testContext(t), typedClient(t, certConfig(access)).CoreV1().Nodes()
	a := testNode("nodepool1", 0)
	setNodes(t, m, a)
	if err := nodes.Delete(ctx, a.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := nodes.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "fake"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	setNodes(t, m, a)
	l, err := nodes.List(ctx, metav1.ListOptions{})
	if err != nil || len(l.Items) != 1 || l.Items[0].Name != a.Name {
		t.Errorf("want the instance's node back and the fake one gone: %v, %v", l.Items, err)
	}
	if err := m.SetNodes(testID, []Node{a, a}); err == nil || !strings.Contains(err.Error(), "listed twice") {
		t.Errorf("a node twice: %v", err)
	}
	if err := m.SetNodes("none", nil); err == nil {
		t.Error("SetNodes of an unknown cluster succeeded")
	}
}
