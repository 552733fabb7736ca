package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// APIEndpoint is where an API server can be reached.
type APIEndpoint struct {
	// host is a DNS name or an IP address.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Host string `json:"host,omitempty" arm:"-,read from fqdn or privateFQDN"`

	// port is a TCP port; AKS always uses 443.
	// +optional
	Port int32 `json:"port,omitempty" arm:"-,always 443"`
}

// Operation is a long-running operation of Azure, as far as Azure tells.
type Operation struct {
	// description is the operation in words, for example "upgrading control plane to 1.33.4".
	// +optional
	Description string `json:"description,omitempty"`

	// id is the id of the resource Azure works on.
	// +optional
	ID string `json:"id,omitempty"`

	// name is the name of the operation in Azure. The annotation infrastructure.cluster.x-k8s.io/abort with this value aborts
	// the operation, and never another one.
	// +optional
	Name string `json:"name,omitempty"`

	// status is what Azure reports about the operation, for example InProgress.
	// +optional
	Status string `json:"status,omitempty"`

	// startTime is when Azure accepted the operation.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// percentComplete is the progress Azure reports, 0 to 100. Azure does not report it for every operation.
	// +optional
	PercentComplete *int32 `json:"percentComplete,omitempty"`

	// expectedEndTime is when the operation is expected to end: from its progress, or from how long such operations took
	// before. It is empty while nothing tells, and as old as the last look at the operation.
	// +optional
	ExpectedEndTime *metav1.Time `json:"expectedEndTime,omitempty"`

	// correlationID finds the operation in the activity log of Azure, and in a support request.
	// +optional
	CorrelationID string `json:"correlationID,omitempty"`
}

// Resource is one Azure resource behind an object.
type Resource struct {
	// id is the id of the resource in Azure.
	// +kubebuilder:validation:MaxLength=1024
	ID string `json:"id"`

	// owned says that this provider created the resource (or that it was handed over by its owner tag): it is changed as
	// declared and deleted with the object. A resource that is not owned is only read.
	// +optional
	Owned bool `json:"owned,omitempty"`

	// state is the provisioning state Azure reports, for example Succeeded.
	// +optional
	State string `json:"state,omitempty"`
}

// ControlPlaneVersion is one Kubernetes version the control plane runs.
type ControlPlaneVersion struct {
	// version is a Kubernetes version with a leading v, for example v1.33.4.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Version string `json:"version"`
}
