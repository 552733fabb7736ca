package v1beta1

// VirtualNetwork is the virtual network of the nodes. It is created where it does not exist and deleted with the
// cluster then; a network that exists and does not carry the owner tag of the cluster is used and never modified.
//
// +kubebuilder:validation:XValidation:rule="!has(self.cidrBlock) || !has(self.subnet) || !has(self.subnet.cidrBlock) || !isCIDR(self.cidrBlock) || !isCIDR(self.subnet.cidrBlock) || cidr(self.cidrBlock).containsIP(cidr(self.subnet.cidrBlock).ip())",messageExpression="'subnet.cidrBlock \"' + self.subnet.cidrBlock + '\" is not inside virtualNetwork.cidrBlock \"' + self.cidrBlock + '\": choose a subnet range inside the network range, or widen the network range'",fieldPath=".subnet.cidrBlock"
type VirtualNetwork struct {
	// name of the virtual network in Azure. Default: the name of the AzureManagedControlPlane. Fixed once the cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule=`self == '' || self.matches('^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$') && size(self) <= 64`,messageExpression=`'virtualNetwork.name "' + self + '" is no name Azure takes: use at most 64 letters, digits, dots, hyphens and underscores, with a letter or digit first and no dot or hyphen last'`
	Name string `json:"name,omitempty" arm:",precreate"`

	// resourceGroup is where the virtual network is, or is to be created. Default: spec.resourceGroupName. Fixed once the
	// cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=90
	// +kubebuilder:validation:XValidation:rule=`self == '' || self.matches('^[-\\p{L}\\p{N}._()]*[-\\p{L}\\p{N}_()]$')`,messageExpression=`'virtualNetwork.resourceGroup "' + self + '" is no name of a resource group: use letters, digits, hyphens, underscores, dots and parentheses, without a dot at the end'`
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
//
// +kubebuilder:validation:XValidation:rule="!has(self.privateEndpoints) || !has(self.cidrBlock) || !isCIDR(self.cidrBlock) || self.privateEndpoints.all(e, !has(e.privateIPAddresses) || e.privateIPAddresses.all(ip, !isIP(ip) || cidr(self.cidrBlock).containsIP(ip)))",messageExpression="'subnet.privateEndpoints has an address outside subnet.cidrBlock \"' + self.cidrBlock + '\": choose privateIPAddresses inside it, or remove them to let Azure choose'",fieldPath=".privateEndpoints"
type Subnet struct {
	// name of the subnet in Azure. Default: the name of the AzureManagedControlPlane. Fixed once the cluster exists.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule=`self == '' || self.matches('^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$')`,messageExpression=`'subnet.name "' + self + '" is no name Azure takes: use at most 80 letters, digits, dots, hyphens and underscores, with a letter or digit first and no dot or hyphen last'`
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

	// privateEndpoints give services of Azure an address inside the subnet. They can be added and removed at any time.
	// https://learn.microsoft.com/azure/private-link/private-endpoint-overview
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	PrivateEndpoints []PrivateEndpoint `json:"privateEndpoints,omitempty" arm:"-,resources Microsoft.Network/privateEndpoints"`
}

// ServiceEndpoint is a direct route from a subnet to one kind of Azure service.
type ServiceEndpoint struct {
	// service is the kind of service, for example Microsoft.Storage.
	// +kubebuilder:validation:MinLength=1
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
	ManagedOutboundIPs *int32 `json:"managedOutboundIPs,omitempty" arm:"managedOutboundIPs.count,release=1"`

	// outboundIPPrefixes are the ids of public IP prefixes of your own for outbound connections. They can be changed at any
	// time.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=1024
	OutboundIPPrefixes []string `json:"outboundIPPrefixes,omitempty" arm:"outboundIPPrefixes.publicIPPrefixes[].id,id,set,release=null"`

	// outboundIPs are the ids of public addresses of your own for outbound connections. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=1024
	OutboundIPs []string `json:"outboundIPs,omitempty" arm:"outboundIPs.publicIPs[].id,id,set,release=null"`

	// allocatedOutboundPorts is the number of source ports per node, 0 to 64000, a multiple of 8. 0, the default of AKS,
	// lets Azure compute it from the number of nodes. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=64000
	AllocatedOutboundPorts *int32 `json:"allocatedOutboundPorts,omitempty" arm:"allocatedOutboundPorts,release=0"`

	// idleTimeoutInMinutes is how long an idle outbound connection is kept, 4 to 120 minutes; AKS uses 30. It can be changed
	// at any time.
	// +optional
	// +kubebuilder:validation:Minimum=4
	// +kubebuilder:validation:Maximum=120
	IdleTimeoutInMinutes *int32 `json:"idleTimeoutInMinutes,omitempty" arm:"idleTimeoutInMinutes,release=30"`

	// managedOutboundIPsIPv6 is the number of public IPv6 addresses AKS creates, 1 to 100, for a cluster with ipFamilies IPv4
	// and IPv6. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	ManagedOutboundIPsIPv6 *int32 `json:"managedOutboundIPsIPv6,omitempty" arm:"managedOutboundIPs.countIPv6"`

	// backendPoolType is how nodes get into the load balancer: NodeIPConfiguration (the default of AKS) or NodeIP. It can be
	// changed at any time.
	// +optional
	// +kubebuilder:validation:Enum=NodeIPConfiguration;NodeIP
	BackendPoolType string `json:"backendPoolType,omitempty" arm:"backendPoolType,fold"`

	// enableMultipleStandardLoadBalancers makes room for more nodes and services than one load balancer has (AKS: false). It
	// can be changed at any time. https://learn.microsoft.com/azure/aks/use-multiple-standard-load-balancer
	// +optional
	EnableMultipleStandardLoadBalancers *bool `json:"enableMultipleStandardLoadBalancers,omitempty" arm:"enableMultipleStandardLoadBalancers"`
}
