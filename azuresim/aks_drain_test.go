package azuresim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/capaks/capaks/azuresim"
)

// kube is a client of the workload cluster.
func (m *sim) kube() kubernetes.Interface {
	m.t.Helper()
	cfg, err := clientcmd.RESTConfigFromKubeConfig(m.kubeconfig())
	if err != nil {
		m.t.Fatal(err)
	}
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		m.t.Fatal(err)
	}
	return cs
}

// guarded puts a ready pod on the n-th machine of a pool, under a disruption budget that has no room for it, and
// returns the name of the node. lift takes the budget away.
func (m *sim) guarded(pool string, n int) (node string, lift func()) {
	m.t.Helper()
	node, cs := fmt.Sprintf("%s%06d", m.scaleSet(pool), n), m.kube()
	must := func(err error) {
		m.t.Helper()
		if err != nil {
			m.t.Fatal(err)
		}
	}
	labels := map[string]string{"app": "web"}
	pod, err := cs.CoreV1().Pods("default").Create(m.t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-0", Labels: labels},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "c", Image: "i"}}}}, metav1.CreateOptions{})
	must(err)
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	_, err = cs.CoreV1().Pods("default").UpdateStatus(m.t.Context(), pod, metav1.UpdateOptions{})
	must(err)
	one := intstr.FromInt32(1)
	budgets := cs.PolicyV1().PodDisruptionBudgets("default")
	_, err = budgets.Create(m.t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "keep-web"},
		Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: labels}}}, metav1.CreateOptions{})
	must(err)
	return node, func() { m.t.Helper(); must(budgets.Delete(m.t.Context(), "keep-web", metav1.DeleteOptions{})) }
}

// failed reads an operation that has ended badly.
func (m *sim) failed(a answer, code, text string) {
	m.t.Helper()
	op := m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", "")
	m.wantEqual(op, "status", "Failed")
	m.wantEqual(op, "error.code", code)
	if message, _ := op.get("error.message").(string); !strings.Contains(message, text) {
		m.t.Errorf("message %q does not contain %q", message, text)
	}
}

func (m *sim) running(a answer) {
	m.t.Helper()
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "InProgress")
}

const upgrade = `{"location":"westus2","properties":{"kubernetesVersion":"1.35.4","agentPoolProfiles":[
 {"name":"sys","mode":"System","orchestratorVersion":"1.35.4"},{"name":"user1","mode":"User","orchestratorVersion":"1.35.4"}]}}`

// A budget without room fails an upgrade when the drain timeout is over: the control plane and the other pools are
// upgraded, the pool is not. Sent again once the budget is gone the upgrade ends well.
func TestUpgradeBlockedByBudget(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	node, lift := m.guarded("user1", 0)
	a := m.do(200, "PUT", cluster, aksVersion, upgrade)
	m.clock.Advance(30 * time.Second)
	m.running(a)
	etag := m.succeeded(cluster + "/agentPools/sys").get("properties.eTag") // done, while the other one waits
	m.clock.Advance(30*time.Minute - time.Second)
	m.running(a)
	m.wantEqual(m.succeeded(cluster+"/agentPools/sys"), "properties.eTag", etag)
	m.refused(409, "OperationNotAllowed", "(Upgrading)", "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"count":3}}`)
	m.clock.Advance(time.Second)
	m.failed(a, "UpgradeFailed", "Drain node "+node+" failed when evicting pod web-0 failed with Too Many Requests error. This is often caused by a restrictive Pod Disruption Budget (PDB) policy. See https://aka.ms/aks/debugdrainfailures. Original error: Cannot evict pod as it would violate the pod's disruption budget.. PDB debug info: default/web-0 blocked by pdb keep-web with 0 unready pods.")
	c := m.do(200, "GET", cluster, aksVersion, "")
	m.wantEqual(c, "properties.provisioningState", "Failed")
	m.wantEqual(c, "properties.currentKubernetesVersion", "1.35.4")
	pool := m.do(200, "GET", cluster+"/agentPools/user1", aksVersion, "")
	m.wantEqual(pool, "properties.provisioningState", "Failed")
	m.wantEqual(pool, "properties.currentOrchestratorVersion", "1.34.1")
	m.wantEqual(pool, "properties.status.provisioningError.code", "UpgradeFailed")
	m.wantEqual(m.succeeded(cluster+"/agentPools/sys"), "properties.currentOrchestratorVersion", "1.35.4")
	if got := m.kubelet(node); got != "v1.34.1" {
		t.Errorf("the node that could not be drained runs %s", got)
	}
	lift()
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"orchestratorVersion":"1.35.4"}}`)
	m.clock.Advance(30 * time.Second)
	m.wantEqual(m.succeeded(cluster+"/agentPools/user1"), "properties.currentOrchestratorVersion", "1.35.4")
	if got := m.kubelet(node); got != "v1.35.4" {
		t.Errorf("after the second try the node runs %s", got)
	}
}

func (m *sim) kubelet(node string) string { return m.node(node).Status.NodeInfo.KubeletVersion }

func (m *sim) node(name string) *corev1.Node {
	m.t.Helper()
	n, err := m.kube().CoreV1().Nodes().Get(m.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// Room that appears during the drain lets the operation go on; the timeout is the pool's; aborting ends the wait.
func TestDrainIsTriedAgain(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.control("PUT", "world", `{"nodeImageRelease":"202611.09.0"}`)
	_, lift := m.guarded("user1", 0)
	pool := cluster + "/agentPools/user1"
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"upgradeSettings":{"drainTimeoutInMinutes":5}}}`)
	m.clock.Advance(time.Minute)
	upgrade := func() answer { m.t.Helper(); return m.do(202, "POST", pool+"/upgradeNodeImageVersion", aksVersion, "") }
	a := upgrade()
	m.clock.Advance(6 * time.Minute)
	m.failed(a, "UpgradeFailed", "keep-web")
	upgrade()
	m.clock.Advance(2 * time.Minute)
	m.do(202, "POST", pool+"/abort", aksVersion, "")
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.provisioningState", "Canceled")
	a = upgrade()
	m.clock.Advance(2 * time.Minute)
	m.running(a)
	lift()
	m.clock.Advance(30 * time.Second)
	m.wantEqual(m.succeeded(pool), "properties.nodeImageVersion", "AKSUbuntu-2204gen2containerd-202611.09.0")
}

