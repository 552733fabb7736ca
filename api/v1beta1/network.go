package v1beta1

// VirtualNetwork is the virtual network of the nodes. It is created where it does not exist and deleted with the
// cluster then; a network that exists and does not carry the owner tag of the cluster is used and never modified.
//
// +kubebuilder:validation:XValidation:rule="!has(self.cidrBlock) || !has(self.subnet) || !has(self.subnet.cidrBlock) || !isCIDR(self.cidrBlock) || !isCIDR(self.subnet.cidrBlock) || cidr(self.cidrBlock).containsCIDR(cidr(self.subnet.cidrBlock))",messageExpression="'subnet.cidrBlock \"' + self.subnet.cidrBlock + '\" is not inside virtualNetwork.cidrBlock \"' + self.cidrBlock + '\": choose a subnet range inside the network range, or widen the network range'",fieldPath=".subnet.cidrBlock"
type VirtualNetwork struct {
	// name of the virtual network in Azure. Default: the name of the AzureManagedControlPlane. Fixed once the cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	Name string `json:"name,omitempty" arm:",precreate"`

	// resourceGroup is where the virtual network is, or is to be created. Default: spec.resourceGroupName. Fixed once the
	// cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=90
	ResourceGroup string `json:"resourceGroup,omitempty" arm:",precreate,fold"`

	// cidrBlock is the address range of the virtual network. It is not used where the network exists. Fixed once the
	// cluster exists.
	// +optional
	// +kubebuilder:default="10.0.0.0/8"
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",messageExpression="'virtualNetwork.cidrBlock \"' + self + '\" is not an address range: write an address and a prefix length, for example 10.0.0.0/8'"
	CIDRBlock string `json:"cidrBlock,omitempty" arm:",setonce"`

	// subnet is where the nodes get their addresses.
	// +optional
	// +kubebuilder:default={}
	Subnet *Subnet `json:"subnet,omitempty"`
}

// Subnet is the subnet of the nodes. Pools may name another one of the same network.
type Subnet struct {
	// name of the subnet in Azure. Default: the name of the AzureManagedControlPlane. Fixed once the cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	Name string `json:"name,omitempty" arm:",precreate"`

	// cidrBlock is the address range of the subnet, inside that of the virtual network. It is not used where the subnet
	// exists. Fixed once the cluster exists.
	// +optional
	// +kubebuilder:default="10.240.0.0/16"
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",messageExpression="'subnet.cidrBlock \"' + self + '\" is not an address range: write an address and a prefix length, for example 10.240.0.0/16'"
	CIDRBlock string `json:"cidrBlock,omitempty" arm:",setonce"`

	// serviceEndpoints give the subnet a direct route to Azure services. They can be changed at any time.
	// https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview
	// +optional
	// +listType=map
	// +listMapKey=service
	// +kubebuilder:validation:MaxItems=100
	ServiceEndpoints []ServiceEndpoint `json:"serviceEndpoints,omitempty"`
}

// ServiceEndpoint is a direct route from a subnet to one kind of Azure service.
type ServiceEndpoint struct {
	// service is the kind of service, for example Microsoft.Storage.
	// +kubebuilder:validation:MaxLength=256
	Service string `json:"service"`

	// locations are the regions the endpoint reaches; ["*"] is all.
	// +kubebuilder:validation:MaxItems=100
	Locations []string `json:"locations"`
}

// LoadBalancerProfile says how the nodes reach the internet through the load balancer. At most one of
// managedOutboundIPs, outboundIPPrefixes and outboundIPs may be given.
// https://learn.microsoft.com/azure/aks/load-balancer-standard
//
// +kubebuilder:validation:XValidation:rule="(has(self.managedOutboundIPs) ? 1 : 0) + (has(self.outboundIPPrefixes) && size(self.outboundIPPrefixes) > 0 ? 1 : 0) + (has(self.outboundIPs) && size(self.outboundIPs) > 0 ? 1 : 0) <= 1",messageExpression="'loadBalancerProfile has more than one kind of outbound address: managedOutboundIPs %s, outboundIPPrefixes %s, outboundIPs %s. Keep one of managedOutboundIPs, outboundIPPrefixes and outboundIPs, and remove the others'.format([has(self.managedOutboundIPs) ? dyn(self.managedOutboundIPs) : dyn('(not set)'), has(self.outboundIPPrefixes) ? dyn(self.outboundIPPrefixes) : dyn('(not set)'), has(self.outboundIPs) ? dyn(self.outboundIPs) : dyn('(not set)')])"
type LoadBalancerProfile struct {
	// managedOutboundIPs is the number of public addresses AKS creates for outbound connections, 1 to 100. AKS uses 1 where
	// no kind of outbound address is given. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	ManagedOutboundIPs *int32 `json:"managedOutboundIPs,omitempty" arm:"managedOutboundIPs.count"`

	// outboundIPPrefixes are the ids of public IP prefixes of your own for outbound connections. They can be changed at any
	// time.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=1024
	OutboundIPPrefixes []string `json:"outboundIPPrefixes,omitempty" arm:"outboundIPPrefixes.publicIPPrefixes[].id,id,set"`

	// outboundIPs are the ids of public addresses of your own for outbound connections. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=1024
	OutboundIPs []string `json:"outboundIPs,omitempty" arm:"outboundIPs.publicIPs[].id,id,set"`

	// allocatedOutboundPorts is the number of source ports per node, 0 to 64000, a multiple of 8. 0, the default of AKS,
	// lets Azure compute it from the number of nodes. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=64000
	AllocatedOutboundPorts *int32 `json:"allocatedOutboundPorts,omitempty" arm:"allocatedOutboundPorts"`

	// idleTimeoutInMinutes is how long an idle outbound connection is kept, 4 to 120 minutes; AKS uses 30. It can be changed
	// at any time.
	// +optional
	// +kubebuilder:validation:Minimum=4
	// +kubebuilder:validation:Maximum=120
	IdleTimeoutInMinutes *int32 `json:"idleTimeoutInMinutes,omitempty" arm:"idleTimeoutInMinutes"`
}

// APIServerAccessProfile says who can reach the API server.
//
// +kubebuilder:validation:XValidation:rule="!has(self.privateDNSZone) || self.privateDNSZone.lowerAscii() in ['system', 'none'] || self.?enablePrivateCluster.orValue(false)",messageExpression="'apiServerAccessProfile.privateDNSZone \"' + self.privateDNSZone + '\" is a zone of your own, which only a private cluster has: set enablePrivateCluster to true, or remove privateDNSZone'",fieldPath=".privateDNSZone"
// +kubebuilder:validation:XValidation:rule="!self.?enablePrivateClusterPublicFQDN.orValue(false) || self.?enablePrivateCluster.orValue(false)",message="apiServerAccessProfile.enablePrivateClusterPublicFQDN is true, but the cluster is not private: set enablePrivateCluster to true, or remove enablePrivateClusterPublicFQDN",fieldPath=".enablePrivateClusterPublicFQDN"
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
	// AKS uses true. Fixed after creation.
	// +optional
	EnablePrivateClusterPublicFQDN *bool `json:"enablePrivateClusterPublicFQDN,omitempty" arm:"enablePrivateClusterPublicFQDN,immutable"`
}
