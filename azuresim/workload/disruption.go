package workload

import (
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

var (
	podKind    = builtin("", "pods")
	budgetKind = builtin("policy", "poddisruptionbudgets")
)

// followBudgets plays the disruption controller for the disruption budgets of a namespace after one of them, or a pod, has
// changed: it writes what they allow now into their status. The caller holds mu.
func (c *cluster) followBudgets(changed *kind, namespace string) {
	if changed != podKind && changed != budgetKind {
		return
	}
	for _, item := range c.inNamespace(budgetKind, namespace) {
		var pdb policyv1.PodDisruptionBudget
		if fromObject(item, &pdb) != nil || pdb.DeletionTimestamp != nil {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
		if err != nil {
			continue
		}
		allowed, unready := c.disruptionsAllowed(&pdb, selector)
		expected := c.selected(namespace, selector)
		status := policyv1.PodDisruptionBudgetStatus{ObservedGeneration: pdb.Generation, DisruptionsAllowed: int32(max(0, allowed)),
			CurrentHealthy: int32(expected - len(unready)), DesiredHealthy: int32(desiredHealthy(&pdb, expected)), ExpectedPods: int32(expected),
			Conditions: pdb.Status.Conditions}
		encoded, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&status)
		if err != nil || sameStatus(pdb.Status, status) {
			continue
		}
		item["status"] = object(encoded)
		c.put(budgetKind, item)
	}
}

func sameStatus(a, b policyv1.PodDisruptionBudgetStatus) bool {
	return a.ObservedGeneration == b.ObservedGeneration && a.DisruptionsAllowed == b.DisruptionsAllowed &&
		a.CurrentHealthy == b.CurrentHealthy && a.DesiredHealthy == b.DesiredHealthy && a.ExpectedPods == b.ExpectedPods
}
