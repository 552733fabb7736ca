package webhook

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// MachinePools of other providers must never meet this webhook: a manager of ours that is down would stop them. An UPDATE
// meets it only where the version or the reference changes. Cluster API converts requests of v1beta1 before the
// conditions are looked at.
//
// +kubebuilder:webhook:path=/validate-cluster-x-k8s-io-v1beta2-machinepool,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=cluster.x-k8s.io,resources=machinepools,verbs=create;update;delete,versions=v1beta2,name=validation.machinepool.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has((request.operation == 'DELETE' ? oldObject : object).metadata.deletionTimestamp)"},{"name":"refers-to-aks","expression":"[(request.operation == 'DELETE' ? oldObject : object).?spec.?template.?spec.?infrastructureRef].all(r, r.?kind.orValue('') == 'AzureManagedMachinePool' && r.?apiGroup.orValue('') in ['infrastructure.cluster.x-k8s.io', 'exp.infrastructure.cluster.x-k8s.io'])"},{"name":"changed","expression":"request.operation != 'UPDATE' || object.spec.template.spec.infrastructureRef != oldObject.?spec.?template.?spec.?infrastructureRef.orValue(null) || object.?spec.?template.?spec.?version.orValue('') != oldObject.?spec.?template.?spec.?version.orValue('')"}]}`

type machinePoolValidator struct {
	lookup
}

func (v *machinePoolValidator) ValidateCreate(ctx context.Context, mp *clusterv1.MachinePool) (admission.Warnings, error) {
	problems := oldGroup(field.NewPath("spec", "template", "spec", "infrastructureRef"), mp.Spec.Template.Spec.InfrastructureRef)
	newer, err := v.newer(ctx, mp)
	if err != nil {
		return nil, err
	}
	clash, err := v.clash(ctx, mp)
	if err != nil {
		return nil, err
	}
	return nil, v.answer(mp, append(append(problems, newer...), clash...))
}

func (v *machinePoolValidator) ValidateUpdate(ctx context.Context, old, mp *clusterv1.MachinePool) (admission.Warnings, error) {
	if !mp.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	var problems field.ErrorList
	if before, after := old.Spec.Template.Spec.InfrastructureRef, mp.Spec.Template.Spec.InfrastructureRef; before != after {
		problems = oldGroup(field.NewPath("spec", "template", "spec", "infrastructureRef"), after)
	}
	if old.Spec.Template.Spec.Version != mp.Spec.Template.Spec.Version {
		newer, err := v.newer(ctx, mp)
		if err != nil {
			return nil, err
		}
		problems = append(problems, newer...)
	}
	return nil, v.answer(mp, problems)
}

func (v *machinePoolValidator) ValidateDelete(ctx context.Context, mp *clusterv1.MachinePool) (admission.Warnings, error) {
	return nil, v.machinePoolDeletion(ctx, mp)
}

func (v *machinePoolValidator) answer(mp *clusterv1.MachinePool, problems field.ErrorList) error {
	return invalid(clusterv1.GroupVersion.WithKind("MachinePool").GroupKind(), mp.Name, problems)
}

// newer is the problem of a pool that is newer than its control plane, which AKS refuses. A control plane that AKS
// upgraded by itself counts with what it runs. Clusters that are paused are left alone: `clusterctl move` creates them
// so, and the status that told what runs is not back yet.
func (v *machinePoolValidator) newer(ctx context.Context, mp *clusterv1.MachinePool) (field.ErrorList, error) {
	version := mp.Spec.Template.Spec.Version
	if version == "" || !refersTo(mp.Spec.Template.Spec.InfrastructureRef, kindNodePool) {
		return nil, nil
	}
	cluster, err := v.cluster(ctx, mp.Namespace, mp.Spec.ClusterName)
	if err != nil || cluster == nil || paused(cluster) {
		return nil, err
	}
	cp, err := v.controlPlane(ctx, cluster)
	if err != nil || cp == nil {
		return nil, err
	}
	for _, ceiling := range []string{cp.Spec.Version, cp.Status.Version, cp.Status.AutoUpgradeVersion} {
		if ceiling != "" && aks.CompareVersions(version, ceiling) <= 0 {
			return nil, nil
		}
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "template", "spec", "version"), version,
		fmt.Sprintf("is newer than spec.version %q of %s %q, and a pool cannot be: raise that one first, or write it here", cp.Spec.Version, kindControlPlane, cp.Name))}, nil
}

func paused(cluster *clusterv1.Cluster) bool {
	return cluster.Spec.Paused != nil && *cluster.Spec.Paused
}

// clash is the problem of a MachinePool whose pool has the name another pool of the Cluster has in Azure.
func (v *machinePoolValidator) clash(ctx context.Context, mp *clusterv1.MachinePool) (field.ErrorList, error) {
	ref := mp.Spec.Template.Spec.InfrastructureRef
	if !refersTo(ref, kindNodePool) {
		return nil, nil
	}
	object := &v1beta1.AzureManagedMachinePool{}
	if found, err := v.get(ctx, kindNodePool, mp.Namespace, ref.Name, object); !found {
		return nil, err
	}
	twin, err := v.twin(ctx, object, mp.Spec.ClusterName)
	if err != nil || twin == "" {
		return nil, err
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "template", "spec", "infrastructureRef", "name"), ref.Name,
		fmt.Sprintf("has the name %q in Azure, which is the name of %s %q of the same Cluster: give one of them another spec.name", aks.PoolName(object), kindNodePool, twin))}, nil
}
