package v1beta1

// KubeletConfig are settings of the kubelet. All are fixed after creation.
// https://learn.microsoft.com/azure/aks/custom-node-configuration
//
// +kubebuilder:validation:XValidation:rule="!has(self.imageGcLowThreshold) || !has(self.imageGcHighThreshold) || self.imageGcLowThreshold <= self.imageGcHighThreshold",messageExpression="'kubeletConfig.imageGcLowThreshold %d is larger than imageGcHighThreshold %d: lower imageGcLowThreshold or raise imageGcHighThreshold'.format([self.imageGcLowThreshold, self.imageGcHighThreshold])",fieldPath=".imageGcLowThreshold"
type KubeletConfig struct {
	// cpuManagerPolicy is none (the default of AKS) or static.
	// +optional
	// +kubebuilder:validation:Enum=none;static
	CPUManagerPolicy string `json:"cpuManagerPolicy,omitempty" arm:"cpuManagerPolicy"`

	// cpuCfsQuota enforces CPU limits of containers (AKS: true).
	// +optional
	CPUCfsQuota *bool `json:"cpuCfsQuota,omitempty" arm:"cpuCfsQuota"`

	// cpuCfsQuotaPeriod is the period of CPU limits in milliseconds, for example "100ms" (AKS: "100ms").
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[0-9]+(\\.[0-9]+)?ms$')`,messageExpression=`'kubeletConfig.cpuCfsQuotaPeriod "' + self + '" is not a time in milliseconds: write a number followed by ms, for example 100ms'`
	CPUCfsQuotaPeriod string `json:"cpuCfsQuotaPeriod,omitempty" arm:"cpuCfsQuotaPeriod"`

	// imageGcHighThreshold is the use of the disk in percent above which unused images are removed, 0 to 100 (AKS: 85).
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	ImageGcHighThreshold *int32 `json:"imageGcHighThreshold,omitempty" arm:"imageGcHighThreshold"`

	// imageGcLowThreshold is the use of the disk in percent at which that stops, 0 to 100 (AKS: 80).
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	ImageGcLowThreshold *int32 `json:"imageGcLowThreshold,omitempty" arm:"imageGcLowThreshold"`

	// topologyManagerPolicy is none (the default of AKS), best-effort, restricted or single-numa-node.
	// +optional
	// +kubebuilder:validation:Enum=none;best-effort;restricted;single-numa-node
	TopologyManagerPolicy string `json:"topologyManagerPolicy,omitempty" arm:"topologyManagerPolicy"`

	// allowedUnsafeSysctls are the kernel settings pods may change: kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.* and
	// net.* (a trailing * allows a whole family).
	// +optional
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule=`self.matches('^(kernel\\.shm.+|kernel\\.msg.+|kernel\\.sem|fs\\.mqueue\\..+|net\\..+)$')`,messageExpression=`'kubeletConfig.allowedUnsafeSysctls has "' + self + '", which pods cannot be allowed to change: only kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.* and net.* are possible'`
	AllowedUnsafeSysctls []string `json:"allowedUnsafeSysctls,omitempty" arm:"allowedUnsafeSysctls,set"`

	// failSwapOn keeps the kubelet from starting on a node with swap (AKS: true). linuxOSConfig.swapFileSizeMB needs false.
	// +optional
	FailSwapOn *bool `json:"failSwapOn,omitempty" arm:"failSwapOn"`

	// containerLogMaxSizeMB is the size in MB at which the log of a container is rotated (AKS: 50).
	// +optional
	// +kubebuilder:validation:Minimum=1
	ContainerLogMaxSizeMB *int32 `json:"containerLogMaxSizeMB,omitempty" arm:"containerLogMaxSizeMB"`

	// containerLogMaxFiles is the number of log files kept for a container, at least 2 (AKS: 5).
	// +optional
	// +kubebuilder:validation:Minimum=2
	ContainerLogMaxFiles *int32 `json:"containerLogMaxFiles,omitempty" arm:"containerLogMaxFiles"`

	// podMaxPids is the number of processes a pod may have; -1, the default of AKS, means no limit.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	PodMaxPids *int32 `json:"podMaxPids,omitempty" arm:"podMaxPids"`
}

