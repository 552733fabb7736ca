package controller

import (
	"maps"
	"slices"
	"strings"
	"time"

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
	// notAfter is when the certificate of the identity ends, zero where it has none; now is the time of the step.
	notAfter, now time.Time
	// leaving says that the Azure resources of a deleted control plane stay; invalidPolicies which annotations are none.
	leaving, invalidPolicies string
	deleting                 bool
	// patient: the control plane has been there long enough for the rest of one `kubectl apply` to have arrived.
	patient bool
	// age is how long the control plane object has been there.
	age time.Duration
}

// verdict is a condition without its type.
type verdict struct {
	status          metav1.ConditionStatus
	reason, message string
	// lasting is the part of the message that stays when the same thing happens again; empty where all of it does.
	lasting string
}

var good = verdict{status: metav1.ConditionTrue}

func bad(reason, message string) verdict {
	return verdict{status: metav1.ConditionFalse, reason: reason, message: message}
}

func unknown(reason, message string) verdict {
	return verdict{status: metav1.ConditionUnknown, reason: reason, message: message}
}

// well is a condition that is true and has something to say all the same.
func well(reason, message string) verdict {
	return verdict{status: metav1.ConditionTrue, reason: reason, message: message}
}

// news is what an event tells, and tells again only when it is another text.
func (v verdict) news() string { return orElse(v.lasting, v.message) }

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
	"CertificateRefused": true, "CertificateExpired": true, "AssertionExpired": true, "FederatedCredentialMissing": true,
	"ApplicationDisabled": true, "SignInBlocked": true,
}

