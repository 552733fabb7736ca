package azuresim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
)

const childVersion = "2025-02-01"

const nightly = `{"properties":{"maintenanceWindow":{"schedule":{"weekly":{"dayOfWeek":"Saturday","intervalWeeks":1}},"durationHours":12,"startTime":"00:00","notAllowedDates":null}}}`

// Maintenance configurations answer at once, also while the cluster is busy, and get the offset and date filled in.
func TestMaintenanceConfigurations(t *testing.T) {
	m := start(t, azuresim.Options{})
	configs := cluster + "/maintenanceConfigurations/"
	m.group()
	m.refused(404, "ParentResourceNotFound", "managedClusters/maintenanceConfigurations", "PUT", configs+"default", childVersion, `{"properties":{}}`)
	m.do(201, "PUT", cluster, aksVersion, twoPools)
	a := m.do(200, "PUT", configs+"aksmanagedautoupgradeschedule", childVersion, nightly)
	want := map[string]any{"schedule": map[string]any{"weekly": map[string]any{"dayOfWeek": "Saturday", "intervalWeeks": 1.0}}, "durationHours": 12.0, "startTime": "00:00", "utcOffset": "+00:00", "startDate": "2026-11-01"}
	if diff := cmp.Diff(want, a.get("properties.maintenanceWindow")); diff != "" {
		t.Errorf("window (-want +got):\n%s", diff)
	}
	m.do(200, "PUT", configs+"default", childVersion, `{"properties":{"timeInWeek":[{"day":"Monday","hourSlots":[1,2]}]}}`)
	if list := m.do(200, "GET", strings.TrimSuffix(configs, "/"), childVersion, ""); len(list.Body["value"].([]any)) != 2 {
		t.Errorf("list: %s", list.Raw)
	}
	if got := m.do(200, "GET", configs+"AKSManagedAutoUpgradeSchedule", childVersion, ""); !cmp.Equal(got.Body, a.Body) {
		t.Errorf("GET differs from PUT: %s", cmp.Diff(a.Body, got.Body))
	}
	m.do(200, "DELETE", configs+"default", childVersion, "")
	m.do(204, "DELETE", configs+"default", childVersion, "")
	m.refused(404, "NotFound", "maintenance configuration: default", "GET", configs+"default", childVersion, "")
}

func TestMaintenanceRefusals(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, twoPools)
	window := func(s string) string { return `{"properties":{"maintenanceWindow":{` + s + `}}}` }
	const weekly, rest = `"schedule":{"weekly":{"dayOfWeek":"Monday","intervalWeeks":1}},`, `"durationHours":4,"startTime":"08:30"`
	for _, c := range []struct{ name, body, text string }{
		{"mine", window(weekly + rest), "is not one of default"},
		{"default", window(weekly + rest), "cannot be used"},
		{"aksManagedAutoUpgradeSchedule", `{"properties":{}}`, "maintenanceWindow is missing"},
		{"aksManagedAutoUpgradeSchedule", window(`"schedule":{},` + rest), "one of daily"},
		{"aksManagedAutoUpgradeSchedule", window(`"schedule":{"daily":{"intervalDays":1}},` + rest), "only possible for aksManagedNodeOSUpgradeSchedule"},
		{"aksManagedNodeOSUpgradeSchedule", window(`"schedule":{"daily":{"intervalDays":1},"weekly":{"dayOfWeek":"Monday","intervalWeeks":1}},` + rest), "only one of"},
		{"aksManagedNodeOSUpgradeSchedule", window(weekly + `"durationHours":3,"startTime":"08:30"`), "durationHours"},
		{"aksManagedNodeOSUpgradeSchedule", window(weekly + `"durationHours":4,"startTime":"24:30"`), "startTime"},
		{"aksManagedNodeOSUpgradeSchedule", window(weekly + rest + `,"utcOffset":"+99:99"`), "utcOffset"},
		{"aksManagedNodeOSUpgradeSchedule", window(weekly + rest + `,"notAllowedDates":[{"start":"2026-02-02","end":"2026-02-01"}]`), "not a span"},
	} {
		m.refused(400, "InvalidParameter", c.text, "PUT", cluster+"/maintenanceConfigurations/"+c.name, childVersion, c.body)
	}
}

