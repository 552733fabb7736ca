package controller

import (
	"strings"
	"testing"

	"k8s.io/client-go/tools/events"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

func TestWaiting(t *testing.T) {
	ours := &aks.Operation{Kind: "updating managedCluster c", CorrelationID: "x"}
	found := &aks.Operation{Kind: "updating managedCluster c"}
	pending := []plan.Action{{Verb: plan.Wait, Kind: aks.KindAgentPool, Name: "p", Changes: []plan.Change{{Path: "properties.count", Why: plan.WhyChange}, {Path: "tags.a", Why: plan.WhyContested}}}}
	throttled := &engine.Problem{AzureError: aks.AzureError{Code: "Throttled", Message: "too many"}, Diagnosis: aks.Diagnosis{Outcome: aks.OutcomeWait, Reason: "Throttled"}}
	for name, c := range map[string]struct {
		o    outcome
		want string
	}{
		"our own operation":       {outcome{ran: true, report: engine.Report{Operation: ours}}, ""},
		"somebody's operation":    {outcome{ran: true, report: engine.Report{Operation: found}}, "waits for updating managedCluster c, which was found running"},
		"a change during it":      {outcome{ran: true, report: engine.Report{Operation: ours, Pending: pending}}, "agentPool p (properties.count) waits for updating managedCluster c"},
		"what does not exist yet": {outcome{ran: true, report: engine.Report{Operation: ours, Pending: []plan.Action{{Verb: plan.Wait, Changes: []plan.Change{{Why: plan.WhyCreate}}}}}}, ""},
		"what is being changed":   {outcome{ran: true, report: engine.Report{Operation: &aks.Operation{ID: "/A", CorrelationID: "x"}, Pending: []plan.Action{{Verb: plan.Wait, ID: "/a", Changes: pending[0].Changes}}}}, ""},
		"throttled":               {outcome{ran: true, report: engine.Report{Error: throttled}}, "Throttled: too many"},
		"nothing":                 {outcome{ran: true, report: engine.Report{Done: true}}, ""},
		"a deletion":              {outcome{ran: true, deleting: true, report: engine.Report{Operation: found}}, ""},
	} {
		if got := c.o.waiting(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// One wait is told once, and again only after it was over.
func TestAWaitIsToldOnce(t *testing.T) {
	recorder := events.NewFakeRecorder(10)
	r := &Reconciler{Recorder: recorder}
	a := &aggregate{controlPlane: &v1beta1.AzureManagedControlPlane{}}
	wait := outcome{ran: true, report: engine.Report{Operation: &aks.Operation{Kind: "updating managedCluster c"}}}
	for _, o := range []outcome{wait, wait, {ran: true, report: engine.Report{Done: true}}, wait} {
		r.waitingEvent(a, o)
	}
	close(recorder.Events)
	told := 0
	for event := range recorder.Events {
		if told++; !strings.Contains(event, "Waiting waits for") {
			t.Error(event)
		}
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
}
