package webhook

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
)

// largestServiceRange is the shortest prefix AKS accepts for services.
const largestServiceRange = 12

// reserved ranges cannot be used for nodes, pods or services.
// https://learn.microsoft.com/azure/aks/configure-kubenet
var reserved = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.30.0.0/16"),
	netip.MustParsePrefix("172.31.0.0/16"),
	netip.MustParsePrefix("192.0.2.0/24"),
}

// addressRange is one range and where it was written.
type addressRange struct {
	name   string
	prefix netip.Prefix
}

func (r addressRange) String() string { return fmt.Sprintf("%s %q", r.name, r.prefix) }

func networkChanged(old, spec *v1beta1.AzureManagedControlPlaneSpec) bool {
	cidrs := func(s *v1beta1.AzureManagedControlPlaneSpec) (vnet, subnet string) {
		if s.VirtualNetwork == nil {
			return "", ""
		}
		if s.VirtualNetwork.Subnet == nil {
			return s.VirtualNetwork.CIDRBlock, ""
		}
		return s.VirtualNetwork.CIDRBlock, s.VirtualNetwork.Subnet.CIDRBlock
	}
	oldVnet, oldSubnet := cidrs(old)
	vnet, subnet := cidrs(spec)
	return oldVnet != vnet || oldSubnet != subnet || old.DNSServiceIP != spec.DNSServiceIP || !slices.Equal(old.IPFamilies, spec.IPFamilies)
}

// networkProblems compares the ranges of the control plane with those of its Cluster. Ranges that are no ranges are for
// the CRD of the control plane to refuse, and reported here for the Cluster.
func networkProblems(spec *v1beta1.AzureManagedControlPlaneSpec, cluster *clusterv1.Cluster) (field.ErrorList, admission.Warnings) {
	network := cluster.Spec.ClusterNetwork
	services, problems := clusterRanges(spec, cluster.Name, "services", network.Services.CIDRBlocks)
	pods, more := clusterRanges(spec, cluster.Name, "pods", network.Pods.CIDRBlocks)
	problems = append(problems, more...)
	if !podsHaveRange(spec) {
		pods = nil // they take addresses of the subnet, and AKS is not told the range
	}
	problems = append(problems, dnsProblems(spec, cluster.Name, services)...)
	subnet := subnetRange(spec)
	subnetPath := field.NewPath("spec", "virtualNetwork", "subnet", "cidrBlock")
	for _, service := range services {
		if service.prefix.Addr().Is4() && service.prefix.Bits() < largestServiceRange {
			problems = append(problems, field.Forbidden(field.NewPath("spec"), fmt.Sprintf("%s is too large: AKS takes at most a /%d", service, largestServiceRange)))
		}
		for _, pod := range pods {
			if service.prefix.Overlaps(pod.prefix) {
				problems = append(problems, field.Forbidden(field.NewPath("spec"), fmt.Sprintf("%s overlaps %s: choose ranges that do not overlap", service, pod)))
			}
		}
	}
	for _, other := range slices.Concat(services, pods) {
		if subnet != nil && other.prefix.Overlaps(subnet.prefix) {
			problems = append(problems, field.Invalid(subnetPath, subnet.prefix.String(),
				fmt.Sprintf("overlaps %s: choose ranges that do not overlap, or write the real range where the subnet is your own", other)))
		}
		problems = append(problems, reservedProblems(field.NewPath("spec"), other)...)
	}
	if subnet != nil {
		problems = append(problems, reservedProblems(subnetPath, *subnet)...)
	}
	return problems, vnetWarnings(spec, services, subnet)
}

func podsHaveRange(spec *v1beta1.AzureManagedControlPlaneSpec) bool {
	return spec.NetworkPluginMode == "overlay" || spec.NetworkPlugin == "kubenet" || spec.NetworkPlugin == "none"
}

// clusterRanges reads the ranges AKS can be given of those in a Cluster: one, or one of each family for a dual-stack cluster.
func clusterRanges(spec *v1beta1.AzureManagedControlPlaneSpec, cluster, what string, blocks []string) ([]addressRange, field.ErrorList) {
	name := fmt.Sprintf("spec.clusterNetwork.%s.cidrBlocks of Cluster %q", what, cluster)
	refuse := func(format string, args ...any) field.ErrorList {
		return field.ErrorList{field.Forbidden(field.NewPath("spec"), name+" "+fmt.Sprintf(format, args...))}
	}
	dualStack := len(spec.IPFamilies) > 1
	switch {
	case len(blocks) > 2, len(blocks) == 2 && dualStack && strings.Contains(blocks[0], ":") == strings.Contains(blocks[1], ":"):
		return nil, refuse("has %d ranges %q: keep one, or one of IPv4 and one of IPv6", len(blocks), blocks)
	case len(blocks) == 2 && !dualStack:
		return nil, refuse("has %d ranges %q: keep one, or set spec.ipFamilies of the control plane to [IPv4, IPv6] for a dual-stack cluster", len(blocks), blocks)
	}
	var ranges []addressRange
	for _, block := range blocks {
		prefix, err := netip.ParsePrefix(block)
		if err != nil {
			return nil, refuse("%q is not an address range: write an address and a prefix length, for example 192.168.0.0/16", block)
		}
		ranges = append(ranges, addressRange{name: name, prefix: prefix.Masked()})
	}
	return ranges, nil
}

