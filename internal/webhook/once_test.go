package webhook_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
)

func ready(status metav1.ConditionStatus) metav1.Condition {
	return metav1.Condition{Type: v1beta1.ReadyCondition, Status: status, Reason: "Test"}
}

// report writes the status as the controller does after it has looked at the present spec.
func report(t *testing.T, a *api, cp *v1beta1.AzureManagedControlPlane, condition metav1.Condition) {
	t.Helper()
	a.read(t, cp)
	cp.Status.ResourceID, cp.Status.ObservedGeneration = "/c", cp.Generation
	meta.SetStatusCondition(&cp.Status.Conditions, condition)
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
}

func dns(ip string) func(*v1beta1.AzureManagedControlPlane) {
	return func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.DNSServiceIP = ip }
}

// What Azure never took can be taken back, at once and later; what it took cannot.
func TestWhatIsGivenOnceCanBeTakenBack(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"))
	cp := controlPlane(a.namespace, "c")
	a.create(t, cp)
	report(t, a, cp, ready(metav1.ConditionTrue))
	accepted(t, change(t, a, cp, dns("192.168.0.11")))
	accepted(t, change(t, a, cp, dns(""))) // before the controller has seen it

	accepted(t, change(t, a, cp, dns("192.168.0.11")))
	report(t, a, cp, ready(metav1.ConditionFalse))
	accepted(t, change(t, a, cp, dns("192.168.0.10")))
	report(t, a, cp, ready(metav1.ConditionTrue))
	refused(t, change(t, a, cp, dns("")), "spec.dnsServiceIP", `from "192.168.0.10" to (not set)`, "create a new cluster")
	refused(t, change(t, a, cp, dns("192.168.0.12")), "spec.dnsServiceIP", `from "192.168.0.10" to "192.168.0.12"`)

	report(t, a, cp, metav1.Condition{Type: v1beta1.SyncedCondition, Status: metav1.ConditionFalse, Reason: "ObserveOnly"})
	accepted(t, change(t, a, cp, dns(""))) // it is Ready whatever Azure has
}

func TestWhatAPoolIsGivenOnceCanBeTakenBack(t *testing.T) {
	a := live(t)
	pool := nodePool(a.namespace, "once", v1beta1.NodePoolModeUser)
	a.create(t, pool)
	fips := func(on *bool) func(*v1beta1.AzureManagedMachinePool) {
		return func(p *v1beta1.AzureManagedMachinePool) { p.Spec.EnableFIPS = on }
	}
	seen := func(status metav1.ConditionStatus) {
		t.Helper()
		a.read(t, pool)
		pool.Status.ObservedGeneration = pool.Generation
		meta.SetStatusCondition(&pool.Status.Conditions, ready(status))
		if err := a.Status().Update(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
	}
	accepted(t, change(t, a, pool, fips(ptr(true))))
	seen(metav1.ConditionFalse)
	accepted(t, change(t, a, pool, fips(nil)))
	accepted(t, change(t, a, pool, fips(ptr(true))))
	seen(metav1.ConditionTrue)
	refused(t, change(t, a, pool, fips(nil)), "spec.enableFIPS", "create another pool")
	refused(t, change(t, a, pool, fips(ptr(false))), "spec.enableFIPS", "from true to false")

	accepted(t, change(t, a, pool, func(p *v1beta1.AzureManagedMachinePool) {
		annotated(p, v1beta1.PolicyAnnotation, v1beta1.PolicyObserve)
	}))
	accepted(t, change(t, a, pool, fips(nil))) // it is Ready whatever Azure has
}

func TestVersionsThatNeverRanCanBeTakenBack(t *testing.T) {
	a := live(t)
	to := func(version string) func(*v1beta1.AzureManagedControlPlane) {
		return func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.Version = version }
	}
	a.create(t, cluster(a.namespace, "v"))
	cp := controlPlane(a.namespace, "v", to("v1.99.0"))
	a.create(t, cp)
	meta.SetStatusCondition(&cp.Status.Conditions, ready(metav1.ConditionFalse))
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	accepted(t, change(t, a, cp, to("v1.33.4"))) // nothing exists

	report(t, a, cp, ready(metav1.ConditionTrue))
	refused(t, change(t, a, cp, to("v1.33.3")), "spec.version", "can only rise")
	cp.Status.Version = "v1.33.4"
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	accepted(t, change(t, a, cp, to("v1.98.0")))
	refused(t, change(t, a, cp, to("v1.33.3")), "spec.version", "write v1.33.4 or a newer version")
	accepted(t, change(t, a, cp, to("v1.33.4")))

	cp.Status.AutoUpgradeVersion = "v1.34.1"
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	accepted(t, change(t, a, cp, to("v1.97.0")))
	refused(t, change(t, a, cp, to("v1.34.0")), "already runs v1.34.1")
	accepted(t, change(t, a, cp, to("v1.34.1")))
}
