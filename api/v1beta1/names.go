package v1beta1

// Finalizers. Objects written by the earlier provider carry the same ones.
const (
	// ControlPlaneFinalizer keeps an AzureManagedControlPlane until its AKS cluster is gone from Azure.
	ControlPlaneFinalizer = "azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io"

	// MachinePoolFinalizer keeps an AzureManagedMachinePool until its agent pool is gone from Azure. Its odd name is what
	// existing pools carry.
	MachinePoolFinalizer = "azurecluster.infrastructure.cluster.x-k8s.io"

	// LegacyControlPlaneFinalizer was set on AzureManagedControlPlanes by old releases; it is removed where found.
	LegacyControlPlaneFinalizer = "azurecluster.infrastructure.cluster.x-k8s.io"

	// IdentityFinalizerPrefix and a hash of the control plane's namespace and name keep an AzureClusterIdentity while that
	// control plane uses it.
	IdentityFinalizerPrefix = "azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io/"
)

const (
	// AgentPoolModeLabel repeats spec.mode of an AzureManagedMachinePool as a label.
	AgentPoolModeLabel = "azuremanagedmachinepool.infrastructure.cluster.x-k8s.io/agentpoolmode"

	// OwnerTagPrefix plus the name of the Cluster is the Azure tag that says who may change and delete a resource.
	OwnerTagPrefix = "sigs.k8s.io_cluster-api-provider-azure_cluster_"

	// OwnedTagValue is the value of the owner tag on a resource this provider created or was handed over.
	OwnedTagValue = "owned"

	// RoleTag is the Azure tag with the role of a resource.
	RoleTag = "sigs.k8s.io_cluster-api-provider-azure_role"

	// RoleTagCommon is the role of everything that belongs to a whole cluster.
	RoleTagCommon = "common"
)

// Annotations of AzureManagedControlPlane and AzureManagedMachinePool that say what may be done to the Azure resource.
const (
	// PolicyAnnotation is PolicyManage, PolicyObserve or PolicyDetachOnDelete. A pool without it follows its control plane.
	PolicyAnnotation = "infrastructure.cluster.x-k8s.io/policy"

	// PolicyManage keeps the Azure resource as declared and deletes it with the object. It is meant where none is given.
	PolicyManage = "manage"

	// PolicyObserve sends nothing to Azure, ever: it reports what differs. Deleting the object leaves Azure alone.
	PolicyObserve = "observe"

	// PolicyDetachOnDelete manages the Azure resource, and leaves it in Azure when the object is deleted.
	PolicyDetachOnDelete = "detach-on-delete"

	// AdoptAnnotation with the value true on an AzureManagedControlPlane takes over an AKS cluster of that name that exists and was
	// made by somebody else. It gets no owner tags.
	AdoptAnnotation = "infrastructure.cluster.x-k8s.io/adopt"

	// DeletionProtectionAnnotation with the value true refuses the deletion of the object and of the Azure resource.
	DeletionProtectionAnnotation = "infrastructure.cluster.x-k8s.io/deletion-protection"
)

// What is meant where a virtual network or its subnet is not given.
const (
	DefaultVirtualNetworkCIDR        = "10.0.0.0/8"
	DefaultSubnetCIDR                = "10.240.0.0/16"
	DefaultVirtualNetworkCIDROverlay = "10.224.0.0/12"
	DefaultSubnetCIDROverlay         = "10.224.0.0/16"
)

// Condition types.
const (
	// ReadyCondition sums up an object: everything that was asked for is there, and Azure works on nothing.
	ReadyCondition = "Ready"

	// AvailableCondition of a control plane: the API server of the workload cluster can be used.
	AvailableCondition = "Available"

	// RollingOutCondition of a control plane: control plane or pools are on their way to another Kubernetes version.
	// Cluster API aggregates it to the Cluster.
	RollingOutCondition = "RollingOut"

	// CredentialsValidCondition: Azure accepted the credentials, and the identity allows this namespace.
	CredentialsValidCondition = "CredentialsValid"

	// NetworkReadyCondition: resource group, virtual network and subnet are as they should be.
	NetworkReadyCondition = "NetworkReady"

	// ManagedClusterRunningCondition: the AKS cluster is as it should be and Azure reports it Succeeded.
	ManagedClusterRunningCondition = "ManagedClusterRunning"

	// AgentPoolsReadyCondition: the agent pool (of a pool) or all of them (of a control plane) are as they should be.
	AgentPoolsReadyCondition = "AgentPoolsReady"

	// KubeconfigReadyCondition: the kubeconfig Secret holds valid credentials.
	KubeconfigReadyCondition = "KubeconfigReady"

	// PrivateEndpointsReadyCondition: the private endpoints of the node subnet are as declared. Like the next three it is
	// there only while something of its kind is declared, or still in Azure.
	PrivateEndpointsReadyCondition = "PrivateEndpointsReady"

	// FleetReadyCondition: the cluster is a member of the declared fleet.
	FleetReadyCondition = "FleetReady"

	// AKSExtensionsReadyCondition: the declared extensions are installed.
	AKSExtensionsReadyCondition = "AKSExtensionsReady"

	// MaintenanceConfigurationsReadyCondition: Azure knows the declared maintenance windows.
	MaintenanceConfigurationsReadyCondition = "MaintenanceConfigurationsReady"

	// SyncedCondition: Azure was read recently and nothing differs from what is wanted.
	SyncedCondition = "Synced"

	// PausedCondition: the Cluster or the object is paused, nothing is sent to Azure.
	PausedCondition = "Paused"

	// DeletingCondition: what is being deleted, and what the deletion waits for.
	DeletingCondition = "Deleting"
)