func subnetRange(spec *v1beta1.AzureManagedControlPlaneSpec) *addressRange {
	if spec.VirtualNetwork == nil || spec.VirtualNetwork.Subnet == nil {
		return nil
	}
	prefix, err := netip.ParsePrefix(spec.VirtualNetwork.Subnet.CIDRBlock)
	if err != nil {
		return nil
	}
	return &addressRange{name: "spec.virtualNetwork.subnet.cidrBlock", prefix: prefix.Masked()}
}

func dnsProblems(spec *v1beta1.AzureManagedControlPlaneSpec, cluster string, services []addressRange) field.ErrorList {
	if spec.DNSServiceIP == "" {
		return nil
	}
	refuse := func(format string, args ...any) field.ErrorList {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "dnsServiceIP"), spec.DNSServiceIP, fmt.Sprintf(format, args...))}
	}
	if len(services) == 0 {
		return refuse("has to be inside the service range, but spec.clusterNetwork.services.cidrBlocks of Cluster %q has none that can be used: "+
			"set it to one range, or remove dnsServiceIP", cluster)
	}
	address, err := netip.ParseAddr(spec.DNSServiceIP)
	if err != nil {
		return nil // the CRD says so
	}
	first := services[0].prefix.Addr()
	switch {
	case !services[0].prefix.Contains(address):
		return refuse("is not inside %s: choose an address inside it, or remove dnsServiceIP to get the tenth", services[0])
	case address == first || address == first.Next():
		return refuse("is the first address of %s, which is taken by the API server: choose a later one, or remove dnsServiceIP to get the tenth", services[0])
	}
	return nil
}

func reservedProblems(path *field.Path, r addressRange) field.ErrorList {
	for _, taken := range reserved {
		if taken.Overlaps(r.prefix) {
			return field.ErrorList{field.Forbidden(path, fmt.Sprintf("%s overlaps %s, which AKS keeps for itself: choose another range", r, taken))}
		}
	}
	return nil
}

// vnetWarnings: AKS refuses a service range that overlaps the subnet of the nodes. One that overlaps only the rest of the
// virtual network works, but hides those addresses from the pods. The default network is so large that almost every
// service range does.
func vnetWarnings(spec *v1beta1.AzureManagedControlPlaneSpec, services []addressRange, subnet *addressRange) admission.Warnings {
	if len(services) == 0 || subnet == nil || spec.VirtualNetwork.CIDRBlock == v1beta1.DefaultVirtualNetworkCIDR {
		return nil
	}
	vnet, err := netip.ParsePrefix(spec.VirtualNetwork.CIDRBlock)
	if err != nil || !vnet.Overlaps(services[0].prefix) || subnet.prefix.Overlaps(services[0].prefix) {
		return nil
	}
	return admission.Warnings{fmt.Sprintf("spec.virtualNetwork.cidrBlock %q overlaps %s: pods cannot reach what has an address in both; choose ranges that do not overlap", vnet, services[0])}
}

// subnetWarnings: a range that leaves the network's is refused by Azure where the subnet has to be created. Where it exists
// already, the ranges in the spec are not used, and manifests in use have any.
func subnetWarnings(network *v1beta1.VirtualNetwork) admission.Warnings {
	if network == nil || network.Subnet == nil {
		return nil
	}
	vnet, err := netip.ParsePrefix(network.CIDRBlock)
	if err != nil {
		return nil
	}
	subnet, err := netip.ParsePrefix(network.Subnet.CIDRBlock)
	if err != nil || subnet.Bits() >= vnet.Bits() {
		return nil
	}
	return admission.Warnings{fmt.Sprintf("spec.virtualNetwork.subnet.cidrBlock %q is larger than spec.virtualNetwork.cidrBlock %q: this works only where both exist already "+
		"and their ranges here are not used; else choose a range inside that of the network", subnet, vnet)}
}
