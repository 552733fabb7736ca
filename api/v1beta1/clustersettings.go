package v1beta1

// NodeProvisioningProfile lets AKS make nodes for pending pods by itself, without pools (node auto-provisioning).
// https://learn.microsoft.com/azure/aks/node-auto-provisioning
type NodeProvisioningProfile struct {
	// mode is Auto or Manual (the default of AKS). It can be changed at any time.
	// +kubebuilder:validation:Enum=Auto;Manual
	Mode string `json:"mode" arm:"mode,fold"`

	// defaultNodePools is Auto (AKS makes Karpenter NodePools to begin with, its default) or None. It can be changed at any
	// time.
	// +optional
	// +kubebuilder:validation:Enum=Auto;None
	DefaultNodePools string `json:"defaultNodePools,omitempty" arm:"defaultNodePools,fold"`
}

// NodeResourceGroupProfile protects the resource group AKS makes for the nodes.
// https://learn.microsoft.com/azure/aks/node-resource-group-lockdown
type NodeResourceGroupProfile struct {
	// restrictionLevel is ReadOnly (people can look, but change things through Kubernetes only) or Unrestricted (the default
	// of AKS). It can be changed at any time.
	// +kubebuilder:validation:Enum=Unrestricted;ReadOnly
	RestrictionLevel string `json:"restrictionLevel" arm:"restrictionLevel,fold"`
}

// BootstrapProfile is where nodes get the images they need to start.
// https://learn.microsoft.com/azure/aks/concepts-network-isolated
type BootstrapProfile struct {
	// artifactSource is Direct (from Microsoft's registry, the default of AKS) or Cache (from a container registry of the
	// cluster's own). It can be changed at any time.
	// +kubebuilder:validation:Enum=Cache;Direct
	ArtifactSource string `json:"artifactSource" arm:"artifactSource,fold"`

	// containerRegistryID is the id of the container registry for artifactSource Cache. AKS makes one where none is given.
	// It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ContainerRegistryID string `json:"containerRegistryID,omitempty" arm:"containerRegistryId,id"`
}

// ClusterUpgradeSettings are for upgrades of the whole cluster.
type ClusterUpgradeSettings struct {
	// overrideSettings let upgrades go on in spite of what AKS finds.
	// +optional
	OverrideSettings *UpgradeOverrideSettings `json:"overrideSettings,omitempty" arm:"overrideSettings"`
}

// UpgradeOverrideSettings let upgrades go on in spite of what AKS finds.
// https://learn.microsoft.com/azure/aks/stop-cluster-upgrade-api-breaking-changes
type UpgradeOverrideSettings struct {
	// forceUpgrade lets an upgrade go on although APIs are in use that the new version does not have. It can be changed at
	// any time.
	// +optional
	ForceUpgrade *bool `json:"forceUpgrade,omitempty" arm:"forceUpgrade"`

	// until is when that ends, for example 2026-12-31T12:00:00Z, at most 30 days from now; AKS takes 3 days where it is not
	// given. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Format=date-time
	Until string `json:"until,omitempty" arm:"until"`
}

// WindowsProfile is for Windows nodes. The password of the administrator is made by AKS.
//
// +kubebuilder:validation:XValidation:rule="!has(self.gmsaProfile) || has(self.gmsaProfile.dnsServer) == has(self.gmsaProfile.rootDomainName)",message="windowsProfile.gmsaProfile has only one of dnsServer and rootDomainName: give both, or neither to use the DNS server of the virtual network",fieldPath=".gmsaProfile"
type WindowsProfile struct {
	// adminUsername is the name of the administrator. Fixed after creation.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	AdminUsername string `json:"adminUsername" arm:"adminUsername,immutable"`

	// licenseType is Windows_Server for licences of your own (Azure Hybrid Benefit), or None (the default of AKS). It can be
	// changed at any time. https://learn.microsoft.com/azure/aks/windows-faq
	// +optional
	// +kubebuilder:validation:Enum=None;Windows_Server
	LicenseType string `json:"licenseType,omitempty" arm:"licenseType,fold"`

	// enableCSIProxy lets storage drivers work on Windows nodes (AKS: true). It can be changed at any time.
	// +optional
	EnableCSIProxy *bool `json:"enableCSIProxy,omitempty" arm:"enableCSIProxy"`

	// gmsaProfile gives pods group managed service accounts of Active Directory.
	// +optional
	GMSAProfile *GMSAProfile `json:"gmsaProfile,omitempty" arm:"gmsaProfile"`
}

