package controller

import (
	"context"
	"fmt"

	"k8s.io/client-go/util/workqueue"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/capaks/capaks/api/v1beta1"
)

// SetupWithManager watches every object that describes an AKS cluster, and the news of the fleet.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, concurrency int, news <-chan event.TypedGenericEvent[client.ObjectKey]) error {
	toControlPlane := handler.EnqueueRequestsFromMapFunc
	return ctrl.NewControllerManagedBy(mgr).
		Named("azuremanagedcontrolplane").
		For(&v1beta1.AzureManagedControlPlane{}).
		Watches(&v1beta1.AzureManagedCluster{}, toControlPlane(r.ofInfraCluster)).
		Watches(&v1beta1.AzureManagedMachinePool{}, toControlPlane(r.ofPool)).
		// Its status is written by the other loop, and follows what clusters find out.
		Watches(&v1beta1.AzureClusterIdentity{}, toControlPlane(r.ofIdentity), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&clusterv1.Cluster{}, toControlPlane(r.ofCluster)).
		Watches(&clusterv1.MachinePool{}, toControlPlane(r.ofMachinePool)).
		WatchesRawSource(source.TypedChannel(news, ofNews())).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency}).
		Complete(r)
}

// ofNews enqueues the control plane the fleet has news of.
func ofNews() handler.TypedEventHandler[client.ObjectKey, reconcile.Request] {
	return handler.TypedFuncs[client.ObjectKey, reconcile.Request]{
		GenericFunc: func(_ context.Context, e event.TypedGenericEvent[client.ObjectKey], queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			queue.Add(reconcile.Request{NamespacedName: e.Object})
		},
	}
}

func (r *Reconciler) ofCluster(_ context.Context, object client.Object) []reconcile.Request {
	cluster, ok := object.(*clusterv1.Cluster)
	if !ok || cluster.Spec.ControlPlaneRef.Kind != "AzureManagedControlPlane" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Spec.ControlPlaneRef.Name}}}
}

func (r *Reconciler) ofClusterNamed(ctx context.Context, namespace, name string) []reconcile.Request {
	cluster := &clusterv1.Cluster{}
	if name == "" || r.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, cluster) != nil {
		return nil
	}
	return r.ofCluster(ctx, cluster)
}

func (r *Reconciler) ofInfraCluster(ctx context.Context, object client.Object) []reconcile.Request {
	for _, owner := range object.GetOwnerReferences() {
		if owner.Kind == "Cluster" {
			return r.ofClusterNamed(ctx, object.GetNamespace(), owner.Name)
		}
	}
	return nil
}

func (r *Reconciler) ofMachinePool(ctx context.Context, object client.Object) []reconcile.Request {
	mp, ok := object.(*clusterv1.MachinePool)
	if !ok || mp.Spec.Template.Spec.InfrastructureRef.Kind != "AzureManagedMachinePool" {
		return nil
	}
	return r.ofClusterNamed(ctx, mp.Namespace, mp.Spec.ClusterName)
}

// ofPool finds the cluster by label; a pool that was just created has none yet, and its MachinePool tells.
func (r *Reconciler) ofPool(ctx context.Context, object client.Object) []reconcile.Request {
	if name := object.GetLabels()[clusterv1.ClusterNameLabel]; name != "" {
		return r.ofClusterNamed(ctx, object.GetNamespace(), name)
	}
	machinePools := &clusterv1.MachinePoolList{}
	if err := r.Client.List(ctx, machinePools, client.InNamespace(object.GetNamespace())); err != nil {
		return nil
	}
	for i := range machinePools.Items {
		if ref := machinePools.Items[i].Spec.Template.Spec.InfrastructureRef; ref.Kind == "AzureManagedMachinePool" && ref.Name == object.GetName() {
			return r.ofMachinePool(ctx, &machinePools.Items[i])
		}
	}
	return nil
}

func (r *Reconciler) ofIdentity(ctx context.Context, object client.Object) []reconcile.Request {
	controlPlanes := &v1beta1.AzureManagedControlPlaneList{}
	if err := r.Client.List(ctx, controlPlanes); err != nil {
		return nil
	}
	var requests []reconcile.Request
	for i := range controlPlanes.Items {
		cp := &controlPlanes.Items[i]
		if uses(cp, object) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(cp)})
		}
	}
	return requests
}

// ParseOwner reads the owner name the engine and the fleet use: namespace/name of a control plane.
func ParseOwner(owner string) (client.ObjectKey, error) {
	for i := range owner {
		if owner[i] == '/' {
			return client.ObjectKey{Namespace: owner[:i], Name: owner[i+1:]}, nil
		}
	}
	return client.ObjectKey{}, fmt.Errorf("owner %q is not namespace/name", owner)
}
