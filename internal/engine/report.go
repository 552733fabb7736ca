package engine

import (
	"errors"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/plan"
)

// Pauses between steps where no operation gives a better time.
const (
	instancesPause    = 3 * time.Second
	maxInstancesPause = 5 * time.Minute
	transientPause    = 5 * time.Second
	unreachablePause  = 15 * time.Second
)

// Report is what one step found and did. Conditions, status and events are a function of it.
type Report struct {
	// Facts are what Azure says of the cluster; zero when it was not read.
	Facts aks.Facts
	Names aks.Names
	// Observed tells whether Azure could be asked at all.
	Observed bool
	// Resources are the Azure resources of the cluster that exist.
	Resources []aks.Resource
	// Network says whether resource group and network are there.
	NetworkReady bool
	// Hold is the step that keeps the rest waiting, Failures are refused or failed goals by lower-cased id.
	Hold     *plan.Action
	Pending  []plan.Action
	Failures map[string]aks.Failure
	// Operation is the running operation, nil when none is followed.
	Operation *aks.Operation
	// Sent are requests Azure accepted in this step, Finished operations that ended, well or not, Failed the ids of
	// goals that were refused or failed in this step.
	Sent     []Sent
	Finished []Finished
	Failed   []string
	// Released are resources of which fields are given up without a request, with those changes.
	Released []plan.Action
	// Error is what kept the step from going on: Azure not reachable, throttled, credentials refused.
	Error *Problem
	// Replanned are refusals that only said that the observation was out of date. They are no news, except for the log.
	Replanned []Problem
	// Kubeconfig is a new credential to store, nil while the stored one is good.
	Kubeconfig      *Kubeconfig
	KubeconfigError *aks.AzureError
	// UserKubeconfig is a new kubeconfig for people to store, nil while the stored one is good.
	UserKubeconfig      *Kubeconfig
	UserKubeconfigError *aks.AzureError
	// TokenError is why there is no (new) token for the API server of the cluster.
	TokenError *aks.AzureError
	// ProviderIDs are the instances by pool name; a pool that was not listed is missing.
	ProviderIDs map[string][]string
	// Owned is what is owned after this step, by resource; nil fields are unchanged.
	Owned aks.Owned
	// OwnedPools is the same for pools, by Azure pool name.
	OwnedPools map[string]*plan.Action
	// Rotations are to be remembered by pool objects, by their names; Rotating tells how far rotations are.
	Rotations map[string]aks.Rotation
	Rotating  map[string]aks.RotationState
	// Twins are pool objects whose name in Azure is that of another one, with that one.
	Twins map[string]string
	// DependentKinds are the kinds of dependents that are declared.
	DependentKinds []string
	// Upgrade is the way to newer versions, Offers what was on offer when that was read last; nil where there is none.
	Upgrade *v1beta1.UpgradeStatus
	Offers  *Offers
	// NodeImagesDone are by the names of pool objects the nodeImageUpgradeAfter to be remembered as answered.
	NodeImagesDone map[string]string
	// Budgets tell of failures that a disruption budget caused what is known of it, by lower-cased id of the resource.
	Budgets map[string]string
	// Undeclared are pools in Azure that no object declares.
	Undeclared []string
	// Done: Azure is as declared, or for a deleted cluster: everything is gone.
	Done bool
	// Checks are what the checks before a creation found that is still to come, Doubts those under which something was sent.
	Checks  []aks.Check
	Checked bool
	Doubts  string
	// AbortNote is an order to abort that is to be noted on its object before it is carried out, Aborted one Azure has accepted,
	// AbortMismatch one that names another operation than the one that runs.
	AbortNote, Aborted, AbortMismatch *Abort
	// Health is what Azure Resource Health says; nil when nobody asks.
	Health *aks.Health
	// Requeue is when to come back; zero means that an event will tell.
	Requeue time.Duration

	decision        aks.Decision
	sent            []Sent
	finished        []Finished
	failed          []string
	kubeconfigError *aks.AzureError

	userKubeconfigError *aks.AzureError
	tokenError          *aks.AzureError
	// drainError is why the Kubernetes API of the cluster did not do what was asked of it.
	drainError string
	requeueSet bool
}

// Sent is a request Azure accepted.
type Sent struct {
	Action        plan.Action
	CorrelationID string
}

// Finished is an operation that ended.
type Finished struct {
	Description, ID, Kind, Name string
	// Result is Succeeded, Failed or Canceled.
	Result string
	Took   time.Duration
	// At is when it ended by Azure's own clock, zero where Azure does not say.
	At time.Time
}

// Problem is an error that is not about one goal.
type Problem struct {
	aks.AzureError
	Diagnosis aks.Diagnosis
}

// continues makes the problem the one before if Azure says the same again: it keeps its first correlation id, so that a
// condition made of it stays the same for as long as the problem does.
func (p *Problem) continues(before *trouble) {
	if before == nil || before.problem == nil {
		return
	}
	if old := before.problem; old.Code == p.Code && old.Message == p.Message && old.Target == p.Target {
		p.CorrelationID = old.CorrelationID
	}
}

