package controller

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// leaving is what is said of a deleted control plane whose Azure resources stay, or nothing. Azure is not even asked then:
// such an object can be deleted when its credentials are long gone.
func (a *aggregate) leaving() string {
	policy := aks.Policy(a.controlPlane)
	if a.controlPlane.DeletionTimestamp == nil || policy == v1beta1.PolicyManage {
		return ""
	}
	return aks.LeavingMessage("managedCluster "+a.controlPlane.Name, policy)
}

// invalidPolicies names the objects whose policy is none, which are only observed.
func (a *aggregate) invalidPolicies() string {
	var texts []string
	for _, object := range a.objects() {
		if aks.InvalidPolicy(object) != "" {
			texts = append(texts, invalidPolicy(object))
		}
	}
	return strings.Join(texts, "; ")
}

func invalidPolicy(object client.Object) string {
	return fmt.Sprintf("annotation %s of %s is %q: nothing is sent until it is one of %s", v1beta1.PolicyAnnotation,
		object.GetName(), aks.InvalidPolicy(object), strings.Join(aks.Policies, ", "))
}

// contested says of which fields somebody else keeps another value.
func (o outcome) contested() string {
	return aks.ContestedMessage(o.report.Pending...)
}

// observed says what would be sent if the policy allowed it.
func (o outcome) observed() verdict {
	var texts []string
	for _, action := range o.report.Pending {
		if action.Reason == aks.ReasonObserveOnly {
			texts = append(texts, action.Message)
		}
	}
	return bad(aks.ReasonObserveOnly, strings.Join(texts, "; "))
}

// onlyReported tells differences that do not keep an object from being ready: nobody is going to change them.
func onlyReported(action plan.Action) bool { return action.Reason == aks.ReasonObserveOnly }

// releasedEvents tell what was given up without a request.
func (r *Reconciler) releasedEvents(a *aggregate, report engine.Report) {
	for _, action := range report.Released {
		r.event(a.about(action.Kind, action.Name), corev1.EventTypeNormal, "Released", plan.InLine(action.Kind+" "+action.Name+": ", action.Details()))
	}
}

// sentReason is the reason of the event about a request.
func sentReason(action plan.Action) string {
	switch action.Operation {
	case aks.OperationStart:
		return "Starting"
	case aks.OperationStop:
		return "Stopping"
	case aks.OperationUpgradeNodeImage:
		return "UpgradingNodeImage"
	}
	if aks.RaisesVersion(action) {
		return "Upgrading"
	}
	return sentReasons[action.Verb]
}

// releasePools removes the finalizer of pools that are gone from Azure, go with their cluster, or stay in Azure.
func (r *Reconciler) releasePools(a *aggregate, o outcome) {
	withCluster := a.cluster.DeletionTimestamp != nil || a.controlPlane.DeletionTimestamp != nil
	for _, p := range a.pools {
		if p.pool.DeletionTimestamp == nil || !controllerutil.ContainsFinalizer(p.pool, v1beta1.MachinePoolFinalizer) {
			continue
		}
		exists := slices.ContainsFunc(o.report.Facts.Pools, func(f aks.PoolFacts) bool { return aks.DeclaresAgentPool(p.pool, f.Name) })
		seen := o.ran && o.report.Observed && o.report.Error == nil
		gone := seen && !exists && !o.report.Facts.Busy() || o.report.Twins[p.pool.Name] != ""
		policy := aks.PoolPolicy(a.controlPlane, p.pool)
		stays := policy != v1beta1.PolicyManage
		if stays && !withCluster {
			r.event(p.pool, corev1.EventTypeNormal, aks.ReasonDetached, aks.LeavingMessage("agentPool "+aks.PoolName(p.pool), policy))
		}
		// A protected pool keeps its cluster, so its object has to stay until the protection is taken away.
		if gone || stays || withCluster && (!aks.Protected(p.pool) || o.leaving != "") {
			controllerutil.RemoveFinalizer(p.pool, v1beta1.MachinePoolFinalizer)
		}
	}
}
