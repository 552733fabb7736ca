package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/plan"
)

// deletionPatience is how long a resource may stay as it was after its deletion was accepted, before it is sent again.
const deletionPatience = 30 * time.Minute

// pace is when to ask about an operation again. Those on dependents tell no percentage: without an idea how long such an
// operation takes, a third of the time so far is a late answer that nobody minds.
func pace(op *operation, now time.Time) time.Duration {
	elapsed := now.Sub(op.Started)
	switch {
	case op.kind == aks.KindVirtualNetwork || op.kind == aks.KindResourceGroup:
		return shortPoll(elapsed)
	case aks.IsDependent(op.kind) && op.Typical == 0:
		return min(max(elapsed/3, 3*time.Second), 2*time.Minute)
	}
	return aks.NextPoll(op.Operation, now)
}

// readDependents reads dependents one by one. One that cannot be read is an observation, too: a fleet that the identity
// has no right to see must not keep the cluster from being looked after.
func (s *step) readDependents(ctx context.Context, ids []string) error {
	m := s.memory
	if m.obs.Dependents == nil {
		m.obs.Dependents, m.readAt = map[string]aks.DependentObservation{}, map[string]time.Time{}
	}
	for _, id := range ids {
		_, apiVersion, known := aks.DependentKind(id)
		if !known {
			continue
		}
		observed, err := s.get(ctx, id, apiVersion)
		seen := aks.DependentObservation{Observed: observed}
		if err != nil {
			if !refusedOnly(err) {
				return err
			}
			s.remember(id, "", "", cause(err))
			failure := s.memory.failures[lower(id)]
			seen.Unreadable = &failure
		}
		m.obs.Dependents[lower(id)], m.readAt[lower(id)] = seen, s.now()
	}
	return nil
}

// refusedOnly tells a refusal of this one request from what would meet every other request, too.
func refusedOnly(err error) bool {
	var refusal *arm.Error
	if !errors.As(err, &refusal) || arm.IsUnauthorized(err) {
		return false
	}
	outcome := aks.Diagnose(azureError(refusal)).Outcome
	return outcome == aks.OutcomeTerminal || outcome == aks.OutcomeSlowRetry
}

func cause(err error) *aks.AzureError {
	var refusal *arm.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	converted := azureError(refusal)
	return &converted
}

// refresh reads again what a write is about to be computed from.
func (s *step) refresh(ctx context.Context, action plan.Action) error {
	if aks.IsDependent(action.Kind) {
		return s.readDependents(ctx, []string{action.ID})
	}
	return s.readCluster(ctx)
}

// firstCredentials: a new cluster can be used before it has joined its fleet, so its credentials come first. A cluster
// that is to be stopped right after its creation gives none afterwards.
func (s *step) firstCredentials(next plan.Action) bool {
	return (aks.IsDependent(next.Kind) || next.Operation == aks.OperationStop) && s.KubeconfigETag == "" && !s.settled && s.Inputs.ControlPlane.DeletionTimestamp == nil
}

// dependentAccepted takes the answer of an accepted request about a dependent and follows its operation.
func (s *step) dependentAccepted(action plan.Action, observed plan.Observed, response *arm.Response) {
	key := lower(action.ID)
	switch {
	case action.Verb == plan.Delete && response.Status != 202:
		s.memory.obs.Dependents[key] = aks.DependentObservation{}
		return
	case action.Verb == plan.Delete:
		observed = s.memory.obs.Dependents[key].Observed
		observed.State = "Deleting"
	case !observed.Exists:
		observed = s.memory.obs.Dependents[key].Observed
		observed.Exists, observed.State = true, "Updating"
	}
	s.memory.obs.Dependents[key], s.memory.readAt[key] = aks.DependentObservation{Observed: observed}, s.now()
	if !aks.Busy(observed.State) {
		return
	}
	if aks.Exclusive(action.Kind) {
		s.start(action, response)
		return
	}
	s.putAside(s.operation(action, response))
}

func (s *step) putAside(op *operation) {
	if s.memory.aside == nil {
		s.memory.aside = map[string]*operation{}
	}
	s.memory.aside[lower(op.ID)] = op
}