// fail turns an error into the report's problem.
func (r *Report) fail(err error) {
	var refusal *arm.Error
	var unreachable *arm.UnreachableError
	switch {
	case errors.As(err, &refusal):
		cause := azureError(refusal)
		r.Error = &Problem{AzureError: cause, Diagnosis: aks.Diagnose(cause)}
	case errors.As(err, &unreachable):
		cause := aks.AzureError{Code: "Unreachable", Message: err.Error()}
		r.Error = &Problem{AzureError: cause, Diagnosis: aks.Diagnose(cause)}
		r.requeue(unreachablePause)
		return
	default:
		r.Error = &Problem{AzureError: aks.AzureError{Code: "Unexpected", Message: err.Error()}, Diagnosis: aks.Diagnosis{Outcome: aks.OutcomeRetry, Reason: "Unexpected"}}
	}
	r.requeue(max(r.Error.Diagnosis.Pause, transientPause))
}

// requeue asks to come back after d; the earliest wish counts.
func (r *Report) requeue(d time.Duration) {
	if d <= 0 {
		d = time.Millisecond
	}
	if !r.requeueSet || d < r.Requeue {
		r.Requeue, r.requeueSet = d, true
	}
}

func (r *Report) waitFor(op *operation, wait time.Duration) {
	running := op.Operation
	running.CorrelationID = op.correlator
	r.Operation = &running
	r.requeue(wait)
}

// finish fills in what follows from the observation.
func (s *step) finish() Report {
	r := &s.report
	obs := s.memory.obs
	if (r.Error == nil || len(r.decision.Actions) == 0) && !s.memory.baseAt.IsZero() {
		// What was sent and read in this step has changed the plan: the report is about the plan as it is now. With an
		// error it is about what could not be done, also where nothing was planned any more.
		r.decision = aks.Decide(s.Inputs, obs, s.now())
	}
	r.Names = s.names
	r.Facts = aks.FactsOf(obs.Cluster)
	r.Observed = !s.memory.baseAt.IsZero()
	r.Sent, r.Finished, r.Failed = r.sent, r.finished, r.failed
	r.KubeconfigError, r.UserKubeconfigError, r.TokenError = r.kubeconfigError, r.userKubeconfigError, r.tokenError
	r.Hold, r.Pending = r.decision.Hold, r.decision.Actions
	r.Failures = s.memory.failures
	s.rotation(r)
	r.Done = r.decision.Done && r.Error == nil && r.Operation == nil
	r.DependentKinds = aks.DeclaredKinds(s.Inputs)
	r.Undeclared = aks.UndeclaredPools(s.Inputs, obs)
	r.NetworkReady = aks.NetworkReady(obs)
	r.Resources = aks.ResourcesOf(s.Inputs, obs)
	r.ProviderIDs = map[string][]string{}
	for name, pool := range s.memory.pools {
		r.ProviderIDs[name] = pool.providerIDs
	}
	s.ownership(r)
	s.upgrades(r)
	s.budgets(r)
	s.retries(r)
	s.contests(r)
	s.checkAgain(r)
	r.Checks, r.Checked = r.decision.Checks, r.decision.Checked
	r.Health = s.fleet.Health(s.Client, s.names.Subscription, s.names.ClusterID)
	if r.Operation == nil && s.memory.running != nil {
		r.waitFor(s.memory.running, s.memory.running.nextLook.Sub(s.now()))
	}
	s.reportAside(r)
	return *r
}

// ownership collects the owned sets that the plan came to. A step that waits or is blocked keeps the old ones, and so does one that
// has nothing to send while an operation runs: what it was computed from is from before the operation, and a field that was
// dropped from the spec meanwhile would be forgotten although the operation sets it.
func (s *step) ownership(r *Report) {
	r.OwnedPools = map[string]*plan.Action{}
	actions := append([]plan.Action{}, r.decision.Actions...)
	for _, sent := range r.sent {
		actions = append(actions, sent.Action)
	}
	for i, action := range actions {
		accepted := i >= len(r.decision.Actions)
		if aks.IsDependent(action.Kind) {
			r.ownDependent(action, accepted)
			continue
		}
		if !accepted && (action.Verb != plan.None || s.memory.running != nil) || action.Owned == nil {
			continue
		}
		switch {
		case action.Kind == aks.KindManagedCluster:
			r.Owned.ManagedCluster = action.Owned
		case action.Kind == aks.KindVirtualNetwork:
			r.Owned.VirtualNetwork = action.Owned
		case action.Kind == aks.KindResourceGroup && strings.EqualFold(action.ID, s.names.GroupID):
			r.Owned.ResourceGroup = action.Owned
		case action.Kind == aks.KindResourceGroup:
			r.Owned.NetworkGroup = action.Owned
		case action.Kind == aks.KindAgentPool:
			r.OwnedPools[action.Name] = &actions[i]
		}
	}
}

// retries forgets failures of what is as it should be by now, and makes sure that somebody comes back when a held
// goal may be sent again.
func (s *step) retries(r *Report) {
	for _, action := range r.decision.Actions {
		if action.Verb == plan.None {
			delete(s.memory.failures, lower(action.ID))
		}
	}
	if r.Error == nil {
		s.forgetDropped(r.decision)
	}
	for _, failure := range s.memory.failures {
		if !failure.RetryAt.IsZero() {
			r.requeue(max(failure.RetryAt.Sub(s.now()), time.Second))
		}
	}
}
