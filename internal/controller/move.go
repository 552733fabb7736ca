package controller

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

// clusterctlBlockMove makes `clusterctl move` wait, after it has paused the Cluster, until it is gone.
const clusterctlBlockMove = "clusterctl.cluster.x-k8s.io/block-move"

// blockMove marks an object whose cluster Azure works on (in memory). A move that begins meanwhile waits until the manager has
// seen the pause, and so until the step that runs has stored which requests it sent.
func blockMove(object client.Object, works bool) {
	marks := object.GetAnnotations()
	_, marked := marks[clusterctlBlockMove]
	switch {
	case works && !marked:
		object.SetAnnotations(with(marks, clusterctlBlockMove, "true"))
	case !works && marked:
		delete(marks, clusterctlBlockMove)
		object.SetAnnotations(marks)
	}
}

func ownerReference(cp *v1beta1.AzureManagedControlPlane) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: v1beta1.GroupVersion.String(), Kind: "AzureManagedControlPlane",
		Name: cp.Name, UID: cp.UID, Controller: new(true),
	}
}

// own makes an object say (in memory), in today's words, that it belongs to a control plane, and answers whether it had not said so.
// A version that is served no longer, or the UID that a control plane had before a backup was restored, would get the
// object collected or left behind by a move. Other owners stay, and so does their control: there is only one controller.
func own(object client.Object, cp *v1beta1.AzureManagedControlPlane) bool {
	owner, owners := ownerReference(cp), object.GetOwnerReferences()
	for i, r := range owners {
		if !sameOwner(r, owner) {
			continue
		}
		if r.APIVersion == owner.APIVersion && r.UID == owner.UID {
			return false
		}
		owners[i].APIVersion, owners[i].UID = owner.APIVersion, owner.UID
		object.SetOwnerReferences(owners)
		return true
	}
	if metav1.GetControllerOf(object) != nil {
		owner.Controller = nil
	}
	object.SetOwnerReferences(append(owners, owner))
	return true
}

func sameOwner(a, b metav1.OwnerReference) bool {
	x, err := schema.ParseGroupVersion(a.APIVersion)
	y, err2 := schema.ParseGroupVersion(b.APIVersion)
	return err == nil && err2 == nil && x.Group == y.Group && a.Kind == b.Kind && a.Name == b.Name
}
