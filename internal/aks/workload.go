package aks

import (
	"cmp"
	"slices"
	"time"
)

// Node is a node of a workload cluster, as its Kubernetes API has it.
type Node struct {
	Name, ProviderID string
	// Ready: the kubelet says so.
	Ready bool
	// Unschedulable: somebody cordoned it; Cordoned: that was this provider.
	Unschedulable, Cordoned bool
	// Pods are those that leave the node when it is drained: neither of a DaemonSet nor static, nor finished.
	Pods []Pod
}

// Pod is a pod that leaves a node when the node is drained.
type Pod struct {
	Namespace, Name, UID string
	// Going: it was deleted or evicted and shuts down.
	Going bool
	// Unmanaged: no controller would make it again somewhere else.
	Unmanaged bool
	// Budgets are the PodDisruptionBudgets that select the pod, as namespace/name, with what they allow now.
	Budgets []Budget
}

// Key is namespace/name.
func (p Pod) Key() string { return p.Namespace + "/" + p.Name }

// Budget is a PodDisruptionBudget.
type Budget struct {
	Namespace, Name string
	// DisruptionsAllowed is how many pods may be evicted now.
	DisruptionsAllowed int32
	// Healthy of Expected pods are ready, and Desired have to be.
	Healthy, Desired, Expected int32
}

// Key is namespace/name.
func (b Budget) Key() string { return b.Namespace + "/" + b.Name }

// PoolNodes are the nodes of a pool, as Azure and the Kubernetes API of the cluster tell, at one moment.
type PoolNodes struct {
	Time time.Time
	// Instances is how many machines Azure has for the pool.
	Instances int64
	// Unreachable says why the Kubernetes API did not tell of the nodes; empty when it did.
	Unreachable string
	Nodes       []Node
}

// Ready is the number of nodes that can run pods: ready and not cordoned by anybody.
func (p PoolNodes) Ready() int64 {
	ready := int64(0)
	for _, node := range p.Nodes {
		if node.Ready && !node.Unschedulable {
			ready++
		}
	}
	return ready
}

// sortNodes puts nodes and their pods into the order in which they are drained.
func sortNodes(nodes []Node) []Node {
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	for i := range nodes {
		nodes[i].Pods = slices.Clone(nodes[i].Pods)
		slices.SortFunc(nodes[i].Pods, func(a, b Pod) int { return cmp.Compare(a.Key(), b.Key()) })
	}
	return nodes
}
