package webhook_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestIdentity(t *testing.T) {
	a := live(t)
	identity := func(name string, kind v1beta1.IdentityType, mutate ...func(*v1beta1.AzureClusterIdentitySpec)) *v1beta1.AzureClusterIdentity {
		i := &v1beta1.AzureClusterIdentity{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: name}}
		i.Spec = v1beta1.AzureClusterIdentitySpec{Type: kind, TenantID: subscription, ClientID: subscription, AllowedNamespaces: &v1beta1.AllowedNamespaces{}}
		for _, m := range mutate {
			m(&i.Spec)
		}
		return i
	}
	secret := func(s *v1beta1.AzureClusterIdentitySpec) { s.ClientSecret = corev1.SecretReference{Name: "sp"} }

	for _, kind := range []v1beta1.IdentityType{v1beta1.ServicePrincipal, v1beta1.ManualServicePrincipal, v1beta1.ServicePrincipalCertificate} {
		refused(t, a.Create(t.Context(), identity("i", kind)), "spec.clientSecret.name", string(kind), "name of a Secret")
	}
	refused(t, a.Create(t.Context(), identity("i", v1beta1.WorkloadIdentity, func(s *v1beta1.AzureClusterIdentitySpec) { s.TenantID = "" })), "spec.tenantID", "type WorkloadIdentity")

	a.warnings.take()
	sp := identity("sp", v1beta1.ServicePrincipal, secret)
	a.create(t, sp, identity("cert", v1beta1.ServicePrincipalCertificate, func(s *v1beta1.AzureClusterIdentitySpec) { s.CertPath = "/cert.pem" }), identity("wi", v1beta1.WorkloadIdentity))
	if got := a.warnings.take(); got != "" {
		t.Errorf("warned: %s", got)
	}
	if got := sp.Spec.ClientSecret.Namespace; got != a.namespace {
		t.Errorf("the Secret is looked for in %q", got)
	}
	refused(t, change(t, a, sp, func(i *v1beta1.AzureClusterIdentity) { i.Spec.ClientSecret = corev1.SecretReference{} }), "spec.clientSecret.name")

	refused(t, a.Create(t.Context(), identity("i", v1beta1.UserAssignedIdentityCredential, secret)), "spec.userAssignedIdentityCredentialsPath", "path inside the manager's pod")
	a.create(t, identity("file", v1beta1.UserAssignedIdentityCredential, func(s *v1beta1.AzureClusterIdentitySpec) {
		s.UserAssignedIdentityCredentialsPath, s.AllowedNamespaces, s.ClientID = "/credential.json", nil, "me"
	}))
	got := a.warnings.take()
	// What cluster templates make of the short list of variables.
	noIDs := func(s *v1beta1.AzureClusterIdentitySpec) { s.TenantID, s.ClientID = "", "" }
	refused(t, a.Create(t.Context(), identity("i", v1beta1.WorkloadIdentity, noIDs, secret)), "spec.clientSecret.name", `"sp"`, "ServicePrincipal")
	a.warnings.take()
	a.create(t, identity("own", v1beta1.WorkloadIdentity, noIDs))
	if warned := a.warnings.take(); !strings.Contains(warned, "the manager's own credentials") {
		t.Errorf("the warnings do not say whose credentials are used: %s", warned)
	}
	if strings.Contains(got, "UserAssignedIdentityCredential") {
		t.Errorf("warned of the type: %s", got)
	}
	for _, part := range []string{"spec.allowedNamespaces", `spec.clientID "me"`} {
		if !strings.Contains(got, part) {
			t.Errorf("the warnings lack %q: %s", part, got)
		}
	}
}
