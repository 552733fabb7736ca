package arm

import "testing"

func TestIDs(t *testing.T) {
	const cluster = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c"
	for in, want := range map[string]struct{ typ, parent, name string }{
		"/subscriptions/s":                        {"Microsoft.Resources/subscriptions", "/subscriptions/s", "s"},
		"/subscriptions/s/resourcegroups/g":       {"Microsoft.Resources/resourceGroups", "/subscriptions/s/resourceGroups/g", "g"},
		cluster:                                   {"Microsoft.ContainerService/managedClusters", "/subscriptions/s/resourceGroups/g", "c"},
		cluster + "/agentPools/p":                 {"Microsoft.ContainerService/managedClusters/agentPools", cluster, "p"},
		cluster + "/providers/Microsoft.A/es/e":   {"Microsoft.A/es", cluster, "e"},
		cluster + "/Providers/M.A/es/e/fs/f":      {"M.A/es/fs", cluster + "/providers/M.A/es/e", "f"},
		"/subscriptions/s/providers/M.Auth/ras/r": {"M.Auth/ras", "/subscriptions/s", "r"},
		"/subscriptions/s/resourceGroups/providers/providers/M.N/providers/x": {"M.N/providers", "/subscriptions/s/resourceGroups/providers", "x"},
	} {
		id, ok := ParseID(in)
		if !ok || id.Type() != want.typ || id.Parent().String() != want.parent || id.Name() != want.name {
			t.Errorf("%s: %v %s, parent %s, name %s", in, ok, id.Type(), id.Parent(), id.Name())
		}
		if again, ok := ParseID(id.String()); !ok || again.Key() != id.Key() {
			t.Errorf("%s: its text %s is not its id", in, id)
		}
	}
	for _, in := range []string{"", "/x", cluster + "/providers", cluster + "/providers/M.A/es", "/subscriptions/s/resourceGroups/g/providers/M.N/a"} {
		if _, ok := ParseID(in); ok {
			t.Errorf("%q is taken for an id", in)
		}
	}
}
