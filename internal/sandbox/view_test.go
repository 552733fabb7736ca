package sandbox

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var update = flag.Bool("update", false, "write golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run with -update to accept):\n%s", name, diff)
	}
}

// story is a cluster with two pools at three moments.
func story() []view {
	creating := view{
		clusters: []clusterView{{
			namespace: "default", name: "my-cluster", phase: "Provisioning", available: "False",
			message:      "* ControlPlaneInitialized: the control plane is not initialized yet and says so in a sentence that is far too long for a terminal",
			controlPlane: controlPlaneView{kind: "AzureManagedControlPlane", name: "my-cluster-control-plane", ready: "False", reason: "Creating", message: "waiting for Azure"},
			pools:        []poolView{{name: "pool0", phase: "Provisioning", desired: 2, version: "v1.33.4"}, {name: "pool1", phase: "", desired: 1}},
		}},
		operations: []operationView{{what: "Creating managedClusters/my-cluster", percent: 42, elapsed: 126 * time.Second}},
	}
	running := view{clusters: []clusterView{{
		namespace: "default", name: "my-cluster", phase: "Provisioned", available: "True",
		controlPlane: controlPlaneView{kind: "AzureManagedControlPlane", name: "my-cluster-control-plane", version: "v1.33.4", ready: "True"},
		pools: []poolView{
			{name: "pool0", phase: "Running", desired: 2, version: "v1.33.4", nodes: []string{"aks-pool0-1-vmss000000", "aks-pool0-1-vmss000001"}},
			{name: "pool1", phase: "Running", desired: 1, nodes: []string{"aks-pool1-1-vmss000000"}},
		},
	}}}
	return []view{{trouble: "the management API does not answer: connection refused"}, creating, running}
}

func TestTree(t *testing.T) {
	var b strings.Builder
	for i, v := range story() {
		b.WriteString(v.tree(time.Duration(i)*90*time.Second, 80, 1))
	}
	golden(t, "tree.golden", b.String())
}

func TestLinesAreWrittenOnChangeOnly(t *testing.T) {
	var b bytes.Buffer
	show := displayOn(&b) // a buffer is no terminal
	for i, v := range story() {
		show(v, time.Duration(i)*90*time.Second)
		v.operations = append([]operationView(nil), v.operations...)
		for n := range v.operations {
			v.operations[n].percent += 10
		}
		show(v, time.Duration(i)*90*time.Second+time.Second)
	}
	golden(t, "lines.golden", b.String())
}

func TestTheTreeIsRedrawnInPlaceAndFitsTheTerminal(t *testing.T) {
	var b bytes.Buffer
	for _, tc := range []struct{ height, lines int }{{24, 8}, {7, 5}, {3, 2}} {
		b.Reset()
		show := treeDisplay(&b, func() (int, int) { return 80, tc.height })
		running := story()[2]
		show(running, time.Second)
		if lines := strings.Count(b.String(), "\n"); lines != tc.lines {
			t.Errorf("%d lines on a terminal of %d, want %d:\n%s", lines, tc.height, tc.lines, &b)
		}
		b.Reset()
		show(running, 2*time.Second)
		if !strings.HasPrefix(b.String(), fmt.Sprintf("\x1b[%dA\x1b[J", tc.lines)) {
			t.Errorf("the second tree does not start where the first did: %q", b.String())
		}
	}
}

const applied = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: my-cluster}
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: MachinePool
metadata: {name: pool0}
spec: {clusterName: my-cluster}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedCluster
metadata: {name: my-cluster}
`

func TestMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "applied.yaml")
	if err := os.WriteFile(path, []byte(applied), 0o600); err != nil {
		t.Fatal(err)
	}
	wanted, err := expect([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expectation{clusters: []string{"default/my-cluster"}, pools: map[string][]string{"default/my-cluster": {"pool0"}}}, wanted, cmp.AllowUnexported(expectation{})); diff != "" {
		t.Fatal(diff)
	}
	story := story()
	noPools := story[2]
	noPools.clusters = []clusterView{{namespace: "default", name: "my-cluster", available: "True"}}
	for _, tc := range []struct {
		name string
		view view
		want []string
	}{
		{"nothing there", view{}, []string{"Cluster default/my-cluster does not exist yet"}},
		{"creating", story[1], []string{
			"Cluster default/my-cluster is not Available: " + story[1].clusters[0].message,
			"MachinePool default/pool0 is Provisioning with 0 of 2 nodes",
			"MachinePool default/pool1 is Unknown with 0 of 1 nodes",
		}},
		{"a pool is not there yet", noPools, []string{"MachinePool default/pool0 does not exist yet"}},
		{"running", story[2], nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.view.missing(wanted)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRunningOperations(t *testing.T) {
	var state azureState
	if err := json.Unmarshal([]byte(`{"now": "2026-01-01T00:01:00Z", "operations": [
		{"state": "Creating", "resource": "/subscriptions/s/resourceGroups/g/providers/P/managedClusters/demo", "status": "InProgress", "percent": 25.4, "startTime": "2026-01-01T00:00:00Z"},
		{"state": "Creating", "resource": "/subscriptions/s/resourceGroups/g", "status": "Succeeded", "percent": 100, "startTime": "2026-01-01T00:00:00Z"},
		{"state": "Scaling", "resource": "/subscriptions/s/resourceGroups/a/providers/P/managedClusters/demo/agentPools/late", "status": "InProgress", "percent": 99, "startTime": "2026-01-01T00:00:30Z"}
	]}`), &state); err != nil {
		t.Fatal(err)
	}
	want := []operationView{
		{what: "Scaling agentPools/late", resource: state.Operations[2].Resource, percent: 99, elapsed: 30 * time.Second},
		{what: "Creating managedClusters/demo", resource: state.Operations[0].Resource, percent: 25, elapsed: time.Minute},
	}
	if diff := cmp.Diff(want, state.running(), cmp.AllowUnexported(operationView{})); diff != "" {
		t.Error(diff)
	}
}

func TestPoolView(t *testing.T) {
	pool := poolOf(&unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"name": "pool0"},
		"spec":     map[string]any{"replicas": int64(3), "template": map[string]any{"spec": map[string]any{"version": "v1.33.4"}}},
		"status": map[string]any{
			"phase": "ScalingUp", "replicas": int64(3), "readyReplicas": int64(3),
			"nodeRefs": []any{map[string]any{"name": "node-b"}, map[string]any{"name": "node-a"}},
		},
	}})
	want := poolView{name: "pool0", phase: "ScalingUp", version: "v1.33.4", desired: 3, nodes: []string{"node-a", "node-b"}}
	if diff := cmp.Diff(want, pool, cmp.AllowUnexported(poolView{})); diff != "" {
		t.Error(diff)
	}
}
