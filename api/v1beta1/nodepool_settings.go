package v1beta1

import corev1 "k8s.io/api/core/v1"

// NodePoolUpgradeSettings say how the nodes of a pool are replaced in an upgrade.
// https://learn.microsoft.com/azure/aks/upgrade-aks-node-pools-rolling
type NodePoolUpgradeSettings struct {
	// maxSurge is how many nodes are added meanwhile: a number, or a share of the pool such as "33%" (AKS: "10%"). It can be
	// changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[0-9]+%?$')`,messageExpression=`'upgradeSettings.maxSurge "' + self + '" is neither a number nor a share: write, for example, "1" or "33%"'`
	MaxSurge string `json:"maxSurge,omitempty" arm:"maxSurge"`

	// maxUnavailable is how many nodes may be missing meanwhile, in the same form (AKS: "0"). It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[0-9]+%?$')`,messageExpression=`'upgradeSettings.maxUnavailable "' + self + '" is neither a number nor a share: write, for example, "1" or "33%"'`
	MaxUnavailable string `json:"maxUnavailable,omitempty" arm:"maxUnavailable"`

	// drainTimeoutInMinutes is how long a node waits for its pods to go, 1 to 1440 minutes (AKS: 30); then the upgrade fails
	// or goes on, see undrainableNodeBehavior. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1440
	DrainTimeoutInMinutes *int32 `json:"drainTimeoutInMinutes,omitempty" arm:"drainTimeoutInMinutes"`

	// nodeSoakDurationInMinutes is the pause after each node, 0 to 30 minutes (AKS: 0). It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=30
	NodeSoakDurationInMinutes *int32 `json:"nodeSoakDurationInMinutes,omitempty" arm:"nodeSoakDurationInMinutes"`

	// undrainableNodeBehavior is what happens to a node whose pods do not go: Schedule (the upgrade fails and the node takes
	// pods again, the default of AKS) or Cordon (the node is set aside and the upgrade goes on). It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Enum=Cordon;Schedule
	UndrainableNodeBehavior string `json:"undrainableNodeBehavior,omitempty" arm:"undrainableNodeBehavior,fold"`
}

// GPUProfile is for machines with GPUs.
type GPUProfile struct {
	// driver is Install (AKS installs it, the default) or None. Fixed after creation.
	// https://learn.microsoft.com/azure/aks/use-nvidia-gpu
	// +kubebuilder:validation:Enum=Install;None
	Driver string `json:"driver" arm:"driver,fold,immutable"`
}

// GatewayProfile is for pools with mode Gateway.
type GatewayProfile struct {
	// publicIPPrefixSize is the length of the prefix of public addresses, 28 to 31 (AKS: 31). Fixed after creation.
	// +optional
	// +kubebuilder:validation:Minimum=28
	// +kubebuilder:validation:Maximum=31
	PublicIPPrefixSize *int32 `json:"publicIPPrefixSize,omitempty" arm:"publicIPPrefixSize,immutable"`
}

// NodePoolSecurityProfile protects the machines of a pool.
type NodePoolSecurityProfile struct {
	// enableSecureBoot starts only signed software; it needs a machine size and image of generation 2 (AKS: false). It can be
	// changed at any time. https://learn.microsoft.com/azure/aks/use-trusted-launch
	// +optional
	EnableSecureBoot *bool `json:"enableSecureBoot,omitempty" arm:"enableSecureBoot"`

	// enableVTPM gives the machines a virtual TPM (AKS: false). It can be changed at any time.
	// +optional
	EnableVTPM *bool `json:"enableVTPM,omitempty" arm:"enableVTPM"`

	// sshAccess is LocalUser (with the key of the cluster, the default of AKS) or Disabled. It can be changed at any time.
	// https://learn.microsoft.com/azure/aks/manage-ssh-node-access
	// +optional
	// +kubebuilder:validation:Enum=LocalUser;Disabled
	SSHAccess string `json:"sshAccess,omitempty" arm:"sshAccess,fold"`
}

