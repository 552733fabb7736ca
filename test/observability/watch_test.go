package observability

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// watcher is a Prometheus that scrapes the manager and a kube-state-metrics, each with no more rights than config/observability gives.
type watcher struct{ url string }

// watch starts both; it skips the test where they are not there.
func watch(t *testing.T, p *sandboxtest.Plane) *watcher {
	t.Helper()
	prometheus, state := tool(t, "prometheus"), tool(t, "kube-state-metrics")
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ports := free(t, 3)
	kubeconfig := filepath.Join(dir, "kubeconfig")
	p.Kubectl(t, "apply", "-f", filepath.Join(folder, "kube-state-metrics", "role.yaml"), "-f", diagnosticsRoles)
	stateToken, scrapeToken := account(t, p, "kube-state-metrics", "capaks-kube-state-metrics"), account(t, p, "prometheus", metricsReader)
	config, err := clientcmd.LoadFromFile(p.Box.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &api.AuthInfo{Token: stateToken}
	}
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	settings, err := filepath.Abs(filepath.Join(folder, "kube-state-metrics", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, state, dir, "--kubeconfig="+kubeconfig, "--custom-resource-state-only=true", "--custom-resource-state-config-file="+settings,
		"--host=127.0.0.1", "--port="+ports[0], "--telemetry-host=127.0.0.1", "--telemetry-port="+ports[1])
	_, spec := alerts(t)
	write("alerts.yaml", spec)
	manager, err := url.Parse(p.Box.ManagerMetricsURL())
	if err != nil {
		t.Fatal(err)
	}
	file := write("prometheus.yaml", fmt.Appendf(nil, `global: {scrape_interval: 3s, scrape_timeout: 3s, evaluation_interval: 3s}
rule_files: [alerts.yaml]
scrape_configs:
- job_name: capaks-manager
  scheme: https
  tls_config: {insecure_skip_verify: true}
  authorization: {credentials_file: %s}
  static_configs: [{targets: [%q]}]
- job_name: kube-state-metrics
  honor_labels: true
  static_configs: [{targets: ["127.0.0.1:%s"]}]
`, write("token", []byte(scrapeToken)), manager.Host, ports[0]))
	run(t, prometheus, dir, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:"+ports[2], "--log.level=warn")
	w := &watcher{"http://127.0.0.1:" + ports[2]}
	w.finds(t, `up{job="capaks-manager"} == 1`)
	w.finds(t, `up{job="kube-state-metrics"} == 1`)
	return w
}

// account is the token of a service account with a ClusterRole.
func account(t *testing.T, p *sandboxtest.Plane, name, role string) string {
	t.Helper()
	p.Kubectl(t, "create", "serviceaccount", name, "--namespace=default")
	p.Kubectl(t, "create", "clusterrolebinding", "watch-"+name, "--clusterrole="+role, "--serviceaccount=default:"+name)
	return strings.TrimSpace(p.Kubectl(t, "create", "token", name, "--namespace=default"))
}

// free are ports that nobody listens on.
func free(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() //nolint:errcheck // all are taken before the first is given back
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports
}

// run starts a program that ends with the test; a failed test shows what it said.
func run(t *testing.T, program, dir string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, filepath.Base(program)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, args...) //nolint:noctx // it is killed below
	command.Stdout, command.Stderr, command.Dir = log, log, dir
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = log.Close()
		if raw, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s said\n%s", program, raw[max(0, len(raw)-3000):])
		}
	})
}

// sample is one result of a query.
type sample struct {
	Metric map[string]string
	Value  []any
}

// number is the value of a sample.
func (s sample) number() float64 {
	text, _ := s.Value[1].(string)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// query asks Prometheus for the value of an expression now. What Prometheus does not understand fails the test.
func (w *watcher) query(t *testing.T, expr string) []sample {
	t.Helper()
	var answer struct {
		Status, Error string
		Data          struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if !w.get(t, "/api/v1/query?query="+url.QueryEscape(expr), &answer) {
		return nil
	}
	if answer.Status != "success" {
		t.Fatalf("%s: %s", expr, answer.Error)
	}
	var samples []sample
	if err := json.Unmarshal(answer.Data.Result, &samples); err != nil {
		t.Fatalf("%s is a %s: %v", expr, answer.Data.ResultType, err)
	}
	return samples
}

// get is false where Prometheus does not answer yet.
func (w *watcher) get(t *testing.T, path string, into any) bool {
	t.Helper()
	client := http.Client{Timeout: 20 * time.Second}
	response, err := client.Get(w.url + path) //nolint:noctx // bounded by the client's timeout
	if err != nil {
		return false
	}
	defer response.Body.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode == http.StatusServiceUnavailable {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %s: %v", path, raw, err)
	}
	return true
}

// finds waits until a query has a result with a number in it, and answers the results.
func (w *watcher) finds(t *testing.T, exprs ...string) (found []sample) {
	t.Helper()
	sandboxtest.Until(t, limit, func() string {
		found = nil
		for _, expr := range exprs {
			for _, s := range w.query(t, expr) {
				if !math.IsNaN(s.number()) {
					found = append(found, s)
				}
			}
		}
		return sandboxtest.Unless(len(found) > 0, "nothing is found by %q", exprs)
	})
	return found
}

// limit is how long a query may stay without a result.
const limit = 2 * time.Minute
