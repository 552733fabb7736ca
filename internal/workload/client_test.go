package workload_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	emulated "github.com/capaks/capaks/azuresim/workload"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/workload"
)

// start is an emulated cluster with two nodes of pool a and one of pool b.
func start(t *testing.T) (*emulated.Manager, *workload.Client, kubernetes.Interface) {
	t.Helper()
	const id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod"
	m := emulated.New(emulated.Options{})
	t.Cleanup(m.Close)
	access, err := m.EnsureCluster(id, emulated.Cluster{Name: "prod", Version: "1.34.2", FQDN: "prod.hcp.westeurope.azmk8s.io"})
	if err != nil {
		t.Fatal(err)
	}
	node := func(name, pool string, ready bool) emulated.Node {
		return emulated.Node{Name: name, Pool: pool, ProviderID: "azure:///" + name, Ready: ready}
	}
	if err := m.SetNodes(id, []emulated.Node{node("a0", "a", true), node("a1", "a", false), node("b0", "b", true)}); err != nil {
		t.Fatal(err)
	}
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters["c"] = &clientcmdapi.Cluster{Server: "https://" + access.Address, CertificateAuthorityData: access.CAPEM}
	kubeconfig.AuthInfos["u"] = &clientcmdapi.AuthInfo{ClientCertificateData: access.AdminCertPEM, ClientKeyData: access.AdminKeyPEM}
	kubeconfig.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	kubeconfig.CurrentContext = "x"
	raw, err := clientcmd.Write(*kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := workload.New(raw)
	if err != nil {
		t.Fatal(err)
	}
	kube := kubernetes.NewForConfigOrDie(&rest.Config{Host: "https://" + access.Address, QPS: -1, TLSClientConfig: rest.TLSClientConfig{
		CAData: access.CAPEM, CertData: access.AdminCertPEM, KeyData: access.AdminKeyPEM}})
	return m, client, kube
}

func create(t *testing.T, kube kubernetes.Interface, name, node string, phase corev1.PodPhase, change func(*corev1.Pod)) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "web"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "web", Controller: new(true)}}},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "web", Image: "web"}}}}
	if change != nil {
		change(pod)
	}
	made, err := kube.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made.Status = corev1.PodStatus{Phase: phase, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	if _, err := kube.CoreV1().Pods("default").UpdateStatus(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestNodesAndWhatLeavesThem(t *testing.T) {
	_, client, kube := start(t)
	create(t, kube, "web", "a0", corev1.PodRunning, nil)
	create(t, kube, "lonely", "a0", corev1.PodRunning, func(p *corev1.Pod) { p.OwnerReferences, p.Labels = nil, nil })
	create(t, kube, "agent", "a0", corev1.PodRunning, func(p *corev1.Pod) { p.OwnerReferences[0].Kind = "DaemonSet" })
	create(t, kube, "static", "a0", corev1.PodRunning, func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"} })
	create(t, kube, "done", "a0", corev1.PodSucceeded, nil)
	create(t, kube, "elsewhere", "b0", corev1.PodRunning, nil)
	least := intstr.FromInt32(1)
	if _, err := kube.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: &least, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	nodes, err := client.Nodes(t.Context(), "a", true)
	if err != nil || len(nodes) != 2 {
		t.Fatalf("nodes %+v, %v", nodes, err)
	}
	if !nodes[0].Ready || nodes[1].Ready || nodes[0].ProviderID != "azure:///a0" || len(nodes[1].Pods) != 0 {
		t.Errorf("nodes %+v", nodes)
	}
	got := map[string]aks.Pod{}
	for _, pod := range nodes[0].Pods {
		got[pod.Key()] = pod
	}
	if len(got) != 2 || got["default/web"].Unmanaged || !got["default/lonely"].Unmanaged {
		t.Errorf("pods that leave: %+v", got)
	}
	if budgets := got["default/web"].Budgets; len(budgets) != 1 || budgets[0].Key() != "default/web" || budgets[0].DisruptionsAllowed == 0 || len(got["default/lonely"].Budgets) != 0 {
		t.Errorf("budgets %+v", budgets)
	}
	all, err := client.Budgets(t.Context())
	if err != nil || len(all) != 1 || all[0].Desired != 1 {
		t.Errorf("budgets %+v, %v", all, err)
	}
}

func TestCordonAndEvict(t *testing.T) {
	_, client, kube := start(t)
	create(t, kube, "web", "a0", corev1.PodRunning, nil)
	for _, cordon := range []bool{true, false} {
		if err := client.Cordon(t.Context(), "a0", cordon); err != nil {
			t.Fatal(err)
		}
		nodes, err := client.Nodes(t.Context(), "a", false)
		if err != nil || nodes[0].Unschedulable != cordon || nodes[0].Cordoned != cordon {
			t.Errorf("after cordon %v: %+v, %v", cordon, nodes, err)
		}
	}
	if err := client.Cordon(t.Context(), "gone", true); err != nil {
		t.Errorf("a node that is gone: %v", err)
	}
	none := intstr.FromInt32(0)
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &none, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}}
	if _, err := kube.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), budget, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	evict := func(pod aks.Pod, want bool) {
		t.Helper()
		if went, err := client.Evict(t.Context(), pod); err != nil || went != want {
			t.Errorf("%+v: %v, %v; want %v", pod, went, err, want)
		}
	}
	evict(aks.Pod{Namespace: "default", Name: "web"}, false)
	if err := kube.PolicyV1().PodDisruptionBudgets("default").Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	evict(aks.Pod{Namespace: "default", Name: "web", UID: "that of an earlier pod"}, true) // nothing is left to do
	if _, err := kube.CoreV1().Pods("default").Get(t.Context(), "web", metav1.GetOptions{}); err != nil {
		t.Errorf("another pod of that name was evicted: %v", err)
	}
	evict(aks.Pod{Namespace: "default", Name: "web"}, true)
	evict(aks.Pod{Namespace: "default", Name: "web"}, true)
}

func TestAnAPIThatCannotBeReached(t *testing.T) {
	m, client, _ := start(t)
	m.Close()
	_, err := client.Nodes(context.WithoutCancel(t.Context()), "a", true)
	var unreachable *workload.UnreachableError
	if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), "cannot be used from here") {
		t.Errorf("%v", err)
	}
	if _, err := workload.New([]byte("no kubeconfig")); err == nil {
		t.Error("nonsense is taken for a kubeconfig")
	}
}
