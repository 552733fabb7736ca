package network

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// Resource types.
const (
	SubnetType = "Microsoft.Network/virtualNetworks/subnets"
	peerings   = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
)

// keepsSubnets is the first api-version in which a VNet PUT without "subnets" leaves the existing ones alone;
// earlier ones read it as "no subnets". The version is an assumption.
const keepsSubnets = "2025-01-01"

func (p *Provider) virtualNetworks() []*tracked.Type {
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "virtualNetworks", Operation: "VirtualNetwork", Life: p.life("3", "10"), ReadOnly: []string{resourceGUID},
			Defaults: []tracked.Default{{Path: "properties.enableDdosProtection", Value: false}, {Path: "properties.privateEndpointVNetPolicies", Value: "Disabled"}},
			Since:    map[string]string{"properties.privateEndpointVNetPolicies": "2024-03-01"},
			Embedded: []tracked.Embedded{{Property: "subnets", Type: SubnetType, KeepsAbsent: keepsSubnets}, {Property: "virtualNetworkPeerings", Type: peerings, Always: true}},
			Prepare: func(w *tracked.Write) error {
				_, err := prefixes(w.ID, arm.List(w.Body, "properties.addressSpace.addressPrefixes"))
				return err
			},
			Answer: func(rq *arm.Request, _ *fabric.Resource, doc arm.Object) {
				for _, s := range elements(doc, "subnets") {
					capitals(rq, s)
				}
			},
		}),
		p.resource(tracked.Type{
			Name: "virtualNetworks/subnets", Operation: "Subnet", Proxy: true, Life: p.life("3", "10"),
			ReadOnly: []string{"properties.ipConfigurations", "properties.privateEndpoints", "properties.purpose", "properties.ipConfigurationProfiles", "properties.resourceNavigationLinks", "properties.serviceAssociationLinks"},
			Defaults: []tracked.Default{{Path: "properties.privateEndpointNetworkPolicies", Value: "Disabled"}, {Path: "properties.privateLinkServiceNetworkPolicies", Value: "Enabled"}},
			Prepare:  p.prepareSubnet, View: p.viewSubnet, InUse: p.subnetInUse,
			Answer: func(rq *arm.Request, _ *fabric.Resource, doc arm.Object) { capitals(rq, doc) },
		}, part{property: "delegations", settled: true}),
		p.peering(),
	}
}

// prefixes reads an address space.
func prefixes(id arm.ID, list []any) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, v := range list {
		s, _ := v.(string)
		prefix, err := netip.ParsePrefix(s)
		if err != nil || prefix.Masked() != prefix {
			return nil, badRequest("InvalidAddressPrefixFormat", "Address prefix %s of resource %s is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.", s, id)
		}
		out = append(out, prefix)
	}
	if len(out) == 0 {
		return nil, badRequest("InvalidRequestFormat", "Cannot parse the request. Value for property properties.addressSpace.addressPrefixes is missing.")
	}
	return out, nil
}

// subnetPrefixes are the texts of a subnet's prefixes.
func subnetPrefixes(body arm.Object) []any {
	if one := arm.Str(body, "properties.addressPrefix"); one != "" {
		return []any{one}
	}
	return arm.List(body, "properties.addressPrefixes")
}

// prepareSubnet checks a subnet against the address space and its siblings.
func (p *Provider) prepareSubnet(w *tracked.Write) error {
	vnet, name := w.ID.Parent().Name(), w.ID.Name()
	space, err := prefixes(w.ID.Parent(), arm.List(w.Parent, "properties.addressSpace.addressPrefixes"))
	if err != nil {
		return err
	}
	list := subnetPrefixes(w.Body)
	if len(list) == 0 {
		return badRequest("InvalidRequestFormat", "Cannot parse the request. Subnet '%s' has no address prefix.", name)
	}
	for _, raw := range list {
		text, _ := raw.(string)
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix.Masked() != prefix {
			return badRequest("InvalidCIDRNotation", "The address prefix %s in resource %s has an invalid CIDR notation. For the given prefix length, the address prefix should be a network address.", text, name)
		}
		inside := false
		for _, s := range space {
			inside = inside || s.Bits() <= prefix.Bits() && s.Contains(prefix.Addr())
		}
		if !inside {
			return badRequest("NetcfgInvalidSubnet", "Subnet '%s' is not valid in virtual network '%s'.", name, vnet)
		}
		for _, s := range w.Siblings {
			for _, other := range subnetPrefixes(s.Body) {
				taken, _ := other.(string)
				if o, err := netip.ParsePrefix(taken); err == nil && o.Overlaps(prefix) {
					return badRequest("NetcfgSubnetRangesOverlap", "Subnet '%s' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '%s'.", name, vnet)
				}
			}
		}
	}
	for _, d := range elements(w.Body, "delegations") {
		arm.Default(d, "properties.actions", []any{SubnetType + "/join/action"})
	}
	for _, e := range elements(w.Body, "serviceEndpoints") {
		arm.Default(e, "locations", []any{w.Location()})
		delete(e, "provisioningState")
	}
	return nil
}

