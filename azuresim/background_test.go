package azuresim_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

// A quota that is too small fails the operation and leaves a Failed resource that can be put again.
func TestQuota(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.s.AddWorld(world.World{Quotas: []world.Quota{{Family: "cores", Location: "westus2", Limit: 5}}})
	m.group()
	a := m.do(201, "PUT", cluster, aksVersion, twoPools) // three machines of two vCPUs
	m.clock.Advance(time.Minute)
	op := m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", "")
	m.wantEqual(op, "status", "Failed")
	m.wantEqual(op, "error.code", "QuotaExceeded")
	a = m.do(200, "GET", cluster, aksVersion, "")
	m.wantEqual(a, "properties.provisioningState", "Failed")
	m.wantEqual(a, "properties.status.provisioningError.code", "QuotaExceeded")
	if old := m.do(200, "GET", cluster, "2024-09-01", ""); old.get("properties.status") != nil {
		t.Error("2024-09-01 does not know properties.status")
	}
	m.s.AddWorld(world.World{Quotas: []world.Quota{{Family: "cores", Location: "westus2", Limit: 6}}})
	m.do(200, "PUT", cluster, aksVersion, twoPools)
	m.clock.Advance(time.Minute)
	if a = m.succeeded(cluster); a.get("properties.status") != nil {
		t.Error("the error stays after success")
	}
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"count":9}}`)
	m.clock.Advance(time.Minute)
	pool := m.do(200, "GET", cluster+"/agentPools/user1", aksVersion, "")
	m.wantEqual(pool, "properties.provisioningState", "Failed")
	if got := m.instances("user1"); got != "0" {
		t.Errorf("a failed scale leaves the machines alone, got %s", got)
	}
}

// Deleting a group takes the cluster and its node group along, and answers as a job.
func TestGroupCascade(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	a := m.do(202, "DELETE", group, rgVersion, "")
	job := a.Header.Get("Location")
	if a.Header.Get("Retry-After") != "15" || a.Header.Get("Azure-AsyncOperation") != "" || len(a.Raw) != 0 {
		t.Errorf("headers %v, body %s", a.Header, a.Raw)
	}
	m.wantEqual(m.do(200, "GET", group, rgVersion, ""), "properties.provisioningState", "Deleting")
	m.refused(409, "ResourceGroupBeingDeleted", "deprovisioning state", "PUT", cluster, aksVersion, twoPools)
	m.refused(409, "ResourceGroupBeingDeleted", "", "PUT", group, rgVersion, `{"location":"westus2"}`)
	m.clock.Advance(10 * time.Second) // an empty group would be gone, the cluster takes 30 s
	m.do(202, "GET", job, "", "")
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Deleting")
	m.clock.Advance(21 * time.Second)
	m.do(200, "GET", job, "", "")
	m.refused(404, "ResourceGroupNotFound", "", "GET", cluster, aksVersion, "")
	m.refused(404, "ResourceGroupNotFound", "", "GET", nodeGroup, rgVersion, "")
	m.group() // the name can be used again
}

// A child that cannot be deleted saves the group.
func TestGroupDeletionBlocked(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.control("POST", "faults", `{"method":"DELETE","times":1,"pathRegex":"managedClusters/c1$","failOperation":{"code":"ResourceOperationFailure","message":"no"}}`)
	m.do(202, "DELETE", cluster, aksVersion, "")
	a := m.do(202, "DELETE", group, rgVersion, "")
	m.clock.Advance(time.Minute)
	m.refused(409, "ResourceGroupDeletionBlocked", "managedClusters/c1", "GET", a.Header.Get("Location"), "", "")
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Failed")
	m.wantEqual(m.do(200, "GET", group, rgVersion, ""), "properties.provisioningState", "Succeeded")
}

// What was accepted survives a SIGKILL: the second emulator opens a copy of the files as they were at that moment.
func TestRestart(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	first := start(t, azuresim.Options{DataDir: dir})
	first.cluster()
	kubeconfig, nodes := first.kubeconfig(), first.nodes()
	created := first.do(201, "PUT", cluster+"/agentPools/p2", aksVersion, `{"properties":{"count":2,"vmSize":"Standard_D2s_v3"}}`)
	first.control("POST", "clock", `{"advance":"10s"}`)
	killed := first.clock.Now()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	first.s.Close()

	// Two hours later: time did not pass for the operation.
	second := start(t, azuresim.Options{DataDir: copied, Clock: clock.NewPaused(killed.Add(2 * time.Hour))})
	second.wantEqual(second.do(200, "GET", cluster+"/agentPools/p2", aksVersion, ""), "properties.provisioningState", "Creating")
	if string(second.s.CAPEM()) != string(first.s.CAPEM()) || second.s.URL() != first.s.URL() {
		t.Error("CA and address should outlive a restart")
	}
	progress := second.do(200, "GET", cluster+"/agentPools/p2/operations/latest", "2026-05-02-preview", "")
	if p := progress.get("percentComplete").(float64); p < 33 || p > 34 {
		t.Errorf("10 of 30 s are done, percentComplete is %v", p)
	}
	if string(second.kubeconfig()) != string(kubeconfig) {
		t.Error("the kubeconfig changed over the restart")
	}
	if got := second.nodes(); strings.Join(got, " ") != strings.Join(nodes, " ") {
		t.Errorf("nodes %v became %v", nodes, got)
	}
	second.clock.Advance(19 * time.Second)
	second.wantEqual(second.do(200, "GET", cluster+"/agentPools/p2", aksVersion, ""), "properties.provisioningState", "Creating")
	second.clock.Advance(time.Second)
	second.succeeded(cluster + "/agentPools/p2")
	if len(second.nodes()) != len(nodes)+2 {
		t.Errorf("the new pool has no nodes: %v", second.nodes())
	}
	second.wantEqual(second.do(200, "GET", created.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Succeeded")
	puts := 0
	for _, r := range second.s.Requests() {
		if r.Method == "PUT" {
			puts++
		}
	}
	if puts != 3 {
		t.Errorf("the request log lost entries: %d PUTs", puts)
	}
}

// Time that was advanced stays so over a restart, and an operation in flight has no more to do than before.
func TestRestartOfAnAdvancedClock(t *testing.T) {
	dir := t.TempDir()
	first := start(t, azuresim.Options{DataDir: dir})
	first.cluster()
	first.control("POST", "clock", `{"advance":"72h"}`)
	created := first.do(201, "PUT", cluster+"/agentPools/p2", aksVersion, `{"properties":{"count":1,"vmSize":"Standard_DS2_v2"}}`)
	before := first.clock.Now()
	first.s.Close()
	second := start(t, azuresim.Options{DataDir: dir}) // at the epoch again, as the wall clock would be
	if now := second.clock.Now(); now.Before(before) {
		t.Errorf("time went back from %s to %s", before, now)
	}
	second.clock.Advance(30 * time.Second)
	second.wantEqual(second.do(200, "GET", created.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Succeeded")
}

// A line cut by the crash was never acknowledged; it must not keep the emulator from starting.
func TestTornWrite(t *testing.T) {
	dir := t.TempDir()
	first := start(t, azuresim.Options{DataDir: dir})
	first.group()
	first.s.Close()
	f, err := os.OpenFile(filepath.Join(dir, "state.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"t":"2026-11-01T12:00:00Z","set":{"r/subscr`); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	second := start(t, azuresim.Options{DataDir: dir})
	second.do(200, "GET", group, rgVersion, "")
}

