package packaging

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const (
	story    = "replicas" // namespace, resource group and cluster
	service  = "Microsoft.ContainerService"
	lease    = 15 * time.Second // --leader-elect-lease-duration, as installed
	headroom = 15 * time.Second // of a busy machine
)

// TestAReplicaTakesOver kills the leader while Azure creates a cluster, and asks the next one to end while Azure scales a pool. The
// other one goes on each time, and asks for nothing a second time. All of it happens with the rights of an installation, and when it
// is over each of them was used.
func TestAReplicaTakesOver(t *testing.T) {
	t.Parallel()
	p := &plane{packaged(t)}
	install(t, p.Plane)
	second := startSecond(t, p)
	awaitLeader(t, 1, firstMetrics(p), second.metrics)

	p.refuses(t, "the leader")
	p.routeWebhooks(t, p.WebhookPort(t), second.webhooks)
	p.refuses(t, "the replica that does not lead")

	p.Kubectl(t, "create", "namespace", story)
	p.Apply(t, strings.NewReplacer("TENANT", sandboxtest.Tenant, "CLIENT", sandboxtest.Person, "SECRET", sandboxtest.PersonSecret, "SUBSCRIPTION", sandboxtest.Subscription).Replace(everything))
	cluster := "/subscriptions/" + sandboxtest.Subscription + "/resourceGroups/" + story + "/providers/" + service + "/managedClusters/" + story
	p.awaitWrite(t, cluster)
	killed := time.Now()
	p.Kill(t)
	awaitLeader(t, 0, second.metrics)
	took := time.Since(killed)
	t.Logf("after SIGKILL of the leader the other one led in %s", took.Round(100*time.Millisecond))
	if took > lease+headroom {
		t.Errorf("it took %s, and the lease lasts %s", took, lease)
	}
	if state := p.operation(t, cluster); state != "Creating" {
		t.Logf("the cluster is %s already: the machine is too busy for a takeover in the middle of its creation", state)
	}
	p.AwaitCondition(t, "azuremanagedcontrolplane", story, story, "Ready", "True")
	p.once(t, cluster)
	p.AwaitCondition(t, "cluster.cluster.x-k8s.io", story, story, "Available", "True")

	t.Logf("a manager of the image is ready %s after its start", started(t, p.Plane).Round(10*time.Millisecond))
	awaitLeader(t, 1, second.metrics, firstMetrics(p))
	second.guardsItsDiagnostics(t, p)
	p.tamper(t)

	since := p.Azure.Last(t)
	p.Patch(t, "machinepool.cluster.x-k8s.io", story, "system", `{"spec":{"replicas":2}}`)
	pool := cluster + "/agentPools/system"
	p.awaitWrite(t, pool, since)
	ended := time.Now()
	second.End(t, syscall.SIGTERM)
	p.routeWebhooks(t, second.webhooks, p.WebhookPort(t))
	awaitLeader(t, 0, firstMetrics(p))
	took = time.Since(ended)
	t.Logf("after SIGTERM of the leader the other one led in %s", took.Round(100*time.Millisecond))
	if took > lease {
		t.Errorf("it took %s: the lease was not given back", took)
	}
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		got := sandboxtest.TextAt(p.Get(t, "azuremanagedmachinepool", story, "system"), "status", "replicas")
		return sandboxtest.Unless(got == "2", "the pool has %s replicas", got)
	})
	p.once(t, pool, since)
	p.everyRightIsUsed(t)
	p.Kubectl(t, "delete", "cluster.cluster.x-k8s.io", story, "--namespace="+story, "--timeout=4m")
}

// plane adds what the story does to a sandbox.
type plane struct{ *sandboxtest.Plane }

// awaitWrite waits until Azure has taken a request that writes a resource.
func (p plane) awaitWrite(t *testing.T, id string, since ...int) {
	t.Helper()
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		return sandboxtest.Unless(len(p.writes(t, id, since...)) > 0, "Azure was not asked for %s", id)
	})
}

// once fails unless exactly one request wrote the resource.
func (p plane) once(t *testing.T, id string, since ...int) {
	t.Helper()
	if sent := p.writes(t, id, since...); len(sent) != 1 || !sent[0].Accepted() {
		t.Errorf("want one accepted write of %s, got %v", id, sent)
	}
}

