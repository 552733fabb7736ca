package controller

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// series are what a collector shows now, by name and labels.
func series(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, m := range family.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetValue())
			}
			name := strings.TrimPrefix(family.GetName(), "capaks_") + " " + strings.Join(labels, ",")
			switch {
			case m.Gauge != nil:
				all[name] = m.Gauge.GetValue()
			case m.Counter != nil:
				all[name] = m.Counter.GetValue()
			case m.Histogram != nil:
				all[name], all[name+" sum"] = float64(m.Histogram.GetSampleCount()), m.Histogram.GetSampleSum()
			}
		}
	}
	return all
}

// What runs and what differs is summed up over all clusters, and forgotten with them.
func TestFiguresOfClusters(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	f := &figures{now: func() time.Time { return now }, clusters: map[string]clusterFigure{}}
	running := func(kind string, since time.Duration) outcome {
		return outcome{ran: true, report: engine.Report{Operation: &aks.Operation{Kind: kind, Resource: aks.KindManagedCluster, Started: now.Add(-since)}}}
	}
	differing := outcome{ran: true, report: engine.Report{Pending: []plan.Action{{Changes: []plan.Change{{Why: plan.WhyDrift}, {Why: plan.WhyContested}, {Why: plan.WhyContested}}}}}}
	f.note("a", running("creating managedCluster a", time.Minute))
	f.note("b", running("creating managedCluster b", 2*time.Minute))
	f.note("c", running("upgrading the node image of agentPool c", time.Second))
	f.note("d", differing)
	now = now.Add(10 * time.Second)
	f.note("d", differing)
	got := series(t, f)
	for name, want := range map[string]float64{
		"operations_in_flight creating,managedCluster": 2, "operation_longest_seconds creating,managedCluster": 130,
		"operations_in_flight upgrading,managedCluster": 1,
		"differing_fields contested":                    2, "differing_longest_seconds contested": 10, "differing_fields drift": 1, "differing_fields change": 0,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v; there are %v", name, got[name], want, got)
		}
	}
	for _, owner := range []string{"a", "b", "c", "d"} {
		f.forget(owner)
	}
	if got := series(t, f); len(got) != 6 || got["differing_fields contested"] != 0 {
		t.Errorf("of nothing is left %v", got)
	}
}

// A change that is made while an operation runs is on its way; one that was held up before still is.
func TestWhatWaitsForAnOperationDoesNotDiffer(t *testing.T) {
	f := &figures{now: time.Now, clusters: map[string]clusterFigure{}}
	o := outcome{ran: true, report: engine.Report{Operation: &aks.Operation{Kind: "updating agentPool p", Started: time.Now()},
		Pending: []plan.Action{{Changes: []plan.Change{{Why: plan.WhyChange}}}}}}
	f.note("a", o)
	if got := series(t, f); got["differing_fields change"] != 0 {
		t.Errorf("%v", got)
	}
	held := o
	held.report.Operation = nil
	f.note("a", held)
	f.note("a", o)
	if got := series(t, f); got["differing_fields change"] != 1 {
		t.Errorf("%v", got)
	}
}

// Overhead runs from Azure's own end of an operation to what follows, once.
func TestOverhead(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	f := &figures{now: func() time.Time { return now }, clusters: map[string]clusterFigure{}}
	before := series(t, overheadSeconds)
	ended := outcome{ran: true, report: engine.Report{Finished: []engine.Finished{{Result: "Succeeded", At: now.Add(-2 * time.Second)}}}}
	f.note("a", ended)
	now = now.Add(time.Second)
	f.synced("a")
	f.synced("a") // nothing has ended since
	ended.report.Sent = []engine.Sent{{}}
	ended.report.Finished[0].At = now.Add(-time.Second)
	f.note("a", ended)
	f.synced("a")
	f.synced("unknown")
	// What a person does an hour later follows from nothing that ended.
	ended.report.Sent, ended.report.Hold = nil, &plan.Action{}
	f.note("a", ended)
	now = now.Add(time.Hour)
	f.note("a", outcome{ran: true, report: engine.Report{Sent: []engine.Sent{{}}}})
	failed := outcome{ran: true, report: engine.Report{Done: true, Finished: []engine.Finished{{Result: "Failed", At: now}}}}
	f.note("a", failed)
	f.synced("a")
	after := series(t, overheadSeconds)
	for name, want := range map[string]float64{"overhead_seconds synced": 1, "overhead_seconds synced sum": 3, "overhead_seconds request": 1, "overhead_seconds request sum": 1} {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s grew by %v, want %v", name, got, want)
		}
	}
}

func TestStepsAreCounted(t *testing.T) {
	pool := &v1beta1.AzureManagedMachinePool{}
	aks.Rotation{Name: "new", Replaces: []string{"old"}}.Annotate(pool)
	a := &aggregate{pools: []poolObjects{{pool: pool}}}
	wrote, fields, took := series(t, writes), series(t, writtenFields), series(t, operationSeconds)
	countStep(a, outcome{ran: true, report: engine.Report{
		Sent: []engine.Sent{
			{Action: plan.Action{Verb: plan.Create, Kind: aks.KindAgentPool, Name: "new"}}, {Action: plan.Action{Verb: plan.Delete, Kind: aks.KindAgentPool, Name: "old"}},
			{Action: plan.Action{Verb: plan.Update, Kind: aks.KindManagedCluster, Changes: []plan.Change{{Why: plan.WhyDrift}, {Why: plan.WhyDrift}}}}},
		Aborted:  &engine.Abort{Kind: aks.KindAgentPool},
		Finished: []engine.Finished{{Description: "aborting: updating agentPool new", Kind: aks.KindAgentPool, Result: "Canceled", Took: time.Minute}},
	}})
	for name, want := range map[string]float64{"writes_total rotation,agentPool": 2, "writes_total drift,managedCluster": 1, "writes_total abort,agentPool": 1} {
		if got := series(t, writes)[name] - wrote[name]; got != want {
			t.Errorf("%s grew by %v, want %v", name, got, want)
		}
	}
	if got := series(t, writtenFields)["written_fields_total managedCluster,drift"] - fields["written_fields_total managedCluster,drift"]; got != 2 {
		t.Errorf("%v fields", got)
	}
	const name = "operation_duration_seconds aborting,agentPool,Canceled"
	if got := series(t, operationSeconds)[name] - took[name]; got != 1 {
		t.Errorf("%s: %v of %v", name, got, series(t, operationSeconds))
	}
}

func TestExpiryIsShownWhereItIsKnown(t *testing.T) {
	setExpiry("ns/a", time.Unix(77, 0))
	if got := series(t, credentialsExpiry)["credentials_expiry_timestamp_seconds ns/a"]; got != 77 {
		t.Errorf("%v", got)
	}
	setExpiry("ns/a", time.Time{})
	if got, there := series(t, credentialsExpiry)["credentials_expiry_timestamp_seconds ns/a"]; there {
		t.Errorf("%v", got)
	}
}
