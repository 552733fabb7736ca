package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AzureManagedControlPlaneSpec is the AKS cluster that is wanted, except for its pools.
//
// +kubebuilder:validation:XValidation:rule="!has(self.networkPluginMode) || has(oldSelf.networkPluginMode) || !has(oldSelf.networkPolicy)",messageExpression="'networkPluginMode overlay cannot be added to a cluster with a network policy, and networkPolicy is \"' + oldSelf.networkPolicy + '\": remove networkPluginMode, or create a new cluster'",fieldPath=".networkPluginMode",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(self.dnsPrefix) || self.dnsPrefix.matches('^[a-zA-Z0-9]([a-zA-Z0-9-]{0,52}[a-zA-Z0-9])?$')",messageExpression="'dnsPrefix \"' + self.dnsPrefix + '\" cannot be part of a DNS name: use 1 to 54 letters, digits and hyphens, with a letter or digit at both ends'",fieldPath=".dnsPrefix"
type AzureManagedControlPlaneSpec struct {
	AzureManagedControlPlaneClassSpec `json:",inline"`

	// version is the Kubernetes version of the control plane, for example v1.33.4 (the leading v may be left out). It can
	// only rise; AKS goes one minor version at a time, and so does the provider when the difference is larger. Pools follow
	// the version of their MachinePool and are never newer.
	// https://learn.microsoft.com/azure/aks/supported-kubernetes-versions
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule=`self.matches('^v?(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)([-0-9a-zA-Z_.+]*)?$')`,messageExpression=`'version "' + self + '" is not a Kubernetes version: write major, minor and patch, for example v1.33.4'`
	Version string `json:"version" arm:"properties.kubernetesVersion,version,up"`

	// nodeResourceGroupName is the resource group AKS makes for the nodes, load balancer and disks. Default:
	// MC_<resourceGroupName>_<name>_<location>, cut to the 80 characters Azure allows. Fixed once the cluster exists.
	// https://learn.microsoft.com/azure/aks/faq#why-are-two-resource-groups-created-with-aks-
	// +optional
	// +kubebuilder:validation:MaxLength=80
	NodeResourceGroupName string `json:"nodeResourceGroupName,omitempty" arm:"properties.nodeResourceGroup,fold,precreate"`

	// sshPublicKey is the public key for SSH logins on Linux nodes: one line of an authorized_keys file, base64-encoded. An
	// empty string means a generated key, made once. Default: no key, no SSH logins. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/node-access
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	SSHPublicKey *string `json:"sshPublicKey,omitempty" arm:"properties.linuxProfile.ssh.publicKeys,sshkey,immutable"`

	// dnsPrefix starts the DNS name of the API server: 1 to 54 letters, digits and hyphens. Default: the name of the
	// AzureManagedControlPlane. Fixed once the cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	DNSPrefix string `json:"dnsPrefix,omitempty" arm:"properties.dnsPrefix,precreate"`

	// controlPlaneEndpoint is where the API server can be reached. The controller fills it in; a value of your own is
	// replaced.
	// +optional
	ControlPlaneEndpoint APIEndpoint `json:"controlPlaneEndpoint,omitzero" arm:"-,written by the controller"`
}

