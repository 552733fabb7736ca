package webhook

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
)

// A terminating object only loses finalizers: it never meets these webhooks, so it can also go when no manager runs.
// Every marker of an UPDATE or DELETE rule below has this as its first matchCondition. The validation of control planes and
// pools is not asked about updates that leave the spec as it is: finalizers and labels are set between `kubectl apply` and the
// first request to Azure, and each question costs reads of the objects around.

// What the webhooks read, one object or one namespace at a time.
// +kubebuilder:rbac:groups=cluster.x-k8s.io,resources=clusters,verbs=get;list
// +kubebuilder:rbac:groups=cluster.x-k8s.io,resources=machinepools,verbs=list
// +kubebuilder:rbac:groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanes;azuremanagedclusters,verbs=get
// +kubebuilder:rbac:groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedmachinepools,verbs=get;list

// Options says what the webhooks need to know.
type Options struct {
	// Reader reads the objects around the one that is admitted. It must not be a cache: whether a pool is the last one
	// is decided by what is stored now. Default: the API reader of the manager.
	Reader client.Reader
	// DefaultSubscription applies where a control plane names none: AZURE_SUBSCRIPTION_ID of the manager.
	DefaultSubscription string
}

// SetupWithManager registers all webhooks with the webhook server of a manager. The scheme of the manager must know
// api/v1beta1 and cluster.x-k8s.io/v1beta2.
func SetupWithManager(mgr manager.Manager, options Options) error {
	if options.Reader == nil {
		options.Reader = mgr.GetAPIReader()
	}
	scheme := mgr.GetScheme()
	for _, kind := range []schema.GroupVersionKind{
		v1beta1.GroupVersion.WithKind(kindControlPlane),
		clusterv1.GroupVersion.WithKind("MachinePool"),
	} {
		if !scheme.Recognizes(kind) {
			return fmt.Errorf("the scheme of the manager does not know %s", kind)
		}
	}
	around := lookup{reader: options.Reader}
	server := mgr.GetWebhookServer()
	decoder := admission.NewDecoder(scheme)

	server.Register("/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplane",
		lenient(admission.WithDefaulter(scheme, &controlPlaneDefaulter{decoder: decoder})))
	server.Register("/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplane",
		admission.WithValidator(scheme, &controlPlaneValidator{lookup: around, subscription: options.DefaultSubscription}))
	server.Register("/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcluster",
		admission.WithValidator(scheme, &infraClusterValidator{lookup: around, subscription: options.DefaultSubscription}))
	server.Register("/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepool",
		lenient(admission.WithDefaulter(scheme, &nodePoolDefaulter{decoder: decoder})))
	server.Register("/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepool",
		admission.WithValidator(scheme, &nodePoolValidator{lookup: around}))
	server.Register("/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplanetemplate",
		lenient(admission.WithDefaulter(scheme, &controlPlaneTemplateDefaulter{})))
	server.Register("/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplanetemplate",
		admission.WithValidator(scheme, &controlPlaneTemplateValidator{}))
	server.Register("/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepooltemplate",
		lenient(admission.WithDefaulter(scheme, &nodePoolTemplateDefaulter{})))
	server.Register("/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepooltemplate",
		admission.WithValidator(scheme, &nodePoolTemplateValidator{}))
	server.Register("/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azureclusteridentity",
		lenient(admission.WithDefaulter(scheme, &identityDefaulter{})))
	server.Register("/validate-infrastructure-cluster-x-k8s-io-v1beta1-azureclusteridentity",
		admission.WithValidator(scheme, &identityValidator{}))
	server.Register("/validate-cluster-x-k8s-io-v1beta2-machinepool",
		admission.WithValidator(scheme, &machinePoolValidator{lookup: around}))
	server.Register("/validate-cluster-x-k8s-io-v1beta2-cluster",
		admission.WithValidator(scheme, &clusterValidator{lookup: around}))
	return nil
}

// invalid is the answer for an object with problems, nil for one without.
func invalid(kind schema.GroupKind, name string, problems field.ErrorList) error {
	if len(problems) == 0 {
		return nil
	}
	return apierrors.NewInvalid(kind, name, problems)
}

// added are the problems of the new object that the old one did not have.
func added(before, after field.ErrorList) field.ErrorList {
	known := sets.New[string]()
	for _, problem := range before {
		known.Insert(problem.Error())
	}
	var out field.ErrorList
	for _, problem := range after {
		if !known.Has(problem.Error()) {
			out = append(out, problem)
		}
	}
	return out
}

// unreadable is the answer when an object that matters could not be read: nothing is decided on a guess.
func unreadable(what string, err error) error {
	return apierrors.NewInternalError(fmt.Errorf("cannot read %s, which this request depends on; try again: %w", what, err))
}

// oldObject decodes the stored object of an update into old. It answers false for other requests.
func oldObject(ctx context.Context, decoder admission.Decoder, old runtime.Object) (bool, error) {
	req, err := admission.RequestFromContext(ctx)
	if err != nil || len(req.OldObject.Raw) == 0 {
		return false, err
	}
	return true, decoder.DecodeRaw(req.OldObject, old)
}
