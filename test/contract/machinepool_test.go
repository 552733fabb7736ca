package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// machinePools are the rules about pools, on the pool "user" of the main cluster.
func machinePools(t *testing.T, w *world) {
	pool := func() object { return w.now(infraPoolKind, mainName, "user") }
	mp := func() object { return w.now(machinePoolKind, mainName, "user") }
	rule(t, "MP1", "a pool that is there is ready and provisioned, in both fields", func(t *testing.T) {
		revisions := w.revisions(infraPoolKind, mainName, "user")
		stays(t, revisions, "status", "ready")
		stays(t, revisions, "status", "initialization", "provisioned")
		if !isTrue(mp(), "status", "initialization", "infrastructureProvisioned") {
			t.Errorf("the MachinePool's status.initialization is %v", at(mp(), "status", "initialization"))
		}
	})
	rule(t, "MP2", "the provider ids are those of the nodes, byte for byte, and reach the MachinePool", func(t *testing.T) {
		nodes := strings.Fields(w.nodes(t, "user", "{.items[*].spec.providerID}"))
		slices.Sort(nodes)
		ids, copied := texts(at(pool(), "spec", "providerIDList")), texts(at(mp(), "spec", "providerIDList"))
		if len(ids) != 2 || !slices.Equal(ids, nodes) || !slices.Equal(copied, ids) {
			t.Errorf("the pool lists %v, the MachinePool %v, and the nodes have %v", ids, copied, nodes)
		}
	})
	rule(t, "MP3", "replicas are counted", func(t *testing.T) {
		if a, b := textAt(pool(), "status", "replicas"), textAt(mp(), "status", "replicas"); a != "2" || b != "2" {
			t.Errorf("%s and %s", a, b)
		}
	})
	rule(t, "MP5", "there are no Machines and no kind for them", func(t *testing.T) {
		if kind := at(pool(), "status", "infrastructureMachineKind"); kind != nil {
			t.Errorf("status.infrastructureMachineKind is %v", kind)
		}
		if out := strings.TrimSpace(w.Kubectl(t, "get", "machines.cluster.x-k8s.io", "--namespace="+mainName, "--output=name")); out != "" {
			t.Errorf("there are %s", out)
		}
	})
	rule(t, "MP6", "Ready is mirrored to the MachinePool's deprecated conditions", func(t *testing.T) {
		until(t, limit, func() string {
			state, message := condition(pool(), "Ready")
			mirror := deprecated(mp(), "InfrastructureReady")
			return unless(state == "True" && mirror == "True", "Ready is %s (%s) and InfrastructureReady %s", state, message, mirror)
		})
	})
}

// poolSettings are the rules about what is declared of a pool.
func poolSettings(t *testing.T, w *world) {
	pool, mp := w.now(infraPoolKind, mainName, "user"), w.now(machinePoolKind, mainName, "user")
	rule(t, "MP8", "failure domains of the MachinePool are zones of the agent pool", func(t *testing.T) {
		zones := texts(at(w.Azure.Get(t, clusterID(mainName)+"/agentPools/user", "2026-05-01"), "properties", "availabilityZones"))
		if !slices.Equal(zones, []string{"1", "2"}) {
			t.Errorf("the agent pool has the zones %v", zones)
		}
	})
	rule(t, "MP9", "minReadySeconds is Cluster API's own business", func(t *testing.T) {
		since := w.Azure.Last(t)
		w.Patch(t, machinePoolKind, mainName, "user", `{"spec":{"template":{"spec":{"minReadySeconds":5}}}}`)
		scale(t, w, 3)
		for _, r := range w.Azure.Requests(t, since, about(mainName), sandboxtest.Request.Write) {
			if !r.To(clusterID(mainName)+"/agentPools/user") || textAt(r.Body, "properties", "count") != "3" {
				t.Errorf("sent %s", r)
			}
		}
	})
	rule(t, "MP12", "Cluster API refuses taints on a MachinePool, and the pool has its own", func(t *testing.T) {
		out, err := w.Box.Kubectl(t.Context(), "patch", machinePoolKind, "user", "--namespace="+mainName, "--type=merge",
			`--patch={"spec":{"template":{"spec":{"taints":[{"key":"a","value":"b","effect":"NoSchedule","propagation":"Always"}]}}}}`)
		if w.knows(t, machinePoolKind, "spec", "template", "spec", "taints") && err == nil {
			t.Errorf("it accepts taints now, and we do not look at them: %s", out)
		}
		if at(schemaOf(w.crds(t)["azuremanagedmachinepools"], "v1beta1"), "properties", "spec", "properties", "taints") == nil {
			t.Error("an AzureManagedMachinePool has no taints")
		}
	})
	rule(t, "MP13", "Cluster API marks the nodes, and a node goes with its place in the list", func(t *testing.T) { marksNodes(t, w) })
	rule(t, "MP14", "the MachinePool owns its pool and gives it the Cluster's label", func(t *testing.T) {
		refs, _ := at(pool, "metadata", "ownerReferences").([]any)
		if len(refs) != 1 || textAt(refs[0], "kind") != "MachinePool" || textAt(refs[0], "uid") != textAt(mp, "metadata", "uid") || !isTrue(refs[0].(object), "controller") ||
			textAt(pool, "metadata", "labels", "cluster.x-k8s.io/cluster-name") != mainName {
			t.Errorf("owners %v, labels %v", refs, at(pool, "metadata", "labels"))
		}
	})
}

// scale brings the pool "user" to a number of nodes.
func scale(t *testing.T, w *world, nodes int) {
	t.Helper()
	w.Patch(t, machinePoolKind, mainName, "user", fmt.Sprintf(`{"spec":{"replicas":%d}}`, nodes))
	until(t, limit, func() string {
		mp := w.now(machinePoolKind, mainName, "user")
		refs, _ := at(mp, "status", "nodeRefs").([]any)
		return unless(textAt(mp, "status", "phase") == "Running" && len(refs) == nodes, "the MachinePool is %s with %d nodes", textAt(mp, "status", "phase"), len(refs))
	})
}

// nodes reads something of the nodes of a pool of the main cluster.
func (w *world) nodes(t *testing.T, pool, path string) string {
	t.Helper()
	out, err := w.Workload(t, mainName, mainName, "get", "nodes", "--selector=kubernetes.azure.com/agentpool="+pool, "--output=jsonpath="+path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func texts(value any) (out []string) {
	list, _ := value.([]any)
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	slices.Sort(out)
	return out
}

// marksNodes: the pool has three nodes here, and one has to go.
func marksNodes(t *testing.T, w *world) {
	for mark, want := range map[string]string{"cluster-name": mainName, "cluster-namespace": mainName, "owner-kind": "MachinePool", "owner-name": "user"} {
		got := strings.Fields(w.nodes(t, "user", `{.items[*].metadata.annotations.cluster\.x-k8s\.io/`+mark+`}`))
		if len(got) != 3 || slices.ContainsFunc(got, func(v string) bool { return v != want }) {
			t.Errorf("%s is %q on the nodes, want %s on each of three", mark, got, want)
		}
	}
	scale(t, w, 2)
	until(t, limit, func() string {
		after := strings.Fields(w.nodes(t, "user", "{.items[*].metadata.name}"))
		ids := texts(at(w.now(infraPoolKind, mainName, "user"), "spec", "providerIDList"))
		return unless(len(after) == 2 && len(ids) == 2, "the nodes are %v, and the list %v", after, ids)
	})
}
