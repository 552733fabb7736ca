package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AzureManagedControlPlaneStatus is what is known about the AKS cluster.
type AzureManagedControlPlaneStatus struct {
	// ready is true when the cluster was created and its API server answers.
	// +optional
	Ready bool `json:"ready,omitempty"`

	// initialized is true once the API server accepted requests for the first time.
	// +optional
	Initialized bool `json:"initialized,omitempty"`

	// initialization holds what Cluster API waits for before it goes on.
	// +optional
	Initialization *ControlPlaneInitialization `json:"initialization,omitempty"`

	// version is the Kubernetes version the control plane runs.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Version string `json:"version,omitempty"`

	// versions are the Kubernetes versions the control plane runs, oldest first; with AKS that is one. Where the Cluster has a
	// topology, it is the version asked for as long as the AKS cluster does not exist.
	// +optional
	// +listType=map
	// +listMapKey=version
	// +kubebuilder:validation:MaxItems=100
	Versions []ControlPlaneVersion `json:"versions,omitempty"`

	// autoUpgradeVersion is the version AKS upgraded the cluster to by itself, while autoUpgradeProfile has a channel that
	// upgrades Kubernetes.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	AutoUpgradeVersion string `json:"autoUpgradeVersion,omitempty"`

	// upgrade is the way to newer Kubernetes versions, of the last upgrade where none is under way.
	// +optional
	Upgrade *UpgradeStatus `json:"upgrade,omitempty"`

	// availableUpgrades are the Kubernetes versions AKS had on offer for the cluster when it was asked last.
	// +optional
	AvailableUpgrades *AvailableUpgrades `json:"availableUpgrades,omitempty"`

	// externalManagedControlPlane is true: the control plane does not run on Machines.
	// +optional
	ExternalManagedControlPlane *bool `json:"externalManagedControlPlane,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell the state in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=100
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// provisioningState is what Azure reports: Succeeded, Failed, Canceled, or the name of what is going on.
	// +optional
	ProvisioningState string `json:"provisioningState,omitempty"`

	// powerState is what Azure reports: Running or Stopped.
	// +optional
	PowerState string `json:"powerState,omitempty"`

	// tier is the pricing tier Azure reports.
	// +optional
	Tier string `json:"tier,omitempty"`

	// operation is the operation Azure works on now.
	// +optional
	Operation *Operation `json:"operation,omitempty"`

	// lastChange is the last request that was sent to Azure, in one line.
	// +optional
	LastChange string `json:"lastChange,omitempty"`

	// resourceID is the id of the AKS cluster in Azure, from the moment it exists.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ResourceID string `json:"resourceID,omitempty"`

	// resources are all Azure resources of this cluster: resource group, virtual network, subnet, the cluster itself.
	// +optional
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=256
	Resources []Resource `json:"resources,omitempty"`

	// oidcIssuerProfile is what Azure reports about the issuer.
	// +optional
	OIDCIssuerProfile *OIDCIssuerProfileStatus `json:"oidcIssuerProfile,omitempty"`
}

// ControlPlaneInitialization holds what Cluster API waits for before it goes on.
type ControlPlaneInitialization struct {
	// controlPlaneInitialized is true once the API server accepts requests.
	// +optional
	ControlPlaneInitialized *bool `json:"controlPlaneInitialized,omitempty"`
}

// OIDCIssuerProfileStatus is what Azure reports about the issuer.
type OIDCIssuerProfileStatus struct {
	// issuerURL is the address of the issuer.
	// +optional
	IssuerURL string `json:"issuerURL,omitempty"`
}
