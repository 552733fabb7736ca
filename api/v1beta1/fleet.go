package v1beta1

// FleetsMemberClass is the fleet a cluster belongs to, as far as a template can say it.
type FleetsMemberClass struct {
	// group is the update group of the cluster in the fleet (default: default). It can be changed at any time.
	// +optional
	// +kubebuilder:default=default
	// +kubebuilder:validation:MaxLength=50
	Group string `json:"group,omitempty"`

	// managerName is the name of the fleet. Another one moves the cluster to that fleet.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	ManagerName string `json:"managerName"`

	// managerResourceGroup is the resource group of the fleet, in the subscription of the cluster.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=90
	ManagerResourceGroup string `json:"managerResourceGroup"`
}

// FleetsMember makes the cluster a member of an Azure Kubernetes Fleet Manager, for upgrades of many clusters in order.
// Removing it takes the cluster out of the fleet. https://learn.microsoft.com/azure/kubernetes-fleet/overview
//
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.name) || oldSelf.name == \"\" || has(self.name) && self.name == oldSelf.name",messageExpression="'fleetsMember.name cannot be changed from \"' + oldSelf.name + '\" to ' + (has(self.name) ? '\"' + self.name + '\"' : '(not set)') + ': it is the name of the member in Azure. Restore the old value, or remove fleetsMember first and add it again.'",fieldPath=".name",reason=FieldValueForbidden
type FleetsMember struct {
	// name of the member in the fleet: lower-case letters, digits and hyphens. Default: the name of the Cluster. It can be
	// given once and is fixed then, as long as fleetsMember is there.
	// +optional
	// +kubebuilder:validation:MaxLength=50
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",messageExpression="'fleetsMember.name \"' + self + '\" is not a name of a fleet member: use lower-case letters, digits and hyphens, with a letter or digit at both ends'"
	Name string `json:"name,omitempty"`

	FleetsMemberClass `json:",inline"`
}
