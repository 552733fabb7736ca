package controller

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/plan"
)

var sentReasons = map[plan.Verb]string{plan.Create: "Creating", plan.Update: "Updating", plan.Delete: "Deleting"}

// events tells what was sent, what ended, and what was refused; nothing while waiting. before is the control
// plane as it was: a problem is an event when it begins, not at every look.
func (r *Reconciler) events(a *aggregate, before *v1beta1.AzureManagedControlPlane, o outcome) {
	for _, sent := range o.report.Sent {
		r.event(a.about(sent.Action.Kind, sent.Action.Name), corev1.EventTypeNormal, sentReason(sent.Action), sent.Action.Line())
	}
	if doubts := o.report.Doubts; doubts != "" {
		r.event(a.controlPlane, corev1.EventTypeWarning, "PreflightDoubts", doubts)
	}
	r.abortEvents(a, o)
	r.healthEvent(a, before)
	r.releasedEvents(a, o.report)
	r.warnOfExpiry(a.controlPlane, before.Status.Conditions, a.controlPlane.Status.Conditions)
	r.waitingEvent(a, o)
	ran := map[string]string{}
	for _, finished := range o.report.Finished {
		took := finished.Took.Round(time.Second).String()
		if finished.Result == arm.Succeeded {
			r.event(a.about(finished.Kind, finished.Name), corev1.EventTypeNormal, "Succeeded", finished.Description+" took "+took)
			continue
		}
		ran[finished.ID] = fmt.Sprintf("; %s ended %s after %s", finished.Description, finished.Result, took)
		if !slices.Contains(o.report.Failed, finished.ID) { // aborted as asked: no failure
			r.event(a.about(finished.Kind, finished.Name), corev1.EventTypeNormal, finished.Result, strings.TrimPrefix(ran[finished.ID], "; "))
		}
	}
	failed := map[string]bool{}
	for _, id := range o.report.Failed {
		failure, ok := o.report.Failures[strings.ToLower(id)]
		if !ok || failed[id] {
			continue
		}
		failed[id] = true
		kind := aks.KindManagedCluster
		if strings.Contains(strings.ToLower(id), "/agentpools/") {
			kind = aks.KindAgentPool
		}
		text := explain(failure.Error, failure.Diagnosis)
		if told, _ := r.told.Swap(a.controlPlane.UID, failure.Diagnosis.Reason+text); told == failure.Diagnosis.Reason+text {
			continue
		}
		// The same failure at the next attempt has another correlation id and is no news.
		r.event(a.about(kind, id[strings.LastIndex(id, "/")+1:]), corev1.EventTypeWarning, failure.Diagnosis.Reason, text+ran[id]+correlation(failure.Error.CorrelationID))
	}
	if len(failed) > 0 {
		return
	}
	was, is := meta.FindStatusCondition(before.Status.Conditions, v1beta1.SyncedCondition), meta.FindStatusCondition(a.controlPlane.Status.Conditions, v1beta1.SyncedCondition)
	if is != nil && is.Status == "True" {
		r.told.Delete(a.controlPlane.UID) // solved: should it come back, it is news again
	}
	if is == nil || is.Status != "False" || !o.problem() {
		return
	}
	// The cache may not show yet what was written a moment ago, so what was told last is remembered, too.
	news := o.syncedVerdict().news()
	told, _ := r.told.Swap(a.controlPlane.UID, is.Reason+news)
	if told != is.Reason+news && (was == nil || was.Reason != is.Reason || !strings.HasPrefix(was.Message, news)) {
		r.event(a.controlPlane, corev1.EventTypeWarning, is.Reason, is.Message)
	}
}

// left are resources that a deleted cluster leaves in Azure, with the reason: somebody else's cluster, a resource group
// that also holds other things.
func (o outcome) left() []plan.Action {
	var left []plan.Action
	for _, action := range o.report.Pending {
		exists := action.Reason == plan.ReasonNotOurs || action.Reason == aks.ReasonForeignContents
		if action.Verb == plan.None && exists && action.Message != "" {
			left = append(left, action)
		}
	}
	return left
}

// problem tells a state somebody has to act on, or Azure is to blame for, from plain waiting.
func (o outcome) problem() bool {
	if o.credentials != nil || o.err != nil {
		return true
	}
	if o.report.Error != nil {
		return o.report.Error.Diagnosis.Outcome != aks.OutcomeWait && o.report.Error.Diagnosis.Outcome != aks.OutcomeReplan
	}
	if o.invalidPolicies != "" || o.report.Done && o.contested() != "" {
		return true
	}
	hold := o.report.Hold
	if hold == nil || o.report.Operation != nil {
		return false
	}
	return hold.Verb == plan.Blocked || hold.Reason == aks.ReasonWaitingForPools && o.patient
}

// about is the object an event belongs to: the pool's own, or the control plane.
func (a *aggregate) about(kind, name string) runtime.Object {
	if kind == aks.KindAgentPool {
		for _, p := range a.pools {
			if aks.DeclaresAgentPool(p.pool, name) {
				return p.pool
			}
		}
	}
	return a.controlPlane
}

func (r *Reconciler) event(about runtime.Object, eventType, reason, message string) {
	const maxNote = 1000
	if len(message) > maxNote {
		message = strings.ToValidUTF8(message[:maxNote], "")
	}
	r.Recorder.Eventf(about, nil, eventType, reason, distinct(reason, message), "%s", message)
}

// distinct is an action that differs with the message: the recorder counts events as one series when type, reason,
// action and object are the same, whatever their messages say, and a second change would never be seen.
func distinct(reason, message string) string {
	digest := fnv.New32a()
	_, _ = digest.Write([]byte(message))
	return fmt.Sprintf("%s-%08x", reason, digest.Sum32())
}
