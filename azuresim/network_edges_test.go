package azuresim_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
)

// What newer api-versions added is not shown in older ones.
func TestNetworkVersions(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.made(network+"publicIPAddresses/ip", staticIP)
	m.made(network+"natGateways/nat", `{"location":"westus2","sku":{"name":"Standard"}}`)
	m.made(vnet, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`)
	for _, c := range []struct{ path, property, before, since string }{
		{"publicIPAddresses/ip", "properties.ddosSettings.protectionMode", "2021-08-01", "2022-01-01"},
		{"natGateways/nat", "properties.type", "2024-01-01", "2024-03-01"},
		{"virtualNetworks/vn", "properties.privateEndpointVNetPolicies", "2024-01-01", "2024-03-01"},
	} {
		if got := m.do(200, "GET", network+c.path, c.before, "").get(c.property); got != nil {
			t.Errorf("%s %s is %v in %s", c.path, c.property, got, c.before)
		}
		if m.do(200, "GET", network+c.path, c.since, "").get(c.property) == nil {
			t.Errorf("%s %s is missing in %s", c.path, c.property, c.since)
		}
	}
	m.refused(400, "NoRegisteredProviderFound", "natGateways", "GET", network+"natGateways/nat", "2019-01-01", "")
}

// Gateways stand in subnets and on public addresses, and show what they got when they are up.
func TestGateways(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.made(vnet, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"GatewaySubnet","properties":{"addressPrefix":"10.0.1.0/24"}},
		{"name":"web","properties":{"addressPrefix":"10.0.2.0/24"}}]}}`)
	m.made(network+"publicIPAddresses/a", staticIP)
	m.made(network+"publicIPAddresses/b", staticIP)
	gateway := func(property, subnet, ip string) string {
		return `{"location":"westus2","properties":{"gatewayType":"Vpn","` + property + `":[{"name":"c","properties":{"subnet":{"id":"` + vnet + `/subnets/` + subnet + `"},"publicIPAddress":{"id":"` + network + `publicIPAddresses/` + ip + `"}}}]}}`
	}
	vpn := m.made(network+"virtualNetworkGateways/g", gateway("ipConfigurations", "GatewaySubnet", "a"))
	m.wantEqual(vpn, "properties.bgpSettings.bgpPeeringAddress", "10.0.1.254")
	a := m.do(201, "PUT", network+"applicationGateways/w", netCurrent, gateway("frontendIPConfigurations", "web", "b"))
	m.wantEqual(a, "properties.operationalState", "Stopped")
	wantHeaders(t, a, "Retry-After", "5")
	for _, wait := range []string{"1", "2", "2", "4"} { // the longer one asks, the longer one is told to wait
		wantHeaders(t, m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "Retry-After", wait)
	}
	m.clock.Advance(time.Second)
	m.wantEqual(m.do(200, "GET", network+"applicationGateways/w", netCurrent, ""), "properties.operationalState", "Running")
	m.wantReference("publicIPAddresses/b", "properties.ipConfiguration.id", "applicationGateways/w/frontendIPConfigurations/c")
	m.wantReferences("virtualNetworks/vn/subnets/web", "properties.ipConfigurations", "applicationGateways/W/frontendIPConfigurations/C")
}

// Public DNS zones and traffic manager profiles answer at once.
func TestPublicNames(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	public := network + "dnsZones/contoso.com"
	a := m.do(201, "PUT", public, "2018-05-01", `{"location":"global"}`)
	m.wantEqual(a, "id", network+"dnszones/contoso.com") // Azure's spelling
	m.wantEqual(a, "properties.numberOfRecordSets", 2.0)
	m.do(201, "PUT", public+"/CNAME/www", "2018-05-01", `{"properties":{"TTL":60,"CNAMERecord":{"cname":"elsewhere.com"}}}`)
	m.wantEqual(m.do(200, "GET", public, "2018-05-01", ""), "properties.numberOfRecordSets", 3.0)
	m.made(network+"publicIPAddresses/ip", strings.Replace(staticIP, `"Static"`, `"Static","dnsSettings":{"domainNameLabel":"shop"}`, 1))
	profile := network + "trafficManagerProfiles/tm"
	m.do(201, "PUT", profile, "2022-04-01", `{"location":"global","properties":{"dnsConfig":{"relativeName":"Shop"},"trafficRoutingMethod":"Priority","monitorConfig":{"protocol":"TCP","port":443}}}`)
	e := m.do(201, "PUT", profile+"/azureEndpoints/e", "2022-04-01", `{"properties":{"targetResourceId":"`+network+`publicIPAddresses/ip"}}`)
	want := map[string]any{
		"target": "shop.westus2.cloudapp.azure.com", "targetResourceId": network + "publicIPAddresses/ip", "endpointLocation": "West US 2", "priority": 1.0, "weight": 1.0,
		"endpointStatus": "Enabled", "endpointMonitorStatus": "Unmonitored", "alwaysServe": "Disabled", "minChildEndpoints": nil,
	}
	if diff := cmp.Diff(want, e.Body["properties"]); diff != "" {
		t.Error(diff)
	}
	a = m.do(200, "GET", profile, "2022-04-01", "")
	m.wantEqual(a, "properties.dnsConfig.fqdn", "shop.trafficmanager.net")
	if list := a.get("properties.endpoints").([]any); len(list) != 1 {
		t.Errorf("endpoints %v", list)
	}
	m.refused(400, "BadRequest", "was not found", "PUT", profile+"/nestedEndpoints/n", "2022-04-01", `{"properties":{"targetResourceId":"`+network+`trafficManagerProfiles/no"}}`)
}

