package azuresim_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/spec"
)

// kubeconfigOf asks for one of the three kubeconfigs.
func (m *sim) kubeconfigOf(kind, query string) string {
	m.t.Helper()
	a := m.do(200, "POST", cluster+"/list"+strings.ToUpper(kind[:1])+kind[1:]+"Credential"+query, aksVersion, "")
	file := a.Body["kubeconfigs"].([]any)[0].(map[string]any)
	m.wantEqual(answer{Body: file}, "name", kind)
	raw, err := base64.StdEncoding.DecodeString(file["value"].(string))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(raw)
}

// Who gets which kubeconfig; reference section 10.
func TestCredentials(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, twoPools)
	m.refused(404, "ControlPlaneNotFound", "", "POST", cluster+"/listClusterAdminCredential", aksVersion, "")
	m.clock.Advance(time.Minute)
	for kind, user := range map[string]string{"clusterAdmin": "clusterAdmin_Rg1_c1", "clusterUser": "clusterUser_Rg1_c1", "clusterMonitoringUser": "clusterMonitoringUser_Rg1_c1"} {
		if file := m.kubeconfigOf(kind, ""); !strings.Contains(file, "user: "+user) || !strings.Contains(file, "client-key-data") {
			t.Errorf("%s: %s", kind, file)
		}
	}
	put := func(properties string) {
		m.t.Helper()
		m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":`+properties+`}`)
		m.clock.Advance(time.Minute)
		m.succeeded(cluster)
	}
	put(`{"aadProfile":{"managed":true,"enableAzureRBAC":true}}`)
	user := m.kubeconfigOf("clusterUser", "")
	if !strings.Contains(user, "kubelogin") || strings.Contains(user, "client-key-data") || strings.Contains(user, "token:") {
		t.Errorf("with Entra ID the user's file holds no secret: %s", user)
	}
	if legacy := m.kubeconfigOf("clusterUser", "?format=azure"); !strings.Contains(legacy, "auth-provider") {
		t.Errorf("format=azure: %s", legacy)
	}
	m.kubeconfigOf("clusterAdmin", "")
	put(`{"disableLocalAccounts":true}`)
	const static = "Getting static credential is not allowed because this cluster is set to disable local accounts."
	for _, kind := range []string{"Admin", "MonitoringUser"} {
		if a := m.refused(400, "BadRequest", static, "POST", cluster+"/listCluster"+kind+"Credential", aksVersion, ""); a.Body["code"] != "BadRequest" {
			t.Errorf("the refusal is flat: %s", a.Raw)
		}
	}
	m.kubeconfigOf("clusterUser", "")
}

