package azuresim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
)

// action posts and checks the answer of every asynchronous action: 202, no body, both addresses.
func (m *sim) action(path string) answer {
	m.t.Helper()
	a := m.do(202, "POST", path, aksVersion, "")
	if len(a.Raw) != 0 || a.Header.Get("Location") == "" || a.Header.Get("Azure-AsyncOperation") == "" {
		m.t.Errorf("%s answered %v %s", path, a.Header, a.Raw)
	}
	m.do(202, "GET", a.Header.Get("Location"), "", "")
	return a
}

func (m *sim) ended(a answer) {
	m.t.Helper()
	m.clock.Advance(time.Minute)
	m.do(204, "GET", a.Header.Get("Location"), "", "")
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Succeeded")
}

// A stopped cluster has no machines and no API server, and can only be started or deleted.
func TestStopAndStart(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"powerState":{"code":"Stopped"}}}`)
	m.wantEqual(m.do(200, "GET", cluster+"/agentPools/user1", aksVersion, ""), "properties.provisioningState", "Stopping")
	m.clock.Advance(time.Minute)
	if got := m.instances("user1"); got != "" {
		t.Errorf("a stopped pool has machines %s", got)
	}
	m.refused(400, "OperationNotAllowed", "system node pool", "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"powerState":{"code":"Stopped"}}}`)

	m.refused(400, "OperationNotAllowed", "Provisioning State(Succeeded) and Power State(Running), starting cannot be performed", "POST", cluster+"/start", aksVersion, "")
	stop := m.action(cluster + "/stop")
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Stopping")
	m.refused(409, "OperationNotAllowed", "Provisioning State(Stopping) and Power State(Running), stopping cannot be performed", "POST", cluster+"/stop", aksVersion, "")
	m.refused(409, "OperationNotAllowed", "Another operation (Stopping)", "PUT", cluster, aksVersion, twoPools)
	m.ended(stop)
	a := m.succeeded(cluster)
	m.wantEqual(a, "properties.powerState.code", "Stopped")
	for _, raw := range a.get("properties.agentPoolProfiles").([]any) {
		m.wantEqual(answer{Body: raw.(map[string]any)}, "powerState.code", "Stopped")
	}
	if got := m.instances("sys"); got != "" {
		t.Errorf("a stopped cluster has machines %s", got)
	}
	for _, refused := range []struct{ method, path, body string }{
		{"PUT", cluster, twoPools}, {"PATCH", cluster, `{"tags":{"a":"b"}}`}, {"POST", cluster + "/rotateClusterCertificates", ""}, {"POST", cluster + "/stop", ""},
		{"PUT", cluster + "/agentPools/sys", `{"properties":{"count":3}}`}, {"DELETE", cluster + "/agentPools/user1", ""}, {"POST", cluster + "/runCommand", `{"command":"x"}`},
	} {
		m.refused(400, "OperationNotAllowed", "Power State(Stopped)", refused.method, refused.path, aksVersion, refused.body)
	}
	m.ended(m.action(cluster + "/start"))
	m.wantEqual(m.succeeded(cluster), "properties.powerState.code", "Running")
	m.wantEqual(m.succeeded(cluster+"/agentPools/user1"), "properties.powerState.code", "Stopped") // stopped before, stopped after
	if got := len(m.nodes()); got != 2 {
		t.Errorf("%d nodes after the start, want the two of the pool that runs", got)
	}
	m.ended(m.action(cluster + "/stop"))
	m.do(202, "DELETE", cluster, aksVersion, "")
}

// A stopped cluster is a stopped cluster after a restart of the emulator, too.
func TestStoppedOverRestart(t *testing.T) {
	dir := t.TempDir()
	first := start(t, azuresim.Options{DataDir: dir})
	first.cluster()
	before := string(first.kubeconfig())
	first.ended(first.action(cluster + "/stop"))
	now := first.clock.Now()
	first.s.Close()
	second := start(t, azuresim.Options{DataDir: dir, Clock: clock.NewPaused(now.Add(time.Hour))})
	second.wantEqual(second.succeeded(cluster), "properties.powerState.code", "Stopped")
	if string(second.kubeconfig()) != before {
		t.Error("the credentials of a stopped cluster changed")
	}
	second.ended(second.action(cluster + "/start"))
	if got := len(second.nodes()); got != 3 {
		t.Errorf("%d nodes after the start, want 3", got)
	}
}

