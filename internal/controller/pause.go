package controller

import (
	"context"
	"reflect"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// pause says on every object that it is paused and touches nothing else. It comes after the step that ran has stored what it
// did, so a move may go on from here, also while Azure works.
func (r *Reconciler) pause(ctx context.Context, a *aggregate) error {
	return each(a.objects(), func(_ int, object reported) error {
		before := snapshot(object)
		blockMove(object, false)
		setCondition(object, pausedCondition(a.cluster, object, reflect.TypeOf(object).Elem().Name()))
		return client.IgnoreNotFound(save(ctx, r.Client, before, object))
	})
}
