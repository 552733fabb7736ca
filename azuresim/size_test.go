package azuresim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
)

// What a request costs must not depend on how much else there is, and a list must cost in proportion to what it lists.
func TestSizeRatios(t *testing.T) {
	few, many := 20, 80
	small, large := measure(t, few), measure(t, many)
	for _, c := range []struct {
		what         string
		small, large float64
		atMost       float64
	}{
		{"allocations of a GET", small.get, large.get, 1.1},
		{"allocations of a PATCH", small.patch, large.patch, 1.1},
		{"allocations of a GET of the group", small.group, large.group, 1.1},
		{"bytes of a LIST", small.bytes, large.bytes, 1.1 * float64(many) / float64(few)},
		{"allocations of a LIST", small.list, large.list, 1.1 * float64(many) / float64(few)},
	} {
		if c.large > c.small*c.atMost {
			t.Errorf("%s: %.0f with %d clusters, %.0f with %d", c.what, c.small, few, c.large, many)
		}
	}
	if large.list > 20*float64(many)+small.get {
		t.Errorf("a LIST of %d unchanged clusters needs %.0f allocations: it renders them again", many, large.list)
	}
}

// workloadKey names a cluster towards its workload API.
func workloadKey(i int) string { return strings.ToLower(bigCluster(i)) }

type costs struct{ get, patch, group, list, bytes float64 }

func measure(t *testing.T, clusters int) costs {
	t.Helper()
	m := start(t, unlimited(""))
	d := m.direct(t)
	m.populate(d, clusters)
	awake := 0
	for i := range clusters {
		if m.s.Workload().Awake(workloadKey(i)) {
			awake++
		}
	}
	if awake > 0 {
		t.Errorf("%d of %d workload APIs run although nobody asked for one", awake, clusters)
	}
	cost := func(method, path, version, body string) float64 {
		return testing.AllocsPerRun(20, func() { d.send(http.StatusOK, d.request(method, path, version, body)) })
	}
	list := sub + "/providers/Microsoft.ContainerService/managedClusters"
	d.send(http.StatusOK, d.request(http.MethodGet, list, aksVersion, "")) // now nothing is left to be rendered in the background
	c := costs{
		get: cost(http.MethodGet, bigCluster(1), aksVersion, ""), group: cost(http.MethodGet, bigGroup(1), rgVersion, ""), list: cost(http.MethodGet, list, aksVersion, ""),
		bytes: float64(d.send(http.StatusOK, d.request(http.MethodGet, list, aksVersion, "")).bytes),
		patch: testing.AllocsPerRun(10, func() {
			d.send(http.StatusOK, d.request(http.MethodPatch, bigCluster(2), aksVersion, `{"tags":{"a":"b"}}`))
			m.clock.Advance(time.Minute)
		}),
	}
	d.send(http.StatusOK, d.request(http.MethodPost, bigCluster(3)+"/listClusterAdminCredential", aksVersion, ""))
	if !m.s.Workload().Awake(workloadKey(3)) || m.s.Workload().Awake(workloadKey(4)) {
		t.Error("asking for one cluster's credentials starts that one's API")
	}
	return c
}

// A list shows a cluster as it is now, whatever it showed before: its documents are kept between changes.
func TestListsAreCurrent(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	type shown struct {
		State, Pool string
		Count       float64
		Tag         any
	}
	look := func(step string, want shown) {
		t.Helper()
		a := m.do(http.StatusOK, http.MethodGet, sub+"/providers/Microsoft.ContainerService/managedClusters", aksVersion, "")
		a.Body, _ = a.Body["value"].([]any)[0].(map[string]any)
		got := shown{State: a.get("properties.provisioningState").(string), Tag: a.get("tags.a")}
		for _, raw := range a.get("properties.agentPoolProfiles").([]any) {
			if pool := raw.(map[string]any); pool["name"] == "user1" {
				got.Pool, got.Count = pool["provisioningState"].(string), pool["count"].(float64)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	pool := cluster + "/agentPools/user1"
	look("created", shown{"Succeeded", "Succeeded", 1, nil})
	m.do(http.StatusOK, http.MethodPut, pool, aksVersion, `{"properties":{"count":2}}`)
	look("scaling", shown{"Succeeded", "Scaling", 2, nil})
	m.clock.Advance(time.Minute)
	look("scaled", shown{"Succeeded", "Succeeded", 2, nil})
	m.do(http.StatusOK, http.MethodPatch, cluster, aksVersion, `{"tags":{"a":"b"}}`)
	look("tagging", shown{"Updating", "Updating", 2, "b"})
	m.clock.Advance(time.Minute)
	look("tagged", shown{"Succeeded", "Succeeded", 2, "b"})
	m.control(http.MethodPost, "resource", `{"id":"`+cluster+`","merge":{"tags":{"a":"c"}}}`)
	look("changed from outside", shown{"Succeeded", "Succeeded", 2, "c"})
	m.do(http.StatusAccepted, http.MethodDelete, pool, aksVersion, "")
	look("deleting", shown{"Succeeded", "Deleting", 2, "c"})
	m.clock.Advance(time.Minute)
	look("deleted", shown{"Succeeded", "", 0, "c"})
}
