package v1beta1

// AutoscalerProfile tunes the cluster autoscaler of AKS, for all pools that have spec.scaling. A setting that is not
// given is left as it is in Azure. All can be changed at any time.
// https://learn.microsoft.com/azure/aks/cluster-autoscaler#use-the-cluster-autoscaler-profile
type AutoscalerProfile struct {
	// balanceSimilarNodeGroups keeps pools of the same kind at the same size: "true" or "false" (AKS: "false").
	// +optional
	// +kubebuilder:validation:Enum="true";"false"
	BalanceSimilarNodeGroups string `json:"balanceSimilarNodeGroups,omitempty" arm:"balance-similar-node-groups,release=\"false\""`

	// expander chooses the pool to grow: least-waste, most-pods, priority or random (AKS: random).
	// +optional
	// +kubebuilder:validation:Enum=least-waste;most-pods;priority;random
	Expander string `json:"expander,omitempty" arm:"expander,release=\"random\""`

	// maxEmptyBulkDelete is how many empty nodes may be deleted at once (AKS: "10").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)$`
	// +kubebuilder:validation:MaxLength=9
	MaxEmptyBulkDelete string `json:"maxEmptyBulkDelete,omitempty" arm:"max-empty-bulk-delete,release=\"10\""`

	// maxGracefulTerminationSec is how long a node's pods get to end, in seconds (AKS: "600").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)$`
	// +kubebuilder:validation:MaxLength=9
	MaxGracefulTerminationSec string `json:"maxGracefulTerminationSec,omitempty" arm:"max-graceful-termination-sec,release=\"600\""`

	// maxNodeProvisionTime is how long a new node may take, in minutes, for example "15m" (AKS: "15m").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)m$`
	// +kubebuilder:validation:MaxLength=9
	MaxNodeProvisionTime string `json:"maxNodeProvisionTime,omitempty" arm:"max-node-provision-time,release=\"15m\""`

	// maxTotalUnreadyPercentage is the share of nodes that may be not ready before the autoscaler stops, 0 to 100 (AKS: "45").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d{1,2}|0\d{2}|100)$`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=3
	MaxTotalUnreadyPercentage string `json:"maxTotalUnreadyPercentage,omitempty" arm:"max-total-unready-percentage,release=\"45\""`

	// newPodScaleUpDelay is how young a pending pod is ignored, a duration such as "30s" or "1m30s" (AKS: "0s").
	// +optional
	// +kubebuilder:validation:Pattern=`^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$`
	// +kubebuilder:validation:MaxLength=32
	NewPodScaleUpDelay string `json:"newPodScaleUpDelay,omitempty" arm:"new-pod-scale-up-delay,release=\"0s\""`

	// okTotalUnreadyCount is how many nodes may be not ready whatever the percentage (AKS: "3").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)$`
	// +kubebuilder:validation:MaxLength=9
	OkTotalUnreadyCount string `json:"okTotalUnreadyCount,omitempty" arm:"ok-total-unready-count,release=\"3\""`

	// scanInterval is how often the autoscaler looks, in seconds, for example "10s" (AKS: "10s").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)s$`
	// +kubebuilder:validation:MaxLength=9
	ScanInterval string `json:"scanInterval,omitempty" arm:"scan-interval,release=\"10s\""`

	// scaleDownDelayAfterAdd is the pause of scaling down after a node was added, in minutes (AKS: "10m").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)m$`
	// +kubebuilder:validation:MaxLength=9
	ScaleDownDelayAfterAdd string `json:"scaleDownDelayAfterAdd,omitempty" arm:"scale-down-delay-after-add,release=\"10m\""`

	// scaleDownDelayAfterDelete is the pause of scaling down after a node was deleted, in seconds (AKS: the scan interval).
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)s$`
	// +kubebuilder:validation:MaxLength=9
	ScaleDownDelayAfterDelete string `json:"scaleDownDelayAfterDelete,omitempty" arm:"scale-down-delay-after-delete,release=\"10s\""`

	// scaleDownDelayAfterFailure is the pause of scaling down after it failed, in minutes (AKS: "3m").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)m$`
	// +kubebuilder:validation:MaxLength=9
	ScaleDownDelayAfterFailure string `json:"scaleDownDelayAfterFailure,omitempty" arm:"scale-down-delay-after-failure,release=\"3m\""`

	// scaleDownUnneededTime is how long a node must be unneeded before it is removed, in minutes (AKS: "10m").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)m$`
	// +kubebuilder:validation:MaxLength=9
	ScaleDownUnneededTime string `json:"scaleDownUnneededTime,omitempty" arm:"scale-down-unneeded-time,release=\"10m\""`

	// scaleDownUnreadyTime is the same for a node that is not ready, in minutes (AKS: "20m").
	// +optional
	// +kubebuilder:validation:Pattern=`^(\d+)m$`
	// +kubebuilder:validation:MaxLength=9
	ScaleDownUnreadyTime string `json:"scaleDownUnreadyTime,omitempty" arm:"scale-down-unready-time,release=\"20m\""`

	// scaleDownUtilizationThreshold is the utilisation below which a node can be removed, "0" to "1" (AKS: "0.5").
	// +optional
	// +kubebuilder:validation:Pattern=`^(0|1|0?\.\d+|[01]\.0*|0\.\d*)$`
	// +kubebuilder:validation:MaxLength=9
	ScaleDownUtilizationThreshold string `json:"scaleDownUtilizationThreshold,omitempty" arm:"scale-down-utilization-threshold,release=\"0.5\""`

	// skipNodesWithLocalStorage keeps nodes with pods that use local storage: "true" or "false" (AKS: "false").
	// +optional
	// +kubebuilder:validation:Enum="true";"false"
	SkipNodesWithLocalStorage string `json:"skipNodesWithLocalStorage,omitempty" arm:"skip-nodes-with-local-storage,release=\"false\""`

	// daemonsetEvictionForEmptyNodes asks the pods of DaemonSets to go before an empty node is removed (AKS: false).
	// +optional
	DaemonsetEvictionForEmptyNodes *bool `json:"daemonsetEvictionForEmptyNodes,omitempty" arm:"daemonset-eviction-for-empty-nodes,release=false"`

	// daemonsetEvictionForOccupiedNodes does so before a node with other pods is removed (AKS: true).
	// +optional
	DaemonsetEvictionForOccupiedNodes *bool `json:"daemonsetEvictionForOccupiedNodes,omitempty" arm:"daemonset-eviction-for-occupied-nodes,release=true"`

	// ignoreDaemonsetsUtilization leaves the pods of DaemonSets out of the utilisation of a node (AKS: false).
	// +optional
	IgnoreDaemonsetsUtilization *bool `json:"ignoreDaemonsetsUtilization,omitempty" arm:"ignore-daemonsets-utilization,release=false"`

	// skipNodesWithSystemPods keeps nodes with pods of kube-system: "true" or "false" (AKS: "true").
	// +optional
	// +kubebuilder:validation:Enum="true";"false"
	SkipNodesWithSystemPods string `json:"skipNodesWithSystemPods,omitempty" arm:"skip-nodes-with-system-pods,release=\"true\""`
}
