package workload

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/aks"
)

// Nodes are the nodes of a pool and the pods that leave them when they are drained, with the budgets that select those.
// pods says whether pods are wanted, too.
func (c *Client) Nodes(ctx context.Context, pool string, pods bool) ([]aks.Node, error) {
	list := &corev1.NodeList{}
	if err := c.kube.List(ctx, list, client.MatchingLabels{PoolLabel: pool}); err != nil {
		return nil, reach(err)
	}
	nodes := make([]aks.Node, len(list.Items))
	for i := range list.Items {
		nodes[i] = nodeOf(&list.Items[i])
	}
	if !pods || len(nodes) == 0 {
		return nodes, nil
	}
	budgets, err := c.budgets(ctx)
	if err != nil {
		return nil, err
	}
	for i := range nodes {
		if nodes[i].Pods, err = c.pods(ctx, nodes[i].Name, budgets); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func nodeOf(n *corev1.Node) aks.Node {
	node := aks.Node{Name: n.Name, ProviderID: n.Spec.ProviderID, Unschedulable: n.Spec.Unschedulable}
	_, node.Cordoned = n.Annotations[CordonedAnnotation]
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			node.Ready = condition.Status == corev1.ConditionTrue
		}
	}
	return node
}

// pods are those that leave a node, as `kubectl drain --ignore-daemonsets --delete-emptydir-data` picks them.
func (c *Client) pods(ctx context.Context, node string, budgets []policyv1.PodDisruptionBudget) ([]aks.Pod, error) {
	list := &corev1.PodList{}
	if err := c.kube.List(ctx, list, client.MatchingFields{"spec.nodeName": node}); err != nil {
		return nil, reach(err)
	}
	var pods []aks.Pod
	for i := range list.Items {
		pod := &list.Items[i]
		if stays(pod) {
			continue
		}
		pods = append(pods, aks.Pod{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Going: pod.DeletionTimestamp != nil,
			Unmanaged: metav1.GetControllerOfNoCopy(pod) == nil, Budgets: budgetsOf(pod, budgets)})
	}
	return pods, nil
}

// stays tells pods that a drain leaves where they are: the kubelet's own, those of DaemonSets, which would come back to the
// same node at once, and those that have ended.
func stays(pod *corev1.Pod) bool {
	if _, static := pod.Annotations[corev1.MirrorPodAnnotationKey]; static {
		return true
	}
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return true
	}
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && owner.Kind == "DaemonSet"
}

func budgetsOf(pod *corev1.Pod, budgets []policyv1.PodDisruptionBudget) []aks.Budget {
	var out []aks.Budget
	for i := range budgets {
		b := &budgets[i]
		if b.Namespace != pod.Namespace {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err == nil && selector.Matches(labels.Set(pod.Labels)) {
			out = append(out, budgetOf(b))
		}
	}
	return out
}