func (p plane) writes(t *testing.T, id string, since ...int) []sandboxtest.Request {
	t.Helper()
	return p.Azure.Requests(t, append(since, 0)[0], sandboxtest.Request.Write, func(r sandboxtest.Request) bool { return r.To(id) })
}

// operation is what Azure does with a resource.
func (p plane) operation(t *testing.T, id string) string {
	t.Helper()
	for _, r := range p.Azure.State(t).Resources {
		if strings.EqualFold(r.ID, id) {
			return r.ProvisioningState
		}
	}
	return "missing"
}

// refuses waits until a webhook of ours answers: the API server learns of a changed configuration a moment later.
func (p plane) refuses(t *testing.T, who string) {
	t.Helper()
	const bad = `{"apiVersion": "infrastructure.cluster.x-k8s.io/v1beta1", "kind": "AzureClusterIdentity", "metadata": {"name": "bad", "namespace": "default"},
		"spec": {"type": "ServicePrincipal", "tenantID": "` + sandboxtest.Tenant + `", "clientID": "` + sandboxtest.Person + `"}}`
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		out, err := applyServerSide(t, p.Plane, bad, "--dry-run=server")
		return sandboxtest.Unless(err != nil && strings.Contains(err.Error(), "needs a password"), "%s does not refuse an identity without a password: %s %v", who, out, err)
	})
}

// routeWebhooks does what the endpoints of the Service do in a cluster: the API server asks those replicas that are ready.
func (p plane) routeWebhooks(t *testing.T, from, to string) {
	t.Helper()
	for _, kind := range []string{"mutating", "validating"} {
		raw := p.Kubectl(t, "get", kind+"webhookconfiguration", kind+"-webhook-configuration", "--output=json")
		file := filepath.Join(t.TempDir(), "configuration.json")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(raw, "https://127.0.0.1:"+from+"/", "https://127.0.0.1:"+to+"/")), 0o600); err != nil {
			t.Fatal(err)
		}
		p.Kubectl(t, "replace", "-f", file)
	}
}

// replica is a second manager, with the token of the service account that the components name.
type replica struct {
	*sandboxtest.Manager
	webhooks, diagnostics string
	token                 string // of somebody who may read the diagnostics
}

func startSecond(t *testing.T, p *plane) *replica {
	t.Helper()
	r := &replica{webhooks: strings.TrimPrefix(sandboxtest.FreeAddress(t), "127.0.0.1:"), diagnostics: sandboxtest.FreeAddress(t)}
	r.token = p.reader(t, "scraper", "capaks-metrics-reader", "capaks-diagnostics")
	config := object{
		"apiVersion": "v1", "kind": "Config", "current-context": "pod",
		"clusters": []object{{"name": "pod", "cluster": object{
			"server":                     p.Box.APIServerURL(),
			"certificate-authority-data": strings.TrimSpace(p.Kubectl(t, "config", "view", "--raw", "--output=jsonpath={.clusters[0].cluster.certificate-authority-data}")),
		}}},
		"contexts": []object{{"name": "pod", "context": object{"cluster": "pod", "user": "pod"}}},
		"users":    []object{{"name": "pod", "user": object{"token": strings.TrimSpace(p.Kubectl(t, "create", "token", "capaks-manager", "--namespace="+namespace))}}},
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	r.Manager = p.StartManager(t, r.webhooks, "--kubeconfig="+file, "--leader-elect", "--leader-election-namespace="+namespace,
		"--diagnostics-address="+r.diagnostics, "--fleet-interval=2s", "--throttle-factor=100")
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		_, body, err := get("http://"+r.Health+"/readyz", "")
		return sandboxtest.Unless(err == nil && body == "ok", "the second manager is not ready: %v %s", err, body)
	})
	return r
}

// reader is the token of a service account with cluster roles.
func (p plane) reader(t *testing.T, name string, roles ...string) string {
	t.Helper()
	p.Kubectl(t, "create", "serviceaccount", name, "--namespace=default")
	for _, role := range roles {
		p.Kubectl(t, "create", "clusterrolebinding", name+"-"+role, "--clusterrole="+role, "--serviceaccount=default:"+name)
	}
	return strings.TrimSpace(p.Kubectl(t, "create", "token", name, "--namespace=default"))
}

