package controller

import (
	"slices"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

// dependentCondition is the condition a kind of dependent has. The first three names are those of existing installations.
var dependentCondition = []struct{ kind, condition string }{
	{aks.KindPrivateEndpoint, v1beta1.PrivateEndpointsReadyCondition},
	{aks.KindFleetMember, v1beta1.FleetReadyCondition},
	{aks.KindExtension, v1beta1.AKSExtensionsReadyCondition},
	{aks.KindMaintenance, v1beta1.MaintenanceConfigurationsReadyCondition},
}

// named is a verdict with the type of its condition.
type named struct {
	condition string
	verdict
}

// dependentVerdicts are those of the kinds that are declared, or still in Azure.
func (o outcome) dependentVerdicts() []named {
	var list []named
	for _, c := range dependentCondition {
		pending := slices.ContainsFunc(o.report.Pending, func(a plan.Action) bool {
			return a.Kind == c.kind && a.Verb != plan.None
		})
		if pending || slices.Contains(o.report.DependentKinds, c.kind) {
			list = append(list, named{c.condition, o.dependentVerdict(c.kind)})
		}
	}
	return list
}

func (o outcome) dependentVerdict(kind string) verdict {
	v, seen := good, false
	for _, action := range o.report.Pending {
		if action.Kind != kind {
			continue
		}
		seen = true
		if action.Verb == plan.None || onlyReported(action) {
			continue
		}
		if failure, ok := o.report.Failures[strings.ToLower(action.ID)]; ok {
			return about(action, failureVerdict(failure)) // worse than anything that only takes its time
		}
		if !v.ok() {
			continue
		}
		if v = o.outOfSync(action); action.Verb == plan.Blocked || action.Verb == plan.Wait {
			v = bad(action.Reason, action.Message)
		}
	}
	switch {
	case seen:
		return v
	case !o.report.Observed || o.report.Error != nil:
		return unknown("NotObserved", "Azure was not asked yet")
	case !o.report.Facts.Exists:
		return bad(aks.ReasonWaitingForControlPlane, "the AKS cluster does not exist yet")
	default:
		return bad("Pending", "the control plane comes first")
	}
}

// about puts the name of the resource in front: Azure's own text often leaves it out.
func about(action plan.Action, v verdict) verdict {
	subject := action.Kind + " " + action.Name + ": "
	v.message = subject + v.message
	if v.lasting != "" {
		v.lasting = subject + v.lasting
	}
	return v
}

// dropDependentConditions removes the conditions of kinds that are neither declared nor in Azure any more.
func dropDependentConditions(cp *v1beta1.AzureManagedControlPlane, o outcome) {
	if !o.ran || !o.report.Observed || o.report.Error != nil {
		return
	}
	current := o.dependentVerdicts()
	for _, c := range dependentCondition {
		if !slices.ContainsFunc(current, func(n named) bool { return n.condition == c.condition }) {
			removeCondition(cp, c.condition)
		}
	}
}
