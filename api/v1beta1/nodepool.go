package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NodePoolMode is the purpose of a pool.
type NodePoolMode string

// Modes of a pool.
const (
	NodePoolModeSystem NodePoolMode = "System"
	NodePoolModeUser   NodePoolMode = "User"
)

// AzureManagedMachinePoolSpec is the pool that is wanted; its size and Kubernetes version are in its MachinePool.
type AzureManagedMachinePoolSpec struct {
	AzureManagedMachinePoolClassSpec `json:",inline"`

	// providerIDList are the ids of the pool's machines. The controller fills it in.
	// +optional
	// +kubebuilder:validation:MaxItems=10000
	ProviderIDList []string `json:"providerIDList,omitempty" arm:"-,written by the controller"`
}

// AzureManagedMachinePoolClassSpec are the settings that an AzureManagedMachinePool and its template share.
//
// +kubebuilder:validation:XValidation:rule="self.mode != 'System' || self.?osType.orValue('Linux') == 'Linux'",messageExpression="'osType ' + self.osType + ' cannot run the pods of a System pool: change osType to Linux, or mode to User'",fieldPath=".osType"
// +kubebuilder:validation:XValidation:rule="self.?osType.orValue('Linux') != 'Windows' || size(self.?name.orValue(\"\")) <= 6",messageExpression="'name \"' + self.name + '\" is too long for a Windows pool: use at most 6 characters'",fieldPath=".name"
// +kubebuilder:validation:XValidation:rule="self.mode != 'System' || self.?scaleSetPriority.orValue('Regular') != 'Spot'",message="scaleSetPriority Spot is not possible for a System pool: change scaleSetPriority to Regular, or mode to User",fieldPath=".scaleSetPriority"
// +kubebuilder:validation:XValidation:rule="!has(self.nodePublicIPPrefixID) || self.?enableNodePublicIP.orValue(false)",messageExpression="'nodePublicIPPrefixID \"' + self.nodePublicIPPrefixID + '\" needs nodes with public addresses: set enableNodePublicIP to true, or remove nodePublicIPPrefixID'",fieldPath=".nodePublicIPPrefixID"
// +kubebuilder:validation:XValidation:rule="!has(self.linuxOSConfig) || !has(self.linuxOSConfig.swapFileSizeMB) || !self.?kubeletConfig.?failSwapOn.orValue(true)",messageExpression="'linuxOSConfig.swapFileSizeMB %d needs a kubelet that tolerates swap: set kubeletConfig.failSwapOn to false, or remove swapFileSizeMB'.format([self.linuxOSConfig.swapFileSizeMB])",fieldPath=".linuxOSConfig"
type AzureManagedMachinePoolClassSpec struct {
	// name of the pool in Azure: lower-case letters and digits, a letter first, at most 12 characters (Windows: 6). Default:
	// the name of the AzureManagedMachinePool, which must then follow the same rule. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/create-node-pools
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z][a-z0-9]{0,11}$')`,messageExpression=`'name "' + self + '" is not a pool name AKS accepts: use lower-case letters and digits, a letter first, at most 12 characters'`
	Name string `json:"name,omitempty" arm:"-,part of the resource id,precreate"`

	// mode is System (runs the pods AKS needs; a cluster has at least one such pool) or User. It can be changed at any time, as
	// long as one System pool is left. https://learn.microsoft.com/azure/aks/use-system-pools
	// +kubebuilder:validation:Enum=System;User
	Mode NodePoolMode `json:"mode" arm:"properties.mode,fold"`

	// sku is the size of the machines, for example Standard_D4s_v5. Fixed after creation.
	// https://learn.microsoft.com/azure/virtual-machines/sizes/overview
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	SKU string `json:"sku" arm:"properties.vmSize,fold,immutable"`

	// osDiskSizeGB is the size of the system disk in GiB, up to 2048; 0 or none means the default of AKS for the machine size.
	// Fixed after creation.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2048
	OSDiskSizeGB *int32 `json:"osDiskSizeGB,omitempty" arm:"properties.osDiskSizeGB,immutable"`

	// osDiskType is Managed (a disk that survives a re-imaging) or Ephemeral (a disk on the machine itself). Fixed after
	// creation. https://learn.microsoft.com/azure/aks/concepts-storage#ephemeral-os-disk
	// +optional
	// +kubebuilder:default=Managed
	// +kubebuilder:validation:Enum=Ephemeral;Managed
	OSDiskType string `json:"osDiskType,omitempty" arm:"properties.osDiskType,fold,immutable"`

	// osType is Linux or Windows. A System pool is Linux. Fixed after creation.
	// +optional
	// +kubebuilder:default=Linux
	// +kubebuilder:validation:Enum=Linux;Windows
	OSType string `json:"osType,omitempty" arm:"properties.osType,fold,immutable"`

	// osSKU is the operating system of the nodes. Azure chooses by osType and Kubernetes version where it is empty. It can
	// change between Ubuntu and AzureLinux, which replaces the nodes' image one node after the other.
	// See https://learn.microsoft.com/azure/aks/upgrade-os-version.
	// +kubebuilder:validation:Enum=Ubuntu;Ubuntu2204;Ubuntu2404;AzureLinux;AzureLinux3;Windows2019;Windows2022;Windows2025
	// +optional
	OSSKU string `json:"osSKU,omitempty" arm:"properties.osSKU,fold"`

	// availabilityZones are the zones the machines are spread over, for example ["1", "2", "3"]. Default: no zones. Fixed
	// after creation; the order does not matter. https://learn.microsoft.com/azure/aks/availability-zones
	// +optional
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=16
	AvailabilityZones []string `json:"availabilityZones,omitempty" arm:"properties.availabilityZones,set,immutable"`

	// nodeLabels are labels of the nodes. Keys that start with kubernetes.azure.com are AKS's own. They can be changed at any
	// time. https://learn.microsoft.com/azure/aks/use-labels
	// +optional
	// +kubebuilder:validation:MaxProperties=100
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('kubernetes.azure.com'))",messageExpression="'nodeLabels has the key \"' + self.filter(k, k.startsWith('kubernetes.azure.com'))[0] + '\", whose prefix kubernetes.azure.com belongs to AKS: use another prefix'"
	NodeLabels map[string]string `json:"nodeLabels,omitempty" arm:"properties.nodeLabels"`

	// taints keep pods without a matching toleration off the nodes. They can be changed at any time.
	// https://learn.microsoft.com/azure/aks/use-node-taints
	// +optional
	// +kubebuilder:validation:MaxItems=100
	Taints []Taint `json:"taints,omitempty" arm:"properties.nodeTaints,taints,release=[]"`

	// scaling hands the size of the pool to the cluster autoscaler of AKS; spec.replicas of the MachinePool then follows
	// Azure. It can be changed, added and removed at any time. https://learn.microsoft.com/azure/aks/cluster-autoscaler
	// +optional
	Scaling *Scaling `json:"scaling,omitempty"`

	// maxPods is the number of pods a node can run, 10 to 250; the default of AKS depends on the network plugin. Fixed after
	// creation. https://learn.microsoft.com/azure/aks/quotas-skus-regions
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=250
	MaxPods *int32 `json:"maxPods,omitempty" arm:"properties.maxPods,immutable"`

	// enableUltraSSD lets the nodes use ultra disks. Default: false. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/use-ultra-disks
	// +optional
	EnableUltraSSD *bool `json:"enableUltraSSD,omitempty" arm:"properties.enableUltraSSD,immutable"`

	// enableNodePublicIP gives every node a public address. Default: false. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/use-node-public-ips
	// +optional
	EnableNodePublicIP *bool `json:"enableNodePublicIP,omitempty" arm:"properties.enableNodePublicIP,immutable"`

	// nodePublicIPPrefixID is the id of the public IP prefix the nodes' addresses come from; it needs enableNodePublicIP. Fixed
	// after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`self.matches('(?i)^/?subscriptions/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/resourcegroups/[^/]+/providers/microsoft\\.network/publicipprefixes/[^/]+$')`,messageExpression=`'nodePublicIPPrefixID "' + self + '" is not the id of a public IP prefix: write /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/publicIPPrefixes/<name>'`
	NodePublicIPPrefixID string `json:"nodePublicIPPrefixID,omitempty" arm:"properties.nodePublicIPPrefixID,id,immutable"`

	// scaleSetPriority is Regular (the default of AKS) or Spot (cheaper machines Azure may take back; User pools only). Fixed
	// after creation. https://learn.microsoft.com/azure/aks/spot-node-pool
	// +optional
	// +kubebuilder:validation:Enum=Regular;Spot
	ScaleSetPriority string `json:"scaleSetPriority,omitempty" arm:"properties.scaleSetPriority,fold,immutable"`

	// scaleDownMode is what happens to a machine that is not needed: Delete, or Deallocate, which keeps it stopped. It can be
	// changed at any time. https://learn.microsoft.com/azure/aks/scale-down-mode
	// +optional
	// +kubebuilder:default=Delete
	// +kubebuilder:validation:Enum=Deallocate;Delete
	ScaleDownMode string `json:"scaleDownMode,omitempty" arm:"properties.scaleDownMode,fold"`

	// spotMaxPrice is the highest price of a Spot machine in US dollars per hour, for example 0.05; -1, the default of AKS,
	// means up to the regular price.
	// +optional
	SpotMaxPrice *resource.Quantity `json:"spotMaxPrice,omitempty" arm:"properties.spotMaxPrice,float"`

	// kubeletConfig are settings of the kubelet. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/custom-node-configuration
	// +optional
	KubeletConfig *KubeletConfig `json:"kubeletConfig,omitempty" arm:"properties.kubeletConfig,immutable"`

	// kubeletDiskType is where the kubelet keeps its data: OS (the system disk, the default of AKS) or Temporary (the
	// machine's temporary disk). Fixed after creation.
	// +optional
	// +kubebuilder:validation:Enum=OS;Temporary
	KubeletDiskType string `json:"kubeletDiskType,omitempty" arm:"properties.kubeletDiskType,fold,immutable"`

	// linuxOSConfig are settings of the operating system of Linux nodes. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/custom-node-configuration
	// +optional
	LinuxOSConfig *LinuxOSConfig `json:"linuxOSConfig,omitempty" arm:"properties.linuxOSConfig,immutable"`

	// subnetName is the subnet of the nodes, in the virtual network of the control plane; it must exist unless it is the
	// control plane's own. Default: the subnet of the control plane. It can be given once and is fixed then.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-zA-Z0-9][a-zA-Z0-9._-]{0,78}[a-zA-Z0-9]$')`,messageExpression=`'subnetName "' + self + '" is not a name of a subnet: use 2 to 80 letters, digits, dots, underscores and hyphens, with a letter or digit at both ends'`
	SubnetName string `json:"subnetName,omitempty" arm:"-,resolved to the id properties.vnetSubnetID,fold,setonce"`

	// enableFIPS makes the nodes use FIPS 140 validated cryptography. Default: false. It can be given once and is fixed then.
	// https://learn.microsoft.com/azure/aks/enable-fips-nodes
	// +optional
	EnableFIPS *bool `json:"enableFIPS,omitempty" arm:"properties.enableFIPS,setonce"`

	// enableEncryptionAtHost encrypts the disks and caches of the nodes. Default: false. It can be given once and is fixed
	// then. https://learn.microsoft.com/azure/aks/enable-host-encryption
	// +optional
	EnableEncryptionAtHost *bool `json:"enableEncryptionAtHost,omitempty" arm:"properties.enableEncryptionAtHost,setonce"`

	// additionalTags are put on the pool and its machines. Tags set by others stay. They can be changed at any time.
	// https://learn.microsoft.com/azure/aks/use-tags
	// +optional
	// +kubebuilder:validation:MaxProperties=50
	AdditionalTags map[string]string `json:"additionalTags,omitempty" arm:"properties.tags"`
}

