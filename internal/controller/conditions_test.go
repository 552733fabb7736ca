package controller

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

const clusterID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c"

func running() engine.Report {
	return engine.Report{
		Observed: true, NetworkReady: true, Done: true, Names: aks.Names{ClusterID: clusterID},
		Facts: aks.Facts{Exists: true, State: "Succeeded", PowerState: "Running", Host: "c.example", Version: "1.34.1",
			Pools: []aks.PoolFacts{{Name: "pool0", State: "Succeeded", Count: 2, Version: "1.34.1"}}},
		ProviderIDs: map[string][]string{"pool0": {"azure:///0", "azure:///1"}},
	}
}

func action(verb plan.Verb, kind, name, reason, message string) plan.Action {
	id := clusterID
	if kind == aks.KindAgentPool {
		id = aks.AgentPoolID(clusterID, name)
	}
	return plan.Action{Verb: verb, ID: id, Kind: kind, Name: name, Reason: reason, Message: message}
}

func failure(kind, name, code, message string) map[string]aks.Failure {
	e := aks.AzureError{Code: code, Message: message, CorrelationID: "11-22"}
	return map[string]aks.Failure{strings.ToLower(action("", kind, name, "", "").ID): {Error: e, Diagnosis: aks.Diagnose(e)}}
}

func TestControlPlaneConditions(t *testing.T) {
	cases := []struct {
		name   string
		change func(*outcome)
		// want is "Type=Status/Reason" of the conditions that matter here.
		want     []string
		messages map[string]string
	}{
		{"all is well", func(*outcome) {}, []string{"Ready=True/Ready", "Available=True/Available", "CredentialsValid=True/Valid",
			"NetworkReady=True/Ready", "ManagedClusterRunning=True/Running", "KubeconfigReady=True/Ready", "Synced=True/Synced"}, nil},
		{"an update runs: still available", func(o *outcome) {
			o.report.Facts.State, o.report.Done = "Upgrading", false
			o.report.Operation = &aks.Operation{Kind: "updating managedCluster c"}
		}, []string{"Ready=False/Upgrading", "Available=True/Available", "ManagedClusterRunning=False/Upgrading", "Synced=False/OperationInProgress"},
			map[string]string{"ManagedClusterRunning": "updating managedCluster c"}},
		{"refused: Azure's code, message, correlation id and the way out", func(o *outcome) {
			o.report.Done = false
			o.report.Pending = []plan.Action{action(plan.Blocked, aks.KindManagedCluster, "c", aks.ReasonRefused, "no")}
			o.report.Failures = failure(aks.KindManagedCluster, "c", "K8sVersionNotSupported", "version 1.99.0 is not supported")
		}, []string{"Ready=False/K8sVersionNotSupported", "Synced=False/K8sVersionNotSupported", "Available=True/Available"},
			map[string]string{"Available": "works, but is not as declared: managedCluster c: K8sVersionNotSupported: version 1.99.0 is not supported - list the versions on offer: az aks get-versions --location <location>", "Ready": "K8sVersionNotSupported: version 1.99.0 is not supported - list the versions on offer: az aks get-versions --location <location>; not sent again until the spec or Azure changes [correlation id 11-22]"}},
		{"no right in Azure", func(o *outcome) {
			o.report = engine.Report{Error: &engine.Problem{AzureError: aks.AzureError{Status: 403, Code: "AuthorizationFailed", Message: "no"},
				Diagnosis: aks.Diagnose(aks.AzureError{Status: 403, Code: "AuthorizationFailed"})}}
			o.kubeconfigSafe = false
		}, []string{"CredentialsValid=False/AuthorizationFailed", "Ready=False/AuthorizationFailed", "NetworkReady=Unknown/NotObserved", "Synced=False/AuthorizationFailed"}, nil},
		{"identity not allowed", func(o *outcome) {
			*o = outcome{credentials: &credentialProblem{"NamespaceNotAllowedByIdentity", "may not be used"}}
		}, []string{"CredentialsValid=False/NamespaceNotAllowedByIdentity", "Ready=False/NamespaceNotAllowedByIdentity", "Available=Unknown/NotObserved"}, nil},
		{"somebody else's cluster", func(o *outcome) {
			o.report.Done = false
			hold := action(plan.Blocked, aks.KindManagedCluster, "c", plan.ReasonAlreadyExists, "already exists")
			o.report.Pending, o.report.Hold, o.kubeconfigSafe = []plan.Action{hold}, &hold, false
		}, []string{"ManagedClusterRunning=False/AlreadyExists", "Ready=False/AlreadyExists", "Available=False/AlreadyExists", "Synced=False/AlreadyExists"}, nil},
		{"stopped", func(o *outcome) { o.report.Facts.PowerState = "Stopped" }, []string{"Available=False/Stopped", "ManagedClusterRunning=False/Stopped"}, nil},
		{"a pool's trouble is not the control plane's", func(o *outcome) {
			o.report.Done = false
			o.report.Pending = []plan.Action{action(plan.Blocked, aks.KindAgentPool, "pool0", aks.ReasonRefused, "no")}
			o.report.Failures = failure(aks.KindAgentPool, "pool0", "QuotaExceeded", "no cores")
		}, []string{"Ready=True/Ready", "Synced=False/QuotaExceeded", "Available=True/Available"},
			map[string]string{"Available": ""}},
		{"what passes by itself is not worth a remark", func(o *outcome) {
			o.report.Done = false
			e := aks.AzureError{Status: 429, Code: "TooManyRequests", Message: "slow down"}
			o.report.Error = &engine.Problem{AzureError: e, Diagnosis: aks.Diagnose(e)}
		}, []string{"Available=True/Available"}, map[string]string{"Available": ""}},
		{"a pool nobody declared is reported", func(o *outcome) { o.report.Undeclared = []string{"byhand"} }, []string{"Synced=True/Synced", "Ready=True/Ready"},
			map[string]string{"Synced": "pools in Azure that no object declares, and that are left alone: byhand"}},
		{"deleting", func(o *outcome) {
			o.deleting, o.report.Done = true, false
			o.report.Operation = &aks.Operation{Kind: "deleting managedCluster c"}
		}, []string{"Deleting=True/OperationInProgress", "Ready=False/Deleting"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := outcome{ran: true, report: running(), kubeconfigSafe: true}
			c.change(&o)
			checkConditions(t, controlPlaneConditions(o), c.want, c.messages)
		})
	}
}

