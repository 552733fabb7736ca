package fleet

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// wholeFleet is the name of the stage and group of a run without a strategy (recorded).
const wholeFleet = "default"

func (p *Provider) putRun(rq *arm.Request) (*arm.Response, error) {
	f, run, props, err := p.draft(rq, "update run name")
	if err != nil {
		return nil, err
	}
	upgrade := arm.Map(props, "managedClusterUpdate.upgrade")
	kind := arm.Str(upgrade, "type")
	switch {
	case kind != "Full" && kind != "ControlPlaneOnly" && kind != "NodeImageOnly":
		return nil, invalid("The property 'properties.managedClusterUpdate.upgrade.type' must be Full, ControlPlaneOnly or NodeImageOnly, got '%s'.", kind)
	case kind != "NodeImageOnly" && arm.Str(upgrade, "kubernetesVersion") == "":
		return nil, invalid("An upgrade of type %s needs 'properties.managedClusterUpdate.upgrade.kubernetesVersion'.", kind)
	case run != nil && runState(run) != notStarted:
		return nil, notAllowed("The update run '%s' is %s. Only a run that has not started can be changed.", run.Name, runState(run))
	}
	strategy, err := p.strategyOf(f, props)
	if err != nil {
		return nil, err
	}
	if strategy != nil {
		props["strategy"] = strategy
	}
	props["status"] = p.newStatus(f, strategy, arm.Str(props, "managedClusterUpdate.nodeImageSelection.type"))
	return p.keep(rq, run, props)
}

// newStatus lays out who is to be updated when. Members that join later are not part of the run, and a consistent
// selection of node images is made now.
func (p *Provider) newStatus(f *fabric.Resource, strategy arm.Object, selection string) arm.Object {
	members := p.Fabric.Children(f.ID, MemberType)
	stages := []any{}
	if strategy == nil {
		group := newNode(wholeFleet, nil, 1, len(members))
		group["members"] = memberNodes(members, nil)
		stage := newNode(wholeFleet, nil, stageConcurrency, len(members))
		stage["groups"] = []any{group}
		stages = append(stages, stage)
	}
	for _, s := range objects(strategy, "stages") {
		groups, count := []any{}, 0
		for _, g := range objects(s, "groups") {
			groupName := arm.Str(g, "name")
			inGroup := memberNodes(members, &groupName)
			group := newNode(groupName, g, 1, len(inGroup))
			group["members"] = inGroup
			groups, count = append(groups, group), count+len(inGroup)
		}
		stage := newNode(arm.Str(s, "name"), s, stageConcurrency, count)
		stage["groups"] = groups
		if seconds, _ := arm.Int(s, "afterStageWaitInSeconds"); seconds > 0 {
			stage["afterStageWaitStatus"] = arm.Object{"status": arm.Object{"state": notStarted}, "waitDurationInSeconds": seconds}
		}
		stages = append(stages, stage)
	}
	status := arm.Object{"status": arm.Object{"state": notStarted}, "stages": stages}
	if selection == "Consistent" {
		status["nodeImageSelection"] = arm.Object{"selectedNodeImageVersions": p.newestImages(members)}
	}
	return status
}

// newestImages are the images that all members of a run get.
func (p *Provider) newestImages(members []*fabric.Resource) []any {
	seen, out := map[string]bool{}, []any{}
	for _, m := range members {
		for _, image := range p.Clusters.NewestImages(arm.Str(m.Body, "properties.clusterResourceId")) {
			if !seen[image] {
				seen[image], out = true, append(out, arm.Object{"version": image})
			}
		}
	}
	return out
}

// stageConcurrency is how many members of a stage are updated at a time unless its strategy says otherwise; in a group
// it is one.
const stageConcurrency = 50

// newNode starts the status of a stage or group. Its concurrency is a number ("3") or a share of its members ("25%").
func newNode(name string, spec arm.Object, concurrency, members int) arm.Object {
	limit := concurrency
	if text := arm.Str(spec, "maxConcurrency"); text != "" {
		if percent, isShare := strings.CutSuffix(text, "%"); isShare {
			n, _ := strconv.Atoi(percent)
			limit = members * n / 100
		} else {
			limit, _ = strconv.Atoi(text)
		}
	}
	return arm.Object{"name": name, "status": arm.Object{"state": notStarted}, "maxConcurrency": int64(max(limit, 1))}
}

// memberNodes lists the members of a group, all members for nil.
func memberNodes(members []*fabric.Resource, group *string) []any {
	out := []any{}
	for _, m := range members {
		if group == nil || arm.Str(m.Body, "properties.group") == *group {
			out = append(out, arm.Object{"name": m.Name, "clusterResourceId": arm.Str(m.Body, "properties.clusterResourceId"), "status": arm.Object{"state": notStarted}})
		}
	}
	return out
}

