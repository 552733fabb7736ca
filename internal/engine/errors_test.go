package engine_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/azuresim"
	simarm "github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

func (r *rig) fault(f azuresim.Fault) {
	r.t.Helper()
	if err := r.azure.AddFaults(f); err != nil {
		r.t.Fatal(err)
	}
}

// until steps, advancing the clock, until a report is what is looked for.
func (r *rig) until(what string, found func(engine.Report) bool) engine.Report {
	r.t.Helper()
	for range 200 {
		report := r.step()
		if found(report) {
			return report
		}
		if report.Requeue == 0 {
			r.t.Fatalf("%s: nothing to wait for: hold %+v, error %+v", what, report.Hold, report.Error)
		}
		r.clock.Advance(report.Requeue)
	}
	r.t.Fatalf("%s does not happen in 200 steps", what)
	return engine.Report{}
}

func TestPausesBetweenFailedOperationsGrow(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.fault(azuresim.Fault{Method: "PUT", PathRegex: "agentPools/pool1$", Times: 4,
		FailOperation: &simarm.OperationError{Code: "AllocationFailed", Message: "Allocation failed."}})
	r.in.Pools[1].SpecChanged = true
	*r.in.Pools[1].Replicas = 4
	id := strings.ToLower(aks.AgentPoolID(aks.NamesOf(r.in).ClusterID, "pool1"))
	for attempt, pause := range []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute} {
		report := r.until("the failure", func(report engine.Report) bool { return len(report.Failed) > 0 })
		failure := report.Failures[id]
		if got := failure.RetryAt.Sub(r.clock.Now()); got != pause || failure.Attempts != attempt+1 {
			t.Errorf("attempt %d: number %d with a pause of %s, want %s", attempt+1, failure.Attempts, got, pause)
		}
	}
	r.in.Pools[1].SpecChanged = false
	if report := r.settle(); len(report.Failures) > 0 || len(report.ProviderIDs["pool1"]) != 4 {
		t.Errorf("after a success: failures %v, instances %v", report.Failures, report.ProviderIDs)
	}
}

func TestAProblemThatLastsKeepsItsCorrelationID(t *testing.T) {
	r := newRig(t)
	r.fault(azuresim.Fault{Method: "PUT", PathRegex: "resourceGroups/[^/]+$", Status: 409, Code: "Conflict", Message: "Not now."})
	var ids []string
	for range 3 {
		report := r.step()
		if report.Error == nil {
			t.Fatalf("no error: %+v", report.Hold)
		}
		ids = append(ids, report.Error.CorrelationID)
		r.clock.Advance(report.Requeue)
	}
	if ids[0] == "" || ids[1] != ids[0] || ids[2] != ids[0] {
		t.Errorf("correlation ids %v, want the first one each time", ids)
	}
	puts := len(r.requests(0, true))
	if puts != 3 {
		t.Errorf("%d attempts, want 3: a problem that keeps its text is still tried again", puts)
	}
}

// Azure says "not found" of a whole subscription when the identity lost its last role in it.
func TestALostSubscriptionIsNotAnAbsentCluster(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.events = nil
	r.restart()
	r.fault(azuresim.Fault{PathRegex: "^/subscriptions/", Status: 404, Code: "SubscriptionNotFound", Message: "The subscription could not be found."})
	r.in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	report := r.step()
	if report.Done || report.Error == nil || report.Error.Diagnosis.Reason != "SubscriptionNotFound" {
		t.Fatalf("done %v, error %+v, want SubscriptionNotFound", report.Done, report.Error)
	}
	r.azure.ClearFaults()
	r.clock.Advance(report.Requeue)
	r.settle()
	r.wantEvents("Delete managedCluster my-cluster", "Delete resourceGroup foo-bar")
}
