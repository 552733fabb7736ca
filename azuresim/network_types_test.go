package azuresim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
)

const (
	network    = group + "/providers/Microsoft.Network/"
	netCurrent = "2024-05-01"
)

// wantState reads a resource and checks its provisioning state.
func (m *sim) wantState(path, version, want string) answer {
	m.t.Helper()
	a := m.do(200, "GET", path, version, "")
	m.wantEqual(a, "properties.provisioningState", want)
	return a
}

// made puts a network resource and lets its operation end.
func (m *sim) made(path, body string) answer {
	m.t.Helper()
	a, err := m.try(m.pipe, "PUT", path, netCurrent, body)
	if err != nil || a.Status/100 != 2 {
		m.t.Fatalf("%s: %v %d %s", path, err, a.Status, a.Raw)
	}
	m.clock.Advance(time.Second)
	return m.do(200, "GET", path, netCurrent, "")
}

// ids are the ids in a list of references, without what all have in common.
func ids(a answer, path string) []string {
	var out []string
	list, _ := a.get(path).([]any)
	for _, raw := range list {
		e, _ := raw.(map[string]any)
		id, _ := e["id"].(string)
		_, rest, _ := strings.Cut(id, "/providers/Microsoft.Network/")
		out = append(out, rest)
	}
	return out
}

// Every type lives the same life; they differ in the Retry-After of its stages.
func TestNetworkTypesLive(t *testing.T) {
	for _, c := range []struct{ typ, body, write, del, poll string }{
		{"publicIPAddresses", `,"sku":{"name":"Standard"},"properties":{"publicIPAllocationMethod":"Static"}`, "1", "10", "2"},
		{"publicIPPrefixes", `,"properties":{"prefixLength":28}`, "3", "10", "10"},
		{"natGateways", `,"sku":{"name":"Standard"}`, "10", "10", "10"},
		{"routeTables", ``, "2", "2", "2"},
		{"networkSecurityGroups", ``, "1", "1", "1"},
		{"applicationSecurityGroups", ``, "1", "10", "1"},
		{"virtualNetworks", `,"properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}`, "3", "10", "10"},
	} {
		t.Run(c.typ, func(t *testing.T) {
			m := start(t, azuresim.Options{})
			m.group()
			path := network + c.typ + "/Mine"
			body := `{"location":"West US 2"` + c.body + `}`
			m.refused(404, "ResourceNotFound", "Microsoft.Network/"+c.typ+"/Mine", "GET", path, netCurrent, "")
			a := m.do(201, "PUT", path, netCurrent, body)
			m.wantEqual(a, "properties.provisioningState", "Updating")
			m.wantEqual(a, "location", "westus2")
			wantHeaders(t, a, "Retry-After", c.write, "Azure-AsyncNotification", "Enabled", "Location", "")
			poll := m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", "")
			m.wantEqual(poll, "status", "InProgress")
			wantHeaders(t, poll, "Retry-After", c.poll)
			m.refused(409, "AnotherOperationInProgress", "", "PUT", path, netCurrent, body)
			m.clock.Advance(time.Second)
			m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Succeeded")
			a = m.wantState(strings.ToLower(path), netCurrent, "Succeeded")
			wantHeaders(t, a, "ETag", a.Body["etag"].(string))
			m.tagsAndLists(c.typ, path, body, a.Body["etag"].(string))
			a = m.do(202, "DELETE", path, netCurrent, "")
			wantHeaders(t, a, "Retry-After", c.del)
			m.do(202, "GET", a.Header.Get("Location"), "", "")
			m.wantState(path, netCurrent, "Deleting")
			m.clock.Advance(time.Second)
			m.do(204, "GET", a.Header.Get("Location"), "", "")
			m.refused(404, "ResourceNotFound", "", "GET", path, netCurrent, "")
			m.do(204, "DELETE", path, netCurrent, "")
		})
	}
}

