package aks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/compute"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/workload"
)

// A machine is emptied before it is replaced or taken away. A disruption budget without room holds that up until the
// pool's drain timeout has passed; then the operation fails and the pool with it. Sent again when the budget has room,
// the same request succeeds.

const (
	defaultDrainTimeout = 30 * time.Minute
	drainPoll           = 30 * time.Second // how often a refused eviction is tried again
	drainingSince       = "drainingSince"  // argument of an operation that waits
	ignoreBudgets       = "ignoreBudgets"  // argument of a deletion
)

func drainTimeout(pool *fabric.Resource) time.Duration {
	if n, ok := arm.Int(pool.Body, "properties.upgradeSettings.drainTimeoutInMinutes"); ok && n > 0 {
		return time.Duration(n) * time.Minute
	}
	return defaultDrainTimeout
}

// drain asks whether the machines that leave can be emptied. While they cannot it asks to be called again (wait > 0)
// until the drain timeout has passed; what is stuck then stays stuck.
func (p *Provider) drain(op *fabric.Operation, c, pool *fabric.Resource, leaving []machine) (stuck []workload.Blocked, wait time.Duration) {
	names := make([]string, len(leaving))
	for i, m := range leaving {
		names[i] = m.name
	}
	if stuck = p.Workload.Undrainable(workloadID(c), names); len(stuck) == 0 {
		return nil, 0
	}
	now := p.Fabric.Clock.Now().UTC()
	since, err := time.Parse(time.RFC3339Nano, op.Args[drainingSince])
	if err != nil {
		since = now
		op.Args = maps.Clone(op.Args)
		if op.Args == nil {
			op.Args = map[string]string{}
		}
		op.Args[drainingSince] = now.Format(time.RFC3339Nano)
	}
	return stuck, max(0, min(drainPoll, since.Add(drainTimeout(pool)).Sub(now)))
}

// drainFailure is the error of an operation whose machines could not be emptied (text from the troubleshooting page of
// UpgradeFailed).
func drainFailure(code string, stuck workload.Blocked) *arm.OperationError {
	unready := fmt.Sprintf("%d unready pods", len(stuck.Unready))
	if len(stuck.Unready) > 0 {
		unready += ": [" + strings.Join(stuck.Unready, " ") + "]"
	}
	return &arm.OperationError{Code: code, Message: "Drain node " + stuck.Node + " failed when evicting pod " + stuck.Pod + " failed with Too Many Requests error. This is often caused by a restrictive Pod Disruption Budget (PDB) policy. See https://aka.ms/aks/debugdrainfailures. Original error: Cannot evict pod as it would violate the pod's disruption budget.. PDB debug info: " + stuck.Namespace + "/" + stuck.Pod + " blocked by pdb " + stuck.Budget + " with " + unready + "."}
}

// replaceMachines brings a pool's machines to what the pool shall be, once those that go could be emptied.
func (p *Provider) replaceMachines(op *fabric.Operation, c, pool *fabric.Resource) (*arm.OperationError, time.Duration) {
	goal := p.goalOf(pool, op.Args["pool/"+pool.Name])
	stuck, wait := p.drain(op, c, pool, p.leaving(c, pool, goal))
	switch {
	case wait > 0:
		return nil, wait
	case len(stuck) == 0:
		p.applyPool(c, pool, goal)
		return nil, 0
	case !goal.upgrade:
		return drainFailure("PodDrainFailure", stuck[0]), 0
	}
	if strings.EqualFold(arm.Str(pool.Body, "properties.upgradeSettings.undrainableNodeBehavior"), "Cordon") {
		p.quarantine(c, pool, goal, stuck)
	}
	return drainFailure("UpgradeFailed", stuck[0]), 0
}

// goal is what the machines of a pool shall be when an operation ends.
type goal struct {
	version, image string
	upgrade        bool // machines that are something else are replaced; otherwise they stay as they are
}

func (p *Provider) goalOf(pool *fabric.Resource, version string) goal {
	props := arm.Map(pool.Body, "properties")
	if version == "" {
		return goal{version: arm.Str(props, "currentOrchestratorVersion"), image: arm.Str(props, "nodeImageVersion")}
	}
	upgraded := maps.Clone(props)
	upgraded["currentOrchestratorVersion"] = version
	return goal{version: version, image: p.nodeImage(upgraded), upgrade: true}
}

func (g goal) reached(m compute.Instance) bool { return m.Version == g.version && m.Image == g.image }

// leaving are the machines an operation replaces, and those it takes away when a pool gets smaller. Stopping a pool
// empties nothing: its machines come back.
func (p *Provider) leaving(c, pool *fabric.Resource, g goal) []machine {
	if isStopped(pool) {
		return nil
	}
	all := p.machinesOf(c, pool)
	count, _ := arm.Int(pool.Body, "properties.count")
	kept := min(int(count), len(all)) // the newest go first
	out := slices.Clone(all[kept:])
	for _, m := range all[:kept] {
		if g.upgrade && !g.reached(m.Instance) {
			out = append(out, m)
		}
	}
	return out
}

// quarantine is undrainableNodeBehavior Cordon: the machines that could not be emptied stay as they are, cordoned and
// marked, and the others of the pool are upgraded.
func (p *Provider) quarantine(c, pool *fabric.Resource, g goal, stuck []workload.Blocked) {
	for _, m := range p.machinesOf(c, pool) {
		machines := compute.Machines(m.set).Instances
		at := slices.IndexFunc(machines, func(i compute.Instance) bool { return i.ID == m.ID })
		if slices.ContainsFunc(stuck, func(b workload.Blocked) bool { return b.Node == m.name }) {
			machines[at].Quarantined = true
		} else {
			reimage(&machines[at], g)
		}
		p.Fabric.Save(m.set)
	}
	p.syncNodes(c)
}

// reimage replaces a machine in place, which also heals it.
func reimage(m *compute.Instance, g goal) {
	m.Lost = m.Lost && g.reached(*m)
	m.Version, m.Image, m.Quarantined = g.version, g.image, false
}
