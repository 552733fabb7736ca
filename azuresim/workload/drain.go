package workload

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Blocked is a pod that cannot leave its node because a disruption budget has no room for it.
type Blocked struct {
	Node, Namespace, Pod, Budget string
	Unready                      []string // namespace/name of the budget's pods that are not ready
}

// Undrainable finds the pods that cannot be evicted from nodes. It evicts none of the others: no controller would make
// them again elsewhere. As in any drain, pods of DaemonSets and static pods do not count.
func (m *Manager) Undrainable(id string, nodes []string) []Blocked {
	c, err := m.cluster(id)
	if err != nil || len(nodes) == 0 {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []Blocked
	for _, pod := range c.all(builtin("", "pods")) {
		node := text(pod, "spec", "nodeName")
		if !slices.Contains(nodes, node) || staysBehind(pod) {
			continue
		}
		if pdb, unready := c.fullBudget(pod); pdb != nil {
			out = append(out, Blocked{node, pdb.Namespace, text(pod, "metadata", "name"), pdb.Name, unready})
		}
	}
	slices.SortFunc(out, func(a, b Blocked) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod))
	})
	return out
}

// ClosedBudgets are the disruption budgets (namespace/name) that never allow a disruption: maxUnavailable is 0.
func (m *Manager) ClosedBudgets(id string) []string {
	c, err := m.cluster(id)
	if err != nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []string
	for _, item := range c.all(builtin("policy", "poddisruptionbudgets")) {
		var pdb policyv1.PodDisruptionBudget
		if fromObject(item, &pdb) != nil || pdb.Spec.MaxUnavailable == nil {
			continue
		}
		if n, err := intstr.GetScaledValueFromIntOrPercent(pdb.Spec.MaxUnavailable, 100, true); err == nil && n == 0 {
			out = append(out, pdb.Namespace+"/"+pdb.Name)
		}
	}
	slices.Sort(out)
	return out
}

// all decodes every object of a kind; the caller holds mu.
func (c *cluster) all(k *kind) (items []object) {
	if t := c.tables[k.gr()]; t != nil {
		for _, raw := range t.items {
			items = append(items, decode(raw))
		}
	}
	return items
}

func staysBehind(pod object) bool {
	if _, static := stringMap(pod, "metadata", "annotations")[corev1.MirrorPodAnnotationKey]; static {
		return true
	}
	var owned metav1.ObjectMeta
	if fromObject(metadata(pod), &owned) != nil || owned.DeletionTimestamp != nil {
		return true
	}
	owner := metav1.GetControllerOfNoCopy(&owned)
	return owner != nil && owner.Kind == "DaemonSet"
}

// fullBudget is a budget that selects a pod and has no room for another disruption, nil if there is none, and its pods
// that are not ready. There is no disruption controller: a budget is computed from the pods that exist. The caller
// holds mu.
func (c *cluster) fullBudget(pod object) (full *policyv1.PodDisruptionBudget, unready []string) {
	if text(pod, "status", "phase") != string(corev1.PodRunning) {
		return nil, nil // a budget protects running pods only
	}
	own := labels.Set(stringMap(pod, "metadata", "labels"))
	for _, item := range c.inNamespace(builtin("policy", "poddisruptionbudgets"), text(pod, "metadata", "namespace")) {
		var pdb policyv1.PodDisruptionBudget
		if err := fromObject(item, &pdb); err != nil || pdb.Spec.Selector == nil {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
		if err != nil || !selector.Matches(own) {
			continue
		}
		if allowed, unready := c.disruptionsAllowed(&pdb, selector); allowed <= 0 {
			return &pdb, unready
		}
	}
	return nil, nil
}

func (c *cluster) disruptionsAllowed(pdb *policyv1.PodDisruptionBudget, selector labels.Selector) (allowed int, unready []string) {
	healthy, expected := 0, 0
	for _, item := range c.inNamespace(builtin("", "pods"), pdb.Namespace) {
		if !selector.Matches(labels.Set(stringMap(item, "metadata", "labels"))) {
			continue
		}
		expected++
		if podReady(item) {
			healthy++
		} else {
			unready = append(unready, pdb.Namespace+"/"+text(item, "metadata", "name"))
		}
	}
	slices.Sort(unready)
	return healthy - desiredHealthy(pdb, expected), unready
}

// selected is the number of pods of a namespace that a selector matches.
func (c *cluster) selected(namespace string, selector labels.Selector) (n int) {
	for _, item := range c.inNamespace(podKind, namespace) {
		if selector.Matches(labels.Set(stringMap(item, "metadata", "labels"))) {
			n++
		}
	}
	return n
}

func desiredHealthy(pdb *policyv1.PodDisruptionBudget, expected int) int {
	if limit := pdb.Spec.MaxUnavailable; limit != nil {
		n, err := intstr.GetScaledValueFromIntOrPercent(limit, expected, true)
		if err != nil {
			return expected
		}
		return max(0, expected-n)
	}
	if limit := pdb.Spec.MinAvailable; limit != nil {
		n, err := intstr.GetScaledValueFromIntOrPercent(limit, expected, true)
		if err != nil {
			return expected
		}
		return n
	}
	return 0
}

func podReady(pod object) bool {
	for _, item := range list(pod, "status", "conditions") {
		if cond, ok := item.(object); ok && text(cond, "type") == string(corev1.PodReady) {
			return text(cond, "status") == string(corev1.ConditionTrue)
		}
	}
	return false
}