// An aborted operation stops where it is; the next PUT goes on.
func TestAbort(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.refused(409, "OperationNotAllowed", "no operation in progress", "POST", cluster+"/abort", aksVersion, "")
	put := m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"kubernetesVersion":"1.34.5"}}`)
	a := m.do(202, "POST", cluster+"/abort", aksVersion, "")
	m.wantEqual(a, "properties.provisioningState", "Canceling")
	m.wantEqual(m.do(200, "GET", put.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Canceled")
	m.refused(409, "OperationNotAllowed", "Another operation (Canceling)", "PUT", cluster, aksVersion, twoPools)
	m.clock.Advance(10 * time.Second)
	m.do(204, "GET", a.Header.Get("Location"), "", "")
	a = m.do(200, "GET", cluster, aksVersion, "")
	m.wantEqual(a, "properties.provisioningState", "Canceled")
	m.wantEqual(a, "properties.currentKubernetesVersion", "1.34.1")
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"kubernetesVersion":"1.34.5"}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster), "properties.currentKubernetesVersion", "1.34.5")

	pool := cluster + "/agentPools/user1"
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":5}}`)
	m.do(202, "POST", pool+"/abort", aksVersion, "")
	m.clock.Advance(10 * time.Second)
	m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.provisioningState", "Canceled")
	if got := m.instances("user1"); got != "0" {
		t.Errorf("an aborted scale changed the machines: %s", got)
	}
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":5}}`)
	m.clock.Advance(time.Minute)
	m.succeeded(pool)
	if got := m.instances("user1"); got != "0,1,2,3,4" {
		t.Errorf("machines %s", got)
	}
	m.do(202, "DELETE", pool, aksVersion, "")
	m.refused(409, "OperationNotAllowed", "cannot be aborted", "POST", pool+"/abort", aksVersion, "")
}

// Rotation makes the kubeconfigs of before useless.
func TestRotation(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	before := string(m.kubeconfig())
	rotate := m.action(cluster + "/rotateClusterCertificates")
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "RotatingClusterCertificates")
	m.ended(rotate)
	certificates := string(m.kubeconfig())
	if certificates == before {
		t.Error("the kubeconfig is the same after the rotation")
	}
	if got := len(m.nodes()); got != 3 {
		t.Errorf("%d nodes", got)
	}
	m.ended(m.action(cluster + "/rotateServiceAccountSigningKeys"))
	if string(m.kubeconfig()) == certificates {
		t.Error("the tokens are the same after the signing keys were rotated")
	}
}

func TestResetProfiles(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.refused(400, "BadRequest", "managed identity", "POST", cluster+"/resetServicePrincipalProfile", aksVersion, `{"clientId":"x"}`)
	m.refused(400, "InvalidParameter", "clientId", "POST", cluster+"/resetServicePrincipalProfile", aksVersion, `{}`)
	m.refused(400, "BadRequest", "without AAD", "POST", cluster+"/resetAADProfile", aksVersion, `{"clientAppID":"x"}`)
	other := group + "/providers/Microsoft.ContainerService/managedClusters/c2"
	m.do(201, "PUT", other, aksVersion, `{"location":"westus2","properties":{"dnsPrefix":"c2","servicePrincipalProfile":{"clientId":"one","secret":"s"},"aadProfile":{"clientAppID":"a","serverAppID":"b"},
	 "agentPoolProfiles":[{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}]}}`)
	m.clock.Advance(time.Minute)
	m.refused(400, "PropertyChangeNotAllowed", "servicePrincipalProfile.clientId", "PUT", other, aksVersion, `{"location":"westus2","properties":{"servicePrincipalProfile":{"clientId":"two"}}}`)
	a := m.do(202, "POST", other+"/resetServicePrincipalProfile", aksVersion, `{"clientId":"two","secret":"s2"}`)
	m.ended(a)
	m.wantEqual(m.succeeded(other), "properties.servicePrincipalProfile.clientId", "two")
	m.ended(m.do(202, "POST", other+"/resetAADProfile", aksVersion, `{"clientAppID":"c","serverAppSecret":"hidden"}`))
	a = m.succeeded(other)
	m.wantEqual(a, "properties.aadProfile.clientAppID", "c")
	m.wantEqual(a, "properties.aadProfile.serverAppID", "b")
	m.wantEqual(a, "properties.aadProfile.serverAppSecret", nil)
	// The way to a managed identity is open.
	m.do(200, "PUT", other, aksVersion, `{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"servicePrincipalProfile":{"clientId":"msi"}}}`)
	m.clock.Advance(time.Minute)
	a = m.succeeded(other)
	m.wantEqual(a, "properties.servicePrincipalProfile.clientId", "msi")
	if a.get("identity.principalId") == nil {
		t.Error("the new identity has no principal")
	}
}

