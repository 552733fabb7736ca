package plan_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

type object = fieldset.Object

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// readOnly are the read-only properties of the documents in testdata, as the schema tables would name them.
var readOnly = []string{
	"id", "name", "type", "systemData", "eTag",
	"identity.userAssignedIdentities{}.clientId", "identity.userAssignedIdentities{}.principalId",
	"properties.provisioningState", "properties.powerState", "properties.currentKubernetesVersion", "properties.fqdn",
	"properties.maxAgentPools", "properties.resourceUID",
	"properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs",
	"properties.agentPoolProfiles[].provisioningState", "properties.agentPoolProfiles[].currentOrchestratorVersion",
	"properties.agentPoolProfiles[].nodeImageVersion", "properties.agentPoolProfiles[].eTag",
	"properties.agentPoolProfiles[].powerState",
}

func isReadOnly(p fieldset.Path) bool { return slices.Contains(readOnly, p.String()) }

// aksRules are enough of the rules of a managed cluster to exercise every kind of rule.
func aksRules() plan.Rules {
	const p = "properties."
	return plan.Rules{
		Fields: map[string]plan.Rule{
			"location":                           {Compare: "location", Mutability: plan.Immutable},
			"tags{}":                             {FoldKey: true},
			"sku.name":                           {Compare: "fold"},
			"sku.tier":                           {Compare: "fold", Release: plan.Value("Free")},
			"identity.userAssignedIdentities{}":  {FoldKey: true},
			p + "kubernetesVersion":              {Compare: "version", Mutability: plan.Up, Impact: "upgrades the control plane"},
			p + "dnsPrefix":                      {Mutability: plan.Immutable},
			p + "nodeResourceGroup":              {Compare: "fold", Mutability: plan.Immutable},
			p + "nodeLabels{}":                   {},
			p + "windowsProfile.adminPassword":   {WriteOnly: true},
			p + "networkProfile.networkPlugin":   {Compare: "fold", Mutability: plan.Immutable},
			p + "networkProfile.loadBalancerSku": {Compare: "fold", Mutability: plan.Immutable},
			p + "networkProfile.dnsServiceIP":    {Mutability: plan.Immutable},
			p + "networkProfile.loadBalancerProfile.idleTimeoutInMinutes": {Release: plan.Value(int64(30))},
			p + "networkProfile.loadBalancerProfile.outboundIPs":          {Compare: "set,id", Release: plan.Null},
			p + "apiServerAccessProfile.authorizedIPRanges":               {Compare: "set,cidr", Release: plan.Value([]any{})},
			p + "aadProfile.adminGroupObjectIDs":                          {Compare: "set,fold"},
			p + "diskEncryptionSetID":                                     {Compare: "id"},
		},
		ReadOnly:   isReadOnly,
		NoEcho:     []fieldset.Path{fieldset.ParsePath("properties.servicePrincipalProfile")},
		CreateOnly: []fieldset.Path{fieldset.ParsePath("properties.agentPoolProfiles")},
	}
}

func load(t testing.TB, name string) object {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return o
}

func get(o object, path string) any {
	v, _ := fieldset.Get(o, fieldset.ParsePath(path))
	return v
}

func put(o object, path string, v any) { fieldset.Put(o, fieldset.ParsePath(path), v) }

func remove(o object, path string) { fieldset.Remove(o, fieldset.ParsePath(path)) }

// azure models what AKS makes of a PUT on an existing resource: read-only properties and what is left out keep
// their values, an explicit null resets, the maps in replacedMaps lose the keys that are left out, lists and scalars
// are replaced; items of a list keep their read-only properties by name.
func azure(stored, body object) object {
	result := fieldset.Copy(stored)
	merge(nil, result, body)
	return result
}

var replacedMaps = []string{"tags", "properties.nodeLabels", "identity.userAssignedIdentities"}

func merge(at fieldset.Path, stored, body object) {
	for key, value := range body {
		p := at.Child(key)
		if isReadOnly(p) {
			continue
		}
		switch value := value.(type) {
		case nil:
			delete(stored, key)
		case object:
			kept, _ := stored[key].(object)
			if kept == nil {
				kept = object{}
			}
			if slices.Contains(replacedMaps, p.String()) {
				p[len(p)-1] += "{}"
				maps.DeleteFunc(kept, func(k string, _ any) bool { _, sent := value[k]; return !sent })
			}
			merge(p, kept, value)
			stored[key] = kept
		case []any:
			stored[key] = mergeList(p, stored[key], value)
		default:
			stored[key] = value
		}
	}
}

func mergeList(at fieldset.Path, stored any, sent []any) []any {
	known := map[any]object{}
	list, _ := stored.([]any)
	for _, item := range list {
		if m, ok := item.(object); ok {
			known[m["name"]] = m
		}
	}
	at = at.Parent().Child(at[len(at)-1] + "[]")
	result := fieldset.CopyValue(sent).([]any)
	for _, item := range result {
		m, _ := item.(object)
		for key, value := range known[m["name"]] {
			if isReadOnly(at.Child(key)) && m["name"] != nil {
				m[key] = value
			}
		}
	}
	return result
}

func TestRulesCheck(t *testing.T) {
	if err := aksRules().Check(); err != nil {
		t.Error(err)
	}
	for want, fields := range map[string]map[string]plan.Rule{
		`rule of sku.tier: comparison "folded" is unknown`:              {"sku.tier": {Compare: "set,folded"}},
		"rule of tags: FoldKey and KeepsKeys are for the keys of a map": {"tags": {FoldKey: true}},
		`rule of a.["b.c"]: write the path as a["b.c"]`:                 {`a.["b.c"]`: {}},
	} {
		err := plan.Rules{Fields: fields}.Check()
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Check() = %v, want %s", err, want)
		}
	}
}
