package network

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

const (
	publicIPType = "Microsoft.Network/publicIPAddresses"
	// publicIPFamily names the quota of public addresses, which are counted per subscription and region.
	publicIPFamily = "PublicIPAddresses"
	publicIPLimit  = 1000
)

func (p *Provider) publicIPs() []*tracked.Type {
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "publicIPAddresses", Operation: "PublicIpAddress", Life: p.life("1", "10", "2", "2", "4"),
			ReadOnly: []string{resourceGUID, "properties.ipConfiguration", "properties.natGateway"},
			Defaults: []tracked.Default{
				{Path: "properties.publicIPAddressVersion", Value: "IPv4"}, {Path: "properties.publicIPAllocationMethod", Value: "Dynamic"}, {Path: "properties.idleTimeoutInMinutes", Value: int64(4)},
				{Path: "properties.ipTags", Value: []any{}}, {Path: "properties.ddosSettings.protectionMode", Value: "VirtualNetworkInherited", Since: "2022-01-01"}, {Path: "sku.name", Value: "Basic"}, {Path: "sku.tier", Value: "Regional"},
			},
			Since:   map[string]string{"properties.ddosSettings": "2022-01-01"},
			Prepare: p.preparePublicIP, Ended: p.publicIPDone, View: p.viewPublicIP, InUse: p.publicIPInUse,
		}),
		p.resource(tracked.Type{
			Name: "publicIPPrefixes", Operation: "PublicIpPrefix", Life: p.life("3", "10"),
			ReadOnly: []string{resourceGUID, "properties.publicIPAddresses", "properties.ipPrefix"},
			Defaults: []tracked.Default{
				{Path: "properties.publicIPAddressVersion", Value: "IPv4"}, {Path: "properties.ipTags", Value: []any{}}, {Path: "sku.name", Value: "Standard"}, {Path: "sku.tier", Value: "Regional"},
			},
			Prepare: preparePrefix,
			Ended: func(r *fabric.Resource, fail *arm.OperationError) {
				if n, _ := arm.Int(r.Body, "properties.prefixLength"); fail == nil && arm.Str(r.Body, "properties.ipPrefix") == "" {
					arm.Put(r.Body, "properties.ipPrefix", fmt.Sprintf("4.%d.%d.0/%d", r.Seq>>8&255, r.Seq&255, n))
				}
			},
			View: func(_ string, r *fabric.Resource, doc arm.Object) {
				showUsers(doc, "properties.publicIPAddresses", p.userIDs(r.ID, "publicIPAddresses"))
			},
			InUse: func(rq *arm.Request, r *fabric.Resource) error {
				if users := p.others(rq, r, p.userIDs(r.ID)); len(users) > 0 {
					return badRequest("PublicIpPrefixCannotBeDeleted", "Public IP prefix %s can not be deleted since it is still allocated to resources %s.", r.ID, strings.Join(users, ", "))
				}
				return nil
			},
		}),
	}
}

// preparePublicIP checks SKU, label and quota. A static address never changes; what the client sends about it is ignored.
func (p *Provider) preparePublicIP(w *tracked.Write) error {
	arm.Remove(w.Body, "properties.ipAddress")
	if w.Stored != nil && arm.Str(w.Stored.Body, "properties.ipAddress") != "" {
		arm.Put(w.Body, "properties.ipAddress", arm.Str(w.Stored.Body, "properties.ipAddress"))
	}
	sku, method := arm.Str(w.Body, "sku.name"), arm.Str(w.Body, "properties.publicIPAllocationMethod")
	switch {
	case sku != "Basic" && method != "Static":
		return badRequest("StandardSkuPublicIPAddressMustBeStatic", "%s sku publicIp %s must have AllocationMethod set to Static.", sku, w.ID)
	case sku == "Basic" && len(arm.List(w.Body, "zones")) > 0:
		return badRequest("BasicSkuPublicIPAddressCannotHaveZones", "Basic sku publicIp %s cannot have zones.", w.ID)
	case w.Stored != nil && arm.Str(w.Stored.Body, "sku.name") != sku:
		return badRequest("PublicIPSkuCannotBeChanged", "Sku of public IP address %s cannot be changed from %s to %s.", w.ID, arm.Str(w.Stored.Body, "sku.name"), sku)
	}
	if label := arm.Str(w.Body, "properties.dnsSettings.domainNameLabel"); label != "" {
		fqdn := strings.ToLower(label) + "." + w.Location() + ".cloudapp.azure.com"
		for _, other := range p.Fabric.List("", publicIPType) {
			if other != w.Stored && arm.Str(other.Body, "properties.dnsSettings.fqdn") == fqdn {
				return badRequest("DnsRecordInUse", "DNS record %s is already used by another public IP.", fqdn)
			}
		}
		arm.Put(w.Body, "properties.dnsSettings.fqdn", fqdn)
	}
	if w.Stored != nil {
		return nil
	}
	limit, ok := p.World.Get().Limit(w.ID.Subscription, w.Location(), publicIPFamily)
	if !ok {
		limit = publicIPLimit
	}
	count := int64(0)
	for _, other := range p.Fabric.List(w.ID.Subscription, publicIPType) {
		if other.Location == w.Location() {
			count++
		}
	}
	if count >= limit {
		return badRequest("PublicIPCountLimitReached", "Cannot create more than %d public IP addresses for this subscription in this region.", limit)
	}
	return nil
}

