package aks

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/plan"
)

// Reasons of steps whose version is not raised now. They keep nothing else from being sent.
const (
	ReasonUpgradeHeld       = "UpgradeHeld"
	ReasonWaitingForUpgrade = "WaitingForUpgrade"
	ReasonPoolTooOld        = "PoolTooOld"
	ReasonVersionNotOffered = "VersionNotOffered"
	ReasonReadingVersions   = "ReadingVersions"
	ReasonUpgradeRefused    = "UpgradeRefused"
)

// maxPoolLag is how many minor versions a pool may be behind its control plane.
// https://learn.microsoft.com/azure/aks/supported-kubernetes-versions
const maxPoolLag = 3

// upgrade is what the order of versions comes to for one decision.
type upgrade struct {
	next  *move
	holds map[string]hold
	// need: the offers have to be read.
	need   bool
	ladder ladder
	status *v1beta1.UpgradeStatus
}

// upgradeOf decides about versions. It is computed once per decision.
func upgradeOf(in Inputs, obs Observation, now time.Time) *upgrade {
	l := ladderOf(in, obs)
	l.barred = barredUpgrade(in, now)
	u := &upgrade{ladder: l}
	u.next, u.holds = l.next()
	for _, h := range u.holds {
		stale := obs.Upgrades != nil && now.Sub(obs.Upgrades.Time) >= upgradesLast && h.reason == ReasonVersionNotOffered
		u.need = u.need || h.reason == ReasonReadingVersions || stale
	}
	u.status = u.plan(in.ControlPlane.Status.Upgrade, NormalVersion(in.ControlPlane.Spec.Version))
	return u
}

// ladderOf gathers what the order of versions depends on.
func ladderOf(in Inputs, obs Observation) ladder {
	facts, spec := FactsOf(obs.Cluster), &in.ControlPlane.Spec
	l := ladder{control: runs{current: facts.Version, asked: facts.AskedVersion, want: strings.TrimPrefix(spec.Version, "v"), busy: facts.Busy()}}
	if policy := spec.Upgrade; policy != nil {
		l.held, l.interleaved = policy.Hold != nil && *policy.Hold, policy.PoolStrategy == v1beta1.PoolsInterleaved
	}
	declared := map[string]Pool{}
	for _, pool := range in.Pools {
		declared[strings.ToLower(PoolName(pool.Object))] = pool
	}
	for _, profile := range inlineProfiles(obs.Cluster.Body) {
		r := runs{name: stringAt(profile, "name"), current: runningVersion(profile), asked: stringAt(profile, "orchestratorVersion"), busy: Busy(stringAt(profile, "provisioningState"))}
		if version := in.Asked[strings.ToLower(r.name)]; version != "" {
			r.asked, r.busy = version, true
		}
		pool, ok := declared[strings.ToLower(r.name)]
		switch {
		case !ok:
			r.kept = "no object declares it: upgrade it yourself, or declare it"
		case pool.Deleting:
			r.kept = "it is being deleted, and that comes first"
		case in.observedOnly(pool):
			r.kept = "its policy is observe: upgrade it yourself"
		default:
			r.want = strings.TrimPrefix(pool.Version, "v")
		}
		l.pools = append(l.pools, r)
	}
	sortPools(l.pools, in)
	if u := obs.Upgrades; u != nil && u.Mark == upgradesMark(obs.Cluster.Body) {
		l.offers = func(r runs) []Offer {
			if r.name == "" {
				return u.ControlPlane
			}
			return u.Pools[strings.ToLower(r.name)]
		}
		l.onOffer, l.complete, l.location = u.reachable(l.control.current), len(u.Location) > 0, u.Location
	}
	return l
}

// sortPools brings pools into the order of spec.upgrade.poolOrder; the others follow, System pools first.
func sortPools(pools []runs, in Inputs) {
	rank := map[string]int{}
	for i, pool := range in.Pools {
		name := strings.ToLower(PoolName(pool.Object))
		rank[name] = 1000 + i
		if pool.Object.Spec.Mode == v1beta1.NodePoolModeSystem {
			rank[name] = 500 + i
		}
	}
	if policy := in.ControlPlane.Spec.Upgrade; policy != nil {
		for i, name := range policy.PoolOrder {
			rank[strings.ToLower(name)] = i
		}
	}
	slices.SortStableFunc(pools, func(a, b runs) int { return cmp.Compare(rank[strings.ToLower(a.name)], rank[strings.ToLower(b.name)]) })
}

// versionFor is the version to send about the control plane or a pool that exists: that of its step when it is its turn, and
// otherwise what was asked for before.
func (u *upgrade) versionFor(r runs) string {
	if u != nil && u.next != nil && strings.EqualFold(u.next.of.name, r.name) {
		return u.next.version
	}
	return cmp.Or(r.asked, r.current)
}

// finishing tells whether a resource has an upgrade to end that was asked for before.
func (u *upgrade) finishing(d plan.Desired) bool {
	if u == nil || u.next == nil || !u.next.finishes {
		return false
	}
	if u.next.of.name == "" {
		return d.Kind == KindManagedCluster
	}
	return d.Kind == KindAgentPool && strings.EqualFold(u.next.of.name, d.Name)
}

// shown tells on a step that has nothing to send that a version is still to be reached.
func (u *upgrade) shown(name string, action plan.Action) plan.Action {
	if u == nil || action.Verb != plan.None {
		return action
	}
	for held, h := range u.holds {
		if strings.EqualFold(held, name) {
			action.Verb, action.Reason, action.Message = plan.Wait, h.reason, h.message
			if h.refused {
				action.Verb = plan.Blocked
			}
		}
	}
	return action
}

// UpgradeReason tells whether a step only waits for its turn in an upgrade: it keeps nothing else from being sent.
func UpgradeReason(reason string) bool {
	switch reason {
	case ReasonUpgradeHeld, ReasonWaitingForUpgrade, ReasonPoolTooOld, ReasonVersionNotOffered, ReasonReadingVersions, ReasonUpgradeRefused:
		return true
	}
	return false
}

// RaisesVersion tells whether a request asks for a newer Kubernetes version.
func RaisesVersion(action plan.Action) bool {
	return action.Verb == plan.Update && slices.ContainsFunc(action.Changes, func(c plan.Change) bool {
		return c.Path == "properties.kubernetesVersion" || c.Path == "properties.orchestratorVersion"
	})
}

// AskedVersion is the version a request asks for a pool.
func AskedVersion(action plan.Action) string {
	return stringAt(action.Body, "properties", "orchestratorVersion")
}
