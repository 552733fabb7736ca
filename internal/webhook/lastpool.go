package webhook

import (
	"context"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
)

// deleteForMoveAnnotation is set by `clusterctl move` on objects it deletes here because they live elsewhere now.
const deleteForMoveAnnotation = "clusterctl.cluster.x-k8s.io/delete-for-move"

// goesAnyway tells whether an object may be deleted without looking further: it is already on its way, or it only moves.
func goesAnyway(object metav1.Object) bool {
	_, moved := object.GetAnnotations()[deleteForMoveAnnotation]
	return moved || !object.GetDeletionTimestamp().IsZero()
}

// keepsSystemPools tells whether a Cluster needs its System pools: it exists and is not being deleted. AKS deletes all
// pools together with the cluster, so they only matter while it lives.
func (l lookup) keepsSystemPools(ctx context.Context, namespace, cluster string) (bool, error) {
	if cluster == "" {
		return false, nil
	}
	object, err := l.cluster(ctx, namespace, cluster)
	return object != nil && object.DeletionTimestamp.IsZero(), err
}

// lastSystemPool tells whether a Cluster would be left without a System pool if the named one went. A pool that is being
// deleted does not count, nor does one whose MachinePool is: Cluster API deletes the pool next. The exception is a pool
// whose own MachinePool is already being deleted (following): of several such pools all but one can go, or none would.
func (l lookup) lastSystemPool(ctx context.Context, namespace, cluster, name string) (bool, error) {
	pools, err := l.pools(ctx, namespace, cluster)
	if err != nil {
		return false, err
	}
	following := false
	for _, p := range pools {
		following = following || p.object.Name == name && !p.living()
	}
	for _, p := range pools {
		stays := p.object.DeletionTimestamp.IsZero() && (following || p.living())
		if p.object.Name != name && p.object.Spec.Mode == v1beta1.NodePoolModeSystem && stays {
			return false, nil
		}
	}
	return true, nil
}

// refusal is the answer to a request that would take the last System pool away.
func refusal(pool, cluster, what string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure,
		Code:   http.StatusForbidden,
		Reason: metav1.StatusReasonForbidden,
		Message: fmt.Sprintf("%s %q is the last System pool of Cluster %q, and AKS always keeps one: %s it only after another System pool exists "+
			"(a MachinePool with an %s whose spec.mode is System), or delete the Cluster", kindNodePool, pool, cluster, what, kindNodePool),
	}}
}

// nodePoolDeletion decides about the deletion of an AzureManagedMachinePool.
func (l lookup) nodePoolDeletion(ctx context.Context, object *v1beta1.AzureManagedMachinePool) error {
	if goesAnyway(object) {
		return nil
	}
	if err := protected(kindNodePool, object); err != nil || object.Spec.Mode != v1beta1.NodePoolModeSystem {
		return err
	}
	cluster, err := l.clusterNameOfPool(ctx, object)
	if err != nil {
		return err
	}
	if stays, err := l.staysInAzure(ctx, object, cluster); err != nil || stays {
		return err
	}
	return l.refuseIfLast(ctx, object.Namespace, cluster, object.Name, "delete")
}

// machinePoolDeletion decides about the deletion of a MachinePool. Cluster API answers it by deleting the
// AzureManagedMachinePool, so the same rule applies here, before a deletionTimestamp makes it too late.
func (l lookup) machinePoolDeletion(ctx context.Context, mp *clusterv1.MachinePool) error {
	ref := mp.Spec.Template.Spec.InfrastructureRef
	if !refersTo(ref, kindNodePool) || goesAnyway(mp) {
		return nil
	}
	object := &v1beta1.AzureManagedMachinePool{}
	found, err := l.get(ctx, kindNodePool, mp.Namespace, ref.Name, object)
	if err != nil || !found || !object.DeletionTimestamp.IsZero() || ownedByAnother(object, mp) {
		return err
	}
	if err := protected(kindNodePool, object); err != nil || object.Spec.Mode != v1beta1.NodePoolModeSystem {
		return err
	}
	if stays, err := l.staysInAzure(ctx, object, mp.Spec.ClusterName); err != nil || stays {
		return err
	}
	return l.refuseIfLast(ctx, mp.Namespace, mp.Spec.ClusterName, object.Name, "delete")
}

func (l lookup) refuseIfLast(ctx context.Context, namespace, cluster, name, what string) error {
	needed, err := l.keepsSystemPools(ctx, namespace, cluster)
	if err != nil || !needed {
		return err
	}
	last, err := l.lastSystemPool(ctx, namespace, cluster, name)
	if err != nil || !last {
		return err
	}
	return refusal(name, cluster, what)
}

// ownedByAnother tells whether a pool was handed over to a MachinePool other than this one, as the recovery of a stuck
// MachinePool does.
func ownedByAnother(object *v1beta1.AzureManagedMachinePool, mp *clusterv1.MachinePool) bool {
	other := false
	for _, owner := range object.OwnerReferences {
		if owner.Kind != "MachinePool" || groupOf(owner) != clusterv1.GroupVersion.Group {
			continue
		}
		if owner.UID == mp.UID {
			return false
		}
		other = true
	}
	return other
}
