package azuresim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
)

const (
	vnet   = group + "/providers/Microsoft.Network/virtualNetworks/vn"
	subnet = vnet + "/subnets/nodes"
)

// The life of a network with a subnet, headers and defaults as recorded.
func TestNetwork(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.refused(404, "ResourceNotFound", "virtualNetworks/vn", "GET", vnet, netVersion, "")
	m.refused(404, "ParentResourceNotFound", "", "PUT", subnet, netVersion, `{"properties":{"addressPrefix":"10.0.0.0/24"}}`)
	body := `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`
	a := m.do(201, "PUT", vnet, netVersion, body)
	m.wantEqual(a, "properties.provisioningState", "Updating")
	if a.Header.Get("Retry-After") != "3" || a.Header.Get("Azure-AsyncNotification") != "Enabled" || a.Header.Get("Location") != "" {
		t.Errorf("headers %v", a.Header)
	}
	m.refused(409, "AnotherOperationInProgress", "/providers/Microsoft.Network/locations/westus2/operations/", "PUT", subnet, netVersion, `{"properties":{"addressPrefix":"10.0.0.0/24"}}`)
	m.clock.Advance(time.Second)
	if op := m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""); len(op.Body) != 1 || op.Body["status"] != "Succeeded" {
		t.Errorf("the operation document has only a status: %s", op.Raw)
	}
	m.refused(400, "NetcfgInvalidSubnet", "not valid in virtual network 'vn'", "PUT", subnet, netVersion, `{"properties":{"addressPrefix":"10.1.0.0/24"}}`)
	a = m.do(201, "PUT", subnet, netVersion, `{"properties":{"addressPrefix":"10.0.0.0/24"}}`)
	m.wantEqual(a, "properties.privateEndpointNetworkPolicies", "Disabled")
	m.clock.Advance(time.Second)
	m.refused(400, "NetcfgSubnetRangesOverlap", "overlaps", "PUT", vnet+"/subnets/more", netVersion, `{"properties":{"addressPrefix":"10.0.0.128/25"}}`)
	m.refused(404, "NotFound", "Resource "+vnet+"/subnets/no not found.", "GET", vnet+"/subnets/no", netVersion, "")
	a = m.do(200, "GET", vnet, netVersion, "")
	if a.Header.Get("ETag") == "" || a.Header.Get("ETag") != a.Body["etag"] {
		t.Errorf("etag in header %q and body %v", a.Header.Get("ETag"), a.Body["etag"])
	}
	// A change of tags only is done at once.
	withSubnet := strings.Replace(body, `["10.0.0.0/16"]}`, `["10.0.0.0/16"]},"subnets":[{"name":"nodes","properties":{"addressPrefix":"10.0.0.0/24"}}]`, 1)
	a = m.do(200, "PUT", vnet, netVersion, strings.Replace(withSubnet, `"location"`, `"tags":{"a":"b"},"location"`, 1))
	m.wantEqual(a, "properties.provisioningState", "Succeeded")
	if a.Header.Get("Retry-After") != "" || a.Header.Get("Azure-AsyncOperation") == "" {
		t.Errorf("headers %v", a.Header)
	}
	m.bringYourOwn(t, body)
}

// bringYourOwn puts a cluster into the subnet: it cannot be removed any more, by no road.
func (m *sim) bringYourOwn(t *testing.T, withoutSubnets string) {
	pools := strings.ReplaceAll(twoPools, `"vmSize"`, `"vnetSubnetID":"`+subnet+`","vmSize"`)
	pools = strings.Replace(pools, `"networkPlugin":"azure"`, `"networkPlugin":"azure","serviceCidr":"10.100.0.0/16","dnsServiceIP":"10.100.0.10"`, 1)
	m.do(200, "PUT", vnet, netVersion, strings.Replace(withoutSubnets, `["10.0.0.0/16"]}`, `["10.0.0.0/15"]},"subnets":[{"name":"nodes","properties":{"addressPrefix":"10.0.0.0/24"}}]`, 1))
	m.refused(400, "VirtualNetworkNotInSucceededState", "is in state Updating", "PUT", cluster, aksVersion, pools)
	m.clock.Advance(time.Second)
	m.do(201, "PUT", cluster, aksVersion, pools)
	m.clock.Advance(time.Minute)
	m.succeeded(cluster)
	m.refused(400, "InUseSubnetCannotBeDeleted", "Subnet nodes is in use by", "DELETE", subnet, netVersion, "")
	m.refused(400, "InUseSubnetCannotBeDeleted", "", "DELETE", vnet, netVersion, "")
	m.refused(400, "InUseSubnetCannotBeDeleted", "", "PUT", vnet, netVersion, withoutSubnets) // this api-version reads it as "no subnets"
	m.do(202, "DELETE", cluster, aksVersion, "")
	m.clock.Advance(time.Minute)
	a := m.do(202, "DELETE", subnet, netVersion, "")
	if a.Header.Get("Retry-After") != "10" || a.Header.Get("Location") == "" {
		t.Errorf("headers %v", a.Header)
	}
	m.clock.Advance(time.Second)
	m.do(204, "DELETE", subnet, netVersion, "")
	m.do(202, "DELETE", vnet, netVersion, "")
	m.clock.Advance(time.Second)
	m.do(204, "DELETE", vnet, netVersion, "")
}
