package aks

import (
	"maps"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Inputs is everything a person declared about one AKS cluster, gathered from all its objects.
type Inputs struct {
	Cluster      Cluster
	ControlPlane *v1beta1.AzureManagedControlPlane
	// InfraCluster is nil when the AzureManagedCluster does not exist (yet).
	InfraCluster *v1beta1.AzureManagedCluster
	// Pools are the declared pools, sorted by object name.
	Pools []Pool
	// PoolsPending names MachinePools whose AzureManagedMachinePool does not exist yet.
	PoolsPending []string
	// DefaultSubscription applies where the spec names none: AZURE_SUBSCRIPTION_ID of the manager.
	DefaultSubscription string
	// SSHPublicKey is the authorized_keys line to put on nodes, empty for none.
	SSHPublicKey string
	// Owned is what was owned last time.
	Owned Owned
	// SpecChanged tells a change of the spec from drift in Azure, for the words of the plan only.
	SpecChanged bool
	// Failures are goals Azure refused or failed, by lower-cased resource id.
	Failures map[string]Failure
	// Asked are versions that pools were asked for since the cluster was read, by lower-cased name.
	Asked map[string]string
	// Cleared are failures whose cause is known to be gone, by lower-cased resource id: the same goal may be sent again at once.
	Cleared map[string]bool
	// Contests are fields that somebody else sets again after they were sent.
	Contests Contests

	// versions is the order of versions, computed once per decision.
	versions *upgrade
}

// Cluster is what is needed of the Cluster API Cluster.
type Cluster struct {
	Name, Namespace string
	ServiceCIDRs    []string
	PodCIDRs        []string
	Deleting        bool
}

// Pool is one declared node pool: the AzureManagedMachinePool and its MachinePool.
type Pool struct {
	Object      *v1beta1.AzureManagedMachinePool
	MachinePool string
	// Replicas is MachinePool.spec.replicas.
	Replicas *int32
	// Version is MachinePool.spec.template.spec.version, empty when the pool follows the control plane.
	Version string
	// FailureDomains is MachinePool.spec.failureDomains.
	FailureDomains []string
	// ReplicasManaged: somebody else owns the count (annotation cluster.x-k8s.io/replicas-managed-by).
	ReplicasManaged bool
	Owned           *fieldset.Set
	Deleting        bool
	SpecChanged     bool
	// NodeImageDone is the nodeImageUpgradeAfter that was answered last.
	NodeImageDone string
}

// Owned is the set of owned field paths per resource that is described by the control plane object.
// A nil set means that the resource was never owned.
type Owned struct {
	ResourceGroup  *fieldset.Set `json:"resourceGroup,omitempty"`
	NetworkGroup   *fieldset.Set `json:"networkResourceGroup,omitempty"`
	VirtualNetwork *fieldset.Set `json:"virtualNetwork,omitempty"`
	ManagedCluster *fieldset.Set `json:"managedCluster,omitempty"`
	// Dependents are the resources beside the cluster, by their ids. The id of what left the spec is known from here only.
	Dependents map[string]*fieldset.Set `json:"dependents,omitempty"`
}

// Merge takes what a step came to into what was owned before: resources it says nothing about keep theirs, a dependent
// with a nil set is gone.
func (o Owned) Merge(update Owned) Owned {
	for _, pair := range []struct{ to, from **fieldset.Set }{
		{&o.ResourceGroup, &update.ResourceGroup},
		{&o.NetworkGroup, &update.NetworkGroup},
		{&o.VirtualNetwork, &update.VirtualNetwork},
		{&o.ManagedCluster, &update.ManagedCluster},
	} {
		if *pair.from != nil {
			*pair.to = *pair.from
		}
	}
	dependents := maps.Clone(o.Dependents)
	for id, set := range update.Dependents {
		maps.DeleteFunc(dependents, func(known string, _ *fieldset.Set) bool { return SameID(known, id) })
		if set == nil {
			continue
		}
		if dependents == nil {
			dependents = map[string]*fieldset.Set{}
		}
		dependents[id] = set
	}
	o.Dependents = dependents
	return o
}

// SetDependent notes what is owned of a dependent; nil says that it is gone.
func (o *Owned) SetDependent(id string, set *fieldset.Set) {
	if o.Dependents == nil {
		o.Dependents = map[string]*fieldset.Set{}
	}
	o.Dependents[id] = set
}

// Empty tells whether nothing is owned.
func (o Owned) Empty() bool {
	return o.ResourceGroup == nil && o.NetworkGroup == nil && o.VirtualNetwork == nil && o.ManagedCluster == nil && len(o.Dependents) == 0
}

// Failure remembers that Azure refused a goal, or failed at it.
type Failure struct {
	// Goal is the digest of the desired body that failed.
	Goal string
	// ETag is the resource's eTag right after the failure: when it differs, Azure changed.
	ETag string
	// Spec is what was declared then (SpecMark): when it differs, a person has changed something.
	Spec string
	// Attempts counts failures of this goal.
	Attempts int
	// RetryAt is when the same goal may be sent again; zero means only when the spec or Azure changes.
	RetryAt   time.Time
	Error     AzureError
	Diagnosis Diagnosis
}

// Observation is what Azure answered, at one moment.
type Observation struct {
	// Time is when the managed cluster was read.
	Time           time.Time
	ResourceGroup  plan.Observed
	NetworkGroup   plan.Observed
	VirtualNetwork plan.Observed
	Cluster        plan.Observed
	// PoolDetails are agent pools read one by one; they take precedence over the cluster's inline list, which
	// leaves out some of their properties.
	PoolDetails map[string]plan.Observed
	// Nodes are the nodes of agent pools that were looked at for a rotation.
	Nodes map[NodesOf]PoolNodes
	// Dependents are the resources beside the cluster that were read, by lower-cased id.
	Dependents map[string]DependentObservation
	// Foreign are ids inside resource groups that are ours, of what this provider did not create, by lower-cased
	// group id. A group without an entry was not read; it is only read before it is deleted.
	Foreign map[string][]string
	// NodeImages are the newest node images of pools, by lower-cased name, as far as they were read.
	NodeImages map[string]NodeImage
	// Upgrades are the versions AKS offers; nil while they were not read.
	Upgrades *Upgrades
	// Preflight is what was read for the checks before a creation; nil while nothing was.
	Preflight *Preflight
}

// Names are the ARM names and ids that follow from the declared objects.
type Names struct {
	Subscription, Location         string
	Group, NodeGroup               string
	NetworkGroup, Network, Subnet  string
	GroupID, NetworkGroupID        string
	NetworkID, SubnetID, ClusterID string
	ClusterName, KubernetesCluster string
	NetworkInOtherGroup            bool
}

// PoolID is the ARM id of a declared pool.
func (n Names) PoolID(pool *v1beta1.AzureManagedMachinePool) string {
	return AgentPoolID(n.ClusterID, PoolName(pool))
}

// NamesOf derives the ARM names of a cluster. The spec is read as if its defaults were filled in, so that an
// object that never met the webhook means the same.
func NamesOf(in Inputs) Names {
	spec := in.ControlPlane.Spec.DeepCopy()
	DefaultControlPlane(spec, in.ControlPlane.Name, in.Cluster.Name)
	n := Names{
		Subscription:      spec.SubscriptionID,
		Location:          spec.Location,
		Group:             spec.ResourceGroupName,
		NodeGroup:         spec.NodeResourceGroupName,
		Network:           spec.VirtualNetwork.Name,
		NetworkGroup:      spec.VirtualNetwork.ResourceGroup,
		Subnet:            spec.VirtualNetwork.Subnet.Name,
		ClusterName:       in.ControlPlane.Name,
		KubernetesCluster: in.Cluster.Name,
	}
	if n.Subscription == "" {
		n.Subscription = in.DefaultSubscription
	}
	n.GroupID = ResourceGroupID(n.Subscription, n.Group)
	n.NetworkGroupID = ResourceGroupID(n.Subscription, n.NetworkGroup)
	n.NetworkInOtherGroup = !SameID(n.GroupID, n.NetworkGroupID)
	n.NetworkID = VirtualNetworkID(n.Subscription, n.NetworkGroup, n.Network)
	n.SubnetID = SubnetID(n.NetworkID, n.Subnet)
	n.ClusterID = ManagedClusterID(n.Subscription, n.Group, n.ClusterName)
	return n
}