// AzureManagedControlPlaneClassSpec are the settings that an AzureManagedControlPlane and its template share.
//
// +kubebuilder:validation:XValidation:rule="!(self.?networkPluginMode.orValue(\"\") == 'overlay' && self.?networkPlugin.orValue(\"\") == 'kubenet')",message="networkPluginMode overlay needs networkPlugin azure, but networkPlugin is kubenet: change networkPlugin to azure, or remove networkPluginMode",fieldPath=".networkPluginMode"
// +kubebuilder:validation:XValidation:rule="!(self.?networkPolicy.orValue(\"\") == 'cilium' && self.?networkDataplane.orValue('cilium') != 'cilium')",messageExpression="'networkPolicy cilium needs networkDataplane cilium, but networkDataplane is ' + self.networkDataplane + ': change networkDataplane to cilium, or choose another networkPolicy'",fieldPath=".networkPolicy"
// +kubebuilder:validation:XValidation:rule="self.?networkDataplane.orValue(\"\") != 'cilium' || (self.?networkPluginMode.orValue(\"\") == 'overlay' && self.?networkPolicy.orValue(\"\") == 'cilium')",message="networkDataplane cilium needs networkPluginMode overlay and networkPolicy cilium: set both, or remove networkDataplane",fieldPath=".networkDataplane"
type AzureManagedControlPlaneClassSpec struct {
	// location is the Azure region, for example westeurope. Fixed after creation.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Location string `json:"location" arm:"location,location,immutable"`

	// resourceGroupName is the resource group of the cluster. It is created (and deleted with the cluster) where it does not
	// exist; a group that exists and does not carry the owner tag of the cluster is used and never modified. Default: the
	// name of the Cluster. Fixed once the cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=90
	ResourceGroupName string `json:"resourceGroupName,omitempty" arm:"-,part of the resource id,fold,precreate"`

	// subscriptionID is the Azure subscription. Default: the subscription the manager was configured with
	// (AZURE_SUBSCRIPTION_ID). Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	SubscriptionID string `json:"subscriptionID,omitempty" arm:"-,part of the resource id,fold,immutable"`

	// azureEnvironment is the cloud: AzurePublicCloud (also when empty), AzureChinaCloud or AzureUSGovernmentCloud. Fixed
	// after creation.
	// +optional
	// +kubebuilder:validation:Enum="";AzurePublicCloud;AzureChinaCloud;AzureUSGovernmentCloud
	AzureEnvironment string `json:"azureEnvironment,omitempty" arm:"-,selects the endpoints of the cloud,immutable"`

	// identityRef names the AzureClusterIdentity whose credentials are used. Its namespace is that of the control plane
	// where none is given. Default: the credentials of the manager itself. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.?kind.orValue('') == 'AzureClusterIdentity'",messageExpression="'identityRef.kind \"' + (has(self.kind) ? self.kind : '') + '\" is not a kind of identity: write AzureClusterIdentity, or remove identityRef to use the credentials of the manager'",fieldPath=".kind"
	// +kubebuilder:validation:XValidation:rule="self.?apiVersion.orValue('').startsWith('infrastructure.cluster.x-k8s.io/') || self.?apiVersion.orValue('') == ''",messageExpression="'identityRef.apiVersion \"' + (has(self.apiVersion) ? self.apiVersion : '') + '\" has no AzureClusterIdentity: write infrastructure.cluster.x-k8s.io/v1beta1'",fieldPath=".apiVersion"
	// +kubebuilder:validation:XValidation:rule="self.?name.orValue('') != ''",message="identityRef.name is empty: write the name of an AzureClusterIdentity, or remove identityRef to use the credentials of the manager",fieldPath=".name"
	IdentityRef *corev1.ObjectReference `json:"identityRef,omitempty" arm:"-,selects the credentials"`

	// networkPlugin is how pods get addresses: azure (from the subnet or, with networkPluginMode overlay, from a range of
	// their own), kubenet, or none (bring your own). Fixed after creation.
	// https://learn.microsoft.com/azure/aks/concepts-network-cni-overview
	// +optional
	// +kubebuilder:default=azure
	// +kubebuilder:validation:Enum=azure;kubenet;none
	NetworkPlugin string `json:"networkPlugin,omitempty" arm:"properties.networkProfile.networkPlugin,fold,immutable"`

	// networkPluginMode overlay gives pods addresses that do not come from the virtual network. It may be set later, when
	// there is no networkPolicy, and not be taken back.
	// https://learn.microsoft.com/azure/aks/azure-cni-overlay
	// +optional
	// +kubebuilder:validation:Enum=overlay
	NetworkPluginMode string `json:"networkPluginMode,omitempty" arm:"properties.networkProfile.networkPluginMode,fold,setonce"`

	// networkPolicy enforces NetworkPolicy objects: azure, calico or cilium. Default: none. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/use-network-policies
	// +optional
	// +kubebuilder:validation:Enum=azure;calico;cilium
	NetworkPolicy string `json:"networkPolicy,omitempty" arm:"properties.networkProfile.networkPolicy,fold,immutable"`

	// networkDataplane is azure (the default of AKS) or cilium, which needs networkPluginMode overlay and networkPolicy
	// cilium. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/azure-cni-powered-by-cilium
	// +optional
	// +kubebuilder:validation:Enum=azure;cilium
	NetworkDataplane string `json:"networkDataplane,omitempty" arm:"properties.networkProfile.networkDataplane,fold,immutable"`

	// outboundType is how nodes reach the internet: loadBalancer (the default of AKS), managedNATGateway,
	// userAssignedNATGateway or userDefinedRouting. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/egress-outboundtype
	// +optional
	// +kubebuilder:validation:Enum=loadBalancer;managedNATGateway;userAssignedNATGateway;userDefinedRouting
	OutboundType string `json:"outboundType,omitempty" arm:"properties.networkProfile.outboundType,fold,immutable"`

	// dnsServiceIP is the address of the DNS service, inside the service range of the Cluster
	// (spec.clusterNetwork.services). Default: the tenth address of that range. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="isIP(self)",messageExpression="'dnsServiceIP \"' + self + '\" is not an IP address: write an address inside the service range of the Cluster, for example 10.0.0.10'"
	DNSServiceIP string `json:"dnsServiceIP,omitempty" arm:"properties.networkProfile.dnsServiceIP,precreate"`

	// loadBalancerSKU is Standard or Basic. Azure retired Basic in September 2025. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/load-balancer-standard
	// +optional
	// +kubebuilder:default=Standard
	// +kubebuilder:validation:Enum=Basic;Standard
	LoadBalancerSKU string `json:"loadBalancerSKU,omitempty" arm:"properties.networkProfile.loadBalancerSku,fold,lower,immutable"`

	// loadBalancerProfile says how nodes reach the internet through the load balancer.
	// +optional
	LoadBalancerProfile *LoadBalancerProfile `json:"loadBalancerProfile,omitempty" arm:"properties.networkProfile.loadBalancerProfile"`

	// virtualNetwork is the network of the nodes. Default: a network of the cluster's own, 10.0.0.0/8 with the subnet
	// 10.240.0.0/16 (with networkPluginMode overlay 10.224.0.0/12 and 10.224.0.0/16).
	// https://learn.microsoft.com/azure/aks/configure-azure-cni
	// +optional
	VirtualNetwork *VirtualNetwork `json:"virtualNetwork,omitempty" arm:"-,resource Microsoft.Network/virtualNetworks"`

	// additionalTags are put on the AKS cluster, its resource group and its virtual network where those are its own. Tags
	// set by others stay. They can be changed at any time.
	// https://learn.microsoft.com/azure/aks/use-tags
	// +optional
	// +kubebuilder:validation:MaxProperties=50
	AdditionalTags map[string]string `json:"additionalTags,omitempty" arm:"tags"`

	// aadProfile lets users log in with Microsoft Entra ID. Not given: Kubernetes accounts only.
	// https://learn.microsoft.com/azure/aks/enable-authentication-microsoft-entra-id
	// +optional
	AADProfile *AADProfile `json:"aadProfile,omitempty" arm:"properties.aadProfile"`

	// sku is the pricing tier: Free, Standard (Paid is its old name) or Premium, as `sku: Standard` or as
	// `sku: {tier: Standard}`. AKS uses Free where it was never given; removing it leaves the tier as it is. It can be changed
	// at any time. https://learn.microsoft.com/azure/aks/free-standard-pricing-tiers
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	SKU *SKU `json:"sku,omitempty"`

	// apiServerAccessProfile says who can reach the API server. Not given: everybody, with a public address.
	// +optional
	APIServerAccessProfile *APIServerAccessProfile `json:"apiServerAccessProfile,omitempty" arm:"properties.apiServerAccessProfile"`

	// autoscalerProfile tunes the cluster autoscaler for all pools that have spec.scaling.
	// +optional
	AutoscalerProfile *AutoscalerProfile `json:"autoscalerProfile,omitempty" arm:"properties.autoScalerProfile"`

	// oidcIssuerProfile lets workloads prove who they are to Entra ID.
	// +optional
	OIDCIssuerProfile *OIDCIssuerProfile `json:"oidcIssuerProfile,omitempty" arm:"properties.oidcIssuerProfile"`

	// autoUpgradeProfile lets AKS upgrade the cluster by itself.
	// +optional
	AutoUpgradeProfile *AutoUpgradeProfile `json:"autoUpgradeProfile,omitempty" arm:"properties.autoUpgradeProfile"`

	// machineTemplate has no effect. It exists because a ClusterClass may write it.
	// +optional
	MachineTemplate *MachineTemplate `json:"machineTemplate,omitempty" arm:"-,no effect"`
}

