package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/plan"
)

// operation is a long-running operation that is being followed.
type operation struct {
	aks.Operation
	verb       plan.Verb
	call       string // operation of a Call
	kind       string // kind of the resource
	name       string
	goal       string
	statusURL  string // Azure-AsyncOperation; empty when the operation was found running
	nextLook   time.Time
	correlator string
	// before is the failure whose goal the operation tries again; pauses grow with its attempts.
	before aks.Failure
	// endedAt is when it ended, as Azure says.
	endedAt time.Time
	// aborted: Azure accepted the request to abort it.
	aborted bool
}

// duration names the kind of work whose usual duration is learnt.
func (o *operation) duration() string { return string(o.verb) + o.call + " " + o.kind }

// follow asks about the running operation when it is time. It answers true while there is nothing to do but wait.
func (s *step) follow(ctx context.Context) (bool, error) {
	op := s.memory.running
	if op == nil {
		op = s.found()
	}
	if op == nil || s.Inputs.ControlPlane.DeletionTimestamp != nil && op.verb != plan.Delete {
		// Deleting a cluster preempts what runs on it: nobody waits for a creation that is not wanted any more.
		s.memory.running = nil
		return false, nil
	}
	s.memory.running = op
	if op.nextLook.After(s.now()) {
		if err := s.abort(ctx, op); err != nil {
			return true, err
		}
		s.report.waitFor(op, op.nextLook.Sub(s.now()))
		return true, nil
	}
	done, err := s.look(ctx, op)
	if err != nil {
		op.nextLook = s.now().Add(retryLook)
		return true, err
	}
	if !done {
		op.nextLook = s.now().Add(pace(op, s.now()))
		if err := s.abort(ctx, op); err != nil {
			return true, err
		}
		s.report.waitFor(op, op.nextLook.Sub(s.now()))
		return true, nil
	}
	s.memory.running = nil
	s.learn(op.duration(), s.now().Sub(op.Started))
	if op.verb == plan.Delete && !s.told(op) {
		s.succeeded(op) // what is gone has no state to tell it by
	}
	return false, nil
}

// told tells whether the end of an operation is in the report already.
func (s *step) told(op *operation) bool {
	return slices.ContainsFunc(s.report.finished, func(f Finished) bool { return f.ID == op.ID })
}

// retryLook is the pause after a status read that failed.
const retryLook = 5 * time.Second

// shortPoll is for resources without a percentage, whose operations take seconds: an eighth of the time so far.
func shortPoll(elapsed time.Duration) time.Duration {
	return min(max(elapsed/8, 200*time.Millisecond), 15*time.Second)
}

// found makes an operation out of a resource that is seen busy without having been sent anything now: after a
// restart, or because AKS or somebody else works on the cluster.
func (s *step) found() *operation {
	obs := s.memory.obs
	if facts := aks.FactsOf(obs.Cluster); facts.Busy() {
		return s.foundOperation(aks.KindManagedCluster, s.names.ClusterID, s.names.ClusterName, facts.State)
	} else if pool, ok := facts.BusyPool(); ok {
		return s.foundOperation(aks.KindAgentPool, aks.AgentPoolID(s.names.ClusterID, pool.Name), pool.Name, pool.State)
	}
	if id, state := exclusiveDependent(obs); id != "" {
		kind, _, _ := aks.DependentKind(id)
		return s.foundOperation(kind, id, lastSegment(id), state)
	}
	if state := obs.VirtualNetwork.State; state == "Updating" || state == "Deleting" {
		return s.foundOperation(aks.KindVirtualNetwork, s.names.NetworkID, s.names.Network, state)
	}
	if obs.ResourceGroup.State == "Deleting" {
		return s.foundOperation(aks.KindResourceGroup, s.names.GroupID, s.names.Group, obs.ResourceGroup.State)
	}
	return nil
}

func (s *step) foundOperation(kind, id, name, state string) *operation {
	verb := plan.Update
	switch state {
	case "Creating":
		verb = plan.Create
	case "Deleting":
		verb = plan.Delete
	}
	op := &operation{verb: verb, kind: kind, name: name}
	op.Operation = aks.Operation{Kind: fmt.Sprintf("%s %s %s", strings.ToLower(state), kind, name), Resource: kind, ID: id, Started: s.now()}
	return op
}

// start follows an operation that an accepted request began.
func (s *step) start(action plan.Action, response *arm.Response) {
	s.memory.running = s.operation(action, response)
}

// operation is what there is to follow of an accepted request.
func (s *step) operation(action plan.Action, response *arm.Response) *operation {
	op := &operation{verb: action.Verb, call: action.Operation, kind: action.Kind, name: action.Name, goal: aks.Goal(action),
		statusURL: response.AsyncOperation, correlator: response.CorrelationID}
	op.Operation = aks.Operation{
		Kind: fmt.Sprintf("%s %s %s", strings.ToLower(doing(action)), action.Kind, action.Name), Resource: action.Kind,
		ID: action.ID, Started: s.now(), Typical: s.typical(op.duration()),
	}
	op.Name = operationName(response.AsyncOperation)
	op.Expect(s.now())
	op.nextLook = s.now().Add(pace(op, s.now()))
	return op
}

