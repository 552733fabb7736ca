package aks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// clusterFixed are the properties of a cluster that cannot change after its creation.
var clusterFixed = []string{
	"dnsPrefix", "fqdnSubdomain", "nodeResourceGroup", "linuxProfile.adminUsername", "linuxProfile.ssh.publicKeys", "windowsProfile.adminUsername", "enableRBAC", "diskEncryptionSetID",
	"servicePrincipalProfile.clientId", "apiServerAccessProfile.enablePrivateCluster", "apiServerAccessProfile.privateDNSZone", "networkProfile.serviceCidr", "networkProfile.serviceCidrs",
	"networkProfile.dnsServiceIP", "networkProfile.loadBalancerSku", "networkProfile.ipFamilies", "networkProfile.podCidr", "networkProfile.podCidrs", "networkProfile.networkMode",
}

// poolFixed are those of an agent pool.
var poolFixed = []string{
	"vmSize", "osType", "maxPods", "osDiskSizeGB", "osDiskType", "kubeletDiskType", "type", "vnetSubnetID", "podSubnetID", "availabilityZones", "enableNodePublicIP",
	"nodePublicIPPrefixID", "scaleSetPriority", "scaleSetEvictionPolicy", "enableUltraSSD", "enableEncryptionAtHost", "enableFIPS", "kubeletConfig", "linuxOSConfig", "gpuInstanceProfile",
	"proximityPlacementGroupID", "hostGroupID", "capacityReservationGroupID", "creationData", "workloadRuntime",
}

func fixed(path string) error {
	return badRequest("PropertyChangeNotAllowed", path, "Changing property '%s' is not allowed.", path)
}

// changed compares a sent value with the stored one; omitting and repeating are both fine.
func changed(stored, sent arm.Object, path string) bool {
	v := arm.Get(sent, path)
	if v == nil || emptyValue(v) && arm.Get(stored, path) == nil {
		return false
	}
	return !same(arm.Get(stored, path), v)
}

func emptyValue(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case bool:
		return !v
	case string:
		return v == ""
	}
	return false
}

// same compares as Azure does: without case, lists as sets, and a sent object only where it says something.
func same(stored, sent any) bool {
	switch s := sent.(type) {
	case map[string]any:
		o, _ := stored.(map[string]any)
		for k, v := range s {
			if !same(o[k], v) {
				return false
			}
		}
		return true
	case []any:
		o, _ := stored.([]any)
		return slices.Equal(sortedTexts(o), sortedTexts(s))
	default:
		return strings.EqualFold(fmt.Sprint(stored), fmt.Sprint(sent))
	}
}

func sortedTexts(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = strings.TrimSpace(text(v))
	}
	slices.Sort(out)
	return out
}

func clusterImmutable(stored, sent arm.Object) error {
	for _, path := range clusterFixed {
		if changed(stored, sent, path) {
			return fixed(path)
		}
	}
	for _, path := range []string{"oidcIssuerProfile.enabled", "aadProfile.managed"} {
		if arm.Bool(stored, path) && arm.Get(sent, path) == false {
			return fixed(path)
		}
	}
	if arm.Get(sent, "networkProfile.networkPlugin") != nil && !pluginChangeAllowed(stored, sent) {
		return fixed("networkProfile.networkPlugin")
	}
	if changed(stored, sent, "networkProfile.networkPluginMode") && arm.Str(stored, "networkProfile.networkPluginMode") != "" {
		return fixed("networkProfile.networkPluginMode")
	}
	if changed(stored, sent, "networkProfile.networkDataplane") && arm.Str(stored, "networkProfile.networkDataplane") == "cilium" {
		return fixed("networkProfile.networkDataplane")
	}
	if changed(stored, sent, "networkProfile.outboundType") && !outboundChangeAllowed(arm.Str(stored, "networkProfile.outboundType"), arm.Str(sent, "networkProfile.outboundType")) {
		return fixed("networkProfile.outboundType")
	}
	return nil
}

// pluginChangeAllowed: the only way is from kubenet to azure in overlay mode.
func pluginChangeAllowed(stored, sent arm.Object) bool {
	from, to := arm.Str(stored, "networkProfile.networkPlugin"), arm.Str(sent, "networkProfile.networkPlugin")
	return strings.EqualFold(from, to) || strings.EqualFold(from, "kubenet") && strings.EqualFold(to, "azure") && strings.EqualFold(arm.Str(sent, "networkProfile.networkPluginMode"), "overlay")
}

// outboundChangeAllowed follows the table of "customize egress": only a managed NAT gateway restricts the way out.
func outboundChangeAllowed(from, to string) bool {
	if strings.EqualFold(from, "managedNATGateway") {
		return strings.EqualFold(to, "none") || strings.EqualFold(to, "block")
	}
	return true
}

func poolImmutable(stored, sent arm.Object) error {
	for _, path := range poolFixed {
		if changed(stored, sent, path) {
			return fixed("agentPoolProfile." + path)
		}
	}
	return nil
}