// MachineTemplate is always empty.
type MachineTemplate struct{}

// AADProfile lets users log in with Microsoft Entra ID. It cannot be removed once it is managed.
type AADProfile struct {
	// managed is true for the integration AKS manages, the only one there is. It can be changed from false to true only.
	// +optional
	Managed *bool `json:"managed,omitempty" arm:"managed,true-only"`

	// adminGroupObjectIDs are the object ids of the Entra ID groups whose members administer the cluster. They can be changed
	// at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=256
	AdminGroupObjectIDs []string `json:"adminGroupObjectIDs,omitempty" arm:"adminGroupObjectIDs,set"`
}

// OIDCIssuerProfile lets workloads prove who they are to Entra ID.
type OIDCIssuerProfile struct {
	// enabled turns the issuer on. It can be changed from false to true only. The issuer's address is in
	// status.oidcIssuerProfile.issuerURL. https://learn.microsoft.com/azure/aks/use-oidc-issuer
	// +optional
	Enabled *bool `json:"enabled,omitempty" arm:"enabled,true-only"`
}

// AutoUpgradeProfile lets AKS upgrade the cluster by itself.
type AutoUpgradeProfile struct {
	// upgradeChannel is none, patch, stable, rapid or node-image. It can be changed at any time, but not be removed: write
	// none to turn upgrades off. https://learn.microsoft.com/azure/aks/auto-upgrade-cluster
	// +optional
	// +kubebuilder:validation:Enum=node-image;none;patch;rapid;stable
	UpgradeChannel string `json:"upgradeChannel,omitempty" arm:"upgradeChannel,fold,nounset"`
}

