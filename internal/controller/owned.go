package controller

import (
	"encoding/json"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/fieldset"
)

// ownedAnnotation holds the ARM field paths this provider set last time. It is an annotation because status does
// not survive `clusterctl move`.
const ownedAnnotation = "infrastructure.cluster.x-k8s.io/owned-fields"

// ownedOf reads what is owned of the resources a control plane describes. An annotation that cannot be read
// counts as none: then what is in Azure is compared again field by field.
func ownedOf(cp *v1beta1.AzureManagedControlPlane) aks.Owned {
	var owned aks.Owned
	if json.Unmarshal([]byte(cp.Annotations[ownedAnnotation]), &owned) != nil {
		return aks.Owned{}
	}
	return owned
}

func ownedPoolOf(pool *v1beta1.AzureManagedMachinePool) *fieldset.Set {
	text, ok := pool.Annotations[ownedAnnotation]
	if !ok {
		return nil
	}
	owned := fieldset.NewSet()
	if json.Unmarshal([]byte(text), owned) != nil {
		return nil
	}
	return owned
}

// setOwned merges what a step came to into the annotation; resources it says nothing about keep theirs.
func setOwned(cp *v1beta1.AzureManagedControlPlane, update aks.Owned) error {
	owned := ownedOf(cp).Merge(update)
	if owned.Empty() {
		return nil
	}
	return annotate(cp, owned)
}

func annotate(object client.Object, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[ownedAnnotation] = string(text)
	object.SetAnnotations(annotations)
	return nil
}
