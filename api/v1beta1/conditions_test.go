package v1beta1_test

import (
	"sigs.k8s.io/cluster-api/util/conditions"

	"github.com/capaks/capaks/api/v1beta1"
)

// Cluster API's helpers for conditions and patches take all kinds that have conditions.
var (
	_ conditions.Setter = &v1beta1.AzureManagedControlPlane{}
	_ conditions.Setter = &v1beta1.AzureManagedCluster{}
	_ conditions.Setter = &v1beta1.AzureManagedMachinePool{}
	_ conditions.Setter = &v1beta1.AzureClusterIdentity{}
)