// Faults, one kind after the other.
func TestFaults(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.control("POST", "faults", `[{"method":"PUT","pathRegex":"managedClusters/c1$","times":1,"status":429,"code":"Throttled","message":"slow down","flat":true,"retryAfter":7}]`)
	if a := m.refused(429, "Throttled", "slow down", "PUT", cluster, aksVersion, twoPools); a.Header.Get("Retry-After") != "7" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	m.control("POST", "faults", `{"method":"PUT","times":1,"reset":true}`)
	if _, err := m.try(m.pipe, "PUT", cluster, aksVersion, twoPools); err == nil {
		t.Error("the connection was not cut")
	}
	m.refused(404, "ResourceNotFound", "", "GET", cluster, aksVersion, "")
	m.control("POST", "faults", `{"method":"PUT","times":1,"lostResponse":true}`)
	if _, err := m.try(m.pipe, "PUT", cluster, aksVersion, twoPools); err == nil {
		t.Error("the answer was not lost")
	}
	m.do(200, "GET", cluster, aksVersion, "") // the write happened all the same
	m.clock.Advance(time.Minute)
	m.control("POST", "faults", `{"method":"PUT","times":1,"failOperation":{"code":"AllocationFailed","message":"no capacity"}}`)
	a := m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"count":2}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "error.code", "AllocationFailed")
	m.wantEqual(m.do(200, "GET", cluster+"/agentPools/user1", aksVersion, ""), "properties.provisioningState", "Failed")
	m.control("POST", "faults", `{"delay":"1ms"}`)
	m.control("DELETE", "faults", "")
	if raw := m.control("GET", "faults", ""); strings.TrimSpace(string(raw)) != "[]" {
		t.Errorf("faults left: %s", raw)
	}
	var last struct {
		Status     int
		APIVersion string
		SpecErrors []string
	}
	lines := strings.Split(strings.TrimSpace(string(m.control("GET", "requests", ""))), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Status != 200 || last.APIVersion != aksVersion || last.SpecErrors == nil {
		t.Errorf("last request: %+v %v", last, err)
	}
}

