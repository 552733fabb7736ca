package webhook

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
)

// +kubebuilder:webhook:path=/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcluster,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedclusters,verbs=create;update,versions=v1beta1,name=validation.azuremanagedcluster.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"},{"name":"has-subscription","expression":"has(object.spec) && has(object.spec.subscriptionID)"}]}`

// infraClusterValidator holds an AzureManagedCluster to the subscription of its control plane. Objects without one of
// their own never meet it.
type infraClusterValidator struct {
	lookup
	subscription string
}

func (v *infraClusterValidator) ValidateCreate(ctx context.Context, infra *v1beta1.AzureManagedCluster) (admission.Warnings, error) {
	cluster, err := v.clusterReferringTo(ctx, infra, kindInfraCluster)
	if err != nil || cluster == nil || paused(cluster) { // `clusterctl move` creates what works elsewhere already
		return nil, err
	}
	cp, err := v.controlPlane(ctx, cluster)
	if err != nil || cp == nil {
		return nil, err
	}
	theirs, whose := cp.Spec.SubscriptionID, fmt.Sprintf("spec.subscriptionID %q of %s %q", cp.Spec.SubscriptionID, kindControlPlane, cp.Name)
	if theirs == "" {
		theirs = v.subscription
		whose = fmt.Sprintf("the subscription %q of the manager, which %s %q uses because it names none", theirs, kindControlPlane, cp.Name)
	}
	if !differ(infra.Spec.SubscriptionID, theirs) {
		return nil, nil
	}
	return nil, invalid(v1beta1.GroupVersion.WithKind(kindInfraCluster).GroupKind(), infra.Name, field.ErrorList{
		field.Invalid(field.NewPath("spec", "subscriptionID"), infra.Spec.SubscriptionID,
			fmt.Sprintf("differs from %s: give both the same value, or remove it here", whose)),
	})
}

func (v *infraClusterValidator) ValidateUpdate(ctx context.Context, old, infra *v1beta1.AzureManagedCluster) (admission.Warnings, error) {
	if !infra.DeletionTimestamp.IsZero() || old.Spec.SubscriptionID == infra.Spec.SubscriptionID {
		return nil, nil
	}
	return v.ValidateCreate(ctx, infra)
}

func (v *infraClusterValidator) ValidateDelete(context.Context, *v1beta1.AzureManagedCluster) (admission.Warnings, error) {
	return nil, nil
}
