package aks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/plan"
)

// ReasonAborted is the reason of what is not sent again because a person had its operation aborted.
const ReasonAborted = "Aborted"

// OperationAbort is the call that aborts what runs on a cluster or pool.
const OperationAbort = "abort"

// Aborted is the note kept on an object about an operation that was aborted as its annotation asked. It is written before the
// request, so that a restart in between neither aborts another operation nor sends the goal again.
type Aborted struct {
	// Operation is the value of the annotation that was acted on.
	Operation string `json:"operation"`
	// Spec is a digest of what was declared then (SpecDigest).
	Spec string `json:"spec"`
}

// AbortOrder is an annotation that asks for an operation to be aborted.
type AbortOrder struct {
	// Value is the annotation's.
	Value string
	// On says which object has the annotation, in words.
	On string
	// Matches: it names the operation that runs.
	Matches bool
	// Used: it was acted on before; Note is what is to be kept on the object when it is acted on.
	Used bool
	Note Aborted
}

// AbortOrderOf is what the annotations say about a running operation; ok is false when they say nothing.
func AbortOrderOf(in Inputs, op Operation) (order AbortOrder, ok bool) {
	for _, candidate := range in.abortOrders(op.ID) {
		candidate.Matches = op.named(candidate.Value)
		if candidate.Matches || !ok {
			order, ok = candidate, true
		}
		if order.Matches {
			break
		}
	}
	return order, ok
}

// abortOrders are the annotations that may be meant for a resource: a pool's own, and that of the control plane.
func (in Inputs) abortOrders(id string) (orders []AbortOrder) {
	note, noted := in.abortedNote(id)
	add := func(object annotated, on string) {
		value := strings.TrimSpace(object.GetAnnotations()[v1beta1.AbortAnnotation])
		if value == "" {
			return
		}
		orders = append(orders, AbortOrder{Value: value, On: on, Used: noted && note.Operation == value,
			Note: Aborted{Operation: value, Spec: SpecDigest(in, id)}})
	}
	if pool, ok := in.poolOf(id); ok {
		add(pool.Object, "AzureManagedMachinePool "+pool.Object.Name)
	}
	add(in.ControlPlane, "AzureManagedControlPlane "+in.ControlPlane.Name)
	return orders
}

func (in Inputs) poolOf(id string) (Pool, bool) {
	n := NamesOf(in)
	for _, pool := range in.Pools {
		if SameID(id, n.PoolID(pool.Object)) {
			return pool, true
		}
	}
	return Pool{}, false
}

// abortedNote is the note on the object of a resource.
func (in Inputs) abortedNote(id string) (Aborted, bool) {
	var object annotated = in.ControlPlane
	if pool, ok := in.poolOf(id); ok {
		object = pool.Object
	}
	note := Aborted{}
	err := json.Unmarshal([]byte(object.GetAnnotations()[v1beta1.AbortedAnnotation]), &note)
	return note, err == nil && note.Operation != ""
}

// named tells whether a value names the operation: by its name in Azure, by the correlation id of the request that began it, or by
// the time it started.
func (op Operation) named(value string) bool {
	if value == "" {
		return false
	}
	if strings.EqualFold(value, op.Name) || strings.EqualFold(value, op.CorrelationID) {
		return true
	}
	at, err := time.Parse(time.RFC3339, value)
	return err == nil && !op.Started.IsZero() && at.Equal(op.Started.Truncate(time.Second))
}

// HeldAborted says why the goal of a resource left Canceled is not sent again, or nothing: its operation was aborted as asked, and
// neither annotation nor spec has changed since.
func HeldAborted(in Inputs, id string) string {
	note, noted := in.abortedNote(id)
	if !noted || note.Spec != SpecDigest(in, id) {
		return ""
	}
	for _, order := range in.abortOrders(id) {
		if order.Value == note.Operation {
			return fmt.Sprintf("operation %s was aborted, as the annotation %s of %s asks: what it was for is not sent again until the spec changes or the annotation is removed",
				order.Value, v1beta1.AbortAnnotation, order.On)
		}
	}
	return ""
}

// whileAborted holds the goal of an operation that was aborted as asked.
func whileAborted(in Inputs, obs Observation, action plan.Action) (plan.Action, bool) {
	state := obs.Cluster.State
	switch {
	case action.Kind == KindAgentPool:
		state = observedPool(obs, action.Name).State
	case action.Kind != KindManagedCluster:
		return action, false
	}
	if action.Verb == plan.None || action.Verb == plan.Delete || !strings.EqualFold(state, "Canceled") {
		return action, false
	}
	why := HeldAborted(in, action.ID)
	if why == "" && action.Kind == KindAgentPool && len(action.Changes) == 0 && strings.EqualFold(obs.Cluster.State, "Canceled") {
		why = HeldAborted(in, NamesOf(in).ClusterID) // aborted with the operation of its cluster, and nothing is asked of it
	}
	if why == "" {
		return action, false
	}
	held := waiting(action, why)
	held.Reason = ReasonAborted
	return held, true
}

// SpecDigest stands for what is declared about a cluster or one of its pools. Other than a generation it survives a move to
// another management cluster.
func SpecDigest(in Inputs, id string) string {
	var declared any
	if pool, ok := in.poolOf(id); ok {
		spec := pool.Object.Spec.DeepCopy()
		spec.ProviderIDList = nil
		replicas := pool.Replicas
		if spec.Scaling != nil || pool.ReplicasManaged {
			replicas = nil // it follows the autoscaler, not a person
		}
		declared = []any{spec, replicas, pool.Version}
	} else {
		spec := in.ControlPlane.Spec.DeepCopy()
		spec.ControlPlaneEndpoint = v1beta1.APIEndpoint{}
		declared = spec
	}
	raw, err := json.Marshal(declared)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
