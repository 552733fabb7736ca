package aks

import (
	"fmt"
	"strings"
)

const (
	podFact    = "pod"
	budgetFact = "budget"
)

// BlockingBudget is the disruption budget (namespace/name) that stopped an operation, as far as Azure's message names one.
func BlockingBudget(f Failure) string {
	budget, pod := first(valueOf(f.Diagnosis.Facts, budgetFact)), first(valueOf(f.Diagnosis.Facts, podFact))
	if budget == "" || strings.Contains(budget, "/") {
		return budget
	}
	namespace, _, named := strings.Cut(pod, "/")
	if !named {
		return ""
	}
	return namespace + "/" + budget
}

// BlockedPod is the pod (namespace/name) that could not be evicted, as far as Azure's message names one.
func BlockedPod(f Failure) string { return first(valueOf(f.Diagnosis.Facts, podFact)) }

// first is the first value of a list.
func first(list string) string {
	value, _, _ := strings.Cut(list, ", ")
	return value
}

// HasRoom tells whether a disruption budget lets a pod go now, and what it says. One that is gone stops nothing.
func HasRoom(budgets []Budget, key string) (bool, string) {
	for _, b := range budgets {
		if b.Key() == key {
			return b.DisruptionsAllowed > 0, fmt.Sprintf("it lets %d pods go: %d of %d are ready and %d have to be", b.DisruptionsAllowed, b.Healthy, b.Expected, b.Desired)
		}
	}
	return true, "it is gone"
}
