package controller

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

// waitingEvent tells what something declared waits for, once for each wait: an operation that was not begun here, changes made
// while one runs, Azure's request limits. What merely follows from a request of ours was told with the request.
func (r *Reconciler) waitingEvent(a *aggregate, o outcome) {
	key := waitOf(a.controlPlane.UID)
	text := o.waiting()
	if text == "" {
		if o.ran && o.report.Operation == nil && o.report.Error == nil {
			r.told.Delete(key)
		}
		return
	}
	if told, _ := r.told.Swap(key, text); told == text {
		return
	}
	r.event(a.controlPlane, corev1.EventTypeNormal, "Waiting", text)
}

// waitOf is the key of the last wait there was an event about, beside the last problem.
type waitOf types.UID

// waiting is what something declared waits for, with its blocker, or nothing. It does not change while the wait goes on.
func (o outcome) waiting() string {
	r := o.report
	switch {
	case o.deleting || !o.ran:
		return ""
	case r.Error != nil && (r.Error.Diagnosis.Outcome == aks.OutcomeWait || r.Error.Diagnosis.Outcome == aks.OutcomeReplan):
		return explain(r.Error.AzureError, r.Error.Diagnosis)
	case r.Operation != nil:
		return o.waitingForOperation()
	case r.Hold != nil && r.Hold.Verb == plan.Wait && r.Hold.Reason == aks.ReasonThrottled:
		return r.Hold.Kind + " " + r.Hold.Name + ": " + r.Hold.Message
	}
	return ""
}

func (o outcome) waitingForOperation() string {
	op := o.report.Operation
	blocker := op.Kind
	if op.CorrelationID == "" {
		blocker += ", which was found running"
	}
	var pending []string
	for _, action := range o.report.Pending {
		if action.Verb == plan.None || aks.SameID(action.ID, op.ID) && action.ID != "" {
			continue // of what is being changed the old values are seen for a while
		}
		var paths []string
		for _, change := range action.Changes {
			if change.Why != plan.WhyContested && change.Why != plan.WhyCreate {
				paths = append(paths, change.Path)
			}
		}
		if len(paths) > 0 {
			pending = append(pending, action.Kind+" "+action.Name+" ("+strings.Join(paths, ", ")+")")
		}
	}
	switch {
	case len(pending) > 0:
		return strings.Join(pending, ", ") + " waits for " + blocker
	case op.CorrelationID == "":
		return "waits for " + blocker
	}
	return ""
}
