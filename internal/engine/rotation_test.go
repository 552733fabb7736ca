package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/workload"
)

// inside is the workload cluster of a rig, with somebody who keeps an application running on it: what a ReplicaSet and the
// scheduler do.
type inside struct {
	*rig
	kube     kubernetes.Interface
	replicas int
	// least is how many pods the budget lets be there at least.
	least int
	made  int
	// capacity is the number of nodes that could take pods, after each step.
	capacity []int
}

// rotating is a settled cluster whose pool1 is replaced when a fixed setting changes.
func rotating(t *testing.T) *inside {
	t.Helper()
	r := newRig(t)
	r.in.Pools[1].Object.Spec.Replacement = &v1beta1.NodePoolReplacement{Strategy: v1beta1.ReplacementRotate, Drain: v1beta1.DrainWorkload}
	r.settle()
	r.events = nil
	config, err := clientcmd.RESTConfigFromKubeConfig(r.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	in := &inside{rig: r, kube: kubernetes.NewForConfigOrDie(config)}
	if r.workload, err = workload.New(r.kubeconfig); err != nil {
		t.Fatal(err)
	}
	return in
}

// run starts an application with a disruption budget.
func (i *inside) run(replicas, available int) {
	i.t.Helper()
	i.replicas, i.least = replicas, available
	minimum := intstr.FromInt32(int32(available))
	_, err := i.kube.PolicyV1().PodDisruptionBudgets("default").Create(i.t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &minimum, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		i.t.Fatal(err)
	}
	i.schedule()
}

// nodes are the nodes of all agent pools but pool0.
func (i *inside) nodes() (all, schedulable []corev1.Node) {
	i.t.Helper()
	list, err := i.kube.CoreV1().Nodes().List(i.t.Context(), metav1.ListOptions{LabelSelector: workload.PoolLabel + "!=pool0"})
	if err != nil {
		i.t.Fatal(err)
	}
	for _, node := range list.Items {
		ready := slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
		})
		if ready && !node.Spec.Unschedulable {
			schedulable = append(schedulable, node)
		}
	}
	return list.Items, schedulable
}

// schedule makes the pods that are missing, on nodes that take pods.
func (i *inside) schedule() {
	i.t.Helper()
	list := i.pods()
	_, nodes := i.nodes()
	for n := len(list); n < i.replicas && len(nodes) > 0; n++ {
		i.pod(fmt.Sprintf("web-%d", i.made), nodes[i.made%len(nodes)].Name, metav1.OwnerReference{
			APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "ReplicaSet", Name: "web", UID: "web", Controller: new(true)})
		i.made++
	}
}

func (i *inside) pod(name, node string, owners ...metav1.OwnerReference) {
	i.t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "web"}, OwnerReferences: owners},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "web", Image: "web"}}}}
	made, err := i.kube.CoreV1().Pods("default").Create(i.t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		i.t.Fatal(err)
	}
	made.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	if _, err := i.kube.CoreV1().Pods("default").UpdateStatus(i.t.Context(), made, metav1.UpdateOptions{}); err != nil {
		i.t.Fatal(err)
	}
}

func (i *inside) pods() []corev1.Pod {
	i.t.Helper()
	list, err := i.kube.CoreV1().Pods("default").List(i.t.Context(), metav1.ListOptions{})
	if err != nil {
		i.t.Fatal(err)
	}
	return list.Items
}

// live makes steps until nothing is left to do, or until says so, with a restart after each and the application living on.
func (i *inside) live(until func(engine.Report) bool) engine.Report {
	i.t.Helper()
	var report engine.Report
	for range 150 {
		report = i.step()
		_, schedulable := i.nodes()
		i.capacity = append(i.capacity, len(schedulable))
		if until != nil && until(report) || until == nil && report.Done && len(report.Rotations) == 0 {
			return report
		}
		if until == nil && report.Requeue == 0 {
			i.t.Fatalf("not done and nothing to wait for: hold %+v, error %+v", report.Hold, report.Error)
		}
		if alive := len(i.pods()); alive < i.least {
			i.t.Errorf("%d of %d pods are left, the budget says %d", alive, i.replicas, i.least)
		}
		i.schedule()
		i.restart()
		i.clock.Advance(max(report.Requeue, time.Second))
	}
	i.t.Fatalf("does not come to an end: %v, rotating %+v, hold %+v", i.events, report.Rotating, report.Hold)
	return report
}

func (i *inside) wantCapacity(least int) {
	i.t.Helper()
	if low := slices.Min(i.capacity); low < least {
		i.t.Errorf("nodes that take pods over time: %v, never less than %d are wanted", i.capacity, least)
	}
}

// wantPools compares the agent pools in Azure.
func (i *inside) wantPools(report engine.Report, want ...string) {
	i.t.Helper()
	var got []string
	for _, pool := range report.Facts.Pools {
		got = append(got, fmt.Sprintf("%s %d %s", pool.Name, pool.Count, pool.Size))
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		i.t.Errorf("agent pools\n got %v\nwant %v", got, want)
	}
}

