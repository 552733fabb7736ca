package azuresim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
)

const (
	zone       = network + "privateDnsZones/corp.internal"
	dnsVersion = "2020-06-01"
)

// A private zone is written without an answer but an address to poll, counts what is in it, and cannot go before its links.
func TestPrivateZone(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.made(vnet, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`)
	m.refused(400, "LocationNotAvailableForResourceType", "'global'", "PUT", zone, dnsVersion, `{"location":"westus2"}`)
	a := m.do(202, "PUT", zone, dnsVersion, `{"location":"global"}`)
	wantHeaders(t, a, "Retry-After", "30")
	if len(a.Body) != 0 || a.Header.Get("Location") == "" {
		t.Errorf("answer %s, headers %v", a.Raw, a.Header)
	}
	m.wantEqual(m.do(202, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "InProgress")
	m.clock.Advance(time.Second)
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Succeeded")
	m.wantEqual(m.do(200, "GET", a.Header.Get("Location"), "", ""), "name", "corp.internal")
	m.wantEqual(m.do(200, "GET", zone, dnsVersion, ""), "properties.numberOfRecordSets", 1.0)
	link := zone + "/virtualNetworkLinks/l"
	m.do(202, "PUT", link, dnsVersion, `{"location":"global","properties":{"registrationEnabled":true,"virtualNetwork":{"id":"`+vnet+`"}}}`)
	m.wantEqual(m.do(200, "GET", link, dnsVersion, ""), "properties.virtualNetworkLinkState", "InProgress")
	m.clock.Advance(time.Second)
	m.wantEqual(m.do(200, "GET", link, dnsVersion, ""), "properties.virtualNetworkLinkState", "Completed")
	m.records(t)
	a = m.do(200, "GET", zone, dnsVersion, "")
	m.wantEqual(a, "properties.numberOfVirtualNetworkLinksWithRegistration", 1.0)
	m.wantEqual(a, "properties.numberOfRecordSets", 2.0)
	m.refused(409, "CannotDeleteResource", "'Microsoft.Network/privateDnsZones/corp.internal/virtualNetworkLinks/l'", "DELETE", zone, dnsVersion, "")
	m.do(202, "DELETE", link, dnsVersion, "")
	m.clock.Advance(time.Second)
	m.do(202, "DELETE", zone, dnsVersion, "")
	m.clock.Advance(time.Second)
	m.refused(404, "ResourceNotFound", "", "GET", zone, dnsVersion, "")
	m.refused(404, "ParentResourceNotFound", "", "DELETE", zone+"/A/www", dnsVersion, "")
}

// records writes a record set, which happens at once.
func (m *sim) records(t *testing.T) {
	record := zone + "/A/www"
	m.refused(400, "BadRequest", "no records", "PUT", record, dnsVersion, `{"properties":{"ttl":60}}`)
	m.refused(404, "NotFound", "The resource record 'www' does not exist", "GET", record, dnsVersion, "")
	a := m.do(201, "PUT", record, dnsVersion, `{"properties":{"ttl":60,"aRecords":[{"ipv4Address":"10.0.0.1"}]}}`)
	m.wantEqual(a, "properties.fqdn", "www.corp.internal.")
	m.wantEqual(a, "properties.isAutoRegistered", false)
	m.refused(412, "PreconditionFailed", "", "PUT", record, dnsVersion, `{"properties":{"aRecords":[]}}`, "If-None-Match", "*")
	m.wantEqual(m.do(200, "PATCH", record, dnsVersion, `{"properties":{"ttl":90}}`), "properties.ttl", 90.0)
	var names []string
	for _, raw := range m.do(200, "GET", zone+"/ALL", dnsVersion, "").Body["value"].([]any) {
		e := raw.(map[string]any)
		names = append(names, strings.TrimPrefix(e["type"].(string), "Microsoft.Network/privateDnsZones/")+"/"+e["name"].(string))
	}
	if diff := cmp.Diff([]string{"SOA/@", "A/www"}, names); diff != "" {
		t.Error(diff)
	}
	m.refused(400, "BadRequest", "cannot be deleted", "DELETE", zone+"/SOA/@", dnsVersion, "")
}

// A private endpoint gets an interface in its subnet, and its zone group a record in the zone.
func TestPrivateEndpoint(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.made(vnet, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"nodes","properties":{"addressPrefix":"10.0.0.0/24"}}]}}`)
	blobs := network + "privateDnsZones/privatelink.blob.core.windows.net"
	m.do(202, "PUT", blobs, dnsVersion, `{"location":"global"}`)
	endpoint := network + "privateEndpoints/pe"
	a := m.made(endpoint, `{"location":"westus2","properties":{"subnet":{"id":"`+subnet+`"},"privateLinkServiceConnections":[{"name":"c","properties":{"groupIds":["blob"],
		"privateLinkServiceId":"`+group+`/providers/Microsoft.Storage/storageAccounts/mine"}}]}}`)
	dns, _ := a.get("properties.customDnsConfigs").([]any)
	if want := []any{map[string]any{"fqdn": "mine.blob.core.windows.net", "ipAddresses": []any{"10.0.0.4"}}}; !cmp.Equal(dns, want) {
		t.Errorf("names %v", dns)
	}
	s := m.do(200, "GET", subnet, netCurrent, "")
	m.wantEqual(s, "properties.purpose", "PrivateEndpoints")
	if got := ids(s, "properties.privateEndpoints"); !cmp.Equal(got, []string{"privateEndpoints/PE"}) {
		t.Errorf("endpoints of the subnet: %v", got)
	}
	nic := network + ids(a, "properties.networkInterfaces")[0]
	m.refused(400, "NicInUseWithPrivateEndpoint", "privateEndpoints/pe", "DELETE", nic, netCurrent, "")
	m.made(endpoint+"/privateDnsZoneGroups/g", `{"properties":{"privateDnsZoneConfigs":[{"name":"c","properties":{"privateDnsZoneId":"`+blobs+`"}}]}}`)
	record := m.do(200, "GET", blobs+"/A/mine", dnsVersion, "").get("properties.aRecords").([]any)[0]
	if !cmp.Equal(record, any(map[string]any{"ipv4Address": "10.0.0.4"})) {
		t.Errorf("record %v", record)
	}
	m.do(202, "DELETE", endpoint, netCurrent, "")
	m.clock.Advance(time.Second)
	m.refused(404, "ResourceNotFound", "", "GET", nic, netCurrent, "")
	m.do(202, "DELETE", subnet, netCurrent, "")
}
