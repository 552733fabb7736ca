package workload

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeObject is the Node that the kubelet and the cloud controller of an AKS
// node would maintain. It depends on the record alone, so that two calls give
// the same object and the difference of two records is what changed.
func (c *cluster) nodeObject(n nodeRecord) *corev1.Node {
	capacity := n.capacity()
	obj := &corev1.Node{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: c.nodeLabels(n.Node)},
		Spec: corev1.NodeSpec{
			ProviderID:    n.ProviderID,
			Taints:        append([]corev1.Taint(nil), n.Taints...),
			Unschedulable: n.Unschedulable,
		},
		Status: corev1.NodeStatus{
			Capacity:        capacity,
			Allocatable:     allocatable(capacity),
			Addresses:       []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: n.Name}},
			Conditions:      n.conditions(),
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: 10250}},
			NodeInfo:        n.systemInfo(),
		},
	}
	if n.InternalIP != "" {
		obj.Status.Addresses = append(obj.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: n.InternalIP})
	}
	// What the node controller adds, because nobody else would.
	if n.Unschedulable {
		obj.Spec.Taints = append(obj.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	}
	if !n.Ready {
		obj.Spec.Taints = append(obj.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule})
	}
	return obj
}

func (n Node) windows() bool { return strings.EqualFold(n.OS, "windows") }

func (n Node) os() string {
	if n.windows() {
		return "windows"
	}
	return "linux"
}

var armSize = regexp.MustCompile(`^Standard_[A-Z]+\d+(-\d+)?[a-z]*p[a-z]*(_|$)`) // the p of Dpsv5 means Ampere

func (n Node) arch() string {
	if armSize.MatchString(n.VMSize) {
		return "arm64"
	}
	return "amd64"
}

func (c *cluster) nodeLabels(n Node) map[string]string {
	region := c.region()
	zone := "0" // a node outside of availability zones
	if n.Zone != "" {
		zone = n.Zone
		if !strings.Contains(zone, "-") {
			zone = region + "-" + zone
		}
	}
	labels := map[string]string{
		"beta.kubernetes.io/arch":          n.arch(),
		"beta.kubernetes.io/os":            n.os(),
		"kubernetes.azure.com/role":        "agent",
		"kubernetes.io/arch":               n.arch(),
		"kubernetes.io/hostname":           n.Name,
		"kubernetes.io/os":                 n.os(),
		"topology.kubernetes.io/zone":      zone,
		"topology.disk.csi.azure.com/zone": n.diskZone(zone),
	}
	optional := map[string]string{
		"agentpool":                               n.Pool,
		"beta.kubernetes.io/instance-type":        n.VMSize,
		"kubernetes.azure.com/agentpool":          n.Pool,
		"kubernetes.azure.com/cluster":            nodeResourceGroup(n.ProviderID),
		"kubernetes.azure.com/mode":               strings.ToLower(n.Mode),
		"kubernetes.azure.com/node-image-version": n.NodeImage,
		"node.kubernetes.io/instance-type":        n.VMSize,
		"topology.kubernetes.io/region":           region,
	}
	for key, value := range optional {
		if value != "" {
			labels[key] = value
		}
	}
	maps.Copy(labels, n.Labels)
	return labels
}

// diskZone is empty outside of zones, where disks are regional.
func (n Node) diskZone(zone string) string {
	if n.Zone == "" {
		return ""
	}
	return zone
}

// region comes from the cluster, or from <name>.hcp.<region>.azmk8s.io.
func (c *cluster) region() string {
	if c.spec.Location != "" {
		return strings.ToLower(strings.ReplaceAll(c.spec.Location, " ", ""))
	}
	host, found := strings.CutSuffix(c.spec.FQDN, ".azmk8s.io")
	if i := strings.LastIndex(host, "."); found && i >= 0 {
		return host[i+1:]
	}
	return ""
}

func nodeResourceGroup(providerID string) string {
	parts := strings.Split(providerID, "/")
	for i, part := range parts {
		if strings.EqualFold(part, "resourceGroups") && i+1 < len(parts) {
			return parts[i+1]
		}
	}
	return ""
}

