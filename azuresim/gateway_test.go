package azuresim_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	armpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	armruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

// values lists one property of the items of all pages.
func (m *sim) values(path, version, property string) []string {
	m.t.Helper()
	out := []string{}
	for next := path; next != ""; version = "" {
		a := m.do(200, "GET", next, version, "")
		for _, item := range a.Body["value"].([]any) {
			s, _ := answer{Body: item.(map[string]any)}.get(property).(string)
			out = append(out, s)
		}
		next, _ = a.Body["nextLink"].(string)
	}
	return out
}

func query(path, q string) string { return path + "?" + strings.ReplaceAll(q, " ", "%20") }

// The generic list: what is in it, its filters and its pages.
func TestGenericList(t *testing.T) {
	m := start(t, azuresim.Options{PageSize: 2})
	m.cluster()
	vnet := group + "/providers/Microsoft.Network/virtualNetworks/"
	m.do(201, "PUT", vnet+"demo-a", netVersion, `{"location":"westus2","tags":{"Env":"test"},"properties":{"addressSpace":{"addressPrefixes":["10.1.0.0/16"]},"subnets":[{"name":"s","properties":{"addressPrefix":"10.1.0.0/24"}}]}}`)
	m.do(201, "PUT", vnet+"b", netVersion, `{"location":"eastus","tags":{"env":"prod"},"properties":{"addressSpace":{"addressPrefixes":["10.2.0.0/16"]}}}`)
	m.clock.Advance(time.Minute)
	const network, aks = "Microsoft.Network/virtualNetworks", "Microsoft.ContainerService/managedClusters"
	for filter, want := range map[string]string{
		"":                                  "b c1 demo-a", // neither subnets nor agent pools
		"resourceType eq '" + network + "'": "b demo-a",
		"resourceType ne '" + network + "'": "c1",
		"resourceType eq '" + network + "' or resourceType eq '" + aks + "'": "b c1 demo-a",
		"substringof('DEMO', name)":                                   "demo-a",
		"substringof('demo', name) and resourceType eq '" + aks + "'": "",
		"location eq 'eastus'":                                        "b",
		"name eq 'C1'":                                                "c1",
		"tagName eq 'env'":                                            "b demo-a",
		"tagName eq 'env' and tagValue eq 'test'":                     "demo-a",
		"startswith(tagName, 'en')":                                   "b demo-a",
		"(name eq 'b' or name eq 'c1') and location eq 'westus2'":     "c1",
	} {
		got := m.values(query(group+"/resources", "$filter="+filter), rgVersion, "name")
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q finds %v, want %q", filter, got, want)
		}
	}
	for _, bad := range []string{"shoe eq 'x'", "name eq", "tagValue eq 'x'", "name like 'x'", "name eq 'a' and", "substringof('a' name)"} {
		m.refused(400, "InvalidFilterInQueryString", bad, "GET", query(group+"/resources", "$filter="+bad), rgVersion, "")
	}
	if all := m.values(sub+"/resources", rgVersion, "resourceGroup"); len(all) < 4 {
		t.Errorf("the subscription has those and the node group's: %v", all)
	}
	item := m.do(200, "GET", query(group+"/resources", "$filter=name eq 'c1'&$expand=createdTime,changedTime,provisioningState"), rgVersion, "").Body["value"].([]any)[0].(map[string]any)
	if item["createdTime"] != "2026-11-01T12:00:00.0000000Z" || item["changedTime"] == nil || item["provisioningState"] != "Succeeded" {
		t.Errorf("%v", item)
	}
	if got := m.values(query(sub+"/resourcegroups", "$filter=tagName eq 'aks-managed-cluster-name'"), rgVersion, "name"); len(got) != 1 || got[0] != "MC_Rg1_c1_westus2" {
		t.Errorf("groups with the tag: %v", got)
	}
	if a := m.do(200, "GET", query(sub+"/resourcegroups", "$top=1"), rgVersion, ""); len(a.Body["value"].([]any)) != 1 || a.Body["nextLink"] == nil {
		t.Errorf("%s", a.Raw)
	}
}

