package engine

import (
	"context"
	"net/url"
	"strings"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/plan"
)

// Abort is an operation that is to be, or was just, aborted.
type Abort struct {
	// ID is the resource, Kind and Name say which, Operation is what ran, in words.
	ID, Kind, Name, Operation string
	Order                     aks.AbortOrder
	CorrelationID             string
}

// abort aborts the running operation if an annotation names it. First the order is noted on the object (Report.AbortNote); only with
// the note in place the request is sent.
func (s *step) abort(ctx context.Context, op *operation) error {
	if op.kind != aks.KindManagedCluster && op.kind != aks.KindAgentPool || op.verb == plan.Delete || op.aborted {
		return nil
	}
	running := op.Operation
	running.CorrelationID = op.correlator
	order, asked := aks.AbortOrderOf(s.Inputs, running)
	abort := Abort{ID: op.ID, Kind: op.kind, Name: op.name, Operation: op.Kind, Order: order}
	switch {
	case !asked:
		return nil
	case !order.Matches:
		if op.Name != "" && !order.Used {
			s.report.AbortMismatch = &abort // the annotation of an earlier operation may stay, a wrong one is worth a word
		}
		return nil
	case !order.Used:
		s.report.AbortNote = &abort
		s.report.requeue(0)
		return nil
	}
	response, err := s.Client.Post(ctx, op.ID+"/"+aks.OperationAbort, aks.ContainerServiceAPIVersion, nil, nil)
	if refusal, ok := conflict(err); ok {
		// It ended in the meantime, or is being aborted already: what Azure says now decides.
		s.report.Replanned = append(s.report.Replanned, Problem{AzureError: azureError(refusal), Diagnosis: aks.Diagnose(azureError(refusal))})
		op.nextLook = s.now().Add(transientPause)
		return nil
	}
	if err != nil {
		return err
	}
	op.aborted = true
	op.Kind = "aborting: " + op.Kind
	op.nextLook = s.now().Add(shortPoll(0))
	abort.CorrelationID = response.CorrelationID
	s.report.Aborted = &abort
	return nil
}

func conflict(err error) (*arm.Error, bool) {
	if refusal, ok := asRefusal(err); ok && refusal.Status == 409 {
		return refusal, true
	}
	return nil, false
}

// endedAborted takes note that an operation ended because a person asked for it: that is no failure, and nothing is tried again.
func (s *step) endedAborted(op *operation, state string) bool {
	if !strings.EqualFold(state, "Canceled") || aks.HeldAborted(s.Inputs, op.ID) == "" {
		return false
	}
	delete(s.memory.failures, lower(op.ID))
	return true
}

// operationName is the name of an operation, the last segment of the address of its document.
func operationName(address string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return ""
	}
	return lastSegment(u.Path)
}
