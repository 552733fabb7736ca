package webhook

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
)

// Only Clusters that refer to the old experimental group meet this webhook.
//
// +kubebuilder:webhook:path=/validate-cluster-x-k8s-io-v1beta2-cluster,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=cluster.x-k8s.io,resources=clusters,verbs=create;update,versions=v1beta2,name=validation.cluster.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"},{"name":"refers-to-old-group","expression":"object.?spec.?controlPlaneRef.?apiGroup.orValue('') == 'exp.infrastructure.cluster.x-k8s.io' || object.?spec.?infrastructureRef.?apiGroup.orValue('') == 'exp.infrastructure.cluster.x-k8s.io'"}]}`

// The deletion of every Cluster of this provider meets it, too.
//
// +kubebuilder:webhook:path=/validate-cluster-x-k8s-io-v1beta2-cluster,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=cluster.x-k8s.io,resources=clusters,verbs=delete,versions=v1beta2,name=deletion.cluster.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(oldObject.metadata.deletionTimestamp)"},{"name":"refers-to-us","expression":"oldObject.?spec.?controlPlaneRef.?kind.orValue('') == 'AzureManagedControlPlane'"}]}`

// experimentalGroup is where the kinds of this provider were until 2021. No API server has it any more.
const experimentalGroup = "exp." + v1beta1.GroupName

// clusterValidator refuses references to the experimental group. Cluster API itself stores such a Cluster, and from then
// on every LIST of Clusters in v1beta1 fails on that server: the group's version cannot be looked up.
type clusterValidator struct {
	lookup
}

func (v *clusterValidator) ValidateCreate(_ context.Context, cluster *clusterv1.Cluster) (admission.Warnings, error) {
	return nil, v.answer(cluster, oldGroups(cluster))
}

func (v *clusterValidator) ValidateUpdate(_ context.Context, old, cluster *clusterv1.Cluster) (admission.Warnings, error) {
	if !cluster.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	return nil, v.answer(cluster, added(oldGroups(old), oldGroups(cluster)))
}

func (v *clusterValidator) ValidateDelete(ctx context.Context, cluster *clusterv1.Cluster) (admission.Warnings, error) {
	return nil, v.clusterDeletion(ctx, cluster)
}

func (v *clusterValidator) answer(cluster *clusterv1.Cluster, problems field.ErrorList) error {
	return invalid(clusterv1.GroupVersion.WithKind("Cluster").GroupKind(), cluster.Name, problems)
}

func oldGroups(cluster *clusterv1.Cluster) field.ErrorList {
	return append(oldGroup(field.NewPath("spec", "controlPlaneRef"), cluster.Spec.ControlPlaneRef),
		oldGroup(field.NewPath("spec", "infrastructureRef"), cluster.Spec.InfrastructureRef)...)
}

func oldGroup(path *field.Path, ref clusterv1.ContractVersionedObjectReference) field.ErrorList {
	if ref.APIGroup != experimentalGroup {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("apiGroup"), ref.APIGroup,
		fmt.Sprintf("is a group no API server has any more: change group to %s, or run: capaks convert -f FILE", v1beta1.GroupName))}
}