func wantHeaders(t testing.TB, a answer, pairs ...string) {
	t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := a.Header.Get(pairs[i]); got != pairs[i+1] {
			t.Errorf("%s is %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

// tagsAndLists changes tags in both ways, minds etags and finds the resource in its lists.
func (m *sim) tagsAndLists(typ, path, body, etag string) {
	m.t.Helper()
	m.refused(412, "PreconditionFailed", "", "PUT", path, netCurrent, body, "If-Match", `W/"no"`)
	a := m.do(200, "PUT", path, netCurrent, strings.Replace(body, "{", `{"tags":{"a":"1"},`, 1), "If-Match", etag)
	m.wantEqual(a, "properties.provisioningState", "Succeeded")
	wantHeaders(m.t, a, "Retry-After", "")
	a = m.do(200, "PATCH", path, netCurrent, `{"tags":{"b":"2"}}`)
	if diff := cmp.Diff(map[string]any{"b": "2"}, a.get("tags")); diff != "" {
		m.t.Error(diff)
	}
	m.refused(400, "InvalidTagValueType", "", "PATCH", path, netCurrent, `{"tags":{"b":2}}`)
	m.refused(400, "LocationNotAvailableForResourceType", typ, "PUT", network+typ+"/else", netCurrent, strings.Replace(body, "West US 2", "mars", 1))
	m.refused(409, "InvalidResourceLocation", "already exists in location 'westus2'", "PUT", path, netCurrent, strings.Replace(body, "West US 2", "eastus", 1))
	for _, list := range []string{network + typ, sub + "/providers/Microsoft.Network/" + typ} {
		if value := m.do(200, "GET", list, netCurrent, "").Body["value"].([]any); len(value) != 1 || value[0].(map[string]any)["name"] != "Mine" {
			m.t.Errorf("%s lists %v", list, value)
		}
	}
}

// Children named in the parent's body and children made by themselves are the same resources.
func TestEmbeddedChildren(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	table := network + "routeTables/rt"
	m.made(table, `{"location":"westus2","properties":{"routes":[{"name":"one","properties":{"addressPrefix":"10.0.0.0/8","nextHopType":"None"}}]}}`)
	m.wantEqual(m.do(200, "GET", table+"/routes/one", netCurrent, ""), "properties.nextHopType", "None")
	m.refused(400, "NextHopIpAddressRequired", "", "PUT", table+"/routes/two", netCurrent, `{"properties":{"addressPrefix":"0.0.0.0/0","nextHopType":"VirtualAppliance"}}`)
	m.do(201, "PUT", table+"/routes/two", netCurrent, `{"properties":{"addressPrefix":"0.0.0.0/0","nextHopType":"Internet"}}`)
	a := m.refused(429, "RetryableError", "", "PUT", table+"/routes/three", netCurrent, `{"properties":{"addressPrefix":"1.0.0.0/8","nextHopType":"Internet"}}`)
	wantHeaders(t, a, "Retry-After", "14")
	detail := a.get("error.details").([]any)[0].(map[string]any)
	if detail["code"] != "RetryableErrorDueToAnotherOperation" || !strings.HasPrefix(detail["message"].(string), "Operation PutRouteOperation (") {
		t.Errorf("detail %v", detail)
	}
	m.clock.Advance(time.Second)
	if a = m.wantState(table, netCurrent, "Succeeded"); !cmp.Equal(ids(a, "properties.routes"), []string{"routeTables/rt/routes/one", "routeTables/rt/routes/two"}) {
		t.Errorf("routes %v", ids(a, "properties.routes"))
	}
	one := m.do(200, "GET", table+"/routes/one", netCurrent, "")
	m.wantEqual(one, "etag", a.Body["etag"]) // one etag for the whole tree
	if a = m.made(table, `{"location":"westus2"}`); len(ids(a, "properties.routes")) != 0 {
		t.Errorf("a body without routes keeps %v", ids(a, "properties.routes"))
	}
	m.refused(404, "NotFound", "Resource "+table+"/routes/one not found.", "GET", table+"/routes/one", netCurrent, "")
	m.refused(404, "ParentResourceNotFound", "", "PUT", network+"routeTables/no/routes/one", netCurrent, `{"properties":{"addressPrefix":"1.0.0.0/8","nextHopType":"None"}}`)
	m.refused(404, "ResourceNotFound", "routeTables/no", "GET", network+"routeTables/no/routes", netCurrent, "")
}

// Security groups have default rules, rules of their own, and no two with one priority.
func TestSecurityRules(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	nsg := network + "networkSecurityGroups/g"
	rule := func(priority int) string {
		return fmt.Sprintf(`{"properties":{"protocol":"Tcp","access":"Allow","direction":"Inbound","priority":%d,"sourceAddressPrefix":"*","destinationAddressPrefix":"*","sourcePortRange":"*","destinationPortRange":"443"}}`, priority)
	}
	a := m.made(nsg, `{"location":"westus2"}`)
	if rules := ids(a, "properties.defaultSecurityRules"); len(rules) != 6 || rules[2] != "networkSecurityGroups/g/defaultSecurityRules/DenyAllInBound" {
		t.Errorf("default rules %v", rules)
	}
	m.do(201, "PUT", nsg+"/securityRules/a", netCurrent, rule(100))
	m.do(201, "PUT", nsg+"/securityRules/b", netCurrent, rule(101)) // rules do not wait for each other
	m.clock.Advance(time.Second)
	m.refused(400, "SecurityRuleConflict", "a", "PUT", nsg+"/securityRules/c", netCurrent, rule(100))
	m.refused(400, "SecurityRuleInvalidPriority", "100-4096", "PUT", nsg+"/securityRules/c", netCurrent, rule(99))
	m.wantEqual(m.do(200, "PUT", nsg+"/securityRules/a", netCurrent, rule(100)), "properties.provisioningState", "Succeeded")
	if a = m.do(200, "GET", nsg+"/securityRules", netCurrent, ""); len(a.Body["value"].([]any)) != 2 {
		t.Errorf("rules %s", a.Raw)
	}
}

// A peering is Initiated until the other side has one, then both are Connected; the network's own PUT leaves it alone.
func TestPeerings(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	body := func(prefix string) string {
		return `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["` + prefix + `"]}}}`
	}
	m.made(network+"virtualNetworks/a", body("10.1.0.0/16"))
	m.made(network+"virtualNetworks/b", body("10.2.0.0/16"))
	there, back := network+"virtualNetworks/a/virtualNetworkPeerings/p", network+"virtualNetworks/b/virtualNetworkPeerings/q"
	to := func(id string) string { return `{"properties":{"remoteVirtualNetwork":{"id":"` + id + `"}}}` }
	a := m.made(there, to(network+"virtualNetworks/b"))
	m.wantEqual(a, "properties.peeringState", "Initiated")
	if space := a.get("properties.remoteAddressSpace.addressPrefixes"); !cmp.Equal(space, []any{"10.2.0.0/16"}) {
		t.Errorf("remote address space %v", space)
	}
	m.wantEqual(m.made(back, to(network+"virtualNetworks/a")), "properties.peeringState", "Connected")
	m.wantEqual(m.do(200, "GET", there, netCurrent, ""), "properties.peeringState", "Connected")
	if a = m.made(network+"virtualNetworks/a", body("10.1.0.0/16")); len(ids(a, "properties.virtualNetworkPeerings")) != 1 {
		t.Errorf("peerings %v", ids(a, "properties.virtualNetworkPeerings"))
	}
	if got := m.do(200, "GET", there, "2020-11-01", "").get("properties.peerCompleteVnets"); got != nil {
		t.Errorf("an old api-version shows peerCompleteVnets %v", got)
	}
	m.refused(400, "InvalidResourceReference", "virtualNetworks/c referenced by resource", "PUT", there, netCurrent, to(network+"virtualNetworks/c"))
	m.do(202, "DELETE", back, netCurrent, "")
	m.clock.Advance(time.Second)
	m.wantEqual(m.do(200, "GET", there, netCurrent, ""), "properties.peeringState", "Initiated")
}