// A PATCH names only what changes: the log must not blame it for what it leaves out, nor for the tags API's operation.
func TestRequestLogOfPatches(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.do(200, "PATCH", group, rgVersion, `{"tags":{"a":"b"}}`)
	m.do(200, "PATCH", group+"/providers/Microsoft.Resources/tags/default", rgVersion, `{"operation":"Merge","properties":{"tags":{"c":"d"}}}`)
	m.do(200, "PATCH", cluster, aksVersion, `{"tags":{"a":"b"},"odd":1}`)
	var got [][]string
	for line := range strings.Lines(string(m.control("GET", "requests", ""))) {
		var e azuresim.Request
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Method == "PATCH" {
			got = append(got, e.SpecErrors)
		}
	}
	if diff := cmp.Diff([][]string{{}, {}, {"unknown: odd: not a property of this api-version"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestThrottling(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	for range 59 { // one GET of the bucket of 60 was used to look at the result
		m.do(200, "GET", cluster, aksVersion, "")
	}
	a := m.refused(429, "Throttled", "GetManagedClusterHandler.GET request limit has been exceeded for SubID=", "GET", cluster, aksVersion, "")
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	m.clock.Advance(2 * time.Second)
	m.do(200, "GET", cluster, aksVersion, "")
	for range 300 { // more than ARM's bucket of 250 reads
		if a, _ = m.try(m.pipe, "GET", group, rgVersion, ""); a.Status != 200 {
			break
		}
	}
	if a.Status != 429 || a.Code() != "SubscriptionRequestsThrottled" || a.Header.Get("x-ms-ratelimit-remaining-subscription-reads") != "0" {
		t.Errorf("%d %s %v", a.Status, a.Raw, a.Header)
	}
	free := start(t, azuresim.Options{NoThrottle: true})
	free.group()
	for range 300 {
		free.do(200, "GET", group, rgVersion, "")
	}
}

// Changes from outside: the portal, the autoscaler, an automatic upgrade.
func TestOutsideChange(t *testing.T) {
	m := start(t, azuresim.Options{})
	etag := m.cluster().Body["eTag"]
	m.control("POST", "resource", `{"id":"`+strings.ToUpper(cluster)+`","merge":{"tags":{"policy":"x"}}}`)
	a := m.succeeded(cluster)
	m.wantEqual(a, "tags.policy", "x")
	if a.Body["eTag"] == etag {
		t.Error("an outside change changes the eTag")
	}
	m.control("POST", "resource", `{"id":"`+cluster+`/agentPools/user1","merge":{"properties":{"count":4}}}`)
	if got := m.instances("user1"); got != "0,1,2,3" || len(m.nodes()) != 6 {
		t.Errorf("instances %s, nodes %v", got, m.nodes())
	}
	m.control("POST", "reset", "")
	m.refused(404, "ResourceGroupNotFound", "", "GET", group, rgVersion, "")
}

func TestNothingLeftOnDisk(t *testing.T) {
	s := start(t, azuresim.Options{})
	dir := filepath.Dir(s.s.CAFile())
	s.s.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		var left []string
		_ = filepath.WalkDir(dir, func(p string, _ fs.DirEntry, _ error) error { left = append(left, p); return nil })
		t.Errorf("without a data directory nothing stays behind: %v", left)
	}
}
