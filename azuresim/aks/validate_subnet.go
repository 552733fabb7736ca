package aks

import (
	"net/netip"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/network"
)

// checkSubnet: a brought subnet must exist, its network must be ready, the caller must be allowed to join it, and it
// must have room. What was decided once is not asked again.
func (p *Provider) checkSubnet(rq *arm.Request, d *draft, pd poolDraft, props arm.Object) error {
	routed := strings.EqualFold(arm.Str(d.body, "properties.networkProfile.outboundType"), userDefinedRouting)
	if routed && d.stored == nil && arm.Str(props, "vnetSubnetID") == "" { // "customize egress": an existing virtual network is required
		return badRequest("BadRequest", "networkProfile.outboundType", "Outbound type userDefinedRouting requires a subnet with a route table: agent pool '%s' has no vnetSubnetID. See https://aka.ms/aks/outboundtype for details.", pd.name)
	}
	for _, parameter := range []string{"vnetSubnetID", "podSubnetID"} {
		id := arm.Str(props, parameter)
		if id == "" || pd.stored != nil {
			continue
		}
		subnet, err := p.joinSubnet(rq, parameter, id)
		if err != nil {
			return err
		}
		if err := serviceOverlap(d, subnet); err != nil {
			return err
		}
		if delegated := arm.List(subnet.Body, "properties.delegations"); parameter == "vnetSubnetID" && len(delegated) > 0 {
			return badRequest("SubnetIsDelegated", "agentPoolProfile.vnetSubnetID", "Subnet '%s' is delegated to another service and cannot be used for an agent pool. Please use a subnet without delegation.", id)
		}
		if parameter == "vnetSubnetID" && routed {
			if err := checkRoutes(subnet); err != nil {
				return err
			}
		}
	}
	return nil
}

const userDefinedRouting = "userDefinedRouting"

// checkRoutes: a cluster that leaves the way out to the user's routes needs some on its subnet.
func checkRoutes(subnet *fabric.Resource) error {
	if arm.Str(subnet.Body, "properties.routeTable.id") != "" {
		return nil
	}
	return badRequest("ExistingRouteTableNotAssociatedWithSubnet", "", "An existing route table has not been associated with subnet %s. Please update the route table association", subnet.ID)
}

func (p *Provider) joinSubnet(rq *arm.Request, parameter, id string) (*fabric.Resource, error) {
	parsed, ok := arm.ParseID(id)
	if !ok || !strings.EqualFold(parsed.Type(), network.SubnetType) {
		return nil, badRequest("InvalidParameter", "agentPoolProfile."+parameter, "The value of parameter agentPoolProfile.%s is invalid. Error details: '%s' is not the id of a subnet.", parameter, id)
	}
	if err := p.linked(rq, "Microsoft.Network/virtualNetworks/subnets/join/action", parsed.String()); err != nil {
		return nil, err
	}
	vnet, subnet := p.Fabric.Get(parsed.Parent().String()), p.Fabric.Get(parsed.String())
	switch {
	case vnet == nil || subnet == nil:
		return nil, badRequest("InvalidParameter", "agentPoolProfile."+parameter, "The value of parameter agentPoolProfile.%s is invalid. Error details: the subnet '%s' was not found.", parameter, id)
	case vnet.State != "Succeeded" || subnet.State != "Succeeded":
		return nil, badRequest("VirtualNetworkNotInSucceededState", "agentPoolProfile."+parameter, "Set virtual network ownerReference failed. Details: virtual network '%s' is in state %s; it must be Succeeded.", vnet.ID, vnet.State)
	}
	return subnet, nil
}

// prefixes are the address ranges of a subnet.
func prefixes(subnet *fabric.Resource) []netip.Prefix {
	var out []netip.Prefix
	for _, raw := range append(arm.List(subnet.Body, "properties.addressPrefixes"), arm.Get(subnet.Body, "properties.addressPrefix")) {
		text, _ := raw.(string)
		if prefix, err := netip.ParsePrefix(text); err == nil {
			out = append(out, prefix)
		}
	}
	return out
}

// serviceOverlap: addresses of Services must not be addresses of machines.
func serviceOverlap(d *draft, subnet *fabric.Resource) error {
	service, err := netip.ParsePrefix(arm.Str(d.body, "properties.networkProfile.serviceCidr"))
	if err != nil {
		return nil
	}
	for _, prefix := range prefixes(subnet) {
		if prefix.Overlaps(service) {
			return badRequest("ServiceCidrOverlapExistingSubnetsCidr", "networkProfile.serviceCIDR", "The specified service CIDR %s is conflicted with an existing subnet CIDR %s.", service, prefix)
		}
	}
	return nil
}

// checkSubnetSize counts the addresses the pools of a subnet take: where every pod has one of the network's, a machine
// and its pods, for as many machines as a pool may have. With overlay and kubenet only machines take addresses.
func (p *Provider) checkSubnetSize(d *draft, drafts []poolDraft) error {
	pools := map[string]arm.Object{}
	if d.stored != nil {
		for _, pool := range p.pools(d.stored) {
			pools[strings.ToLower(pool.Name)] = arm.Map(pool.Body, "properties")
		}
	}
	for _, pd := range drafts {
		pools[strings.ToLower(pd.name)] = arm.Map(pd.body, "properties")
	}
	wanted := map[string]int64{}
	for _, props := range pools {
		wanted[strings.ToLower(arm.Str(props, "vnetSubnetID"))] += addressesOf(d, props)
	}
	delete(wanted, "")
	for id, need := range wanted {
		subnet := p.Fabric.Get(id)
		if subnet == nil {
			continue
		}
		ranges := prefixes(subnet)
		if len(ranges) == 0 || !ranges[0].Addr().Is4() {
			continue
		}
		const reserved = 5 // Azure keeps the first four addresses and the last one
		room := int64(1)<<(32-ranges[0].Bits()) - reserved
		if need > room {
			return badRequest("InsufficientSubnetSize", "agentPoolProfile.vnetSubnetID", "Pre-allocated IPs %d exceeds IPs available %d in Subnet Cidr %s, Subnet Name %s. If Autoscaler is enabled, the max-count from each nodepool is counted towards this total (which means that pre-allocated IPs count represents a theoretical max value, not the actual number of IPs requested). http://aka.ms/aks/insufficientsubnetsize", need, room, ranges[0], subnet.Name)
		}
	}
	return nil
}

func addressesOf(d *draft, pool arm.Object) int64 {
	machines, _ := arm.Int(pool, "count")
	if most, ok := arm.Int(pool, "maxCount"); ok && arm.Bool(pool, "enableAutoScaling") {
		machines = most
	}
	n := arm.Map(d.body, "properties.networkProfile")
	if !strings.EqualFold(arm.Str(n, "networkPlugin"), "azure") || strings.EqualFold(arm.Str(n, "networkPluginMode"), "overlay") || pool["podSubnetID"] != nil {
		return machines
	}
	pods, _ := arm.Int(pool, "maxPods")
	return machines * (1 + pods)
}

// SubnetUser names the scale set or pool standing in a subnet.
func (p *Provider) SubnetUser(subnetID string) string {
	for _, c := range p.Fabric.List("", ClusterType) {
		for _, pool := range p.pools(c) {
			for _, parameter := range []string{"vnetSubnetID", "podSubnetID"} {
				if strings.EqualFold(arm.Str(pool.Body, "properties."+parameter), subnetID) {
					return p.scaleSetID(c, pool).String()
				}
			}
		}
	}
	return ""
}