// publicIPDone gives static addresses their address; dynamic ones get theirs from whoever uses them.
func (p *Provider) publicIPDone(r *fabric.Resource, fail *arm.OperationError) {
	if fail == nil && arm.Str(r.Body, "properties.publicIPAllocationMethod") == "Static" {
		p.allocate(r)
	}
}

func (p *Provider) allocate(r *fabric.Resource) {
	if arm.Str(r.Body, "properties.ipAddress") != "" {
		return
	}
	arm.Put(r.Body, "properties.ipAddress", p.freeAddress(r))
	p.Fabric.Save(r)
}

// freeAddress takes the next address of the resource's prefix, or one of Azure's ranges: the sequence number of the
// resource makes it unique.
func (p *Provider) freeAddress(r *fabric.Resource) string {
	if arm.Str(r.Body, "properties.publicIPAddressVersion") == "IPv6" {
		return fmt.Sprintf("2603:1030:c02:%x::%x", r.Seq>>16&0xffff, r.Seq&0xffff)
	}
	prefix := p.Fabric.Get(arm.Str(r.Body, "properties.publicIPPrefix.id"))
	if prefix == nil {
		return fmt.Sprintf("20.%d.%d.%d", r.Seq>>16&255, r.Seq>>8&255, r.Seq&255)
	}
	taken := map[string]bool{}
	for _, other := range p.users(prefix.ID, "publicIPAddresses") {
		taken[arm.Str(other.Body, "properties.ipAddress")] = true
	}
	network, err := netip.ParsePrefix(arm.Str(prefix.Body, "properties.ipPrefix"))
	if err != nil {
		return ""
	}
	for a := network.Addr(); network.Contains(a); a = a.Next() {
		if !taken[a.String()] {
			return a.String()
		}
	}
	return ""
}

// allocateUsed gives addresses to the dynamic ones a resource now stands on.
func (p *Provider) allocateUsed(r *fabric.Resource, fail *arm.OperationError) {
	if fail != nil {
		return
	}
	walk(r.Body["properties"], func(id string) {
		if ip := p.Fabric.Get(id); ip != nil && strings.EqualFold(ip.Type, publicIPType) {
			p.allocate(ip)
		}
	})
}

func (p *Provider) viewPublicIP(_ string, r *fabric.Resource, doc arm.Object) {
	arm.Remove(doc, "properties.ipConfiguration")
	if on := p.configurations(r.ID); len(on) > 0 {
		arm.Put(doc, "properties.ipConfiguration", arm.Object{"id": on[0]})
	}
	arm.Remove(doc, "properties.natGateway")
	if nat := p.userIDs(r.ID, "natGateways"); len(nat) > 0 {
		arm.Put(doc, "properties.natGateway", arm.Object{"id": nat[0]})
	}
}

func (p *Provider) publicIPInUse(rq *arm.Request, r *fabric.Resource) error {
	users := p.others(rq, r, append(p.configurations(r.ID), p.userIDs(r.ID, "natGateways")...))
	if len(users) == 0 {
		return nil
	}
	return badRequest("PublicIPAddressCannotBeDeleted", "Public IP address %s can not be deleted since it is still allocated to resource %s. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.", r.ID, users[0])
}

func preparePrefix(w *tracked.Write) error {
	length, _ := arm.Int(w.Body, "properties.prefixLength")
	least, most := int64(24), int64(31)
	if arm.Str(w.Body, "properties.publicIPAddressVersion") == "IPv6" {
		least, most = 124, 127
	}
	if length < least || length > most {
		return badRequest("InvalidPublicIpPrefixLength", "Public IP prefix %s has an invalid prefix length %d. Allowed range %d-%d.", w.ID, length, least, most)
	}
	if w.Stored != nil {
		if old, _ := arm.Int(w.Stored.Body, "properties.prefixLength"); old != length {
			return badRequest("PublicIpPrefixLengthCannotBeChanged", "Prefix length of public IP prefix %s cannot be changed.", w.ID)
		}
	}
	return nil
}

func (p *Provider) natGateways() []*tracked.Type {
	return []*tracked.Type{p.resource(tracked.Type{
		Name: "natGateways", Operation: "NatGateway", Life: p.life("10", "10"), ReadOnly: []string{resourceGUID, "properties.subnets"},
		Defaults: []tracked.Default{{Path: "properties.idleTimeoutInMinutes", Value: int64(4)}, {Path: "properties.type", Value: "Public"}, {Path: "sku.name", Value: "Standard"}, {Path: "sku.tier", Value: "Regional"}},
		Since:    map[string]string{"properties.type": "2024-03-01"},
		View: func(_ string, r *fabric.Resource, doc arm.Object) {
			showUsers(doc, "properties.subnets", p.userIDs(r.ID, "virtualNetworks/subnets"))
		},
		InUse: func(rq *arm.Request, r *fabric.Resource) error {
			if users := p.others(rq, r, p.userIDs(r.ID)); len(users) > 0 {
				return badRequest("InUseNatGatewayCannotBeDeleted", "Nat gateway %s cannot be deleted because it is in use by %s.", r.ID, strings.Join(users, ", "))
			}
			return nil
		},
	})}
}