// NodePoolWindowsProfile is for pools with osType Windows.
type NodePoolWindowsProfile struct {
	// disableOutboundNat lets pods keep their address when they talk to others; it needs a NAT gateway or a route of your own
	// (AKS: false). Fixed after creation. https://learn.microsoft.com/azure/aks/nat-gateway
	// +optional
	DisableOutboundNat *bool `json:"disableOutboundNat,omitempty" arm:"disableOutboundNat,immutable"`
}

// NodePoolNetworkProfile is the network of the machines of a pool.
// https://learn.microsoft.com/azure/aks/use-node-public-ips
type NodePoolNetworkProfile struct {
	// allowedHostPorts are the ports of nodes that can be reached from outside. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	AllowedHostPorts []PortRange `json:"allowedHostPorts,omitempty" arm:"allowedHostPorts,set,release=[]"`

	// applicationSecurityGroups are the ids of the groups the nodes belong to. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=1024
	ApplicationSecurityGroups []string `json:"applicationSecurityGroups,omitempty" arm:"applicationSecurityGroups,set,id,release=[]"`

	// nodePublicIPTags are tags of the public addresses of the nodes. Fixed after creation.
	// +optional
	// +kubebuilder:validation:MaxItems=20
	NodePublicIPTags []IPTag `json:"nodePublicIPTags,omitempty" arm:"nodePublicIPTags,immutable"`
}

// PortRange are ports of one protocol.
//
// +kubebuilder:validation:XValidation:rule="!has(self.portStart) || !has(self.portEnd) || self.portStart <= self.portEnd",messageExpression="'allowedHostPorts has portStart %d, which is larger than portEnd %d: exchange them'.format([self.portStart, self.portEnd])",fieldPath=".portStart"
type PortRange struct {
	// portStart is the first port.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	PortStart *int32 `json:"portStart" arm:"portStart"`

	// portEnd is the last port.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	PortEnd *int32 `json:"portEnd" arm:"portEnd"`

	// protocol is TCP or UDP.
	// +kubebuilder:validation:Enum=TCP;UDP
	Protocol string `json:"protocol" arm:"protocol,fold"`
}

// IPTag is a tag of a public address, for example of the kind RoutingPreference with the tag Internet.
type IPTag struct {
	// ipTagType is the kind of tag.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	IPTagType string `json:"ipTagType" arm:"ipTagType"`

	// tag is the value.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Tag string `json:"tag" arm:"tag"`
}

// CreationData is what the pool is made from.
type CreationData struct {
	// sourceResourceID is the id of a snapshot of a pool: the nodes get its image and version. It can be changed at any time,
	// which replaces the nodes. https://learn.microsoft.com/azure/aks/node-pool-snapshot
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	SourceResourceID string `json:"sourceResourceID" arm:"sourceResourceId,id"`
}

// LocalDNSProfile answers DNS queries on each node. https://learn.microsoft.com/azure/aks/localdns-custom
type LocalDNSProfile struct {
	// mode is Preferred (where the version and the machines allow it, the default of AKS), Required or Disabled. It can be
	// changed at any time, which replaces the nodes.
	// +kubebuilder:validation:Enum=Preferred;Required;Disabled
	Mode string `json:"mode" arm:"mode,fold"`

	// vnetDNSOverrides are the settings for queries of pods with dnsPolicy Default, one entry per zone. An entry,
	// or a setting of one, that is dropped is taken out of Azure.
	// +optional
	// +listType=map
	// +listMapKey=zone
	// +kubebuilder:validation:MaxItems=100
	VnetDNSOverrides []LocalDNSOverride `json:"vnetDNSOverrides,omitempty" arm:"vnetDNSOverrides,key=zone"`

	// kubeDNSOverrides are the settings for queries of pods with dnsPolicy ClusterFirst, one entry per zone. An entry,
	// or a setting of one, that is dropped is taken out of Azure.
	// +optional
	// +listType=map
	// +listMapKey=zone
	// +kubebuilder:validation:MaxItems=100
	KubeDNSOverrides []LocalDNSOverride `json:"kubeDNSOverrides,omitempty" arm:"kubeDNSOverrides,key=zone"`
}

