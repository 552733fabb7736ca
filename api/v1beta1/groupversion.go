package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of all kinds of this provider.
const GroupName = "infrastructure.cluster.x-k8s.io"

var (
	// GroupVersion is the group and version of the kinds in this package.
	GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1beta1"}

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
