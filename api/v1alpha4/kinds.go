package v1alpha4

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/capaks/capaks/api/v1beta1"
)

var (
	// GroupVersion is the group and version of the kinds in this package.
	GroupVersion = schema.GroupVersion{Group: v1beta1.GroupName, Version: "v1alpha4"}

	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers the kinds of this package.
	AddToScheme = schemeBuilder.AddToScheme
)

func addKnownTypes(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&AzureManagedControlPlane{}, &AzureManagedControlPlaneList{},
		&AzureManagedControlPlaneTemplate{}, &AzureManagedControlPlaneTemplateList{},
		&AzureManagedCluster{}, &AzureManagedClusterList{},
		&AzureManagedClusterTemplate{}, &AzureManagedClusterTemplateList{},
		&AzureManagedMachinePool{}, &AzureManagedMachinePoolList{},
		&AzureManagedMachinePoolTemplate{}, &AzureManagedMachinePoolTemplateList{},
		&AzureClusterIdentity{}, &AzureClusterIdentityList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}

// AzureManagedControlPlane is v1beta1.AzureManagedControlPlane.
//
// +kubebuilder:object:root=true
type AzureManagedControlPlane struct {
	v1beta1.AzureManagedControlPlane `json:",inline"`
}

// AzureManagedControlPlaneList is a list of AzureManagedControlPlanes.
//
// +kubebuilder:object:root=true
type AzureManagedControlPlaneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedControlPlane `json:"items"`
}

// AzureManagedControlPlaneTemplate is v1beta1.AzureManagedControlPlaneTemplate.
//
// +kubebuilder:object:root=true
type AzureManagedControlPlaneTemplate struct {
	v1beta1.AzureManagedControlPlaneTemplate `json:",inline"`
}

// AzureManagedControlPlaneTemplateList is a list of AzureManagedControlPlaneTemplates.
//
// +kubebuilder:object:root=true
type AzureManagedControlPlaneTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedControlPlaneTemplate `json:"items"`
}

// AzureManagedCluster is v1beta1.AzureManagedCluster.
//
// +kubebuilder:object:root=true
type AzureManagedCluster struct {
	v1beta1.AzureManagedCluster `json:",inline"`
}

// AzureManagedClusterList is a list of AzureManagedClusters.
//
// +kubebuilder:object:root=true
type AzureManagedClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedCluster `json:"items"`
}

// AzureManagedClusterTemplate is v1beta1.AzureManagedClusterTemplate.
//
// +kubebuilder:object:root=true
type AzureManagedClusterTemplate struct {
	v1beta1.AzureManagedClusterTemplate `json:",inline"`
}

// AzureManagedClusterTemplateList is a list of AzureManagedClusterTemplates.
//
// +kubebuilder:object:root=true
type AzureManagedClusterTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedClusterTemplate `json:"items"`
}

// AzureManagedMachinePool is v1beta1.AzureManagedMachinePool.
//
// +kubebuilder:object:root=true
type AzureManagedMachinePool struct {
	v1beta1.AzureManagedMachinePool `json:",inline"`
}

// AzureManagedMachinePoolList is a list of AzureManagedMachinePools.
//
// +kubebuilder:object:root=true
type AzureManagedMachinePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedMachinePool `json:"items"`
}

// AzureManagedMachinePoolTemplate is v1beta1.AzureManagedMachinePoolTemplate.
//
// +kubebuilder:object:root=true
type AzureManagedMachinePoolTemplate struct {
	v1beta1.AzureManagedMachinePoolTemplate `json:",inline"`
}

// AzureManagedMachinePoolTemplateList is a list of AzureManagedMachinePoolTemplates.
//
// +kubebuilder:object:root=true
type AzureManagedMachinePoolTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedMachinePoolTemplate `json:"items"`
}

// AzureClusterIdentity is v1beta1.AzureClusterIdentity.
//
// +kubebuilder:object:root=true
type AzureClusterIdentity struct {
	v1beta1.AzureClusterIdentity `json:",inline"`
}

// AzureClusterIdentityList is a list of AzureClusterIdentities.
//
// +kubebuilder:object:root=true
type AzureClusterIdentityList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureClusterIdentity `json:"items"`
}