// LocalDNSOverride are the settings of one DNS zone.
type LocalDNSOverride struct {
	// zone is a DNS zone, for example cluster.local; "." is everything else.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Zone string `json:"zone" arm:"-,DNS zone"`

	// queryLogging is Error (the default of AKS) or Log (every query).
	// +optional
	// +kubebuilder:validation:Enum=Error;Log
	QueryLogging string `json:"queryLogging,omitempty" arm:"queryLogging,fold"`

	// protocol of queries that are forwarded: PreferUDP (the default of AKS) or ForceTCP.
	// +optional
	// +kubebuilder:validation:Enum=PreferUDP;ForceTCP
	Protocol string `json:"protocol,omitempty" arm:"protocol,fold"`

	// forwardDestination is ClusterCoreDNS or VnetDNS.
	// +optional
	// +kubebuilder:validation:Enum=ClusterCoreDNS;VnetDNS
	ForwardDestination string `json:"forwardDestination,omitempty" arm:"forwardDestination,fold"`

	// forwardPolicy chooses the server: Sequential (the default of AKS), RoundRobin or Random.
	// +optional
	// +kubebuilder:validation:Enum=Sequential;RoundRobin;Random
	ForwardPolicy string `json:"forwardPolicy,omitempty" arm:"forwardPolicy,fold"`

	// maxConcurrent is the number of queries at the same time (AKS: 1000).
	// +optional
	// +kubebuilder:validation:Minimum=0
	MaxConcurrent *int32 `json:"maxConcurrent,omitempty" arm:"maxConcurrent"`

	// cacheDurationInSeconds is how long answers are kept (AKS: 3600).
	// +optional
	// +kubebuilder:validation:Minimum=0
	CacheDurationInSeconds *int32 `json:"cacheDurationInSeconds,omitempty" arm:"cacheDurationInSeconds"`

	// serveStaleDurationInSeconds is how long answers that are too old are still given when no server answers (AKS: 3600).
	// +optional
	// +kubebuilder:validation:Minimum=0
	ServeStaleDurationInSeconds *int32 `json:"serveStaleDurationInSeconds,omitempty" arm:"serveStaleDurationInSeconds"`

	// serveStale is Immediate (the default of AKS), Verify (after a server was asked once more) or Disable.
	// +optional
	// +kubebuilder:validation:Enum=Verify;Immediate;Disable
	ServeStale string `json:"serveStale,omitempty" arm:"serveStale,fold"`
}

// Scaling are the limits of the cluster autoscaler for a pool. AKS needs both.
//
// +kubebuilder:validation:XValidation:rule="has(self.minSize) && has(self.maxSize)",message="scaling needs both minSize and maxSize: add the missing one, or remove scaling to give the number of nodes with MachinePool.spec.replicas"
// +kubebuilder:validation:XValidation:rule="!has(self.minSize) || !has(self.maxSize) || self.minSize <= self.maxSize",messageExpression="'scaling.minSize %d is larger than scaling.maxSize %d: lower minSize or raise maxSize'.format([self.minSize, self.maxSize])",fieldPath=".minSize"
type Scaling struct {
	// minSize is the smallest number of nodes, 0 to 1000; a System pool needs at least 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	MinSize *int32 `json:"minSize,omitempty" arm:"properties.minCount,release=null"`

	// maxSize is the largest number of nodes, 1 to 1000.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxSize *int32 `json:"maxSize,omitempty" arm:"properties.maxCount,release=null"`
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
