package engine

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/plan"
)

// send makes the one request and takes the answer into the observation. It answers false when the refusal was
// understood and remembered: the next decision then holds the goal back.
func (s *step) send(ctx context.Context, action plan.Action) (bool, error) {
	response, err := s.request(ctx, action)
	if err != nil {
		return false, s.refused(ctx, action, err)
	}
	s.report.sent = append(s.report.sent, Sent{Action: action, CorrelationID: response.CorrelationID})
	s.memory.contests.Sent(action, s.now())
	before := s.memory.failures[lower(action.ID)]
	delete(s.memory.failures, lower(action.ID))
	s.accepted(action, response)
	if op := s.memory.running; op != nil && op.ID == action.ID {
		op.before = before
	}
	return true, nil
}

func (s *step) request(ctx context.Context, action plan.Action) (*arm.Response, error) {
	r := wireOf(action, s.memory.obs)
	precondition := arm.Precondition{IfMatch: r.IfMatch, IfNoneMatch: r.IfNoneMatch}
	switch r.Method {
	case http.MethodDelete:
		response, err := s.Client.Delete(ctx, r.Path, r.APIVersion, precondition)
		if absent(err) {
			return &arm.Response{}, nil
		}
		return response, err
	case http.MethodPost:
		return s.Client.Post(ctx, r.Path, r.APIVersion, nil, nil)
	case http.MethodPatch:
		return s.Client.Patch(ctx, r.Path, r.APIVersion, r.Body, precondition)
	}
	return s.Client.Put(ctx, r.Path, r.APIVersion, r.Body, precondition)
}

// accepted takes the answer of an accepted request for the new observation and follows its operation.
func (s *step) accepted(action plan.Action, response *arm.Response) {
	obs := &s.memory.obs
	observed := plan.Observed{}
	if response.Body != nil && action.Verb != plan.Delete {
		observed = aks.ObservedResource(response.Body)
	}
	if aks.IsDependent(action.Kind) {
		s.dependentAccepted(action, observed, response)
		return
	}
	if action.Verb == plan.Call && action.Kind == aks.KindAgentPool {
		delete(obs.PoolDetails, action.Name)
		s.start(action, response)
		return
	}
	if action.Verb == plan.Call {
		s.called(action, response)
		return
	}
	switch action.Kind {
	case aks.KindResourceGroup:
		s.groupAccepted(action, observed, response)
	case aks.KindVirtualNetwork:
		obs.VirtualNetwork = observed
		if response.AsyncOperation != "" && observed.State != "Succeeded" {
			s.start(action, response)
		}
	case aks.KindManagedCluster:
		if action.Verb == plan.Delete {
			if response.Status != 202 {
				obs.Cluster = plan.Observed{}
				return
			}
			obs.Cluster.State = "Deleting"
		} else {
			s.sawCluster(response.Body)
		}
		s.start(action, response)
	case aks.KindAgentPool:
		delete(obs.PoolDetails, action.Name)
		if aks.RaisesVersion(action) {
			s.memory.asked[lower(action.Name)] = aks.AskedVersion(action)
		}
		if action.Verb == plan.Delete && response.Status != 202 {
			obs.Time = time.Time{}
			return
		}
		s.start(action, response)
	}
}

// called takes note that an operation of the cluster has begun; its answer has no body. The machines come back as others
// after a start.
func (s *step) called(action plan.Action, response *arm.Response) {
	s.memory.obs.Cluster.State = doing(action)
	s.memory.obs.PoolDetails = nil
	s.memory.pools = map[string]instances{}
	s.start(action, response)
}

func (s *step) groupAccepted(action plan.Action, observed plan.Observed, response *arm.Response) {
	obs := &s.memory.obs
	if action.Verb == plan.Delete {
		if response.Status == 202 {
			s.start(action, response)
			return
		}
		observed = plan.Observed{}
	}
	if strings.EqualFold(action.ID, s.names.GroupID) {
		obs.ResourceGroup = observed
	}
	if strings.EqualFold(action.ID, s.names.NetworkGroupID) {
		obs.NetworkGroup = observed
	}
}

// refused remembers why Azure did not accept a request, so that it is neither hidden nor hammered.
func (s *step) refused(ctx context.Context, action plan.Action, err error) error {
	var refusal *arm.Error
	if !errors.As(err, &refusal) {
		return err
	}
	cause := azureError(refusal)
	diagnosis := aks.DiagnoseFor(action.ID, cause)
	switch diagnosis.Outcome {
	case aks.OutcomeRetry, aks.OutcomeWait:
		if !s.throttledAlone(action, refusal) {
			return err
		}
		s.holdBack(action, cause, diagnosis)
		s.report.decision = aks.Decide(s.Inputs, s.memory.obs, s.now())
		return s.settle(ctx, s.report.decision)
	case aks.OutcomeReplan:
		// What was planned from is out of date: look again before the next plan.
		s.report.Replanned = append(s.report.Replanned, Problem{AzureError: cause, Diagnosis: diagnosis})
		s.memory.forget()
		s.report.requeue(max(diagnosis.Pause, time.Second))
		return nil
	}
	s.remember(action.ID, aks.Goal(action), aks.ETagOf(s.memory.obs, action), &cause)
	s.report.decision = aks.Decide(s.Inputs, s.memory.obs, s.now())
	return s.settle(ctx, s.report.decision)
}

