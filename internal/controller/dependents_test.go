package controller

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

func TestDependentConditions(t *testing.T) {
	flux, member := aks.ExtensionID(clusterID, "flux"), aks.FleetMemberID("s", "g", "fleet", "c")
	step := func(verb plan.Verb, id, reason, message string) plan.Action {
		kind, _, _ := aks.DependentKind(id)
		return plan.Action{Verb: verb, ID: id, Kind: kind, Name: id[strings.LastIndex(id, "/")+1:], Reason: reason, Message: message}
	}
	for name, test := range map[string]struct {
		declared []string
		pending  []plan.Action
		failures map[string]aks.AzureError
		gone     bool // there is no cluster
		want     []string
		message  string // of the first condition
	}{
		"nothing declared: no condition": {},
		"as declared": {declared: []string{aks.KindExtension}, pending: []plan.Action{step(plan.None, flux, "", "")},
			want: []string{"AKSExtensionsReady=True/Ready", "Ready=True/Ready"}},
		"before the cluster": {declared: []string{aks.KindFleetMember}, gone: true, want: []string{"FleetReady=False/WaitingForControlPlane"}, message: "the AKS cluster does not exist yet"},
		"being installed": {declared: []string{aks.KindExtension}, pending: []plan.Action{step(plan.Wait, flux, plan.ReasonOperationInProgress, "extension flux has an operation in progress")},
			want: []string{"AKSExtensionsReady=False/OperationInProgress", "Ready=False/OperationInProgress"}, message: "extension flux has an operation in progress"},
		"a failure is worse than waiting": {declared: []string{aks.KindExtension},
			pending:  []plan.Action{step(plan.Wait, aks.ExtensionID(clusterID, "dapr"), plan.ReasonOperationInProgress, "busy"), step(plan.Blocked, flux, plan.ReasonFailed, "failed")},
			failures: map[string]aks.AzureError{flux: {Code: "ExtensionOperationFailed", Message: "helm upgrade timed out"}},
			want:     []string{"AKSExtensionsReady=False/ExtensionOperationFailed", "Ready=False/ExtensionOperationFailed"},
			message:  "extension flux: ExtensionOperationFailed: helm upgrade timed out"},
		"no rights on the fleet are no reason to doubt the credentials": {declared: []string{aks.KindFleetMember},
			pending:  []plan.Action{step(plan.Blocked, member, aks.ReasonUnreadable, "cannot be read")},
			failures: map[string]aks.AzureError{member: {Status: 403, Code: "AuthorizationFailed", Message: "no right on fleets/members/read"}},
			want:     []string{"FleetReady=False/AuthorizationFailed", "CredentialsValid=True/Valid"}, message: "fleetMember c: AuthorizationFailed: no right on fleets/members/read"},
		"dropped and not gone yet": {pending: []plan.Action{step(plan.Delete, flux, "", "")}, want: []string{"AKSExtensionsReady=False/OutOfSync"}, message: "Delete extension flux"},
	} {
		t.Run(name, func(t *testing.T) {
			o := outcome{ran: true, kubeconfigSafe: true, report: running()}
			o.report.DependentKinds, o.report.Pending, o.report.Failures = test.declared, test.pending, map[string]aks.Failure{}
			for id, e := range test.failures {
				o.report.Failures[strings.ToLower(id)] = aks.Failure{Error: e, Diagnosis: aks.Diagnose(e), RetryAt: time.Unix(0, 0)}
			}
			if test.gone {
				o.report.Facts = aks.Facts{}
			}
			cp := &v1beta1.AzureManagedControlPlane{}
			cp.Status.Conditions = []metav1.Condition{{Type: v1beta1.PrivateEndpointsReadyCondition, Status: "False", Reason: "Old"}}
			if err := applyControlPlane(&aggregate{controlPlane: cp, cluster: &clusterv1.Cluster{}}, o); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range cp.Status.Conditions {
				got = append(got, c.Type+"="+string(c.Status)+"/"+c.Reason)
				if len(test.want) > 0 && strings.HasPrefix(test.want[0], c.Type+"=") && !strings.HasPrefix(c.Message, test.message) {
					t.Errorf("%s says %q, want %q", c.Type, c.Message, test.message)
				}
				if c.Type == v1beta1.PrivateEndpointsReadyCondition {
					t.Error("the condition of a kind that is not declared any more is still there")
				}
			}
			for _, want := range test.want {
				if !slices.Contains(got, want) {
					t.Errorf("conditions are %v, want %s", got, want)
				}
			}
			if extra := slices.ContainsFunc(got, func(c string) bool { return strings.HasPrefix(c, "AKSExtensionsReady") }); extra && len(test.want) == 0 {
				t.Errorf("conditions are %v, though nothing is declared", got)
			}
		})
	}
}

func TestIssuerConfigMap(t *testing.T) {
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "cp", UID: "1"}}
	a := &aggregate{controlPlane: cp, cluster: &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "c", Namespace: "n"}}}
	if key := issuerKey(a.cluster).String(); key != "n/c-aso-oidc-issuer-profile" {
		t.Errorf("the ConfigMap is %s", key)
	}
	fresh := &corev1.ConfigMap{}
	if !fillIssuer(fresh, a, "https://issuer/") || fillIssuer(fresh, a, "https://issuer/") {
		t.Error("want one write and then none")
	}
	if fresh.Data["oidc-issuer-profile-url"] != "https://issuer/" || fresh.Labels[clusterv1.ClusterNameLabel] != "c" || len(fresh.OwnerReferences) != 1 {
		t.Errorf("the ConfigMap is %+v", fresh)
	}
	if !fillIssuer(fresh, a, "https://other/") || fresh.Data["oidc-issuer-profile-url"] != "https://other/" {
		t.Error("a new issuer is not written")
	}
	// Made by an installation before this one.
	old := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{UID: "2", Controller: new(true)}}}, Data: map[string]string{"theirs": "kept", issuerURLKey: "https://issuer/"}}
	if !fillIssuer(old, a, "https://issuer/") || old.Data["theirs"] != "kept" || len(old.OwnerReferences) != 2 || old.OwnerReferences[1].Controller != nil {
		t.Errorf("the ConfigMap is %+v", old)
	}
}
