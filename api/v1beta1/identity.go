package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// IdentityType is the way an AzureClusterIdentity proves who it is.
type IdentityType string

// Types of identities.
const (
	ServicePrincipal               IdentityType = "ServicePrincipal"
	ManualServicePrincipal         IdentityType = "ManualServicePrincipal"
	ServicePrincipalCertificate    IdentityType = "ServicePrincipalCertificate"
	UserAssignedMSI                IdentityType = "UserAssignedMSI"
	WorkloadIdentity               IdentityType = "WorkloadIdentity"
	UserAssignedIdentityCredential IdentityType = "UserAssignedIdentityCredential"
)

// AzureClusterIdentitySpec is an identity in Entra ID and who may use it.
//
// +kubebuilder:validation:XValidation:rule="self.?tenantID.orValue(\"\") != \"\" || self.type == 'WorkloadIdentity' && self.?clientID.orValue(\"\") == \"\"",messageExpression="'tenantID is missing, and type ' + self.type + ' needs it: write the id of the Entra ID tenant (only a WorkloadIdentity without clientID may leave it out)'",fieldPath=".tenantID"
// +kubebuilder:validation:XValidation:rule="self.?clientID.orValue(\"\") != \"\" || self.type == 'WorkloadIdentity'",messageExpression="'clientID is missing, and type ' + self.type + ' needs it: write the id of the application or of the managed identity (only a WorkloadIdentity may leave it out)'",fieldPath=".clientID"
// +kubebuilder:validation:XValidation:rule="!has(self.resourceID) || self.type == 'UserAssignedMSI'",messageExpression="'resourceID \"' + self.resourceID + '\" is only for type UserAssignedMSI, not ' + self.type + ': remove resourceID'",fieldPath=".resourceID"
// +kubebuilder:validation:XValidation:rule="!has(self.userAssignedIdentityCredentialsPath) || self.type == 'UserAssignedIdentityCredential'",messageExpression="'userAssignedIdentityCredentialsPath \"' + self.userAssignedIdentityCredentialsPath + '\" is only for type UserAssignedIdentityCredential, not ' + self.type + ': remove userAssignedIdentityCredentialsPath'",fieldPath=".userAssignedIdentityCredentialsPath"
// +kubebuilder:validation:XValidation:rule="!has(self.userAssignedIdentityCredentialsCloudType) || self.type == 'UserAssignedIdentityCredential'",messageExpression="'userAssignedIdentityCredentialsCloudType \"' + self.userAssignedIdentityCredentialsCloudType + '\" is only for type UserAssignedIdentityCredential, not ' + self.type + ': remove userAssignedIdentityCredentialsCloudType'",fieldPath=".userAssignedIdentityCredentialsCloudType"
type AzureClusterIdentitySpec struct {
	// type is ServicePrincipal (with a client secret; ManualServicePrincipal is its old name), ServicePrincipalCertificate,
	// WorkloadIdentity (a federated token of the manager's service account), UserAssignedMSI (a managed identity of the
	// machine the manager runs on) or UserAssignedIdentityCredential (a file with credentials). Fixed after creation.
	// +kubebuilder:validation:Enum=ServicePrincipal;UserAssignedMSI;ManualServicePrincipal;ServicePrincipalCertificate;WorkloadIdentity;UserAssignedIdentityCredential
	Type IdentityType `json:"type" arm:"-,identity,immutable"`

	// tenantID is the id of the Entra ID tenant.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	TenantID string `json:"tenantID,omitempty" arm:"-,identity"`

	// clientID is the id of the application or of the managed identity. A WorkloadIdentity without one stands for the credentials
	// that the manager itself has, whatever they are; tenantID is not used then.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	ClientID string `json:"clientID,omitempty" arm:"-,identity"`

	// clientSecret names the Secret with the key clientSecret (a password), or certificate and, where it has one, password
	// (for ServicePrincipalCertificate). Its namespace is that of the AzureClusterIdentity where none is given.
	// +optional
	ClientSecret corev1.SecretReference `json:"clientSecret,omitzero" arm:"-,identity"`

	// certPath is the path of a certificate inside the manager's pod, for ServicePrincipalCertificate. It wins over
	// clientSecret.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	CertPath string `json:"certPath,omitempty" arm:"-,identity"`

	// resourceID is accepted for UserAssignedMSI and has no effect; the identity is found by its clientID.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ResourceID string `json:"resourceID,omitempty" arm:"-,identity"`

	// userAssignedIdentityCredentialsPath is the path of the file with credentials inside the manager's pod, for
	// UserAssignedIdentityCredential: the JSON of one user-assigned identity as the managed identity data plane hands it out.
	// The file's own tenant and client count. It is read again whenever it changes.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	UserAssignedIdentityCredentialsPath string `json:"userAssignedIdentityCredentialsPath,omitempty" arm:"-,identity"`

	// userAssignedIdentityCredentialsCloudType is the cloud of those credentials: public (the default), china or
	// usgovernment. It decides where to sign in when the file does not.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.lowerAscii() in ['public', 'china', 'usgovernment']",messageExpression="'userAssignedIdentityCredentialsCloudType \"' + self + '\" is not a cloud: write public, china or usgovernment'"
	UserAssignedIdentityCredentialsCloudType string `json:"userAssignedIdentityCredentialsCloudType,omitempty" arm:"-,identity"`

	// allowedNamespaces are the namespaces whose clusters may use the identity: not given, none; {}, all;
	// otherwise those named by list and those chosen by selector.
	// +optional
	AllowedNamespaces *AllowedNamespaces `json:"allowedNamespaces,omitempty" arm:"-,identity"`
}

// AllowedNamespaces are the namespaces whose clusters may use an identity.
type AllowedNamespaces struct {
	// list names namespaces.
	// +optional
	NamespaceList []string `json:"list,omitempty"`

	// selector chooses namespaces by label; an empty selector chooses none.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// AzureClusterIdentityStatus is what is known about the identity.
type AzureClusterIdentityStatus struct {
	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell the state in detail. CredentialsValid says whether one can sign in with the identity, and until when a
	// certificate is valid.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// AzureClusterIdentity is an identity in Entra ID that clusters can use to talk to Azure.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azureclusteridentities,scope=Namespaced,categories=cluster-api,shortName=aci
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Valid",type=string,JSONPath=`.status.conditions[?(@.type=='CredentialsValid')].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=='CredentialsValid')].reason`
// +kubebuilder:printcolumn:name="Client ID",type=string,priority=1,JSONPath=`.spec.clientID`
// +kubebuilder:printcolumn:name="Tenant ID",type=string,priority=1,JSONPath=`.spec.tenantID`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type AzureClusterIdentity struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the identity and who may use it.
	// +optional
	Spec AzureClusterIdentitySpec `json:"spec,omitempty"`

	// status is what is known about it.
	// +optional
	Status AzureClusterIdentityStatus `json:"status,omitempty"`
}

// GetConditions returns the conditions of the identity.
func (i *AzureClusterIdentity) GetConditions() []metav1.Condition { return i.Status.Conditions }

// SetConditions replaces the conditions of the identity.
func (i *AzureClusterIdentity) SetConditions(conditions []metav1.Condition) {
	i.Status.Conditions = conditions
}

// AzureClusterIdentityList is a list of AzureClusterIdentities.
//
// +kubebuilder:object:root=true
type AzureClusterIdentityList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureClusterIdentity `json:"items"`
}
