package controller

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// outcome is what a reconcile came to, from which all conditions are computed, once, last.
type outcome struct {
	// report is the engine's; its zero value when the engine did not run.
	report engine.Report
	ran    bool
	// credentials says why there were no usable credentials, nil when there were.
	credentials *credentialProblem
	// err is an error of ours: the Kubernetes API, a malformed key.
	err            error
	kubeconfigSafe bool // a kubeconfig is stored
	deleting       bool
	// patient: the control plane has been there long enough for the rest of one `kubectl apply` to have arrived.
	patient bool
}

// verdict is a condition without its type.
type verdict struct {
	status          metav1.ConditionStatus
	reason, message string
}

var good = verdict{status: metav1.ConditionTrue}

func bad(reason, message string) verdict { return verdict{metav1.ConditionFalse, reason, message} }

func unknown(reason, message string) verdict {
	return verdict{metav1.ConditionUnknown, reason, message}
}

func (v verdict) ok() bool { return v.status == metav1.ConditionTrue }

func (v verdict) condition(conditionType, goodReason string) metav1.Condition {
	if v.ok() && v.reason == "" {
		v.reason = goodReason
	}
	return metav1.Condition{Type: conditionType, Status: v.status, Reason: v.reason, Message: v.message}
}

// authReasons are diagnoses that blame the credentials or their rights.
var authReasons = map[string]bool{
	"AuthorizationFailed": true, "LinkedAuthorizationFailed": true, "AuthenticationFailed": true, "InvalidClientSecret": true,
	"ClientSecretExpired": true, "UnknownClient": true, "UnknownTenant": true, "SubscriptionNotFound": true,
}

func controlPlaneConditions(o outcome) []metav1.Condition {
	credentials, network := o.credentialsVerdict(), o.networkVerdict()
	running, kubeconfig := o.clusterVerdict(), o.kubeconfigVerdict()
	conditions := []metav1.Condition{
		o.readyVerdict(credentials, network, running, kubeconfig).condition(v1beta1.ReadyCondition, "Ready"),
		o.availableVerdict(running).condition(v1beta1.AvailableCondition, "Available"),
		credentials.condition(v1beta1.CredentialsValidCondition, "Valid"),
		network.condition(v1beta1.NetworkReadyCondition, "Ready"),
		running.condition(v1beta1.ManagedClusterRunningCondition, "Running"),
		kubeconfig.condition(v1beta1.KubeconfigReadyCondition, "Ready"),
		o.syncedVerdict().condition(v1beta1.SyncedCondition, "Synced"),
	}
	if o.deleting {
		conditions = append(conditions, o.deletingVerdict().condition(v1beta1.DeletingCondition, "Deleting"))
	}
	return conditions
}

func (o outcome) credentialsVerdict() verdict {
	if o.credentials != nil {
		return bad(o.credentials.reason, o.credentials.message)
	}
	if e := o.report.Error; e != nil && authReasons[e.Diagnosis.Reason] {
		return problemVerdict(*e)
	}
	for _, id := range slices.Sorted(maps.Keys(o.report.Failures)) {
		if failure := o.report.Failures[id]; authReasons[failure.Diagnosis.Reason] {
			return bad(failure.Diagnosis.Reason, explain(failure.Error, failure.Diagnosis))
		}
	}
	if o.report.Observed {
		return good
	}
	return unknown("NotChecked", "Azure was not asked yet")
}

func (o outcome) networkVerdict() verdict {
	if v, blamed := o.blame(aks.KindResourceGroup, aks.KindVirtualNetwork); blamed {
		return v
	}
	if o.report.NetworkReady {
		return good
	}
	if hold := o.report.Hold; hold != nil && hold.Reason == plan.ReasonAlreadyExists {
		return bad(hold.Reason, hold.Message) // no network is made for a cluster that is somebody else's
	}
	if !o.report.Observed {
		return unknown("NotObserved", "Azure was not asked yet")
	}
	return bad("NotReady", "resource group and virtual network are being prepared")
}