// HEAD asks whether something exists; an unknown method of a known type is told from an unknown type.
func TestExistenceAndMethods(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.do(404, "HEAD", cluster, aksVersion, "")
	m.cluster()
	m.do(204, "HEAD", cluster, aksVersion, "")
	m.do(404, "HEAD", cluster+"x", aksVersion, "")
	m.refused(405, "MethodNotAllowed", "'POST'", "POST", cluster, aksVersion, "")
	m.refused(405, "MethodNotAllowed", "'DELETE'", "DELETE", sub+"/locations", "2022-12-01", "")
	m.refused(400, "InvalidSubscriptionId", "'nonsense'", "GET", "/subscriptions/nonsense/resourceGroups", rgVersion, "")
	bearer, err := token(m.cred)
	if err != nil {
		t.Fatal(err)
	}
	for _, media := range []string{"", "text/plain", "text/json; charset=utf-8"} {
		req, err := http.NewRequest(http.MethodPut, m.s.URL()+group+"?api-version="+rgVersion, strings.NewReader(`{"location":"westus2"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		req.Header.Set("Content-Type", media)
		resp, err := m.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if isJSON := strings.Contains(media, "json"); isJSON != (resp.StatusCode == 200) || !isJSON && resp.StatusCode != 415 {
			t.Errorf("a body of type %q is answered %d", media, resp.StatusCode)
		}
	}
	m.refused(409, "ResourceMoveNotSupported", "managedClusters/c1", "POST", group+"/moveResources", rgVersion, `{"resources":["`+cluster+`"],"targetResourceGroup":"`+group+`2"}`)
	m.refused(409, "ResourceMoveNotSupported", "", "POST", group+"/validateMoveResources", rgVersion, `{"resources":["`+cluster+`"]}`)
	m.refused(400, "ExportTemplateNotSupported", "", "POST", group+"/exportTemplate", rgVersion, `{"resources":["*"]}`)
}

// Tags of a subscription, a group and resources through the tags API. A provider that has a PATCH does it itself.
func TestTagsAtScope(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	for _, scope := range []string{sub, group, cluster} {
		tags := scope + "/providers/Microsoft.Resources/tags/default"
		m.wantEqual(m.do(200, "PUT", tags, rgVersion, `{"properties":{"tags":{"Team":"x","stage":"dev"}}}`), "properties.tags.Team", "x")
		m.clock.Advance(time.Minute)
		m.wantEqual(m.do(200, "PATCH", tags, rgVersion, `{"operation":"Merge","properties":{"tags":{"team":"y","new":"1"}}}`), "properties.tags.Team", "y")
		m.clock.Advance(time.Minute)
		m.do(200, "PATCH", tags, rgVersion, `{"operation":"Delete","properties":{"tags":{"TEAM":"","stage":"prod"}}}`)
		m.clock.Advance(time.Minute)
		a := m.do(200, "GET", tags, rgVersion, "")
		if raw, _ := json.Marshal(a.get("properties.tags")); string(raw) != `{"new":"1","stage":"dev"}` {
			t.Errorf("%s has %s", scope, raw)
		}
		m.wantEqual(a, "name", "default")
		m.wantEqual(a, "type", "Microsoft.Resources/tags")
		version := rgVersion
		if scope == cluster {
			version = aksVersion
		}
		m.wantEqual(m.do(200, "GET", scope, version, ""), "tags.stage", "dev")
		m.do(200, "DELETE", tags, rgVersion, "")
		m.clock.Advance(time.Minute)
		if a := m.do(200, "GET", scope, version, ""); a.Body["tags"] != nil && len(a.Body["tags"].(map[string]any)) > 0 {
			t.Errorf("%s still has %v", scope, a.Body["tags"])
		}
	}
	for _, name := range []string{"a<b", "50%", "a/b", `a\\b`} {
		m.refused(400, "InvalidTagNameCharacters", "reserved characters '<,>,%,&,\\,?,/'", "PUT", group, rgVersion, `{"location":"westus2","tags":{"`+name+`":"x"}}`)
	}
	m.refused(400, "InvalidTagsPatchOperation", "'Shuffle'", "PATCH", sub+"/providers/Microsoft.Resources/tags/default", rgVersion, `{"operation":"Shuffle"}`)
	m.refused(404, "ResourceNotFound", "", "GET", cluster+"x/providers/Microsoft.Resources/tags/default", rgVersion, "")
	m.do(200, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"count":2`, `"count":3`, 1))
	m.refused(409, "OperationNotAllowed", "", "PUT", cluster+"/providers/Microsoft.Resources/tags/default", rgVersion, `{"properties":{"tags":{"a":"b"}}}`)
}

// owner is a client that may manage locks, which a contributor may not.
func (m *sim) owner() runtime.Pipeline {
	m.t.Helper()
	const id = "aaaaaaaa-0000-4000-8000-0000000000e1"
	m.s.AddWorld(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: id, Secret: "s"}}, Roles: []world.RoleAssignment{{Principal: id, Role: "Owner", Scope: sub}}})
	return m.pipeline(m.secret(world.TenantA, id, "s"))
}

