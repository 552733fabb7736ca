package webhook

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
)

// takenBack are the problems of removing fields that are given once and are in effect. The CRD lets them go, because it cannot
// compare generations and so not tell a value that Azure has from one that was given a moment ago and never got there. See
// docs/decisions/0013-what-is-given-once-can-be-taken-back.md.
func takenBack(old metav1.Object, observed int64, conditions []metav1.Condition, oldSpec, spec any, wayOut string) field.ErrorList {
	if observed != old.GetGeneration() || !meta.IsStatusConditionTrue(conditions, v1beta1.ReadyCondition) ||
		meta.IsStatusConditionFalse(conditions, v1beta1.SyncedCondition) { // an object that is only observed is Ready without being obeyed
		return nil
	}
	var problems field.ErrorList
	for _, violation := range armfield.Immutable(oldSpec, spec) {
		once := violation.Rule == armfield.SetOnce || violation.Rule == armfield.Precreate
		if once && violation.New == nil {
			problems = append(problems, field.Forbidden(field.NewPath("spec").Child(violation.JSONPath),
				fmt.Sprintf("%s. Restore the old value, or %s.", violation, wayOut)))
		}
	}
	return problems
}

// takenBack is the same for a pool, which has no condition of its own that tells whether it is only observed.
func (l lookup) takenBack(ctx context.Context, old, pool *v1beta1.AzureManagedMachinePool) (field.ErrorList, error) {
	problems := takenBack(old, old.Status.ObservedGeneration, old.Status.Conditions, old.Spec, pool.Spec, "create another pool and delete this one")
	if len(problems) == 0 {
		return nil, nil
	}
	clusterName, err := l.clusterNameOfPool(ctx, pool)
	if err != nil {
		return nil, err
	}
	policy, err := l.policy(ctx, pool, clusterName)
	if err != nil || policy == v1beta1.PolicyObserve {
		return nil, err
	}
	return problems, nil
}
