package webhook_test

import (
	"strings"
	"testing"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestControlPlaneWithoutLocalAccounts(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "login"))
	with := func(profile v1beta1.AADProfile) *v1beta1.AzureManagedControlPlane {
		return controlPlane(a.namespace, "login", func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.DisableLocalAccounts, cp.Spec.AADProfile = ptr(true), &profile
		})
	}
	refused(t, a.Create(t.Context(), with(v1beta1.AADProfile{})), "spec.disableLocalAccounts", "nobody could log in", "aadProfile.managed")
	refused(t, a.Create(t.Context(), with(v1beta1.AADProfile{Managed: ptr(false)})), "spec.disableLocalAccounts", "nobody could log in")
	a.warnings.take()
	cp := with(v1beta1.AADProfile{Managed: ptr(true)})
	a.create(t, cp)
	if got := a.warnings.take(); !strings.Contains(got, "adminGroupObjectIDs") || !strings.Contains(got, "RBAC Cluster Admin") {
		t.Errorf("not warned that nobody administers the cluster: %q", got)
	}
	for _, profile := range []v1beta1.AADProfile{{Managed: ptr(true), EnableAzureRBAC: ptr(true)}, {Managed: ptr(true), AdminGroupObjectIDs: []string{subscription}}} {
		if err := a.Delete(t.Context(), cp); err != nil {
			t.Fatal(err)
		}
		cp = with(profile)
		a.create(t, cp)
		if got := a.warnings.take(); got != "" {
			t.Errorf("warned: %s", got)
		}
	}
}