// A command is accepted and its result says that it was not executed.
func TestRunCommand(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.refused(400, "InvalidParameter", "command", "POST", cluster+"/runCommand", aksVersion, `{"context":""}`)
	a := m.do(202, "POST", cluster+"/runCommand", aksVersion, `{"command":"kubectl version"}`)
	location := a.Header.Get("Location")
	m.do(202, "GET", location, "", "")
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"count":2}}`) // a command blocks nothing
	m.clock.Advance(time.Minute)
	a = m.do(200, "GET", location, "", "")
	m.wantEqual(a, "properties.provisioningState", "Succeeded")
	m.wantEqual(a, "properties.exitCode", float64(126))
	m.wantEqual(a, "properties.reason", "azuresim does not execute commands")
	m.refused(404, "NotFound", "", "GET", cluster+"/commandResults/0123456789abcdef0123456789abcdef", aksVersion, "")
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"apiServerAccessProfile":{"disableRunCommand":true}}}`)
	m.clock.Advance(time.Minute)
	m.refused(400, "BadRequest", "disabled", "POST", cluster+"/runCommand", aksVersion, `{"command":"kubectl version"}`)
}

func TestReadOnlySubresources(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	if a := m.do(200, "GET", cluster+"/privateLinkResources", aksVersion, ""); len(a.get("value").([]any)) != 0 {
		t.Errorf("a public cluster has private link resources: %s", a.Raw)
	}
	m.refused(400, "BadRequest", "not a private cluster", "POST", cluster+"/resolvePrivateLinkServiceId", aksVersion, `{"name":"management"}`)
	m.do(200, "GET", cluster+"/privateEndpointConnections", aksVersion, "")
	connection := cluster + "/privateEndpointConnections/x"
	m.refused(404, "NotFound", "", "GET", connection, aksVersion, "")
	m.refused(400, "InvalidParameter", "status", "PUT", connection, aksVersion, `{"properties":{"privateLinkServiceConnectionState":{"status":"Perhaps"}}}`)
	m.do(201, "PUT", connection, aksVersion, `{"properties":{"privateLinkServiceConnectionState":{"status":"Approved"}}}`)
	m.do(200, "PUT", connection, aksVersion, `{"properties":{"privateLinkServiceConnectionState":{"status":"Rejected"}}}`)
	m.wantEqual(m.do(200, "GET", connection, aksVersion, ""), "properties.privateLinkServiceConnectionState.status", "Rejected")
	m.do(200, "DELETE", connection, aksVersion, "")
	m.do(204, "DELETE", connection, aksVersion, "")
	if a := m.do(200, "GET", cluster+"/outboundNetworkDependenciesEndpoints", aksVersion, ""); len(a.get("value").([]any)) < 4 {
		t.Errorf("outbound endpoints: %s", a.Raw)
	}
	a := m.do(200, "POST", cluster+"/accessProfiles/clusterAdmin/listCredential", aksVersion, "")
	m.wantEqual(a, "type", "Microsoft.ContainerService/ManagedClusters/AccessProfiles")
	if s, _ := a.get("properties.kubeConfig").(string); s == "" {
		t.Errorf("no kubeconfig: %s", a.Raw)
	}
	m.refused(404, "NotFound", "", "POST", cluster+"/accessProfiles/nobody/listCredential", aksVersion, "")

	private := group + "/providers/Microsoft.ContainerService/managedClusters/p1"
	m.do(201, "PUT", private, aksVersion, `{"location":"westus2","properties":{"dnsPrefix":"p1","apiServerAccessProfile":{"enablePrivateCluster":true},"agentPoolProfiles":[{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}]}}`)
	a = m.do(200, "GET", private, aksVersion, "")
	m.wantEqual(a, "properties.apiServerAccessProfile.privateDNSZone", "system")
	if name, _ := a.get("properties.privateFQDN").(string); !strings.HasPrefix(name, "p1-") || !strings.HasSuffix(name, ".privatelink.westus2.azmk8s.io") || a.get("properties.fqdn") == nil {
		t.Errorf("a private cluster has a private name besides the public one, this one has %q", name)
	}
	hidden := group + "/providers/Microsoft.ContainerService/managedClusters/p2"
	a = m.do(201, "PUT", hidden, aksVersion, `{"location":"westus2","properties":{"fqdnSubdomain":"inside","apiServerAccessProfile":{"enablePrivateCluster":true,"enablePrivateClusterPublicFQDN":false,"privateDNSZone":"`+group+`/providers/Microsoft.Network/privateDnsZones/privatelink.westus2.azmk8s.io"},"agentPoolProfiles":[{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}]}}`)
	m.wantEqual(a, "properties.privateFQDN", "inside.privatelink.westus2.azmk8s.io")
	m.wantEqual(a, "properties.fqdn", nil)
	a = m.do(200, "POST", private+"/resolvePrivateLinkServiceId", aksVersion, `{"name":"management"}`)
	if a.get("privateLinkServiceID") == nil {
		t.Errorf("no link service: %s", a.Raw)
	}
}
