package takeover

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWhenALeaseEnds(t *testing.T) {
	renewed := metav1.NewMicroTime(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	held := coordinationv1.LeaseSpec{HolderIdentity: new("somebody"), RenewTime: &renewed, LeaseDurationSeconds: new(int32(15))}
	if got := leaseEnds(&coordinationv1.Lease{Spec: held}); !got.Equal(renewed.Add(15 * time.Second)) {
		t.Errorf("a lease that is held ends at %s", got)
	}
	held.HolderIdentity = new("")
	if got := leaseEnds(&coordinationv1.Lease{Spec: held}); !got.IsZero() {
		t.Errorf("a lease that was given back ends at %s", got)
	}
}

func TestAManagerWithoutPoolsHasNoControllersForAKS(t *testing.T) {
	with := func(args ...string) *appsv1.Deployment {
		d := &appsv1.Deployment{}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Args: args}}
		return d
	}
	if withoutPools(with("--leader-elect", "--feature-gates=MachinePool=true,AKS=true")) || !withoutPools(with("--feature-gates=AKS=true,MachinePool=false")) {
		t.Error("the feature gate is not understood")
	}
}
