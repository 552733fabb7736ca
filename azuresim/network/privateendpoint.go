package network

import (
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

const endpointType = "Microsoft.Network/privateEndpoints"

func (p *Provider) privateEndpoints() []*tracked.Type {
	life := p.life("10", "10", "10", "20", "20", "40")
	approved := arm.Object{"privateLinkServiceConnectionState": arm.Object{"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}}
	pending := arm.Object{"privateLinkServiceConnectionState": arm.Object{"status": "Pending", "description": "Awaiting approval", "actionsRequired": "None"}}
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "privateEndpoints", Operation: "PrivateEndpoint", Life: life, ReadOnly: []string{resourceGUID, "properties.networkInterfaces", "properties.customDnsConfigs"},
			Defaults: []tracked.Default{{Path: "properties.customNetworkInterfaceName", Value: ""}, {Path: "properties.ipConfigurations", Value: []any{}}, {Path: "properties.isIPv6EnabledPrivateEndpoint", Value: false}},
			Since:    map[string]string{"properties.isIPv6EnabledPrivateEndpoint": "2024-01-01"},
			Prepare: func(w *tracked.Write) error {
				if arm.Str(w.Body, "properties.subnet.id") == "" {
					return badRequest("InvalidRequestFormat", "Cannot parse the request. Value for property properties.subnet.id is missing.")
				}
				arm.Default(w.Body, "properties.customDnsConfigs", []any{})
				w.Once("properties.networkInterfaces", ownInterface(w))
				return nil
			},
			Accepted: func(w *tracked.Write, r *fabric.Resource) {
				p.attach(w, r, "privateEndpointIpConfig."+uuid.NewString())
			},
			Ended: p.endpointDone, View: viewEndpoint, Gone: p.detach,
		}, part{property: "privateLinkServiceConnections", defaults: approved, settled: true}, part{property: "manualPrivateLinkServiceConnections", defaults: pending, settled: true}),
		p.resource(tracked.Type{
			Name: "privateEndpoints/privateDnsZoneGroups", Operation: "PrivateDnsZoneGroup", Proxy: true, Life: life,
			View: p.viewZoneGroup, Ended: p.zoneGroupDone,
		}, part{property: "privateDnsZoneConfigs"}),
	}
}

// viewEndpoint: while an endpoint is being set up the approval is spelled differently, as recorded.
func viewEndpoint(_ string, r *fabric.Resource, doc arm.Object) {
	if r.State != "Updating" {
		return
	}
	for _, c := range elements(doc, "privateLinkServiceConnections") {
		if arm.Str(c, "properties.privateLinkServiceConnectionState.description") == "Auto-Approved" {
			arm.Put(c, "properties.privateLinkServiceConnectionState.description", "Auto Approved")
		}
	}
}

// endpointDone names the address under which each connected service is reached.
func (p *Provider) endpointDone(r *fabric.Resource, fail *arm.OperationError) {
	if fail != nil {
		return
	}
	address := []any{p.endpointAddress(r)}
	configs := []any{}
	for _, c := range append(elements(r.Body, "privateLinkServiceConnections"), elements(r.Body, "manualPrivateLinkServiceConnections")...) {
		if p.Connected != nil {
			p.Connected(r, c)
		}
		for _, fqdn := range p.serviceNames(c) {
			configs = append(configs, arm.Object{"fqdn": fqdn, "ipAddresses": address})
		}
	}
	arm.Put(r.Body, "properties.customDnsConfigs", configs)
	p.Fabric.Save(r)
}

func (p *Provider) endpointAddress(r *fabric.Resource) string {
	for _, e := range elements(r.Body, "networkInterfaces") {
		if nic := p.Fabric.Get(arm.Str(e, "id")); nic != nil {
			for _, c := range elements(nic.Body, "ipConfigurations") {
				return arm.Str(c, "properties.privateIPAddress")
			}
		}
	}
	return ""
}

