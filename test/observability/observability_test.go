package observability

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestObservability lets a few clusters live and then looks at them in every way there is.
func TestObservability(t *testing.T) {
	traces := newCollector(t)
	t.Cleanup(traces.Close)
	p := observed(t, traces)
	var w *watcher
	t.Run("watch", func(t *testing.T) { tool(t, "prometheus"); tool(t, "kube-state-metrics"); w = &watcher{} })
	if w != nil {
		w = watch(t, p)
	}
	live(t, p, func(series string) {
		if w != nil {
			w.finds(t, series)
		}
	})
	t.Run("metrics are documented", func(t *testing.T) { documented(t, p) })
	t.Run("dashboards", func(t *testing.T) { needs(t, w); dashboardsFind(t, w) })
	t.Run("alerts", func(t *testing.T) { needs(t, w); alertsFind(t, w) })
	t.Run("columns", func(t *testing.T) { columns(t, p) })
	t.Run("owners", func(t *testing.T) { owners(t, p) })
	t.Run("events", func(t *testing.T) { events(t, p) })
	t.Run("traces", func(t *testing.T) { traced(t, p, traces) })
}

func needs(t *testing.T, w *watcher) {
	t.Helper()
	if w == nil {
		t.Skip("no Prometheus and kube-state-metrics here: make observability-tools")
	}
}

// dashboardsFind runs every query of every dashboard, those about one cluster for one that is well and one that is being made.
func dashboardsFind(t *testing.T, w *watcher) {
	for _, q := range queries(t) {
		var exprs []string
		for _, name := range []string{"steady", "building"} {
			expr := strings.NewReplacer("$__rate_interval", "5m", "$namespace", name, "$cluster", name).Replace(q.expr)
			if !slices.Contains(exprs, expr) {
				exprs = append(exprs, expr)
			}
		}
		found := w.finds(t, exprs...)
		t.Logf("%s / %s: %d, such as %s", q.dashboard, q.panel, len(found), text(found[0]))
	}
}

var selector = regexp.MustCompile(`\b(?:capi|capaks|controller_runtime)_[a-z_]+(?:\{[^}]*\})?`)

// alertsFind asks for all that alerts look at: an alert about series that never are would be silent for ever. And Prometheus has no
// objection to any of them.
func alertsFind(t *testing.T, w *watcher) {
	all, _ := alerts(t)
	asked := map[string]bool{}
	for _, r := range all {
		found := selector.FindAllString(r.Expr, -1)
		if len(found) == 0 {
			t.Errorf("%s looks at nothing", r.Alert)
		}
		for _, series := range found {
			if !asked[series] {
				asked[series] = true
				w.finds(t, series)
			}
		}
	}
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError, State string }
			}
		}
	}
	sandboxtest.Until(t, limit, func() string {
		if !w.get(t, "/api/v1/rules", &answer) {
			return "Prometheus does not answer"
		}
		n := 0
		for _, group := range answer.Data.Groups {
			for _, r := range group.Rules {
				if r.Health == "err" {
					t.Fatalf("%s: %s", r.Name, r.LastError)
				}
				if r.Health == "ok" {
					n++
				}
			}
		}
		return sandboxtest.Unless(n == len(all), "%d of %d alerts were looked at", n, len(all))
	})
	for _, group := range answer.Data.Groups {
		for _, r := range group.Rules {
			t.Logf("%s: %s", r.Name, r.State)
		}
	}
}

func text(s sample) string {
	var labels []string
	for name, value := range s.Metric {
		if name != "uid" && name != "instance" && name != "job" && !strings.HasPrefix(name, "customresource_") {
			labels = append(labels, fmt.Sprintf("%s=%q", name, value))
		}
	}
	slices.Sort(labels)
	return fmt.Sprintf("{%s} %.4g", strings.Join(labels, ", "), s.number())
}

// columns are what a person sees first.
func columns(t *testing.T, p *sandboxtest.Plane) {
	for kind, want := range map[string]string{
		"azuremanagedcontrolplanes": "NAME CLUSTER READY AVAILABLE DESIRED VERSION STATE OPERATION % ELAPSED PAUSED AGE REASON MESSAGE LOCATION TIER CHANNEL RESOURCE ID",
		"azuremanagedmachinepools":  "NAME CLUSTER MODE SKU DESIRED CURRENT READY VERSION STATE % ELAPSED AGE OPERATION PAUSED MESSAGE RESOURCE ID",
		"azuremanagedclusters":      "NAME CLUSTER READY PROVISIONED ENDPOINT PAUSED AGE MESSAGE",
		"azureclusteridentities":    "NAME TYPE VALID REASON CLIENT ID TENANT ID AGE",
	} {
		namespace := map[bool]string{true: "signed", false: "steady"}[kind == "azureclusteridentities"]
		out := p.Kubectl(t, "get", kind, "--namespace="+namespace, "--output=wide")
		header, _, _ := strings.Cut(out, "\n")
		if got := strings.Join(strings.Fields(header), " "); got != want {
			t.Errorf("%s has the columns\n%s, want\n%s", kind, got, want)
		}
		t.Logf("\n%s", out)
	}
}