func (o outcome) clusterVerdict() verdict {
	facts := o.report.Facts
	if !o.report.Observed {
		return unknown("NotObserved", "Azure was not asked yet")
	}
	if v, blamed := o.blame(aks.KindManagedCluster); blamed {
		return v
	}
	switch {
	case !facts.Exists:
		return bad("NotCreated", "the AKS cluster does not exist yet")
	case facts.Busy():
		return bad(facts.State, o.operationText("Azure is working on the cluster"))
	case facts.Failed():
		return bad("Failed", "the last operation on the cluster ended "+facts.State)
	case facts.PowerState == "Stopped":
		return bad("Stopped", "the cluster is stopped")
	}
	return good
}

// blame is the failure or the held step of one of the kinds.
func (o outcome) blame(kinds ...string) (verdict, bool) {
	for _, action := range o.report.Pending {
		if !slices.Contains(kinds, action.Kind) || action.Verb == plan.None {
			continue
		}
		if failure, ok := o.report.Failures[strings.ToLower(action.ID)]; ok {
			return bad(failure.Diagnosis.Reason, explain(failure.Error, failure.Diagnosis)), true
		}
		if action.Verb == plan.Blocked || action.Verb == plan.Wait && action.Reason == aks.ReasonWaitingForPools {
			return bad(action.Reason, action.Message), true
		}
	}
	return verdict{}, false
}

func (o outcome) operationText(otherwise string) string {
	if op := o.report.Operation; op != nil {
		return op.Kind
	}
	return otherwise
}

func (o outcome) kubeconfigVerdict() verdict {
	if e := o.report.KubeconfigError; e != nil {
		return bad(aks.Diagnose(*e).Reason, explain(*e, aks.Diagnose(*e)))
	}
	if o.kubeconfigSafe {
		return good
	}
	return bad("NotStored", "the credentials of the workload cluster are not stored yet")
}

// availableVerdict: the API server can be used. An update in progress does not change that.
func (o outcome) availableVerdict(running verdict) verdict {
	facts := o.report.Facts
	if facts.Exists && o.kubeconfigSafe && facts.PowerState != "Stopped" && facts.State != "Deleting" {
		return good
	}
	if running.ok() {
		return bad("KubeconfigNotReady", "the credentials of the workload cluster are not stored yet")
	}
	return running
}

func (o outcome) readyVerdict(parts ...verdict) verdict {
	if o.deleting {
		return bad("Deleting", "the cluster is being deleted")
	}
	if part := firstBad(parts...); !part.ok() {
		return part
	}
	for _, action := range o.report.Pending {
		if action.Kind != aks.KindAgentPool && action.Verb != plan.None {
			return bad("OutOfSync", action.Line())
		}
	}
	return good
}

func firstBad(parts ...verdict) verdict {
	for _, part := range parts {
		if !part.ok() {
			return part
		}
	}
	return good
}

// syncedVerdict: Azure is as declared, everything included.
func (o outcome) syncedVerdict() verdict {
	r := o.report
	switch {
	case o.credentials != nil:
		return bad(o.credentials.reason, o.credentials.message)
	case o.err != nil:
		return bad("InternalError", o.err.Error())
	case r.Error != nil:
		return problemVerdict(*r.Error)
	case r.Done && len(r.Undeclared) > 0:
		return verdict{metav1.ConditionTrue, "Synced", "pools in Azure that no object declares, and that are left alone: " + strings.Join(r.Undeclared, ", ")}
	case r.Done:
		return good
	case r.Operation != nil:
		return bad("OperationInProgress", r.Operation.Kind)
	}
	for _, action := range r.Pending {
		if failure, ok := r.Failures[strings.ToLower(action.ID)]; ok && action.Verb != plan.None {
			return bad(failure.Diagnosis.Reason, explain(failure.Error, failure.Diagnosis))
		}
	}
	if r.Hold != nil && r.Hold.Reason == aks.ReasonWaitingForPools && !o.patient {
		return bad("Pending", r.Hold.Message) // the event comes with the reason, when patience ends
	}
	if r.Hold != nil {
		return bad(r.Hold.Reason, r.Hold.Message)
	}
	return bad("Pending", "changes are waiting to be sent")
}

