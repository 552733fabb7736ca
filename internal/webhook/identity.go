package webhook

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
)

// +kubebuilder:webhook:path=/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azureclusteridentity,mutating=true,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azureclusteridentities,verbs=create;update,versions=v1beta1,name=default.azureclusteridentity.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`
// +kubebuilder:webhook:path=/validate-infrastructure-cluster-x-k8s-io-v1beta1-azureclusteridentity,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azureclusteridentities,verbs=create;update,versions=v1beta1,name=validation.azureclusteridentity.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`

type identityDefaulter struct{}

// Default says which namespace a Secret without one is in.
func (identityDefaulter) Default(_ context.Context, identity *v1beta1.AzureClusterIdentity) error {
	if secret := &identity.Spec.ClientSecret; secret.Name != "" {
		keep(&secret.Namespace, identity.Namespace)
	}
	return nil
}

type identityValidator struct{}

func (v identityValidator) ValidateCreate(_ context.Context, identity *v1beta1.AzureClusterIdentity) (admission.Warnings, error) {
	return identityWarnings(&identity.Spec), v.answer(identity, identityProblems(&identity.Spec))
}

func (v identityValidator) ValidateUpdate(_ context.Context, old, identity *v1beta1.AzureClusterIdentity) (admission.Warnings, error) {
	if !identity.DeletionTimestamp.IsZero() || apiequality.Semantic.DeepEqual(old.Spec, identity.Spec) {
		return nil, nil
	}
	return identityWarnings(&identity.Spec), v.answer(identity, added(identityProblems(&old.Spec), identityProblems(&identity.Spec)))
}

func (identityValidator) ValidateDelete(context.Context, *v1beta1.AzureClusterIdentity) (admission.Warnings, error) {
	return nil, nil
}

func (identityValidator) answer(identity *v1beta1.AzureClusterIdentity, problems field.ErrorList) error {
	return invalid(v1beta1.GroupVersion.WithKind("AzureClusterIdentity").GroupKind(), identity.Name, problems)
}

// identityProblems: whether the Secret exists and has the right keys shows when it is used. It may well be created later.
func identityProblems(spec *v1beta1.AzureClusterIdentitySpec) field.ErrorList {
	path := field.NewPath("spec")
	var problems field.ErrorList
	secret := path.Child("clientSecret", "name")
	switch {
	case spec.Type == v1beta1.UserAssignedIdentityCredential && spec.UserAssignedIdentityCredentialsPath == "":
		problems = append(problems, field.Required(path.Child("userAssignedIdentityCredentialsPath"), fmt.Sprintf("type %s needs a file of credentials: write its path inside the manager's pod", spec.Type)))
	case spec.Type == v1beta1.WorkloadIdentity && spec.ClientID == "" && spec.ClientSecret.Name != "":
		problems = append(problems, field.Invalid(secret, spec.ClientSecret.Name, "type WorkloadIdentity has no password, and clientID is empty: for a password set type to ServicePrincipal and write tenantID and clientID, otherwise remove clientSecret"))
	case spec.ClientSecret.Name != "":
	case spec.Type == v1beta1.ServicePrincipal || spec.Type == v1beta1.ManualServicePrincipal:
		problems = append(problems, field.Required(secret, fmt.Sprintf("type %s needs a password: write the name of a Secret with the key clientSecret", spec.Type)))
	case spec.Type == v1beta1.ServicePrincipalCertificate && spec.CertPath == "":
		problems = append(problems, field.Required(secret, fmt.Sprintf("type %s needs a certificate: write the name of a Secret with the key certificate, or set certPath", spec.Type)))
	}
	return problems
}

func identityWarnings(spec *v1beta1.AzureClusterIdentitySpec) admission.Warnings {
	var warnings admission.Warnings
	switch spec.Type {
	case v1beta1.ManualServicePrincipal:
		warnings = append(warnings, `spec.type "ManualServicePrincipal" is the old name of ServicePrincipal and means the same`)
	}
	if spec.Type == v1beta1.WorkloadIdentity && spec.ClientID == "" {
		warnings = append(warnings, "spec.clientID is empty: clusters with this identity use the manager's own credentials")
	}
	if spec.ResourceID != "" {
		warnings = append(warnings, fmt.Sprintf("spec.resourceID %q has no effect: the identity is found by its clientID", spec.ResourceID))
	}
	for _, id := range []struct{ name, value string }{{"tenantID", spec.TenantID}, {"clientID", spec.ClientID}} {
		if id.value != "" && !isUUID(id.value) {
			warnings = append(warnings, fmt.Sprintf("spec.%s %q is not a UUID: Microsoft Entra ID will hardly know it", id.name, id.value))
		}
	}
	if spec.AllowedNamespaces == nil {
		warnings = append(warnings, "spec.allowedNamespaces is not given, so no cluster may use this identity: name namespaces, or write {} for all")
	}
	return warnings
}