// throttledAlone tells a 429 that only changes of this cluster, or of this pool, have used up: AKS counts them one by one
// (quotas-skus-regions, "throttling limits"), so that everything else about the cluster goes on.
func (s *step) throttledAlone(action plan.Action, refusal *arm.Error) bool {
	put := action.Verb == plan.Create || action.Verb == plan.Update
	alone := action.Kind == aks.KindManagedCluster || action.Kind == aks.KindAgentPool
	return put && alone && arm.IsThrottled(refusal) && !refusal.Everything && s.memory.obs.Cluster.Exists
}

// holdBack keeps a throttled goal back for as long as Azure asks. It is no failure: nothing is counted or told as news.
func (s *step) holdBack(action plan.Action, cause aks.AzureError, diagnosis aks.Diagnosis) {
	s.memory.failures[lower(action.ID)] = aks.Failure{Goal: aks.Goal(action), ETag: aks.ETagOf(s.memory.obs, action), Spec: aks.SpecMark(s.Inputs, action.ID),
		Error: cause, Diagnosis: diagnosis, RetryAt: s.now().Add(max(diagnosis.Pause, time.Second))}
}

// remember keeps a failed goal back until the spec or Azure changes, or a growing pause is over.
func (s *step) remember(id, goal, etag string, cause *aks.AzureError) {
	if cause == nil {
		cause = &aks.AzureError{Code: "OperationFailed", Message: "the operation failed and Azure gave no reason"}
	}
	diagnosis := aks.DiagnoseFor(id, *cause)
	failure := aks.Failure{Goal: goal, ETag: etag, Spec: aks.SpecMark(s.Inputs, id), Attempts: 1, Error: *cause, Diagnosis: diagnosis}
	// The goal of a second attempt is another one in words ("once more"), so what was declared tells whether it is one.
	if old, ok := s.memory.failures[lower(id)]; ok && (old.Goal == goal || old.Spec == failure.Spec) {
		failure.Attempts = old.Attempts + 1
	}
	if diagnosis.NotBefore.After(s.now()) {
		failure.RetryAt = diagnosis.NotBefore // Azure says when the answer will be another one
	} else if pause := backOff(diagnosis, failure.Attempts); pause > 0 {
		failure.RetryAt = s.now().Add(pause)
	}
	s.memory.failures[lower(id)] = failure
	s.report.failed = append(s.report.failed, id)
}

const maxBackOff = time.Hour

// backOff doubles the pause of a diagnosis with each attempt. A terminal diagnosis has none: it waits for a change.
func backOff(d aks.Diagnosis, attempts int) time.Duration {
	if d.Outcome == aks.OutcomeTerminal || d.Pause <= 0 {
		return 0
	}
	pause := d.Pause
	for i := 1; i < attempts && pause < maxBackOff; i++ {
		pause *= 2
	}
	return min(pause, maxBackOff)
}

// rememberUnknownFailure starts the waiting for a resource that is found Failed without anybody knowing why or
// since when, which is the case after a restart: AKS needs the same goal sent again, but not at every start.
func (s *step) rememberUnknownFailure(d aks.Decision) {
	for _, action := range d.Actions {
		if action.Verb != plan.Blocked || action.Reason != plan.ReasonFailed {
			continue
		}
		if _, known := s.memory.failures[lower(action.ID)]; known {
			continue
		}
		facts := aks.FactsOf(s.memory.obs.Cluster)
		cause := facts.Error
		if action.Kind == aks.KindAgentPool {
			pool, _ := facts.Pool(action.Name)
			cause = pool.Error
		} else if aks.IsDependent(action.Kind) {
			cause = aks.DependentError(s.memory.obs.Dependents[lower(action.ID)].Observed)
		}
		s.remember(action.ID, "", aks.ETagOf(s.memory.obs, action), cause)
	}
}

func azureError(e *arm.Error) aks.AzureError {
	converted := aks.AzureError{Status: e.Status, Code: e.Code, Codes: e.Codes(), Message: e.Message, Target: e.Target,
		CorrelationID: e.CorrelationID, RetryAfter: e.RetryAfter, Policies: e.Policies}
	addInner(&converted, e.Details)
	return converted
}

func addInner(to *aks.AzureError, details []arm.Error) {
	for i := range details {
		d := &details[i]
		to.Inner = append(to.Inner, aks.InnerError{Code: d.Code, Message: d.Message, Target: d.Target})
		to.Policies = append(to.Policies, d.Policies...)
		addInner(to, d.Details)
	}
}
