package controller

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

func TestValidity(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, tc := range []struct {
		left           time.Duration
		reason, saying string
	}{
		{31 * day, "Valid", "valid until 2026-12-02T12:00:00Z"},
		{30 * day, "Valid", "valid until 2026-12-01T12:00:00Z"},
		{30*day - time.Second, "ExpiresSoon", "less than 30 days"},
		{time.Second, "ExpiresSoon", "less than 30 days"},
		{0, "ExpiresSoon", "was valid until 2026-11-01T12:00:00Z"},
		{-day, "ExpiresSoon", "no new sign-in works"},
	} {
		if v := validityVerdict(now.Add(tc.left), now); !v.ok() || v.reason != tc.reason || !strings.Contains(v.message, tc.saying) {
			t.Errorf("%s left: %+v", tc.left, v)
		}
	}
	if v := validityVerdict(time.Time{}, now); v != good {
		t.Errorf("nothing known: %+v", v)
	}
}

func TestExpiryIsToldOnce(t *testing.T) {
	recorder := events.NewFakeRecorder(5)
	r := &Reconciler{Recorder: recorder}
	condition := func(reason, message string) []metav1.Condition {
		return []metav1.Condition{{Type: v1beta1.CredentialsValidCondition, Status: "True", Reason: reason, Message: message}}
	}
	object := &v1beta1.AzureClusterIdentity{}
	for i, tc := range []struct {
		before, after []metav1.Condition
		want          int
	}{
		{nil, condition("Valid", ""), 0},
		{nil, condition("ExpiresSoon", "one"), 1},
		{condition("Valid", ""), condition("ExpiresSoon", "one"), 1},
		{condition("ExpiresSoon", "one"), condition("ExpiresSoon", "one"), 0},
		{condition("ExpiresSoon", "one"), condition("ExpiresSoon", "another certificate"), 1},
		{condition("ExpiresSoon", "one"), condition("Valid", ""), 0},
	} {
		r.warnOfExpiry(object, tc.before, tc.after)
		if got := len(recorder.Events); got != tc.want {
			t.Errorf("%d: %d events, want %d", i, got, tc.want)
		}
		for range len(recorder.Events) {
			<-recorder.Events
		}
	}
}

func TestKubeconfigCondition(t *testing.T) {
	refused := func(code string) *aks.AzureError { return &aks.AzureError{Status: 401, Code: code, Message: "no"} }
	for _, tc := range []struct {
		name   string
		change func(*outcome)
		want   string
		saying string
	}{
		{"stored", func(*outcome) {}, "True/Ready", ""},
		{"not stored", func(o *outcome) { o.kubeconfigSafe = false }, "False/NotStored", ""},
		{"nobody can log in", func(o *outcome) { o.report.KubeconfigError = &aks.NoCredentials }, "False/NoCredentials", "aadProfile.managed"},
		{"another tenant", func(o *outcome) {
			o.report.KubeconfigError = &aks.AzureError{Code: aks.ReasonTenantMismatch, Message: "users of the cluster are those of another tenant"}
		}, "False/TenantMismatch", "another tenant"},
		{"no token", func(o *outcome) { o.report.TokenError = refused("AADSTS500011") }, "False/ResourceNotInTenant", "no token for the cluster: AADSTS500011: no"},
		{"people are refused", func(o *outcome) { o.report.UserKubeconfigError = refused("AuthorizationFailed") }, "True/UserKubeconfigRefused", "people have no kubeconfig: AuthorizationFailed"},
	} {
		o := outcome{report: running(), ran: true, kubeconfigSafe: true}
		tc.change(&o)
		condition := o.kubeconfigVerdict().condition(v1beta1.KubeconfigReadyCondition, "Ready")
		if got := string(condition.Status) + "/" + condition.Reason; got != tc.want || !strings.Contains(condition.Message, tc.saying) {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, condition.Message, tc.want)
		}
	}
}