// GMSAProfile gives pods group managed service accounts of Active Directory.
// https://learn.microsoft.com/azure/aks/use-group-managed-service-accounts
type GMSAProfile struct {
	// enabled turns it on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`

	// dnsServer is the DNS server of the domain; not given, that of the virtual network.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	DNSServer string `json:"dnsServer,omitempty" arm:"dnsServer"`

	// rootDomainName is the name of the domain, together with dnsServer.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	RootDomainName string `json:"rootDomainName,omitempty" arm:"rootDomainName"`
}

// HTTPProxyConfig is the proxy nodes and pods use. https://learn.microsoft.com/azure/aks/http-proxy
type HTTPProxyConfig struct {
	// enabled turns a proxy that is configured off (false) and on again (AKS: true). It can be changed at any time.
	// +optional
	Enabled *bool `json:"enabled,omitempty" arm:"enabled"`

	// httpProxy is the proxy for HTTP, for example http://proxy.example.com:3128/. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	HTTPProxy *string `json:"httpProxy,omitempty" arm:"httpProxy,immutable"`

	// httpsProxy is the proxy for HTTPS. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	HTTPSProxy *string `json:"httpsProxy,omitempty" arm:"httpsProxy,immutable"`

	// noProxy are the names and ranges that are reached directly; AKS adds what the cluster itself needs. Fixed after
	// creation.
	// +optional
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MaxLength=253
	NoProxy []string `json:"noProxy,omitempty" arm:"noProxy,set,immutable"`

	// trustedCa is a certificate the nodes trust for the proxy: a PEM file, base64-encoded. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=65536
	TrustedCA *string `json:"trustedCa,omitempty" arm:"trustedCa,immutable"`
}

// ExtendedLocation is an edge zone. https://learn.microsoft.com/azure/extended-zones/overview
type ExtendedLocation struct {
	// name of the edge zone.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name" arm:"name,fold,immutable"`

	// type is EdgeZone.
	// +kubebuilder:validation:Enum=EdgeZone
	Type string `json:"type" arm:"type,fold,immutable"`
}

// HostedSystemProfile lets AKS run its own pods on nodes outside your subscription, with sku.name Automatic.
// https://learn.microsoft.com/azure/aks/automatic/aks-automatic-managed-system-node-pools-about
type HostedSystemProfile struct {
	// enabled turns it on. Fixed after creation.
	Enabled bool `json:"enabled" arm:"enabled,immutable"`

	// nodeSubnetID is the id of the subnet for nodes that node auto-provisioning makes. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	NodeSubnetID string `json:"nodeSubnetID,omitempty" arm:"nodeSubnetID,id,immutable"`

	// systemNodeSubnetID is the id of the subnet for the nodes of AKS. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	SystemNodeSubnetID string `json:"systemNodeSubnetID,omitempty" arm:"systemNodeSubnetID,id,immutable"`
}

// SchedulerProfile is for the scheduler of Kubernetes.
type SchedulerProfile struct {
	// upstream is the scheduler Kubernetes comes with.
	// +optional
	Upstream *UpstreamScheduler `json:"upstream,omitempty" arm:"upstream"`
}

// UpstreamScheduler is the scheduler Kubernetes comes with.
// https://learn.microsoft.com/azure/aks/configure-aks-scheduler
type UpstreamScheduler struct {
	// schedulerConfigMode is Default or ManagedByCRD (a SchedulerConfiguration in the cluster). It can be changed at any time.
	// +kubebuilder:validation:Enum=Default;ManagedByCRD
	SchedulerConfigMode string `json:"schedulerConfigMode" arm:"schedulerConfigMode,fold"`
}