// What is offered and what can be upgraded to; the examples of the description show the shapes.
func TestVersionLists(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	a := m.do(200, "GET", sub+"/providers/Microsoft.ContainerService/locations/westus2/kubernetesVersions", aksVersion, "")
	found := false
	for _, raw := range a.get("values").([]any) {
		v := answer{Body: raw.(map[string]any)}
		if v.get("version") == "1.34" {
			found = true
			m.wantEqual(v, "isDefault", true)
			patches := v.get("patchVersions").(map[string]any)["1.34.1"].(map[string]any)["upgrades"]
			if fmt.Sprint(patches) != "[1.34.5 1.35.1 1.35.4]" {
				t.Errorf("upgrades of 1.34.1: %v", patches)
			}
		}
	}
	if !found {
		t.Errorf("1.34 is not offered: %s", a.Raw)
	}
	m.refused(400, "NoRegisteredProviderFound", "atlantis", "GET", sub+"/providers/Microsoft.ContainerService/locations/atlantis/kubernetesVersions", aksVersion, "")

	names := func(list any) string {
		var out []string
		for _, raw := range list.([]any) {
			out = append(out, raw.(map[string]any)["kubernetesVersion"].(string))
		}
		return strings.Join(out, " ")
	}
	a = m.do(200, "GET", cluster+"/upgradeProfiles/default", aksVersion, "")
	if got := names(a.get("properties.controlPlaneProfile.upgrades")); got != "1.34.5 1.35.1 1.35.4" {
		t.Errorf("upgrades of the control plane: %s", got)
	}
	if pools := a.get("properties.agentPoolProfiles").([]any); len(pools) != 2 {
		t.Errorf("pools: %v", pools)
	}
	// A pool can go as far as its control plane has gone.
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"kubernetesVersion":"1.35.1"}}`)
	m.clock.Advance(time.Minute)
	a = m.do(200, "GET", cluster+"/agentPools/user1/upgradeProfiles/default", aksVersion, "")
	if got := names(a.get("properties.upgrades")); got != "1.34.5 1.35.1" {
		t.Errorf("upgrades of the pool: %s", got)
	}
	a = m.do(200, "GET", cluster+"/availableAgentPoolVersions", aksVersion, "")
	if got := names(a.get("properties.agentPoolVersions")); !strings.HasSuffix(got, "1.34.1 1.34.5 1.35.1") || strings.Contains(got, "1.31.") {
		t.Errorf("available pool versions: %s", got)
	}
	m.refused(404, "NotFound", "Could not find the agentpool: nope", "GET", cluster+"/agentPools/nope/upgradeProfiles/default", aksVersion, "")
}

// Lists are paged, whatever the scope.
func TestClusterPages(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	for i := range 3 {
		m.do(201, "PUT", fmt.Sprintf("%s/providers/Microsoft.ContainerService/managedClusters/c%d", group, i), aksVersion, twoPools)
	}
	for _, scope := range []string{sub, group} {
		seen := 0
		next := scope + "/providers/Microsoft.ContainerService/managedClusters?$top=2"
		for query, code := range map[string]string{"$top=0": "InvalidTopInQueryString", "$top=many": "InvalidTopInQueryString", "$skiptoken=42": "InvalidSkipTokenInQueryString"} {
			m.refused(400, code, "", "GET", strings.Replace(next, "$top=2", query, 1), aksVersion, "")
		}
		version := aksVersion
		for pages := 0; next != "" && pages < 3; pages++ {
			a := m.do(200, "GET", next, version, "")
			seen += len(a.get("value").([]any))
			next, _ = a.get("nextLink").(string)
			version = ""
		}
		if seen != 3 {
			t.Errorf("%s: %d of 3 clusters in the pages", scope, seen)
		}
	}
}

// PATCH changes tags, with the precondition of a write, and keeps everything else.
func TestPatch(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.refused(404, "ResourceGroupNotFound", "", "PATCH", cluster, aksVersion, `{"tags":{}}`)
	etag := m.cluster().Body["eTag"].(string)
	m.refused(412, "PreconditionFailed", "", "PATCH", cluster, aksVersion, `{"tags":{"a":"b"}}`, "If-Match", "stale")
	a := m.do(200, "PATCH", cluster, aksVersion, `{"tags":{"a":"b"}}`, "If-Match", etag)
	if a.Header.Get("Azure-AsyncOperation") == "" {
		t.Error("a PATCH runs as an operation")
	}
	m.wantEqual(a, "properties.provisioningState", "Updating")
	m.refused(409, "OperationNotAllowed", "Another operation (Updating)", "PATCH", cluster, aksVersion, `{"tags":{"a":"c"}}`)
	m.clock.Advance(time.Minute)
	a = m.succeeded(cluster)
	m.wantEqual(a, "tags.a", "b")
	m.wantEqual(a, "properties.dnsPrefix", "c1")
	m.refused(404, "ResourceNotFound", "", "PATCH", cluster+"x", aksVersion, `{"tags":{}}`, "If-Match", "*")
}

// What only the service sets is ignored when a client sends back what it read, null is nothing, and a create that
// failed can be put again or deleted.
func TestReadBackAndFailure(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	a := m.succeeded(cluster)
	uid := a.get("properties.resourceUID")
	m.do(200, "PUT", cluster, aksVersion, string(a.Raw))
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster, aksVersion, `{"name":"c1","id":"/x","type":"y","location":"westus2","eTag":"z","properties":{"provisioningState":"Failed","fqdn":"evil","maxAgentPools":1,"resourceUID":"0","currentKubernetesVersion":"1.20.0","addonProfiles":null,"powerState":{"code":"Stopped"}}}`)
	m.clock.Advance(time.Minute)
	a = m.succeeded(cluster)
	m.wantEqual(a, "properties.resourceUID", uid)
	m.wantEqual(a, "properties.maxAgentPools", float64(100))
	m.wantEqual(a, "properties.currentKubernetesVersion", "1.34.1")
	m.wantEqual(a, "properties.powerState.code", "Running")
	m.wantEqual(a, "systemData", nil) // recorded: never, although the description has it

	m.control("POST", "faults", `{"method":"PUT","times":1,"failOperation":{"code":"AllocationFailed","message":"no capacity"}}`)
	other := group + "/providers/Microsoft.ContainerService/managedClusters/c2"
	m.do(201, "PUT", other, aksVersion, strings.ReplaceAll(twoPools, "c1", "c2"))
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(200, "GET", other, aksVersion, ""), "properties.provisioningState", "Failed")
	a = m.do(200, "PUT", other, aksVersion, strings.ReplaceAll(twoPools, "c1", "c2"))
	m.wantEqual(a, "properties.provisioningState", "Updating")
	m.clock.Advance(time.Minute)
	m.succeeded(other)
	m.do(202, "DELETE", other, aksVersion, "")
}

// Whatever was put in whatever api-version: every described version shows what its description knows, and nothing else.
func TestAnswersFitTheirDescription(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, "2026-05-02-preview", allFixed)
	m.clock.Advance(time.Minute)
	for _, version := range spec.APIVersions("Microsoft.ContainerService/managedClusters") {
		for path, kind := range map[string]string{cluster: "Microsoft.ContainerService/managedClusters", cluster + "/agentPools/sys": "Microsoft.ContainerService/managedClusters/agentPools"} {
			a := m.do(200, "GET", path, version, "")
			if findings := spec.ValidateAnswer(kind, version, a.Body); len(findings) > 0 {
				t.Errorf("%s in %s: %v", path, version, findings)
			}
		}
	}
}
