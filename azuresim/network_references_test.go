package azuresim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

const staticIP = `{"location":"westus2","sku":{"name":"Standard"},"properties":{"publicIPAllocationMethod":"Static"}}`

// around makes a subnet with everything that can be attached to it, an interface in it, and a load balancer.
func (m *sim) around() {
	m.made(network+"publicIPAddresses/ip", staticIP)
	m.made(network+"publicIPAddresses/front", staticIP)
	m.made(network+"natGateways/nat", `{"location":"westus2","sku":{"name":"Standard"},"properties":{"publicIpAddresses":[{"id":"`+network+`publicIPAddresses/ip"}]}}`)
	m.made(network+"routeTables/rt", `{"location":"westus2"}`)
	m.made(network+"networkSecurityGroups/nsg", `{"location":"westus2"}`)
	m.made(vnet, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"nodes","properties":{"addressPrefix":"10.0.0.0/24",
		"natGateway":{"id":"`+network+`natGateways/nat"},"routeTable":{"id":"`+network+`routeTables/rt"},"networkSecurityGroup":{"id":"`+network+`networkSecurityGroups/nsg"}}}]}}`)
	m.made(network+"networkInterfaces/nic", `{"location":"westus2","properties":{"ipConfigurations":[{"name":"one","properties":{"subnet":{"id":"`+subnet+`"}}}]}}`)
	balancer := network + "loadBalancers/lb"
	m.made(balancer, `{"location":"westus2","sku":{"name":"Standard"},"properties":{"frontendIPConfigurations":[{"name":"f","properties":{"publicIPAddress":{"id":"`+network+`publicIPAddresses/front"}}}],
		"backendAddressPools":[{"name":"p"}],"loadBalancingRules":[{"name":"r","properties":{"frontendPort":80,"backendPort":80,
		"frontendIPConfiguration":{"id":"`+balancer+`/frontendIPConfigurations/f"},"backendAddressPool":{"id":"`+balancer+`/backendAddressPools/p"}}}]}}`)
}

func (m *sim) wantReference(path, property, want string) {
	m.t.Helper()
	id, _ := m.do(200, "GET", network+path, netCurrent, "").get(property).(string)
	if _, got, _ := strings.Cut(id, "/providers/Microsoft.Network/"); got != want {
		m.t.Errorf("%s %s is %q, want %q", path, property, got, want)
	}
}

func (m *sim) wantReferences(path, property string, want ...string) {
	m.t.Helper()
	if diff := cmp.Diff(want, ids(m.do(200, "GET", network+path, netCurrent, ""), property)); diff != "" {
		m.t.Errorf("%s %s (-want +got):\n%s", path, property, diff)
	}
}

// Both ends of a reference show it, also after a restart.
func TestReferences(t *testing.T) {
	dir := t.TempDir()
	m := start(t, azuresim.Options{DataDir: dir})
	m.group()
	m.around()
	m.wantBothEnds()
	m.s.Close()
	start(t, azuresim.Options{DataDir: dir, Clock: clock.NewPaused(epoch.Add(time.Hour))}).wantBothEnds()
}

func (m *sim) wantBothEnds() {
	m.t.Helper()
	const inSubnet = "virtualNetworks/vn/subnets/nodes"
	m.wantReferences("natGateways/nat", "properties.subnets", inSubnet)
	m.wantReferences("routeTables/rt", "properties.subnets", inSubnet)
	m.wantReferences("networkSecurityGroups/nsg", "properties.subnets", inSubnet)
	m.wantReferences(inSubnet, "properties.ipConfigurations", "networkInterfaces/NIC/ipConfigurations/ONE") // in Azure's spelling
	m.wantReference("publicIPAddresses/ip", "properties.natGateway.id", "natGateways/nat")
	m.wantReference("publicIPAddresses/front", "properties.ipConfiguration.id", "loadBalancers/lb/frontendIPConfigurations/f")
	balancer := m.do(200, "GET", network+"loadBalancers/lb", netCurrent, "")
	for list, back := range map[string]string{"frontendIPConfigurations": "f", "backendAddressPools": "p"} {
		element := balancer.get("properties." + list).([]any)[0].(map[string]any)
		if got := ids(answer{Body: element}, "properties.loadBalancingRules"); !cmp.Equal(got, []string{"loadBalancers/lb/loadBalancingRules/r"}) {
			m.t.Errorf("%s %s is used by %v", list, back, got)
		}
	}
}

// What is in use cannot be deleted, and says by whom; what is missing or not ready cannot be used.
func TestReferenceRefusals(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.around()
	for path, want := range map[string][2]string{
		"virtualNetworks/vn":               {"InUseSubnetCannotBeDeleted", "networkInterfaces/nic/ipConfigurations/one"},
		"virtualNetworks/vn/subnets/nodes": {"InUseSubnetCannotBeDeleted", "networkInterfaces/nic/ipConfigurations/one"},
		"publicIPAddresses/ip":             {"PublicIPAddressCannotBeDeleted", "natGateways/nat"},
		"publicIPAddresses/front":          {"PublicIPAddressCannotBeDeleted", "loadBalancers/lb/frontendIPConfigurations/f"},
		"routeTables/rt":                   {"InUseRouteTableCannotBeDeleted", "Route table rt is in use"},
		"networkSecurityGroups/nsg":        {"InUseNetworkSecurityGroupCannotBeDeleted", "subnets/nodes"},
		"natGateways/nat":                  {"InUseNatGatewayCannotBeDeleted", "subnets/nodes"},
	} {
		m.refused(400, want[0], want[1], "DELETE", network+path, netCurrent, "")
	}
	missing := `{"location":"westus2","properties":{"publicIpAddresses":[{"id":"` + network + `publicIPAddresses/no"}]}}`
	m.refused(404, "NotFound", "RG1/providers/Microsoft.Network/publicIPAddresses/NO not found", "PUT", network+"natGateways/x", netCurrent, missing)
	frontend := strings.Replace(missing, `"publicIpAddresses":[{`, `"frontendIPConfigurations":[{"name":"f","properties":{"publicIPAddress":{`, 1)
	frontend = strings.Replace(frontend, `"}]}}`, `"}}}]}}`, 1)
	m.refused(400, "InvalidResourceReference", "publicIPAddresses/no referenced by resource", "PUT", network+"loadBalancers/x", netCurrent, frontend)
	m.do(201, "PUT", network+"publicIPAddresses/no", netCurrent, staticIP)
	a := m.refused(429, "RetryableError", "", "PUT", network+"natGateways/x", netCurrent, missing)
	if text := a.get("error.details").([]any)[0].(map[string]any)["message"].(string); !strings.HasSuffix(text, "is PutPublicIpAddressOperation.") {
		t.Errorf("detail %q", text)
	}
	m.do(202, "DELETE", network+"networkInterfaces/nic", netCurrent, "")
	m.clock.Advance(time.Second)
	m.do(202, "DELETE", vnet, netCurrent, "")
	m.clock.Advance(time.Second)
	m.do(202, "DELETE", network+"natGateways/nat", netCurrent, "")
}

// A group takes along what only its own resources use; what another group uses keeps it.
func TestGroupOfUsedNetwork(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.around()
	other := strings.Replace(network, "/Rg1/", "/Rg2/", 1)
	m.do(201, "PUT", sub+"/resourceGroups/Rg2", rgVersion, `{"location":"westus2"}`)
	m.do(201, "PUT", other+"networkInterfaces/far", netCurrent, `{"location":"westus2","properties":{"ipConfigurations":[{"name":"one","properties":{"subnet":{"id":"`+subnet+`"}}}]}}`)
	a := m.do(202, "DELETE", group, rgVersion, "")
	m.clock.Advance(time.Minute)
	m.refused(409, "ResourceGroupDeletionBlocked", "Subnet nodes is in use by", "GET", a.Header.Get("Location"), "", "")
	m.do(202, "DELETE", other+"networkInterfaces/far", netCurrent, "")
	m.clock.Advance(time.Second)
	a = m.do(202, "DELETE", group, rgVersion, "")
	m.clock.Advance(time.Minute)
	m.do(200, "GET", a.Header.Get("Location"), "", "")
	m.refused(404, "ResourceGroupNotFound", "", "GET", vnet, netCurrent, "")
	m.refused(404, "ResourceNotFound", "virtualNetworks/vn", "DELETE", subnet, "2020-11-01", "") // recorded: old api-versions name the parent
	m.refused(404, "ResourceGroupNotFound", "", "DELETE", subnet, netCurrent, "")
}

// Public addresses: static ones at the end of the operation, dynamic ones with their user, from a prefix in order,
// labels unique in a region, and not more than the quota allows.
func TestPublicAddresses(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.s.AddWorld(world.World{Quotas: []world.Quota{{Family: "PublicIPAddresses", Location: "westus2", Limit: 4}}})
	ip := network + "publicIPAddresses/"
	if a := m.do(201, "PUT", ip+"a", netCurrent, staticIP); a.get("properties.ipAddress") != nil {
		t.Errorf("the address %v is there before the operation has ended", a.get("properties.ipAddress"))
	}
	m.clock.Advance(time.Second)
	first := m.do(200, "GET", ip+"a", netCurrent, "").get("properties.ipAddress")
	m.made(network+"publicIPPrefixes/p", `{"location":"westus2","properties":{"prefixLength":31}}`)
	fromPrefix := strings.Replace(staticIP, `"Static"`, `"Static","publicIPPrefix":{"id":"`+network+`publicIPPrefixes/p"}`, 1)
	second := m.made(ip+"b", strings.Replace(fromPrefix, `"Static"`, `"Static","dnsSettings":{"domainNameLabel":"Mine"}`, 1))
	m.wantEqual(second, "properties.dnsSettings.fqdn", "mine.westus2.cloudapp.azure.com")
	prefix, _ := m.do(200, "GET", network+"publicIPPrefixes/p", netCurrent, "").get("properties.ipPrefix").(string)
	if got, _ := second.get("properties.ipAddress").(string); got == first || !strings.HasSuffix(prefix, "/31") || got != strings.TrimSuffix(prefix, "/31") {
		t.Errorf("address %s of prefix %s", got, prefix)
	}
	m.wantReferences("publicIPPrefixes/p", "properties.publicIPAddresses", "publicIPAddresses/b")
	m.refused(400, "PublicIpPrefixCannotBeDeleted", "publicIPAddresses/b", "DELETE", network+"publicIPPrefixes/p", netCurrent, "")
	m.refused(400, "DnsRecordInUse", "mine.westus2.cloudapp.azure.com", "PUT", ip+"c", netCurrent, strings.Replace(staticIP, `"Static"`, `"Static","dnsSettings":{"domainNameLabel":"mine"}`, 1))
	m.refused(400, "StandardSkuPublicIPAddressMustBeStatic", "", "PUT", ip+"c", netCurrent, strings.Replace(staticIP, "Static", "Dynamic", 1))
	if a := m.made(ip+"dynamic", `{"location":"westus2"}`); a.get("properties.ipAddress") != nil || a.get("sku.name") != "Basic" {
		t.Errorf("unused and dynamic: %s", a.Raw)
	}
	m.made(network+"loadBalancers/lb", `{"location":"westus2","properties":{"frontendIPConfigurations":[{"name":"f","properties":{"publicIPAddress":{"id":"`+ip+`dynamic"}}}]}}`)
	if got := m.do(200, "GET", ip+"dynamic", netCurrent, "").get("properties.ipAddress"); got == nil || got == first {
		t.Errorf("dynamic address %v", got)
	}
	m.made(ip+"d", staticIP)
	m.refused(400, "PublicIPCountLimitReached", "more than 4 public IP addresses", "PUT", ip+"e", netCurrent, staticIP)
}