func (r *replica) metrics() (int, string, error) {
	return get("https://"+r.diagnostics+"/metrics", r.token)
}

func firstMetrics(p *plane) func() (int, string, error) {
	return func() (int, string, error) { return get(p.Box.ManagerMetricsURL(), "") }
}

// awaitLeader waits until the metrics say who leads: the first of all, and none of the others; with others = 0 there is only one.
func awaitLeader(t *testing.T, others int, metrics ...func() (int, string, error)) {
	t.Helper()
	for i, ask := range metrics[:others+1] {
		want := `leader_election_master_status{name="controller-leader-election-capaks"} ` + map[bool]string{true: "1", false: "0"}[i == 0]
		sandboxtest.Until(t, sandboxtest.Limit, func() string {
			_, body, err := ask()
			return sandboxtest.Unless(err == nil && strings.Contains(body, want), "metrics of manager %d lack %q (%v)", i, want, err)
		})
	}
}

// guardsItsDiagnostics: metrics, profiles and the log level are there for those who may have them, and for nobody else.
func (r *replica) guardsItsDiagnostics(t *testing.T, p *plane) {
	t.Helper()
	stranger := p.reader(t, "stranger")
	scraper := p.reader(t, "scraper-only", "capaks-metrics-reader")
	for _, c := range []struct {
		path, token string
		want        int
		body        string
	}{
		{"/metrics", "", http.StatusUnauthorized, "token"},
		{"/metrics", "nonsense", http.StatusUnauthorized, "not valid"},
		{"/metrics", stranger, http.StatusForbidden, "system:serviceaccount:default:stranger may not get /metrics"},
		{"/metrics", scraper, http.StatusOK, "capaks_"},
		{"/debug/pprof/heap?debug=1", scraper, http.StatusForbidden, "may not get /debug/pprof/heap"},
		{"/debug/pprof/heap?debug=1", r.token, http.StatusOK, "heap profile"},
		{"/debug/flags/v", r.token, http.StatusForbidden, "may not get /debug/flags/v"},
	} {
		status, body, err := get("https://"+r.diagnostics+c.path, c.token)
		if err != nil || status != c.want || !strings.Contains(body, c.body) {
			t.Errorf("GET %s: %d %.200s (%v), want %d with %q", c.path, status, body, err, c.want, c.body)
		}
	}
	for level, want := range map[string]int{"3": http.StatusOK, "loud": http.StatusBadRequest} {
		if status, body, err := call(http.MethodPut, "https://"+r.diagnostics+"/debug/flags/v", r.token, level); err != nil || status != want {
			t.Errorf("PUT /debug/flags/v %s: %d %s (%v), want %d", level, status, body, err, want)
		}
	}
}

// The second manager's certificate for its diagnostics is one it made for itself, as in a cluster.
var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // see above

func get(url, token string) (int, string, error) { return call(http.MethodGet, url, token, "") }

func call(method, url, token, body string) (int, string, error) {
	r, err := http.NewRequest(method, url, strings.NewReader(body)) //nolint:noctx // bounded by the client's timeout
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(response.Body)
	return response.StatusCode, string(raw), err
}

// tamper changes what the manager stores beside its objects, so that it has to put it right.
func (p plane) tamper(t *testing.T) {
	t.Helper()
	p.Patch(t, "secret", story, story+"-kubeconfig", `{"data":{"value":null}}`)
	p.Patch(t, "configmap", story, story+"-aso-oidc-issuer-profile", `{"data":{"oidc-issuer-profile-url":"https://somewhere.example.com"}}`)
	p.Patch(t, "azuremanagedcontrolplane", story, story, `{"metadata":{"annotations":{"example.com/look":"again"}}}`)
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		stored := sandboxtest.TextAt(p.Get(t, "secret", story, story+"-kubeconfig"), "data", "value")
		url := sandboxtest.TextAt(p.Get(t, "configmap", story, story+"-aso-oidc-issuer-profile"), "data", "oidc-issuer-profile-url")
		return sandboxtest.Unless(stored != "" && !strings.Contains(url, "somewhere"), "the kubeconfig has %d bytes, the issuer is %s", len(stored), url)
	})
}
