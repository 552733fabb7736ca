package controller

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// heldBack is the answer to a request that Azure wants later, and that nothing else waits for.
func heldBack(report engine.Report) *aks.AzureError {
	for _, failure := range report.Failures {
		if failure.Diagnosis.Outcome == aks.OutcomeWait {
			return &failure.Error
		}
	}
	return nil
}

var throttled = aks.AzureError{Status: 429, Code: "SubscriptionRequestsThrottled", Message: "too many", RetryAfter: 30 * time.Second, CorrelationID: "11-22"}

func problem(e aks.AzureError) *engine.Problem {
	return &engine.Problem{AzureError: e, Diagnosis: aks.Diagnose(e)}
}

func TestPoolSyncedAndWhatItWaitsFor(t *testing.T) {
	change := []plan.Change{{Path: "properties.count", From: 1, To: 2, Why: plan.WhyChange}}
	pending := func(verb plan.Verb, reason, message string) []plan.Action {
		a := action(verb, aks.KindAgentPool, "pool0", reason, message)
		a.Changes = change
		return []plan.Action{a}
	}
	for name, c := range map[string]struct {
		change   func(*outcome)
		policy   string
		want     []string
		messages map[string]string
	}{
		"all is well": {change: func(*outcome) {}, want: []string{"Ready=True/Ready", "Synced=True/Synced"}},
		"observed": {change: func(o *outcome) {
			o.report.Pending = pending(plan.Wait, aks.ReasonObserveOnly, "policy observe sends nothing; it would be: Update agentPool pool0: count 1 -> 2")
		}, want: []string{"Ready=True/Ready", "Synced=False/ObserveOnly"},
			messages: map[string]string{"Synced": "policy observe sends nothing; it would be: Update agentPool pool0: count 1 -> 2"}},
		"contested": {change: func(o *outcome) {
			o.report.Pending = pending(plan.None, aks.ReasonContested, `agentPool pool0: tags.env is "prod" in Azure`)
		}, want: []string{"Ready=True/Ready", "Synced=False/Contested"},
			messages: map[string]string{"Synced": `somebody else wins for now (an Azure Policy, a script, another controller); remove the field from the spec, or stop who sets it: agentPool pool0: tags.env is "prod" in Azure`}},
		"no such policy": {change: func(*outcome) {}, policy: "observ", want: []string{"Synced=False/InvalidPolicy"}},
		"its own operation": {change: func(o *outcome) {
			o.report.Operation = &aks.Operation{ID: aks.AgentPoolID(clusterID, "pool0"), Kind: "updating agentPool pool0"}
		}, want: []string{"Ready=False/Updating", "Synced=False/OperationInProgress"}},
		"behind another operation": {change: func(o *outcome) {
			o.report.Pending = pending(plan.Update, "", "")
			o.report.Operation = &aks.Operation{ID: aks.AgentPoolID(clusterID, "pool1"), Kind: "updating agentPool pool1"}
		}, want: []string{"Ready=False/OutOfSync", "Synced=False/Pending"},
			messages: map[string]string{"Ready": "Update agentPool pool0: count 1 -> 2; waits for: updating agentPool pool1"}},
		"behind the control plane": {change: func(o *outcome) {
			o.report.Pending = pending(plan.Wait, aks.ReasonWaitingForControlPlane, "waits for managedCluster c: no")
		}, want: []string{"Ready=False/WaitingForControlPlane", "Synced=False/WaitingForControlPlane"},
			messages: map[string]string{"Ready": "waits for managedCluster c: no; pending: count 1 -> 2"}},
		"behind a 429": {change: func(o *outcome) { o.report.Pending, o.report.Error = pending(plan.Update, "", ""), problem(throttled) },
			want:     []string{"Ready=False/Throttled", "Synced=False/Throttled"},
			messages: map[string]string{"Ready": "SubscriptionRequestsThrottled: too many; tried again within 30s [correlation id 11-22]"}},
		"a 429 and nothing unsent": {change: func(o *outcome) {
			o.report.Pending, o.report.Error = []plan.Action{action(plan.None, aks.KindAgentPool, "pool0", "", "")}, problem(throttled)
		}, want: []string{"Ready=True/Ready", "Synced=True/Synced"}},
		"not made yet, because of a 429": {change: func(o *outcome) {
			o.report.Facts.Pools, o.report.Pending, o.report.Error = nil, pending(plan.Create, "", ""), problem(throttled)
		}, want: []string{"Ready=False/NotCreated", "Synced=False/Throttled"},
			messages: map[string]string{"Ready": "the agent pool does not exist yet; SubscriptionRequestsThrottled: too many; tried again within 30s [correlation id 11-22]"}},
		"not made yet, behind the control plane": {change: func(o *outcome) {
			o.report.Facts.Pools, o.report.Pending = nil, pending(plan.Wait, aks.ReasonWaitingForOperation, "waits for managedCluster c: busy")
		}, want: []string{"Ready=False/NotCreated"}, messages: map[string]string{"Ready": "the agent pool does not exist yet; waits for managedCluster c: busy"}},
		"refused": {change: func(o *outcome) {
			o.report.Pending, o.report.Failures = pending(plan.Blocked, aks.ReasonRefused, "no"), failure(aks.KindAgentPool, "pool0", "QuotaExceeded", "no cores")
		}, want: []string{"Ready=False/QuotaExceeded", "Synced=False/QuotaExceeded"}},
		"no cluster yet": {change: func(o *outcome) { o.report.Facts = aks.Facts{} }, want: []string{"Synced=False/WaitingForControlPlane"}},
		"no credentials": {change: func(o *outcome) { *o = outcome{credentials: &credentialProblem{"SecretNotFound", "no"}} }, want: []string{"Synced=False/SecretNotFound"}},
	} {
		t.Run(name, func(t *testing.T) {
			object := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: "pool0"}}
			if c.policy != "" {
				object.Annotations = map[string]string{v1beta1.PolicyAnnotation: c.policy}
			}
			o := outcome{ran: true, report: running(), kubeconfigSafe: true}
			c.change(&o)
			checkConditions(t, poolConditions(o, poolObjects{pool: object, machinePool: &clusterv1.MachinePool{}}), c.want, c.messages)
		})
	}
}