// LinuxOSConfig are settings of the operating system of Linux nodes. All are fixed after creation.
// https://learn.microsoft.com/azure/aks/custom-node-configuration
type LinuxOSConfig struct {
	// swapFileSizeMB is the size of the swap file in MB (AKS: no swap). It needs kubeletConfig.failSwapOn false.
	// +optional
	// +kubebuilder:validation:Minimum=1
	SwapFileSizeMB *int32 `json:"swapFileSizeMB,omitempty" arm:"swapFileSizeMB"`

	// sysctls are kernel settings.
	// +optional
	Sysctls *SysctlConfig `json:"sysctls,omitempty" arm:"sysctls"`

	// transparentHugePageDefrag is always, defer, defer+madvise, madvise (the default of AKS) or never.
	// +optional
	// +kubebuilder:validation:Enum=always;defer;defer+madvise;madvise;never
	TransparentHugePageDefrag string `json:"transparentHugePageDefrag,omitempty" arm:"transparentHugePageDefrag"`

	// transparentHugePageEnabled is always (the default of AKS), madvise or never.
	// +optional
	// +kubebuilder:validation:Enum=always;madvise;never
	TransparentHugePageEnabled string `json:"transparentHugePageEnabled,omitempty" arm:"transparentHugePageEnabled"`
}

