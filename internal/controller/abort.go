package controller

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// noteAborts keeps the notes about aborted operations on their objects (in memory): before one is aborted, and as long as
// the annotation that asked for it is there.
func noteAborts(a *aggregate, o outcome) error {
	if o.ran {
		dropNote(a.controlPlane)
		for _, p := range a.pools {
			dropNote(p.pool, a.controlPlane)
		}
	}
	order := o.report.AbortNote
	if order == nil {
		return nil
	}
	object, ok := a.about(order.Kind, order.Name).(client.Object)
	if !ok {
		return nil
	}
	raw, err := json.Marshal(order.Order.Note)
	if err != nil {
		return err
	}
	object.SetAnnotations(with(object.GetAnnotations(), v1beta1.AbortedAnnotation, string(raw)))
	return nil
}

// dropNote removes the note from an object when neither it nor one of the others asks for that operation any more.
func dropNote(object client.Object, others ...client.Object) {
	marks := object.GetAnnotations()
	note := aks.Aborted{}
	if marks[v1beta1.AbortedAnnotation] == "" {
		return
	}
	_ = json.Unmarshal([]byte(marks[v1beta1.AbortedAnnotation]), &note) // what cannot be read is no note
	for _, asking := range append(others, object) {
		if value := strings.TrimSpace(asking.GetAnnotations()[v1beta1.AbortAnnotation]); value != "" && value == note.Operation {
			return
		}
	}
	delete(marks, v1beta1.AbortedAnnotation)
	object.SetAnnotations(marks)
}

// abortEvents tells when an operation was aborted, and by whose wish.
func (r *Reconciler) abortEvents(a *aggregate, o outcome) {
	if done := o.report.Aborted; done != nil {
		r.event(a.about(done.Kind, done.Name), corev1.EventTypeNormal, "Aborting",
			fmt.Sprintf("aborting %s, as the annotation %s of %s asks%s", done.Operation, v1beta1.AbortAnnotation, done.Order.On, correlation(done.CorrelationID)))
	}
}

// operationInWords is what runs, with a word about an annotation that wants another operation aborted.
func (o outcome) operationInWords() string {
	text := o.report.Operation.Kind
	if wrong := o.report.AbortMismatch; wrong != nil {
		text += fmt.Sprintf("; nothing is aborted: the annotation %s of %s is %q, and this operation is %s (status.operation.name)",
			v1beta1.AbortAnnotation, wrong.Order.On, wrong.Order.Value, o.report.Operation.Name)
	}
	return text
}

// aborted is the verdict on a resource whose operation was aborted as asked.
func (o outcome) aborted(kind, name string) (verdict, bool) {
	for _, action := range o.report.Pending {
		if action.Kind == kind && strings.EqualFold(action.Name, name) && action.Reason == aks.ReasonAborted {
			return bad(action.Reason, action.Message), true
		}
	}
	return verdict{}, false
}
