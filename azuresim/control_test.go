package azuresim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// controlRefused expects a 400 from the control API that contains all the texts.
func (m *sim) controlRefused(method, path, body string, want ...string) {
	m.t.Helper()
	status, raw := m.controlAnswer(method, path, body)
	if status != http.StatusBadRequest {
		m.t.Errorf("%s %s: %d %s", path, body, status, raw)
	}
	for _, text := range want {
		if !strings.Contains(string(raw), text) {
			m.t.Errorf("%s %s is answered %q, which does not say %q", path, body, raw, text)
		}
	}
}

// What is wrong with a request to the control API is told with the field, the value and the way out.
func TestControlSaysWhatIsWrong(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := `"id":"` + cluster + `/agentPools/user1"`
	for _, c := range []struct{ method, path, body, want, out string }{
		{"POST", "faults", ``, "body is empty", "pathRegex"},
		{"POST", "faults", `{"staus":500}`, `"staus"`, "status"},
		{"POST", "faults", `{"times":"3"}`, `"times" is a string`, "a number"},
		{"POST", "faults", `{`, "no JSON", ""},
		{"POST", "faults", `{"method":"FETCH","status":500}`, `"FETCH"`, "GET, HEAD"},
		{"POST", "faults", `{"times":1}`, "without effect", "delay"},
		{"POST", "faults", `[{"status":500},{"reset":true,"truncate":true}]`, "rule 2", "several rules"},
		{"POST", "faults", `{"status":200}`, "200", "400 to 599"},
		{"POST", "faults", `{"reset":true,"code":"X"}`, "need status", "failOperation"},
		{"POST", "faults", `{"failOperation":{"message":"x"}}`, "failOperation.code", "AllocationFailed"},
		{"POST", "faults", `{"pathRegex":"(","status":500}`, `pathRegex "("`, ""},
		{"POST", "faults", `{"delay":5,"reset":true}`, "not 5", `"30s"`},
		{"POST", "clock", `{"advance":"soon"}`, `"soon"`, `"30s"`},
		{"PUT", "world", `{"tenant":[]}`, `"tenant"`, "tenants"},
		{"PUT", "world", `{"roleAssignments":[{"principal":"nobody","role":"Reader","scope":"/"}]}`, `"nobody"`, "client id"},
		{"PUT", "world", `{"principals":[{"tenantId":"nowhere","clientId":"x"}]}`, "principals[0].tenantId", "nowhere"},
		{"POST", "operations", `{"id":"/subscriptions/x","finish":true}`, "there is no operation", "no resource of that id"},
		{"POST", "clock", `{"pause":true,"resume":true}`, "pause and resume", ""},
		{"POST", "clock", `{"speed":-2}`, "speed -2", "positive"},
		{"POST", "clock", `{"speed":0}`, "speed 0", "positive"},
		{"POST", "quotas", `{"limit":5}`, `"family"`, "cores"},
		{"POST", "quotas", `{"family":"tulips","limit":5}`, `"tulips"`, "standarddsv3family"},
		{"GET", "requests?since=x", ``, `since="x"`, ""},
		{"GET", "requests?tokens=maybe", ``, `tokens="maybe"`, "true"},
		{"POST", "outside", `{"kind":"magic"}`, `"magic"`, "autoscaler"},
		{"POST", "outside", `{"kind":"delete"}`, `"id" is missing`, "state"},
		{"POST", "outside", `{"kind":"delete","id":"x","count":3}`, `"count"`, "it takes kind, id"},
		{"POST", "outside", `{"kind":"delete","id":"/subscriptions/x"}`, `no resource "/subscriptions/x"`, "state"},
		{"POST", "outside", `{"kind":"portal-edit",` + pool + `}`, `needs "merge"`, "patch"},
		{"POST", "outside", `{"kind":"autoscaler",` + pool + `}`, `needs "count"`, ""},
		{"POST", "outside", `{"kind":"autoscaler",` + pool + `,"count":2}`, "enableAutoScaling is false", "portal-edit"},
		{"POST", "outside", `{"kind":"auto-upgrade",` + pool + `}`, "agentPools", "managedClusters"},
		{"POST", "outside", `{"kind":"auto-upgrade","id":"` + cluster + `","version":"1.99.0"}`, "1.99.0", ""},
		{"POST", "outside", `{"kind":"node-image-upgrade",` + pool + `}`, "newest image", "nodeImageRelease"},
		{"POST", "outside", `{"kind":"node-loss",` + pool + `,"node":"nobody"}`, `"nobody"`, "vmss000000"},
		{"POST", "outside", `{"kind":"node-loss",` + pool + `,"state":"Tired"}`, `"Tired"`, "NotReady, Ready, Gone"},
		{"POST", "outside", `{"kind":"policy-tags","id":"here","tags":{}}`, `"here"`, "resource group"},
		{"POST", "resource", `{"id":"x"}`, `"merge"`, `"delete"`},
	} {
		m.controlRefused(c.method, c.path, c.body, c.want, c.out)
	}
}

