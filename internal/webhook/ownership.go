package webhook

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// policyProblems are those of the annotations that say what may be done to the Azure resource, and what is checked before.
func policyProblems(object metav1.Object) field.ErrorList {
	var problems field.ErrorList
	annotations := field.NewPath("metadata", "annotations")
	if value := aks.InvalidPolicy(object); value != "" {
		problems = append(problems, field.NotSupported(annotations.Key(v1beta1.PolicyAnnotation), value, aks.Policies))
	}
	if value := aks.InvalidPreflight(object); value != "" {
		problems = append(problems, field.NotSupported(annotations.Key(v1beta1.PreflightAnnotation), value, aks.PreflightModes))
	}
	// Any other value protects, too, but who wrote "yes" or "no" shall know what it means.
	if value, ok := object.GetAnnotations()[v1beta1.DeletionProtectionAnnotation]; ok && value != "true" && value != "false" {
		problems = append(problems, field.NotSupported(annotations.Key(v1beta1.DeletionProtectionAnnotation), value, []string{"true", "false"}))
	}
	return problems
}

// protected is the answer to the deletion of a protected object.
func protected(kind string, object metav1.Object) error {
	if !aks.Protected(object) {
		return nil
	}
	return forbidden(fmt.Sprintf("%s %q is protected from deletion, and so is what it stands for in Azure: to delete it, first run: "+
		"kubectl annotate --overwrite -n %s %s %s %s=false", kind, object.GetName(), object.GetNamespace(), strings.ToLower(kind), object.GetName(),
		v1beta1.DeletionProtectionAnnotation))
}

func forbidden(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: message,
	}}
}

// clusterDeletion decides about the deletion of a Cluster. Cluster API answers it by deleting first the pools and then the
// control plane; refusing one of those would leave a Cluster that can neither live nor go.
func (l lookup) clusterDeletion(ctx context.Context, cluster *clusterv1.Cluster) error {
	cp, err := l.controlPlane(ctx, cluster)
	if err != nil || cp == nil || goesAnyway(cluster) {
		return err
	}
	if err := protected(kindControlPlane, cp); err != nil {
		return err
	}
	pools, err := l.pools(ctx, cluster.Namespace, cluster.Name)
	if err != nil {
		return err
	}
	for _, p := range pools {
		if err := protected(kindNodePool, p.object); err != nil {
			return err
		}
	}
	return nil
}

// staysInAzure tells whether deleting a pool's object leaves the pool in Azure.
func (l lookup) staysInAzure(ctx context.Context, pool *v1beta1.AzureManagedMachinePool, clusterName string) (bool, error) {
	policy, err := l.policy(ctx, pool, clusterName)
	return err == nil && policy != v1beta1.PolicyManage, err
}

// policy is the policy of a pool.
func (l lookup) policy(ctx context.Context, pool *v1beta1.AzureManagedMachinePool, clusterName string) (string, error) {
	cp, err := l.controlPlaneOf(ctx, pool.Namespace, clusterName)
	if err != nil {
		return "", err
	}
	if cp == nil {
		cp = &v1beta1.AzureManagedControlPlane{}
	}
	return aks.PoolPolicy(cp, pool), nil
}

// controlPlaneOf is the control plane of a Cluster by the name of that; nil where either is missing.
func (l lookup) controlPlaneOf(ctx context.Context, namespace, clusterName string) (*v1beta1.AzureManagedControlPlane, error) {
	if clusterName == "" {
		return nil, nil
	}
	cluster, err := l.cluster(ctx, namespace, clusterName)
	if err != nil || cluster == nil {
		return nil, err
	}
	return l.controlPlane(ctx, cluster)
}

// passthroughProblems are those of raw properties.
func passthroughProblems(found []aks.PassthroughProblem, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, p := range found {
		at := path.Child("passthrough", "body")
		for _, key := range p.Path {
			at = at.Child(key)
		}
		problems = append(problems, field.Invalid(at, p.Value, p.Text))
	}
	return problems
}

// templatePassthrough is the same for templates, which are not the objects themselves.
func templatePassthrough(found []aks.PassthroughProblem, warnings []string) (field.ErrorList, admission.Warnings) {
	for i := range warnings {
		warnings[i] = strings.Replace(warnings[i], "spec.", "spec.template.spec.", 1)
	}
	return passthroughProblems(found, field.NewPath("spec", "template", "spec")), warnings
}

// rawWarnings are those of raw properties and patches.
func rawWarnings(cp *v1beta1.AzureManagedControlPlane) admission.Warnings {
	const kind = "managedClusters"
	apiVersion := aks.ClusterAPIVersion(cp)
	return append(aks.PassthroughWarnings(kind, cp.Spec.Passthrough, apiVersion),
		aks.PatchWarnings(kind, "asoManagedClusterPatches", cp.Spec.ASOManagedClusterPatches, apiVersion)...)
}

func rawPoolWarnings(cp *v1beta1.AzureManagedControlPlane, pool *v1beta1.AzureManagedMachinePool) admission.Warnings {
	const kind = "agentPools"
	apiVersion := aks.PoolAPIVersion(cp, pool)
	return append(aks.PassthroughWarnings(kind, pool.Spec.Passthrough, apiVersion),
		aks.PatchWarnings(kind, "asoManagedClustersAgentPoolPatches", pool.Spec.ASOManagedClustersAgentPoolPatches, apiVersion)...)
}

// rawPoolWarnings need the control plane, which may select the api-version.
func (l lookup) rawPoolWarnings(ctx context.Context, pool *v1beta1.AzureManagedMachinePool, clusterName string) (admission.Warnings, error) {
	if pool.Spec.Passthrough == nil && len(pool.Spec.ASOManagedClustersAgentPoolPatches) == 0 {
		return nil, nil
	}
	cp, err := l.controlPlaneOf(ctx, pool.Namespace, clusterName)
	if err != nil {
		return nil, err
	}
	if cp == nil {
		cp = &v1beta1.AzureManagedControlPlane{}
	}
	return rawPoolWarnings(cp, pool), nil
}

// changedRawPoolWarnings spares the reads of a pool whose raw properties stay as they are.
func (l lookup) changedRawPoolWarnings(ctx context.Context, old, pool *v1beta1.AzureManagedMachinePool) (admission.Warnings, error) {
	if apiequality.Semantic.DeepEqual(old.Spec.Passthrough, pool.Spec.Passthrough) &&
		slices.Equal(old.Spec.ASOManagedClustersAgentPoolPatches, pool.Spec.ASOManagedClustersAgentPoolPatches) {
		return nil, nil
	}
	cluster, err := l.clusterNameOfPool(ctx, pool)
	if err != nil {
		return nil, err
	}
	return l.rawPoolWarnings(ctx, pool, cluster)
}
