package v1beta1

import corev1 "k8s.io/api/core/v1"

// AzureManagedControlPlaneClassSpec are the settings that an AzureManagedControlPlane and its template share.
//
// +kubebuilder:validation:XValidation:rule="!(self.?networkPluginMode.orValue(\"\") == 'overlay' && self.?networkPlugin.orValue(\"\") == 'kubenet')",message="networkPluginMode overlay needs networkPlugin azure, but networkPlugin is kubenet: change networkPlugin to azure, or remove networkPluginMode",fieldPath=".networkPluginMode"
// +kubebuilder:validation:XValidation:rule="!(self.?networkPolicy.orValue(\"\") == 'cilium' && self.?networkDataplane.orValue('cilium') != 'cilium')",messageExpression="'networkPolicy cilium needs networkDataplane cilium, but networkDataplane is ' + self.networkDataplane + ': change networkDataplane to cilium, or choose another networkPolicy'",fieldPath=".networkPolicy"
// +kubebuilder:validation:XValidation:rule="self.?networkDataplane.orValue(\"\") != 'cilium' || (self.?networkPluginMode.orValue(\"\") == 'overlay' && self.?networkPolicy.orValue(\"\") == 'cilium')",message="networkDataplane cilium needs networkPluginMode overlay and networkPolicy cilium: set both, or remove networkDataplane",fieldPath=".networkDataplane"
// +kubebuilder:validation:XValidation:rule="!has(self.disableLocalAccounts) || has(self.aadProfile)",messageExpression="'disableLocalAccounts %s needs users who log in with Microsoft Entra ID: add aadProfile, or remove disableLocalAccounts'.format([dyn(self.disableLocalAccounts)])",fieldPath=".disableLocalAccounts"
// +kubebuilder:validation:XValidation:rule="!has(self.securityProfile) || !has(self.securityProfile.azureKeyVaultKms) || self.?identity.?type.orValue('SystemAssigned') == 'UserAssigned'",message="securityProfile.azureKeyVaultKms needs an identity that can be given rights on the key beforehand, but identity.type is not UserAssigned: change identity.type to UserAssigned, or remove azureKeyVaultKms",fieldPath=".securityProfile"
// +kubebuilder:validation:XValidation:rule="!has(self.securityProfile) || !has(self.securityProfile.workloadIdentity) || self.?oidcIssuerProfile.?enabled.orValue(false)",message="securityProfile.workloadIdentity needs the issuer, but oidcIssuerProfile.enabled is not true: set it to true, or remove workloadIdentity",fieldPath=".securityProfile"
// +kubebuilder:validation:XValidation:rule="!has(self.natGatewayProfile) || self.?outboundType.orValue('loadBalancer') == 'managedNATGateway'",message="natGatewayProfile is for outboundType managedNATGateway, and AKS drops it with any other: remove natGatewayProfile, or create the cluster with outboundType managedNATGateway",fieldPath=".natGatewayProfile"
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
	// +kubebuilder:validation:XValidation:rule=`self == '' || self.matches('^[-\\p{L}\\p{N}._()]*[-\\p{L}\\p{N}_()]$')`,messageExpression=`'resourceGroupName "' + self + '" is no name of a resource group: use letters, digits, hyphens, underscores, dots and parentheses, without a dot at the end'`
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
	// userAssignedNATGateway, userDefinedRouting or none (no way; the cluster is isolated). Fixed after creation.
	// https://learn.microsoft.com/azure/aks/egress-outboundtype
	// +optional
	// +kubebuilder:validation:Enum=loadBalancer;managedNATGateway;userAssignedNATGateway;userDefinedRouting;none
	OutboundType string `json:"outboundType,omitempty" arm:"properties.networkProfile.outboundType,fold,immutable"`

	// dnsServiceIP is the address of the DNS service, inside the service range of the Cluster
	// (spec.clusterNetwork.services). Default: the tenth address of that range. Fixed in Azure after
	// creation: given later, it is what the cluster has.
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

	// natGatewayProfile is for outboundType managedNATGateway.
	// +optional
	NATGatewayProfile *NATGatewayProfile `json:"natGatewayProfile,omitempty" arm:"properties.networkProfile.natGatewayProfile"`

	// ipFamilies are the kinds of addresses of pods and services: ["IPv4"], the default of AKS, or ["IPv4", "IPv6"]
	// (dual-stack). With both, spec.clusterNetwork of the Cluster has one range of each for pods and one of each for services,
	// or none. AKS says for which clusters it can change. https://learn.microsoft.com/azure/aks/configure-dual-stack
	// +optional
	// +kubebuilder:validation:MaxItems=2
	// +kubebuilder:validation:items:Enum=IPv4;IPv6
	IPFamilies []string `json:"ipFamilies,omitempty" arm:"properties.networkProfile.ipFamilies,fold"`

	// networkMode is how pods of the same node reach each other with Azure CNI: transparent (the default of AKS) or bridge,
	// which AKS does not offer for new clusters any more. Fixed after creation.
	// +optional
	// +kubebuilder:validation:Enum=transparent;bridge
	NetworkMode string `json:"networkMode,omitempty" arm:"properties.networkProfile.networkMode,fold,immutable"`

	// advancedNetworking is Advanced Container Networking Services.
	// +optional
	AdvancedNetworking *AdvancedNetworking `json:"advancedNetworking,omitempty" arm:"properties.networkProfile.advancedNetworking"`

	// staticEgressGatewayProfile lets pods leave the cluster with fixed addresses.
	// +optional
	StaticEgressGatewayProfile *StaticEgressGatewayProfile `json:"staticEgressGatewayProfile,omitempty" arm:"properties.networkProfile.staticEgressGatewayProfile"`

	// publicNetworkAccess is Enabled (the default of AKS) or Disabled, for private clusters. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Enum=Enabled;Disabled
	PublicNetworkAccess string `json:"publicNetworkAccess,omitempty" arm:"properties.publicNetworkAccess,fold"`

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

	// disableLocalAccounts turns off the certificate of the administrator, which works without Microsoft Entra ID; it needs
	// aadProfile. AKS: false. It can be given once and is fixed then.
	// https://learn.microsoft.com/azure/aks/manage-local-accounts-managed-azure-ad
	// +optional
	DisableLocalAccounts *bool `json:"disableLocalAccounts,omitempty" arm:"properties.disableLocalAccounts,setonce"`

	// identity is the identity with which the control plane works on Azure. Not given: one that AKS makes.
	// +optional
	Identity *ManagedIdentity `json:"identity,omitempty"`

	// kubeletUserAssignedIdentity is the Azure id of the identity with which nodes pull images; it needs identity.type
	// UserAssigned. Default: one that AKS makes. It can be changed at any time, which replaces the nodes' image.
	// https://learn.microsoft.com/azure/aks/use-managed-identity
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	KubeletUserAssignedIdentity string `json:"kubeletUserAssignedIdentity,omitempty" arm:"properties.identityProfile.kubeletidentity.resourceId,id"`

	// sku is the pricing tier: Free, Standard (Paid is its old name) or Premium, as `sku: Standard` or as
	// `sku: {tier: Standard}`. AKS uses Free where it was never given; removing it leaves the tier as it is. Where tier is
	// given, name may be Automatic for AKS Automatic. It can be changed at any time. https://learn.microsoft.com/azure/aks/free-standard-pricing-tiers
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

	// supportPlan is KubernetesOfficial (the default of AKS) or AKSLongTermSupport, two years for each version, which needs
	// sku Premium. It can be changed at any time. https://learn.microsoft.com/azure/aks/long-term-support
	// +optional
	// +kubebuilder:validation:Enum=KubernetesOfficial;AKSLongTermSupport
	SupportPlan string `json:"supportPlan,omitempty" arm:"properties.supportPlan,fold"`

	// upgradeSettings are for upgrades of the whole cluster.
	// +optional
	UpgradeSettings *ClusterUpgradeSettings `json:"upgradeSettings,omitempty" arm:"properties.upgradeSettings"`

	// upgrade says in which order control plane and pools come to newer Kubernetes versions.
	// +optional
	Upgrade *UpgradePolicy `json:"upgrade,omitempty"`

	// maintenanceConfigurations say when AKS may work on the cluster by itself. They can be changed at any time.
	// https://learn.microsoft.com/azure/aks/planned-maintenance
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=3
	MaintenanceConfigurations []MaintenanceConfiguration `json:"maintenanceConfigurations,omitempty" arm:"-,resources managedClusters/maintenanceConfigurations,key=name"`

	// powerState is Running or Stopped. A stopped cluster keeps its settings and costs no nodes, and nothing else of it can
	// be changed meanwhile. Not given, it stays as it is. It can be changed at any time.
	// https://learn.microsoft.com/azure/aks/start-stop-cluster
	// +optional
	// +kubebuilder:validation:Enum=Running;Stopped
	PowerState string `json:"powerState,omitempty" arm:"-,requests start and stop of the cluster"`

	// httpProxyConfig is the proxy nodes and pods use.
	// +optional
	HTTPProxyConfig *HTTPProxyConfig `json:"httpProxyConfig,omitempty" arm:"properties.httpProxyConfig"`

	// securityProfile protects the cluster and what runs in it.
	// +optional
	SecurityProfile *ClusterSecurityProfile `json:"securityProfile,omitempty" arm:"properties.securityProfile"`

	// addonProfiles are add-ons of AKS. An entry cannot be removed: turn it off (enabled: false).
	// https://learn.microsoft.com/azure/aks/integrations
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	AddonProfiles []AddonProfile `json:"addonProfiles,omitempty" arm:"properties.addonProfiles,key=name"`

	// extensions are software that Azure installs into the cluster and keeps up to date.
	// https://learn.microsoft.com/azure/aks/cluster-extensions
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	Extensions []Extension `json:"extensions,omitempty" arm:"-,resources Microsoft.KubernetesConfiguration/extensions,key=name"`

	// storageProfile says which storage drivers AKS installs.
	// +optional
	StorageProfile *StorageProfile `json:"storageProfile,omitempty" arm:"properties.storageProfile"`

	// ingressProfile says how requests get into the cluster.
	// +optional
	IngressProfile *IngressProfile `json:"ingressProfile,omitempty" arm:"properties.ingressProfile"`

	// serviceMeshProfile is the service mesh of the cluster.
	// +optional
	ServiceMeshProfile *ServiceMeshProfile `json:"serviceMeshProfile,omitempty" arm:"properties.serviceMeshProfile"`

	// azureMonitorProfile sends what happens in the cluster to Azure Monitor.
	// +optional
	AzureMonitorProfile *AzureMonitorProfile `json:"azureMonitorProfile,omitempty" arm:"properties.azureMonitorProfile"`

	// metricsProfile are figures about the cluster itself.
	// +optional
	MetricsProfile *MetricsProfile `json:"metricsProfile,omitempty" arm:"properties.metricsProfile"`

	// workloadAutoScalerProfile says which autoscalers of workloads AKS installs.
	// +optional
	WorkloadAutoScalerProfile *WorkloadAutoScalerProfile `json:"workloadAutoScalerProfile,omitempty" arm:"properties.workloadAutoScalerProfile"`

	// nodeProvisioningProfile lets AKS make nodes for pending pods by itself, without pools.
	// +optional
	NodeProvisioningProfile *NodeProvisioningProfile `json:"nodeProvisioningProfile,omitempty" arm:"properties.nodeProvisioningProfile"`

	// schedulerProfile is for the scheduler of Kubernetes.
	// +optional
	SchedulerProfile *SchedulerProfile `json:"schedulerProfile,omitempty" arm:"properties.schedulerProfile"`

	// aiToolchainOperatorProfile installs the operator for models of artificial intelligence (KAITO).
	// https://learn.microsoft.com/azure/aks/ai-toolchain-operator
	// +optional
	AIToolchainOperatorProfile *Switch `json:"aiToolchainOperatorProfile,omitempty" arm:"properties.aiToolchainOperatorProfile"`

	// windowsProfile is for Windows nodes.
	// +optional
	WindowsProfile *WindowsProfile `json:"windowsProfile,omitempty" arm:"properties.windowsProfile"`

	// podIdentityProfile is the way pods got identities before workload identity; Azure does not support it any more.
	// +optional
	PodIdentityProfile *PodIdentityProfile `json:"podIdentityProfile,omitempty" arm:"properties.podIdentityProfile"`

	// nodeResourceGroupProfile protects the resource group AKS makes for the nodes.
	// +optional
	NodeResourceGroupProfile *NodeResourceGroupProfile `json:"nodeResourceGroupProfile,omitempty" arm:"properties.nodeResourceGroupProfile"`

	// bootstrapProfile is where nodes get the images they need to start.
	// +optional
	BootstrapProfile *BootstrapProfile `json:"bootstrapProfile,omitempty" arm:"properties.bootstrapProfile"`

	// diskEncryptionSetID is the id of the disk encryption set whose key encrypts the disks of the nodes. Fixed after
	// creation. https://learn.microsoft.com/azure/aks/azure-disk-customer-managed-keys
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	DiskEncryptionSetID string `json:"diskEncryptionSetID,omitempty" arm:"properties.diskEncryptionSetID,id,immutable"`

	// extendedLocation is an edge zone. Fixed after creation.
	// +optional
	ExtendedLocation *ExtendedLocation `json:"extendedLocation,omitempty" arm:"extendedLocation"`

	// hostedSystemProfile lets AKS run its own pods on nodes outside your subscription.
	// +optional
	HostedSystemProfile *HostedSystemProfile `json:"hostedSystemProfile,omitempty" arm:"properties.hostedSystemProfile"`

	// enablePreviewFeatures sends requests about the cluster and its pools with a preview api-version (default: false). It can
	// be changed at any time. https://learn.microsoft.com/azure/aks/concepts-preview-api-life-cycle
	// +optional
	// +kubebuilder:default=false
	EnablePreviewFeatures *bool `json:"enablePreviewFeatures,omitempty" arm:"-,selects the api-version"`

	// asoManagedClusterPatches are JSON or YAML merge patches of the ManagedCluster object of Azure Service Operator, which
	// earlier providers wrote. They are applied in order to the request instead: what is in spec means the same there, the
	// rest has no effect.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=65536
	ASOManagedClusterPatches []string `json:"asoManagedClusterPatches,omitempty" arm:"-,patches of the request"`

	// passthrough are properties of the managed cluster that are no field here.
	// +optional
	Passthrough *Passthrough `json:"passthrough,omitempty"`

	// machineTemplate has no effect. It exists because a ClusterClass may write it.
	// +optional
	MachineTemplate *MachineTemplate `json:"machineTemplate,omitempty" arm:"-,no effect"`
}

// MachineTemplate is always empty.
type MachineTemplate struct{}