// Taking machines away empties them too.
func TestRemovalBlockedByBudget(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := cluster + "/agentPools/user1"
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":3,"upgradeSettings":{"drainTimeoutInMinutes":1}}}`)
	m.clock.Advance(time.Minute)
	node, lift := m.guarded("user1", 2)
	for name, ask := range map[string]func() answer{
		"scaling in": func() answer { return m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2}}`) },
		"deleting machines": func() answer {
			return m.do(202, "POST", pool+"/deleteMachines", aksVersion, `{"machineNames":["`+node+`"]}`)
		},
		"deleting the pool": func() answer { return m.do(202, "DELETE", pool, aksVersion, "") },
	} {
		a := ask()
		m.clock.Advance(2 * time.Minute)
		m.failed(a, "PodDrainFailure", "Drain node "+node)
		m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.provisioningState", "Failed")
		if got := m.instances("user1"); got != "0,1,2" {
			t.Errorf("%s: machines %s", name, got)
		}
	}
	lift()
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2}}`)
	m.clock.Advance(time.Minute)
	m.succeeded(pool)
	if got := m.instances("user1"); got != "0,1" {
		t.Errorf("machines %s after the budget is gone", got)
	}
}

func TestPoolDeletionIgnoresBudgets(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.guarded("user1", 0)
	m.do(202, "DELETE", cluster+"/agentPools/user1?ignore-pod-disruption-budget=true", aksVersion, "")
	m.clock.Advance(time.Minute)
	m.refused(404, "NotFound", "user1", "GET", cluster+"/agentPools/user1", aksVersion, "")
}

// undrainableNodeBehavior Cordon upgrades the other machines and marks those that are stuck.
func TestCordonedNode(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := cluster + "/agentPools/user1"
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2,"upgradeSettings":{"drainTimeoutInMinutes":1,"undrainableNodeBehavior":"Cordon"}}}`)
	m.clock.Advance(time.Minute)
	stuck, lift := m.guarded("user1", 0)
	a := m.do(200, "PUT", cluster, aksVersion, upgrade)
	m.clock.Advance(2 * time.Minute)
	m.failed(a, "UpgradeFailed", stuck)
	other := m.scaleSet("user1") + "000001"
	n := m.node(stuck)
	if n.Labels["kubernetes.azure.com/upgrade-status"] != "Quarantined" || !n.Spec.Unschedulable || m.kubelet(stuck) != "v1.34.1" || m.kubelet(other) != "v1.35.4" {
		t.Errorf("stuck: %v %v %s, other: %s", n.Labels, n.Spec, m.kubelet(stuck), m.kubelet(other))
	}
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":3}}`) // scaling does not touch what the upgrade left
	m.clock.Advance(time.Minute)
	if m.kubelet(stuck) != "v1.34.1" || m.kubelet(other) != "v1.35.4" {
		t.Errorf("after scaling: %s and %s", m.kubelet(stuck), m.kubelet(other))
	}
	lift()
	m.do(200, "PUT", cluster, aksVersion, upgrade)
	m.clock.Advance(time.Minute)
	m.succeeded(pool)
	if n = m.node(stuck); n.Labels["kubernetes.azure.com/upgrade-status"] != "" || n.Spec.Unschedulable || m.kubelet(stuck) != "v1.35.4" {
		t.Errorf("after the second upgrade: %v %v", n.Labels, n.Spec)
	}
}

// Only an upgrade, a node image upgrade or another operating system changes the image of a pool's machines.
func TestPoolKeepsItsImage(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	const old, newest = "AKSUbuntu-2204gen2containerd-202610.19.0", "AKSUbuntu-2204gen2containerd-202611.09.0"
	m.control("PUT", "world", `{"nodeImageRelease":"202611.09.0"}`)
	pool := cluster + "/agentPools/user1"
	image := func(n int) string {
		return m.node(fmt.Sprintf("%s%06d", m.scaleSet("user1"), n)).Labels["kubernetes.azure.com/node-image-version"]
	}
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2,"nodeLabels":{"a":"b"}}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(pool), "properties.nodeImageVersion", old)
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","tags":{"a":"b"},"properties":{}}`)
	m.clock.Advance(time.Minute)
	if image(0) != old || image(1) != old {
		t.Errorf("images after scaling: %s, %s", image(0), image(1))
	}
	m.do(201, "PUT", cluster+"/agentPools/p2", aksVersion, `{"properties":{"count":1,"vmSize":"Standard_D2s_v3"}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster+"/agentPools/p2"), "properties.nodeImageVersion", newest)
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"osSKU":"AzureLinux"}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(pool), "properties.nodeImageVersion", "AKSAzureLinux-V3gen2-202611.09.0")
	if got := image(0); got != "AKSAzureLinux-V3gen2-202611.09.0" {
		t.Errorf("image after another operating system: %s", got)
	}
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"kubernetesVersion":"1.35.4"}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster+"/agentPools/sys"), "properties.nodeImageVersion", old) // the control plane alone
	m.do(200, "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"orchestratorVersion":"1.35.4"}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster+"/agentPools/sys"), "properties.nodeImageVersion", newest)
}