// The faults that play with what was and what arrives: answers cut in the middle, and reads that lag behind a write.
func TestTruncatedAndStaleAnswers(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.control("POST", "faults", `{"method":"GET","pathRegex":"managedClusters/c1$","times":1,"truncate":true}`)
	req, err := http.NewRequest(http.MethodGet, m.s.URL()+cluster+"?api-version="+aksVersion, nil)
	if err != nil {
		t.Fatal(err)
	}
	bearer, err := token(m.cred)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := m.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err == nil || resp.StatusCode != 200 || len(raw) == 0 || int64(len(raw)) >= resp.ContentLength || json.Valid(raw) {
		t.Errorf("%d, %d of %d bytes, error %v", resp.StatusCode, len(raw), resp.ContentLength, err)
	}

	pool := cluster + "/agentPools/lag"
	m.control("POST", "faults", `{"method":"PUT","pathRegex":"agentPools/lag$","times":2,"staleGets":2}`)
	m.do(201, "PUT", pool, aksVersion, `{"properties":{"count":1,"vmSize":"Standard_D2s_v3"}}`)
	for range 2 {
		m.refused(404, "NotFound", "Could not find the agentpool: lag", "GET", pool, aksVersion, "")
	}
	m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.provisioningState", "Creating")
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2}}`)
	for range 2 {
		m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.count", 1.0)
	}
	m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.count", 2.0)
}

// Rules by who asks, with which header and which body; also at the sign-in.
func TestFaultSelectors(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	other := m.owner()
	m.control("POST", "faults", `[{"principal":"`+world.ClientA+`","method":"GET","status":500,"code":"OnlyA"},
	 {"headers":{"x-ms-correlation-request-id":"^4711"},"status":500,"code":"OnlyHeader"},{"bodyRegex":"\"eastus\"","status":500,"code":"OnlyBody"}]`)
	m.refused(500, "OnlyA", "", "GET", group, rgVersion, "")
	m.pipe = other
	m.do(200, "GET", group, rgVersion, "")
	m.refused(500, "OnlyHeader", "", "GET", group, rgVersion, "", "x-ms-correlation-request-id", "4711-x")
	m.refused(500, "OnlyBody", "", "PUT", group+"2", rgVersion, `{"location":"eastus"}`)
	m.do(201, "PUT", group+"2", rgVersion, `{"location":"westus2"}`)
	m.control("DELETE", "faults", "")
	m.control("POST", "faults", `{"principal":"`+world.ClientNobody+`","pathRegex":"token$","status":503,"code":"temporarily_unavailable"}`)
	if _, err := token(m.secret(world.TenantA, world.ClientNobody, world.SecretNobody)); err == nil {
		t.Error("the sign-in should have failed")
	}
	if _, err := token(m.secret(world.TenantA, world.ClientA, world.SecretA)); err != nil {
		t.Errorf("the rule is about somebody else: %v", err)
	}
}

func (m *sim) outside(kind, id, more string) {
	m.t.Helper()
	m.control("POST", "outside", `{"kind":"`+kind+`","id":"`+id+`"`+more+`}`)
}

// Azure Policy adds its tags to every later write; what is there stays as it is until it is remediated.
func TestPolicyTags(t *testing.T) {
	dir := t.TempDir()
	m := start(t, azuresim.Options{DataDir: dir})
	m.cluster()
	m.outside("policy-tags", sub, `,"tags":{"cost":"42","from":"subscription"}`)
	m.outside("policy-tags", group, `,"tags":{"from":"group"}`)
	if a := m.succeeded(cluster); a.Body["tags"] != nil {
		t.Errorf("a policy does not touch what is there: %v", a.Body["tags"])
	}
	a := m.do(200, "PUT", cluster, aksVersion, twoPools)
	m.wantEqual(a, "tags.cost", "42")
	m.wantEqual(a, "tags.from", "group")
	m.clock.Advance(time.Minute)
	m.do(200, "PATCH", cluster, aksVersion, `{"tags":{"from":"me","mine":"1"}}`)
	m.clock.Advance(time.Minute)
	a = m.succeeded(cluster)
	m.wantEqual(a, "tags.from", "group")
	m.wantEqual(a, "tags.mine", "1")
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"count":1}}`)
	m.wantEqual(m.do(201, "PUT", group+"2", rgVersion, `{"location":"eastus"}`), "tags.from", "subscription")
	m.outside("policy-tags", group, `,"tags":{"extra":"1"},"remediate":true`)
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "tags.extra", "1")
	m.wantEqual(m.do(200, "GET", group, rgVersion, ""), "tags.extra", "1")
	m.s.Close()
	m = start(t, azuresim.Options{DataDir: dir}) // policies outlive a restart
	m.wantEqual(m.do(200, "PUT", group+"2", rgVersion, `{"location":"eastus"}`), "tags.cost", "42")
	m.outside("policy-tags", group, `,"tags":{}`)
	m.outside("policy-tags", sub, `,"tags":{}`)
	if a := m.do(201, "PUT", group+"3", rgVersion, `{"location":"eastus"}`); a.Body["tags"] != nil {
		t.Errorf("policies that are gone still work: %v", a.Body["tags"])
	}
}

