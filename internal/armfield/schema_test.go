package armfield

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// pinnedSchemas are the kinds and api-versions the provider speaks.
var pinnedSchemas = map[string]string{
	"managedClusters": "2026-05-01",
	"agentPools":      "2026-05-01",
	"virtualNetworks": "2021-02-01",
	"subnets":         "2021-02-01",
	"resourceGroups":  "2021-04-01",

	"maintenanceConfigurations": "2026-05-01",
	"fleets.members":            "2024-04-01",
	"extensions":                "2023-05-01",
	"privateEndpoints":          "2024-05-01",
}

// previewSchemas are the kinds that enablePreviewFeatures switches to another api-version.
var previewSchemas = []string{"managedClusters", "agentPools"}

func schemaBody(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := utiljson.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSchemaTables(t *testing.T) {
	entries, err := schemaFiles.ReadDir("schema")
	if err != nil {
		t.Fatal(err)
	}
	if want := len(pinnedSchemas) + len(previewSchemas); len(entries) != want {
		t.Errorf("%d tables, want %d", len(entries), want)
	}
	for _, kind := range previewSchemas {
		if Schema(kind, "2026-05-02-preview") == nil {
			t.Errorf("no table for the preview of %s", kind)
		}
	}
	for kind, version := range pinnedSchemas {
		table := Schema(kind, version)
		if table == nil {
			t.Errorf("no table for %s %s", kind, version)
			continue
		}
		if table != Schema(kind, version) {
			t.Errorf("%s is parsed twice", kind)
		}
		for _, path := range table.Paths() {
			p, ok := table.Lookup(path)
			if !ok || p.Path != path {
				t.Errorf("%s: Lookup(%q) = %q, %v", kind, path, p.Path, ok)
			}
			if p.Pattern != "" && schemaPattern(p.Pattern) == nil {
				t.Errorf("%s: %s: pattern %q", kind, path, p.Pattern)
			}
		}
	}
	if Schema("managedClusters", "1999-01-01") != nil || Schema("unheardOf", "2026-05-01") != nil {
		t.Error("a table for something unknown")
	}
}

func TestSchemaParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a":                       "no type",
		"a\tstring\tsecret":       `unknown flag "secret"`,
		"a\tinteger\t\t\tx":       "parsing",
		"a\tstring\t\t\t\t\tmany": "parsing",
	} {
		if _, err := parseSchema("k", "v", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSchemaLookup(t *testing.T) {
	table := Schema("managedClusters", "2026-05-01")
	for _, test := range []struct{ path, found, typ string }{
		{"location", "location", "string"},
		{"tags", "tags", "object"},
		{"tags{}", "tags{}", "string"},
		{"tags.team", "tags{}", "string"},
		{"tags.example.com/team", "tags{}", "string"},
		{`tags["example.com/team"]`, "tags{}", "string"},
		{"properties.networkProfile.loadBalancerProfile.managedOutboundIPs.count", "properties.networkProfile.loadBalancerProfile.managedOutboundIPs.count", "integer"},
		{"properties.autoScalerProfile.scan-interval", "properties.autoScalerProfile.scan-interval", "string"},
		{"properties.agentPoolProfiles[].spotMaxPrice", "properties.agentPoolProfiles[].spotMaxPrice", "number"},
		{"properties.agentPoolProfiles[].nodeLabels.x", "properties.agentPoolProfiles[].nodeLabels{}", "string"},
		{"properties.identityProfile.kubeletidentity.resourceId", "properties.identityProfile{}.resourceId", "string"},
		{"properties.addonProfiles.azurepolicy.config.version", "properties.addonProfiles{}.config{}", "string"},
		{"properties.status.provisioningError.details[].details[].code", "properties.status.provisioningError.code", "string"},
		{"properties.nonsense", "", ""},
		{"properties.agentPoolProfiles.count", "", ""},
		{"location.x", "", ""},
		{"Location", "", ""},
		{"", "", ""},
	} {
		p, ok := table.Lookup(test.path)
		if ok != (test.found != "") || p.Path != test.found || p.Type != test.typ {
			t.Errorf("Lookup(%q) = %q %q %v", test.path, p.Path, p.Type, ok)
		}
	}
	count, _ := table.Lookup("properties.networkProfile.loadBalancerProfile.managedOutboundIPs.count")
	if count.Min == nil || *count.Min != 1 || count.Max == nil || *count.Max != 100 {
		t.Errorf("limits %v %v", count.Min, count.Max)
	}
	tier, _ := table.Lookup("sku.tier")
	if diff := cmp.Diff([]string{"Premium", "Standard", "Free"}, tier.Enum); diff != "" {
		t.Errorf("sku.tier (-want +got):\n%s", diff)
	}
	if name, _ := Schema("agentPools", "2026-05-01").Lookup("name"); name.Pattern != "^[a-z][a-z0-9]{0,11}$" || *name.MaxLength != 12 {
		t.Errorf("name %+v", name)
	}
	if secret, _ := table.Lookup("properties.windowsProfile.adminPassword"); !secret.WriteOnly {
		t.Error("the password is not write-only")
	}
	if location, _ := table.Lookup("location"); !location.Required {
		t.Error("the location is not required")
	}
}

func TestSchemaReadOnly(t *testing.T) {
	table := Schema("managedClusters", "2026-05-01")
	for path, want := range map[string]bool{
		"eTag":                                true,
		"properties.powerState.code":          true,
		"properties.agentPoolProfiles[].eTag": true,
		"properties.agentPoolProfiles[].powerState.code": false,
		"identity.userAssignedIdentities{}.clientId":     true,
		"identity.principalId":                           true,
		"properties.kubernetesVersion":                   false,
		"properties.nonsense":                            false,
		"tags.x":                                         false,
	} {
		if got := table.ReadOnly(path); got != want {
			t.Errorf("ReadOnly(%q) = %v", path, got)
		}
	}
}

func TestSchemaStrip(t *testing.T) {
	observed := schemaBody(t, `{
		"id": "/x", "name": "c1", "type": "t", "eTag": "e", "location": "x", "kind": "Base", "tags": {},
		"systemData": {"createdBy": "me"},
		"identity": {"type": "UserAssigned", "principalId": "p", "userAssignedIdentities": {"/subscriptions/s/x": {"clientId": "c", "principalId": "p"}}},
		"properties": {
			"provisioningState": "Succeeded", "powerState": {"code": "Running"}, "kubernetesVersion": "1.33.4", "currentKubernetesVersion": "1.33.4",
			"futureProperty": {"a": [1, {"b": null}]}, "aadProfile": null,
			"status": {"provisioningError": {"code": "x"}}, "apiServerAccessProfile": {},
			"networkProfile": {"loadBalancerProfile": {"managedOutboundIPs": {"count": 2}, "effectiveOutboundIPs": [{"id": "/ip"}]}},
			"agentPoolProfiles": [{"name": "p1", "eTag": "e", "provisioningState": "Succeeded", "powerState": {"code": "Running"}, "currentOrchestratorVersion": "1.33.4", "nodeTaints": []}]}}`)
	want := schemaBody(t, `{
		"location": "x", "kind": "Base", "tags": {},
		"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/x": {}}},
		"properties": {
			"kubernetesVersion": "1.33.4",
			"futureProperty": {"a": [1, {"b": null}]}, "aadProfile": null,
			"apiServerAccessProfile": {},
			"networkProfile": {"loadBalancerProfile": {"managedOutboundIPs": {"count": 2}}},
			"agentPoolProfiles": [{"name": "p1", "powerState": {"code": "Running"}, "nodeTaints": []}]}}`)
	table := Schema("managedClusters", "2026-05-01")
	got := table.Strip(observed)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got["properties"].(map[string]any)["agentPoolProfiles"].([]any)[0].(map[string]any)["name"] = "changed"
	if diff := cmp.Diff(want, table.Strip(observed)); diff != "" {
		t.Errorf("the observed body is shared with the copy:\n%s", diff)
	}
	if table.Strip(nil) != nil {
		t.Error("nil became something")
	}
}

func TestSchemaValidate(t *testing.T) {
	for _, test := range []struct {
		name, kind, body string
		want             []string
	}{
		{name: "a correct cluster", kind: "managedClusters", body: `{
			"location": "x", "name": "c1", "tags": {"example.com/a": "b"}, "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/x": {}}},
			"sku": {"name": "Base", "tier": "NotYetListed"},
			"properties": {"dnsPrefix": "c1", "autoScalerProfile": {"scan-interval": "20s"}, "aadProfile": null,
				"agentPoolProfiles": [{"name": "p1", "count": 1, "spotMaxPrice": -1, "availabilityZones": ["1"]}]}}`},
		{name: "an incorrect cluster", kind: "managedClusters", body: `{
			"tags": {"a": true}, "properties": {"provisioningState": "Succeeded", "publicNetworkAcess": "x", "serviceMeshProfile": {},
				"networkProfile": {"podCidr": "all", "loadBalancerProfile": {"managedOutboundIPs": {"count": 0}}},
				"agentPoolProfiles": [{"name": "p1", "osDiskSizeGB": 4096, "nodeTaints": {}, "count": "1", "minCount": 1.5}, "p2"]}}`, want: []string{
			"location: required but not set",
			"properties.agentPoolProfiles[0].count: 1 (string) is not of type integer",
			"properties.agentPoolProfiles[0].minCount: 1.5 is not an integer",
			"properties.agentPoolProfiles[0].nodeTaints: map[] (map[string]interface {}) is not of type array",
			"properties.agentPoolProfiles[0].osDiskSizeGB: 4096 is greater than 2048",
			"properties.agentPoolProfiles[1]: p2 (string) is not of type object",
			"properties.networkProfile.loadBalancerProfile.managedOutboundIPs.count: 0 is less than 1",
			`properties.networkProfile.podCidr: "all" does not match ^([0-9]{1,3}\.){3}[0-9]{1,3}(\/([0-9]|[1-2][0-9]|3[0-2]))?$`,
			"properties.provisioningState: read-only: only Azure sets it; leave it out",
			"properties.publicNetworkAcess: not a property of this api-version; check its spelling and place",
			"properties.serviceMeshProfile.mode: required but not set",
			"tags.a: true (bool) is not of type string",
		}},
		{name: "lengths", kind: "managedClusters", body: `{"location": "x", "identity": {"delegatedResources": {"a": {"tenantId": "short"}}},
			"properties": {"ingressProfile": {"webAppRouting": {"dnsZoneResourceIds": ["1", "2", "3", "4", "5", "6"]}}}}`, want: []string{
			`identity.delegatedResources.a.tenantId: "short" does not match ^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`,
			"identity.delegatedResources.a.tenantId: length 5 is less than 36",
			"properties.ingressProfile.webAppRouting.dnsZoneResourceIds: length 6 is greater than 5",
		}},
		{name: "network", kind: "virtualNetworks", body: `{"location": "x", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]},
			"subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/16", "networkSecurityGroup": {"id": "/nsg"}, "purpose": "x"}}]}}`, want: []string{
			"properties.subnets[0].properties.purpose: read-only: only Azure sets it; leave it out",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Schema(test.kind, pinnedSchemas[test.kind]).Validate(schemaBody(t, test.body))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