const workspace = `{"properties":{"sourceResourceId":"` + group + `/providers/Microsoft.MachineLearningServices/workspaces/w","roles":["Microsoft.MachineLearningServices/workspaces/mlworkload"]}}`

// Bindings answer 201 with a polling address in newer api-versions, 200 without one in older ones (recorded).
func TestTrustedAccessRoleBindings(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	binding := cluster + "/trustedAccessRoleBindings/b"
	a := m.do(201, "PUT", binding, childVersion, workspace)
	m.wantEqual(a, "properties.provisioningState", "Updating")
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "InProgress")
	m.refused(409, "OperationNotAllowed", "in progress", "PUT", binding, childVersion, workspace)
	m.clock.Advance(5 * time.Second)
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Succeeded")
	m.wantEqual(m.do(200, "GET", binding, childVersion, ""), "properties.provisioningState", "Succeeded")
	m.refused(400, "PropertyChangeNotAllowed", "sourceResourceId", "PUT", binding, childVersion, strings.ReplaceAll(workspace, "/w\"", "/other\""))
	m.refused(400, "InvalidParameter", "is not a role of", "PUT", cluster+"/trustedAccessRoleBindings/c", childVersion, strings.ReplaceAll(workspace, "Services/workspaces/mlworkload", "Other/things/mlworkload"))

	old := m.do(200, "PUT", cluster+"/trustedAccessRoleBindings/old", "2023-02-02-preview", workspace)
	if h := old.Header.Get("Azure-AsyncOperation"); h != "" {
		t.Errorf("2023-02-02-preview has a polling address: %s", h)
	}
	m.clock.Advance(5 * time.Second)
	if list := m.do(200, "GET", cluster+"/trustedAccessRoleBindings", childVersion, ""); len(list.Body["value"].([]any)) != 2 {
		t.Errorf("list: %s", list.Raw)
	}
	gone := m.do(202, "DELETE", binding, childVersion, "")
	m.do(202, "GET", gone.Header.Get("Location"), "", "")
	m.clock.Advance(5 * time.Second)
	m.do(204, "GET", gone.Header.Get("Location"), "", "")
	m.refused(404, "NotFound", "trusted access role binding", "GET", binding, childVersion, "")
	m.do(204, "DELETE", binding, childVersion, "")
	roles := m.do(200, "GET", sub+"/providers/Microsoft.ContainerService/locations/westus2/trustedAccessRoles", childVersion, "")
	if !strings.Contains(string(roles.Raw), `"name": "mlworkload"`) {
		t.Errorf("roles: %s", roles.Raw)
	}
}

// What a DELETE in a vanished group names depends on the api-version (recorded).
func TestTrustedAccessInVanishedGroup(t *testing.T) {
	m := start(t, azuresim.Options{})
	binding := cluster + "/trustedAccessRoleBindings/b"
	m.refused(404, "ResourceNotFound", "managedClusters/c1", "DELETE", binding, "2023-10-01", "")
	m.refused(404, "ResourceGroupNotFound", "Rg1", "DELETE", binding, "2024-09-01", "")
}