// An error that is about everything is the cause people look for in Ready; the resources beside the cluster are as they were.
func TestErrorAboutEverythingIsTheCause(t *testing.T) {
	e := aks.AzureError{Status: 400, Code: "NoRegisteredProviderFound", Message: "No registered resource provider found for location 'westeurope' and API version '2099-01-01' for type 'managedClusters'. " +
		"The supported api-versions are '2026-01-01, 2026-05-01'. The supported locations are 'westeurope'."}
	for name, c := range map[string]struct {
		change func(*outcome)
		want   []string
		says   string // in Ready
	}{
		"unknown api-version": {func(o *outcome) {
			o.report.Error, o.report.Pending = problem(e), []plan.Action{{Verb: plan.None, ID: clusterID + "/x", Kind: aks.KindExtension, Name: "flux"}}
		}, []string{"Ready=False/APIVersionNotSupported", "Synced=False/APIVersionNotSupported", "AKSExtensionsReady=True/Ready"}, "correct spec.passthrough.apiVersion"},
		"the same, after a restart": {func(o *outcome) { o.report.Error, o.report.Pending = problem(e), nil },
			[]string{"Ready=False/APIVersionNotSupported", "AKSExtensionsReady=Unknown/NotObserved"}, "'2099-01-01'"},
		"a 429 and nothing to do": {func(o *outcome) {
			o.report.Error, o.report.Pending = problem(throttled), []plan.Action{{Verb: plan.None, Kind: aks.KindExtension, Name: "flux"}}
		}, []string{"Ready=True/Ready", "Synced=False/Throttled", "AKSExtensionsReady=True/Ready"}, ""},
		"a 429 and something to do": {func(o *outcome) {
			o.report.Error, o.report.Pending = problem(throttled), []plan.Action{action(plan.Update, aks.KindManagedCluster, "c", "", ""), {Verb: plan.None, Kind: aks.KindExtension}}
		}, []string{"Ready=False/Throttled", "ManagedClusterRunning=True/Running"}, "tried again within 30s"},
		"a 429 of the cluster alone": {func(o *outcome) {
			o.report.Pending = []plan.Action{action(plan.Wait, aks.KindManagedCluster, "c", aks.ReasonThrottled, "later"), {Verb: plan.None, Kind: aks.KindExtension}}
			o.report.Failures = map[string]aks.Failure{strings.ToLower(clusterID): {Error: throttled, Diagnosis: aks.Diagnose(throttled), RetryAt: time.Unix(90, 0)}}
		}, []string{"Ready=False/Throttled", "ManagedClusterRunning=True/Running", "Synced=False/Throttled", "AKSExtensionsReady=True/Ready"}, "; sent again at 1970-01-01T00:01:30Z"},
	} {
		t.Run(name, func(t *testing.T) {
			o := outcome{ran: true, report: running(), kubeconfigSafe: true}
			o.report.Done, o.report.DependentKinds = false, []string{aks.KindExtension}
			c.change(&o)
			conditions := controlPlaneConditions(o)
			checkConditions(t, conditions, c.want, nil)
			if !strings.Contains(conditions[0].Message, c.says) {
				t.Errorf("%s says %q, which lacks %q", conditions[0].Type, conditions[0].Message, c.says)
			}
		})
	}
}

func TestThrottlingIsNoEvent(t *testing.T) {
	hold := action(plan.Wait, aks.KindManagedCluster, "c", aks.ReasonThrottled, "later")
	o := outcome{ran: true, report: running()}
	o.report.Hold = &hold
	if o.problem() {
		t.Error("waiting for Azure is called a problem")
	}
}

func TestWhoOwnsTheCount(t *testing.T) {
	for _, c := range []struct {
		managed    string
		autoscaled bool
		want       string
	}{
		{"", true, "aks"}, {"true", true, "aks"}, {"karpenter", true, "karpenter"}, {"false", true, "false"},
		{"aks", false, ""}, {"true", false, "true"}, {"", false, ""},
	} {
		if got := replicasMark(c.managed, c.autoscaled); got != c.want {
			t.Errorf("%q, autoscaled %v: %q, want %q", c.managed, c.autoscaled, got, c.want)
		}
	}
}

// Whoever reads the log finds every change of a request, in full.
func TestSentIsLoggedWithAllChanges(t *testing.T) {
	sent := engine.Sent{Action: action(plan.Update, aks.KindManagedCluster, "c", "", "")}
	for i := range 60 {
		sent.Action.Changes = append(sent.Action.Changes, plan.Change{Path: fmt.Sprintf("properties.p%d", i), From: "a", To: strings.Repeat("b", 200) + fmt.Sprint(i), Why: plan.WhyChange})
	}
	var lines []string
	sink := funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
	(&Reconciler{}).log(ctrl.LoggerInto(t.Context(), sink), outcome{report: engine.Report{Sent: []engine.Sent{sent}}})
	if len(lines) != 1 || !strings.Contains(lines[0], "p0") || !strings.Contains(lines[0], strings.Repeat("b", 200)+"59") {
		t.Errorf("logged %s", lines)
	}
	if line := sent.Action.Line(); len(line) > 1000 || !strings.HasSuffix(line, " more") {
		t.Errorf("the event has %d bytes: %s", len(line), line)
	}
}