// Scaling are the limits of the cluster autoscaler for a pool.
//
// +kubebuilder:validation:XValidation:rule="!has(self.minSize) || !has(self.maxSize) || self.minSize <= self.maxSize",messageExpression="'scaling.minSize %d is larger than scaling.maxSize %d: lower minSize or raise maxSize'.format([self.minSize, self.maxSize])",fieldPath=".minSize"
type Scaling struct {
	// minSize is the smallest number of nodes, 0 to 1000; a System pool needs at least 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	MinSize *int32 `json:"minSize,omitempty" arm:"properties.minCount"`

	// maxSize is the largest number of nodes, 1 to 1000.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxSize *int32 `json:"maxSize,omitempty" arm:"properties.maxCount"`
}

// Taint keeps pods without a matching toleration off a node.
type Taint struct {
	// effect is NoSchedule, PreferNoSchedule or NoExecute.
	// +kubebuilder:validation:Enum=NoSchedule;NoExecute;PreferNoSchedule
	Effect corev1.TaintEffect `json:"effect"`

	// key of the taint.
	// +kubebuilder:validation:MaxLength=317
	Key string `json:"key"`

	// value of the taint; it may be empty.
	// +kubebuilder:validation:MaxLength=63
	Value string `json:"value"`
}

// AzureManagedMachinePoolStatus is what is known about the pool.
type AzureManagedMachinePoolStatus struct {
	// ready is true once the pool was there completely; it stays true while the pool changes.
	// +optional
	Ready bool `json:"ready,omitempty"`

	// initialization holds what Cluster API waits for before it goes on.
	// +optional
	Initialization *Initialization `json:"initialization,omitempty"`

	// replicas is the number of machines Azure has for the pool.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`

	// desiredReplicas is the number of machines asked for, by the MachinePool or by the autoscaler of AKS.
	// +optional
	DesiredReplicas *int32 `json:"desiredReplicas,omitempty"`

	// version is the Kubernetes version of the nodes.
	// +optional
	Version string `json:"version,omitempty"`

	// nodeImageVersion is the image of the nodes.
	// +optional
	NodeImageVersion string `json:"nodeImageVersion,omitempty"`

	// provisioningState is what Azure reports: Succeeded, Failed, Canceled, or the name of what is going on.
	// +optional
	ProvisioningState string `json:"provisioningState,omitempty"`

	// operation is the operation Azure works on now.
	// +optional
	Operation *Operation `json:"operation,omitempty"`

	// lastChange is the last request that was sent to Azure, in one line.
	// +optional
	LastChange string `json:"lastChange,omitempty"`

	// resourceID is the id of the pool in Azure, from the moment it exists.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ResourceID string `json:"resourceID,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions tell the state in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// AzureManagedMachinePool is an agent pool of an AKS cluster. Its MachinePool says how many nodes it has and which
// Kubernetes version they run.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=azuremanagedmachinepools,scope=Namespaced,categories=cluster-api,shortName=ammp
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.metadata.labels.cluster\.x-k8s\.io/cluster-name`,description="Cluster this pool belongs to"
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`,description="System or User"
// +kubebuilder:printcolumn:name="SKU",type=string,JSONPath=`.spec.sku`,description="Size of the machines"
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.status.desiredReplicas`,description="Machines asked for"
// +kubebuilder:printcolumn:name="Current",type=integer,JSONPath=`.status.replicas`,description="Machines Azure has"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Everything asked for is there"
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`,description="Kubernetes version of the nodes"
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.provisioningState`,description="Provisioning state Azure reports"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Operation",type=string,priority=1,JSONPath=`.status.operation.description`,description="What Azure works on"
// +kubebuilder:printcolumn:name="%",type=integer,priority=1,JSONPath=`.status.operation.percentComplete`,description="Progress of the operation"
// +kubebuilder:printcolumn:name="Paused",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Paused")].status`,description="Nothing is sent to Azure"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Why it is not ready, in words"
// +kubebuilder:printcolumn:name="Resource ID",type=string,priority=1,JSONPath=`.status.resourceID`
// +kubebuilder:validation:XValidation:rule=`oldSelf.hasValue() || has(self.spec.name) || self.metadata.name.matches('^[a-z][a-z0-9]{0,11}$') && (self.spec.?osType.orValue('Linux') != 'Windows' || size(self.metadata.name) <= 6)`,messageExpression=`'metadata.name "' + self.metadata.name + '" is not a pool name AKS accepts (lower-case letters and digits, a letter first, at most 12 characters, 6 for Windows): choose such a name, or set spec.name'`,optionalOldSelf=true,fieldPath=".spec"
type AzureManagedMachinePool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the pool that is wanted.
	// +optional
	Spec AzureManagedMachinePoolSpec `json:"spec,omitempty"`

	// status is what is known about it.
	// +optional
	Status AzureManagedMachinePoolStatus `json:"status,omitempty"`
}

// GetConditions returns the conditions of the pool.
func (p *AzureManagedMachinePool) GetConditions() []metav1.Condition { return p.Status.Conditions }

// SetConditions replaces the conditions of the pool.
func (p *AzureManagedMachinePool) SetConditions(conditions []metav1.Condition) {
	p.Status.Conditions = conditions
}

// AzureManagedMachinePoolList is a list of AzureManagedMachinePools.
//
// +kubebuilder:object:root=true
type AzureManagedMachinePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AzureManagedMachinePool `json:"items"`
}
