package aks

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

var (
	clusterName = regexp.MustCompile(`^[a-zA-Z0-9]$|^[a-zA-Z0-9][-_a-zA-Z0-9]{0,61}[a-zA-Z0-9]$`)
	poolName    = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)
	dnsPrefix   = regexp.MustCompile(`^[a-zA-Z0-9]([-a-zA-Z0-9]{0,52}[a-zA-Z0-9])?$`)
)

// checkCluster applies the rules that need the whole cluster as it would be.
func (p *Provider) checkCluster(rq *arm.Request, d *draft, pools []poolDraft) error {
	props := arm.Map(d.body, "properties")
	if prefix := arm.Str(props, "dnsPrefix"); arm.Str(props, "fqdnSubdomain") == "" && !dnsPrefix.MatchString(prefix) {
		return badRequest("InvalidParameter", "dnsPrefix", "The value of parameter dnsPrefix is invalid. Error details: DNS prefix '%s' is invalid. DNS prefix must contain between 1 and 54 characters. The name can contain only letters, numbers, and hyphens. The name must start and end with a letter or a number. Please see https://aka.ms/aks-naming-rules for more details.", prefix)
	}
	if group := arm.Str(props, "nodeResourceGroup"); d.stored == nil && group != "" {
		if len(group) > 80 {
			return badRequest("InvalidParameter", "nodeResourceGroup", "The value of parameter nodeResourceGroup is invalid. Error details: '%s' is longer than 80 characters.", group)
		}
		if p.Fabric.Get(arm.ID{Subscription: d.id.Subscription, ResourceGroup: group}.String()) != nil {
			return badRequest("InvalidParameter", "nodeResourceGroup", "The value of parameter nodeResourceGroup is invalid. Error details: resource group '%s' exists already. The node resource group must not exist before the cluster.", group)
		}
	}
	if err := checkProfiles(props); err != nil {
		return err
	}
	if err := checkNetwork(props); err != nil {
		return err
	}
	return checkTier(d.body)
}

func checkProfiles(props arm.Object) error {
	for _, raw := range arm.List(props, "linuxProfile.ssh.publicKeys") {
		key, _ := raw.(map[string]any)
		if k := arm.Str(key, "keyData"); !strings.HasPrefix(k, "ssh-") && !strings.HasPrefix(k, "ecdsa-") {
			return badRequest("InvalidParameter", "linuxProfile.ssh.publicKeys.keyData", "The value of parameter linuxProfile.ssh.publicKeys.keyData is invalid. Error details: SSH public key is not in the form 'ssh-rsa AAAA…'.")
		}
	}
	if arm.Bool(props, "disableLocalAccounts") && arm.Map(props, "aadProfile") == nil {
		return badRequest("BadRequest", "disableLocalAccounts", "Disabling local accounts is only allowed on clusters with managed AAD enabled.")
	}
	for _, raw := range arm.List(props, "apiServerAccessProfile.authorizedIPRanges") {
		s, _ := raw.(string)
		if _, err := netip.ParsePrefix(s); err != nil {
			if _, err := netip.ParseAddr(s); err != nil {
				return badRequest("InvalidParameter", "apiServerAccessProfile.authorizedIPRanges", "The value of parameter apiServerAccessProfile.authorizedIPRanges is invalid. Error details: '%s' is not an IP address or CIDR.", s)
			}
		}
	}
	if arm.Bool(props, "apiServerAccessProfile.enablePrivateCluster") && len(arm.List(props, "apiServerAccessProfile.authorizedIPRanges")) > 0 {
		return badRequest("BadRequest", "apiServerAccessProfile.authorizedIPRanges", "Authorized IP ranges are not supported on a private cluster.")
	}
	return nil
}

func checkTier(body arm.Object) error {
	tier := arm.Str(body, "sku.tier")
	if arm.Bool(body, "properties.metricsProfile.costAnalysis.enabled") && tier == "Free" {
		return badRequest("BadRequest", "metricsProfile.costAnalysis", "Cost analysis needs a cluster of tier Standard or Premium, this one is %s.", tier)
	}
	if arm.Str(body, "properties.supportPlan") == "AKSLongTermSupport" && tier != "Premium" {
		return badRequest("BadRequest", "supportPlan", "Long term support needs a cluster of tier Premium, this one is %s.", tier)
	}
	return nil
}

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
	case policy == "azure" && plugin != "azure":
		return invalid("networkPolicy", "network policy azure needs networkPlugin azure, this is '%s'", plugin)
	case policy == "cilium" && !strings.EqualFold(arm.Str(n, "networkDataplane"), "cilium"):
		return invalid("networkPolicy", "network policy cilium needs networkDataplane cilium")
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
