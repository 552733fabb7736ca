package spec

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	cluster  = "Microsoft.ContainerService/managedClusters"
	pool     = cluster + "/agentPools"
	vnet     = "Microsoft.Network/virtualNetworks"
	subnet   = vnet + "/subnets"
	group    = "Microsoft.Resources/resourceGroups"
	scaleSet = "Microsoft.Compute/virtualMachineScaleSets"
)

func body(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAPIVersions(t *testing.T) {
	containerService := []string{"2025-02-01", "2025-07-01", "2026-05-01", "2026-05-02-preview"}
	pools := append([]string{"2021-05-01"}, containerService...)
	for resourceType, want := range map[string][]string{
		cluster:                                pools,
		pool:                                   pools,
		cluster + "/maintenanceConfigurations": containerService,
		cluster + "/trustedAccessRoleBindings": containerService,
		vnet:                                   {"2021-02-01", "2024-05-01", "2025-07-01"},
		"MICROSOFT.NETWORK/virtualnetworks/Subnets": {"2021-02-01", "2024-05-01", "2025-07-01"},
		group:                             {"2021-04-01"},
		scaleSet:                          {"2021-03-01"},
		"Microsoft.Network/loadBalancers": nil,
	} {
		got := APIVersions(resourceType)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", resourceType, diff)
		}
		for _, version := range got {
			if !Known(resourceType, version) {
				t.Errorf("%s %s is listed but not known", resourceType, version)
			}
			if Unknown(resourceType, version, map[string]any{"nonsense": 1}) == nil {
				t.Errorf("%s %s accepts any property", resourceType, version)
			}
		}
	}
	if Known(cluster, "1999-01-01") {
		t.Error("an api-version without a table is known")
	}
	if got := Validate(cluster, "1999-01-01", map[string]any{"nonsense": 1}); got != nil {
		t.Errorf("findings without a table: %v", got)
	}
}

