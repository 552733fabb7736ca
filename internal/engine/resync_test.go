package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	simarm "github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

// What no listing shows is read again after a while; until then nobody asks for it.
func TestDriftBesideTheCluster(t *testing.T) {
	r := beside(t)
	r.declare()
	r.in.ControlPlane.Spec.FleetsMember.Group = "blue"
	r.settle()
	r.in.SpecChanged, r.events = false, nil
	member, _, _, _ := r.ids()
	r.put(member, aks.FleetAPIVersion, map[string]any{"properties": map[string]any{"clusterResourceId": aks.NamesOf(r.in).ClusterID, "group": "red"}})
	r.clock.Advance(time.Minute)

	seen := len(r.azure.Requests())
	r.settle()
	if asked := r.requests(seen, false); len(asked) > 0 {
		t.Errorf("within the period it asked %v", asked)
	}
	r.clock.Advance(engine.DefaultResync)
	r.settle()
	r.wantEvents("Update fleetMember my-cluster")
	document, err := r.client.Get(t.Context(), member, aks.FleetAPIVersion)
	if err != nil {
		t.Fatal(err)
	}
	if properties, _ := document.Body["properties"].(map[string]any); properties["group"] != "blue" {
		t.Errorf("the group is %v", properties["group"])
	}
	r.noClientErrors()
}

// A look at everything would forget who began the operation that runs, and with that why it fails.
func TestNoResyncDuringAnOperation(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.fault(azuresim.Fault{Method: "PUT", PathRegex: "agentPools/pool1$", Times: 1,
		FailOperation: &simarm.OperationError{Code: "AllocationFailed", Message: "Allocation failed."}})
	*r.in.Pools[1].Replicas = 4
	report := r.until("the operation", func(report engine.Report) bool { return report.Operation != nil })
	request := report.Operation.CorrelationID
	if request == "" {
		t.Fatal("the operation has no correlation id")
	}
	r.clock.Advance(engine.DefaultResync + time.Minute)
	report = r.until("the failure", func(report engine.Report) bool { return len(report.Failures) > 0 })
	failure := report.Failures[strings.ToLower(aks.AgentPoolID(aks.NamesOf(r.in).ClusterID, "pool1"))]
	if failure.Error.Code != "AllocationFailed" || failure.Error.CorrelationID != request {
		t.Errorf("failure %+v, want that of request %s", failure.Error, request)
	}
}
