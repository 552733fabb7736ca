package controller

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// applyUpgrade writes how far an upgrade is, and what was on offer when Azure was asked last.
func applyUpgrade(cp *v1beta1.AzureManagedControlPlane, o outcome) {
	if !o.report.Observed || o.deleting || o.report.Error != nil {
		return // what was known before is better than what is not known now
	}
	cp.Status.Upgrade = o.upgrade()
	if offers := o.report.Offers; offers != nil {
		available := &v1beta1.AvailableUpgrades{CheckedAt: metav1.Time{Time: offers.Time.Truncate(1e9)}}
		for _, version := range offers.Versions {
			available.Versions = append(available.Versions, aks.NormalVersion(version))
		}
		cp.Status.AvailableUpgrades = available
	}
}

// rememberNodeImage marks the upgrade of a node image as done, so that an older time in the spec asks for nothing any more.
func rememberNodeImage(pool *v1beta1.AzureManagedMachinePool, o outcome) {
	if after, done := o.report.NodeImagesDone[pool.Name]; done {
		pool.Annotations = with(pool.Annotations, v1beta1.NodeImageUpgradedAnnotation, after)
	}
}

// upgrade is the way to newer versions with what only the engine knows: the operation it follows, and what failed.
func (o outcome) upgrade() *v1beta1.UpgradeStatus {
	if o.report.Upgrade == nil {
		return nil
	}
	status := o.report.Upgrade.DeepCopy()
	step := openStep(status)
	if step == nil {
		return status
	}
	id := o.report.Names.ClusterID
	if name, isPool := strings.CutPrefix(step.Resource, "pool "); isPool {
		id = aks.AgentPoolID(id, name)
	}
	if op := o.report.Operation; op != nil && aks.SameID(op.ID, id) && step.State == v1beta1.StepNext {
		step.State = v1beta1.StepRunning
	}
	if failure, ok := o.report.Failures[strings.ToLower(id)]; ok && step.State != v1beta1.StepRunning {
		step.State, step.Message = v1beta1.StepWaiting, o.waitsFor(id, failure)
		status.Message += " (" + step.Message + ")"
	}
	return status
}

// waitsFor says in few words what a failed step waits for; the conditions have Azure's own words.
func (o outcome) waitsFor(id string, failure aks.Failure) string {
	text := failure.Diagnosis.Reason
	if budget := aks.BlockingBudget(failure); budget != "" {
		text += ": waits for PodDisruptionBudget " + budget
		if pod := aks.BlockedPod(failure); pod != "" {
			text += ", which holds pod " + pod
		}
		if said := o.report.Budgets[strings.ToLower(id)]; said != "" {
			text += "; " + said
		}
	}
	return text
}

// rollingOutVerdict is true while control plane or pools are on their way to another version, whoever began it; ok is false
// where nothing new is known about it.
func (o outcome) rollingOutVerdict() (v verdict, ok bool) {
	r := o.report
	if !o.ran || !r.Observed || r.Error != nil {
		return verdict{}, false
	}
	switch status := o.upgrade(); {
	case o.deleting:
	case openStep(status) != nil:
		return well(clusterv1.RollingOutReason, status.Message), true
	case r.Facts.State == "Upgrading":
		return well(clusterv1.RollingOutReason, o.operationText("Azure upgrades the cluster")), true
	}
	return bad(clusterv1.NotRollingOutReason, ""), true
}

// openStep is the first step of an upgrade that is not done.
func openStep(status *v1beta1.UpgradeStatus) *v1beta1.UpgradeStep {
	if status == nil {
		return nil
	}
	for i := range status.Steps {
		if status.Steps[i].State != v1beta1.StepDone {
			return &status.Steps[i]
		}
	}
	return nil
}

// inUpgrade puts the step of an upgrade before the words about an operation that belongs to it.
func (o outcome) inUpgrade(words string) string {
	status := o.upgrade()
	if step := openStep(status); step != nil && step.State == v1beta1.StepRunning {
		return status.Message + "; " + words
	}
	return words
}
