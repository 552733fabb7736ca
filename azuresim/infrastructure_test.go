package azuresim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
)

// kinds counts what is in a resource group, by type.
func (m *sim) kinds(group string) map[string]int {
	m.t.Helper()
	out := map[string]int{}
	for _, raw := range m.do(200, "GET", group+"/resources", rgVersion, "").Body["value"].([]any) {
		typ := raw.(map[string]any)["type"].(string)
		out[typ[strings.LastIndexByte(typ, '/')+1:]]++
	}
	return out
}

// The node resource group of a cluster holds what a cluster consists of in Azure, and nothing stays behind.
func TestNodeResourceGroup(t *testing.T) {
	m := start(t, azuresim.Options{})
	a := m.cluster()
	want := map[string]int{"virtualMachineScaleSets": 2, "networkSecurityGroups": 1, "virtualNetworks": 1, "userAssignedIdentities": 1, "publicIPAddresses": 1, "loadBalancers": 1}
	if diff := cmp.Diff(want, m.kinds(nodeGroup)); diff != "" {
		t.Error(diff)
	}
	inGroup := nodeGroup + "/providers/Microsoft.Network/"
	suffix := m.suffix()
	nsg := m.do(200, "GET", inGroup+"networkSecurityGroups/aks-agentpool-"+suffix+"-nsg", netCurrent, "")
	if got := ids(nsg, "properties.subnets"); !cmp.Equal(got, []string{"virtualNetworks/aks-vnet-" + suffix + "/subnets/aks-subnet"}) {
		t.Errorf("the security group is that of %v", got)
	}
	identity, _ := a.get("properties.identityProfile.kubeletidentity.resourceId").(string)
	m.wantEqual(m.do(200, "GET", identity, "2023-01-31", ""), "properties.clientId", a.get("properties.identityProfile.kubeletidentity.clientId"))
	one := m.outbound(a)
	m.do(200, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"networkPlugin":"azure"`, `"networkPlugin":"azure","loadBalancerProfile":{"managedOutboundIPs":{"count":2}}`, 1))
	m.clock.Advance(time.Minute)
	two := m.outbound(m.succeeded(cluster))
	if len(one) != 1 || len(two) != 2 || two[0] != one[0] {
		t.Errorf("outbound addresses %v, then %v", one, two)
	}
	m.refused(400, "PublicIPAddressCannotBeDeleted", "loadBalancers/kubernetes/frontendIPConfigurations/", "DELETE", inGroup+two[1], netCurrent, "")
	m.do(200, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"networkPlugin":"azure"`, `"networkPlugin":"azure","loadBalancerProfile":{"managedOutboundIPs":{"count":1}}`, 1))
	m.clock.Advance(time.Minute)
	m.refused(404, "ResourceNotFound", "", "GET", inGroup+two[1], netCurrent, "")
	m.do(202, "DELETE", cluster, aksVersion, "")
	m.clock.Advance(time.Minute)
	m.refused(404, "ResourceGroupNotFound", "", "GET", inGroup+two[0], netCurrent, "")
}

// outbound lists a cluster's outbound addresses; each exists, has an address, and is a frontend of its load balancer.
func (m *sim) outbound(a answer) []string {
	m.t.Helper()
	list := ids(a, "properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs")
	for _, ip := range list {
		got := m.do(200, "GET", nodeGroup+"/providers/Microsoft.Network/"+ip, netCurrent, "")
		m.wantEqual(got, "tags.aks-managed-type", "aks-slb-managed-outbound-ip")
		front, _ := got.get("properties.ipConfiguration.id").(string)
		if got.get("properties.ipAddress") == nil || !strings.Contains(front, "/loadBalancers/kubernetes/frontendIPConfigurations/") {
			m.t.Errorf("%s: %s", ip, got.Raw)
		}
	}
	return list
}

