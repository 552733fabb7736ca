package controller

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

// poolConditions are computed from the same outcome, for one pool.
func poolConditions(o outcome, p poolObjects) []metav1.Condition {
	pool := o.poolVerdict(p)
	conditions := []metav1.Condition{
		pool.condition(v1beta1.ReadyCondition, "Ready"),
		pool.condition(v1beta1.AgentPoolsReadyCondition, "Ready"),
		o.poolSyncedVerdict(p).condition(v1beta1.SyncedCondition, "Synced"),
	}
	if p.pool.DeletionTimestamp != nil {
		conditions = append(conditions, well(orElse(pool.reason, "Deleting"), pool.message).condition(v1beta1.DeletingCondition, "Deleting"))
	}
	return conditions
}

func (o outcome) poolVerdict(p poolObjects) verdict {
	name := aks.PoolName(p.pool)
	if o.credentials != nil {
		return bad(o.credentials.reason, o.credentials.message)
	}
	if !o.report.Observed {
		return unknown("NotObserved", "Azure was not asked yet")
	}
	if twin := o.report.Twins[p.pool.Name]; twin != "" {
		return bad(aks.ReasonNameTaken, aks.TwinMessage(name, twin))
	}
	action, planned := o.poolAction(name)
	planned = planned && !onlyReported(action)
	if failure, ok := o.report.Failures[strings.ToLower(o.report.Names.PoolID(p.pool))]; ok && (!planned || action.Verb != plan.None) {
		return failureVerdict(failure)
	}
	if planned && action.Verb == plan.Blocked {
		return bad(action.Reason, action.Message)
	}
	facts, exists := o.report.Facts.Pool(name)
	if state, ok := o.rotating(p.pool); ok && !o.report.Facts.Busy() {
		return bad(state.Phase, rotationText(state))
	}
	switch {
	case !exists && !o.report.Facts.Exists:
		return bad(aks.ReasonWaitingForControlPlane, "the AKS cluster does not exist yet")
	case !exists && planned && action.Verb == plan.Wait:
		return bad("NotCreated", "the agent pool does not exist yet; "+action.Message)
	case !exists && o.report.Error != nil:
		return bad("NotCreated", "the agent pool does not exist yet; "+problemVerdict(*o.report.Error).message)
	case !exists:
		return bad("NotCreated", o.operationText("the agent pool does not exist yet"))
	case facts.Busy():
		return bad(facts.State, o.operationText("Azure is working on the pool"))
	case o.report.Operation != nil && aks.SameID(o.report.Operation.ID, o.report.Names.PoolID(p.pool)):
		// A moment after the request the cluster's list of pools is the one from before it.
		return bad("Updating", o.report.Operation.Kind)
	case facts.Failed():
		if v, aborted := o.aborted(aks.KindAgentPool, name); aborted {
			return v
		}
		return bad("Failed", "the last operation on the pool ended "+facts.State+errorText(facts.Error))
	case facts.Stopped():
		return bad(aks.ReasonStopped, "the pool is stopped")
	case planned && action.Verb != plan.None:
		return o.outOfSync(action)
	case int64(len(o.report.ProviderIDs[facts.Name])) != facts.Count:
		return bad("WaitingForInstances", fmt.Sprintf("%d of %d instances are there", len(o.report.ProviderIDs[facts.Name]), facts.Count))
	case p.idleReplicas() != "":
		return well("Ready", p.idleReplicas())
	}
	return good
}

// poolSyncedVerdict: the pool is in Azure as declared. The words are those of the control plane's condition, about this pool.
func (o outcome) poolSyncedVerdict(p poolObjects) verdict {
	switch {
	case o.credentials != nil:
		return bad(o.credentials.reason, o.credentials.message)
	case o.err != nil:
		return bad("InternalError", o.err.Error())
	case aks.InvalidPolicy(p.pool) != "":
		return bad("InvalidPolicy", invalidPolicy(p.pool))
	}
	action, planned := o.poolAction(aks.PoolName(p.pool))
	op := o.report.Operation
	switch {
	case op != nil && aks.SameID(op.ID, o.report.Names.PoolID(p.pool)):
		return bad("OperationInProgress", op.Kind)
	case planned && action.Verb != plan.None:
		if v := o.outOfSync(action); v.reason != "OutOfSync" {
			return v
		}
		return bad("Pending", o.outOfSync(action).message)
	case o.report.Error != nil && !planned:
		return problemVerdict(*o.report.Error)
	case !o.report.Observed:
		return unknown("NotObserved", "Azure was not asked yet")
	case !planned && !o.report.Facts.Exists:
		return bad(aks.ReasonWaitingForControlPlane, "the AKS cluster does not exist yet")
	case planned:
		if message := aks.ContestedMessage(action); message != "" {
			return bad(aks.ReasonContested, message)
		}
	}
	return good
}

func (o outcome) poolAction(name string) (plan.Action, bool) {
	for _, action := range o.report.Pending {
		if action.Kind == aks.KindAgentPool && strings.EqualFold(action.Name, name) {
			return action, true
		}
	}
	return plan.Action{}, false
}