// serviceNames are the public names of what a connection leads to: a cluster's own name, else the service's domain.
func (p *Provider) serviceNames(connection arm.Object) []string {
	id, ok := arm.ParseID(arm.Str(connection, "properties.privateLinkServiceId"))
	if !ok {
		return nil
	}
	if target := p.Fabric.Get(id.String()); target != nil {
		if fqdn := arm.Str(target.Body, "properties.privateFQDN"); fqdn != "" {
			return []string{fqdn}
		}
	}
	var out []string
	for _, raw := range arm.List(connection, "properties.groupIds") {
		group, _ := raw.(string)
		if strings.EqualFold(id.Type(), "Microsoft.Storage/storageAccounts") {
			out = append(out, strings.ToLower(id.Name()+"."+group)+".core.windows.net")
		}
	}
	return out
}

// viewZoneGroup shows the records the group keeps in its zones.
func (p *Provider) viewZoneGroup(_ string, r *fabric.Resource, doc arm.Object) {
	for _, c := range elements(doc, "privateDnsZoneConfigs") {
		sets := []any{}
		for _, record := range p.groupRecords(r, c) {
			sets = append(sets, arm.Object{"recordType": "A", "recordSetName": record.name, "fqdn": record.name + "." + record.zone.Name, "ttl": int64(10), "provisioningState": r.State, "ipAddresses": []any{record.address}})
		}
		arm.Put(c, "properties.recordSets", sets)
	}
}

type groupRecord struct {
	name, address string
	zone          *fabric.Resource
}

func (p *Provider) groupRecords(r *fabric.Resource, config arm.Object) []groupRecord {
	zone := p.Fabric.Get(arm.Str(config, "properties.privateDnsZoneId"))
	endpoint := p.Fabric.Get(r.ARMID().Parent().String())
	if zone == nil || endpoint == nil {
		return nil
	}
	var out []groupRecord
	for _, raw := range arm.List(endpoint.Body, "properties.customDnsConfigs") {
		c, _ := raw.(map[string]any)
		name, _, _ := strings.Cut(arm.Str(c, "fqdn"), ".")
		address, _ := append(arm.List(c, "ipAddresses"), "")[0].(string)
		out = append(out, groupRecord{name, address, zone})
	}
	return out
}

// zoneGroupDone writes the records into the zones.
func (p *Provider) zoneGroupDone(r *fabric.Resource, fail *arm.OperationError) {
	if fail != nil {
		return
	}
	for _, c := range elements(r.Body, "privateDnsZoneConfigs") {
		for _, record := range p.groupRecords(r, c) {
			body := arm.Object{"properties": arm.Object{"ttl": int64(10), "aRecords": []any{arm.Object{"ipv4Address": record.address}}}}
			_, _ = p.Put(record.zone.ARMID().Child("A", record.name), "", body) // the body is well formed
		}
	}
}

func (p *Provider) privateLinkServices() []*tracked.Type {
	return []*tracked.Type{p.resource(tracked.Type{
		Name: "privateLinkServices", Operation: "PrivateLinkService", Life: p.life("10", "10"), ReadOnly: []string{resourceGUID, "properties.alias", "properties.networkInterfaces", "properties.privateEndpointConnections"},
		Defaults: []tracked.Default{{Path: "properties.fqdns", Value: []any{}}, {Path: "properties.enableProxyProtocol", Value: false}, {Path: "properties.privateEndpointConnections", Value: []any{}}},
		Prepare: func(w *tracked.Write) error {
			for i, c := range elements(w.Body, "ipConfigurations") {
				arm.Default(c, "properties.primary", i == 0)
			}
			w.Once("properties.alias", func() any {
				return w.ID.Name() + "." + uuid.NewString() + "." + w.Location() + ".azure.privatelinkservice"
			})
			w.Once("properties.networkInterfaces", ownInterface(w))
			return nil
		},
		Accepted: func(w *tracked.Write, r *fabric.Resource) { p.attach(w, r, "config") },
		Gone:     p.detach,
	}, part{property: "ipConfigurations", settled: true, defaults: arm.Object{"privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4"}})}
}
