package controller

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/tracing"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/tools/events"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// Reconciler reconciles AKS clusters; one key stands for the control plane and all its pools.
type Reconciler struct {
	Client client.Client
	// Reader reads Namespaces, which are not worth a cache.
	Reader   client.Reader
	Recorder events.EventRecorder
	Engine   *engine.Engine
	Azure    *Azure
	// WatchFilter limits the manager to control planes with that value of the label cluster.x-k8s.io/watch-filter.
	WatchFilter string
	// SyncPeriod is after how long a cluster is looked at again in full although nothing happened.
	SyncPeriod time.Duration

	// Reloads notices when credentials that were refused are replaced.
	Reloads *Reloads
	// Wake makes a control plane be looked at. It must not block.
	Wake func(client.ObjectKey)
	// Tracer makes a span of each look at a cluster, around those of the requests to Azure; its zero value makes none.
	Tracer tracing.Tracer

	identityNews chan event.TypedGenericEvent[client.ObjectKey]
	// told is the last problem there was an event about, by the UID of the control plane.
	told sync.Map
}

// What the controllers need beyond what the webhooks need (internal/webhook). Each verb is one that is sent: our kinds are read through
// watches, and written with patches only.

// +kubebuilder:rbac:groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanes;azuremanagedclusters;azuremanagedmachinepools;azureclusteridentities,verbs=list;watch;patch
// +kubebuilder:rbac:groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanes/status;azuremanagedclusters/status;azuremanagedmachinepools/status;azureclusteridentities/status,verbs=patch
// +kubebuilder:rbac:groups=cluster.x-k8s.io,resources=clusters,verbs=list;watch
// +kubebuilder:rbac:groups=cluster.x-k8s.io,resources=machinepools,verbs=list;watch;patch
// +kubebuilder:rbac:groups="",resources=secrets;configmaps,verbs=get;create;patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Where owner references are guarded (admission plugin OwnerReferencesPermissionEnforcement), those of a Secret or ConfigMap can be changed
// by whoever may delete it. Nothing is deleted, and whoever may patch all Secrets gains nothing by it.
// +kubebuilder:rbac:groups="",resources=secrets;configmaps,verbs=delete

// Where blockOwnerDeletion is guarded, an owner reference with it takes this right on the owner.
// +kubebuilder:rbac:groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanes/finalizers,verbs=update

// Who may read the metrics is asked of the API server.
// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

// The leader's lease, and the event about a new leader, are in the manager's own namespace. A creation cannot be limited to a name.
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=system,resources=leases,verbs=create
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=system,resources=leases,resourceNames=controller-leader-election-capaks,verbs=get;update
// +kubebuilder:rbac:groups="",namespace=system,resources=events,verbs=create

// Reconcile makes one step for one AKS cluster.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	ctx = arm.WithCorrelationID(ctx, arm.NewCorrelationID())
	log := ctrl.LoggerFrom(ctx).WithValues("x-ms-correlation-request-id", arm.CorrelationID(ctx))
	ctx = ctrl.LoggerInto(ctx, log)

	cp := &v1beta1.AzureManagedControlPlane{}
	if err := r.Client.Get(ctx, req.NamespacedName, cp); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.String())
			r.Reloads.forget(req.String())
			return ctrl.Result{}, r.releaseOrphans(ctx, req.NamespacedName)
		}
		return ctrl.Result{}, err
	}
	if r.WatchFilter != "" && cp.Labels[clusterv1.WatchLabel] != r.WatchFilter {
		return ctrl.Result{}, nil
	}
	a, err := r.gather(ctx, cp)
	if err != nil {
		return ctrl.Result{}, err
	}
	if a == nil {
		if cp.DeletionTimestamp == nil || !controllerutil.ContainsFinalizer(cp, v1beta1.ControlPlaneFinalizer) {
			log.V(2).Info("waiting for Cluster API to set the ownerReference")
			return ctrl.Result{}, nil
		}
		a = clusterless(cp)
	}
	if a.isPaused() {
		r.forget(req.String())
		return ctrl.Result{}, r.pause(ctx, a)
	}
	return r.reconcile(ctx, req, a)
}

// clusterless stands in for the Cluster of a control plane that outlived it: what was made still has to go.
func clusterless(cp *v1beta1.AzureManagedControlPlane) *aggregate {
	name := cp.Labels[clusterv1.ClusterNameLabel]
	now := metav1.Now()
	return &aggregate{controlPlane: cp, cluster: &clusterv1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Namespace: cp.Namespace, Name: name, DeletionTimestamp: &now}}}
}

func (r *Reconciler) reconcile(ctx context.Context, req ctrl.Request, a *aggregate) (ctrl.Result, error) {
	before := a.controlPlane.DeepCopy()
	save, err := r.protect(ctx, a)
	if err != nil {
		return ctrl.Result{}, err
	}
	ctx, span := r.startSpan(ctx, a)
	o := r.step(ctx, req, a)
	defer func() { endSpan(span, o) }()
	r.awaitReload(req.NamespacedName, a, o)
	clusterFigures.note(req.String(), o)
	countStep(a, o)
	if err := r.apply(ctx, a, before, &o); err != nil {
		o.err = errors.Join(o.err, err)
	}
	r.events(a, before, o)
	if o.passing() {
		return ctrl.Result{RequeueAfter: o.report.Requeue}, nil
	}
	if err := save(ctx); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if o.err != nil {
		return ctrl.Result{}, o.err
	}
	if o.report.Done && !o.deleting {
		clusterFigures.synced(req.String())
	}
	return ctrl.Result{RequeueAfter: r.requeueAfter(o)}, nil
}

