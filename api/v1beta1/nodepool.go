package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NodePoolMode is the purpose of a pool.
type NodePoolMode string

// Modes of a pool.
const (
	NodePoolModeSystem NodePoolMode = "System"
	NodePoolModeUser   NodePoolMode = "User"
	// NodePoolModeGateway is for nodes through which pods leave the cluster with fixed addresses.
	NodePoolModeGateway NodePoolMode = "Gateway"
)

// AzureManagedMachinePoolSpec is the pool that is wanted; its size and Kubernetes version are in its MachinePool.
type AzureManagedMachinePoolSpec struct {
	AzureManagedMachinePoolClassSpec `json:",inline"`

	// providerIDList are the ids of the pool's machines. The controller fills it in.
	// +optional
	// +kubebuilder:validation:MaxItems=10000
	ProviderIDList []string `json:"providerIDList,omitempty" arm:"-,written by the controller"`
}

// AzureManagedMachinePoolStatus is what is known about the pool.
type AzureManagedMachinePoolStatus struct {
	// ready is true once the pool was there completely; it stays true while the pool changes.
	// +optional
	Ready bool `json:"ready,omitempty"`

	// initialization holds what Cluster API waits for before it goes on.
	// +optional
	Initialization *Initialization `json:"initialization,omitempty"`

	// replicas is the number of machines Azure has for the pool.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`

	// desiredReplicas is the number of machines asked for, by the MachinePool or by the autoscaler of AKS.
	// +optional
	DesiredReplicas *int32 `json:"desiredReplicas,omitempty"`

	// version is the Kubernetes version of the nodes.
	// +optional
	Version string `json:"version,omitempty"`

	// nodeImageVersion is the image of the nodes.
	// +optional
	NodeImageVersion string `json:"nodeImageVersion,omitempty"`

	// provisioningState is what Azure reports: Succeeded, Failed, Canceled, or the name of what is going on.
	// +optional
	ProvisioningState string `json:"provisioningState,omitempty"`

	// operation is the operation Azure works on now.
	// +optional
	Operation *Operation `json:"operation,omitempty"`

	// lastChange is the last request that was sent to Azure, in one line.
	// +optional
	LastChange string `json:"lastChange,omitempty"`

	// resourceID is the id of the pool in Azure, from the moment it exists.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ResourceID string `json:"resourceID,omitempty"`

	// agentPoolName is the name of the pool in Azure.
	// +optional
	AgentPoolName string `json:"agentPoolName,omitempty"`

	// replacement is how far the replacement of the agent pool by another one is; it is there only while that goes on.
	// +optional
	Replacement *NodePoolReplacementStatus `json:"replacement,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell the state in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=100
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// AzureManagedMachinePool is an agent pool of an AKS cluster. Its MachinePool says how many nodes it has and which
// Kubernetes version they run.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azuremanagedmachinepools,scope=Namespaced,categories=cluster-api,shortName=ammp
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.metadata.labels.cluster\.x-k8s\.io/cluster-name`,description="Cluster this pool belongs to"
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`,description="System or User"
// +kubebuilder:printcolumn:name="SKU",type=string,JSONPath=`.spec.sku`,description="Size of the machines"
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.status.desiredReplicas`,description="Machines asked for"
// +kubebuilder:printcolumn:name="Current",type=integer,JSONPath=`.status.replicas`,description="Machines Azure has"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Everything asked for is there"
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`,description="Kubernetes version of the nodes"
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.provisioningState`,description="Provisioning state Azure reports"
// +kubebuilder:printcolumn:name="%",type=integer,JSONPath=`.status.operation.percentComplete`,description="Progress of the operation"
// +kubebuilder:printcolumn:name="Elapsed",type=date,JSONPath=`.status.operation.startTime`,description="Time since the operation began"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Operation",type=string,priority=1,JSONPath=`.status.operation.description`,description="What Azure works on"
// +kubebuilder:printcolumn:name="Paused",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Paused")].status`,description="Nothing is sent to Azure"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Why it is not ready, in words"
// +kubebuilder:printcolumn:name="Resource ID",type=string,priority=1,JSONPath=`.status.resourceID`
type AzureManagedMachinePool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the pool that is wanted.
	// +optional
	Spec AzureManagedMachinePoolSpec `json:"spec,omitempty"`

	// status is what is known about it.
	// +optional
	Status AzureManagedMachinePoolStatus `json:"status,omitempty"`
}

// GetConditions returns the conditions of the pool.
func (p *AzureManagedMachinePool) GetConditions() []metav1.Condition { return p.Status.Conditions }

// SetConditions replaces the conditions of the pool.
func (p *AzureManagedMachinePool) SetConditions(conditions []metav1.Condition) {
	p.Status.Conditions = conditions
}

// AzureManagedMachinePoolList is a list of AzureManagedMachinePools.
//
// +kubebuilder:object:root=true
type AzureManagedMachinePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedMachinePool `json:"items"`
}
