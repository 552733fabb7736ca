package v1beta1

// ManagedIdentityType is the kind of identity a control plane has.
type ManagedIdentityType string

// Kinds of identities of a control plane.
const (
	ManagedIdentitySystemAssigned ManagedIdentityType = "SystemAssigned"
	ManagedIdentityUserAssigned   ManagedIdentityType = "UserAssigned"
)

// ManagedIdentity is the identity with which the AKS control plane works on Azure: networks, disks, load balancers.
// https://learn.microsoft.com/azure/aks/use-managed-identity
//
// +kubebuilder:validation:XValidation:rule="self.?type.orValue('SystemAssigned') != 'UserAssigned' || self.?userAssignedIdentityResourceID.orValue(\"\") != \"\"",message="identity.type is UserAssigned, which needs userAssignedIdentityResourceID: write the id of the managed identity, or change type to SystemAssigned",fieldPath=".userAssignedIdentityResourceID"
// +kubebuilder:validation:XValidation:rule="self.?type.orValue('SystemAssigned') == 'UserAssigned' || self.?userAssignedIdentityResourceID.orValue(\"\") == \"\"",messageExpression="'identity.userAssignedIdentityResourceID \"' + self.userAssignedIdentityResourceID + '\" is only for identity.type UserAssigned: change type to UserAssigned, or remove userAssignedIdentityResourceID'",fieldPath=".userAssignedIdentityResourceID"
type ManagedIdentity struct {
	// type is SystemAssigned (AKS makes an identity that lives with the cluster, the default) or UserAssigned (one of your
	// own). It can be changed at any time.
	// +optional
	// +kubebuilder:default=SystemAssigned
	// +kubebuilder:validation:Enum=SystemAssigned;UserAssigned
	Type ManagedIdentityType `json:"type,omitempty" arm:"identity.type,fold"`

	// userAssignedIdentityResourceID is the Azure id of the identity, for type UserAssigned. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	UserAssignedIdentityResourceID string `json:"userAssignedIdentityResourceID,omitempty" arm:"identity.userAssignedIdentities,identitymap,id"`
}

// PodIdentityProfile is the way pods got identities before workload identity. Azure stopped supporting it in September
// 2025; use securityProfile.workloadIdentity instead.
// https://learn.microsoft.com/azure/aks/use-azure-ad-pod-identity
type PodIdentityProfile struct {
	// enabled turns pod identity on. It can be changed at any time.
	// +optional
	Enabled *bool `json:"enabled,omitempty" arm:"enabled"`

	// allowNetworkPluginKubenet allows it with networkPlugin kubenet, where pods can fake addresses (AKS: false).
	// +optional
	AllowNetworkPluginKubenet *bool `json:"allowNetworkPluginKubenet,omitempty" arm:"allowNetworkPluginKubenet"`

	// userAssignedIdentities are the identities pods may use.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	UserAssignedIdentities []PodIdentity `json:"userAssignedIdentities,omitempty" arm:"userAssignedIdentities"`

	// userAssignedIdentityExceptions are pods that get the identity of the node.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	UserAssignedIdentityExceptions []PodIdentityException `json:"userAssignedIdentityExceptions,omitempty" arm:"userAssignedIdentityExceptions"`
}

// PodIdentity is an identity pods may use.
type PodIdentity struct {
	// name of the identity in Kubernetes.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name" arm:"name"`

	// namespace of the pods.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace" arm:"namespace"`

	// bindingSelector is the value of the label aadpodidbinding of the pods.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	BindingSelector string `json:"bindingSelector,omitempty" arm:"bindingSelector"`

	// identity in Azure.
	Identity UserAssignedIdentity `json:"identity" arm:"identity"`
}

// PodIdentityException are pods that get the identity of the node.
type PodIdentityException struct {
	// name of the exception.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name" arm:"name"`

	// namespace of the pods.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace" arm:"namespace"`

	// podLabels choose the pods.
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=32
	PodLabels map[string]string `json:"podLabels" arm:"podLabels"`
}
