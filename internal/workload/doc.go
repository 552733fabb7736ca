// Package workload reads and drains the nodes of a workload cluster through its Kubernetes API: nodes, the pods that leave
// them, disruption budgets, cordons and evictions.
//
// It must not decide anything: which nodes are drained and when is computed in internal/aks. It never deletes a pod, it only
// asks for evictions, so that disruption budgets hold.
package workload
