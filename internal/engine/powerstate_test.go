package engine_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/internal/aks"
)

func TestStopAndStart(t *testing.T) {
	r := running(t)
	spec := &r.in.ControlPlane.Spec
	n := len(r.azure.Requests())
	spec.PowerState = "Stopped"
	report := r.settle()
	if !report.Facts.Stopped() || !slices.ContainsFunc(r.writes(n), func(s string) bool { return strings.Contains(s, "/stop?") }) {
		t.Fatalf("stopped %v, sent %v", report.Facts.Stopped(), r.writes(n))
	}
	r.notice()
	n = len(r.azure.Requests())
	if report = r.settle(); len(r.requests(n, true)) > 0 {
		t.Errorf("a stopped cluster got %v", r.requests(n, true))
	}

	spec.Version, spec.AdditionalTags = "v1.35.1", map[string]string{"team": "a"}
	*r.in.Pools[1].Replicas = 4
	r.restart()
	for range 3 {
		report = r.step()
	}
	for _, request := range r.requests(n, true) {
		if strings.Contains(request, "/managedClusters/") {
			t.Errorf("a stopped cluster got %s", request)
		}
	}
	if report.Hold == nil || report.Hold.Reason != aks.ReasonStopped || !strings.Contains(report.Hold.Message, "until spec.powerState of the control plane is Running") {
		t.Errorf("hold %+v", report.Hold)
	}

	r.events = nil
	spec.PowerState = "Running"
	for i := range r.in.Pools {
		r.in.Pools[i].Version = "v1.35.1"
	}
	if report = r.settle(); report.Facts.Stopped() || len(report.ProviderIDs["pool0"]) != 2 || len(report.ProviderIDs["pool1"]) != 4 {
		t.Errorf("after the start: stopped %v, instances %v", report.Facts.Stopped(), report.ProviderIDs)
	}
	if len(r.events) == 0 || r.events[0] != "Call managedCluster my-cluster" {
		t.Errorf("requests %v, want the start first", r.events)
	}
	r.noClientErrors()
}

func TestClusterThatIsDeclaredStopped(t *testing.T) {
	r := newRig(t)
	r.in.ControlPlane.Spec.PowerState = "Stopped"
	report := r.settle()
	if !report.Facts.Stopped() || r.etag == "" {
		t.Errorf("stopped %v, credentials %q: wanted both", report.Facts.Stopped(), r.etag)
	}
	r.wantEvents("Create resourceGroup foo-bar", "Create virtualNetwork my-cluster", "Create managedCluster my-cluster", "Call managedCluster my-cluster")
	r.in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	r.settle()
	r.wantEvents("Delete managedCluster my-cluster", "Delete resourceGroup foo-bar")
	r.noClientErrors()
}

func TestStoppedPoolKeepsItsCount(t *testing.T) {
	r := running(t)
	r.in.Pools[1].Object.Spec.PowerState = "Stopped"
	report := r.settle()
	facts, _ := report.Facts.Pool("pool1")
	if !facts.Stopped() {
		t.Fatalf("pool %+v", facts)
	}
	r.wantEvents("Update agentPool pool1")
	*r.in.Pools[1].Replicas = 4
	r.settle()
	r.wantEvents()
	r.in.Pools[1].Object.Spec.PowerState = "Running"
	if report = r.settle(); len(report.ProviderIDs["pool1"]) != 4 {
		t.Errorf("instances after the start: %v", report.ProviderIDs)
	}
	r.noClientErrors()
}
