package takeover

import "github.com/capaks/capaks/api/v1beta1"

// What the earlier provider and Azure Service Operator write on objects.
const (
	policyAnnotation = "serviceoperator.azure.com/reconcile-policy"
	policySkip       = "skip"
	policyManage     = "manage"
	// pausedPolicyAnnotation is where the earlier provider keeps the policy of a paused object. It goes back to that policy when the
	// Cluster is resumed, so writing it keeps the way back open for as long as the objects are there.
	pausedPolicyAnnotation = "sigs.k8s.io/cluster-api-provider-azure-pre-pause-reconcile-policy"
	// ownedLabelPrefix and the name of a Cluster are the label of objects of old releases.
	ownedLabelPrefix = "sigs.k8s.io_cluster-api-provider-azure_owned"
	blockMove        = "clusterctl.cluster.x-k8s.io/block-move"

	earlierManager  = "capz-controller-manager"
	earlierLease    = "controller-leader-election-capz"
	earlierWebhooks = "capz-"
	operatorManager = "azureserviceoperator-controller-manager"
)

// What a takeover writes on objects.
const (
	// markAnnotation on an object of Azure Service Operator names the Cluster it was made for: its owner references, by which that is
	// known otherwise, are taken away before it is deleted.
	markAnnotation = "infrastructure.cluster.x-k8s.io/takeover-of"
	// pausedAnnotation on a Cluster says that the takeover has paused it, and resumes it.
	pausedAnnotation = "infrastructure.cluster.x-k8s.io/takeover-paused"
)

// Kinds of the earlier provider that own objects of Azure Service Operator.
var owningKinds = map[string]bool{"AzureManagedControlPlane": true, "AzureManagedMachinePool": true, "AzureManagedCluster": true}

// operatorGroups are the groups of the kinds that the earlier provider makes for AKS clusters.
var operatorGroups = map[string]bool{
	"containerservice.azure.com": true, "resources.azure.com": true, "network.azure.com": true, "kubernetesconfiguration.azure.com": true,
}

// rank is the order in which objects go: what lies inside of something in Azure before that.
var rank = map[string]int{"ManagedCluster": 2, "VirtualNetworksSubnet": 3, "VirtualNetwork": 4, "ResourceGroup": 5, "ManagedClustersAgentPool": 1}

var infraGroup = v1beta1.GroupVersion.Group
