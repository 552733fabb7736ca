package fleet

import (
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// The states of a run and of everything in it.
const (
	notStarted = "NotStarted"
	running    = "Running"
	pending    = "Pending" // has to wait for the cluster
	stopping   = "Stopping"
	stopped    = "Stopped"
	skipped    = "Skipped"
	failed     = "Failed"
	completed  = "Completed"
)

func statusOf(run *fabric.Resource) arm.Object { return arm.Map(run.Body, "properties.status") }

func runState(run *fabric.Resource) string { return state(statusOf(run)) }

// state reads the state of a run, stage, group, member or wait; all have a status of the same shape.
func state(node arm.Object) string { return arm.Str(node, "status.state") }

func (p *Provider) setState(node arm.Object, s string) {
	now := p.Fabric.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	arm.Put(node, "status.state", s)
	switch s {
	case running:
		arm.Default(node, "status.startTime", now)
		arm.Remove(node, "status.completedTime")
	case completed, failed:
		arm.Put(node, "status.completedTime", now)
	case notStarted:
		arm.Put(node, "status", arm.Object{"state": s})
	}
}

// objects reads a list of objects.
func objects(o arm.Object, path string) []arm.Object {
	var out []arm.Object
	for _, raw := range arm.List(o, path) {
		if m, ok := raw.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// nodes lists everything below a run or stage that has a state, waits included.
func nodes(o arm.Object) []arm.Object {
	var out []arm.Object
	for _, stage := range objects(o, "stages") {
		out = append(out, stage)
		out = append(out, nodes(stage)...)
	}
	for _, group := range objects(o, "groups") {
		out = append(append(out, group), objects(group, "members")...)
	}
	if wait := arm.Map(o, "afterStageWaitStatus"); wait != nil {
		out = append(out, wait)
	}
	return out
}

// inFlight are the states of a run that moves on by itself.
func inFlight(s string) bool { return s == running || s == pending || s == stopping }

// advance moves a run as far as it can go now: stages one after the other, the groups of a stage side by side, the
// members of a group as many at a time as its concurrency says.
func (p *Provider) advance(run *fabric.Resource) {
	status := statusOf(run)
	if !inFlight(state(status)) {
		return
	}
	halt := state(status) == stopping
	stages := objects(status, "stages")
	result := together(stages, halt)
	for _, stage := range stages {
		p.advanceStage(run, stage, halt)
		if result = state(stage); result != completed && result != skipped {
			break
		}
		result = together(stages, halt)
	}
	p.setState(status, result)
	run.ETag = newETag(p.Fabric.Clock.Now())
	p.Fabric.Save(run)
}

// advanceStage moves one stage and its wait.
func (p *Provider) advanceStage(run *fabric.Resource, stage arm.Object, halt bool) {
	if s := state(stage); s == completed || s == skipped {
		return
	}
	groups := objects(stage, "groups")
	for _, group := range groups {
		if s := state(group); s != completed && s != skipped {
			p.advanceGroup(run, group, min(room(stage, groups...), room(group, group)), halt)
		}
	}
	s := together(groups, halt)
	wait := arm.Map(stage, "afterStageWaitStatus")
	if wait != nil && s == completed {
		switch {
		case state(wait) == notStarted && halt:
			s = stopped
		case state(wait) == notStarted:
			p.startWait(run, stage, wait)
			s = running
		case state(wait) == running || state(wait) == stopped:
			s = state(wait)
		}
	}
	p.setState(stage, s)
}

// room is how many more members of the groups the limit of a stage or group lets start. After a failure none may: it
// keeps the run from going any further.
func room(limit arm.Object, groups ...arm.Object) int64 {
	n, _ := arm.Int(limit, "maxConcurrency")
	for _, group := range groups {
		for _, member := range objects(group, "members") {
			switch state(member) {
			case running, stopping:
				n--
			case failed:
				return 0
			}
		}
	}
	return n
}

// advanceGroup starts as many members as there is room for. One that has to wait does not keep the next from its turn.
func (p *Provider) advanceGroup(run *fabric.Resource, group arm.Object, room int64, halt bool) {
	members := objects(group, "members")
	for _, member := range members {
		if halt || room <= 0 {
			break
		}
		if state(member) != notStarted {
			continue
		}
		p.startMember(run, member)
		switch state(member) {
		case running:
			room--
		case failed:
			room = 0
		}
	}
	p.setState(group, together(members, halt))
}

// together is the state of a run, group or stage that follows from the states of its parts.
func together(parts []arm.Object, halt bool) string {
	count := map[string]int{}
	for _, part := range parts {
		count[state(part)]++
	}
	busy, done := count[running]+count[stopping], count[completed]+count[skipped]
	switch {
	case busy > 0 && halt:
		return stopping
	case busy > 0:
		return running
	case count[failed] > 0:
		return failed
	case count[pending] > 0:
		return pending
	case done == len(parts) && done > 0 && count[completed] == 0:
		return skipped
	case done == len(parts):
		return completed
	case halt:
		return stopped
	case done > 0:
		return running
	}
	return notStarted
}

// startMember begins the update of one cluster, unless it has to wait for its maintenance window or for what keeps the
// cluster busy. A cluster that is up to date is skipped.
func (p *Provider) startMember(run *fabric.Resource, member arm.Object) {
	cluster := arm.Str(member, "clusterResourceId")
	upgrade := arm.Map(run.Body, "properties.managedClusterUpdate.upgrade")
	kind := arm.Str(upgrade, "type")
	delete(member, "message")
	if opens := p.Clusters.MaintenanceOpens(cluster, kind); !opens.IsZero() {
		p.setState(member, pending)
		member["message"] = "The maintenance window of the cluster is not open. It opens at " + opens.UTC().Format(time.RFC3339) + "."
		p.wait(run, "", opens.Sub(p.Fabric.Clock.Now()))
		return
	}
	if busy := p.Clusters.Busy(cluster); busy != nil {
		p.setState(member, pending)
		member["message"] = "Another operation (" + busy.Label + ") is in progress on the cluster."
		p.Fabric.Follow(busy, run)
		return
	}
	op, fail := p.Clusters.Upgrade(cluster, kind, arm.Str(upgrade, "kubernetesVersion"))
	switch {
	case fail != nil:
		p.failMember(member, fail)
	case op == nil:
		p.setState(member, skipped)
		member["message"] = "The cluster is up to date."
	default:
		p.setState(member, running)
		member["operationId"] = op.ID
		p.Fabric.Follow(op, run)
	}
}

func (p *Provider) failMember(member arm.Object, fail *arm.OperationError) {
	p.setState(member, failed)
	arm.Put(member, "status.error", arm.Object{"code": fail.Code, "message": fail.Message})
}

// memberUpdated is told when the update of a member, or what kept its cluster busy, has ended.
func (p *Provider) memberUpdated(run *fabric.Resource, op *fabric.Operation) {
	for _, node := range nodes(statusOf(run)) {
		switch s := state(node); {
		case node["operationId"] == op.ID && (s == running || s == stopping):
			switch {
			case op.Status == fabric.Succeeded:
				p.setState(node, completed)
			case op.Error != nil:
				p.failMember(node, op.Error)
			default:
				p.failMember(node, &arm.OperationError{Code: "OperationCanceled", Message: "The operation on the managed cluster was canceled."})
			}
		case s == pending && op.Error != nil && op.Error.Code == preempted && within(op.Resource, arm.Str(node, "clusterResourceId")):
			p.failMember(node, op.Error)
		case s == pending && within(op.Resource, arm.Str(node, "clusterResourceId")):
			p.setState(node, notStarted)
		}
	}
	p.Fabric.Save(run)
	if op.Status == fabric.Canceled { // whoever canceled it is not done with the cluster yet
		p.wait(run, "", p.Durations().Short)
		return
	}
	p.advance(run)
}

// within says that an operation on a resource is one on the cluster or on something in it.
func within(resource, cluster string) bool {
	at, okAt := arm.ParseID(resource)
	of, okOf := arm.ParseID(cluster)
	for okAt && okOf && len(at.Names) > 1 {
		at = at.Parent()
	}
	return okAt && okOf && at.Key() == of.Key()
}

func (p *Provider) startWait(run *fabric.Resource, stage, wait arm.Object) {
	seconds, _ := arm.Int(wait, "waitDurationInSeconds")
	p.setState(wait, running)
	p.wait(run, arm.Str(stage, "name"), time.Duration(seconds)*time.Second)
}

// wait lets a run go on after a while; stage is the one whose wait that ends, "" for none.
func (p *Provider) wait(run *fabric.Resource, stage string, d time.Duration) {
	f := p.Fabric.Get(run.ARMID().Parent().String())
	due := p.Fabric.Clock.Now().Add(d)
	for _, op := range p.Fabric.Operations(run.ID) {
		if op.Kind == stageWait && op.Running() && op.Args["stage"] == stage && !op.Due.After(due) {
			return
		}
	}
	p.Fabric.Start(nil, fabric.Plan{Kind: stageWait, Label: "Waiting", Resource: run, Location: f.Location, Duration: d, Args: map[string]string{"stage": stage}})
}

// endWait cancels the wait after a stage.
func (p *Provider) endWait(run *fabric.Resource, stage string) {
	for _, op := range p.Fabric.Operations(run.ID) {
		if op.Kind == stageWait && op.Running() && op.Args["stage"] == stage {
			p.Fabric.End(op, fabric.Canceled, nil)
		}
	}
}

func (p *Provider) waitDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	run := p.Fabric.Get(op.Resource)
	if run == nil {
		return fail, 0
	}
	for _, stage := range objects(statusOf(run), "stages") {
		if wait := arm.Map(stage, "afterStageWaitStatus"); wait != nil && arm.Str(stage, "name") == op.Args["stage"] && state(wait) == running {
			p.setState(wait, completed)
		}
	}
	for _, node := range nodes(statusOf(run)) {
		if state(node) == pending {
			p.setState(node, notStarted)
		}
	}
	p.Fabric.Save(run)
	p.advance(run)
	return fail, 0
}