// Names are checked before anything else, and what a description does not know is neither stored nor shown.
func TestNetworkBodiesAndNames(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	space := `{"location":"westus2","properties":{"fooBar":1,"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"NAME","properties":{"addressPrefix":"10.0.0.0/24","fooBar":1}}]}}`
	for _, name := range []string{"-a", "a-", "a b", strings.Repeat("a", 81)} {
		m.refused(400, "InvalidResourceName", "Resource name "+name+" is invalid. The name can be up to 80 characters long.", "PUT", network+"routeTables/"+url.PathEscape(name), netCurrent, `{"location":"westus2"}`)
		m.refused(400, "InvalidResourceName", name, "PUT", vnet, netCurrent, strings.Replace(space, "NAME", name, 1))
	}
	m.made(network+"routeTables/"+strings.Repeat("a", 79)+"_", `{"location":"westus2"}`)
	whole := m.made(vnet, strings.Replace(space, "NAME", "s", 1))
	subnet := m.do(200, "GET", vnet+"/subnets/s", netCurrent, "")
	m.wantEqual(subnet, "properties.addressPrefix", "10.0.0.0/24")
	for _, a := range []answer{whole, subnet} {
		if got := a.get("properties.fooBar"); got != nil {
			t.Errorf("%s has fooBar %v", a.get("id"), got)
		}
	}
}

// Values that are none of the possible ones are refused; those written differently are stored as Azure writes them.
func TestNetworkValues(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.made(network+"routeTables/rt", `{"location":"westus2"}`)
	m.made(network+"networkSecurityGroups/g", `{"location":"westus2"}`)
	for _, c := range []struct{ path, code, text, body string }{
		{"natGateways/n", "InvalidIdleTimeout", "between 4 and 120", `{"location":"westus2","properties":{"idleTimeoutInMinutes":3}}`},
		{"natGateways/n", "InvalidIdleTimeout", "between 4 and 120", `{"location":"westus2","properties":{"idleTimeoutInMinutes":121}}`},
		{"publicIPAddresses/a", "InvalidIdleTimeout", "between 4 and 30", strings.Replace(staticIP, `"Static"`, `"Static","idleTimeoutInMinutes":31`, 1)},
		{"publicIPAddresses/a", "InvalidRequestFormat", "Path 'properties.publicIPAllocationMethod'", strings.Replace(staticIP, `"Static"`, `"Sometimes"`, 1)},
		{"publicIPAddresses/a", "InvalidRequestFormat", `\"Gold\"`, strings.Replace(staticIP, `"Standard"`, `"Gold"`, 1)},
		{"routeTables/rt/routes/r", "InvalidRequestFormat", "Path 'properties.nextHopType'", `{"properties":{"addressPrefix":"1.0.0.0/8","nextHopType":"Moon"}}`},
		{"networkSecurityGroups/g/securityRules/r", "InvalidRequestFormat", "Path 'properties.protocol'", `{"properties":{"protocol":"Pigeon","access":"Allow","direction":"Inbound","priority":100,"sourceAddressPrefix":"*","destinationAddressPrefix":"*","sourcePortRange":"*","destinationPortRange":"443"}}`},
	} {
		a := m.refused(400, c.code, "", "PUT", network+c.path, netCurrent, c.body)
		if !strings.Contains(string(a.Raw), c.text) {
			t.Errorf("%s is refused with %s, which does not say %s", c.path, a.Raw, c.text)
		}
	}
	m.wantEqual(m.made(network+"publicIPAddresses/a", strings.Replace(staticIP, `"Static"`, `"static"`, 1)), "properties.publicIPAllocationMethod", "Static")
	for _, zone := range []struct{ path, version string }{{"privateDnsZones/", dnsVersion}, {"dnsZones/", "2018-05-01"}} {
		m.refused(400, "BadRequest", "The zone name 'nodots' does not have enough labels. Zone names must have two or more labels.", "PUT", network+zone.path+"nodots", zone.version, `{"location":"global"}`)
		for _, name := range []string{"-bad!", "-bad.com", "a..com"} {
			m.refused(400, "BadRequest", "The zone name '"+name+"' is invalid", "PUT", network+zone.path+name, zone.version, `{"location":"global"}`)
		}
	}
}