func (p *Provider) deleteRun(rq *arm.Request) (*arm.Response, error) {
	run, resp, err := p.absent(rq)
	if err != nil || resp != nil {
		return resp, err
	}
	if s := runState(run); inFlight(s) {
		return nil, notAllowed("The update run '%s' is %s. Stop it before deleting it.", run.Name, s)
	}
	p.Fabric.Drop(run)
	return arm.Respond(http.StatusOK, nil), nil
}

// act is the frame of start, stop and skip: the change shows at once, the operation ends shortly after.
func (p *Provider) act(rq *arm.Request, change func(run *fabric.Resource) error) (*arm.Response, error) {
	run, err := p.child(rq, "write")
	if err != nil {
		return nil, err
	}
	if err := precondition(rq, run); err != nil {
		return nil, err
	}
	if err := change(run); err != nil {
		return nil, err
	}
	p.touch(rq, run, "Succeeded")
	op := p.start(rq, run, runAction, p.Durations().Short)
	op.Args = map[string]string{"version": rq.APIVersion}
	return p.accepted(rq, op, run), nil
}

// startRun starts a run, or goes on with one that was stopped or failed.
func (p *Provider) startRun(rq *arm.Request) (*arm.Response, error) {
	return p.act(rq, func(run *fabric.Resource) error {
		switch s := runState(run); s {
		case notStarted, stopped, failed:
		default:
			return notAllowed("The update run '%s' is %s and cannot be started.", run.Name, s)
		}
		status := statusOf(run)
		for _, node := range nodes(status) {
			if s := state(node); s == stopped || s == failed {
				p.setState(node, notStarted)
			}
		}
		p.setState(status, running)
		p.advance(run)
		return nil
	})
}

// stopRun lets updates in progress come to their end and starts no new ones.
func (p *Provider) stopRun(rq *arm.Request) (*arm.Response, error) {
	return p.act(rq, func(run *fabric.Resource) error {
		if s := runState(run); s != running && s != pending {
			return notAllowed("The update run '%s' is %s and cannot be stopped.", run.Name, s)
		}
		status := statusOf(run)
		for _, stage := range objects(status, "stages") {
			if wait := arm.Map(stage, "afterStageWaitStatus"); wait != nil && state(wait) == running {
				p.endWait(run, arm.Str(stage, "name"))
				p.setState(wait, stopped)
			}
		}
		for _, node := range append(nodes(status), status) {
			switch state(node) {
			case running:
				p.setState(node, stopping)
			case pending:
				p.setState(node, notStarted)
			}
		}
		p.advance(run)
		return nil
	})
}

// skipRun passes over what has not started yet, or over a wait that has.
func (p *Provider) skipRun(rq *arm.Request) (*arm.Response, error) {
	return p.act(rq, func(run *fabric.Resource) error {
		targets := objects(rq.Body, "targets")
		if len(targets) == 0 {
			return invalid("The property 'targets' needs at least one element.")
		}
		status := statusOf(run)
		var skip []arm.Object
		for _, target := range targets {
			found, err := find(status, arm.Str(target, "type"), arm.Str(target, "name"))
			if err != nil {
				return err
			}
			skip = append(skip, found...)
		}
		for _, node := range skip {
			p.setState(node, skipped)
		}
		for _, stage := range objects(status, "stages") {
			if wait := arm.Map(stage, "afterStageWaitStatus"); wait != nil && state(wait) == skipped {
				p.endWait(run, arm.Str(stage, "name"))
			}
		}
		p.advance(run)
		return nil
	})
}

// find returns the members and waits a skip target stands for and refuses what can no longer be skipped. A stage or
// group is skipped as far as that is still possible.
func find(status arm.Object, kind, name string) ([]arm.Object, error) {
	all, found := leaves(status, kind, name)
	if !found {
		return nil, invalid("The update run has no %s '%s'.", kind, name)
	}
	var out []arm.Object
	for _, leaf := range all {
		switch s := state(leaf); {
		case s == notStarted || s == pending || s == stopped || s == failed || kind == "AfterStageWait" && s == running:
			out = append(out, leaf)
		case kind == "Member" || kind == "AfterStageWait":
			return nil, notAllowed("The %s '%s' is %s and cannot be skipped.", kind, name, s)
		}
	}
	return out, nil
}

// leaves are the members and waits in what a target names.
func leaves(status arm.Object, kind, name string) (out []arm.Object, found bool) {
	for _, stage := range objects(status, "stages") {
		wait := arm.Map(stage, "afterStageWaitStatus")
		thisStage := arm.Str(stage, "name") == name
		found = found || kind == "Stage" && thisStage
		if wait != nil && thisStage && (kind == "Stage" || kind == "AfterStageWait") {
			out, found = append(out, wait), true
		}
		for _, group := range objects(stage, "groups") {
			wanted := kind == "Stage" && thisStage || kind == "Group" && arm.Str(group, "name") == name
			found = found || wanted
			for _, member := range objects(group, "members") {
				if wanted || kind == "Member" && arm.Str(member, "name") == name {
					out, found = append(out, member), true
				}
			}
		}
	}
	return out, found
}