// TestPatternsCompile makes sure no pattern waits in a table to panic in a running server.
func TestPatternsCompile(t *testing.T) {
	for r, load := range index() {
		for path, p := range load().properties {
			if p.pattern != "" && compiled(p.pattern) == nil {
				t.Errorf("%v %s: pattern %q", r, path, p.pattern)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name, resourceType, version, body string
		want                              []string
		accepted                          bool
	}{
		{name: "cluster as a client sends it", resourceType: cluster, version: "2025-02-01", accepted: true, body: `{
			"location": "westeurope", "name": "c1", "tags": {"a.b/c": "d"},
			"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/x": {}}},
			"properties": {"dnsPrefix": "c1", "kubernetesVersion": "1.33",
				"autoScalerProfile": {"scan-interval": "20s"},
				"networkProfile": {"networkPlugin": "azure", "loadBalancerProfile": {"managedOutboundIPs": {"count": 2}}},
				"agentPoolProfiles": [{"name": "p1", "mode": "System", "count": 1, "spotMaxPrice": -1, "nodeLabels": {"k": "v"},
					"upgradeSettings": {"maxSurge": "33%"}, "osDiskSizeGB": 0}]}}`},
		{name: "null", resourceType: cluster, version: "2025-02-01", accepted: true, body: `{
			"location": "westeurope", "tags": null, "properties": {"provisioningState": null, "agentPoolProfiles": null}}`},
		{name: "unknown", resourceType: cluster, version: "2025-02-01", body: `{
			"location": "westeurope", "properties": {"networkProfile": {"LoadBalancerSKU": "x"}, "hostedSystemProfile": {"enabled": true},
				"agentPoolProfiles": [{"name": "p1", "vnetSubnetId": "x"}]}}`, want: []string{
			"unknown: properties.agentPoolProfiles[0].vnetSubnetId: not a property of this api-version",
			"unknown: properties.hostedSystemProfile: not a property of this api-version",
			"unknown: properties.networkProfile.LoadBalancerSKU: not a property of this api-version",
		}},
		{name: "types", resourceType: cluster, version: "2026-05-01", body: `{
			"location": 1, "tags": {"a": 5}, "properties": {"enableRBAC": "yes", "agentPoolProfiles": [{"name": "p1", "count": 1.5, "maxPods": "30",
				"spotMaxPrice": 0.5, "nodeTaints": "x", "upgradeSettings": {"maxSurge": 1}}], "autoScalerProfile": {"max-empty-bulk-delete": 10}}}`, want: []string{
			"type: location: integer instead of string",
			"type: properties.agentPoolProfiles[0].count: number instead of integer",
			"type: properties.agentPoolProfiles[0].maxPods: string instead of integer",
			"type: properties.agentPoolProfiles[0].nodeTaints: string instead of array",
			"type: properties.agentPoolProfiles[0].upgradeSettings.maxSurge: integer instead of string",
			"type: properties.autoScalerProfile.max-empty-bulk-delete: integer instead of string",
			"type: properties.enableRBAC: string instead of boolean",
			"type: tags.a: integer instead of string",
		}},
		{name: "limits", resourceType: cluster, version: "2025-02-01", body: `{
			"location": "x", "properties": {"serviceMeshProfile": {"mode": "Istio", "istio": {"revisions": ["a", "b", "c"]}},
				"networkProfile": {"podCidr": "10.0.0.0/33", "loadBalancerProfile": {"managedOutboundIPs": {"count": 101}}},
				"agentPoolProfiles": [{"name": "Pool-1", "osDiskSizeGB": 4096}]}}`, want: []string{
			`pattern: properties.agentPoolProfiles[0].name: "Pool-1" does not match ^[a-z][a-z0-9]{0,11}$`,
			"range: properties.agentPoolProfiles[0].osDiskSizeGB: 4096 is not between 0 and 2048",
			"range: properties.networkProfile.loadBalancerProfile.managedOutboundIPs.count: 101 is not between 1 and 100",
			`pattern: properties.networkProfile.podCidr: "10.0.0.0/33" does not match ^([0-9]{1,3}\.){3}[0-9]{1,3}(\/([0-9]|[1-2][0-9]|3[0-2]))?$`,
			"length: properties.serviceMeshProfile.istio.revisions: 3 is longer than 2",
		}},
		{name: "required", resourceType: cluster, version: "2025-02-01", body: `{"properties": {"windowsProfile": {}, "agentPoolProfiles": [{}],
			"linuxProfile": {"adminUsername": "a", "ssh": {"publicKeys": [{"keyData": null}]}}}}`, want: []string{
			"required: location: missing or null",
			"required: properties.agentPoolProfiles[0].name: missing or null",
			"required: properties.linuxProfile.ssh.publicKeys[0].keyData: missing or null",
			"required: properties.windowsProfile.adminUsername: missing or null",
		}},
		{name: "findings AKS does not mind", resourceType: pool, version: "2025-02-01", accepted: true, body: `{"name": "p1", "properties": {
			"mode": "Systemic", "provisioningState": "Succeeded"}}`, want: []string{
			`enum: properties.mode: "Systemic" is not one of System, User`,
			"readOnly: properties.provisioningState: set by the service only",
		}},
		{name: "inside a list of objects", resourceType: cluster, version: "2025-02-01", body: `{"location": "x", "properties": {"podIdentityProfile": {
			"userAssignedIdentityExceptions": [{"name": "a", "namespace": "b", "podLabels": {}, "more": 1}]}}}`, want: []string{
			"unknown: properties.podIdentityProfile.userAssignedIdentityExceptions[0].more: not a property of this api-version",
		}},
		{name: "virtual network", resourceType: vnet, version: "2021-02-01", accepted: true, body: `{"location": "x", "properties": {
			"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}, "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/16",
				"networkSecurityGroup": {"id": "/x"}, "natGateway": {"id": "/y"}, "serviceEndpoints": [{"service": "Microsoft.Storage", "locations": ["*"]}]}}]}}`},
		{name: "subnet", resourceType: subnet, version: "2021-02-01", body: `{"properties": {"addressPrefixs": []}}`, want: []string{
			"unknown: properties.addressPrefixs: not a property of this api-version"}},
		{name: "resource group", resourceType: group, version: "2021-04-01", body: `{"tags": {"a": "b"}, "properties": {"provisioningState": "x"}}`, want: []string{
			"required: location: missing or null",
			"readOnly: properties.provisioningState: set by the service only"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Validate(test.resourceType, test.version, body(t, test.body))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if refused := Refusals(got); (len(refused) == 0) != test.accepted {
				t.Errorf("accepted should be %v, refusals: %v", test.accepted, refused)
			}
		})
	}
}

func TestNumbersOfEveryDecoder(t *testing.T) {
	for _, count := range []any{int64(3), 3, float64(3), json.Number("3")} {
		if got := Validate(pool, "2026-05-01", map[string]any{"properties": map[string]any{"count": count}}); got != nil {
			t.Errorf("%T: %v", count, got)
		}
	}
}

func TestFilterIsTheViewOfAnAPIVersion(t *testing.T) {
	stored := body(t, `{"id": "/x", "location": "x", "tags": {"a": "b"}, "properties": {
		"provisioningState": "Succeeded", "hostedSystemProfile": {"enabled": true}, "identityProfile": {"kubeletidentity": {"clientId": "c", "extra": 1}},
		"agentPoolProfiles": [{"name": "p1", "eTag": "e", "artifactStreamingProfile": {"enabled": true}, "nodeLabels": {"a.b/c": "d"}}], "aadProfile": null}}`)
	before := body(t, `{"x": 1}`)
	before["x"] = stored
	copied, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	old := body(t, `{"id": "/x", "location": "x", "tags": {"a": "b"}, "properties": {
		"provisioningState": "Succeeded", "identityProfile": {"kubeletidentity": {"clientId": "c"}},
		"agentPoolProfiles": [{"name": "p1", "eTag": "e", "nodeLabels": {"a.b/c": "d"}}], "aadProfile": null}}`)
	got := Filter(cluster, "2025-02-01", stored)
	if diff := cmp.Diff(old, got); diff != "" {
		t.Errorf("2025-02-01 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"properties.agentPoolProfiles[0].artifactStreamingProfile", "properties.hostedSystemProfile", "properties.identityProfile.kubeletidentity.extra"},
		Unknown(cluster, "2025-02-01", stored)); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"properties.identityProfile.kubeletidentity.extra"}, Unknown(cluster, "2026-05-01", stored)); diff != "" {
		t.Errorf("unknown in 2026-05-01 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(stored, Filter(cluster, "1999-01-01", stored)); diff != "" {
		t.Errorf("without a table (-want +got):\n%s", diff)
	}
	got["properties"].(map[string]any)["agentPoolProfiles"].([]any)[0].(map[string]any)["name"] = "changed"
	after, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(copied), string(after)); diff != "" {
		t.Errorf("the stored object changed with its view:\n%s", diff)
	}
}

func TestFilterFollowsRecursiveModels(t *testing.T) {
	stored := body(t, `{"properties": {"status": {"provisioningError": {"code": "a", "details": [{"code": "b", "details": [{"code": "c", "odd": 1}]}]}}}}`)
	want := body(t, `{"properties": {"status": {"provisioningError": {"code": "a", "details": [{"code": "b", "details": [{"code": "c"}]}]}}}}`)
	if diff := cmp.Diff(want, Filter(cluster, "2026-05-01", stored)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFlags(t *testing.T) {
	for _, test := range []struct {
		path                string
		readOnly, writeOnly bool
	}{
		{"properties.provisioningState", true, false},
		{"properties.powerState.code", true, false},
		{"properties.agentPoolProfiles[].eTag", true, false},
		{"properties.agentPoolProfiles[3].eTag", true, false},
		{"properties.agentPoolProfiles[].count", false, false},
		{"identity.userAssignedIdentities{}.clientId", true, false},
		{"identity.principalId", true, false},
		{"properties.identityProfile.kubeletidentity.clientId", false, false},
		{"properties.status.provisioningError.details[].details[].code", true, false},
		{"properties.windowsProfile.adminPassword", false, true},
		{"properties.windowsProfile.adminUsername", false, false},
		{"tags.x", false, false},
		{"properties.nonsense", false, false},
		{"", false, false},
	} {
		if got := ReadOnly(cluster, "2026-05-01", test.path); got != test.readOnly {
			t.Errorf("ReadOnly(%q) = %v", test.path, got)
		}
		if got := WriteOnly(cluster, "2026-05-01", test.path); got != test.writeOnly {
			t.Errorf("WriteOnly(%q) = %v", test.path, got)
		}
	}
}