// doing is what Azure is at after an action was accepted, as its provisioningState says it.
func doing(action plan.Action) string {
	switch {
	case action.Verb == plan.Create:
		return "Creating"
	case action.Verb == plan.Delete:
		return "Deleting"
	case aks.RaisesVersion(action):
		return "Upgrading"
	case action.Operation == aks.OperationUpgradeNodeImage:
		return "Upgrading the node image of"
	case action.Operation == aks.OperationStart:
		return "Starting"
	case action.Operation == aks.OperationStop:
		return "Stopping"
	}
	return "Updating"
}

// look asks Azure about the operation and takes what it learns into the observation. It answers true when the
// operation has ended, well or not.
func (s *step) look(ctx context.Context, op *operation) (bool, error) {
	switch op.kind {
	case aks.KindResourceGroup:
		return s.lookAtGroup(ctx, op)
	case aks.KindVirtualNetwork:
		observed, err := s.get(ctx, op.ID, aks.NetworkAPIVersion)
		s.memory.obs.VirtualNetwork = observed
		return err == nil && !(observed.Exists && (observed.State == "Updating" || observed.State == "Deleting")), err
	}
	if aks.IsDependent(op.kind) {
		return s.lookAtDependent(ctx, op)
	}
	ended, err := s.progress(ctx, op)
	if err != nil || !ended {
		return false, err
	}
	if err := s.readCluster(ctx); err != nil {
		return false, err
	}
	return s.ended(ctx, op)
}

func (s *step) lookAtGroup(ctx context.Context, op *operation) (bool, error) {
	observed, err := s.get(ctx, op.ID, aks.ResourcesAPIVersion)
	if err != nil {
		return false, err
	}
	if op.ID == s.names.NetworkGroupID {
		s.memory.obs.NetworkGroup = observed
	}
	if op.ID == s.names.GroupID {
		s.memory.obs.ResourceGroup = observed
		if !observed.Exists {
			s.memory.obs.Cluster = plan.Observed{}
		}
	}
	if !observed.Exists && strings.HasPrefix(lower(s.names.NetworkID), lower(op.ID)+"/") {
		s.memory.obs.VirtualNetwork = plan.Observed{}
	}
	return !observed.Exists || op.verb != plan.Delete, nil
}

// progress reads the latest operation of the resource: state and percentage in one small document. Where Azure
// does not offer it, the resource itself has to be read.
func (s *step) progress(ctx context.Context, op *operation) (bool, error) {
	response, err := s.Client.Get(ctx, op.ID+"/operations/latest", aks.OperationsAPIVersion)
	if arm.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	latest := arm.ParseOperation(response)
	if latest.StartTime != nil && !latest.StartTime.After(s.now()) {
		op.Started = *latest.StartTime
	}
	if latest.Name != "" && !op.aborted {
		op.Name = latest.Name
	}
	op.Look(latest.PercentComplete, s.now())
	if latest.Done() && latest.EndTime != nil {
		op.endedAt = *latest.EndTime
	}
	return latest.Done(), nil
}

// ended looks whether the cluster, as just read, is at rest, and if the operation failed remembers why.
func (s *step) ended(ctx context.Context, op *operation) (bool, error) {
	facts := aks.FactsOf(s.memory.obs.Cluster)
	if !facts.Exists {
		return true, nil
	}
	state, cause, etag := facts.State, facts.Error, facts.ETag
	if op.kind == aks.KindAgentPool {
		pool, exists := facts.Pool(op.name)
		if !exists {
			return true, nil
		}
		state, cause, etag = pool.State, pool.Error, pool.ETag
	}
	if aks.Busy(state) {
		return false, nil
	}
	if aks.Failed(state) && s.endedAborted(op, state) {
		s.finished(op, state)
		return true, nil
	}
	if aks.Failed(state) {
		s.rememberEnd(ctx, op, etag, cause)
		s.finished(op, state)
		return true, nil
	}
	s.succeeded(op)
	return true, nil
}

// rememberEnd keeps why an operation failed; its own document tells more than the resource.
func (s *step) rememberEnd(ctx context.Context, op *operation, etag string, cause *aks.AzureError) {
	if op.statusURL != "" {
		if document, err := s.Client.Operation(ctx, op.statusURL); err == nil && document.Err != nil {
			converted := azureError(document.Err)
			// The request that began the operation is what Azure support can find, not the question how it went.
			converted.CorrelationID = op.correlator
			cause = &converted
		}
	}
	if op.before.Attempts > 0 {
		s.memory.failures[lower(op.ID)] = op.before
	}
	s.memory.contests.Forget(op.ID)
	s.remember(op.ID, op.goal, etag, cause)
}

func (s *step) succeeded(op *operation) {
	delete(s.memory.failures, lower(op.ID))
	s.finished(op, arm.Succeeded)
}

// finished takes note of the end of an operation, in whatever state it left the resource.
func (s *step) finished(op *operation, state string) {
	end := op.endedAt
	if end.IsZero() {
		end = s.now()
	}
	s.report.finished = append(s.report.finished, Finished{Description: op.Kind, ID: op.ID, Kind: op.kind, Name: op.name, Result: state,
		Took: max(end.Sub(op.Started), 0), At: op.endedAt})
}
