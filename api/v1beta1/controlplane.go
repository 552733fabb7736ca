package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AzureManagedControlPlaneSpec is the AKS cluster that is wanted, except for its pools.
//
// +kubebuilder:validation:XValidation:rule="!has(self.networkPluginMode) || has(oldSelf.networkPluginMode) || !has(oldSelf.networkPolicy)",messageExpression="'networkPluginMode overlay cannot be added to a cluster with a network policy, and networkPolicy is \"' + oldSelf.networkPolicy + '\": remove networkPluginMode, or create a new cluster'",fieldPath=".networkPluginMode",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.addonProfiles) || oldSelf.addonProfiles.all(o, has(self.addonProfiles) && self.addonProfiles.exists(n, n.name == o.name))",messageExpression="'addonProfiles has lost %s: an add-on cannot be removed. Restore its entry with enabled: false to turn it off.'.format([oldSelf.addonProfiles.filter(o, !has(self.addonProfiles) || !self.addonProfiles.exists(n, n.name == o.name)).map(o, o.name)])",fieldPath=".addonProfiles",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(self.dnsPrefix) || self.dnsPrefix.matches('^[a-zA-Z0-9]([a-zA-Z0-9-]{0,52}[a-zA-Z0-9])?$')",messageExpression="'dnsPrefix \"' + self.dnsPrefix + '\" cannot be part of a DNS name: use 1 to 54 letters, digits and hyphens, with a letter or digit at both ends'",fieldPath=".dnsPrefix"
// +kubebuilder:validation:XValidation:rule="!has(self.fqdnSubdomain) || self.?apiServerAccessProfile.?enablePrivateCluster.orValue(false) && has(self.apiServerAccessProfile.privateDNSZone) && self.apiServerAccessProfile.privateDNSZone.contains('/')",message="fqdnSubdomain is the name in a private DNS zone of your own: set apiServerAccessProfile.enablePrivateCluster to true and privateDNSZone to the id of the zone, or remove fqdnSubdomain",fieldPath=".fqdnSubdomain"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.aadProfile) || oldSelf.aadProfile.?managed.orValue(false) || has(self.aadProfile)",message="aadProfile cannot be removed: AKS has no way back from Microsoft Entra ID. Restore it and leave out what you do not need, or create a new cluster.",fieldPath=".aadProfile",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.aadProfile) || !has(self.aadProfile) || !has(oldSelf.aadProfile.adminGroupObjectIDs) || size(oldSelf.aadProfile.adminGroupObjectIDs) == 0 || has(self.aadProfile.adminGroupObjectIDs) && size(self.aadProfile.adminGroupObjectIDs) > 0",message="aadProfile.adminGroupObjectIDs cannot become empty: nobody would administer the cluster, and AKS would keep the groups it has. Restore one, or name another group.",fieldPath=".aadProfile.adminGroupObjectIDs",reason=FieldValueForbidden
type AzureManagedControlPlaneSpec struct {
	AzureManagedControlPlaneClassSpec `json:",inline"`

	// version is the Kubernetes version of the control plane, for example v1.33.4 (the leading v may be left out), or a minor
	// version, for example v1.33: the latest patch on offer when the cluster is created or upgraded to it, any patch of it
	// afterwards. It can only rise from the version that runs, and is a floor: what AKS upgrades by itself stays. A version several
	// minors away is reached one minor at a time, see upgrade. Pools follow the version of their MachinePool and are never newer.
	// https://learn.microsoft.com/azure/aks/supported-kubernetes-versions
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule=`self.matches('^v?(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*)([-0-9a-zA-Z_.+]*)?)?$')`,messageExpression=`'version "' + self + '" is not a Kubernetes version: write major, minor and patch, for example v1.33.4, or major and minor, for example v1.33'`
	Version string `json:"version" arm:"properties.kubernetesVersion,version,up"`

	// nodeResourceGroupName is the resource group AKS makes for the nodes, load balancer and disks. Default:
	// MC_<resourceGroupName>_<name>_<location>, cut to the 80 characters Azure allows. Fixed once the cluster exists.
	// https://learn.microsoft.com/azure/aks/faq#why-are-two-resource-groups-created-with-aks-
	// +optional
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule=`self == '' || self.matches('^[-\\p{L}\\p{N}._()]*[-\\p{L}\\p{N}_()]$')`,messageExpression=`'nodeResourceGroupName "' + self + '" is no name of a resource group: use letters, digits, hyphens, underscores, dots and parentheses, without a dot at the end'`
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

	// fqdnSubdomain starts the DNS name of the API server in a private DNS zone of your own, instead of dnsPrefix; the cluster is
	// private and names the zone by its id. Fixed after creation. https://learn.microsoft.com/azure/aks/private-clusters
	// +optional
	// +kubebuilder:validation:MaxLength=63
	FQDNSubdomain string `json:"fqdnSubdomain,omitempty" arm:"properties.fqdnSubdomain,immutable"`

	// fleetsMember makes the cluster a member of an Azure Kubernetes Fleet Manager. It can be added and removed at any time.
	// https://learn.microsoft.com/azure/kubernetes-fleet/overview
	// +optional
	FleetsMember *FleetsMember `json:"fleetsMember,omitempty" arm:"-,resource Microsoft.ContainerService/fleets/members"`

	// controlPlaneEndpoint is where the API server can be reached. The controller fills it in; a value of your own is
	// replaced.
	// +optional
	ControlPlaneEndpoint APIEndpoint `json:"controlPlaneEndpoint,omitzero" arm:"-,written by the controller"`
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
// +kubebuilder:printcolumn:name="Elapsed",type=date,JSONPath=`.status.operation.startTime`,description="Time since the operation began"
// +kubebuilder:printcolumn:name="Paused",type=string,JSONPath=`.status.conditions[?(@.type=="Paused")].status`,description="Nothing is sent to Azure"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is not ready"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Why it is not ready, in words"
// +kubebuilder:printcolumn:name="Location",type=string,priority=1,JSONPath=`.spec.location`
// +kubebuilder:printcolumn:name="Tier",type=string,priority=1,JSONPath=`.status.tier`
// +kubebuilder:printcolumn:name="Channel",type=string,priority=1,JSONPath=`.spec.autoUpgradeProfile.upgradeChannel`
// +kubebuilder:printcolumn:name="Resource ID",type=string,priority=1,JSONPath=`.status.resourceID`
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || !self.metadata.name.contains('microsoft') && !self.metadata.name.contains('windows')",messageExpression="'metadata.name \"' + self.metadata.name + '\" contains a word Azure reserves: choose a name without microsoft and windows'",optionalOldSelf=true
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || self.metadata.name.matches('^[a-zA-Z0-9]([-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$')",messageExpression="'metadata.name \"' + self.metadata.name + '\" is no name of an AKS cluster: choose 1 to 63 letters, digits and hyphens, without dots and with a letter or digit at both ends'",optionalOldSelf=true
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
