package engine_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

// note keeps what a controller keeps on objects, and says so.
func (r *rig) note(report engine.Report) bool {
	r.t.Helper()
	if report.AbortNote == nil {
		return false
	}
	raw, err := json.Marshal(report.AbortNote.Order.Note)
	if err != nil {
		r.t.Fatal(err)
	}
	object := map[bool]interface {
		GetAnnotations() map[string]string
		SetAnnotations(map[string]string)
	}{true: r.in.ControlPlane}[report.AbortNote.Kind == aks.KindManagedCluster]
	if object == nil {
		for _, p := range r.in.Pools {
			if aks.PoolName(p.Object) == report.AbortNote.Name {
				object = p.Object
			}
		}
	}
	marks := map[string]string{v1beta1.AbortedAnnotation: string(raw)}
	for key, value := range object.GetAnnotations() {
		marks[key] = value
	}
	marks[v1beta1.AbortedAnnotation] = string(raw)
	object.SetAnnotations(marks)
	return true
}

// aborts are the requests to abort something.
func (r *rig) aborts() int {
	n := 0
	for _, request := range r.requests(0, true) {
		if strings.Contains(request, "/abort?") {
			n++
		}
	}
	return n
}

// upgrading begins an upgrade of the control plane and follows it until Azure has told its name.
func upgrading(t *testing.T) (*rig, engine.Report) {
	r := newRig(t)
	r.settle()
	r.in.ControlPlane.Spec.Version, r.in.SpecChanged = "v1.35.1", true
	report := r.until("the upgrade", func(report engine.Report) bool {
		return report.Operation != nil && report.Operation.Percent != nil && *report.Operation.Percent > 0
	})
	if report.Operation.ExpectedEnd.Before(r.clock.Now()) {
		t.Errorf("expected to end at %s, and it is %s", report.Operation.ExpectedEnd, r.clock.Now())
	}
	return r, report
}

// finish steps until nothing runs and nothing is to be done.
func (r *rig) finish() engine.Report {
	r.t.Helper()
	for range 60 {
		report := r.step()
		r.note(report)
		// Machines that never come are looked for with growing pauses.
		if report.Operation == nil && (report.Requeue == 0 || report.Requeue > time.Minute) {
			return report
		}
		r.clock.Advance(report.Requeue)
	}
	r.t.Fatal("does not come to rest")
	return engine.Report{}
}

func TestAbortStopsTheNamedOperationAndNothingElse(t *testing.T) {
	names := map[string]func(aks.Operation) string{
		"name":           func(op aks.Operation) string { return strings.ToUpper(op.Name) },
		"correlation id": func(op aks.Operation) string { return op.CorrelationID },
		"start":          func(op aks.Operation) string { return op.Started.UTC().Truncate(time.Second).Format(time.RFC3339) },
	}
	for what, name := range names {
		t.Run(what, func(t *testing.T) {
			r, report := upgrading(t)
			order := name(*report.Operation)
			r.in.ControlPlane.Annotations = map[string]string{v1beta1.AbortAnnotation: "another"}
			if report = r.step(); report.AbortMismatch == nil || report.AbortNote != nil {
				t.Errorf("a wrong name: mismatch %+v, note %+v", report.AbortMismatch, report.AbortNote)
			}
			r.in.ControlPlane.Annotations[v1beta1.AbortAnnotation] = order
			report = r.step()
			if !r.note(report) || r.aborts() != 0 {
				t.Fatalf("note %+v, aborts %d: the note comes before the request", report.AbortNote, r.aborts())
			}
			report = r.finish()
			if report.Facts.State != "Canceled" || report.Hold == nil || report.Hold.Reason != aks.ReasonAborted || len(report.Failures) > 0 {
				t.Fatalf("state %s, hold %+v, failures %v", report.Facts.State, report.Hold, report.Failures)
			}
			r.clock.Advance(3 * time.Hour)
			before := len(r.azure.Requests())
			r.step()
			r.restart()
			report = r.finish()
			if writes := r.requests(before, true); len(writes) > 1 || report.Hold == nil || report.Hold.Reason != aks.ReasonAborted {
				t.Errorf("after three hours and a restart: sent %v, hold %+v", writes, report.Hold)
			}
			if r.aborts() != 1 {
				t.Errorf("%d requests to abort, want one", r.aborts())
			}
			// The annotation stays in Git; the next change of the spec is carried out.
			r.events = nil
			r.in.ControlPlane.Spec.AdditionalTags = map[string]string{"team": "a"}
			r.finish()
			if len(r.events) == 0 || r.aborts() != 1 {
				t.Errorf("after a change: %v, aborts %d", r.events, r.aborts())
			}
			r.noClientErrors()
		})
	}
}

func TestWithoutItsAnnotationAnAbortedGoalIsTriedAgain(t *testing.T) {
	r, report := upgrading(t)
	r.in.ControlPlane.Annotations = map[string]string{v1beta1.AbortAnnotation: report.Operation.Name}
	r.note(r.step())
	r.finish()
	delete(r.in.ControlPlane.Annotations, v1beta1.AbortAnnotation)
	if report = r.finish(); !strings.HasPrefix(report.Facts.Version, "1.35") || report.Facts.State != "Succeeded" {
		t.Errorf("version %s, state %s, hold %+v, failures %+v", report.Facts.Version, report.Facts.State, report.Hold, report.Failures)
	}
	r.noClientErrors()
}

func TestARestartBetweenNoteAndRequestAbortsOnce(t *testing.T) {
	r, report := upgrading(t)
	r.in.ControlPlane.Annotations = map[string]string{v1beta1.AbortAnnotation: report.Operation.Name}
	r.note(r.step())
	r.restart()
	report = r.finish()
	if r.aborts() != 1 || report.Facts.State != "Canceled" {
		t.Errorf("%d requests to abort, state %s", r.aborts(), report.Facts.State)
	}
	r.noClientErrors()
}

func TestAbortOfAPoolLeavesTheOthersAlone(t *testing.T) {
	r := newRig(t)
	r.settle()
	*r.in.Pools[1].Replicas, r.in.Pools[1].SpecChanged = 6, true
	report := r.until("scaling", func(report engine.Report) bool { return report.Operation != nil && report.Operation.Name != "" })
	r.in.Pools[1].Object.Annotations = map[string]string{v1beta1.AbortAnnotation: report.Operation.Name}
	report = r.finish()
	if pool, _ := report.Facts.Pool("pool1"); pool.State != "Canceled" || report.Hold == nil || report.Hold.Reason != aks.ReasonAborted || report.Hold.Kind != aks.KindAgentPool {
		t.Fatalf("pool %+v, hold %+v", pool, report.Hold)
	}
	r.events = nil
	*r.in.Pools[0].Replicas, r.in.Pools[0].SpecChanged = 3, true
	r.finish()
	r.wantEvents("Update agentPool pool0")
	for _, request := range r.azure.Requests() {
		if request.Method != http.MethodGet && request.Status >= 400 {
			t.Errorf("%s %s: %d %s", request.Method, request.Path, request.Status, request.ErrorCode)
		}
	}
}