func controlPlaneConditions(o outcome) []metav1.Condition {
	credentials, network := o.credentialsVerdict(), o.networkVerdict()
	running, kubeconfig := o.clusterVerdict(), o.kubeconfigVerdict()
	parts, aside := []verdict{credentials, o.errorVerdict(), network, running, kubeconfig}, o.dependentVerdicts()
	for _, dependent := range aside {
		parts = append(parts, dependent.verdict)
	}
	conditions := []metav1.Condition{
		o.readyVerdict(parts...).condition(v1beta1.ReadyCondition, "Ready"),
		o.availableVerdict(running).condition(v1beta1.AvailableCondition, "Available"),
		credentials.condition(v1beta1.CredentialsValidCondition, "Valid"),
		network.condition(v1beta1.NetworkReadyCondition, "Ready"),
		running.condition(v1beta1.ManagedClusterRunningCondition, "Running"),
		kubeconfig.condition(v1beta1.KubeconfigReadyCondition, "Ready"),
		o.syncedVerdict().condition(v1beta1.SyncedCondition, "Synced"),
	}
	for _, dependent := range aside {
		conditions = append(conditions, dependent.verdict.condition(dependent.condition, "Ready"))
	}
	if health, known := o.healthVerdict(); known {
		conditions = append(conditions, health.condition(v1beta1.AzureResourceAvailableCondition, aks.HealthAvailable))
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
		_, _, dependent := aks.DependentKind(id) // a fleet may lie where the identity has no rights
		if failure := o.report.Failures[id]; authReasons[failure.Diagnosis.Reason] && !dependent {
			return failureVerdict(failure)
		}
	}
	if o.report.Observed {
		return validityVerdict(o.notAfter, o.now)
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
	if hold := o.report.Hold; hold != nil && hold.Reason == plan.ReasonAlreadyExists || o.preflightHeld() {
		return bad(hold.Reason, hold.Message) // no network is made for a cluster that is somebody else's, or would be refused
	}
	if !o.report.Observed {
		return unknown("NotObserved", "Azure was not asked yet")
	}
	if hold := o.report.Hold; hold != nil && onlyReported(*hold) {
		return bad(aks.ReasonObserveOnly, "resource group or virtual network does not exist, and policy observe makes none")
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
		if v, aborted := o.aborted(aks.KindManagedCluster, o.report.Names.ClusterName); aborted {
			return v
		}
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
		// What Azure only wants later says nothing about what is there.
		if failure, ok := o.report.Failures[strings.ToLower(action.ID)]; ok && failure.Diagnosis.Outcome != aks.OutcomeWait {
			return failureVerdict(failure), true
		}
		if action.Verb == plan.Blocked && !aks.UpgradeReason(action.Reason) || action.Verb == plan.Wait && action.Reason == aks.ReasonWaitingForPools {
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

// availableVerdict: the API server can be used. An update in progress does not change that.
func (o outcome) availableVerdict(running verdict) verdict {
	facts := o.report.Facts
	if facts.Exists && o.kubeconfigSafe && facts.PowerState != "Stopped" && facts.State != "Deleting" {
		if trouble := o.trouble(); trouble != "" {
			return well("Available", "works, but is not as declared: "+trouble)
		}
		return good
	}
	if running.ok() {
		return bad("KubeconfigNotReady", "the credentials of the workload cluster are not stored yet")
	}
	return running
}

// trouble is why an available cluster stays as it is until somebody acts. Of a control plane Cluster API shows Available and nothing
// else: in the conditions of the Cluster and in `clusterctl describe`. Pools with a problem have a line of their own there.
func (o outcome) trouble() string {
	r, synced := o.report, o.syncedVerdict()
	passes := r.Operation != nil || r.Error != nil && o.errorVerdict().ok()
	if synced.ok() || passes || o.deleting || o.err != nil {
		return ""
	}
	if o.credentials != nil || r.Error != nil {
		return synced.news()
	}
	for _, action := range r.Pending {
		if failure, ok := r.Failures[strings.ToLower(action.ID)]; ok && action.Verb != plan.None && action.Kind != aks.KindAgentPool {
			return action.Kind + " " + action.Name + ": " + failureVerdict(failure).news()
		}
	}
	if r.Hold != nil && r.Hold.Verb == plan.Blocked && r.Hold.Kind != aks.KindAgentPool && len(r.Failures) == 0 && !onlyReported(*r.Hold) {
		return synced.news()
	}
	return ""
}

func (o outcome) readyVerdict(parts ...verdict) verdict {
	if o.deleting {
		return bad("Deleting", "the cluster is being deleted")
	}
	part := firstBad(parts...)
	if e := o.report.Error; e != nil && part.status == metav1.ConditionUnknown {
		return problemVerdict(*e) // the cause is what a person looks for
	}
	if !part.ok() {
		return part
	}
	for _, action := range o.report.Pending {
		if action.Kind != aks.KindAgentPool && action.Verb != plan.None && !onlyReported(action) {
			return o.outOfSync(action)
		}
	}
	return good
}

// errorVerdict: an error that somebody has to act on, and that is not about one goal, is about everything.
func (o outcome) errorVerdict() verdict {
	e := o.report.Error
	if e == nil || e.Diagnosis.Outcome != aks.OutcomeTerminal && e.Diagnosis.Outcome != aks.OutcomeSlowRetry {
		return good
	}
	return problemVerdict(*e)
}

// outOfSync is a change that is still to be sent, and what it waits for.
func (o outcome) outOfSync(action plan.Action) verdict {
	if failure, ok := o.report.Failures[strings.ToLower(action.ID)]; ok {
		return failureVerdict(failure)
	}
	switch {
	case action.Verb == plan.Blocked || action.Verb == plan.Wait:
		return bad(action.Reason, waitText(action))
	case o.report.Error != nil:
		return problemVerdict(*o.report.Error)
	case o.report.Operation != nil && !aks.SameID(o.report.Operation.ID, action.ID):
		return bad("OutOfSync", action.Line()+"; waits for: "+o.report.Operation.Kind)
	}
	return bad("OutOfSync", action.Line())
}

// waitText is why a step waits, and what of it is pending.
func waitText(action plan.Action) string {
	if len(action.Changes) == 0 || onlyReported(action) { // which says it itself
		return action.Message
	}
	return plan.InLine(action.Message+"; pending: ", action.Details())
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
	case o.invalidPolicies != "":
		return bad("InvalidPolicy", o.invalidPolicies)
	case r.Done && o.contested() != "":
		return bad(aks.ReasonContested, o.contested())
	case r.Done && len(r.Undeclared) > 0:
		return well("Synced", "pools in Azure that no object declares, and that are left alone: "+strings.Join(r.Undeclared, ", "))
	case r.Done:
		return good
	case r.Operation != nil:
		return bad("OperationInProgress", o.inUpgrade(o.operationInWords()))
	}
	for _, action := range r.Pending {
		if failure, ok := r.Failures[strings.ToLower(action.ID)]; ok && action.Verb != plan.None {
			return failureVerdict(failure)
		}
	}
	if r.Hold != nil && r.Hold.Reason == aks.ReasonWaitingForPools && !o.patient {
		return bad("Pending", r.Hold.Message) // the event comes with the reason, when patience ends
	}
	if r.Hold != nil && onlyReported(*r.Hold) {
		return o.observed()
	}
	if r.Hold != nil {
		return bad(r.Hold.Reason, r.Hold.Message)
	}
	return bad("Pending", "changes are waiting to be sent")
}

func (o outcome) deletingVerdict() verdict {
	synced := o.syncedVerdict()
	if synced.ok() {
		return well("Deleted", "nothing of the cluster is left in Azure")
	}
	return well(synced.reason, synced.message)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
