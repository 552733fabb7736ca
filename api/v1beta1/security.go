package v1beta1

// ClusterSecurityProfile protects the cluster and what runs in it.
// https://learn.microsoft.com/azure/aks/concepts-security
type ClusterSecurityProfile struct {
	// azureKeyVaultKms encrypts Kubernetes secrets with a key of your own. It can be changed and turned off
	// (enabled: false), but not be removed.
	// +optional
	AzureKeyVaultKms *AzureKeyVaultKms `json:"azureKeyVaultKms,omitempty" arm:"azureKeyVaultKms"`

	// defender is Microsoft Defender for Containers. It can be changed and turned off, but not be removed.
	// +optional
	Defender *Defender `json:"defender,omitempty" arm:"defender"`

	// imageCleaner removes unused images with known weaknesses from the nodes. It can be changed and turned off, but not
	// be removed.
	// +optional
	ImageCleaner *ImageCleaner `json:"imageCleaner,omitempty" arm:"imageCleaner"`

	// workloadIdentity lets pods use identities of Microsoft Entra ID; it needs oidcIssuerProfile.enabled. It can be turned
	// off, but not be removed.
	// +optional
	WorkloadIdentity *WorkloadIdentityProfile `json:"workloadIdentity,omitempty" arm:"workloadIdentity"`

	// customCATrustCertificates are up to 10 certificates, each a base64-encoded PEM file, that every node trusts. They can
	// be changed at any time. https://learn.microsoft.com/azure/aks/custom-certificate-authority
	// +optional
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MaxLength=65536
	CustomCATrustCertificates []string `json:"customCATrustCertificates,omitempty" arm:"customCATrustCertificates,release=[]"`
}

// AzureKeyVaultKms encrypts Kubernetes secrets with a key of an Azure Key Vault; the cluster then needs a user-assigned
// identity that may use the key. https://learn.microsoft.com/azure/aks/use-kms-etcd-encryption
//
// +kubebuilder:validation:XValidation:rule="self.?keyVaultNetworkAccess.orValue('Public') != 'Private' || self.?keyVaultResourceID.orValue(\"\") != \"\"",message="securityProfile.azureKeyVaultKms.keyVaultNetworkAccess is Private, which needs keyVaultResourceID: write the id of the key vault, or change keyVaultNetworkAccess to Public",fieldPath=".keyVaultResourceID"
// +kubebuilder:validation:XValidation:rule="self.?keyVaultNetworkAccess.orValue('Public') == 'Private' || self.?keyVaultResourceID.orValue(\"\") == \"\"",messageExpression="'securityProfile.azureKeyVaultKms.keyVaultResourceID \"' + self.keyVaultResourceID + '\" is only for a private key vault: change keyVaultNetworkAccess to Private, or remove keyVaultResourceID'",fieldPath=".keyVaultResourceID"
// +kubebuilder:validation:XValidation:rule="!self.enabled || self.keyID != \"\"",message="securityProfile.azureKeyVaultKms.keyID is not set: write the address of the key, or set enabled to false",fieldPath=".keyID"
type AzureKeyVaultKms struct {
	// enabled turns the encryption on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled,nounset"`

	// keyID is the address of the key with its version, for example https://my-vault.vault.azure.net/keys/my-key/0123. It
	// can be changed at any time.
	// +kubebuilder:validation:MaxLength=1024
	KeyID string `json:"keyID" arm:"keyId"`

	// keyVaultNetworkAccess is Public (the default) or Private, for a key vault with private endpoints only. It can be
	// changed at any time.
	// +optional
	// +kubebuilder:default=Public
	// +kubebuilder:validation:Enum=Public;Private
	KeyVaultNetworkAccess string `json:"keyVaultNetworkAccess,omitempty" arm:"keyVaultNetworkAccess,fold"`

	// keyVaultResourceID is the id of a private key vault. It must be given with keyVaultNetworkAccess Private and not
	// otherwise.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	KeyVaultResourceID string `json:"keyVaultResourceID,omitempty" arm:"keyVaultResourceId,id,release=null"`
}

// Defender is Microsoft Defender for Containers.
// https://learn.microsoft.com/azure/defender-for-cloud/defender-for-containers-introduction
//
// +kubebuilder:validation:XValidation:rule="!self.securityMonitoring.enabled || self.logAnalyticsWorkspaceResourceID != \"\"",message="securityProfile.defender.logAnalyticsWorkspaceResourceID is not set: write the id of the workspace that gets the findings, or set securityMonitoring.enabled to false",fieldPath=".logAnalyticsWorkspaceResourceID"
type Defender struct {
	// logAnalyticsWorkspaceResourceID is the id of the Log Analytics workspace that gets the findings. It can be changed at
	// any time.
	// +kubebuilder:validation:MaxLength=1024
	LogAnalyticsWorkspaceResourceID string `json:"logAnalyticsWorkspaceResourceID" arm:"logAnalyticsWorkspaceResourceId,id"`

	// securityMonitoring watches for threats while workloads run.
	SecurityMonitoring SecurityMonitoring `json:"securityMonitoring" arm:"securityMonitoring"`

	// securityGating checks images before they may run.
	// +optional
	SecurityGating *SecurityGating `json:"securityGating,omitempty" arm:"securityGating"`
}

// SecurityMonitoring watches for threats while workloads run.
type SecurityMonitoring struct {
	// enabled turns the monitoring on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled,nounset"`
}

// SecurityGating checks images before they may run.
type SecurityGating struct {
	// enabled turns the checks on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`

	// allowSecretAccess lets the checks read pull secrets, for registries without an identity in identities (AKS: true).
	// +optional
	AllowSecretAccess *bool `json:"allowSecretAccess,omitempty" arm:"allowSecretAccess"`

	// identities name the identity to be used for each container registry.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	Identities []SecurityGatingIdentity `json:"identities,omitempty" arm:"identities,release=[]"`
}

// SecurityGatingIdentity is the identity the checks use for a container registry.
type SecurityGatingIdentity struct {
	// azureContainerRegistry is the name of the registry.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	AzureContainerRegistry string `json:"azureContainerRegistry" arm:"azureContainerRegistry"`

	// identity that may pull from the registry.
	Identity UserAssignedIdentity `json:"identity" arm:"identity"`
}

// UserAssignedIdentity names a user-assigned managed identity. At least resourceID is usually wanted; the other ids follow
// from it.
//
// +kubebuilder:validation:MinProperties=1
type UserAssignedIdentity struct {
	// resourceID is the Azure id of the identity.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ResourceID string `json:"resourceID,omitempty" arm:"resourceId,id"`

	// clientID is the client id of the identity.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ClientID string `json:"clientID,omitempty" arm:"clientId,fold"`

	// objectID is the object id of the identity's service principal.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ObjectID string `json:"objectID,omitempty" arm:"objectId,fold"`
}

// ImageCleaner removes unused images with known weaknesses from the nodes.
// https://learn.microsoft.com/azure/aks/image-cleaner
type ImageCleaner struct {
	// enabled turns the cleaner on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled,nounset"`

	// intervalHours is the time between two runs, 24 to 2160 hours; AKS chooses where it is not given. It can be
	// changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=24
	// +kubebuilder:validation:Maximum=2160
	IntervalHours *int32 `json:"intervalHours,omitempty" arm:"intervalHours"`
}

// WorkloadIdentityProfile lets pods use identities of Microsoft Entra ID.
// https://learn.microsoft.com/azure/aks/workload-identity-overview
type WorkloadIdentityProfile struct {
	// enabled turns workload identity on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled,nounset"`
}
