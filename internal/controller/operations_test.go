package controller

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

func TestPreflightCondition(t *testing.T) {
	failed := aks.Check{Verdict: aks.CheckFailed, Reason: "QuotaExceeded", Message: "too few vCPUs"}
	doubt := aks.Check{Verdict: aks.CheckWarned, Reason: "NotChecked", Message: "sizes were not read"}
	cases := []struct {
		name    string
		report  engine.Report
		marks   map[string]string
		want    metav1.ConditionStatus
		reason  string
		message string
	}{
		{"held", engine.Report{Observed: true, Checked: true, Checks: []aks.Check{doubt, failed}}, nil, metav1.ConditionFalse, "QuotaExceeded", "too few vCPUs; doubts: sizes were not read"},
		{"doubts", engine.Report{Observed: true, Checked: true, Checks: []aks.Check{doubt}}, nil, metav1.ConditionTrue, "PassedWithDoubts", "doubts: sizes were not read"},
		{"passed", engine.Report{Observed: true, Checked: true}, nil, metav1.ConditionTrue, "Passed", ""},
		{"a cluster that exists", running(), nil, metav1.ConditionTrue, "Passed", ""},
		{"nothing to create", engine.Report{Observed: true}, nil, metav1.ConditionUnknown, "NotChecked", "something to create"},
		{"skipped", engine.Report{Observed: true}, map[string]string{v1beta1.PreflightAnnotation: "Skip"}, metav1.ConditionTrue, "Skipped", "is skip"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Annotations: c.marks}}
			v, known := outcome{ran: true, report: c.report}.preflightVerdict(cp)
			if !known || v.status != c.want || v.reason != c.reason || !strings.Contains(v.message, c.message) {
				t.Errorf("%v: %s %s %q", known, v.status, v.reason, v.message)
			}
		})
	}
	if _, known := (outcome{ran: true, report: engine.Report{Error: &engine.Problem{}}}).preflightVerdict(&v1beta1.AzureManagedControlPlane{}); known {
		t.Error("Azure did not answer, and something is said about it all the same")
	}
}

func TestAHeldCreationIsOnEveryCondition(t *testing.T) {
	hold := action(plan.Blocked, aks.KindManagedCluster, "c", "QuotaExceeded", "too few vCPUs")
	o := outcome{ran: true, report: engine.Report{Observed: true, Hold: &hold, Pending: []plan.Action{hold}}}
	for _, c := range controlPlaneConditions(o) {
		switch c.Type {
		case v1beta1.CredentialsValidCondition, v1beta1.KubeconfigReadyCondition:
		default:
			if c.Status != metav1.ConditionFalse || c.Reason != "QuotaExceeded" {
				t.Errorf("%s is %s %s", c.Type, c.Status, c.Reason)
			}
		}
	}
}

func TestHealthCondition(t *testing.T) {
	cases := []struct {
		name   string
		health *aks.Health
		age    time.Duration
		want   metav1.ConditionStatus
		reason string
	}{
		{"available", &aks.Health{State: "Available", Summary: "well"}, 0, metav1.ConditionTrue, "Available"},
		{"unavailable", &aks.Health{State: "Unavailable", Cause: "Customer Initiated"}, 0, metav1.ConditionFalse, "CustomerInitiated"},
		{"unavailable without a cause", &aks.Health{State: "Unavailable"}, 0, metav1.ConditionFalse, "Unavailable"},
		{"degraded and new", &aks.Health{State: "Degraded", Cause: "Unplanned"}, 59 * time.Minute, metav1.ConditionTrue, "New"},
		{"degraded", &aks.Health{State: "Degraded", Cause: "Unplanned"}, time.Hour, metav1.ConditionFalse, "Unplanned"},
		{"unknown", &aks.Health{State: "Unknown"}, time.Hour, metav1.ConditionFalse, "Unknown"},
		{"nothing said", &aks.Health{}, time.Hour, metav1.ConditionUnknown, "NotReported"},
		{"unread", &aks.Health{Unread: "AuthorizationFailed"}, time.Hour, metav1.ConditionUnknown, "NotRead"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := outcome{ran: true, age: c.age, report: running(), kubeconfigSafe: true}
			o.report.Health = c.health
			v, known := o.healthVerdict()
			if !known || v.status != c.want || v.reason != c.reason {
				t.Errorf("%v: %s %s %q", known, v.status, v.reason, v.message)
			}
			if masked := o.maskedFor(); (masked > 0) != (c.reason == "New") {
				t.Errorf("comes back after %s", masked)
			}
			for _, condition := range controlPlaneConditions(o) {
				if condition.Type != v1beta1.AzureResourceAvailableCondition && condition.Status != metav1.ConditionTrue {
					t.Errorf("%s is %s because of it", condition.Type, condition.Status)
				}
			}
		})
	}
	if _, known := (outcome{ran: true, report: running()}).healthVerdict(); known {
		t.Error("nobody asked for it")
	}
}

func TestNotesAboutAbortsComeAndGoWithTheirAnnotation(t *testing.T) {
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "c", Annotations: map[string]string{v1beta1.AbortAnnotation: "op"}}}
	pool := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: "pool0"}}
	a := &aggregate{controlPlane: cp, pools: []poolObjects{{pool: pool}}}
	note := func(kind, name string) {
		t.Helper()
		o := outcome{ran: true, report: engine.Report{AbortNote: &engine.Abort{Kind: kind, Name: name, Order: aks.AbortOrder{Note: aks.Aborted{Operation: "op", Spec: "digest"}}}}}
		if err := noteAborts(a, o); err != nil {
			t.Fatal(err)
		}
	}
	note(aks.KindManagedCluster, "c")
	note(aks.KindAgentPool, "pool0")
	const want = `{"operation":"op","spec":"digest"}`
	if cp.Annotations[v1beta1.AbortedAnnotation] != want || pool.Annotations[v1beta1.AbortedAnnotation] != want {
		t.Errorf("notes are %v and %v", cp.Annotations, pool.Annotations)
	}
	if err := noteAborts(a, outcome{ran: true}); err != nil || pool.Annotations[v1beta1.AbortedAnnotation] != want {
		t.Errorf("the note of a pool whose control plane asks: %v, %v", pool.Annotations, err)
	}
	delete(cp.Annotations, v1beta1.AbortAnnotation)
	if err := noteAborts(a, outcome{ran: true}); err != nil || len(cp.Annotations) > 0 || len(pool.Annotations) > 0 {
		t.Errorf("notes nobody asks for: %v and %v, %v", cp.Annotations, pool.Annotations, err)
	}
}
