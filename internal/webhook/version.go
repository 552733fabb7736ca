package webhook

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// offersLast is how long versions that were on offer decide about new ones: AKS adds some every few days, and a webhook cannot ask.
const offersLast = 24 * time.Hour

// versionProblems are those of a version that goes back, or to where AKS offers no way. What was on offer is in the status; where it
// was read too long ago, or never, the version is admitted with a warning, and checked before anything is sent.
func versionProblems(old, cp *v1beta1.AzureManagedControlPlane, now time.Time) (field.ErrorList, admission.Warnings) {
	if old.Spec.Version == cp.Spec.Version {
		return nil, nil
	}
	if problems := downgrade(old, cp); len(problems) > 0 {
		return problems, nil
	}
	running := cp.Status.Version
	if running == "" || aks.CompareVersions(cp.Spec.Version, running) <= 0 {
		return nil, nil
	}
	available := cp.Status.AvailableUpgrades
	if available == nil || now.Sub(available.CheckedAt.Time) > offersLast {
		return nil, admission.Warnings{fmt.Sprintf("spec.version %s: whether AKS offers it is checked before anything is sent; condition Synced and status.upgrade tell", cp.Spec.Version)}
	}
	var reachable []string
	for _, version := range available.Versions {
		if aks.CompareVersions(version, running) > 0 {
			reachable = append(reachable, version)
		}
	}
	if aks.ListsVersion(reachable, cp.Spec.Version) {
		return nil, nil
	}
	offer := "nothing newer is on offer"
	if len(reachable) > 0 {
		offer = "on offer are " + strings.Join(reachable, ", ")
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "version"), cp.Spec.Version,
		fmt.Sprintf("cannot be reached from %s, which the control plane runs: %s (read from Azure at %s)", running, offer, available.CheckedAt.UTC().Format(time.RFC3339)))}, nil
}

// downgrade is the problem of a version that goes back behind what runs: AKS may have upgraded the cluster by itself since. One
// that was asked for and never came to be (mistyped, or not offered) can be taken back. The CRD compares only plain versions.
func downgrade(old, cp *v1beta1.AzureManagedControlPlane) field.ErrorList {
	if old.Spec.Version == cp.Spec.Version {
		return nil
	}
	floor := ""
	for _, running := range []string{cp.Status.Version, cp.Status.AutoUpgradeVersion} {
		if running != "" && aks.CompareVersions(running, floor) > 0 {
			floor = running
		}
	}
	why := "the control plane already runs"
	if floor == "" && (cp.Status.ResourceID != "" || !meta.IsStatusConditionFalse(cp.Status.Conditions, v1beta1.ReadyCondition)) { // what it runs is not known yet
		floor, why = old.Spec.Version, "spec.version was"
	}
	if floor == "" || aks.CompareVersions(cp.Spec.Version, floor) >= 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "version"), cp.Spec.Version,
		fmt.Sprintf("%s %s, and AKS has no way back: write %s or a newer version", why, floor, floor))}
}
