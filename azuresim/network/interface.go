package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

func (p *Provider) interfaces() []*tracked.Type {
	life := p.life("", "10")
	life.QuietInstant = "2024-01-01"
	set := func(name string, v any) tracked.Default { return tracked.Default{Path: "properties." + name, Value: v} }
	return []*tracked.Type{p.resource(tracked.Type{
		Name: "networkInterfaces", Operation: "NetworkInterface", Life: life, ReadOnly: []string{resourceGUID, "properties.privateEndpoint", "properties.privateLinkService", "properties.virtualMachine"},
		Defaults: []tracked.Default{
			set("dnsSettings.dnsServers", []any{}), set("dnsSettings.appliedDnsServers", []any{}), set("vnetEncryptionSupported", false), set("enableIPForwarding", false), set("disableTcpStateTracking", false),
			set("hostedWorkloads", []any{}), set("tapConfigurations", []any{}), set("nicType", "Standard"), set("allowPort25Out", true), set("auxiliaryMode", "None"), set("auxiliarySku", "None"), {Path: "kind", Value: "Regular"},
		},
		Since: map[string]string{"properties.disableTcpStateTracking": "2022-09-01", "properties.allowPort25Out": "2021-05-01", "properties.auxiliaryMode": "2021-08-01", "properties.auxiliarySku": "2023-02-01", "kind": "2021-05-01"},
		Prepare: func(w *tracked.Write) error {
			w.Instant = true
			if !slices.Contains(slowRegions, w.Location()) {
				arm.Default(w.Body, "properties.enableAcceleratedNetworking", false)
			}
			w.Once("properties.dnsSettings.internalDomainNameSuffix", func() any {
				return strings.ReplaceAll(uuid.NewString(), "-", "")[:26] + ".yx.internal.cloudapp.net"
			})
			for i, e := range elements(w.Body, "ipConfigurations") {
				arm.Default(e, "properties.primary", i == 0)
				if err := p.privateAddress(w, e); err != nil {
					return err
				}
			}
			return nil
		},
		Ended: p.allocateUsed,
		View: func(_ string, r *fabric.Resource, doc arm.Object) {
			for property, typ := range map[string]string{"privateEndpoint": "privateEndpoints", "privateLinkService": "privateLinkServices"} {
				if owner := p.userIDs(r.ID, typ); len(owner) > 0 {
					arm.Put(doc, "properties."+property, arm.Object{"id": owner[0]})
				}
			}
		},
		InUse: func(rq *arm.Request, r *fabric.Resource) error {
			if owner := p.others(rq, r, p.userIDs(r.ID, "privateEndpoints", "privateLinkServices")); len(owner) > 0 {
				return badRequest("NicInUseWithPrivateEndpoint", "Network interface %s cannot be deleted because it is currently in use with an private endpoint (%s).", r.ID, owner[0])
			}
			return nil
		},
	}, part{property: "ipConfigurations", defaults: arm.Object{"privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4"}})}
}

// slowRegions have no accelerated networking; interfaces there do not mention it, as recorded.
var slowRegions = []string{"westcentralus"}

// reserved is how many addresses at the start of a subnet Azure keeps.
const reserved = 4