// A snapshot keeps what its pool was like.
func TestSnapshots(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	snapshot := group + "/providers/Microsoft.ContainerService/snapshots/s1"
	body := func(location, pool, tags string) string {
		return fmt.Sprintf(`{"location":%q,"tags":%s,"properties":{"creationData":{"sourceResourceId":"%s/agentPools/%s"}}}`, location, tags, cluster, pool)
	}
	m.refused(400, "InvalidParameter", "was not found", "PUT", snapshot, childVersion, body("westus2", "other", "{}"))
	m.refused(400, "InvalidParameter", "location of its source", "PUT", snapshot, childVersion, body("eastus", "user1", "{}"))
	a := m.do(201, "PUT", snapshot, childVersion, body("westus2", "user1", `{"a":"1"}`))
	for path, want := range map[string]any{
		"type": "Microsoft.ContainerService/Snapshots", "properties.kubernetesVersion": "1.34.1", "properties.vmSize": "Standard_D2s_v3", "properties.osSku": "Ubuntu",
		"properties.enableFIPS": false, "properties.snapshotType": "NodePool", "systemData.createdByType": "Application", "tags.a": "1",
	} {
		m.wantEqual(a, path, want)
	}
	m.wantEqual(m.do(200, "PATCH", snapshot, childVersion, `{"tags":{"b":"2"}}`), "tags.b", "2")
	m.do(200, "PUT", snapshot, childVersion, body("westus2", "user1", "{}"))
	m.refused(400, "PropertyChangeNotAllowed", "sourceResourceId", "PUT", snapshot, childVersion, body("westus2", "sys", "{}"))
	for _, scope := range []string{sub, group} {
		if list := m.do(200, "GET", scope+"/providers/Microsoft.ContainerService/snapshots", childVersion, ""); len(list.Body["value"].([]any)) != 1 {
			t.Errorf("list of %s: %s", scope, list.Raw)
		}
	}
	const old = "AKSUbuntu-2204gen2containerd-202509.01.0"
	m.control("POST", "resource", fmt.Sprintf(`{"id":%q,"merge":{"properties":{"nodeImageVersion":%q}}}`, cluster+"/agentPools/user1", old))
	again := strings.Replace(snapshot, "s1", "s2", 1)
	m.do(201, "PUT", again, childVersion, body("westus2", "user1", "{}"))
	m.do(201, "PUT", cluster+"/agentPools/copy", childVersion, fmt.Sprintf(`{"properties":{"count":1,"creationData":{"sourceResourceId":%q}}}`, again))
	m.clock.Advance(30 * time.Second)
	made := m.succeeded(cluster + "/agentPools/copy")
	m.wantEqual(made, "properties.nodeImageVersion", old)
	m.wantEqual(made, "properties.vmSize", "Standard_D2s_v3")
	m.do(200, "DELETE", again, childVersion, "")
	m.do(200, "DELETE", snapshot, childVersion, "")
	m.do(204, "DELETE", snapshot, childVersion, "")
	m.refused(404, "ResourceNotFound", "snapshots/s1", "GET", snapshot, childVersion, "")
}

// Deleting a machine lowers the pool's count, so that no new one takes its place.
func TestMachines(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := cluster + "/agentPools/sys"
	list := m.do(200, "GET", pool+"/machines", childVersion, "").Body["value"].([]any)
	if len(list) != 2 {
		t.Fatalf("machines: %v", list)
	}
	first := answer{Body: list[0].(map[string]any)}
	name := first.get("name").(string)
	if one := m.do(200, "GET", pool+"/machines/"+name, childVersion, ""); !cmp.Equal(one.Body, first.Body) {
		t.Errorf("machine: %s", cmp.Diff(first.Body, one.Body))
	}
	m.do(200, "GET", first.get("properties.resourceId").(string), vmVersion, "")
	m.refused(404, "NotFound", "machine: nobody", "GET", pool+"/machines/nobody", childVersion, "")
	m.refused(400, "InvalidParameter", "nobody", "POST", pool+"/deleteMachines", childVersion, `{"machineNames":["nobody"]}`)
	m.refused(400, "BadRequest", "last machine", "POST", pool+"/deleteMachines", childVersion, fmt.Sprintf(`{"machineNames":[%q,%q]}`, name, list[1].(map[string]any)["name"]))
	a := m.do(202, "POST", pool+"/deleteMachines", childVersion, fmt.Sprintf(`{"machineNames":[%q]}`, name))
	m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.provisioningState", "DeletingMachines")
	m.refused(409, "OperationNotAllowed", "DeletingMachines", "POST", pool+"/upgradeNodeImageVersion", childVersion, "")
	m.clock.Advance(30 * time.Second)
	m.do(204, "GET", a.Header.Get("Location"), "", "")
	m.wantEqual(m.succeeded(pool), "properties.count", 1.0)
	m.do(404, "GET", first.get("properties.resourceId").(string), vmVersion, "")
	if left := m.do(200, "GET", pool+"/machines", childVersion, "").Body["value"].([]any); len(left) != 1 || left[0].(map[string]any)["name"] == name {
		t.Errorf("left: %v", left)
	}
}