// SysctlConfig are kernel settings of Linux nodes. All are fixed after creation.
type SysctlConfig struct {
	// fsAioMaxNr is fs.aio-max-nr, 65536 to 6553500.
	// +optional
	// +kubebuilder:validation:Minimum=65536
	// +kubebuilder:validation:Maximum=6553500
	FsAioMaxNr *int32 `json:"fsAioMaxNr,omitempty" arm:"fsAioMaxNr"`

	// fsFileMax is fs.file-max, 8192 to 12000500.
	// +optional
	// +kubebuilder:validation:Minimum=8192
	// +kubebuilder:validation:Maximum=12000500
	FsFileMax *int32 `json:"fsFileMax,omitempty" arm:"fsFileMax"`

	// fsInotifyMaxUserWatches is fs.inotify.max_user_watches, 781250 to 2097152.
	// +optional
	// +kubebuilder:validation:Minimum=781250
	// +kubebuilder:validation:Maximum=2097152
	FsInotifyMaxUserWatches *int32 `json:"fsInotifyMaxUserWatches,omitempty" arm:"fsInotifyMaxUserWatches"`

	// fsNrOpen is fs.nr_open, 8192 to 20000500.
	// +optional
	// +kubebuilder:validation:Minimum=8192
	// +kubebuilder:validation:Maximum=20000500
	FsNrOpen *int32 `json:"fsNrOpen,omitempty" arm:"fsNrOpen"`

	// kernelThreadsMax is kernel.threads-max, 20 to 513785.
	// +optional
	// +kubebuilder:validation:Minimum=20
	// +kubebuilder:validation:Maximum=513785
	KernelThreadsMax *int32 `json:"kernelThreadsMax,omitempty" arm:"kernelThreadsMax"`

	// netCoreNetdevMaxBacklog is net.core.netdev_max_backlog, 1000 to 3240000.
	// +optional
	// +kubebuilder:validation:Minimum=1000
	// +kubebuilder:validation:Maximum=3240000
	NetCoreNetdevMaxBacklog *int32 `json:"netCoreNetdevMaxBacklog,omitempty" arm:"netCoreNetdevMaxBacklog"`

	// netCoreOptmemMax is net.core.optmem_max, 20480 to 4194304.
	// +optional
	// +kubebuilder:validation:Minimum=20480
	// +kubebuilder:validation:Maximum=4194304
	NetCoreOptmemMax *int32 `json:"netCoreOptmemMax,omitempty" arm:"netCoreOptmemMax"`

	// netCoreRmemDefault is net.core.rmem_default, 212992 to 134217728.
	// +optional
	// +kubebuilder:validation:Minimum=212992
	// +kubebuilder:validation:Maximum=134217728
	NetCoreRmemDefault *int32 `json:"netCoreRmemDefault,omitempty" arm:"netCoreRmemDefault"`

	// netCoreRmemMax is net.core.rmem_max, 212992 to 134217728.
	// +optional
	// +kubebuilder:validation:Minimum=212992
	// +kubebuilder:validation:Maximum=134217728
	NetCoreRmemMax *int32 `json:"netCoreRmemMax,omitempty" arm:"netCoreRmemMax"`

	// netCoreSomaxconn is net.core.somaxconn, 4096 to 3240000.
	// +optional
	// +kubebuilder:validation:Minimum=4096
	// +kubebuilder:validation:Maximum=3240000
	NetCoreSomaxconn *int32 `json:"netCoreSomaxconn,omitempty" arm:"netCoreSomaxconn"`

	// netCoreWmemDefault is net.core.wmem_default, 212992 to 134217728.
	// +optional
	// +kubebuilder:validation:Minimum=212992
	// +kubebuilder:validation:Maximum=134217728
	NetCoreWmemDefault *int32 `json:"netCoreWmemDefault,omitempty" arm:"netCoreWmemDefault"`

	// netCoreWmemMax is net.core.wmem_max, 212992 to 134217728.
	// +optional
	// +kubebuilder:validation:Minimum=212992
	// +kubebuilder:validation:Maximum=134217728
	NetCoreWmemMax *int32 `json:"netCoreWmemMax,omitempty" arm:"netCoreWmemMax"`

	// netIpv4NeighDefaultGcThresh1 is net.ipv4.neigh.default.gc_thresh1, 128 to 80000.
	// +optional
	// +kubebuilder:validation:Minimum=128
	// +kubebuilder:validation:Maximum=80000
	NetIPv4NeighDefaultGcThresh1 *int32 `json:"netIpv4NeighDefaultGcThresh1,omitempty" arm:"netIpv4NeighDefaultGcThresh1"`

	// netIpv4NeighDefaultGcThresh2 is net.ipv4.neigh.default.gc_thresh2, 512 to 90000.
	// +optional
	// +kubebuilder:validation:Minimum=512
	// +kubebuilder:validation:Maximum=90000
	NetIPv4NeighDefaultGcThresh2 *int32 `json:"netIpv4NeighDefaultGcThresh2,omitempty" arm:"netIpv4NeighDefaultGcThresh2"`

	// netIpv4NeighDefaultGcThresh3 is net.ipv4.neigh.default.gc_thresh3, 1024 to 100000.
	// +optional
	// +kubebuilder:validation:Minimum=1024
	// +kubebuilder:validation:Maximum=100000
	NetIPv4NeighDefaultGcThresh3 *int32 `json:"netIpv4NeighDefaultGcThresh3,omitempty" arm:"netIpv4NeighDefaultGcThresh3"`

	// netIpv4TCPFinTimeout is net.ipv4.tcp_fin_timeout, 5 to 120.
	// +optional
	// +kubebuilder:validation:Minimum=5
	// +kubebuilder:validation:Maximum=120
	NetIPv4TCPFinTimeout *int32 `json:"netIpv4TCPFinTimeout,omitempty" arm:"netIpv4TcpFinTimeout"`

	// netIpv4TCPKeepaliveProbes is net.ipv4.tcp_keepalive_probes, 1 to 15.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=15
	NetIPv4TCPKeepaliveProbes *int32 `json:"netIpv4TCPKeepaliveProbes,omitempty" arm:"netIpv4TcpKeepaliveProbes"`

	// netIpv4TCPKeepaliveTime is net.ipv4.tcp_keepalive_time, 30 to 432000.
	// +optional
	// +kubebuilder:validation:Minimum=30
	// +kubebuilder:validation:Maximum=432000
	NetIPv4TCPKeepaliveTime *int32 `json:"netIpv4TCPKeepaliveTime,omitempty" arm:"netIpv4TcpKeepaliveTime"`

	// netIpv4TCPMaxSynBacklog is net.ipv4.tcp_max_syn_backlog, 128 to 3240000.
	// +optional
	// +kubebuilder:validation:Minimum=128
	// +kubebuilder:validation:Maximum=3240000
	NetIPv4TCPMaxSynBacklog *int32 `json:"netIpv4TCPMaxSynBacklog,omitempty" arm:"netIpv4TcpMaxSynBacklog"`

	// netIpv4TCPMaxTwBuckets is net.ipv4.tcp_max_tw_buckets, 8000 to 1440000.
	// +optional
	// +kubebuilder:validation:Minimum=8000
	// +kubebuilder:validation:Maximum=1440000
	NetIPv4TCPMaxTwBuckets *int32 `json:"netIpv4TCPMaxTwBuckets,omitempty" arm:"netIpv4TcpMaxTwBuckets"`

	// netIpv4TCPkeepaliveIntvl is net.ipv4.tcp_keepalive_intvl, 10 to 90. Manifests in use have less, which AKS refuses.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=90
	NetIPv4TCPkeepaliveIntvl *int32 `json:"netIpv4TCPkeepaliveIntvl,omitempty" arm:"netIpv4TcpkeepaliveIntvl"`

	// netNetfilterNfConntrackBuckets is net.netfilter.nf_conntrack_buckets, 65536 to 147456.
	// +optional
	// +kubebuilder:validation:Minimum=65536
	// +kubebuilder:validation:Maximum=147456
	NetNetfilterNfConntrackBuckets *int32 `json:"netNetfilterNfConntrackBuckets,omitempty" arm:"netNetfilterNfConntrackBuckets"`

	// netNetfilterNfConntrackMax is net.netfilter.nf_conntrack_max, 131072 to 1048576.
	// +optional
	// +kubebuilder:validation:Minimum=131072
	// +kubebuilder:validation:Maximum=1048576
	NetNetfilterNfConntrackMax *int32 `json:"netNetfilterNfConntrackMax,omitempty" arm:"netNetfilterNfConntrackMax"`

	// vmMaxMapCount is vm.max_map_count, 65530 to 262144.
	// +optional
	// +kubebuilder:validation:Minimum=65530
	// +kubebuilder:validation:Maximum=262144
	VmMaxMapCount *int32 `json:"vmMaxMapCount,omitempty" arm:"vmMaxMapCount"`

	// vmSwappiness is vm.swappiness, 0 to 100.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	VmSwappiness *int32 `json:"vmSwappiness,omitempty" arm:"vmSwappiness"`

	// vmVfsCachePressure is vm.vfs_cache_pressure, 1 to 500.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	VmVfsCachePressure *int32 `json:"vmVfsCachePressure,omitempty" arm:"vmVfsCachePressure"`

	// netIpv4IPLocalPortRange is net.ipv4.ip_local_port_range: the first (1024 to 60999) and the last (32768 to 65000) local
	// port, separated by a space.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[0-9]{4,5} [0-9]{5}$') && int(self.split(' ')[0]) >= 1024 && int(self.split(' ')[0]) <= 60999 && int(self.split(' ')[1]) >= 32768 && int(self.split(' ')[1]) <= 65000 && int(self.split(' ')[0]) <= int(self.split(' ')[1])`,messageExpression=`'sysctls.netIpv4IPLocalPortRange "' + self + '" is not a range AKS accepts: write the first (1024 to 60999) and the last (32768 to 65000) port, for example 32768 60999'`
	NetIPv4IPLocalPortRange string `json:"netIpv4IPLocalPortRange,omitempty" arm:"netIpv4IpLocalPortRange"`

	// netIpv4TCPTwReuse is net.ipv4.tcp_tw_reuse.
	// +optional
	NetIPv4TCPTwReuse *bool `json:"netIpv4TCPTwReuse,omitempty" arm:"netIpv4TcpTwReuse"`
}
