package fleet

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

func (p *Provider) putStrategy(rq *arm.Request) (*arm.Response, error) {
	_, stored, props, err := p.draft(rq, "update strategy name")
	if err != nil {
		return nil, err
	}
	if err := checkStages(arm.Map(props, "strategy")); err != nil {
		return nil, err
	}
	return p.keep(rq, stored, props)
}

// checkStages applies the rules of the description: at least one stage, unique stages, no group twice.
func checkStages(strategy arm.Object) error {
	stages, groups := []string{}, []string{}
	for _, stage := range objects(strategy, "stages") {
		if err := checkName("stage name", arm.Str(stage, "name"), 50); err != nil {
			return err
		}
		if slices.Contains(stages, arm.Str(stage, "name")) {
			return invalid("The stage '%s' is named twice.", arm.Str(stage, "name"))
		}
		stages = append(stages, arm.Str(stage, "name"))
		limit, err := checkConcurrency(stage, stageConcurrency, stageConcurrency)
		if err != nil {
			return err
		}
		for _, group := range objects(stage, "groups") {
			if err := checkName("group name", arm.Str(group, "name"), 50); err != nil {
				return err
			}
			if slices.Contains(groups, arm.Str(group, "name")) {
				return invalid("The group '%s' is named twice. A group can be in one stage only.", arm.Str(group, "name"))
			}
			groups = append(groups, arm.Str(group, "name"))
			if _, err := checkConcurrency(group, 1, limit); err != nil {
				return err
			}
		}
	}
	if len(stages) == 0 {
		return invalid("An update strategy needs at least one stage.")
	}
	return nil
}

// checkConcurrency reads a maxConcurrency that is a number; what a share ("25%") means depends on the members.
func checkConcurrency(of arm.Object, unset, most int) (int, error) {
	text := arm.Str(of, "maxConcurrency")
	if text == "" {
		return unset, nil
	}
	share, isShare := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(share)
	switch {
	case err != nil || n < 1 || isShare && n > 100:
		return 0, invalid("The maxConcurrency '%s' of '%s' is invalid: it must be a number from 1 or a percentage from 1%% to 100%%.", text, arm.Str(of, "name"))
	case isShare:
		return stageConcurrency, nil
	case n > most:
		return 0, invalid("The maxConcurrency '%s' of '%s' is invalid: it cannot be more than %d.", text, arm.Str(of, "name"), most)
	}
	return n, nil
}

func (p *Provider) putProfile(rq *arm.Request) (*arm.Response, error) {
	f, stored, props, err := p.draft(rq, "auto upgrade profile name")
	if err != nil {
		return nil, err
	}
	channel := arm.Str(props, "channel")
	if channel == "" {
		return nil, invalid("The property 'properties.channel' is required.")
	}
	if channel == "TargetKubernetesVersion" && arm.Str(props, "targetKubernetesVersion") == "" {
		return nil, invalid("The channel TargetKubernetesVersion needs 'properties.targetKubernetesVersion'.")
	}
	if _, err := p.strategyOf(f, props); err != nil {
		return nil, err
	}
	return p.keep(rq, stored, props)
}

// strategyOf is the strategy a run or profile uses: its own, else the one it refers to, else none.
func (p *Provider) strategyOf(f *fabric.Resource, props arm.Object) (arm.Object, error) {
	if own := arm.Map(props, "strategy"); own != nil {
		return own, checkStages(own)
	}
	id := arm.Str(props, "updateStrategyId")
	if id == "" {
		return nil, nil
	}
	strategy := p.Fabric.Get(id)
	if strategy == nil || !strings.EqualFold(strategy.Type, StrategyType) || strategy.ARMID().Parent().Key() != f.ARMID().Key() {
		return nil, arm.ProviderError(http.StatusBadRequest, "UpdateStrategyNotFound", "The update strategy '%s' does not exist in the fleet '%s'.", id, f.Name)
	}
	return arm.Map(arm.Copy(strategy.Body), "properties.strategy"), nil
}

// generateRun makes the update run that the profile's channel means today.
func (p *Provider) generateRun(rq *arm.Request) (*arm.Response, error) {
	profile, err := p.child(rq, "write")
	if err != nil {
		return nil, err
	}
	f, props := p.Fabric.Get(fleetID(rq).String()), arm.Map(profile.Body, "properties")
	strategy, err := p.strategyOf(f, props)
	if err != nil {
		return nil, err
	}
	upgrade := arm.Object{"type": "NodeImageOnly"}
	if channel := arm.Str(props, "channel"); channel != "NodeImage" {
		upgrade = arm.Object{"type": "Full", "kubernetesVersion": p.channelVersion(channel, arm.Str(props, "targetKubernetesVersion"))}
	}
	selection := "Latest"
	if s := arm.Str(props, "nodeImageSelection.type"); s != "" {
		selection = s
	}
	body := arm.Object{"autoUpgradeProfileId": profile.ID, "managedClusterUpdate": arm.Object{"upgrade": upgrade, "nodeImageSelection": arm.Object{"type": selection}}}
	if id := arm.Str(props, "updateStrategyId"); id != "" {
		body["updateStrategyId"], body["strategy"] = id, strategy
	}
	body["status"] = p.newStatus(f, strategy, selection)
	run := p.create(f.ARMID().Child("updateRuns", profile.Name[:min(len(profile.Name), 30)]+"-"+rq.Now.Format("20060102150405")), "")
	run.Body = arm.Object{"properties": body}
	p.touch(rq, run, "Succeeded")
	op := p.start(rq, profile, runAction, p.Durations().Short)
	op.Args = map[string]string{"created": run.ID}
	return p.accepted(rq, op, profile), nil
}

// channelVersion is the newest patch of the minor a channel follows: Rapid the newest, Stable the one before.
func (p *Provider) channelVersion(channel, target string) string {
	w := p.World.Get()
	if channel == "TargetKubernetesVersion" {
		if patch, ok := w.Resolve(target); ok {
			return patch
		}
		return target
	}
	var minors []string
	for _, v := range w.Versions {
		if !v.Preview && !v.LTSOnly {
			minors = append(minors, v.Minor)
		}
	}
	if len(minors) == 0 {
		return ""
	}
	at := len(minors) - 1
	if channel == "Stable" {
		at = max(at-1, 0)
	}
	patch, _ := w.Resolve(minors[at])
	return patch
}