// An automatic upgrade is an operation like any other: it can be followed, and it keeps others out.
func TestAutoUpgrade(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.outside("auto-upgrade", cluster, "")
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Upgrading")
	m.refused(409, "OperationNotAllowed", "Another operation (Upgrading) is in progress", "PUT", cluster, aksVersion, twoPools)
	m.wantEqual(m.do(200, "GET", cluster+"/operations/latest", "2026-05-02-preview", ""), "status", "InProgress")
	m.controlRefused("POST", "outside", `{"kind":"auto-upgrade","id":"`+cluster+`"}`, "in progress")
	m.clock.Advance(time.Minute)
	a := m.succeeded(cluster)
	for _, path := range []string{"properties.kubernetesVersion", "properties.currentKubernetesVersion"} {
		m.wantEqual(a, path, "1.35.4")
	}
	m.wantEqual(m.succeeded(cluster+"/agentPools/user1"), "properties.currentOrchestratorVersion", "1.35.4")
	m.outside("auto-upgrade", cluster, `,"version":"1.36.0"`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster), "properties.currentKubernetesVersion", "1.36.0")

	m.control("PUT", "world", `{"nodeImageRelease":"202611.09.0"}`)
	pool := cluster + "/agentPools/sys"
	m.outside("node-image-upgrade", pool, "")
	m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.provisioningState", "UpgradingNodeImageVersion")
	m.refused(409, "OperationNotAllowed", "(sys - UpgradingNodeImageVersion)", "PUT", pool, aksVersion, `{"properties":{"count":3}}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(pool), "properties.nodeImageVersion", "AKSUbuntu-2204gen2containerd-202611.09.0")
	m.outside("node-image-upgrade", cluster, "")
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster+"/agentPools/user1"), "properties.nodeImageVersion", "AKSUbuntu-2204gen2containerd-202611.09.0")
}

// ready counts the nodes of the cluster whose kubelet answers.
func (m *sim) ready() int {
	m.t.Helper()
	list, err := m.kube().CoreV1().Nodes().List(m.t.Context(), metav1.ListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	ready := 0
	for _, n := range list.Items {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				ready++
			}
		}
	}
	return ready
}

// The autoscaler changes the count at once and within its limits; nodes get lost and come back.
func TestAutoscalerAndNodeLoss(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := cluster + "/agentPools/user1"
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":1,"enableAutoScaling":true,"minCount":1,"maxCount":4}}`)
	m.clock.Advance(time.Minute)
	etag := m.succeeded(pool).get("properties.eTag")
	m.outside("autoscaler", pool, `,"count":3`)
	a := m.succeeded(pool)
	m.wantEqual(a, "properties.count", 3.0)
	if a.get("properties.eTag") == etag || m.instances("user1") != "0,1,2" || len(m.nodes()) != 5 {
		t.Errorf("eTag %v, instances %s, nodes %v", a.get("properties.eTag"), m.instances("user1"), m.nodes())
	}
	m.controlRefused("POST", "outside", `{"kind":"autoscaler","id":"`+pool+`","count":5}`, "count 5", "1 to 4")
	m.outside("node-loss", pool, "")
	if got := m.ready(); got != 4 {
		t.Errorf("%d nodes are ready, want 4 of 5", got)
	}
	m.outside("node-loss", pool, `,"state":"Ready"`)
	m.outside("node-loss", cluster, `,"node":"`+m.scaleSet("sys")+`000000","state":"Gone"`)
	if got := m.ready(); got != 4 || len(m.nodes()) != 4 {
		t.Errorf("%d nodes are ready, there are %v", got, m.nodes())
	}
	m.wantEqual(m.succeeded(cluster+"/agentPools/sys"), "properties.count", 2.0) // the service still wants it
	m.outside("delete", pool, "")
	m.refused(404, "NotFound", "", "GET", pool, aksVersion, "")
	if got := m.ready(); got > 2 {
		t.Errorf("the nodes of a pool that is gone are still there: %v", m.nodes())
	}
	m.outside("delete", cluster, "")
	m.refused(404, "ResourceNotFound", "", "GET", cluster, aksVersion, "")
	m.refused(404, "ResourceGroupNotFound", "", "GET", nodeGroup, rgVersion, "")
}

