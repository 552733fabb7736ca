package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What keeps a node from being drained: running pods under a budget without room, but neither those of DaemonSets nor
// static ones.
func TestUndrainable(t *testing.T) {
	m, access := start(t, Options{})
	client, ctx := typedClient(t, certConfig(access)), testContext(t)
	yes := true
	pod := func(name, node string, ready corev1.ConditionStatus, change func(*corev1.Pod)) {
		t.Helper()
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "web"}}, Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
		change(p)
		stored, err := client.CoreV1().Pods("default").Create(ctx, p, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		stored.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}
		if _, err := client.CoreV1().Pods("default").UpdateStatus(ctx, stored, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	budget := func(name string, spec policyv1.PodDisruptionBudgetSpec) {
		t.Helper()
		spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
		if _, err := client.PolicyV1().PodDisruptionBudgets("default").Create(ctx, &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	pod("web-0", "a", corev1.ConditionTrue, func(*corev1.Pod) {})
	pod("web-1", "b", corev1.ConditionFalse, func(*corev1.Pod) {})
	pod("agent", "a", corev1.ConditionTrue, func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "1", Controller: &yes}}
	})
	pod("static", "a", corev1.ConditionTrue, func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"} })

	two, three, none := intstr.FromInt32(2), intstr.FromInt32(3), intstr.FromString("0%")
	budget("roomy", policyv1.PodDisruptionBudgetSpec{MinAvailable: &two})
	if got := m.Undrainable(testID, []string{"a", "b"}); got != nil {
		t.Errorf("three pods are ready and two must be: %v", got)
	}
	budget("tight", policyv1.PodDisruptionBudgetSpec{MinAvailable: &three})
	want := []Blocked{{Node: "a", Namespace: "default", Pod: "web-0", Budget: "tight", Unready: []string{"default/web-1"}}}
	if diff := cmp.Diff(want, m.Undrainable(testID, []string{"a"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := m.Undrainable(testID, []string{"c"}); got != nil {
		t.Errorf("nothing runs on the node: %v", got)
	}
	budget("closed", policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &none})
	if diff := cmp.Diff([]string{"default/closed"}, m.ClosedBudgets(testID)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