func TestNodeImageUpgrade(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := cluster + "/agentPools/user1"
	const old = "AKSUbuntu-2204gen2containerd-202509.01.0"
	m.control("POST", "resource", fmt.Sprintf(`{"id":%q,"merge":{"properties":{"nodeImageVersion":%q}}}`, pool, old))
	m.wantEqual(m.succeeded(pool), "properties.nodeImageVersion", old)
	latest := m.do(200, "GET", pool+"/upgradeProfiles/default", childVersion, "").get("properties.latestNodeImageVersion")
	a := m.do(202, "POST", pool+"/upgradeNodeImageVersion", childVersion, "")
	m.wantEqual(a, "properties.provisioningState", "UpgradingNodeImageVersion")
	m.wantEqual(a, "properties.nodeImageVersion", old)
	m.clock.Advance(30 * time.Second)
	done := m.do(200, "GET", a.Header.Get("Location"), "", "")
	m.wantEqual(done, "properties.nodeImageVersion", latest)
	m.wantEqual(done, "properties.provisioningState", "Succeeded")
	images := m.do(200, "GET", sub+"/providers/Microsoft.ContainerService/locations/westus2/nodeImageVersions", "2025-02-02-preview", "")
	if !strings.Contains(string(images.Raw), fmt.Sprintf("%q", latest)) {
		t.Errorf("%v is not among the node images: %s", latest, images.Raw)
	}
}

func TestMeshProfiles(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, childVersion, strings.Replace(twoPools, `"dnsPrefix":`, `"serviceMeshProfile":{"mode":"Istio","istio":{"revisions":["asm-1-26"]}},"dnsPrefix":`, 1))
	up := m.do(200, "GET", cluster+"/meshUpgradeProfiles/istio", childVersion, "")
	m.wantEqual(up, "properties.revision", "asm-1-26")
	if diff := cmp.Diff([]any{"asm-1-27", "asm-1-28"}, up.get("properties.upgrades")); diff != "" {
		t.Errorf("upgrades: %s", diff)
	}
	all := m.do(200, "GET", sub+"/providers/Microsoft.ContainerService/locations/westus2/meshRevisionProfiles/istio", childVersion, "")
	if !strings.Contains(string(all.Raw), "asm-1-28") {
		t.Errorf("revisions: %s", all.Raw)
	}
	m.refused(404, "NotFound", "linkerd", "GET", cluster+"/meshUpgradeProfiles/linkerd", childVersion, "")
}

// The provider lists what roles can allow.
func TestProviderOperations(t *testing.T) {
	m := start(t, azuresim.Options{})
	for _, version := range []string{childVersion, "2024-04-01"} { // AKS and the fleet service have one namespace
		a := m.do(200, "GET", "/providers/Microsoft.ContainerService/operations", version, "")
		for _, name := range []string{"managedClusters/agentPools/deleteMachines/action", "fleets/updateRuns/start/action", "snapshots/read"} {
			if !strings.Contains(string(a.Raw), `"Microsoft.ContainerService/`+name+`"`) {
				t.Errorf("%s: no %s", version, name)
			}
		}
	}
	m.refused(400, "MissingApiVersionParameter", "required", "GET", "/providers/Microsoft.ContainerService/operations", "", "")
}