// shortWait is a wait for which no status is written: it is over before anybody could read it, and writing would
// take longer than the waiting.
const shortWait = time.Second

// passing tells whether the next step follows at once and this one left nothing that must be stored.
func (o outcome) passing() bool {
	r := o.report
	return o.ran && o.err == nil && r.Operation != nil && r.Requeue < shortWait && r.Kubeconfig == nil && r.AbortNote == nil && len(r.Failed) == 0 && !o.deleting &&
		!r.Facts.Exists
}

// credentialPause is when missing or refused credentials are looked at again; Secrets are not watched, so that
// the manager neither caches nor may list them.
const credentialPause = 20 * time.Second

func (r *Reconciler) requeueAfter(o outcome) time.Duration {
	if o.credentials != nil {
		return credentialPause
	}
	if o.report.Requeue > 0 {
		if r.SyncPeriod > 0 {
			return min(o.report.Requeue, r.SyncPeriod) // a token may live longer
		}
		return o.report.Requeue
	}
	if hold := o.report.Hold; hold != nil && hold.Reason == aks.ReasonWaitingForPools && !o.patient {
		return applyTime
	}
	if masked := o.maskedFor(); masked > 0 && (r.SyncPeriod == 0 || masked < r.SyncPeriod) {
		return masked
	}
	return r.SyncPeriod
}

// applyTime is how long the objects of one apply may take to arrive before a missing pool is worth an event.
const applyTime = 20 * time.Second

// step finds the credentials and lets the engine go one step.
func (r *Reconciler) step(ctx context.Context, req ctrl.Request, a *aggregate) outcome {
	o := outcome{deleting: a.controlPlane.DeletionTimestamp != nil, age: time.Since(a.controlPlane.CreationTimestamp.Time)}
	o.patient = o.age > applyTime
	o.invalidPolicies, o.leaving = a.invalidPolicies(), a.leaving()
	if o.leaving != "" {
		return o
	}
	azure, credential, err := r.azureClient(ctx, a)
	if held := r.holdIdentity(ctx, a); held != nil {
		o.err = held
		return o
	}
	if err != nil {
		if !errors.As(err, &o.credentials) {
			o.err = err
		}
		return o
	}
	sshKey, err := r.sshPublicKey(ctx, a)
	if err != nil {
		o.err = err
		return o
	}
	stored, err := r.storedCredentials(ctx, a)
	if err != nil {
		o.err = err
		return o
	}
	in := a.inputs(r.Azure.DefaultSubscription, sshKey)
	if problem := precondition(a, in.DefaultSubscription); problem != nil {
		o.credentials = problem
		return o
	}
	o.ran, o.notAfter, o.now = true, credential.NotAfter, time.Now()
	if a.controlPlane.Spec.IdentityRef == nil {
		setExpiry(managerIdentity, credential.NotAfter)
	}
	o.report = r.Engine.Step(ctx, engine.Request{Owner: req.String(), Client: azure, Inputs: in, Principal: credential.Principal,
		KubeconfigETag: stored.ETag, StoredToken: stored.Token, UserKubeconfigETag: stored.UserETag, Workload: r.workload(a.cluster)})
	o.kubeconfigSafe = stored.ETag != ""
	r.log(ctx, o)
	return o
}

// precondition is what must hold before anything is asked of Azure and no schema can say.
func precondition(a *aggregate, defaultSubscription string) *credentialProblem {
	if a.controlPlane.Spec.SubscriptionID == "" && defaultSubscription == "" {
		return &credentialProblem{"SubscriptionMissing", "spec.subscriptionID is empty and the manager has no AZURE_SUBSCRIPTION_ID: set one of them"}
	}
	if problem := subscriptionMismatch(a); problem != "" {
		return &credentialProblem{"SubscriptionMismatch", problem}
	}
	return nil
}

func (r *Reconciler) log(ctx context.Context, o outcome) {
	log := ctrl.LoggerFrom(ctx)
	for _, sent := range o.report.Sent {
		log.Info("sent to Azure", "operation", sent.Action.Verb, "resource", sent.Action.ID, "plan", sent.Action.Line(),
			"changes", logged(sent.Action), "x-ms-correlation-request-id", sent.CorrelationID)
	}
	for _, released := range o.report.Released {
		log.Info("no longer managed", "resource", released.ID, "changes", logged(released))
	}
	for _, finished := range o.report.Finished {
		log.Info("Azure finished", "operation", finished.Description, "result", finished.Result, "took", finished.Took.String())
	}
	for _, stale := range o.report.Replanned {
		log.Info("looking again before the next request: what it was computed from is out of date", "code", stale.Code, "message", stale.Message)
	}
	if e := o.report.Error; e != nil {
		log.Info("Azure answered with an error", "code", e.Code, "message", e.Message, "outcome", e.Diagnosis.Outcome, "next", o.report.Requeue.String())
	}
}