// A cluster in a user's subnet has no network of its own; kubenet has a route table; a private cluster has a private
// endpoint, and a zone with its name in it.
func TestNodeResourceGroupVariants(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.made(vnet, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"nodes","properties":{"addressPrefix":"10.0.0.0/24"}}]}}`)
	body := strings.ReplaceAll(twoPools, `"vmSize"`, `"vnetSubnetID":"`+subnet+`","vmSize"`)
	body = strings.Replace(body, `"networkPlugin":"azure"`, `"networkPlugin":"kubenet","serviceCidr":"10.100.0.0/16","dnsServiceIP":"10.100.0.10"`, 1)
	body = strings.Replace(body, `"dnsPrefix"`, `"apiServerAccessProfile":{"enablePrivateCluster":true},"dnsPrefix"`, 1)
	m.do(201, "PUT", cluster, aksVersion, body)
	m.clock.Advance(time.Minute)
	a := m.succeeded(cluster)
	want := map[string]int{"virtualMachineScaleSets": 2, "networkSecurityGroups": 1, "routeTables": 1, "userAssignedIdentities": 1, "publicIPAddresses": 1, "loadBalancers": 1,
		"privateEndpoints": 1, "networkInterfaces": 1, "privateDnsZones": 1, "virtualNetworkLinks": 1}
	if diff := cmp.Diff(want, m.kinds(nodeGroup)); diff != "" {
		t.Error(diff)
	}
	host, zone, _ := strings.Cut(a.get("properties.privateFQDN").(string), ".")
	record := m.do(200, "GET", nodeGroup+"/providers/Microsoft.Network/privateDnsZones/"+zone+"/A/"+host, dnsVersion, "").get("properties.aRecords").([]any)[0].(map[string]any)
	if !strings.HasPrefix(record["ipv4Address"].(string), "10.0.0.") {
		t.Errorf("the API server is at %v", record)
	}
	connections := m.do(200, "GET", cluster+"/privateEndpointConnections", aksVersion, "").Body["value"].([]any)
	if len(connections) != 1 || !strings.HasSuffix((answer{Body: connections[0].(map[string]any)}).get("properties.privateEndpoint.id").(string), "/privateEndpoints/kube-apiserver") {
		t.Errorf("connections %v", connections)
	}
	m.refused(400, "InUseSubnetCannotBeDeleted", "", "DELETE", subnet, netCurrent, "")
}

// A managed NAT gateway stands in for the load balancer; without either there are no managed addresses.
func TestManagedOutbound(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"networkPlugin":"azure"`, `"networkPlugin":"azure","outboundType":"managedNATGateway","natGatewayProfile":{"managedOutboundIPProfile":{"count":2}}`, 1))
	m.clock.Advance(time.Minute)
	a := m.succeeded(cluster)
	list := ids(a, "properties.networkProfile.natGatewayProfile.effectiveOutboundIPs")
	inGroup := nodeGroup + "/providers/Microsoft.Network/"
	nat := m.do(200, "GET", inGroup+"natGateways/aks-natgateway-"+m.suffix(), netCurrent, "")
	if got := ids(nat, "properties.publicIpAddresses"); len(list) != 2 || !cmp.Equal(got, list) {
		t.Errorf("the gateway has %v, the cluster %v", got, list)
	}
	if got := ids(nat, "properties.subnets"); !cmp.Equal(got, []string{"virtualNetworks/aks-vnet-" + m.suffix() + "/subnets/aks-subnet"}) {
		t.Errorf("the gateway serves %v", got)
	}
	other := strings.Replace(cluster, "/c1", "/c2", 1)
	m.do(201, "PUT", other, aksVersion, strings.Replace(twoPools, `"networkPlugin":"azure"`, `"networkPlugin":"azure","outboundType":"none"`, 1))
	m.clock.Advance(time.Minute)
	m.succeeded(other)
	if got := m.kinds(sub + "/resourceGroups/MC_Rg1_c2_westus2"); got["publicIPAddresses"] != 0 || got["loadBalancers"] != 0 {
		t.Errorf("without outbound: %v", got)
	}
}
