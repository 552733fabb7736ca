package v1beta1

// AADProfile lets users log in with Microsoft Entra ID. It cannot be removed once it is managed.
type AADProfile struct {
	// managed is true for the integration AKS manages, the only one there is. It can be changed from false to true only.
	// +optional
	Managed *bool `json:"managed,omitempty" arm:"managed,true-only"`

	// adminGroupObjectIDs are the object ids of the Entra ID groups whose members administer the cluster. They can be changed
	// at any time; one has to stay.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=256
	AdminGroupObjectIDs []string `json:"adminGroupObjectIDs,omitempty" arm:"adminGroupObjectIDs,set"`

	// enableAzureRBAC lets Azure role assignments decide what users may do in Kubernetes, beside Kubernetes' own roles. Not
	// given, it stays as it is in Azure; a new cluster then has it off. It can be changed at any time.
	// https://learn.microsoft.com/azure/aks/manage-azure-rbac
	// +optional
	EnableAzureRBAC *bool `json:"enableAzureRBAC,omitempty" arm:"enableAzureRBAC"`

	// tenantID is the Entra ID tenant of the users. Default: that of the subscription. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TenantID string `json:"tenantID,omitempty" arm:"tenantID,fold"`

	// clientAppID is the client application of an integration that is not managed, which AKS does not offer for new clusters
	// any more.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ClientAppID string `json:"clientAppID,omitempty" arm:"clientAppID,fold"`

	// serverAppID is the server application of such an integration.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ServerAppID string `json:"serverAppID,omitempty" arm:"serverAppID,fold"`
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

	// nodeOSUpgradeChannel is how the operating system of nodes is kept up to date: NodeImage (a new image every week, the
	// default of AKS), SecurityPatch (fixes of security only), Unmanaged (the nodes' own way, without restarts) or None. It
	// can be changed at any time. https://learn.microsoft.com/azure/aks/auto-upgrade-node-os-image
	// +optional
	// +kubebuilder:validation:Enum=None;Unmanaged;NodeImage;SecurityPatch
	NodeOSUpgradeChannel string `json:"nodeOSUpgradeChannel,omitempty" arm:"nodeOSUpgradeChannel,fold"`
}

// APIServerAccessProfile says who can reach the API server.
//
// +kubebuilder:validation:XValidation:rule="!has(self.privateDNSZone) || self.privateDNSZone.lowerAscii() in ['system', 'none'] || self.?enablePrivateCluster.orValue(false)",messageExpression="'apiServerAccessProfile.privateDNSZone \"' + self.privateDNSZone + '\" is a zone of your own, which only a private cluster has: set enablePrivateCluster to true, or remove privateDNSZone'",fieldPath=".privateDNSZone"
type APIServerAccessProfile struct {
	// authorizedIPRanges are the address ranges that may reach a public API server, for example 12.34.56.78/32; none means
	// everybody. Include the egress address of the management cluster and of your own machines. They can be changed at any
	// time. https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges
	// +optional
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self)",messageExpression="'authorizedIPRanges has \"' + self + '\", which is not an address range: write an address and a prefix length, for example 12.34.56.78/32 for a single address'"
	AuthorizedIPRanges []string `json:"authorizedIPRanges,omitempty" arm:"authorizedIPRanges,set,cidr,release=[]"`

	// enablePrivateCluster gives the API server a private address only. Default: false. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/private-clusters
	// +optional
	EnablePrivateCluster *bool `json:"enablePrivateCluster,omitempty" arm:"enablePrivateCluster,immutable"`

	// privateDNSZone of a private cluster: System (AKS makes one, the default), None (the public DNS name is used), or the id
	// of a private DNS zone privatelink.<region>.azmk8s.io or <name>.privatelink.<region>.azmk8s.io. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/private-clusters#configure-a-private-dns-zone
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`self.lowerAscii() in ['system', 'none'] || self.matches('(?i)privatednszones/([a-z0-9-]{1,32}\\.)?(privatelink|private)\\.[a-z0-9]+\\.azmk8s\\.io$')`,messageExpression=`'apiServerAccessProfile.privateDNSZone "' + self + '" is not a zone AKS can use: write System, None, or the id of a zone ending in /privateDnsZones/privatelink.<region>.azmk8s.io or /privateDnsZones/<name>.privatelink.<region>.azmk8s.io'`
	PrivateDNSZone string `json:"privateDNSZone,omitempty" arm:"privateDNSZone,immutable,fold"`

	// enablePrivateClusterPublicFQDN gives a private cluster a public DNS name too, which resolves to the private address.
	// AKS uses true; it has no effect for other clusters. Fixed after creation.
	// +optional
	EnablePrivateClusterPublicFQDN *bool `json:"enablePrivateClusterPublicFQDN,omitempty" arm:"enablePrivateClusterPublicFQDN,immutable"`

	// disableRunCommand turns off `az aks command invoke`, which runs commands in a private cluster from outside (AKS: false).
	// It can be changed at any time. https://learn.microsoft.com/azure/aks/access-private-cluster
	// +optional
	DisableRunCommand *bool `json:"disableRunCommand,omitempty" arm:"disableRunCommand"`

	// enableVnetIntegration puts the API server into a subnet of the cluster's network. It can be turned on later, with a
	// restart of all nodes, but not off. https://learn.microsoft.com/azure/aks/api-server-vnet-integration
	// +optional
	EnableVnetIntegration *bool `json:"enableVnetIntegration,omitempty" arm:"enableVnetIntegration,true-only"`

	// subnetID is the id of the subnet of the API server, with enableVnetIntegration; it must be delegated to
	// Microsoft.ContainerService/managedClusters. It can be given once and is fixed then.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	SubnetID string `json:"subnetID,omitempty" arm:"subnetId,id,setonce"`
}
