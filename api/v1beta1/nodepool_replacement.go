package v1beta1

// AgentPoolAnnotation on an AzureManagedMachinePool names its agent pool in Azure where that is not spec.name, and agent
// pools that are being replaced: {"name":"pool1r","replaces":["pool1"]}. The controller writes it. It is an annotation because
// status does not survive `clusterctl move`.
const AgentPoolAnnotation = "infrastructure.cluster.x-k8s.io/agent-pool"

// ReplacementStrategy is what a change of a setting that AKS fixes at creation does.
type ReplacementStrategy string

const (
	// ReplacementRefuse refuses the change.
	ReplacementRefuse ReplacementStrategy = "Refuse"
	// ReplacementRotate puts another agent pool in the place of the present one.
	ReplacementRotate ReplacementStrategy = "Rotate"
)

// DrainMode is who empties nodes before they go.
type DrainMode string

const (
	// DrainWorkload drains through the Kubernetes API of the cluster.
	DrainWorkload DrainMode = "Workload"
	// DrainAzure leaves the draining to AKS.
	DrainAzure DrainMode = "Azure"
)

// NodePoolReplacement says what happens when a setting changes that AKS fixes at the creation of a pool.
type NodePoolReplacement struct {
	// strategy is Refuse (the default: such a change is refused) or Rotate: another agent pool with the new settings and at least
	// as many nodes is created, the nodes of the present one are cordoned and drained under their disruption budgets, and then it
	// is deleted. The new agent pool has another name in Azure (status.agentPoolName), and so have its nodes. name and osType
	// stay fixed. It can be changed at any time. https://learn.microsoft.com/azure/aks/resize-node-pool
	// +optional
	// +kubebuilder:default=Refuse
	// +kubebuilder:validation:Enum=Refuse;Rotate
	Strategy ReplacementStrategy `json:"strategy,omitempty" arm:"-,decides what a change of fixed settings does"`

	// drain says who empties the old nodes: Workload (the default: this provider does, through the Kubernetes API of the cluster,
	// and waits where it cannot be reached) or Azure (AKS does while it deletes the old pool; for private clusters that cannot be
	// reached from here). Both honour disruption budgets. It can be changed at any time.
	// +optional
	// +kubebuilder:default=Workload
	// +kubebuilder:validation:Enum=Workload;Azure
	Drain DrainMode `json:"drain,omitempty" arm:"-,says who drains replaced nodes"`
}

// NodePoolReplacementStatus is how far the replacement of an agent pool is.
type NodePoolReplacementStatus struct {
	// phase is Creating (the new agent pool), WaitingForNodes (of the new one), Draining (the old one) or Deleting (it).
	// +optional
	Phase string `json:"phase,omitempty"`

	// from are the agent pools that go.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	From []string `json:"from,omitempty"`

	// to is the agent pool that takes their place.
	// +optional
	To string `json:"to,omitempty"`

	// nodes is the number of nodes to drain.
	// +optional
	Nodes int32 `json:"nodes,omitempty"`

	// drainedNodes is how many of them no pod has to leave any more.
	// +optional
	DrainedNodes int32 `json:"drainedNodes,omitempty"`

	// message tells what is waited for: the pod and the disruption budget that does not let it go, for example.
	// +optional
	Message string `json:"message,omitempty"`
}
