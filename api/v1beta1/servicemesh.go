package v1beta1

// ServiceMeshProfile is the service mesh of the cluster.
//
// +kubebuilder:validation:XValidation:rule="!has(self.istio) || self.mode == 'Istio'",messageExpression="'serviceMeshProfile.istio has no effect with mode ' + self.mode + ': change mode to Istio, or remove istio'",fieldPath=".istio"
type ServiceMeshProfile struct {
	// mode is Istio or Disabled. It can be changed at any time.
	// +kubebuilder:validation:Enum=Istio;Disabled
	Mode string `json:"mode" arm:"mode,fold"`

	// istio are the settings of Istio.
	// +optional
	Istio *IstioServiceMesh `json:"istio,omitempty" arm:"istio"`
}

// IstioServiceMesh are the settings of Istio. https://learn.microsoft.com/azure/aks/istio-about
type IstioServiceMesh struct {
	// revisions are the control planes of Istio: one, for example asm-1-25, or two while a canary upgrade goes on. AKS
	// chooses one where none is given. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=2
	// +kubebuilder:validation:items:MaxLength=64
	Revisions []string `json:"revisions,omitempty" arm:"revisions,set"`

	// components are the parts of Istio that can be chosen.
	// +optional
	Components *IstioComponents `json:"components,omitempty" arm:"components"`

	// certificateAuthority is where the certificates of the mesh come from. Default: Istio makes its own.
	// +optional
	CertificateAuthority *IstioCertificateAuthority `json:"certificateAuthority,omitempty" arm:"certificateAuthority"`
}

// IstioComponents are the parts of Istio that can be chosen.
type IstioComponents struct {
	// ingressGateways let requests in: at most one External and one Internal. They can be changed at any time.
	// +optional
	// +listType=map
	// +listMapKey=mode
	// +kubebuilder:validation:MaxItems=2
	IngressGateways []IstioIngressGateway `json:"ingressGateways,omitempty" arm:"ingressGateways"`

	// egressGateways let requests out. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=50
	EgressGateways []IstioEgressGateway `json:"egressGateways,omitempty" arm:"egressGateways"`

	// proxyRedirectionMechanism is how traffic gets to the proxies: InitContainers (the default of AKS) or CNIChaining,
	// which needs no privileged init containers. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Enum=InitContainers;CNIChaining
	ProxyRedirectionMechanism string `json:"proxyRedirectionMechanism,omitempty" arm:"proxyRedirectionMechanism,fold"`
}

// IstioIngressGateway lets requests in.
type IstioIngressGateway struct {
	// mode is External (a public address) or Internal.
	// +kubebuilder:validation:Enum=External;Internal
	Mode string `json:"mode" arm:"mode,fold"`

	// enabled turns the gateway on.
	Enabled bool `json:"enabled" arm:"enabled"`
}

// IstioEgressGateway lets requests out.
type IstioEgressGateway struct {
	// name of the gateway, unique in its namespace: lower-case letters, digits, hyphens and dots.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,messageExpression=`'egressGateways has the name "' + self + '", which Kubernetes does not accept: use lower-case letters, digits, hyphens and dots'`
	Name string `json:"name" arm:"name"`

	// enabled turns the gateway on.
	Enabled bool `json:"enabled" arm:"enabled"`

	// namespace of the gateway (AKS: aks-istio-egress).
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty" arm:"namespace"`

	// gatewayConfigurationName names the StaticGatewayConfiguration whose addresses the gateway uses.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	GatewayConfigurationName string `json:"gatewayConfigurationName,omitempty" arm:"gatewayConfigurationName"`
}

// IstioCertificateAuthority is where the certificates of the mesh come from.
type IstioCertificateAuthority struct {
	// plugin takes them from an Azure Key Vault. https://learn.microsoft.com/azure/aks/istio-plugin-ca
	// +optional
	Plugin *IstioPluginCertificateAuthority `json:"plugin,omitempty" arm:"plugin"`
}

// IstioPluginCertificateAuthority takes the certificates of the mesh from an Azure Key Vault.
type IstioPluginCertificateAuthority struct {
	// keyVaultID is the id of the key vault. It can be changed at any time, like all names below.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	KeyVaultID string `json:"keyVaultID,omitempty" arm:"keyVaultId,id"`

	// certObjectName is the name of the intermediate certificate in the key vault.
	// +optional
	// +kubebuilder:validation:MaxLength=127
	CertObjectName string `json:"certObjectName,omitempty" arm:"certObjectName"`

	// keyObjectName is the name of the intermediate certificate's private key in the key vault.
	// +optional
	// +kubebuilder:validation:MaxLength=127
	KeyObjectName string `json:"keyObjectName,omitempty" arm:"keyObjectName"`

	// rootCertObjectName is the name of the root certificate in the key vault.
	// +optional
	// +kubebuilder:validation:MaxLength=127
	RootCertObjectName string `json:"rootCertObjectName,omitempty" arm:"rootCertObjectName"`

	// certChainObjectName is the name of the certificate chain in the key vault.
	// +optional
	// +kubebuilder:validation:MaxLength=127
	CertChainObjectName string `json:"certChainObjectName,omitempty" arm:"certChainObjectName"`
}