func TestQuotasByHand(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.control("POST", "quotas", `[{"family":"cores","location":"westus2","limit":5}]`)
	m.group()
	a := m.do(201, "PUT", cluster, aksVersion, twoPools)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "error.code", "QuotaExceeded")
}

// An operation that takes longer than usual, and one that takes long and then fails.
func TestSlowOperation(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.control("POST", "faults", `{"method":"PUT","pathRegex":"managedClusters/c1$","times":1,"operationTakes":"3h","failOperation":{"code":"AllocationFailed","message":"no capacity"}}`)
	a := m.do(201, "PUT", cluster, aksVersion, twoPools)
	m.clock.Advance(179 * time.Minute)
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Creating")
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "error.code", "AllocationFailed")
}

// A claims challenge makes azcore ask for a new token and repeat the request.
func TestClaimsChallenge(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.control("POST", "faults", `{"method":"GET","times":1,"status":401,"code":"InvalidAuthenticationToken","responseHeaders":{"WWW-Authenticate":"Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\""}}`)
	m.do(200, "GET", group, rgVersion, "")
	statuses := []int{}
	for _, r := range m.s.Requests() {
		statuses = append(statuses, r.Status)
	}
	if len(statuses) != 3 || statuses[1] != 401 || statuses[2] != 200 {
		t.Errorf("%v", statuses)
	}
}