// A change of what is fixed brings up another agent pool, drains the old one under its budgets and deletes it, with the manager
// restarted after every step, and back to the declared name at the next change.
func TestRotation(t *testing.T) {
	i := rotating(t)
	i.run(3, 2)
	before := i.capacity
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	report := i.live(nil)
	i.wantEvents("Create agentPool pool1r", "Delete agentPool pool1")
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1r 2 Standard_D4s_v3")
	i.wantCapacity(2)
	t.Logf("nodes that take pods, step by step: %v", append(before, i.capacity...))
	if pods := i.pods(); len(pods) != 3 || slices.ContainsFunc(pods, func(p corev1.Pod) bool { return !strings.HasPrefix(p.Spec.NodeName, "aks-pool1r-") }) {
		t.Errorf("pods are not where they should be: %v", pods)
	}
	if marks := i.in.Pools[1].Object.Annotations[v1beta1.AgentPoolAnnotation]; marks != `{"name":"pool1r"}` {
		t.Errorf("remembered: %s", marks)
	}

	i.in.Pools[1].Object.Spec.MaxPods = new(int32(50))
	report = i.live(nil)
	i.wantEvents("Create agentPool pool1", "Delete agentPool pool1r")
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1 2 Standard_D4s_v3")
	if _, marked := i.in.Pools[1].Object.Annotations[v1beta1.AgentPoolAnnotation]; marked {
		t.Error("an annotation is left although the name is the declared one")
	}
	i.wantCapacity(2)
	i.noClientErrors()

	idle := len(i.azure.Requests())
	for range 3 {
		i.step()
		i.clock.Advance(time.Minute)
	}
	if extra := i.requests(idle, true); len(extra) > 0 {
		t.Errorf("afterwards it is asked for %v", extra)
	}
}

// A budget without room holds the drain up, and the state tells which pod and which budget; others go on.
func TestRotationWaitsForBudgets(t *testing.T) {
	i := rotating(t)
	i.run(3, 3)
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	stuck := func(r engine.Report) bool {
		return strings.Contains(r.Rotating["pool1"].Message, "waits for PodDisruptionBudget default/web")
	}
	report := i.live(stuck)
	if state := report.Rotating["pool1"]; state.Phase != aks.ReasonDraining || state.Nodes != 2 || !strings.Contains(state.Message, "pod default/web-") {
		t.Errorf("state %+v", state)
	}
	i.clock.Advance(time.Hour)
	if report = i.live(stuck); len(report.Sent) > 0 {
		t.Error("something was sent while the budget has no room")
	}
	if pods := i.pods(); len(pods) != 3 {
		t.Errorf("%d pods are left", len(pods))
	}
	if err := i.kube.PolicyV1().PodDisruptionBudgets("default").Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	i.least = 0
	report = i.live(nil)
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1r 2 Standard_D4s_v3")
	i.noClientErrors()
}

// A change that is taken back in the middle of a drain ends with the pool that was there, its nodes taking pods again.
func TestRotationTakenBack(t *testing.T) {
	i := rotating(t)
	i.run(3, 3)
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	i.live(func(r engine.Report) bool { return r.Rotating["pool1"].Nodes == 2 })
	i.in.Pools[1].Object.Spec.SKU = "Standard_D2s_v3"
	report := i.live(nil)
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1 2 Standard_D2s_v3")
	if _, schedulable := i.nodes(); len(schedulable) != 2 {
		t.Errorf("%d nodes take pods, want 2", len(schedulable))
	}
	if _, marked := i.in.Pools[1].Object.Annotations[v1beta1.AgentPoolAnnotation]; marked {
		t.Error("an annotation is left")
	}
	i.noClientErrors()
}

// A second change while the first is under way replaces both agent pools by a third.
func TestRotationWithASecondChange(t *testing.T) {
	i := rotating(t)
	i.run(3, 2)
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	i.live(func(r engine.Report) bool { return r.Rotating["pool1"].Nodes == 2 })
	i.in.Pools[1].Object.Spec.SKU = "Standard_D8s_v3"
	report := i.live(nil)
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1r2 2 Standard_D8s_v3")
	i.wantCapacity(2)
	i.noClientErrors()
}

// A pool that is deleted while it is being replaced goes with both agent pools.
func TestRotationOfADeletedPool(t *testing.T) {
	i := rotating(t)
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	i.live(func(r engine.Report) bool {
		return r.Rotating["pool1"].Phase != "" && len(r.Facts.Pools) == 3 && r.Operation == nil
	})
	i.in.Pools[1].Deleting = true
	report := i.live(nil)
	i.wantPools(report, "pool0 2 Standard_D2s_v3")
	i.noClientErrors()
}

// The last System pool is replaced, too: its replacement is a System pool and is there first.
func TestRotationOfTheSystemPool(t *testing.T) {
	i := rotating(t)
	i.in.Pools[0].Object.Spec.Replacement = i.in.Pools[1].Object.Spec.Replacement
	i.in.Pools[0].Object.Spec.SKU = "Standard_D4s_v3"
	report := i.live(nil)
	i.wantPools(report, "pool1 2 Standard_D2s_v3", "pool0r 2 Standard_D4s_v3")
	i.noClientErrors()
}

// A Kubernetes API that cannot be reached holds the rotation before anything is drained, unless AKS is to drain.
func TestRotationWithoutTheKubernetesAPI(t *testing.T) {
	i := rotating(t)
	i.rig.workload = nil
	i.in.Pools[1].Object.Spec.SKU = "Standard_D4s_v3"
	report := i.live(func(r engine.Report) bool { return r.Rotating["pool1"].Phase == aks.ReasonWorkloadUnreachable })
	if message := report.Rotating["pool1"].Message; !strings.Contains(message, "spec.replacement.drain") {
		t.Errorf("message %q names no way out", message)
	}
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1 2 Standard_D2s_v3", "pool1r 2 Standard_D4s_v3")
	i.in.Pools[1].Object.Spec.Replacement = &v1beta1.NodePoolReplacement{Strategy: v1beta1.ReplacementRotate, Drain: v1beta1.DrainAzure}
	report = i.live(nil)
	i.wantPools(report, "pool0 2 Standard_D2s_v3", "pool1r 2 Standard_D4s_v3")
	i.noClientErrors()
}