func (p *Provider) viewSubnet(_ string, r *fabric.Resource, doc arm.Object) {
	for _, e := range elements(doc, "serviceEndpoints") {
		e["provisioningState"] = r.State
	}
	showUsers(doc, "properties.ipConfigurations", p.configurations(r.ID))
	endpoints := p.userIDs(r.ID, "privateEndpoints")
	showUsers(doc, "properties.privateEndpoints", endpoints)
	arm.Remove(doc, "properties.purpose")
	if len(endpoints) > 0 {
		arm.Put(doc, "properties.purpose", "PrivateEndpoints")
	}
}

// capitals spells who stands in a subnet as Azure does: in capitals, but network interfaces in the answer to a PUT keep
// their spelling.
func capitals(rq *arm.Request, subnet arm.Object) {
	for _, list := range []string{"ipConfigurations", "privateEndpoints"} {
		for _, e := range elements(subnet, list) {
			if id := arm.Str(e, "id"); rq.Method != http.MethodPut || !strings.Contains(id, "/networkInterfaces/") {
				e["id"] = shout(id)
			}
		}
	}
}

func (p *Provider) subnetInUse(rq *arm.Request, r *fabric.Resource) error {
	users := p.configurations(r.ID)
	if len(users) == 0 {
		users = p.userIDs(r.ID)
	}
	if p.UsedBy != nil {
		if user := p.UsedBy(r.ID); user != "" {
			users = append(users, user)
		}
	}
	if users = p.others(rq, r, users); len(users) == 0 {
		return nil
	}
	return badRequest("InUseSubnetCannotBeDeleted", "Subnet %s is in use by %s and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.", r.Name, users[0])
}

// peering is one direction of a connection; it is Connected when the other network has one too.
func (p *Provider) peering() *tracked.Type {
	yes := func(name string, v bool) tracked.Default {
		return tracked.Default{Path: "properties." + name, Value: v}
	}
	return p.resource(tracked.Type{
		Name: "virtualNetworks/virtualNetworkPeerings", Operation: "VirtualNetworkPeering", Proxy: true, Life: p.life("10", "10"),
		ReadOnly: []string{resourceGUID, "properties.peeringState", "properties.peeringSyncLevel"},
		Defaults: []tracked.Default{yes("allowVirtualNetworkAccess", true), yes("allowForwardedTraffic", false), yes("allowGatewayTransit", false), yes("useRemoteGateways", false),
			yes("doNotVerifyRemoteGateways", false), yes("peerCompleteVnets", true)},
		Since: map[string]string{"properties.peerCompleteVnets": "2024-03-01", "properties.peeringSyncLevel": "2021-02-01", "properties.remoteVirtualNetworkAddressSpace": "2021-02-01"},
		Prepare: func(w *tracked.Write) error {
			remote := p.Fabric.Get(arm.Str(w.Body, "properties.remoteVirtualNetwork.id"))
			if remote == nil {
				return badRequest("InvalidRequestFormat", "Cannot parse the request. Value for property properties.remoteVirtualNetwork.id is missing.")
			}
			space := arm.Copy(arm.Map(remote.Body, "properties.addressSpace"))
			w.Once("properties.remoteAddressSpace", func() any { return space })
			arm.Put(w.Body, "properties.remoteVirtualNetworkAddressSpace", space)
			return nil
		},
		View: func(_ string, r *fabric.Resource, doc arm.Object) {
			state, level := "Initiated", "RemoteNotInSync"
			here := r.ARMID().Parent().String()
			for _, back := range p.Fabric.Children(arm.Str(r.Body, "properties.remoteVirtualNetwork.id"), peerings) {
				if strings.EqualFold(arm.Str(back.Body, "properties.remoteVirtualNetwork.id"), here) {
					state, level = "Connected", "FullyInSync"
				}
			}
			arm.Put(doc, "properties.peeringState", state)
			arm.Put(doc, "properties.peeringSyncLevel", level)
			arm.Put(doc, "properties.routeServiceVips", arm.Object{})
		},
	})
}
