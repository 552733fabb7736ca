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
	for _, check := range []func(arm.Object) error{checkIdentity, checkTier, checkAccess} {
		if err := check(d.body); err != nil {
			return err
		}
	}
	if err := p.checkKubelet(d); err != nil {
		return err
	}
	if d.stored == nil {
		if err := p.checkClusterQuota(d); err != nil {
			return err
		}
	}
	if err := checkProfiles(props); err != nil {
		return err
	}
	return checkNetwork(props)
}

// checkAccess: who can reach the API server, and by which name.
func checkAccess(body arm.Object) error {
	access := arm.Map(body, "properties.apiServerAccessProfile")
	zone, private := arm.Str(access, "privateDNSZone"), arm.Bool(access, "enablePrivateCluster")
	own := zone != "" && !strings.EqualFold(zone, "system") && !strings.EqualFold(zone, "none")
	switch {
	case own && !private: // System and None say nothing about a public cluster; documented manifests have them there
		return badRequest("BadRequest", "apiServerAccessProfile.privateDNSZone", "privateDNSZone can only be set on a private cluster.")
	case private && len(arm.List(access, "authorizedIPRanges")) > 0:
		return badRequest("BadRequest", "apiServerAccessProfile.authorizedIPRanges", "Authorized IP ranges are not supported on a private cluster.")
	case own && arm.Str(body, "identity.type") == "SystemAssigned":
		return badRequest("BadRequest", "apiServerAccessProfile.privateDNSZone", "A custom private DNS zone needs a cluster with a user-assigned identity or a service principal.")
	case arm.Str(body, "properties.fqdnSubdomain") != "" && !own:
		return badRequest("BadRequest", "fqdnSubdomain", "fqdnSubdomain can only be set on a private cluster with a custom private DNS zone.")
	}
	return nil
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
