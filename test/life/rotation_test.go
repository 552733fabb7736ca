package life

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// application is what runs on a pool: pods with a disruption budget, and somebody who makes pods again that are missing, as a
// ReplicaSet and the scheduler do.
type application struct {
	*plane
	cluster  string
	replicas int
	made     int
	// capacity is the number of nodes that take pods, each time it changed.
	capacity []int
}

// list is what kubectl has of a kind in the workload cluster.
func (a *application) list(t *testing.T, args ...string) []object {
	t.Helper()
	out, err := a.Workload(t, a.cluster, a.cluster, append(args, "--output=json")...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var answer struct{ Items []object }
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return answer.Items
}

func (a *application) run(t *testing.T, available int) {
	t.Helper()
	a.ApplyWorkload(t, a.cluster, a.cluster, sandboxtest.Documents(object{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": object{"name": "web", "namespace": "default"},
		"spec": object{"minAvailable": available, "selector": object{"matchLabels": object{"app": "web"}}}}))
	a.schedule(t)
}

// schedule notes which nodes take pods, and makes the pods that are missing on them.
func (a *application) schedule(t *testing.T) {
	t.Helper()
	var nodes []string
	for _, node := range a.list(t, "get", "nodes", "--selector=kubernetes.azure.com/agentpool!=system") {
		if ready, _ := condition(node, "Ready"); ready == "True" && at(node, "spec", "unschedulable") != true {
			nodes = append(nodes, textAt(node, "metadata", "name"))
		}
	}
	if n := len(a.capacity); n == 0 || a.capacity[n-1] != len(nodes) {
		a.capacity = append(a.capacity, len(nodes))
	}
	pods := a.list(t, "get", "pods", "--namespace=default")
	for n := len(pods); n < a.replicas && len(nodes) > 0; n++ {
		a.start(t, nodes[a.made%len(nodes)])
	}
}

func (a *application) start(t *testing.T, node string) {
	t.Helper()
	name := fmt.Sprintf("web-%d", a.made)
	a.made++
	a.ApplyWorkload(t, a.cluster, a.cluster, sandboxtest.Documents(object{"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": name, "namespace": "default",
		"labels":          object{"app": "web"},
		"ownerReferences": []object{{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "web", "controller": true}}},
		"spec": object{"nodeName": node, "containers": []object{{"name": "web", "image": "web"}}}}))
	if out, err := a.Workload(t, a.cluster, a.cluster, "patch", "pod", name, "--namespace=default", "--subresource=status", "--type=merge",
		`--patch={"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// refused tries a change of a pool that the API server is to refuse with these words.
func (p *plane) refused(t *testing.T, namespace, pool, merge, words string) {
	t.Helper()
	out, err := p.Box.Kubectl(t.Context(), "patch", infraPool, pool, "--namespace="+namespace, "--type=merge", "--patch="+merge)
	if err == nil || !strings.Contains(err.Error()+out, words) {
		t.Errorf("%s: want a refusal with %q, got %v %s", merge, words, err, out)
	}
}

// A pool gets another machine size: its nodes are replaced one drain after the other while the application keeps what its budget
// asks for, the manager is killed at each step, and a budget without room is named until somebody makes room.
func TestRotationUnderBudgets(t *testing.T) {
	p := life(t, "pools")
	c := cluster{name: "rotation", version: "v1.34.1", pools: []pool{
		{name: "system", mode: "System", replicas: 1},
		{name: "apps", mode: "User", replicas: 2},
	}}
	p.create(t, c)
	app := &application{plane: p, cluster: c.name, replicas: 3}
	app.run(t, 3)

	p.refused(t, "rotation", "apps", `{"spec":{"sku":"Standard_D4s_v3"}}`, "replacement.strategy Rotate")
	before := p.azure.Last(t)
	p.azure.Control(t, "POST", "clock", object{"pause": true}) // creating the new pool takes until the manager was killed
	p.Patch(t, infraPool, "rotation", "apps", `{"spec":{"sku":"Standard_D4s_v3","replacement":{"strategy":"Rotate"}}}`)
	until(t, limit, func() string {
		pool := p.Get(t, infraPool, "rotation", "apps")
		return unless(textAt(pool, "status", "replacement", "phase") == "Creating", "pool apps: replacement %v", at(pool, "status", "replacement"))
	})
	p.Kill(t)
	p.Restart(t)
	app.schedule(t)
	p.azure.Control(t, "POST", "clock", object{"resume": true})
	phases := []string{"Creating"}
	follow := func(over func(pool object) bool) {
		t.Helper()
		until(t, limit, func() string {
			pool := p.Get(t, infraPool, "rotation", "apps")
			phase := textAt(pool, "status", "replacement", "phase")
			if phase != "" && (len(phases) == 0 || phases[len(phases)-1] != phase) {
				phases = append(phases, phase)
				p.Kill(t)
				p.Restart(t)
			}
			app.schedule(t)
			state, message := condition(pool, "Ready")
			return unless(over(pool), "pool apps: %s (%s), phases %v, replacement %v", state, message, phases, at(pool, "status", "replacement"))
		})
	}
	follow(func(pool object) bool {
		state, message := condition(pool, "Ready")
		return state == "False Draining" && strings.Contains(message, "waits for PodDisruptionBudget default/web")
	})
	_, message := condition(p.Get(t, infraPool, "rotation", "apps"), "Ready")
	t.Log(message)
	p.Kill(t)
	p.Restart(t)
	if out, err := p.Workload(t, "rotation", "rotation", "patch", "pdb", "web", "--namespace=default", "--type=merge", `--patch={"spec":{"minAvailable":2}}`); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	follow(func(pool object) bool {
		return at(pool, "status", "replacement") == nil && textAt(pool, "status", "agentPoolName") == "appsr"
	})
	p.Settled(t, "rotation", "rotation")

	t.Logf("phases %v", phases)
	t.Logf("nodes that take pods over time: %v", app.capacity)
	if low := slices.Min(app.capacity); low < 2 {
		t.Errorf("there were moments with %d nodes that take pods: %v", low, app.capacity)
	}
	var writes []string
	for _, r := range p.azure.writes(t, before, c) {
		writes = append(writes, r.Method+" "+r.Path[strings.LastIndex(strings.Split(r.Path, "?")[0], "/")+1:strings.Index(r.Path, "?")])
	}
	if want := []string{"PUT appsr", "DELETE apps"}; !slices.Equal(writes, want) {
		t.Errorf("requests %v, want %v", writes, want)
	}
	if size := textAt(p.azure.get(t, c.poolID("appsr")), "properties", "vmSize"); size != "Standard_D4s_v3" {
		t.Errorf("the nodes are %s", size)
	}
	for _, e := range p.Events(t, "rotation") {
		if e.Object == "apps" {
			t.Log(e)
		}
	}
}

// The size of a pool is the autoscaler's while it has one, down to no nodes, and the MachinePool follows.
func TestAutoscaling(t *testing.T) {
	p := life(t, "pools")
	c := cluster{name: "scaling", version: "v1.34.1", pools: []pool{
		{name: "system", mode: "System", replicas: 1},
		{name: "apps", mode: "User", replicas: 1, spec: object{"scaling": object{"minSize": 0, "maxSize": 3}}},
		{name: "spot", mode: "User", replicas: 0, spec: object{"scaleSetPriority": "Spot"}},
	}}
	p.create(t, c)
	before := p.azure.Last(t)
	replicas := func(want string, mark string) {
		t.Helper()
		until(t, limit, func() string {
			mp := p.Get(t, machinePool, "scaling", "apps")
			is, by := textAt(mp, "spec", "replicas"), textAt(mp, "metadata", "annotations", "cluster.x-k8s.io/replicas-managed-by")
			return unless(is == want && by == mark, "MachinePool apps has %s replicas, managed by %q; want %s, %q", is, by, want, mark)
		})
	}
	for _, count := range []int{3, 0, 1} {
		p.azure.Outside(t, object{"kind": "autoscaler", "id": c.poolID("apps"), "count": count})
		replicas(fmt.Sprint(count), "aks")
	}
	if writes := p.azure.writes(t, before, c); len(writes) > 0 {
		t.Errorf("the autoscaler's numbers caused requests: %v", writes)
	}

	// More nodes than there are, and fewer, with the autoscaler on.
	p.Patch(t, infraPool, "scaling", "apps", `{"spec":{"scaling":{"minSize":2,"maxSize":4}}}`)
	replicas("2", "aks")
	p.Patch(t, infraPool, "scaling", "apps", `{"spec":{"scaling":{"minSize":0,"maxSize":1}}}`)
	replicas("1", "aks")
	// Off, and by hand to nothing.
	p.Patch(t, infraPool, "scaling", "apps", `{"spec":{"scaling":null}}`)
	replicas("1", "")
	p.Patch(t, machinePool, "scaling", "apps", `{"spec":{"replicas":0}}`)
	p.Patch(t, machinePool, "scaling", "spot", `{"spec":{"replicas":2}}`)
	for name, want := range map[string]string{"apps": "0", "spot": "2"} {
		until(t, limit, func() string {
			is := textAt(p.azure.get(t, c.poolID(name)), "properties", "count")
			return unless(is == want, "agent pool %s has %s nodes, want %s", name, is, want)
		})
	}
	p.refused(t, "scaling", "system", `{"spec":{"scaling":{"minSize":0,"maxSize":3}}}`, "a System pool always has a node")
	p.refused(t, "scaling", "apps", `{"spec":{"scaling":{"minSize":3,"maxSize":2}}}`, "is larger than scaling.maxSize")
	// Somebody else's autoscaler: its mark stays, its numbers are not touched, not even by other changes of the pool.
	p.Kubectl(t, "annotate", machinePool, "apps", "--namespace=scaling", "cluster.x-k8s.io/replicas-managed-by=cluster-autoscaler")
	until(t, limit, func() string {
		state, message := condition(p.Get(t, infraPool, "scaling", "apps"), "Ready")
		return unless(state == "True", "apps: %s (%s)", state, message)
	})
	agentPool := p.azure.get(t, c.poolID("apps"))
	at(agentPool, "properties").(object)["count"] = 2
	p.azure.ARM(t, http.MethodPut, c.poolID("apps"), containerService, agentPool)
	p.Patch(t, infraPool, "scaling", "apps", `{"spec":{"nodeLabels":{"a":"b"}}}`)
	replicas("2", "cluster-autoscaler")
	until(t, limit, func() string {
		pool := p.azure.get(t, c.poolID("apps"))
		return unless(textAt(pool, "properties", "nodeLabels", "a") == "b" && textAt(pool, "properties", "count") == "2", "agent pool %v", at(pool, "properties"))
	})
	p.Settled(t, "scaling", "scaling")
}