func (n nodeRecord) conditions() []corev1.NodeCondition {
	since := metav1.NewTime(n.ReadySince.UTC().Truncate(1e9))
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Reason: reason, Message: message, LastHeartbeatTime: since, LastTransitionTime: since}
	}
	ready := condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status")
	if !n.Ready {
		ready = condition(corev1.NodeReady, corev1.ConditionFalse, "KubeletNotReady", "container runtime network not ready")
	}
	return []corev1.NodeCondition{
		condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
		condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
		condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
		ready,
	}
}

func (n Node) systemInfo() corev1.NodeSystemInfo {
	// Ids that a machine has, derived so that they outlive a restart.
	machine := uuid.NewSHA1(uuid.NameSpaceURL, []byte(n.ProviderID+"/"+n.Name))
	sum := sha256.Sum256(machine[:])
	info := corev1.NodeSystemInfo{
		MachineID:               strings.ReplaceAll(machine.String(), "-", ""),
		SystemUUID:              machine.String(),
		BootID:                  uuid.NewSHA1(machine, sum[:]).String(),
		KernelVersion:           "5.15.0-1089-azure",
		OSImage:                 "Ubuntu 22.04.5 LTS",
		ContainerRuntimeVersion: "containerd://1.7.28-1",
		KubeletVersion:          "v" + bareVersion(n.Version),
		OperatingSystem:         n.os(),
		Architecture:            n.arch(),
	}
	image := strings.ToLower(n.NodeImage)
	switch {
	case n.windows() && strings.Contains(image, "2019"):
		info.OSImage, info.KernelVersion = "Windows Server 2019 Datacenter", "10.0.17763.7314"
	case n.windows() && strings.Contains(image, "2025"):
		info.OSImage, info.KernelVersion = "Windows Server 2025 Datacenter", "10.0.26100.4061"
	case n.windows():
		info.OSImage, info.KernelVersion = "Windows Server 2022 Datacenter", "10.0.20348.3695"
	case strings.Contains(image, "azurelinux"):
		info.OSImage, info.KernelVersion = "Microsoft Azure Linux 3.0", "6.6.96.2-1.azl3"
	case strings.Contains(image, "mariner"):
		info.OSImage, info.KernelVersion = "CBL-Mariner/Linux", "5.15.186.1-1.cm2"
	case strings.Contains(image, "2404"):
		info.OSImage, info.KernelVersion = "Ubuntu 24.04.3 LTS", "6.8.0-1034-azure"
	}
	return info
}

var sizePattern = regexp.MustCompile(`^(?:Standard|Basic)_([A-Z]+)(\d+)`)

// capacity guesses cores and memory from the name of the VM size, which holds
// the cores; the family tells the memory per core.
func (n Node) capacity() corev1.ResourceList {
	cores, perCore := int64(2), int64(4)
	if m := sizePattern.FindStringSubmatch(n.VMSize); m != nil {
		if v, err := strconv.ParseInt(m[2], 10, 64); err == nil && v > 0 {
			cores = v
		}
		switch m[1][0] {
		case 'E', 'L', 'G':
			perCore = 8
		case 'F', 'A':
			perCore = 2
		case 'M':
			perCore = 16
		}
	}
	return corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(cores, resource.DecimalSI),
		corev1.ResourceMemory:           resource.MustParse(fmt.Sprintf("%dGi", cores*perCore)),
		corev1.ResourceEphemeralStorage: resource.MustParse("128Gi"),
		corev1.ResourcePods:             *resource.NewQuantity(110, resource.DecimalSI),
	}
}

// allocatable leaves the kubelet its share, roughly what AKS reserves.
func allocatable(capacity corev1.ResourceList) corev1.ResourceList {
	rest := capacity.DeepCopy()
	cpu := capacity[corev1.ResourceCPU]
	rest[corev1.ResourceCPU] = *resource.NewMilliQuantity(cpu.MilliValue()-60-20*cpu.Value(), resource.DecimalSI)
	memory := capacity[corev1.ResourceMemory]
	rest[corev1.ResourceMemory] = *resource.NewQuantity(memory.Value()*8/10, resource.BinarySI)
	disk := capacity[corev1.ResourceEphemeralStorage]
	rest[corev1.ResourceEphemeralStorage] = *resource.NewQuantity(disk.Value()*9/10, resource.BinarySI)
	return rest
}