func TestLocks(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	contributor := m.pipe
	m.pipe = m.owner()
	lock := cluster + "/providers/Microsoft.Authorization/locks/keep"
	m.refused(400, "InvalidLockLevel", "", "PUT", lock, "2016-09-01", `{"properties":{"level":"Gently"}}`)
	m.do(201, "PUT", lock, "2016-09-01", `{"properties":{"level":"CanNotDelete","notes":"mine"}}`)
	m.wantEqual(m.do(200, "GET", lock, "2016-09-01", ""), "properties.level", "CanNotDelete")
	if got := m.values(group+"/providers/Microsoft.Authorization/locks", "2016-09-01", "name"); len(got) != 1 {
		t.Errorf("locks of the group and below: %v", got)
	}
	m.pipe = contributor
	for _, path := range []string{cluster, group} {
		version := map[string]string{cluster: aksVersion, group: rgVersion}[path]
		a := m.refused(409, "ScopeLocked", "The scope '"+path+"' cannot perform delete operation because following scope(s) are locked: '"+cluster+"'.", "DELETE", path, version, "")
		if a.Header.Get("x-ms-failure-cause") != "gateway" {
			t.Error("locks are the gateway's")
		}
	}
	m.refused(409, "ScopeLocked", "", "DELETE", cluster+"/agentPools/user1", aksVersion, "")
	m.do(200, "PUT", cluster, aksVersion, twoPools) // CanNotDelete does not keep from changing
	m.clock.Advance(time.Minute)
	m.pipe = m.owner()
	m.do(201, "PUT", group+"/providers/Microsoft.Authorization/locks/freeze", "2020-05-01", `{"properties":{"level":"ReadOnly"}}`)
	m.refused(409, "ScopeLocked", "cannot perform write operation because following scope(s) are locked: '"+group+"'.", "PUT", cluster, aksVersion, twoPools)
	m.do(200, "GET", cluster, aksVersion, "")
	for _, l := range []string{lock, group + "/providers/Microsoft.Authorization/locks/freeze"} {
		m.do(200, "DELETE", l, "2020-05-01", "")
		m.do(204, "DELETE", l, "2020-05-01", "")
	}
	m.refused(404, "LockNotFound", "", "GET", lock, "2020-05-01", "")
	m.do(202, "DELETE", group, rgVersion, "")
}