// owners: clusterctl describe, the visualizer and Headlamp follow owners, labels and conditions.
func owners(t *testing.T, p *sandboxtest.Plane) {
	const core = "cluster.x-k8s.io/v1beta2"
	for _, o := range []struct{ kind, name, ownerKind, owner, ownerResource, controller string }{
		{"azuremanagedcontrolplane", "steady", "Cluster", "steady", "cluster.cluster.x-k8s.io", ""}, // Cluster API makes a Cluster an owner, not a controller
		{"azuremanagedcluster", "steady", "Cluster", "steady", "cluster.cluster.x-k8s.io", ""},
		{"azuremanagedmachinepool", "steady0", "MachinePool", "steady0", "machinepool.cluster.x-k8s.io", "true"},
	} {
		object := p.Get(t, o.kind, "steady", o.name)
		owners, _ := sandboxtest.At(object, "metadata", "ownerReferences").([]any)
		uid := sandboxtest.TextAt(p.Get(t, o.ownerResource, "steady", o.owner), "metadata", "uid")
		if !slices.ContainsFunc(owners, func(owner any) bool {
			return sandboxtest.TextAt(owner, "kind") == o.ownerKind && sandboxtest.TextAt(owner, "name") == o.owner && sandboxtest.TextAt(owner, "apiVersion") == core &&
				sandboxtest.TextAt(owner, "uid") == uid && sandboxtest.TextAt(owner, "controller") == o.controller
		}) {
			t.Errorf("%s %s is owned by %v", o.kind, o.name, owners)
		}
		if label := sandboxtest.TextAt(object, "metadata", "labels", "cluster.x-k8s.io/cluster-name"); label != "steady" {
			t.Errorf("%s %s has the cluster-name %q", o.kind, o.name, label)
		}
		conditions, _ := sandboxtest.At(object, "status", "conditions").([]any)
		types := map[string]bool{}
		for _, c := range conditions {
			types[sandboxtest.TextAt(c, "type")] = true
			for _, field := range []string{"type", "status", "reason", "lastTransitionTime"} {
				if sandboxtest.TextAt(c, field) == "" {
					t.Errorf("%s %s: a condition without %s: %v", o.kind, o.name, field, c)
				}
			}
		}
		if !types["Ready"] || !types["Paused"] {
			t.Errorf("%s %s has the conditions %v", o.kind, o.name, types)
		}
	}
}

// events: each write with its difference, each wait with its blocker, each end with its duration; none twice.
func events(t *testing.T, p *sandboxtest.Plane) {
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		log := told(t, p, "steady")
		for _, want := range []string{
			`Normal steady Creating: Create managedCluster steady`,
			`Normal steady Succeeded: creating managedCluster steady took `,
			`tags.team "red" -> "blue" (drift)`,
			`Normal steady1 Updating: Update agentPool steady1: count 1 -> 2`,
			`Warning steady1 SubnetIsFull: SubnetIsFull: Subnet is full.`,
			`; updating agentPool steady1 ended Failed after `,
			`managedCluster steady (tags.during) waits for updating agentPool steady2`,
		} {
			if strings.Count(log, want) != 1 {
				return fmt.Sprintf("%q is told %d times in\n%s", want, strings.Count(log, want), log)
			}
		}
		return ""
	})
	t.Logf("\n%s", told(t, p, "steady"))
}

// traced: a request to Azure is inside of the look at the cluster it was made for, and log lines name trace, reconcile and correlation id.
func traced(t *testing.T, p *sandboxtest.Plane, traces *collector) {
	var look, call, try span
	sandboxtest.Until(t, sandboxtest.Limit, func() string {
		var found bool
		try, call, look, found = traces.chain("PUT managedClusters", "steady")
		return sandboxtest.Unless(found, "no such trace among %d spans", len(traces.spans))
	})
	if !traces.by["capaks-manager"] {
		t.Errorf("traces come from %v", traces.by)
	}
	correlation, reconcile := look.attribute("azure.correlation.id"), look.attribute("capaks.reconcile_id")
	if look.ParentSpanID != "" || look.TraceID != try.TraceID || correlation == "" || reconcile == "" || call.attribute("azure.correlation.id") != correlation || try.Kind != 3 {
		t.Errorf("%+v\n%+v\n%+v", look, call, try)
	}
	log, err := p.Box.Logs(sandbox.Manager)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"sent to Azure"`) && strings.Contains(line, correlation) {
			if !strings.Contains(line, "reconcileID=\""+reconcile) || !strings.Contains(line, look.TraceID) {
				t.Errorf("the log line does not name reconcile %s and trace %s: %s", reconcile, look.TraceID, line)
			}
			return
		}
	}
	t.Errorf("no log line names the correlation id %s", correlation)
}
