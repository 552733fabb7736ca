package v1beta1

// PrivateEndpoint gives a service of Azure, for example a storage account, an address inside the subnet of the nodes. It
// is created in the resource group of the virtual network, and deleted when its entry is removed.
// https://learn.microsoft.com/azure/private-link/private-endpoint-overview
type PrivateEndpoint struct {
	// name of the private endpoint in Azure: letters, digits, underscores, dots and hyphens.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[\\w._-]+$')`,messageExpression=`'privateEndpoints has the name "' + self + '": use letters, digits, underscores, dots and hyphens'`
	Name string `json:"name"`

	// location is the region of the private endpoint. Default: that of the cluster.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Location string `json:"location,omitempty"`

	// privateLinkServiceConnections are the services that get the address; at least one.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	PrivateLinkServiceConnections []PrivateLinkServiceConnection `json:"privateLinkServiceConnections"`

	// customNetworkInterfaceName is the name of the network interface. Azure chooses one where it is not given.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	CustomNetworkInterfaceName string `json:"customNetworkInterfaceName,omitempty"`

	// privateIPAddresses are addresses inside the subnet. Azure chooses one where none is given.
	// +optional
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=45
	// +kubebuilder:validation:items:XValidation:rule="isIP(self)",messageExpression="'privateIPAddresses has \"' + self + '\", which is not an IP address: write an address inside the subnet'"
	PrivateIPAddresses []string `json:"privateIPAddresses,omitempty"`

	// applicationSecurityGroups are the ids of application security groups the private endpoint belongs to.
	// +optional
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=1024
	ApplicationSecurityGroups []string `json:"applicationSecurityGroups,omitempty"`

	// manualApproval leaves it to the owner of the service to accept the connection. Default: false, it is accepted at once,
	// for which the identity needs rights on the service.
	// +optional
	ManualApproval *bool `json:"manualApproval,omitempty"`
}

// PrivateLinkServiceConnection is a connection to one service.
type PrivateLinkServiceConnection struct {
	// name of the connection: letters, digits, underscores, dots and hyphens. Default: that of the private endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule=`self == '' || self.matches('^[\\w._-]+$')`,messageExpression=`'privateLinkServiceConnections has the name "' + self + '": use letters, digits, underscores, dots and hyphens'`
	Name string `json:"name,omitempty"`

	// privateLinkServiceID is the id of the service, for example of a storage account.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`self.matches('(?i)subscriptions/(.+)/resourceGroups/(.+)/providers/(.+?)/(.+?)/(.+)')`,messageExpression=`'privateLinkServiceID "' + self + '" is not an id: write /subscriptions/<id>/resourceGroups/<name>/providers/<kind of resource>/<name>'`
	PrivateLinkServiceID string `json:"privateLinkServiceID"`

	// groupIDs are the parts of the service, for example blob for a storage account.
	// +optional
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=256
	GroupIDs []string `json:"groupIDs,omitempty"`

	// requestMessage is what the owner of the service reads, at most 140 characters.
	// +optional
	// +kubebuilder:validation:MaxLength=140
	RequestMessage string `json:"requestMessage,omitempty"`
}
