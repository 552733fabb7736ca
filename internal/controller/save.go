package controller

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/annotations"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Why not Cluster API's util/patch, util/conditions and util/paused: see docs/decisions/0005.

// reported is an object of ours with conditions.
type reported interface {
	client.Object
	GetConditions() []metav1.Condition
	SetConditions([]metav1.Condition)
}

// save stores what changed of an object since before, in at most two requests: first everything but the status, then
// the status. Nobody else writes our objects' status, so it needs no lock. The answers are not copied into the
// object, but for its resourceVersion: that of the first request still has the old status.
func save(ctx context.Context, c client.Client, before, object client.Object) error {
	data, err := client.MergeFrom(before).Data(object)
	if err != nil {
		return err
	}
	changes := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &changes); err != nil {
		return err
	}
	status, hasStatus := changes["status"]
	delete(changes, "status")
	if len(changes) > 0 {
		if data, err = json.Marshal(changes); err != nil {
			return err
		}
		if err := patched(object, func(answer client.Object) error {
			return c.Patch(ctx, answer, client.RawPatch(types.MergePatchType, data))
		}); err != nil {
			return err
		}
	}
	if !hasStatus {
		return nil
	}
	if data, err = json.Marshal(map[string]json.RawMessage{"status": status}); err != nil {
		return err
	}
	return patched(object, func(answer client.Object) error {
		return c.Status().Patch(ctx, answer, client.RawPatch(types.MergePatchType, data))
	})
}

func patched(object client.Object, patch func(client.Object) error) error {
	answer, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		return nil
	}
	if err := patch(answer); err != nil {
		return err
	}
	object.SetResourceVersion(answer.GetResourceVersion())
	object.SetGeneration(answer.GetGeneration())
	return nil
}

// setCondition sets a condition; its transition time only moves when its status does.
func setCondition(object reported, condition metav1.Condition) {
	condition.ObservedGeneration = object.GetGeneration()
	list := slices.Clone(object.GetConditions())
	meta.SetStatusCondition(&list, condition)
	object.SetConditions(list)
}

func removeCondition(object reported, conditionType string) {
	list := slices.Clone(object.GetConditions())
	meta.RemoveStatusCondition(&list, conditionType)
	object.SetConditions(list)
}

func isTrue(object reported, conditionType string) bool {
	return meta.IsStatusConditionTrue(object.GetConditions(), conditionType)
}

// pausedCondition says whether the Cluster or the object itself is paused, in Cluster API's words.
func pausedCondition(cluster *clusterv1.Cluster, object reported, kind string) metav1.Condition {
	var why []string
	if cluster.Spec.Paused != nil && *cluster.Spec.Paused {
		why = append(why, "Cluster spec.paused is set to true")
	}
	if annotations.HasPaused(object) {
		why = append(why, kind+" has the cluster.x-k8s.io/paused annotation")
	}
	if len(why) == 0 {
		return metav1.Condition{Type: clusterv1.PausedCondition, Status: metav1.ConditionFalse, Reason: clusterv1.NotPausedReason}
	}
	return metav1.Condition{Type: clusterv1.PausedCondition, Status: metav1.ConditionTrue, Reason: clusterv1.PausedReason, Message: strings.Join(why, ", ")}
}
