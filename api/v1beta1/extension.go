package v1beta1

// Extension is a cluster extension: software that Azure installs into the cluster and keeps up to date, such as Flux
// (microsoft.flux) or Dapr. Adding an entry installs it, removing the entry uninstalls it.
// https://learn.microsoft.com/azure/aks/cluster-extensions
//
// +kubebuilder:validation:XValidation:rule="!has(self.version) || !self.?autoUpgradeMinorVersion.orValue(true)",messageExpression="'version \"' + self.version + '\" of extension \"' + self.name + '\" would be upgraded at once: set autoUpgradeMinorVersion to false, or remove version'",fieldPath=".version"
type Extension struct {
	// name of the extension in Azure, unique in the cluster. Fixed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name" arm:"-,name of the extension"`

	// extensionType is what is installed, for example microsoft.flux. Fixed after creation.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ExtensionType string `json:"extensionType" arm:"properties.extensionType,fold,immutable"`

	// autoUpgradeMinorVersion upgrades the extension to new minor versions (default: true). It can be changed at any time.
	// +optional
	AutoUpgradeMinorVersion *bool `json:"autoUpgradeMinorVersion,omitempty" arm:"properties.autoUpgradeMinorVersion"`

	// version to stay at; it needs autoUpgradeMinorVersion false. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty" arm:"properties.version"`

	// releaseTrain is where versions come from, for example Stable (the default of Azure) or Preview. It can be changed at
	// any time.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ReleaseTrain string `json:"releaseTrain,omitempty" arm:"properties.releaseTrain,fold"`

	// configurationSettings are the settings of the extension. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxProperties=100
	ConfigurationSettings map[string]string `json:"configurationSettings,omitempty" arm:"properties.configurationSettings"`

	// scope is where the extension is installed. Default: what the extension says. Fixed after creation.
	// +optional
	Scope *ExtensionScope `json:"scope,omitempty" arm:"properties.scope"`

	// plan is what is bought, for an extension of the Azure Marketplace. It can be given once and is fixed then.
	// +optional
	Plan *ExtensionPlan `json:"plan,omitempty" arm:"plan"`

	// aksAssignedIdentityType is the kind of identity AKS gives to the extension: SystemAssigned or UserAssigned. It can be
	// changed at any time.
	// +optional
	// +kubebuilder:validation:Enum=SystemAssigned;UserAssigned
	AKSAssignedIdentityType string `json:"aksAssignedIdentityType,omitempty" arm:"properties.aksAssignedIdentity.type,fold"`

	// identity is the kind of identity of the extension itself: SystemAssigned. Fixed after creation.
	// +optional
	// +kubebuilder:validation:Enum=SystemAssigned
	Identity string `json:"identity,omitempty" arm:"identity.type,fold,immutable"`
}

// ExtensionScopeType is where an extension is installed.
type ExtensionScopeType string

// Scopes of extensions.
const (
	ExtensionScopeCluster   ExtensionScopeType = "Cluster"
	ExtensionScopeNamespace ExtensionScopeType = "Namespace"
)

// ExtensionScope is where an extension is installed: once for the whole cluster, or in one namespace.
//
// +kubebuilder:validation:XValidation:rule="self.scopeType != 'Cluster' || has(self.releaseNamespace) && self.releaseNamespace != \"\"",message="scope.scopeType Cluster needs releaseNamespace: write the namespace the extension is installed into",fieldPath=".releaseNamespace"
// +kubebuilder:validation:XValidation:rule="self.scopeType != 'Cluster' || !has(self.targetNamespace) || self.targetNamespace == \"\"",messageExpression="'scope.targetNamespace \"' + self.targetNamespace + '\" is for scopeType Namespace: remove it, or change scopeType to Namespace'",fieldPath=".targetNamespace"
// +kubebuilder:validation:XValidation:rule="self.scopeType != 'Namespace' || has(self.targetNamespace) && self.targetNamespace != \"\"",message="scope.scopeType Namespace needs targetNamespace: write the namespace the extension works in",fieldPath=".targetNamespace"
// +kubebuilder:validation:XValidation:rule="self.scopeType != 'Namespace' || !has(self.releaseNamespace) || self.releaseNamespace == \"\"",messageExpression="'scope.releaseNamespace \"' + self.releaseNamespace + '\" is for scopeType Cluster: remove it, or change scopeType to Cluster'",fieldPath=".releaseNamespace"
type ExtensionScope struct {
	// scopeType is Cluster or Namespace. Fixed after creation.
	// +kubebuilder:validation:Enum=Cluster;Namespace
	ScopeType ExtensionScopeType `json:"scopeType" arm:"-,chooses properties.scope.cluster or properties.scope.namespace,immutable"`

	// releaseNamespace is the namespace an extension of scope Cluster is installed into. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	ReleaseNamespace string `json:"releaseNamespace,omitempty" arm:"cluster.releaseNamespace,immutable"`

	// targetNamespace is the namespace an extension of scope Namespace works in. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	TargetNamespace string `json:"targetNamespace,omitempty" arm:"namespace.targetNamespace,immutable"`
}

// ExtensionPlan is what is bought, for an extension of the Azure Marketplace.
type ExtensionPlan struct {
	// name of the plan. Default: the name of the AzureManagedControlPlane, a hyphen and the product.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty" arm:"name,setonce"`

	// product, also called offer.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Product string `json:"product" arm:"product,setonce"`

	// publisher of the product.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Publisher string `json:"publisher" arm:"publisher,setonce"`

	// promotionCode for a discount.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	PromotionCode string `json:"promotionCode,omitempty" arm:"promotionCode,setonce"`

	// version of the product.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty" arm:"version,setonce"`
}
