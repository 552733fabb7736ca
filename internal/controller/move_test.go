package controller

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestOwnersAreKeptCurrent(t *testing.T) {
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "cp", UID: "1"}}
	current := ownerReference(cp)
	ref := func(change func(*metav1.OwnerReference)) metav1.OwnerReference {
		r := current
		change(&r)
		return r
	}
	theirs := metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "Widget", Name: "w", UID: "9", Controller: new(true)}
	for name, c := range map[string]struct {
		stored     []metav1.OwnerReference
		changed    bool
		owners     int
		controller bool
	}{
		"none":                     {nil, true, 1, true},
		"ours":                     {[]metav1.OwnerReference{current}, false, 1, true},
		"a version served earlier": {[]metav1.OwnerReference{ref(func(r *metav1.OwnerReference) { r.APIVersion = "infrastructure.cluster.x-k8s.io/v1alpha4" })}, true, 1, true},
		"from a backup":            {[]metav1.OwnerReference{ref(func(r *metav1.OwnerReference) { r.UID = "0" })}, true, 1, true},
		"somebody else's":          {[]metav1.OwnerReference{theirs}, true, 2, false},
		"another group's kind":     {[]metav1.OwnerReference{ref(func(r *metav1.OwnerReference) { r.APIVersion = "example.com/v1"; r.UID = "7"; r.Controller = nil })}, true, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			object := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{OwnerReferences: c.stored}}
			if changed := own(object, cp); changed != c.changed {
				t.Errorf("changed: %v", changed)
			}
			last := object.OwnerReferences[len(object.OwnerReferences)-1]
			if len(object.OwnerReferences) != c.owners || last.APIVersion != current.APIVersion || last.UID != cp.UID || (last.Controller != nil) != c.controller {
				t.Errorf("the owners are %+v", object.OwnerReferences)
			}
			if own(object, cp) {
				t.Error("and it is never current")
			}
		})
	}
}

func TestAMoveWaitsWhileAzureWorks(t *testing.T) {
	pool := &v1beta1.AzureManagedMachinePool{}
	for _, works := range []bool{false, true, true, false, false} {
		blockMove(pool, works)
		if _, blocked := pool.Annotations[clusterctlBlockMove]; blocked != works {
			t.Errorf("Azure works: %v; blocked: %v", works, blocked)
		}
	}
	pool.Annotations = map[string]string{clusterctlBlockMove: "", "kept": ""}
	if blockMove(pool, false); len(pool.Annotations) != 1 {
		t.Errorf("left: %v", pool.Annotations)
	}
}