// AzureManagedControlPlaneStatus is what is known about the AKS cluster.
type AzureManagedControlPlaneStatus struct {
	// ready is true when the cluster was created and its API server answers.
	// +optional
	Ready bool `json:"ready,omitempty"`

	// initialized is true once the API server accepted requests for the first time.
	// +optional
	Initialized bool `json:"initialized,omitempty"`

	// initialization holds what Cluster API waits for before it goes on.
	// +optional
	Initialization *ControlPlaneInitialization `json:"initialization,omitempty"`

	// version is the Kubernetes version the control plane runs.
	// +optional
	Version string `json:"version,omitempty"`

	// versions are the Kubernetes versions the control plane runs, oldest first; with AKS that is one.
	// +optional
	// +listType=map
	// +listMapKey=version
	// +kubebuilder:validation:MaxItems=100
	Versions []ControlPlaneVersion `json:"versions,omitempty"`

	// autoUpgradeVersion is the version AKS upgraded the cluster to by itself, while autoUpgradeProfile has a channel that
	// upgrades Kubernetes.
	// +optional
	AutoUpgradeVersion string `json:"autoUpgradeVersion,omitempty"`

	// externalManagedControlPlane is true: the control plane does not run on Machines.
	// +optional
	ExternalManagedControlPlane *bool `json:"externalManagedControlPlane,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell the state in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// provisioningState is what Azure reports: Succeeded, Failed, Canceled, or the name of what is going on.
	// +optional
	ProvisioningState string `json:"provisioningState,omitempty"`

	// powerState is what Azure reports: Running or Stopped.
	// +optional
	PowerState string `json:"powerState,omitempty"`

	// tier is the pricing tier Azure reports.
	// +optional
	Tier string `json:"tier,omitempty"`

	// operation is the operation Azure works on now.
	// +optional
	Operation *Operation `json:"operation,omitempty"`

	// lastChange is the last request that was sent to Azure, in one line.
	// +optional
	LastChange string `json:"lastChange,omitempty"`

	// resourceID is the id of the AKS cluster in Azure, from the moment it exists.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ResourceID string `json:"resourceID,omitempty"`

	// resources are all Azure resources of this cluster: resource group, virtual network, subnet, the cluster itself.
	// +optional
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=256
	Resources []Resource `json:"resources,omitempty"`

	// oidcIssuerProfile is what Azure reports about the issuer.
	// +optional
	OIDCIssuerProfile *OIDCIssuerProfileStatus `json:"oidcIssuerProfile,omitempty"`
}

// ControlPlaneInitialization holds what Cluster API waits for before it goes on.
type ControlPlaneInitialization struct {
	// controlPlaneInitialized is true once the API server accepts requests.
	// +optional
	ControlPlaneInitialized *bool `json:"controlPlaneInitialized,omitempty"`
}

// OIDCIssuerProfileStatus is what Azure reports about the issuer.
type OIDCIssuerProfileStatus struct {
	// issuerURL is the address of the issuer.
	// +optional
	IssuerURL string `json:"issuerURL,omitempty"`
}

// AzureManagedControlPlane is an AKS cluster without its pools; metadata.name is its name in Azure.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azuremanagedcontrolplanes,scope=Namespaced,categories=cluster-api,shortName=amcp
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.metadata.labels.cluster\.x-k8s\.io/cluster-name`,description="Cluster this control plane belongs to"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Everything asked for is there"
// +kubebuilder:printcolumn:name="Available",type=string,JSONPath=`.status.conditions[?(@.type=="Available")].status`,description="The API server can be used"
// +kubebuilder:printcolumn:name="Desired",type=string,JSONPath=`.spec.version`,description="Kubernetes version asked for"
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`,description="Kubernetes version running"
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.provisioningState`,description="Provisioning state Azure reports"
// +kubebuilder:printcolumn:name="Operation",type=string,JSONPath=`.status.operation.description`,description="What Azure works on"
// +kubebuilder:printcolumn:name="%",type=integer,JSONPath=`.status.operation.percentComplete`,description="Progress of the operation"
// +kubebuilder:printcolumn:name="Paused",type=string,JSONPath=`.status.conditions[?(@.type=="Paused")].status`,description="Nothing is sent to Azure"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is not ready"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Why it is not ready, in words"
// +kubebuilder:printcolumn:name="Location",type=string,priority=1,JSONPath=`.spec.location`
// +kubebuilder:printcolumn:name="Tier",type=string,priority=1,JSONPath=`.status.tier`
// +kubebuilder:printcolumn:name="Channel",type=string,priority=1,JSONPath=`.spec.autoUpgradeProfile.upgradeChannel`
// +kubebuilder:printcolumn:name="Resource ID",type=string,priority=1,JSONPath=`.status.resourceID`
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || !self.metadata.name.contains('microsoft') && !self.metadata.name.contains('windows')",messageExpression="'metadata.name \"' + self.metadata.name + '\" contains a word Azure reserves: choose a name without microsoft and windows'",optionalOldSelf=true
type AzureManagedControlPlane struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the AKS cluster that is wanted.
	// +optional
	Spec AzureManagedControlPlaneSpec `json:"spec,omitempty"`

	// status is what is known about it.
	// +optional
	Status AzureManagedControlPlaneStatus `json:"status,omitempty"`
}

// GetConditions returns the conditions of the control plane.
func (c *AzureManagedControlPlane) GetConditions() []metav1.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions of the control plane.
func (c *AzureManagedControlPlane) SetConditions(conditions []metav1.Condition) {
	c.Status.Conditions = conditions
}

// AzureManagedControlPlaneList is a list of AzureManagedControlPlanes.
//
// +kubebuilder:object:root=true
type AzureManagedControlPlaneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedControlPlane `json:"items"`
}