// privateAddress gives an ip configuration its address in its subnet. An address it had stays, one it asks for must be
// free and inside.
func (p *Provider) privateAddress(w *tracked.Write, config arm.Object) error {
	subnet := p.Fabric.Get(arm.Str(config, "properties.subnet.id"))
	if subnet == nil {
		return badRequest("InvalidRequestFormat", "Cannot parse the request. IP configuration '%s' has no subnet.", arm.Str(config, "name"))
	}
	text, _ := append(subnetPrefixes(subnet.Body), "")[0].(string)
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return badRequest("InvalidRequestFormat", "Cannot parse the request. Subnet %s has no address prefix.", subnet.ID)
	}
	taken := p.taken(w, subnet, config)
	if arm.Str(config, "properties.privateIPAllocationMethod") == "Static" {
		want, err := netip.ParseAddr(arm.Str(config, "properties.privateIPAddress"))
		switch {
		case err != nil || !network.Contains(want):
			return badRequest("PrivateIPAddressNotInSubnet", "Private static IP address %s does not belong to the range of subnet prefix %s.", arm.Str(config, "properties.privateIPAddress"), network)
		case taken[want.String()]:
			return badRequest("PrivateIPAddressInUse", "IP configuration %s is using the private IP address %s which is already allocated.", arm.Str(config, "name"), want)
		}
		return nil
	}
	if w.Stored != nil {
		for _, property := range standing {
			for _, old := range elements(w.Stored.Body, property) {
				if arm.Str(old, "name") == arm.Str(config, "name") && strings.EqualFold(arm.Str(old, "properties.subnet.id"), subnet.ID) {
					arm.Put(config, "properties.privateIPAddress", arm.Str(old, "properties.privateIPAddress"))
					return nil
				}
			}
		}
	}
	free := network.Addr()
	for range reserved {
		free = free.Next()
	}
	for taken[free.String()] {
		free = free.Next()
	}
	if !network.Contains(free.Next()) { // the last one is the broadcast address
		return badRequest("SubnetIsFull", "Subnet %s with address prefix %s does not have enough capacity for 1 IP addresses.", subnet.Name, network)
	}
	arm.Put(config, "properties.privateIPAddress", free.String())
	return nil
}

// taken are the private addresses others have in a subnet, and those this write has given to its other configurations.
func (p *Provider) taken(w *tracked.Write, subnet *fabric.Resource, config arm.Object) map[string]bool {
	taken := map[string]bool{}
	collect := func(body arm.Object, except string) {
		for _, property := range standing {
			for _, e := range elements(body, property) {
				if ip := arm.Str(e, "properties.privateIPAddress"); ip != "" && arm.Str(e, "name") != except {
					taken[ip] = true
				}
			}
		}
	}
	for _, r := range p.users(subnet.ID) {
		if r != w.Stored {
			collect(r.Body, "")
		}
	}
	collect(w.Body, arm.Str(config, "name"))
	return taken
}

// attach makes the interface a private endpoint or a private link service has in its subnet. Azure names it after its
// owner and a guid.
func (p *Provider) attach(w *tracked.Write, owner *fabric.Resource, configuration string) {
	for _, e := range elements(owner.Body, "networkInterfaces") {
		if p.Fabric.Get(arm.Str(e, "id")) != nil {
			return
		}
		id, _ := arm.ParseID(arm.Str(e, "id"))
		subnet := arm.Str(owner.Body, "properties.subnet.id")
		for _, c := range elements(owner.Body, "ipConfigurations") {
			if s := arm.Str(c, "properties.subnet.id"); s != "" {
				subnet = s
			}
		}
		body := arm.Object{"properties": arm.Object{"ipConfigurations": []any{arm.Object{"name": configuration, "properties": arm.Object{"subnet": arm.Object{"id": subnet}}}}}}
		if _, err := p.Put(id, w.Location(), body); err != nil {
			continue // the subnet is full: the endpoint stays without an address, as it does in Azure
		}
	}
}

// ownInterface is the reference to the interface attach makes.
func ownInterface(w *tracked.Write) func() any {
	return func() any {
		id := w.ID.Group()
		id.Provider, id.Types, id.Names = "Microsoft.Network", []string{"networkInterfaces"}, []string{w.ID.Name() + ".nic." + uuid.NewString()}
		return []any{arm.Object{"id": id.String()}}
	}
}

// detach takes the interface away with its owner.
func (p *Provider) detach(owner *fabric.Resource) {
	for _, e := range elements(owner.Body, "networkInterfaces") {
		if nic := p.Fabric.Get(arm.Str(e, "id")); nic != nil {
			p.Fabric.Drop(nic)
		}
	}
}
