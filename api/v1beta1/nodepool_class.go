package v1beta1

import "k8s.io/apimachinery/pkg/api/resource"

// AzureManagedMachinePoolClassSpec are the settings that an AzureManagedMachinePool and its template share.
//
// +kubebuilder:validation:XValidation:rule="has(oldSelf.enableEncryptionAtHost) || !self.?enableEncryptionAtHost.orValue(false)",message="enableEncryptionAtHost cannot be turned on for a pool that exists, AKS takes it at creation only: remove it, or create another pool with it",fieldPath=".enableEncryptionAtHost"
// +kubebuilder:validation:XValidation:rule="self.mode != 'System' || self.?osType.orValue('Linux') == 'Linux'",messageExpression="'osType ' + self.osType + ' cannot run the pods of a System pool: change osType to Linux, or mode to User'",fieldPath=".osType"
// +kubebuilder:validation:XValidation:rule="self.?osType.orValue('Linux') != 'Windows' || size(self.?name.orValue(\"\")) <= 6",messageExpression="'name \"' + self.name + '\" is too long for a Windows pool: use at most 6 characters'",fieldPath=".name"
// +kubebuilder:validation:XValidation:rule="!has(self.osSKU) || self.osSKU.startsWith('Windows') == (self.?osType.orValue('Linux') == 'Windows')",message="osSKU is not one of the osType of the pool: choose Windows2019, Windows2022 or Windows2025 for osType Windows and one of the others for Linux, or create another pool",fieldPath=".osSKU"
// +kubebuilder:validation:XValidation:rule="self.mode != 'System' || self.?maxPods.orValue(30) >= 30",message="maxPods is less than 30, which is the least AKS takes for a System pool: raise it, or change mode to User",fieldPath=".maxPods"
// +kubebuilder:validation:XValidation:rule="self.mode != 'System' || self.?scaleSetPriority.orValue('Regular') != 'Spot'",message="scaleSetPriority Spot is not possible for a System pool: change scaleSetPriority to Regular, or mode to User",fieldPath=".scaleSetPriority"
// +kubebuilder:validation:XValidation:rule="!has(self.nodePublicIPPrefixID) || self.?enableNodePublicIP.orValue(false)",messageExpression="'nodePublicIPPrefixID \"' + self.nodePublicIPPrefixID + '\" needs nodes with public addresses: set enableNodePublicIP to true, or remove nodePublicIPPrefixID'",fieldPath=".nodePublicIPPrefixID"
// +kubebuilder:validation:XValidation:rule="!has(self.scaleSetEvictionPolicy) || self.?scaleSetPriority.orValue('Regular') == 'Spot'",messageExpression="'scaleSetEvictionPolicy ' + self.scaleSetEvictionPolicy + ' is for Spot machines: set scaleSetPriority to Spot, or remove scaleSetEvictionPolicy'",fieldPath=".scaleSetEvictionPolicy"
// +kubebuilder:validation:XValidation:rule="!has(self.vnetSubnetID) || !has(self.subnetName)",messageExpression="'subnetName \"' + self.subnetName + '\" and vnetSubnetID \"' + self.vnetSubnetID + '\" both name the subnet: keep one of them'",fieldPath=".vnetSubnetID"
// +kubebuilder:validation:XValidation:rule="!has(self.gatewayProfile) || self.mode == 'Gateway'",messageExpression="'gatewayProfile is for pools with mode Gateway, and mode is ' + self.mode + ': change mode, or remove gatewayProfile'",fieldPath=".gatewayProfile"
// +kubebuilder:validation:XValidation:rule="!has(self.windowsProfile) || self.?osType.orValue('Linux') == 'Windows'",message="windowsProfile is for Windows nodes, and osType is Linux: remove windowsProfile, or change osType to Windows",fieldPath=".windowsProfile"
// +kubebuilder:validation:XValidation:rule="!has(self.linuxOSConfig) || !has(self.linuxOSConfig.swapFileSizeMB) || !self.?kubeletConfig.?failSwapOn.orValue(true)",messageExpression="'linuxOSConfig.swapFileSizeMB %d needs a kubelet that tolerates swap: set kubeletConfig.failSwapOn to false, or remove swapFileSizeMB'.format([self.linuxOSConfig.swapFileSizeMB])",fieldPath=".linuxOSConfig"
type AzureManagedMachinePoolClassSpec struct {
	// name of the pool in Azure: lower-case letters and digits, a letter first, at most 12 characters (Windows: 6). Default:
	// the name of the AzureManagedMachinePool, or of the topology's pool, where it follows the same rule, and otherwise a
	// name made of it. status.agentPoolName tells the name in use. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/create-node-pools
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z][a-z0-9]{0,11}$')`,messageExpression=`'name "' + self + '" is not a pool name AKS accepts: use lower-case letters and digits, a letter first, at most 12 characters'`
	Name string `json:"name,omitempty" arm:"-,part of the resource id,precreate"`

	// mode is System (runs the pods AKS needs; a cluster has at least one such pool), User or Gateway (pods leave the cluster
	// through it, see staticEgressGatewayProfile of the control plane). It can be changed between System and User at any time,
	// as long as one System pool is left. https://learn.microsoft.com/azure/aks/use-system-pools
	// +kubebuilder:validation:Enum=System;User;Gateway
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
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self == oldSelf || self in ['Ubuntu', 'Ubuntu2204', 'Ubuntu2404', 'AzureLinux', 'AzureLinux3', 'CBLMariner']",message="osSKU can change between kinds of Ubuntu and of AzureLinux only: set it back, or create another pool"
	// +kubebuilder:validation:Enum=Ubuntu;Ubuntu2204;Ubuntu2404;AzureLinux;AzureLinux3;AzureContainerLinux;CBLMariner;Windows2019;Windows2022;Windows2025
	// +optional
	OSSKU string `json:"osSKU,omitempty" arm:"properties.osSKU,fold"`

	// availabilityZones are the zones the machines are spread over, for example ["1", "2", "3"]. Default: the
	// failureDomains of the MachinePool when the pool is created, and without those no zones. Fixed after creation; the order
	// does not matter. https://learn.microsoft.com/azure/aks/availability-zones
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

	// replacement says what happens when a setting changes that is fixed after creation: it is refused, or the nodes are
	// replaced by those of another agent pool.
	// +optional
	Replacement *NodePoolReplacement `json:"replacement,omitempty"`

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

	// enableEncryptionAtHost encrypts the disks and caches of the nodes. Default: false. Fixed after creation: false may be
	// written down later, true is for a new pool. https://learn.microsoft.com/azure/aks/enable-host-encryption
	// +optional
	EnableEncryptionAtHost *bool `json:"enableEncryptionAtHost,omitempty" arm:"properties.enableEncryptionAtHost,precreate"`

	// vnetSubnetID is the Azure id of the subnet of the nodes, in the virtual network of the other pools; instead of
	// subnetName. It cannot be changed once the pool exists.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	VnetSubnetID string `json:"vnetSubnetID,omitempty" arm:"properties.vnetSubnetID,id,precreate"`

	// podSubnetID is the Azure id of the subnet the pods get their addresses from. Default: that of the nodes. Fixed after
	// creation. https://learn.microsoft.com/azure/aks/configure-azure-cni-dynamic-ip-allocation
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	PodSubnetID string `json:"podSubnetID,omitempty" arm:"properties.podSubnetID,id,immutable"`

	// podIPAllocationMode is how addresses of podSubnetID are handed out: DynamicIndividual (one by one, the default of AKS)
	// or StaticBlock (in blocks per node). Fixed after creation.
	// https://learn.microsoft.com/azure/aks/configure-azure-cni-static-block-allocation
	// +optional
	// +kubebuilder:validation:Enum=DynamicIndividual;StaticBlock
	PodIPAllocationMode string `json:"podIPAllocationMode,omitempty" arm:"properties.podIPAllocationMode,fold,immutable"`

	// networkProfile is the network of the machines.
	// +optional
	NetworkProfile *NodePoolNetworkProfile `json:"networkProfile,omitempty" arm:"properties.networkProfile"`

	// nodeImageUpgradeAfter asks for one upgrade of the nodes to the newest node image of their Kubernetes version once that time
	// has come, for example 2026-12-31T22:00:00Z. Write a later time for another one. Nothing is sent when the nodes have the
	// newest image already. It can be changed at any time. https://learn.microsoft.com/azure/aks/node-image-upgrade
	// +optional
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:MaxLength=64
	NodeImageUpgradeAfter string `json:"nodeImageUpgradeAfter,omitempty" arm:"-,requests upgradeNodeImageVersion of the pool"`

	// upgradeSettings say how nodes are replaced in an upgrade.
	// +optional
	UpgradeSettings *NodePoolUpgradeSettings `json:"upgradeSettings,omitempty" arm:"properties.upgradeSettings"`

	// scaleSetEvictionPolicy is what happens to a Spot machine Azure takes back: Delete (the default of AKS) or Deallocate.
	// Fixed after creation.
	// +optional
	// +kubebuilder:validation:Enum=Delete;Deallocate
	ScaleSetEvictionPolicy string `json:"scaleSetEvictionPolicy,omitempty" arm:"properties.scaleSetEvictionPolicy,fold,immutable"`

	// powerState is Running or Stopped. A stopped pool keeps its settings and costs no nodes. Not given, it stays as it is. It
	// can be changed at any time. https://learn.microsoft.com/azure/aks/start-stop-nodepools
	// +optional
	// +kubebuilder:validation:Enum=Running;Stopped
	PowerState string `json:"powerState,omitempty" arm:"properties.powerState.code,fold"`

	// workloadRuntime is OCIContainer (the default of AKS), KataVmIsolation (each pod in a machine of its own) or WasmWasi.
	// Fixed after creation. https://learn.microsoft.com/azure/aks/use-pod-sandboxing
	// +optional
	// +kubebuilder:validation:Enum=OCIContainer;WasmWasi;KataVmIsolation
	WorkloadRuntime string `json:"workloadRuntime,omitempty" arm:"properties.workloadRuntime,fold,immutable"`

	// gpuProfile is for machines with GPUs.
	// +optional
	GPUProfile *GPUProfile `json:"gpuProfile,omitempty" arm:"properties.gpuProfile"`

	// gpuInstanceProfile is how a GPU is divided: MIG1g, MIG2g, MIG3g, MIG4g or MIG7g. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/gpu-multi-instance
	// +optional
	// +kubebuilder:validation:Enum=MIG1g;MIG2g;MIG3g;MIG4g;MIG7g
	GPUInstanceProfile string `json:"gpuInstanceProfile,omitempty" arm:"properties.gpuInstanceProfile,fold,immutable"`

	// proximityPlacementGroupID is the id of the group in which the machines are close to each other. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/reduce-latency-ppg
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ProximityPlacementGroupID string `json:"proximityPlacementGroupID,omitempty" arm:"properties.proximityPlacementGroupID,id,immutable"`

	// capacityReservationGroupID is the id of the group whose reserved machines are used. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/use-capacity-reservation-groups
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	CapacityReservationGroupID string `json:"capacityReservationGroupID,omitempty" arm:"properties.capacityReservationGroupID,id,immutable"`

	// hostGroupID is the id of the group of dedicated hosts the machines run on. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/use-azure-dedicated-hosts
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	HostGroupID string `json:"hostGroupID,omitempty" arm:"properties.hostGroupID,id,immutable"`

	// creationData is what the pool is made from.
	// +optional
	CreationData *CreationData `json:"creationData,omitempty" arm:"properties.creationData"`

	// securityProfile protects the machines.
	// +optional
	SecurityProfile *NodePoolSecurityProfile `json:"securityProfile,omitempty" arm:"properties.securityProfile"`

	// windowsProfile is for osType Windows.
	// +optional
	WindowsProfile *NodePoolWindowsProfile `json:"windowsProfile,omitempty" arm:"properties.windowsProfile"`

	// gatewayProfile is for mode Gateway.
	// +optional
	GatewayProfile *GatewayProfile `json:"gatewayProfile,omitempty" arm:"properties.gatewayProfile"`

	// localDNSProfile answers DNS queries on each node.
	// +optional
	LocalDNSProfile *LocalDNSProfile `json:"localDNSProfile,omitempty" arm:"properties.localDNSProfile"`

	// artifactStreamingProfile starts containers before their image is complete; it needs images made for it.
	// https://learn.microsoft.com/azure/aks/artifact-streaming
	// +optional
	ArtifactStreamingProfile *Switch `json:"artifactStreamingProfile,omitempty" arm:"properties.artifactStreamingProfile"`

	// messageOfTheDay is what people see who log in to a Linux node: a text, base64-encoded. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxLength=65536
	MessageOfTheDay string `json:"messageOfTheDay,omitempty" arm:"properties.messageOfTheDay,immutable"`

	// asoManagedClustersAgentPoolPatches are JSON or YAML merge patches of the ManagedClustersAgentPool object of Azure
	// Service Operator, which earlier providers wrote. They are applied in order to the request instead: what is in spec
	// means the same there, the rest has no effect.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=65536
	ASOManagedClustersAgentPoolPatches []string `json:"asoManagedClustersAgentPoolPatches,omitempty" arm:"-,patches of the request"`

	// passthrough are properties of the agent pool that are no field here.
	// +optional
	Passthrough *Passthrough `json:"passthrough,omitempty"`

	// additionalTags are put on the pool and its machines. Tags set by others stay. They can be changed at any time.
	// https://learn.microsoft.com/azure/aks/use-tags
	// +optional
	// +kubebuilder:validation:MaxProperties=50
	AdditionalTags map[string]string `json:"additionalTags,omitempty" arm:"properties.tags"`
}
