package aks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/compute"
	"github.com/capaks/capaks/azuresim/fabric"
)

// What the service does without being asked, on the word of the control API. Operations started here are as visible
// as a client's: they can be polled, and they keep other changes out with 409.

// AutoUpgrade starts the upgrade of a cluster and all its pools. Without a version it is the newest the cluster may go
// to, within its minor when its channel is "patch".
func (p *Provider) AutoUpgrade(r *fabric.Resource, version string) error {
	if !strings.EqualFold(r.Type, ClusterType) {
		return fmt.Errorf("id names a %s; an automatic upgrade is about a %s", r.Type, ClusterType)
	}
	if err := p.idle(r); err != nil {
		return err
	}
	if version == "" {
		version = p.automaticTarget(r)
	}
	op, failure := p.Upgrade(r.ID, "Full", version)
	switch {
	case failure != nil:
		return fmt.Errorf("%s: %s", failure.Code, failure.Message)
	case op == nil:
		return fmt.Errorf("the cluster and its pools are at the newest version they may go to; add one with PUT /_azuresim/world")
	}
	return nil
}

func (p *Provider) idle(c *fabric.Resource) error {
	if err := p.clusterBusy(c); err != nil {
		return err
	}
	return notWhileStopped(c, "upgrading")
}

func (p *Provider) automaticTarget(c *fabric.Resource) string {
	current := arm.Str(c.Body, "properties.currentKubernetesVersion")
	patchOnly := strings.EqualFold(arm.Str(c.Body, "properties.autoUpgradeProfile.upgradeChannel"), "patch")
	for _, v := range slices.Backward(p.World.Get().Upgrades(current)) {
		if !patchOnly || minorOf(v) == minorOf(current) {
			return v
		}
	}
	return current
}

// UpgradeNodeImage starts bringing the machines of a cluster or of one pool to the newest image.
func (p *Provider) UpgradeNodeImage(r *fabric.Resource) error {
	const newest = "the machines have the newest image %s; raise nodeImageRelease with PUT /_azuresim/world"
	switch {
	case strings.EqualFold(r.Type, ClusterType):
		if err := p.idle(r); err != nil {
			return err
		}
		op, failure := p.Upgrade(r.ID, "NodeImageOnly", "")
		if failure != nil {
			return fmt.Errorf("%s: %s", failure.Code, failure.Message)
		}
		if op == nil {
			return fmt.Errorf(newest, p.nodeImage(arm.Object{}))
		}
		return nil
	case strings.EqualFold(r.Type, PoolType):
		c := p.Fabric.Get(r.ARMID().Parent().String())
		if err := p.poolBusy(c, r.Name); err != nil {
			return err
		}
		props := arm.Map(r.Body, "properties")
		if image := p.nodeImage(props); arm.Str(props, "nodeImageVersion") == image {
			return fmt.Errorf(newest, image)
		}
		if err := p.checkBudgets(c); err != nil {
			return err
		}
		p.startNodeImage(nil, c, r)
		return nil
	}
	return fmt.Errorf("id names a %s; a node image upgrade is about a %s or a %s", r.Type, ClusterType, PoolType)
}

// Autoscale is the cluster autoscaler at work: the machines follow at once, no operation is involved, and the pool
// shows the new count.
func (p *Provider) Autoscale(r *fabric.Resource, count int64) error {
	if !strings.EqualFold(r.Type, PoolType) {
		return fmt.Errorf("id names a %s; the autoscaler changes a %s", r.Type, PoolType)
	}
	props := arm.Map(r.Body, "properties")
	low, _ := arm.Int(props, "minCount")
	high, _ := arm.Int(props, "maxCount")
	switch {
	case !arm.Bool(props, "enableAutoScaling"):
		return fmt.Errorf("pool %q has no autoscaler: enableAutoScaling is false; kind portal-edit changes the count of any pool", r.Name)
	case count < low || count > high:
		return fmt.Errorf("count %d is outside the autoscaler's limits of pool %q, %d to %d", count, r.Name, low, high)
	}
	c := p.Fabric.Get(r.ARMID().Parent().String())
	if err := p.poolBusy(c, r.Name); err != nil {
		return err
	}
	props["count"], r.ETag = count, uuid.NewString()
	p.Fabric.Save(r)
	p.scale(c, r)
	p.syncNodes(c)
	return nil
}

// LoseNode makes a node NotReady (its machine stays and its kubelet does not answer), Ready again, or Gone (the machine
// is deleted while the pool still wants it).
func (p *Provider) LoseNode(r *fabric.Resource, node, state string) error {
	c, pools := r, []*fabric.Resource{r}
	switch {
	case strings.EqualFold(r.Type, ClusterType):
		pools = p.pools(r)
	case strings.EqualFold(r.Type, PoolType):
		c = p.Fabric.Get(r.ARMID().Parent().String())
	default:
		return fmt.Errorf("id names a %s; nodes belong to a %s or a %s", r.Type, ClusterType, PoolType)
	}
	var names []string
	var lost *machine
	for _, pool := range pools {
		for _, m := range p.machinesOf(c, pool) {
			names = append(names, m.name)
			if node == "" || strings.EqualFold(node, m.name) {
				lost = &m
			}
		}
	}
	if lost == nil {
		return fmt.Errorf("there is no node %q; the nodes are: %s", node, strings.Join(names, ", "))
	}
	switch strings.ToLower(state) {
	case "gone":
		compute.Remove(p.Fabric, lost.set, map[int]bool{lost.ID: true})
	case "", "notready", "ready":
		instances := compute.Machines(lost.set).Instances
		at := slices.IndexFunc(instances, func(i compute.Instance) bool { return i.ID == lost.ID })
		instances[at].Lost = !strings.EqualFold(state, "ready")
		p.Fabric.Save(lost.set)
	default:
		return fmt.Errorf("state %q is none of NotReady, Ready, Gone", state)
	}
	p.syncNodes(c)
	return nil
}

// Removed takes along what a resource that disappeared leaves behind.
func (p *Provider) Removed(r *fabric.Resource) {
	switch {
	case strings.EqualFold(r.Type, ClusterType):
		if group := p.nodeGroup(r); group != nil {
			p.Fabric.Drop(group)
		}
	case strings.EqualFold(r.Type, PoolType):
		c := p.Fabric.Get(r.ARMID().Parent().String())
		if c == nil {
			return
		}
		if set := p.Fabric.Get(p.scaleSetID(c, r).String()); set != nil {
			p.Fabric.Drop(set)
		}
		p.syncNodes(c)
	}
}
