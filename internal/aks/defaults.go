package aks

import (
	"math/big"
	"net/netip"
	"regexp"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
)

// dnsServiceIPIndex is the host number AKS clusters conventionally give the cluster DNS service.
const dnsServiceIPIndex = 10

// maxDNSPrefix is the longest DNS prefix AKS accepts.
const maxDNSPrefix = 54

// DefaultControlPlane fills in what a control plane's spec leaves open and other fields or names decide. It is
// idempotent and deterministic: the webhook persists it, and every reader applies it again.
func DefaultControlPlane(spec *v1beta1.AzureManagedControlPlaneSpec, name, clusterName string) {
	spec.Version = NormalVersion(spec.Version)
	if spec.ResourceGroupName == "" {
		spec.ResourceGroupName = clusterName
	}
	if spec.ResourceGroupName != "" && spec.NodeResourceGroupName == "" {
		spec.NodeResourceGroupName = DefaultNodeResourceGroup(spec.ResourceGroupName, name, spec.Location)
	}
	if spec.FQDNSubdomain == "" { // it would take the place of the prefix
		setDefault(&spec.DNSPrefix, dnsPrefix(name))
	}
	if spec.FleetsMember != nil {
		setDefault(&spec.FleetsMember.Name, clusterName)
	}
	if spec.VirtualNetwork == nil {
		spec.VirtualNetwork = &v1beta1.VirtualNetwork{}
	}
	vnet := spec.VirtualNetwork
	if vnet.Subnet == nil {
		vnet.Subnet = &v1beta1.Subnet{}
	}
	setDefault(&vnet.Name, name)
	setDefault(&vnet.ResourceGroup, spec.ResourceGroupName)
	setDefault(&vnet.Subnet.Name, name)
	if spec.NetworkPluginMode == "overlay" && vnet.CIDRBlock == "" && vnet.Subnet.CIDRBlock == "" {
		vnet.CIDRBlock, vnet.Subnet.CIDRBlock = v1beta1.DefaultVirtualNetworkCIDROverlay, v1beta1.DefaultSubnetCIDROverlay
	}
	setDefault(&vnet.CIDRBlock, v1beta1.DefaultVirtualNetworkCIDR)
	setDefault(&vnet.Subnet.CIDRBlock, v1beta1.DefaultSubnetCIDR)
}

// DefaultExtensions fills in what extensions leave open. It is for readers only: who compares manifests with objects compares a list as a
// whole, and what were filled in here would be a difference each time.
func DefaultExtensions(spec *v1beta1.AzureManagedControlPlaneSpec, name string) {
	for i := range spec.Extensions {
		extension := &spec.Extensions[i]
		if extension.AutoUpgradeMinorVersion == nil {
			extension.AutoUpgradeMinorVersion = new(true)
		}
		if plan := extension.Plan; plan != nil {
			setDefault(&plan.Name, name+"-"+plan.Product)
		}
	}
}

// NormalVersion is a Kubernetes version with the leading v that Cluster API wants.
func NormalVersion(version string) string {
	if version == "" || version[0] < '0' || version[0] > '9' { // has its v, or is no version: shown as it was written
		return version
	}
	return "v" + version
}

var notDNS = regexp.MustCompile(`[^a-zA-Z0-9-]+`)

// dnsPrefix makes a DNS prefix AKS accepts out of an object name.
func dnsPrefix(name string) string {
	prefix := notDNS.ReplaceAllString(name, "-")
	if len(prefix) > maxDNSPrefix {
		prefix = prefix[:maxDNSPrefix]
	}
	return strings.Trim(prefix, "-")
}

// DNSServiceIP is the conventional address of the cluster DNS service in a service range: the tenth address,
// or an empty string where the range is malformed or too small to have one.
func DNSServiceIP(serviceCIDR string) string {
	prefix, err := netip.ParsePrefix(serviceCIDR)
	if err != nil {
		return ""
	}
	base := new(big.Int).SetBytes(prefix.Masked().Addr().AsSlice())
	base.Add(base, big.NewInt(dnsServiceIPIndex))
	raw := base.FillBytes(make([]byte, prefix.Addr().BitLen()/8))
	addr, ok := netip.AddrFromSlice(raw)
	if !ok || !prefix.Contains(addr) {
		return ""
	}
	return addr.String()
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
