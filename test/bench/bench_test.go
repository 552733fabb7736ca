package main

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInGroup(t *testing.T) {
	const prefix = "/subscriptions/0/resourceGroups/"
	tests := map[string]bool{
		prefix + "bench-a":                             true,
		prefix + "BENCH-A?api-version=2021-04-01":      true,
		prefix + "bench-a/providers/x/y/z":             true,
		prefix + "MC_bench-a_a_southcentralus/p":       true,
		prefix + "bench-ab":                            false,
		prefix + "MC_bench-ab_ab_southcentralus":       false,
		"/subscriptions/0/providers/x/managedClusters": false,
	}
	for path, want := range tests {
		if got := inGroup(path, "bench-a"); got != want {
			t.Errorf("inGroup(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	log := []request{
		{Time: at(0), Method: "PUT", Path: "/subscriptions/0/resourceGroups/a?x"}, // before the window
		{Time: at(1), Method: "PUT", Path: "/subscriptions/0/resourceGroups/a?x"},
		{Time: at(2), Method: "GET", Path: "/subscriptions/0/resourceGroups/b/p"}, // of another cluster
		{Time: at(3), Method: "GET", Path: "/subscriptions/0/providers/x/managedClusters"},
		{Time: at(4), Method: "GET", Path: "/subscriptions/0/resourceGroups/a"}, // after it
	}
	w := window{at(1), at(4)}
	want := counts{Total: 2, Shared: 1, ByMethod: map[string]int{"PUT": 1, "GET": 1}}
	if diff := cmp.Diff(want, count(log, "a", w)); diff != "" {
		t.Errorf("one cluster: %s", diff)
	}
	want = counts{Total: 3, Shared: 1, ByMethod: map[string]int{"PUT": 1, "GET": 2}}
	if diff := cmp.Diff(want, count(log, "", w)); diff != "" {
		t.Errorf("all clusters: %s", diff)
	}
}

func TestBusy(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	const group = "/subscriptions/0/resourceGroups/a"
	a := &azure{operations: map[string]operation{
		"network": {Resource: group + "/providers/Microsoft.Network/virtualNetworks/v", StartTime: at(1), End: at(2)},
		"cluster": {Resource: group + "/providers/Microsoft.ContainerService/managedClusters/c", StartTime: at(2), End: at(32)},
		"group":   {Resource: group, StartTime: at(33), End: at(38)},
		"earlier": {Resource: group, StartTime: at(0), End: at(90)},
	}}
	end, worked, err := a.busy("a", window{at(1), at(50)})
	if err != nil || !end.Equal(at(38)) || worked != 35*time.Second {
		t.Errorf("busy = %v, %v, %v; want the second 38, 35s and no error", end.Unix(), worked, err)
	}
	if _, _, err := a.busy("b", window{at(1), at(50)}); err == nil {
		t.Error("a cluster without an operation must be an error: nothing was measured")
	}
}

func TestGoals(t *testing.T) {
	state := func(status, provisioning string, replicas int64, ids ...any) sighting {
		return sighting{state: map[string]any{
			"spec": map[string]any{"providerIDList": ids},
			"status": map[string]any{"provisioningState": provisioning, "replicas": replicas,
				"conditions": []any{map[string]any{"type": "Ready", "status": status}}},
		}}
	}
	tests := []struct {
		name string
		s    sighting
		want bool
	}{
		{"reached", state("True", "Succeeded", 2, "a", "b"), true},
		{"not ready", state("False", "Succeeded", 2, "a", "b"), false},
		{"Azure still at work", state("True", "Updating", 2, "a", "b"), false},
		{"too few", state("True", "Succeeded", 1, "a"), false},
		{"machines not known yet", state("True", "Succeeded", 2, "a"), false},
		{"gone", sighting{deleted: true}, false},
	}
	for _, test := range tests {
		if got := readyWith(2)(test.s); got != test.want {
			t.Errorf("%s: readyWith(2) = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestReadUsage(t *testing.T) {
	u, err := readUsage(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if u.Resident <= 0 || u.Resident > u.Peak || u.Anonymous+u.File > u.Resident+1 || u.Anonymous <= 0 {
		t.Errorf("this process: %+v", u)
	}
}