func TestPoolConditions(t *testing.T) {
	cases := []struct {
		name     string
		change   func(*outcome)
		want     []string
		messages map[string]string
	}{
		{"all is well", func(*outcome) {}, []string{"Ready=True/Ready", "AgentPoolsReady=True/Ready"}, nil},
		{"no cluster yet", func(o *outcome) { o.report.Facts = aks.Facts{} }, []string{"Ready=False/WaitingForControlPlane"}, nil},
		{"scaling", func(o *outcome) { o.report.Facts.Pools[0].State = "Scaling" }, []string{"Ready=False/Scaling"}, nil},
		{"a request was accepted, the list of pools is older", func(o *outcome) {
			o.report.Operation = &aks.Operation{ID: aks.AgentPoolID(o.report.Names.ClusterID, "POOL0"), Kind: "updating agentPool pool0"}
		}, []string{"Ready=False/Updating"}, map[string]string{"Ready": "updating agentPool pool0"}},
		{"another pool is being updated", func(o *outcome) {
			o.report.Operation = &aks.Operation{ID: aks.AgentPoolID(o.report.Names.ClusterID, "pool1"), Kind: "updating agentPool pool1"}
		}, []string{"Ready=True/Ready"}, nil},
		{"instances are missing", func(o *outcome) { o.report.Facts.Pools[0].Count = 3 }, []string{"Ready=False/WaitingForInstances"}, map[string]string{"Ready": "2 of 3 instances are there"}},
		{"quota", func(o *outcome) {
			o.report.Facts.Pools[0].State = "Failed"
			o.report.Failures = failure(aks.KindAgentPool, "pool0", "QuotaExceeded", "no cores")
		}, []string{"AgentPoolsReady=False/QuotaExceeded"}, nil},
		{"waits for the control plane", func(o *outcome) {
			o.report.Pending = []plan.Action{action(plan.Wait, aks.KindAgentPool, "pool0", aks.ReasonWaitingForControlPlane, "later")}
		}, []string{"Ready=False/WaitingForControlPlane"}, map[string]string{"Ready": "later"}},
	}
	pool := poolObjects{pool: &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: "pool0"}}, machinePool: &clusterv1.MachinePool{}}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := outcome{ran: true, report: running(), kubeconfigSafe: true}
			c.change(&o)
			checkConditions(t, poolConditions(o, pool), c.want, c.messages)
		})
	}
}

func checkConditions(t *testing.T, conditions []metav1.Condition, want []string, messages map[string]string) {
	t.Helper()
	got := map[string]metav1.Condition{}
	for _, condition := range conditions {
		got[condition.Type] = condition
		if condition.Reason == "" {
			t.Errorf("condition %s has no reason", condition.Type)
		}
	}
	for _, text := range want {
		conditionType, rest, _ := strings.Cut(text, "=")
		if c := got[conditionType]; string(c.Status)+"/"+c.Reason != rest {
			t.Errorf("%s is %s/%s (%s), want %s", conditionType, c.Status, c.Reason, c.Message, rest)
		}
	}
	for conditionType, message := range messages {
		if got[conditionType].Message != message {
			t.Errorf("%s says %q, want %q", conditionType, got[conditionType].Message, message)
		}
	}
}

func TestEventsOfDifferentChangesAreNotOneSeries(t *testing.T) {
	actions := map[string]int{}
	for _, message := range []string{"count 2 -> 5", "count 5 -> 3", "count 2 -> 5"} {
		actions[distinct("Updating", message)]++
	}
	if len(actions) != 2 || actions[distinct("Updating", "count 2 -> 5")] != 2 {
		t.Errorf("actions = %v; want one for each message: the recorder shows only the first of a series", actions)
	}
}

func TestWhatIsLeftInAzureIsSaid(t *testing.T) {
	kept := action(plan.None, aks.KindResourceGroup, "g", aks.ReasonForeignContents, "resource group g is kept: it also holds x")
	o := outcome{report: engine.Report{Pending: []plan.Action{action(plan.None, aks.KindManagedCluster, "c", "", ""), kept}}}
	if left := o.left(); len(left) != 1 || left[0].Message != kept.Message {
		t.Errorf("left = %v, want the kept group alone", left)
	}
}
