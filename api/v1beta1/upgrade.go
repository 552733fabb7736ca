package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// UpgradePolicy says in which order control plane and pools come to newer Kubernetes versions.
type UpgradePolicy struct {
	// hold stops before the next step of an upgrade: what runs in Azure ends, nothing newer is asked for, and other changes
	// go on. It can be changed at any time; without it the upgrade goes on where it stood. Default: false.
	// +optional
	Hold *bool `json:"hold,omitempty" arm:"-,order of requests"`

	// poolStrategy is AfterControlPlane (the control plane first goes as far as AKS allows without its pools, which is three
	// minor versions, then the pools follow) or Interleaved (after every minor version of the control plane the pools follow
	// before it goes on). Default: AfterControlPlane. It can be changed at any time.
	// https://learn.microsoft.com/azure/aks/upgrade-aks-cluster
	// +optional
	// +kubebuilder:validation:Enum=AfterControlPlane;Interleaved
	PoolStrategy string `json:"poolStrategy,omitempty" arm:"-,order of requests"`

	// poolOrder are the names in Azure of the pools that are upgraded first, in that order: a pool that fails keeps those
	// behind it from being upgraded. The others follow, System pools before User pools. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	PoolOrder []string `json:"poolOrder,omitempty" arm:"-,order of requests"`
}

// NodeImageUpgradedAnnotation of an AzureManagedMachinePool is the nodeImageUpgradeAfter that was answered last: the upgrade it
// asks for is done, or was not needed.
const NodeImageUpgradedAnnotation = "infrastructure.cluster.x-k8s.io/node-image-upgraded"

// Values of UpgradePolicy.poolStrategy.
const (
	PoolsAfterControlPlane = "AfterControlPlane"
	PoolsInterleaved       = "Interleaved"
)

// UpgradeStatus is the way to newer Kubernetes versions, computed anew from what is declared and what Azure reports.
type UpgradeStatus struct {
	// from is the version the control plane ran when the upgrade began.
	// +optional
	From string `json:"from,omitempty"`

	// to is the version asked for.
	// +optional
	To string `json:"to,omitempty"`

	// message says where the upgrade stands, in one line.
	// +optional
	Message string `json:"message,omitempty"`

	// steps are the requests of the upgrade in their order, those that are done included.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=512
	Steps []UpgradeStep `json:"steps,omitempty"`
}

// UpgradeStep brings the control plane or a pool to one version.
type UpgradeStep struct {
	// resource is "control plane", or "pool" and its name in Azure.
	Resource string `json:"resource"`

	// from is the version before the step.
	// +optional
	From string `json:"from,omitempty"`

	// version that the step leads to.
	Version string `json:"version"`

	// state is Done, Running, Next (it is the next one to be sent) or Waiting.
	// +kubebuilder:validation:Enum=Done;Running;Next;Waiting
	State string `json:"state"`

	// message says what the step waits for.
	// +optional
	Message string `json:"message,omitempty"`
}

// States of an UpgradeStep.
const (
	StepDone    = "Done"
	StepRunning = "Running"
	StepNext    = "Next"
	StepWaiting = "Waiting"
)

// AvailableUpgrades are the Kubernetes versions AKS had on offer when it was asked last: before a cluster is created, and
// before each step of an upgrade.
type AvailableUpgrades struct {
	// checkedAt is when Azure was asked.
	CheckedAt metav1.Time `json:"checkedAt"`

	// versions that can be reached from the version the cluster ran then, in one step or several.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Versions []string `json:"versions,omitempty"`
}
