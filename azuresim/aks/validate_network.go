package aks

import (
	"net/netip"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// forbiddenRanges are used inside AKS.
var forbiddenRanges = []string{"169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"}

func checkNetwork(props arm.Object) error {
	n := arm.Map(props, "networkProfile")
	plugin, mode, policy := strings.ToLower(arm.Str(n, "networkPlugin")), strings.ToLower(arm.Str(n, "networkPluginMode")), strings.ToLower(arm.Str(n, "networkPolicy"))
	invalid := func(parameter, format string, args ...any) error {
		return badRequest("InvalidParameter", "networkProfile."+parameter, "The value of parameter networkProfile."+parameter+" is invalid. Error details: "+format+". Please see https://aka.ms/aks-naming-rules for more details.", args...)
	}
	switch {
	case plugin != "azure" && plugin != "kubenet" && plugin != "none":
		return invalid("networkPlugin", "'%s' is not one of azure, kubenet, none", plugin)
	case mode == "overlay" && plugin != "azure":
		return invalid("networkPluginMode", "overlay needs networkPlugin azure, this is '%s'", plugin)
	case strings.EqualFold(arm.Str(n, "networkDataplane"), "cilium") && plugin != "azure":
		return invalid("networkDataplane", "cilium needs networkPlugin azure, this is '%s'", plugin)
	case policy == "azure" && plugin != "azure":
		return invalid("networkPolicy", "network policy azure needs networkPlugin azure, this is '%s'", plugin)
	case policy == "cilium" && !strings.EqualFold(arm.Str(n, "networkDataplane"), "cilium"):
		return invalid("networkPolicy", "network policy cilium needs networkDataplane cilium")
	}
	if ports, _ := arm.Int(n, "loadBalancerProfile.allocatedOutboundPorts"); ports%8 != 0 {
		return invalid("loadBalancerProfile.allocatedOutboundPorts", "%d is not a multiple of 8", ports)
	}
	ranges := map[string]netip.Prefix{}
	for _, parameter := range []string{"serviceCidr", "podCidr"} {
		s := arm.Str(n, parameter)
		if s == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			return invalid(parameter, "'%s' is not a CIDR", s)
		}
		for _, f := range forbiddenRanges {
			if netip.MustParsePrefix(f).Overlaps(prefix) {
				return invalid(parameter, "'%s' overlaps %s, which AKS uses itself", s, f)
			}
		}
		ranges[parameter] = prefix
	}
	service := ranges["serviceCidr"]
	if service.IsValid() && service.Addr().Is4() && service.Bits() < 12 {
		return invalid("serviceCidr", "'%s' is larger than /12", service)
	}
	if pod := ranges["podCidr"]; pod.IsValid() && service.IsValid() && pod.Overlaps(service) {
		return invalid("serviceCidr", "'%s' overlaps the pod CIDR '%s'", service, pod)
	}
	return checkDNS(n, service, invalid)
}

func checkDNS(n arm.Object, service netip.Prefix, invalid func(string, string, ...any) error) error {
	s := arm.Str(n, "dnsServiceIP")
	addr, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return invalid("dnsServiceIP", "'%s' is not an IP address", s)
	case !service.Contains(addr):
		return invalid("dnsServiceIP", "'%s' is not inside the service CIDR '%s'", s, service)
	case addr == service.Masked().Addr().Next():
		return invalid("dnsServiceIP", "'%s' is the first address of the service CIDR '%s', which is reserved for the Kubernetes service", s, service)
	}
	return nil
}

// defaultDNS is the tenth address of the service range, as Azure picks it.
func defaultDNS(serviceCIDR string) string {
	prefix, err := netip.ParsePrefix(serviceCIDR)
	if err != nil {
		return ""
	}
	addr := prefix.Masked().Addr()
	for range 10 {
		addr = addr.Next()
	}
	return addr.String()
}
