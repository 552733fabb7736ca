package v1beta1

// NATGatewayProfile is the NAT gateway AKS makes for outboundType managedNATGateway.
// https://learn.microsoft.com/azure/aks/nat-gateway
type NATGatewayProfile struct {
	// managedOutboundIPs is the number of public addresses, 1 to 16 (AKS: 1). It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=16
	ManagedOutboundIPs *int32 `json:"managedOutboundIPs,omitempty" arm:"managedOutboundIPProfile.count"`

	// idleTimeoutInMinutes is how long an idle outbound connection is kept, 4 to 120 minutes (AKS: 4). It can be changed at
	// any time.
	// +optional
	// +kubebuilder:validation:Minimum=4
	// +kubebuilder:validation:Maximum=120
	IdleTimeoutInMinutes *int32 `json:"idleTimeoutInMinutes,omitempty" arm:"idleTimeoutInMinutes"`
}

// StaticEgressGatewayProfile lets pods leave the cluster through pools with mode Gateway and fixed addresses.
// https://learn.microsoft.com/azure/aks/configure-static-egress-gateway
type StaticEgressGatewayProfile struct {
	// enabled turns it on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`
}

// AdvancedNetworking is Advanced Container Networking Services.
// https://learn.microsoft.com/azure/aks/advanced-container-networking-services-overview
type AdvancedNetworking struct {
	// enabled turns the services on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`

	// observability shows what happens in the network of pods (AKS: on, where the services are on).
	// +optional
	Observability *Switch `json:"observability,omitempty" arm:"observability"`

	// security filters and encrypts the traffic of pods.
	// +optional
	Security *AdvancedNetworkingSecurity `json:"security,omitempty" arm:"security"`

	// performance speeds the network of pods up.
	// +optional
	Performance *AdvancedNetworkingPerformance `json:"performance,omitempty" arm:"performance"`
}

// AdvancedNetworkingSecurity filters and encrypts the traffic of pods; it needs networkDataplane cilium.
type AdvancedNetworkingSecurity struct {
	// enabled turns it on (AKS: on, where the services are on). It can be changed at any time.
	// +optional
	Enabled *bool `json:"enabled,omitempty" arm:"enabled"`

	// advancedNetworkPolicies are policies by DNS name (FQDN), by that and by HTTP (L7), or neither (None). They can be
	// changed at any time.
	// +optional
	// +kubebuilder:validation:Enum=L7;FQDN;None
	AdvancedNetworkPolicies string `json:"advancedNetworkPolicies,omitempty" arm:"advancedNetworkPolicies,fold"`

	// transitEncryption encrypts the traffic between nodes.
	// +optional
	TransitEncryption *TransitEncryption `json:"transitEncryption,omitempty" arm:"transitEncryption"`
}

// TransitEncryption encrypts the traffic between nodes.
type TransitEncryption struct {
	// type is WireGuard or None (the default of AKS). It can be changed at any time.
	// +kubebuilder:validation:Enum=WireGuard;None
	Type string `json:"type" arm:"type,fold"`
}

// AdvancedNetworkingPerformance speeds the network of pods up; it needs networkDataplane cilium.
type AdvancedNetworkingPerformance struct {
	// accelerationMode is BpfVeth or None (the default of AKS). It can be changed at any time.
	// +kubebuilder:validation:Enum=BpfVeth;None
	AccelerationMode string `json:"accelerationMode" arm:"accelerationMode,fold"`
}