// followAside asks about operations on dependents that run beside everything else, when it is time.
func (s *step) followAside(ctx context.Context) error {
	for _, key := range slices.Sorted(maps.Keys(s.memory.obs.Dependents)) {
		seen := s.memory.obs.Dependents[key]
		kind, _, _ := aks.DependentKind(key)
		if s.memory.aside[key] != nil || !aks.Busy(seen.State) || aks.Exclusive(kind) {
			continue
		}
		op := s.foundOperation(kind, idOf(seen.Observed, key), lastSegment(key), seen.State)
		op.nextLook = s.now().Add(pace(op, s.now()))
		s.putAside(op)
	}
	for _, key := range slices.Sorted(maps.Keys(s.memory.aside)) {
		op := s.memory.aside[key]
		if s.Inputs.ControlPlane.DeletionTimestamp != nil && op.verb != plan.Delete {
			delete(s.memory.aside, key) // nobody waits for what is not wanted any more
			continue
		}
		if op.nextLook.After(s.now()) {
			continue
		}
		done, err := s.lookAtDependent(ctx, op)
		if err != nil {
			op.nextLook = s.now().Add(retryLook)
			return err
		}
		if done {
			delete(s.memory.aside, key)
			s.learn(op.duration(), s.now().Sub(op.Started))
			continue
		}
		op.nextLook = s.now().Add(pace(op, s.now()))
	}
	return nil
}

// lookAtDependent reads the resource an operation works on. It answers true when the operation has ended, well or not.
func (s *step) lookAtDependent(ctx context.Context, op *operation) (bool, error) {
	if err := s.readDependents(ctx, []string{op.ID}); err != nil {
		return false, err
	}
	seen := s.memory.obs.Dependents[lower(op.ID)]
	switch {
	case aks.Busy(seen.State):
		return false, nil
	case op.verb == plan.Delete && seen.Exists && !aks.Failed(seen.State) && s.now().Sub(op.Started) < deletionPatience:
		return false, nil // some services show the old state for a while
	}
	if aks.Exclusive(op.kind) && s.memory.obs.Cluster.Exists {
		// The cluster went, or still goes, through an update of its own.
		if err := s.readCluster(ctx); err != nil {
			return false, err
		}
	}
	switch {
	case aks.Failed(seen.State):
		s.rememberEnd(ctx, op, seen.ETag, aks.DependentError(seen.Observed))
		s.finished(op, seen.State)
	case seen.Unreadable == nil:
		s.succeeded(op)
	}
	return true, nil
}

// forgetDropped drops failures of dependents that nobody asks for any more, and that are not in Azure either.
func (s *step) forgetDropped(d aks.Decision) {
	planned := map[string]bool{}
	for _, id := range d.NeedDependents {
		planned[lower(id)] = true
	}
	for _, action := range d.Actions {
		planned[lower(action.ID)] = true
	}
	for id := range s.memory.failures {
		if _, _, dependent := aks.DependentKind(id); dependent && !planned[id] {
			delete(s.memory.failures, id)
		}
	}
}

// exclusiveDependent is a dependent with a running operation that keeps everything else waiting, and its state.
func exclusiveDependent(obs aks.Observation) (id, state string) {
	for _, key := range slices.Sorted(maps.Keys(obs.Dependents)) {
		kind, _, _ := aks.DependentKind(key)
		if seen := obs.Dependents[key]; aks.Exclusive(kind) && aks.Busy(seen.State) {
			return idOf(seen.Observed, key), seen.State
		}
	}
	return "", ""
}

// reportAside tells of what runs beside everything else; the status has room for one operation.
func (s *step) reportAside(r *Report) {
	for _, key := range slices.Sorted(maps.Keys(s.memory.aside)) {
		op := s.memory.aside[key]
		if r.Operation == nil {
			r.waitFor(op, op.nextLook.Sub(s.now()))
			continue
		}
		r.requeue(op.nextLook.Sub(s.now()))
	}
	if r.decision.Next != nil && r.Error == nil && r.Operation == nil && len(r.Replanned) == 0 {
		r.requeue(0) // one goal was refused and remembered; the others are still to be sent
	}
}

// ownDependent takes over what the plan came to for a dependent; a nil set says that it is gone.
func (r *Report) ownDependent(action plan.Action, accepted bool) {
	gone := action.Verb == plan.None && action.Owned == nil
	if action.Verb != plan.None && !accepted || action.Verb == plan.Delete || !gone && action.Owned == nil {
		return
	}
	r.Owned.SetDependent(action.ID, action.Owned)
}

// idOf is the id as Azure spells it.
func idOf(seen plan.Observed, otherwise string) string {
	if id, _ := seen.Body["id"].(string); id != "" {
		return id
	}
	return otherwise
}

func lastSegment(id string) string { return id[strings.LastIndex(id, "/")+1:] }
