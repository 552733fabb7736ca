package aks

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// clusterFixed are the properties of a cluster that cannot change after its creation.
var clusterFixed = []string{
	"dnsPrefix", "fqdnSubdomain", "nodeResourceGroup", "linuxProfile.adminUsername", "linuxProfile.ssh.publicKeys", "windowsProfile.adminUsername", "enableRBAC", "diskEncryptionSetID",
	"apiServerAccessProfile.enablePrivateCluster", "apiServerAccessProfile.privateDNSZone", "networkProfile.serviceCidr", "networkProfile.serviceCidrs",
	"networkProfile.dnsServiceIP", "networkProfile.loadBalancerSku", "networkProfile.ipFamilies", "networkProfile.networkMode",
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

func clusterImmutable(stored, sent arm.Object, identity string) error {
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
	if strings.EqualFold(identity, "None") && arm.Str(stored, "servicePrincipalProfile.clientId") == "msi" {
		return fixed("identity.type") // documented: a cluster with a managed identity cannot go back to a service principal
	}
	if changed(stored, sent, "servicePrincipalProfile.clientId") && !(identity != "" && arm.Str(sent, "servicePrincipalProfile.clientId") == "msi") {
		return fixed("servicePrincipalProfile.clientId") // the way from a service principal to a managed identity is open, no other
	}
	return networkImmutable(arm.Map(stored, "networkProfile"), arm.Map(sent, "networkProfile"))
}

// networkImmutable: of the network, a few migrations are possible, one way and one at a time.
func networkImmutable(stored, sent arm.Object) error {
	if sent == nil {
		return nil
	}
	if sent["networkPlugin"] != nil && !pluginChangeAllowed(stored, sent) {
		return fixed("networkProfile.networkPlugin")
	}
	mode, plane := changed(stored, sent, "networkPluginMode"), changed(stored, sent, "networkDataplane")
	switch {
	case mode && arm.Str(stored, "networkPluginMode") != "":
		return fixed("networkProfile.networkPluginMode")
	case plane && arm.Str(stored, "networkDataplane") == "cilium":
		return fixed("networkProfile.networkDataplane")
	case plane && mode:
		return badRequest("BadRequest", "networkProfile.networkDataplane", "Changing networkPluginMode and networkDataplane in one operation is not allowed. Please change them one after the other.")
	}
	for _, path := range []string{"podCidr", "podCidrs"} {
		if changed(stored, sent, path) && !mode && !podsGrow(stored, sent, path) {
			return fixed("networkProfile." + path)
		}
	}
	return nil
}

// podsGrow: the range of an overlay network may be replaced by one that contains it.
func podsGrow(stored, sent arm.Object, path string) bool {
	if !strings.EqualFold(arm.Str(stored, "networkPluginMode"), "overlay") {
		return false
	}
	was, is := arm.Str(stored, path), arm.Str(sent, path)
	if path == "podCidrs" {
		was, is = firstText(arm.List(stored, path)), firstText(arm.List(sent, path))
	}
	old, errOld := netip.ParsePrefix(was)
	grown, err := netip.ParsePrefix(is)
	return errOld == nil && err == nil && grown.Bits() <= old.Bits() && grown.Contains(old.Addr())
}

func firstText(list []any) string {
	if len(list) == 0 {
		return ""
	}
	s, _ := list[0].(string)
	return s
}

// pluginChangeAllowed: the only way is from kubenet to azure in overlay mode.
func pluginChangeAllowed(stored, sent arm.Object) bool {
	from, to := arm.Str(stored, "networkPlugin"), arm.Str(sent, "networkPlugin")
	return strings.EqualFold(from, to) || strings.EqualFold(from, "kubenet") && strings.EqualFold(to, "azure") && strings.EqualFold(arm.Str(sent, "networkPluginMode"), "overlay")
}

// outboundFrom is the table of "customize egress": where a cluster can go from an outbound type, in the service's own
// virtual network and in a brought one.
var outboundFrom = map[bool]map[string][]string{
	false: {
		"loadbalancer": {"managednatgateway", "managednatgatewayv2", "userassignednatgateway", "userdefinedrouting", "none", "block"},
		"none":         {"loadbalancer", "managednatgateway", "managednatgatewayv2", "userassignednatgateway", "userdefinedrouting", "block"},
		"block":        {"loadbalancer", "managednatgateway", "managednatgatewayv2", "userassignednatgateway", "userdefinedrouting", "none"},

		"managednatgateway": {"none", "block", "managednatgatewayv2"},
	},
	true: {
		"loadbalancer":           {"userdefinedrouting", "userassignednatgateway", "none", "block"},
		"userdefinedrouting":     {"loadbalancer", "userassignednatgateway", "none", "block"},
		"userassignednatgateway": {"loadbalancer", "userdefinedrouting", "none", "block"},
		"none":                   {"loadbalancer", "userdefinedrouting", "userassignednatgateway", "block"},
		"block":                  {"loadbalancer", "userdefinedrouting", "userassignednatgateway", "none"},
	},
}

// checkOutbound needs to know whose network the cluster stands in, so it is asked apart from the other properties.
func (p *Provider) checkOutbound(c *fabric.Resource, sent arm.Object) error {
	from, to := strings.ToLower(arm.Str(c.Body, "properties.networkProfile.outboundType")), strings.ToLower(arm.Str(sent, "networkProfile.outboundType"))
	if to == "" || to == from {
		return nil
	}
	subnets := p.broughtSubnets(c)
	if !slices.Contains(outboundFrom[len(subnets) > 0][from], to) {
		return fixed("networkProfile.outboundType")
	}
	for _, id := range subnets {
		if subnet := p.Fabric.Get(id); subnet != nil && strings.EqualFold(to, userDefinedRouting) {
			if err := checkRoutes(subnet); err != nil {
				return err
			}
		}
	}
	return nil
}

func poolImmutable(stored, sent arm.Object) error {
	for _, path := range poolFixed {
		if changed(stored, sent, path) {
			return fixed("agentPoolProfile." + path)
		}
	}
	if changed(stored, sent, "osSKU") && !(linuxSKU[text(stored["osSKU"])] && linuxSKU[text(sent["osSKU"])]) {
		return fixed("agentPoolProfile.osSKU")
	}
	return nil
}

// linuxSKU are the operating systems a pool can move between.
var linuxSKU = map[string]bool{"ubuntu": true, "ubuntu2204": true, "ubuntu2404": true, "azurelinux": true, "azurelinux3": true, "cblmariner": true, "mariner": true}
