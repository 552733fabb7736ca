package world

import (
	"slices"
	"testing"
)

func TestPermissions(t *testing.T) {
	role := func(name string) *Permission {
		t.Helper()
		r := RoleNamed(name)
		if r == nil {
			t.Fatalf("no role %q", name)
		}
		return &r.Permission
	}
	for _, c := range []struct {
		role, action string
		want         bool
	}{
		{"Owner", "Microsoft.Authorization/roleAssignments/write", true},
		{"Contributor", "Microsoft.Network/virtualNetworks/write", true},
		{"Contributor", "microsoft.authorization/roleassignments/WRITE", false},
		{"Contributor", "Microsoft.Authorization/roleAssignments/read", true},
		{"Reader", "Microsoft.ContainerService/managedClusters/agentPools/read", true},
		{"Reader", "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action", false},
		{"Network Contributor", "Microsoft.Network/virtualNetworks/subnets/join/action", true},
		{"4d97b98b-1d4f-4787-a291-c67834d212e7", "Microsoft.ContainerService/managedClusters/write", false},
		{"Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/a/assign/action", true},
		{"Azure Kubernetes Service Cluster User Role", "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action", true},
		{"Azure Kubernetes Service Cluster User Role", "Microsoft.ContainerService/managedClusters/write", false},
	} {
		if got := role(c.role).Allows(c.action); got != c.want {
			t.Errorf("%s may %s: %v", c.role, c.action, got)
		}
	}
}

func TestScopes(t *testing.T) {
	w := World{
		Principals: []Principal{{ClientID: "aaaaaaaa-0000-4000-8000-000000000001"}},
		Roles:      []RoleAssignment{{"aaaaaaaa-0000-4000-8000-000000000001", "Reader", "/subscriptions/s/resourceGroups/g"}},
		Grants:     []Grant{{"id", "0b1ec700-0000-4000-8000-000000000001", "/subscriptions/t", Permission{Actions: []string{"*/write"}}}},
	}
	who := w.Principal("AAAAAAAA-0000-4000-8000-000000000001")
	for _, c := range []struct {
		action, scope string
		want          bool
	}{
		{"a/read", "/subscriptions/S/resourcegroups/G", true}, {"a/read", "/subscriptions/s/resourceGroups/g/providers/x", true}, {"a/read", "/subscriptions/s/resourceGroups/gg", false},
		{"a/read", "/subscriptions/s", false}, {"a/write", "/subscriptions/t/resourceGroups/g", true}, {"a/read", "/subscriptions/t", false},
	} {
		if got := w.Allowed(who, c.action, c.scope); got != c.want {
			t.Errorf("%s on %s: %v", c.action, c.scope, got)
		}
	}
	for sub, want := range map[string]bool{"s": true, "t": true, "u": false} {
		if got := w.Sees(who, sub); got != want {
			t.Errorf("sees subscription %s: %v", sub, got)
		}
	}
}

// Sizes are unique, and the rows' rules are broken where the machines break them.
func TestSizes(t *testing.T) {
	w := Default()
	names := map[string]bool{}
	for _, s := range w.VMSizes {
		if names[s.Name] || s.VCPUs < 1 || s.MemoryGB < 1 || s.Family == "" {
			t.Errorf("%+v", s)
		}
		names[s.Name] = true
	}
	for name := range memoryOf {
		if !names[name] {
			t.Errorf("%s has an exception but is not offered", name)
		}
	}
	for name, want := range map[string]VMSize{"standard_e64s_v3": {VCPUs: 64, MemoryGB: 432}, "Standard_DS3_v2": {VCPUs: 4, MemoryGB: 14}, "Standard_NC6s_v3": {VCPUs: 6, MemoryGB: 112}, "Standard_ND96asr_v4": {VCPUs: 96, MemoryGB: 900}} {
		if got, _ := w.Size(name); got.VCPUs != want.VCPUs || got.MemoryGB != want.MemoryGB {
			t.Errorf("%s has %d vCPUs and %v GB", name, got.VCPUs, got.MemoryGB)
		}
	}
	if slices.Contains(Zones("westus2"), "4") || len(Zones("westus")) != 0 {
		t.Errorf("zones %v, %v", Zones("westus2"), Zones("westus"))
	}
}
