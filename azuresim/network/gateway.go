package network

import (
	"net/netip"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

const bastionSegment = "bastionHostIpConfigurations"

// gateways are the resources that stand between a virtual network and the rest of the world.
func (p *Provider) gateways() []*tracked.Type {
	dynamic := arm.Object{"privateIPAllocationMethod": "Dynamic"}
	set := func(name string, v any) tracked.Default { return tracked.Default{Path: "properties." + name, Value: v} }
	vpn := p.life("10", "10")
	vpn.QuietETag, vpn.Thorough = true, true
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "virtualNetworkGateways", Operation: "VirtualNetworkGateway", Life: vpn, ReadOnly: []string{resourceGUID, "properties.packetCaptureDiagnosticState", "properties.bgpSettings"},
			Defaults: []tracked.Default{
				set("packetCaptureDiagnosticState", "None"), set("enablePrivateIpAddress", false), set("isMigrateToCSES", false), set("natRules", []any{}), set("virtualNetworkGatewayPolicyGroups", []any{}),
				set("enableBgpRouteTranslationForNat", false), set("disableIPSecReplayProtection", false), set("sku.capacity", int64(2)), set("enableBgp", false), set("activeActive", false),
				set("allowRemoteVnetTraffic", false), set("allowVirtualWanTraffic", false),
			},
			Since: map[string]string{"properties.allowRemoteVnetTraffic": "2022-11-01", "properties.allowVirtualWanTraffic": "2022-11-01", "properties.virtualNetworkGatewayMigrationStatus": "2024-03-01"},
			Ended: p.vpnDone, View: viewVPN,
		}, part{property: "ipConfigurations", defaults: dynamic}),
		p.resource(tracked.Type{
			Name: "bastionHosts", Operation: "BastionHost", Life: p.life("10", "10", "10", "20", "20", "40", "40", "80", "160", "100"), ReadOnly: []string{"properties.dnsName"},
			Defaults: []tracked.Default{set("scaleUnits", int64(2)), {Path: "sku.name", Value: "Basic"}},
			Ended: func(r *fabric.Resource, fail *arm.OperationError) {
				if fail == nil {
					arm.Default(r.Body, "properties.dnsName", "bst-"+uuid.NewString()+".bastion.azure.com")
				}
			},
		}, part{property: "ipConfigurations", segment: bastionSegment, defaults: dynamic, settled: true}),
	}
}

// vpnDone gives a gateway its BGP speaker: the last usable address of its subnet.
func (p *Provider) vpnDone(r *fabric.Resource, fail *arm.OperationError) {
	if fail != nil {
		return
	}
	var addresses []any
	speaker := ""
	for _, c := range elements(r.Body, "ipConfigurations") {
		tunnel := []any{}
		if ip := p.Fabric.Get(arm.Str(c, "properties.publicIPAddress.id")); ip != nil {
			p.allocate(ip)
			tunnel = append(tunnel, arm.Str(ip.Body, "properties.ipAddress"))
		}
		if subnet := p.Fabric.Get(arm.Str(c, "properties.subnet.id")); subnet != nil && speaker == "" {
			text, _ := append(subnetPrefixes(subnet.Body), "")[0].(string)
			speaker = lastUsable(text)
		}
		addresses = append(addresses, arm.Object{"ipconfigurationId": r.ID + "/ipConfigurations/" + arm.Str(c, "name"), "defaultBgpIpAddresses": []any{speaker}, "customBgpIpAddresses": []any{}, "tunnelIpAddresses": tunnel})
	}
	arm.Put(r.Body, "properties.bgpSettings", arm.Object{"asn": int64(65515), "bgpPeeringAddress": speaker, "peerWeight": int64(0), "bgpPeeringAddresses": addresses})
	p.Fabric.Save(r)
}

// lastUsable is the address before a prefix's broadcast address.
func lastUsable(text string) string {
	prefix, err := netip.ParsePrefix(text)
	if err != nil || !prefix.Addr().Is4() {
		return ""
	}
	raw := prefix.Addr().As4()
	for bit := prefix.Bits(); bit < 31; bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(raw).String()
}

// viewVPN: until a gateway is up it shows an empty BGP speaker, and while it is being changed the settings for clients.
func viewVPN(_ string, r *fabric.Resource, doc arm.Object) {
	if arm.Map(doc, "properties.bgpSettings") == nil {
		addresses := []any{}
		for _, c := range elements(r.Body, "ipConfigurations") {
			addresses = append(addresses, arm.Object{"ipconfigurationId": r.ID + "/ipConfigurations/" + arm.Str(c, "name"), "defaultBgpIpAddresses": []any{}, "customBgpIpAddresses": []any{}})
		}
		arm.Put(doc, "properties.bgpSettings", arm.Object{"asn": int64(0), "peerWeight": int64(0), "bgpPeeringAddresses": addresses})
	}
	if r.State == fabric.Succeeded {
		arm.Default(doc, "properties.virtualNetworkGatewayMigrationStatus", arm.Object{"state": "None", "phase": "None", "errorMessage": ""})
	}
	if r.State == "Updating" {
		client := arm.Object{"vpnClientProtocols": []any{"OpenVPN", "IkeV2"}}
		for _, list := range []string{"vpnAuthenticationTypes", "vpnClientRootCertificates", "vpnClientRevokedCertificates", "vngClientConnectionConfigurations", "radiusServers", "vpnClientIpsecPolicies"} {
			client[list] = []any{}
		}
		arm.Default(doc, "properties.vpnClientConfiguration", client)
	}
}
