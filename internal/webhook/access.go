package webhook

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
)

// loginProblems: a cluster nobody can log in to. The CRD sees to it that there is an aadProfile; objects from before may have one
// that integrates nothing.
func loginProblems(spec *v1beta1.AzureManagedControlPlaneClassSpec, path *field.Path) field.ErrorList {
	if !on(spec.DisableLocalAccounts) || spec.AADProfile != nil && on(spec.AADProfile.Managed) {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("disableLocalAccounts"), true,
		"nobody could log in to the cluster: set aadProfile.managed to true, or remove disableLocalAccounts")}
}

// loginWarnings: without local accounts the management cluster logs in as its own identity, which has to be an administrator.
func loginWarnings(spec *v1beta1.AzureManagedControlPlaneClassSpec) admission.Warnings {
	profile := spec.AADProfile
	if !on(spec.DisableLocalAccounts) || profile == nil || len(profile.AdminGroupObjectIDs) > 0 || on(profile.EnableAzureRBAC) {
		return nil
	}
	return admission.Warnings{"spec.disableLocalAccounts is true, and aadProfile names nobody who may administer the cluster, so that Cluster API will not see its nodes: " +
		"put the identity of spec.identityRef into a group of aadProfile.adminGroupObjectIDs, or set enableAzureRBAC and give it the role " +
		`"Azure Kubernetes Service RBAC Cluster Admin"`}
}

func on(switched *bool) bool { return switched != nil && *switched }