// loggedChange is a change as it is: without the method that shortens values for people.
type loggedChange plan.Change

func logged(action plan.Action) []loggedChange {
	var all []loggedChange
	for _, change := range action.Details() {
		all = append(all, loggedChange(change))
	}
	return all
}

// apply writes the outcome into all objects (in memory) and stores what belongs elsewhere.
func (r *Reconciler) apply(ctx context.Context, a *aggregate, before *v1beta1.AzureManagedControlPlane, o *outcome) error {
	var errs []error
	errs = append(errs, r.storeKubeconfigs(ctx, a, o), r.storeIssuer(ctx, a, *o), applyControlPlane(a, *o))
	if a.infra != nil {
		applyInfra(a, *o)
	}
	for _, p := range a.pools {
		errs = append(errs, applyPool(p, *o))
		if o.ran {
			errs = append(errs, r.followAutoscaler(ctx, p, *o))
		}
	}
	r.releasePools(a, *o)
	rememberRotations(a, o.report)
	blockMove(a.controlPlane, o.report.Operation != nil)
	errs = append(errs, noteAborts(a, *o))
	if before.DeletionTimestamp != nil {
		errs = append(errs, r.release(ctx, a, *o))
	} else if o.ran {
		errs = append(errs, r.releaseIdentities(ctx, a.controlPlane, false))
	}
	return kerrors.NewAggregate(errs)
}

// release lets a deleted control plane go when nothing of it is left in Azure. One that never got so far as to
// create anything goes even without credentials.
func (r *Reconciler) release(ctx context.Context, a *aggregate, o outcome) error {
	cp := a.controlPlane
	untouched := len(cp.Status.Resources) == 0 && cp.Annotations[ownedAnnotation] == ""
	refused := o.credentials != nil || o.report.Error != nil && authReasons[o.report.Error.Diagnosis.Reason]
	if !o.report.Done && !(untouched && refused) && o.leaving == "" {
		return nil
	}
	if err := r.releaseIdentities(ctx, cp, true); err != nil {
		return err
	}
	if o.leaving != "" {
		r.event(cp, corev1.EventTypeNormal, aks.ReasonDetached, o.leaving)
	}
	for _, left := range o.left() {
		r.event(cp, corev1.EventTypeNormal, left.Reason, left.Message)
	}
	controllerutil.RemoveFinalizer(cp, v1beta1.ControlPlaneFinalizer)
	controllerutil.RemoveFinalizer(cp, v1beta1.LegacyControlPlaneFinalizer)
	r.forget(client.ObjectKeyFromObject(cp).String())
	return nil
}

// forget drops what is remembered of a cluster. Its objects tell all of it again.
func (r *Reconciler) forget(owner string) {
	r.Engine.Forget(owner)
	clusterFigures.forget(owner)
}

// protect sets the finalizers, stored before anything is sent to Azure, and returns what saves all objects. Pools do not
// wait for each other, and the control plane waits for them: it is never reported ready before its pools.
func (r *Reconciler) protect(ctx context.Context, a *aggregate) (func(context.Context) error, error) {
	objects := a.objects()
	befores := make([]client.Object, len(objects))
	err := each(objects, func(i int, object reported) error {
		before := snapshot(object)
		if setFinalizer(object) {
			if err := save(ctx, r.Client, before, object); err != nil {
				return err
			}
			before = snapshot(object)
		}
		setCondition(object, pausedCondition(a.cluster, object, ""))
		befores[i] = before
		return nil
	})
	if err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return func(ctx context.Context) error {
		store := func(i int, object reported) error {
			return client.IgnoreNotFound(save(ctx, r.Client, befores[i], object))
		}
		pools := each(objects[:len(a.pools)], store)
		rest := make([]error, 0, 2)
		for i := len(a.pools); i < len(objects); i++ {
			rest = append(rest, store(i, objects[i]))
		}
		return kerrors.NewAggregate(append(rest, pools))
	}, nil
}

// each calls f for all objects at once and joins the errors.
func each(objects []reported, f func(int, reported) error) error {
	errs := make([]error, len(objects))
	var group sync.WaitGroup
	for i, object := range objects {
		group.Go(func() { errs[i] = f(i, object) })
	}
	group.Wait()
	return kerrors.NewAggregate(errs)
}

func snapshot(object client.Object) client.Object {
	copied, _ := object.DeepCopyObject().(client.Object)
	return copied
}

func setFinalizer(object client.Object) bool {
	if object.GetDeletionTimestamp() != nil {
		return false
	}
	switch object.(type) {
	case *v1beta1.AzureManagedControlPlane:
		return controllerutil.AddFinalizer(object, v1beta1.ControlPlaneFinalizer)
	case *v1beta1.AzureManagedMachinePool:
		return controllerutil.AddFinalizer(object, v1beta1.MachinePoolFinalizer)
	}
	return false
}