// The node resource group of a cluster with restriction level ReadOnly cannot be changed by anybody but the service.
func TestNodeGroupLockdown(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"dnsPrefix"`, `"nodeResourceGroupProfile":{"restrictionLevel":"ReadOnly"},"dnsPrefix"`, 1))
	m.clock.Advance(time.Minute)
	vnet := nodeGroup + "/providers/Microsoft.Network/virtualNetworks/mine"
	a := m.refused(403, "DenyAssignmentAuthorizationFailed", "however, the access is denied because of the deny assignment", "PUT", vnet, netVersion, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.1.0.0/16"]}}}`)
	if !strings.Contains(a.message(), "'Microsoft.Network/virtualNetworks/write' on scope '"+vnet+"'") {
		t.Errorf("%s", a.Raw)
	}
	m.refused(403, "DenyAssignmentAuthorizationFailed", "", "DELETE", nodeGroup, rgVersion, "")
	m.do(200, "GET", nodeGroup, rgVersion, "")
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"count":2}}`)
	m.clock.Advance(time.Minute)
	m.succeeded(cluster + "/agentPools/user1")
}

// The provider documents name every type that is served, with its api-versions.
func TestProviderDocuments(t *testing.T) {
	m := start(t, azuresim.Options{})
	aks := m.do(200, "GET", sub+"/providers/microsoft.containerservice", rgVersion, "")
	m.wantEqual(aks, "namespace", "Microsoft.ContainerService")
	m.wantEqual(aks, "registrationState", "Registered")
	versions := map[string]any{}
	for _, raw := range aks.Body["resourceTypes"].([]any) {
		typ := raw.(map[string]any)
		versions[typ["resourceType"].(string)] = typ["apiVersions"].([]any)[0]
		if at := typ["locations"].([]any)[0]; at != "Australia East" {
			t.Errorf("locations have their display names, not %v", at)
		}
	}
	if versions["managedClusters"] != "2026-05-02-preview" || versions["managedClusters/agentPools"] != "2026-05-02-preview" || versions["locations/operations"] != "2016-03-30" {
		t.Errorf("%v", versions)
	}
	namespaces := m.values(sub+"/providers", rgVersion, "namespace")
	for _, want := range []string{"Microsoft.Authorization", "Microsoft.Compute", "Microsoft.ContainerService", "Microsoft.Network", "Microsoft.Resources"} {
		if !slices.Contains(namespaces, want) {
			t.Errorf("%s is missing in %v", want, namespaces)
		}
	}
	if tenant := m.values("/providers", rgVersion, "registrationState"); len(tenant) != len(namespaces) || tenant[0] != "" {
		t.Errorf("a tenant has no registrations: %v", tenant)
	}
	if got := m.values(sub+"/providers/Microsoft.Network/resourceTypes", rgVersion, "resourceType"); !slices.Contains(got, "virtualNetworks/subnets") {
		t.Errorf("%v", got)
	}
	m.refused(404, "InvalidResourceNamespace", "'Contoso.Nothing'", "GET", sub+"/providers/Contoso.Nothing", rgVersion, "")
}

// Registering takes a while; azcore's own policy registers by itself and then repeats what it was asked for.
func TestRegistrationTakesTime(t *testing.T) {
	unregistered := world.World{Subscriptions: []world.Subscription{{ID: world.SubscriptionA, TenantID: world.TenantA, Unregistered: []string{"microsoft.containerservice"}}}}
	m := start(t, azuresim.Options{})
	m.s.AddWorld(unregistered)
	m.group()
	provider := sub + "/providers/Microsoft.ContainerService"
	m.wantEqual(m.do(200, "GET", provider, rgVersion, ""), "registrationState", "NotRegistered")
	m.wantEqual(m.do(200, "POST", provider+"/register", "2019-05-01", ""), "registrationState", "Registering")
	m.refused(409, "MissingSubscriptionRegistration", "", "PUT", cluster, aksVersion, twoPools)
	m.clock.Advance(10 * time.Second)
	m.wantEqual(m.do(200, "GET", provider, rgVersion, ""), "registrationState", "Registered")
	m.do(201, "PUT", cluster, aksVersion, twoPools)
	m.refused(409, "CannotUnregisterNamespace", "managedClusters/c1", "POST", provider+"/unregister", rgVersion, "")
	m.do(202, "DELETE", cluster, aksVersion, "")
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(200, "POST", provider+"/unregister", rgVersion, ""), "registrationState", "Unregistering")
	m.refused(409, "MissingSubscriptionRegistration", "", "PUT", cluster, aksVersion, twoPools)
	m.clock.Advance(10 * time.Second)
	m.wantEqual(m.do(200, "GET", provider, rgVersion, ""), "registrationState", "NotRegistered")

	fast := start(t, azuresim.Options{Clock: clock.New(10_000)})
	fast.group()
	fast.s.AddWorld(unregistered)
	opts := arm.ClientOptions{ClientOptions: fast.options()}
	opts.Retry = policy.RetryOptions{}
	register, err := armruntime.NewRPRegistrationPolicy(fast.cred, &armpolicy.RegistrationOptions{ClientOptions: opts.ClientOptions, PollingDelay: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	opts.DisableRPRegistration = true // the one above has a shorter delay
	opts.PerCallPolicies = []policy.Policy{register}
	pipe, err := armruntime.NewPipeline("test", "v0", fast.cred, runtime.PipelineOptions{}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := fast.try(pipe, "PUT", cluster, aksVersion, twoPools); err != nil || a.Status != 201 {
		t.Errorf("%v %d %s", err, a.Status, a.Raw)
	}
}

// A registration is as durable as a resource, even when the configuration that is given again knows nothing of it.
func TestRegistrationSurvivesRestart(t *testing.T) {
	w := world.Default()
	w.Subscriptions[0].Unregistered = []string{"Microsoft.ContainerService"}
	opts := azuresim.Options{DataDir: t.TempDir(), World: &w}
	m := start(t, opts)
	provider := sub + "/providers/Microsoft.ContainerService"
	m.do(200, "POST", provider+"/register", rgVersion, "")
	m.clock.Advance(time.Minute)
	m.s.Close()
	opts.Clock = clock.NewPaused(epoch.Add(time.Hour))
	m = start(t, opts)
	m.wantEqual(m.do(200, "GET", provider, rgVersion, ""), "registrationState", "Registered")
}

func TestSubscriptionsAndLocations(t *testing.T) {
	m := start(t, azuresim.Options{})
	a := m.do(200, "GET", "/subscriptions", "2022-12-01", "")
	if got := a.get("count.value"); got != 2.0 {
		t.Errorf("%s", a.Raw)
	}
	a = m.do(200, "GET", sub, "2022-12-01", "")
	m.wantEqual(a, "displayName", "Contoso")
	m.wantEqual(a, "state", "Enabled")
	var found map[string]any
	for _, raw := range m.do(200, "GET", sub+"/locations", "2022-12-01", "").Body["value"].([]any) {
		if l := raw.(map[string]any); l["name"] == "westus2" {
			found = l
		}
	}
	at := answer{Body: found}
	for path, want := range map[string]any{"displayName": "West US 2", "regionalDisplayName": "(US) West US 2", "type": "Region", "metadata.geographyGroup": "US", "metadata.geography": "United States", "metadata.regionType": "Physical"} {
		m.wantEqual(at, path, want)
	}
	if got := m.values("/tenants", "2022-12-01", "tenantId"); len(got) != 1 || got[0] != world.TenantA {
		t.Errorf("%v", got)
	}
}

// Every list has pages: what a client collects one item at a time is what it gets at once.
func TestEveryListHasPages(t *testing.T) {
	lists := []struct{ path, version string }{
		{"/subscriptions", "2022-12-01"}, {"/providers", rgVersion}, {sub + "/providers", rgVersion}, {sub + "/locations", "2022-12-01"}, {sub + "/resourcegroups", rgVersion},
		{sub + "/resources", rgVersion}, {group + "/resources", rgVersion}, {sub + "/providers/Microsoft.Network/resourceTypes", rgVersion},
		{sub + "/providers/Microsoft.ContainerService/managedClusters", aksVersion}, {group + "/providers/Microsoft.ContainerService/managedClusters", aksVersion},
		{cluster + "/agentPools", aksVersion}, {sub + "/providers/Microsoft.Network/virtualNetworks", netVersion},
		{group + "/providers/Microsoft.Network/virtualNetworks/v/subnets", netVersion}, {nodeGroup + "/providers/Microsoft.Compute/virtualMachineScaleSets", vmVersion},
	}
	collected := map[int][]int{}
	for _, size := range []int{1, 1000} {
		m := start(t, azuresim.Options{PageSize: size, NoThrottle: true})
		m.cluster()
		m.do(201, "PUT", strings.TrimSuffix(cluster, "c1")+"c2", aksVersion, strings.Replace(twoPools, `"c1"`, `"c2"`, 1))
		m.do(201, "PUT", group+"/providers/Microsoft.Network/virtualNetworks/v", netVersion, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.1.0.0/16"]},"subnets":[{"name":"a","properties":{"addressPrefix":"10.1.0.0/24"}},{"name":"b","properties":{"addressPrefix":"10.1.1.0/24"}}]}}`)
		m.clock.Advance(time.Minute)
		for _, l := range lists {
			collected[size] = append(collected[size], len(m.values(l.path, l.version, "name")))
			if a := m.do(200, "GET", l.path, l.version, ""); size == 1 && len(a.Body["value"].([]any)) != 1 {
				t.Errorf("%s has more than one item on a page of one", l.path)
			}
		}
	}
	for i, l := range lists {
		if collected[1][i] != collected[1000][i] || collected[1][i] < 2 {
			t.Errorf("%s: %d items one by one, %d at once", l.path, collected[1][i], collected[1000][i])
		}
	}
}
