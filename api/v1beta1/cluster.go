package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AzureManagedClusterSpec has no settings of its own: the AKS cluster is described by its AzureManagedControlPlane.
type AzureManagedClusterSpec struct {
	// controlPlaneEndpoint is where the API server can be reached. The controller fills it in; a value of your own is
	// replaced.
	// +optional
	ControlPlaneEndpoint APIEndpoint `json:"controlPlaneEndpoint,omitzero" arm:"-,written by the controller"`

	// subscriptionID, where given, must be the subscription of the AzureManagedControlPlane. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	SubscriptionID string `json:"subscriptionID,omitempty" arm:"-,must agree with the control plane,fold,setonce"`
}

// AzureManagedClusterStatus is what Cluster API asks about the infrastructure of a cluster.
type AzureManagedClusterStatus struct {
	// ready is true once the network of the cluster exists and its API server has an address.
	// +optional
	Ready bool `json:"ready,omitempty"`

	// initialization holds what Cluster API waits for before it goes on.
	// +optional
	Initialization *Initialization `json:"initialization,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell the state in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Initialization holds what Cluster API waits for before it goes on.
type Initialization struct {
	// provisioned is true once the infrastructure was completely there for the first time.
	// +optional
	Provisioned *bool `json:"provisioned,omitempty"`
}

// AzureManagedCluster is the infrastructure of a Cluster as Cluster API sees it; with AKS it only repeats what the
// AzureManagedControlPlane says.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azuremanagedclusters,scope=Namespaced,categories=cluster-api,shortName=amc
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.metadata.labels.cluster\.x-k8s\.io/cluster-name`,description="Cluster this infrastructure belongs to"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="The infrastructure is there"
// +kubebuilder:printcolumn:name="Provisioned",type=string,JSONPath=`.status.initialization.provisioned`,description="The infrastructure was there once"
// +kubebuilder:printcolumn:name="Endpoint",type=string,JSONPath=`.spec.controlPlaneEndpoint.host`,description="Host of the API server"
// +kubebuilder:printcolumn:name="Paused",type=string,JSONPath=`.status.conditions[?(@.type=="Paused")].status`,description="Nothing is sent to Azure"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Why it is not ready, in words"
type AzureManagedCluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the infrastructure that is wanted.
	// +optional
	Spec AzureManagedClusterSpec `json:"spec,omitempty"`

	// status is what is known about it.
	// +optional
	Status AzureManagedClusterStatus `json:"status,omitempty"`
}

// GetConditions returns the conditions of the cluster.
func (c *AzureManagedCluster) GetConditions() []metav1.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions of the cluster.
func (c *AzureManagedCluster) SetConditions(conditions []metav1.Condition) {
	c.Status.Conditions = conditions
}

// AzureManagedClusterList is a list of AzureManagedClusters.
//
// +kubebuilder:object:root=true
type AzureManagedClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedCluster `json:"items"`
}
