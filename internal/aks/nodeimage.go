package aks

import (
	"strings"
	"time"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// OperationUpgradeNodeImage brings the nodes of a pool to the newest image of their Kubernetes version.
const OperationUpgradeNodeImage = "upgradeNodeImageVersion"

// NodeImage is the newest node image AKS offers a pool.
type NodeImage struct {
	Time   time.Time
	Latest string
}

// nodeImageLasts is how long an offer is good enough to decide from.
const nodeImageLasts = 10 * time.Minute

// NodeImageOf reads the upgrade profile of a pool.
func NodeImageOf(profile fieldset.Object, now time.Time) NodeImage {
	return NodeImage{Time: now, Latest: stringAt(profile, "properties", "latestNodeImageVersion")}
}

// nodeImageUpgrades puts the upgrade of the node image in the place of the plan of every pool that is due for one and has nothing
// else to send: a newer Kubernetes version would bring the image anyway.
func (d *Decision) nodeImageUpgrades(in Inputs, obs Observation, now time.Time) {
	if isStopped(obs.Cluster.Body) {
		return
	}
	for _, pool := range in.Pools {
		after := pool.Object.Spec.NodeImageUpgradeAfter
		due, err := time.Parse(time.RFC3339, after)
		if after == "" || err != nil || after == pool.NodeImageDone || pool.Deleting {
			continue
		}
		if now.Before(due) {
			d.wakeAt(due)
			continue
		}
		for i := range d.Actions {
			if action := &d.Actions[i]; action.Kind == KindAgentPool && strings.EqualFold(action.Name, PoolName(pool.Object)) {
				d.nodeImageUpgrade(in, obs, pool, action, now)
			}
		}
	}
}

func (d *Decision) nodeImageUpgrade(in Inputs, obs Observation, pool Pool, action *plan.Action, now time.Time) {
	observed := observedPool(obs, action.Name)
	quiet := action.Verb == plan.None || action.Reason == plan.ReasonRetry || action.Reason == ReasonUpgradeHeld || action.Reason == ReasonVersionNotOffered
	begun := runs{current: stringAt(observed.Body, "properties", "currentOrchestratorVersion"), asked: stringAt(observed.Body, "properties", "orchestratorVersion")}
	if begun.unfinished() || !observed.Exists || isStopped(observed.Body) || !quiet {
		return
	}
	current := stringAt(observed.Body, "properties", "nodeImageVersion")
	offer, known := obs.NodeImages[strings.ToLower(action.Name)]
	switch {
	case !known || now.Sub(offer.Time) > nodeImageLasts:
		d.NeedNodeImages = append(d.NeedNodeImages, action.Name)
	case offer.Latest == "" || strings.EqualFold(current, offer.Latest):
		if !Failed(observed.State) {
			if d.NodeImagesDone == nil {
				d.NodeImagesDone = map[string]string{}
			}
			d.NodeImagesDone[pool.Object.Name] = pool.Object.Spec.NodeImageUpgradeAfter
		}
	default:
		*action = plan.Action{Verb: plan.Call, ID: action.ID, Kind: action.Kind, Name: action.Name, APIVersion: action.APIVersion,
			Operation: OperationUpgradeNodeImage, Owned: pool.Owned,
			Changes: []plan.Change{{Path: "properties.nodeImageVersion", From: current, To: offer.Latest, Why: plan.WhyChange}}}
	}
}

// wakeAt makes sure that somebody decides again at a time.
func (d *Decision) wakeAt(at time.Time) {
	if d.Wake.IsZero() || at.Before(d.Wake) {
		d.Wake = at
	}
}
