package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TemplateMeta are the labels and annotations of the objects made from a template.
type TemplateMeta struct {
	// labels of the objects made from the template.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// annotations of the objects made from the template.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// AzureManagedControlPlaneTemplateResourceSpec is the spec of the control planes made from a template. What belongs to
// one cluster only (its key, DNS names, endpoint, node resource group, name in a fleet) is not part of it.
type AzureManagedControlPlaneTemplateResourceSpec struct {
	AzureManagedControlPlaneClassSpec `json:",inline"`

	// version is filled in from the topology of the Cluster; there is no need to give it.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule=`self.matches('^v?(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)([-0-9a-zA-Z_.+]*)?$')`,messageExpression=`'version "' + self + '" is not a Kubernetes version: write major, minor and patch, for example v1.33.4'`
	Version string `json:"version,omitempty" arm:"properties.kubernetesVersion,version,up"`

	// fleetsMember makes the clusters members of an Azure Kubernetes Fleet Manager, each by the name of its Cluster.
	// https://learn.microsoft.com/azure/kubernetes-fleet/overview
	// +optional
	FleetsMember *FleetsMemberClass `json:"fleetsMember,omitempty" arm:"-,resource Microsoft.ContainerService/fleets/members"`
}

// AzureManagedControlPlaneTemplateResource is the object that is made from a template.
type AzureManagedControlPlaneTemplateResource struct {
	// metadata of the objects made from the template.
	// +optional
	ObjectMeta TemplateMeta `json:"metadata,omitzero"`

	// spec of the objects made from the template.
	Spec AzureManagedControlPlaneTemplateResourceSpec `json:"spec"`
}

// AzureManagedControlPlaneTemplateSpec holds the template.
type AzureManagedControlPlaneTemplateSpec struct {
	// template of AzureManagedControlPlanes.
	Template AzureManagedControlPlaneTemplateResource `json:"template"`
}

// AzureManagedControlPlaneTemplate is a template of AzureManagedControlPlanes, for a ClusterClass.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azuremanagedcontrolplanetemplates,scope=Namespaced,categories=cluster-api,shortName=amcpt
// +kubebuilder:storageversion
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type AzureManagedControlPlaneTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec holds the template.
	// +optional
	Spec AzureManagedControlPlaneTemplateSpec `json:"spec,omitempty"`
}

// AzureManagedControlPlaneTemplateList is a list of AzureManagedControlPlaneTemplates.
//
// +kubebuilder:object:root=true
type AzureManagedControlPlaneTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedControlPlaneTemplate `json:"items"`
}

// AzureManagedClusterTemplateResourceSpec has no settings.
type AzureManagedClusterTemplateResourceSpec struct{}

// AzureManagedClusterTemplateResource is the object that is made from a template.
type AzureManagedClusterTemplateResource struct {
	// metadata of the objects made from the template.
	// +optional
	ObjectMeta TemplateMeta `json:"metadata,omitzero"`

	// spec of the objects made from the template.
	Spec AzureManagedClusterTemplateResourceSpec `json:"spec"`
}

// AzureManagedClusterTemplateSpec holds the template.
type AzureManagedClusterTemplateSpec struct {
	// template of AzureManagedClusters.
	Template AzureManagedClusterTemplateResource `json:"template"`
}

// AzureManagedClusterTemplate is a template of AzureManagedClusters, for a ClusterClass.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azuremanagedclustertemplates,scope=Namespaced,categories=cluster-api,shortName=amct
// +kubebuilder:storageversion
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type AzureManagedClusterTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec holds the template.
	// +optional
	Spec AzureManagedClusterTemplateSpec `json:"spec,omitempty"`
}

// AzureManagedClusterTemplateList is a list of AzureManagedClusterTemplates.
//
// +kubebuilder:object:root=true
type AzureManagedClusterTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedClusterTemplate `json:"items"`
}

// AzureManagedMachinePoolTemplateResource is the object that is made from a template.
type AzureManagedMachinePoolTemplateResource struct {
	// metadata of the objects made from the template.
	// +optional
	ObjectMeta TemplateMeta `json:"metadata,omitzero"`

	// spec of the objects made from the template.
	Spec AzureManagedMachinePoolClassSpec `json:"spec"`
}

// AzureManagedMachinePoolTemplateSpec holds the template.
type AzureManagedMachinePoolTemplateSpec struct {
	// template of AzureManagedMachinePools.
	Template AzureManagedMachinePoolTemplateResource `json:"template"`
}

// AzureManagedMachinePoolTemplate is a template of AzureManagedMachinePools, for a ClusterClass.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azuremanagedmachinepooltemplates,scope=Namespaced,categories=cluster-api,shortName=ammpt
// +kubebuilder:storageversion
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type AzureManagedMachinePoolTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec holds the template.
	// +optional
	Spec AzureManagedMachinePoolTemplateSpec `json:"spec,omitempty"`
}

// AzureManagedMachinePoolTemplateList is a list of AzureManagedMachinePoolTemplates.
//
// +kubebuilder:object:root=true
type AzureManagedMachinePoolTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedMachinePoolTemplate `json:"items"`
}