func (o outcome) deletingVerdict() verdict {
	synced := o.syncedVerdict()
	if synced.ok() {
		return verdict{metav1.ConditionTrue, "Deleted", "nothing of the cluster is left in Azure"}
	}
	return verdict{metav1.ConditionTrue, synced.reason, synced.message}
}

// explain is an Azure error as a person reads it on the object: Azure's own code and message, the way out where
// Azure does not tell it, and what Azure support asks for.
func explain(e aks.AzureError, d aks.Diagnosis) string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Target != "" {
		fmt.Fprintf(&b, " (target %s)", e.Target)
	}
	if d.Hint != "" {
		b.WriteString(" - " + d.Hint)
	}
	if e.CorrelationID != "" {
		fmt.Fprintf(&b, " [correlation id %s]", e.CorrelationID)
	}
	return b.String()
}

// problemVerdict leaves out the correlation id, which is another one at every attempt: a condition that never stays the
// same would wake the controller up for the next attempt at once. The log has it.
func problemVerdict(p engine.Problem) verdict {
	p.CorrelationID = ""
	return bad(p.Diagnosis.Reason, explain(p.AzureError, p.Diagnosis))
}

// poolConditions are computed from the same outcome, for one pool.
func poolConditions(o outcome, p poolObjects) []metav1.Condition {
	pool := o.poolVerdict(p)
	conditions := []metav1.Condition{
		pool.condition(v1beta1.ReadyCondition, "Ready"),
		pool.condition(v1beta1.AgentPoolsReadyCondition, "Ready"),
	}
	if p.pool.DeletionTimestamp != nil {
		conditions = append(conditions, verdict{metav1.ConditionTrue, orElse(pool.reason, "Deleting"), pool.message}.condition(v1beta1.DeletingCondition, "Deleting"))
	}
	return conditions
}

func (o outcome) poolVerdict(p poolObjects) verdict {
	name := aks.PoolName(p.pool)
	if o.credentials != nil {
		return bad(o.credentials.reason, o.credentials.message)
	}
	if !o.report.Observed {
		return unknown("NotObserved", "Azure was not asked yet")
	}
	action, planned := o.poolAction(name)
	if failure, ok := o.report.Failures[strings.ToLower(o.report.Names.PoolID(p.pool))]; ok && (!planned || action.Verb != plan.None) {
		return bad(failure.Diagnosis.Reason, explain(failure.Error, failure.Diagnosis))
	}
	if planned && action.Verb == plan.Blocked {
		return bad(action.Reason, action.Message)
	}
	facts, exists := o.report.Facts.Pool(name)
	switch {
	case !exists && !o.report.Facts.Exists:
		return bad(aks.ReasonWaitingForControlPlane, "the AKS cluster does not exist yet")
	case !exists:
		return bad("NotCreated", o.operationText("the agent pool does not exist yet"))
	case facts.Busy():
		return bad(facts.State, o.operationText("Azure is working on the pool"))
	case facts.Failed():
		return bad("Failed", "the last operation on the pool ended "+facts.State+errorText(facts.Error))
	case planned && action.Verb == plan.Wait:
		return bad(action.Reason, action.Message)
	case planned && action.Verb != plan.None:
		return bad("OutOfSync", action.Line())
	case int64(len(o.report.ProviderIDs[facts.Name])) != facts.Count:
		return bad("WaitingForInstances", fmt.Sprintf("%d of %d instances are there", len(o.report.ProviderIDs[facts.Name]), facts.Count))
	}
	return good
}

func (o outcome) poolAction(name string) (plan.Action, bool) {
	for _, action := range o.report.Pending {
		if action.Kind == aks.KindAgentPool && strings.EqualFold(action.Name, name) {
			return action, true
		}
	}
	return plan.Action{}, false
}

func errorText(e *aks.AzureError) string {
	if e == nil {
		return ""
	}
	return ": " + explain(*e, aks.Diagnose(*e))
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
