package controller

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/engine"
)

// IdentityReconciler says on each AzureClusterIdentity whether one can sign in with it. It touches nothing else, so that it never
// competes with the loop of a cluster; what an identity may do in a subscription is told by the clusters that use it.
type IdentityReconciler struct{ *Reconciler }

const (
	// identityInterval is how often an identity is looked at although nothing happened: as often as a token has to be got anyway.
	identityInterval = time.Hour
	// identityPause is when one that was refused is tried again.
	identityPause = time.Minute
)

// SetupWithManager watches identities, and listens to clusters that cannot sign in.
func (r *IdentityReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.identityNews = make(chan event.TypedGenericEvent[client.ObjectKey], identityNewsBuffer)
	return ctrl.NewControllerManagedBy(mgr).
		Named("azureclusteridentity").
		For(&v1beta1.AzureClusterIdentity{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(source.TypedChannel(r.identityNews, ofNews())).
		WithOptions(controller.Options{MaxConcurrentReconciles: 2}).
		Complete(r)
}

// identityNewsBuffer is more than there are identities; what does not fit is told again at the next refusal.
const identityNewsBuffer = 256

// identityRefused lets the identity of a cluster be looked at.
func (r *Reconciler) identityRefused(key client.ObjectKey) {
	select {
	case r.identityNews <- event.TypedGenericEvent[client.ObjectKey]{Object: key}:
	default:
	}
}

// Reconcile signs in, unless a token is at hand, and writes down what came of it.
func (r *IdentityReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	object := &v1beta1.AzureClusterIdentity{}
	owner := "identity " + req.String()
	if err := r.Client.Get(ctx, req.NamespacedName, object); err != nil || object.DeletionTimestamp != nil {
		r.Reloads.forget(owner)
		setExpiry(req.String(), time.Time{})
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if r.WatchFilter != "" && object.Labels[clusterv1.WatchLabel] != r.WatchFilter {
		return ctrl.Result{}, nil
	}
	before := object.DeepCopy()
	from, version := credentialSource{}, ""
	v, err := r.signIn(ctx, object, &from, &version)
	if err != nil {
		return ctrl.Result{}, err
	}
	setCondition(object, v.condition(v1beta1.CredentialsValidCondition, "Valid"))
	object.Status.ObservedGeneration = object.Generation
	r.warnOfExpiry(object, before.Status.Conditions, object.Status.Conditions)
	if err := save(ctx, r.Client, before, object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if v.ok() && v.reason != reasonExpiresSoon {
		r.Reloads.forget(owner)
	} else {
		r.Reloads.await(from, version, owner, func() { r.identityRefused(req.NamespacedName) })
	}
	if v.ok() {
		return ctrl.Result{RequeueAfter: min(identityInterval, r.SyncPeriod)}, nil
	}
	return ctrl.Result{RequeueAfter: identityPause}, nil
}

// signIn is the verdict about an identity; an error is one of the Kubernetes API.
func (r *IdentityReconciler) signIn(ctx context.Context, object *v1beta1.AzureClusterIdentity, from *credentialSource, version *string) (verdict, error) {
	spec, source, seen, err := r.secretOf(ctx, object)
	*from, *version = source, seen
	if problem, ok := errors.AsType[*credentialProblem](err); ok {
		return bad(problem.reason, problem.message), nil
	}
	if err != nil {
		return verdict{}, err
	}
	clouds, err := r.cloudsOf(ctx, object)
	if err != nil {
		return verdict{}, err
	}
	var notAfter time.Time
	for _, name := range sets.List(clouds) {
		cloud, err := arm.CloudFrom(name, r.Azure.Endpoints)
		if err != nil {
			continue // the cluster that names it says so
		}
		credential, err := r.Azure.Identities.Credential(spec, cloud, r.Azure.Transport)
		if err != nil {
			return bad("InvalidIdentity", err.Error()), nil
		}
		notAfter = credential.NotAfter
		azure, err := r.Azure.Clients.Client(credential, cloud)
		if err != nil {
			return verdict{}, err
		}
		if err := azure.SignIn(ctx); err != nil {
			return signInVerdict(err), ctx.Err()
		}
	}
	if managersOwn(object) && notAfter.IsZero() {
		return well("Valid", "the manager's own credentials, as spec.clientID is empty"), nil
	}
	setExpiry(object.Namespace+"/"+object.Name, notAfter)
	return validityVerdict(notAfter, time.Now()), nil
}

// signInVerdict: a directory that does not answer says nothing about the credentials.
func signInVerdict(err error) verdict {
	e := engine.AzureErrorOf(err)
	d := aks.Diagnose(e)
	v := lasting(d.Reason, explain(e, d), "; tried again within "+soon(identityPause))
	if !arm.IsUnauthorized(err) { // Entra ID does not answer, or is busy
		return unknown(v.reason, v.message)
	}
	return v
}

// cloudsOf are the clouds of the clusters that use an identity; the manager's own where none does.
func (r *IdentityReconciler) cloudsOf(ctx context.Context, object *v1beta1.AzureClusterIdentity) (sets.Set[string], error) {
	controlPlanes := &v1beta1.AzureManagedControlPlaneList{}
	if err := r.Client.List(ctx, controlPlanes); err != nil {
		return nil, err
	}
	clouds := sets.New[string]()
	for i := range controlPlanes.Items {
		if cp := &controlPlanes.Items[i]; uses(cp, object) {
			clouds.Insert(cp.Spec.AzureEnvironment)
		}
	}
	if clouds.Len() == 0 {
		clouds.Insert("")
	}
	return clouds, nil
}

func uses(cp *v1beta1.AzureManagedControlPlane, object client.Object) bool {
	return cp.Spec.IdentityRef != nil && cp.Spec.IdentityRef.Name == object.GetName() && identityNamespace(cp) == object.GetNamespace()
}
