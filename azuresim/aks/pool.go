package aks

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// draft is a cluster as it would be after the request.
type draft struct {
	id       arm.ID
	location string
	body     arm.Object
	version  string // api-version of the request
	stored   *fabric.Resource
}

// poolDraft is a pool as it would be after the request.
type poolDraft struct {
	name   string
	body   arm.Object // {"properties": …}
	stored *fabric.Resource
	label  string // the state while the change is made, "" when nothing changes
	target string // patch version to upgrade to, "" when it stays

	reimage bool // every machine needs another image, though the version stays
}

// replacement is the version at which the machines are replaced, "" when they are not.
func (pd *poolDraft) replacement() string {
	if pd.reimage {
		return arm.Str(pd.body, "properties.currentOrchestratorVersion")
	}
	return pd.target
}

func poolsChanged(pools []poolDraft) bool {
	return slices.ContainsFunc(pools, func(pd poolDraft) bool { return pd.label != "" })
}

func upgrades(pools []poolDraft) bool {
	return slices.ContainsFunc(pools, func(pd poolDraft) bool { return pd.target != "" })
}

func (p *Provider) poolNotFound(rq *arm.Request) *arm.Error {
	e := arm.FlatError(http.StatusNotFound, "NotFound", "Could not find the agentpool: %s in subscription: %s, resourceGroup: %s, resourceName: %s.", rq.Params["pool"], rq.ID.Subscription, rq.ID.ResourceGroup, rq.Params["mc"])
	e.Subcode = "GetAgentPool_NotFound"
	if e.Brief = !p.onDay("1.26.0"); !e.Brief {
		e.Details = []arm.Detail{{Code: "Unspecified", Message: "rpc error: code = NotFound desc = Agent Pool not found"}}
	}
	return e
}

// pool finds the pool a request is about, or the 404 of the right layer.
func (p *Provider) pool(rq *arm.Request) (c, pool *fabric.Resource, err error) {
	if c, err = p.cluster(rq); err != nil {
		return nil, nil, err
	}
	if pool = p.Fabric.Get(c.ARMID().Child("agentPools", rq.Params["pool"]).String()); pool == nil {
		return c, nil, p.poolNotFound(rq)
	}
	return c, pool, nil
}

func (p *Provider) listPools(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, pool := range p.pools(c) {
		value = append(value, p.viewPool(rq, pool))
	}
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getPool(rq *arm.Request) (*arm.Response, error) {
	_, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	return pretty(http.StatusOK, p.viewPool(rq, pool)), nil
}

func (p *Provider) putPool(rq *arm.Request) (*arm.Response, error) {
	c := p.Fabric.Get(clusterID(rq).String())
	if c == nil {
		return nil, arm.ParentNotFound("write", rq.ID)
	}
	pool := p.Fabric.Get(c.ARMID().Child("agentPools", rq.Params["pool"]).String())
	if err := checkBody(PoolType, rq); err != nil {
		return nil, err
	}
	etag := ""
	if pool != nil {
		etag = pool.ETag
	}
	if err := precondition(rq, pool != nil, etag); err != nil {
		return nil, err
	}
	pd, err := p.checkPoolPut(rq, c, pool)
	if err != nil {
		return nil, err
	}
	status, duration := http.StatusOK, p.Durations().PoolUpdate
	switch {
	case pool == nil:
		status, duration = http.StatusCreated, p.Durations().PoolCreate
		pool = p.Fabric.Create(c.ARMID().Child("agentPools", rq.Params["pool"]), "", pd.body)
		pd.label = "Creating"
	case pd.target != "":
		duration = p.Durations().PoolUpgrade
	case pd.label == "" && pool.State == "Succeeded":
		duration = p.Durations().Unchanged
	}
	if pd.label == "" {
		pd.label = "Updating"
	}
	pool.Body, pool.State, pool.ETag = pd.body, pd.label, uuid.NewString()
	arm.Remove(pool.Body, "properties.status")
	p.Fabric.Save(pool)
	args := map[string]string{}
	if version := pd.replacement(); version != "" {
		args["pool/"+pool.Name] = version
	}
	op := p.Fabric.Start(rq, fabric.Plan{Kind: putPool, Label: pd.label, Resource: pool, Location: c.Location, Duration: duration, Args: args})
	return p.accepted(rq, op, status, p.viewPool(rq, pool)), nil
}

// checkPoolPut works out the pool a PUT asks for, or why not.
func (p *Provider) checkPoolPut(rq *arm.Request, c, pool *fabric.Resource) (poolDraft, error) {
	d := draft{id: c.ARMID(), location: c.Location, body: c.Body, version: rq.APIVersion, stored: c}
	sent := arm.Map(clean(rq.Body, poolReadOnly), "properties")
	pd, invalid := p.draftPool(&d, rq.Params["pool"], sent, pool, false, arm.Str(c.Body, "properties.currentKubernetesVersion"))
	if err := p.poolGoing(pool, pd.label); err != nil {
		return pd, err
	}
	if err := p.poolBusy(c, rq.Params["pool"]); err != nil {
		return pd, err
	}
	if err := notWhileStopped(c, "updating agent pools"); err != nil {
		return pd, err
	}
	if invalid != nil {
		return pd, invalid
	}
	if err := p.checkPools(rq, &d, []poolDraft{pd}); err != nil {
		return pd, err
	}
	if pd.target != "" {
		return pd, p.checkBudgets(c)
	}
	return pd, nil
}

func (p *Provider) deletePool(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	pool := p.Fabric.Get(c.ARMID().Child("agentPools", rq.Params["pool"]).String())
	if pool == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	if err := precondition(rq, true, pool.ETag); err != nil {
		return nil, err
	}
	if op := p.Fabric.RunningOn(pool.ID); op != nil && op.Kind == deletePool {
		return p.accepted(rq, op, http.StatusAccepted, nil), nil
	}
	if err := p.poolBusy(c, pool.Name); err != nil {
		return nil, err
	}
	if err := notWhileStopped(c, "deleting agent pools"); err != nil {
		return nil, err
	}
	if err := p.lastPool(c, pool); err != nil {
		return nil, err
	}
	args := map[string]string{}
	if strings.EqualFold(rq.Query.Get("ignore-pod-disruption-budget"), "true") {
		args[ignoreBudgets] = "true"
	}
	pool.State, pool.ETag = "Deleting", uuid.NewString()
	p.Fabric.Save(pool)
	op := p.Fabric.Start(rq, fabric.Plan{Kind: deletePool, Label: "Deleting", Resource: pool, Location: c.Location, Duration: p.Durations().PoolDelete, Args: args})
	return p.accepted(rq, op, http.StatusAccepted, nil), nil
}

// draftPools works out the pools of a cluster PUT. On an existing cluster the list may be partial, but must not name
// a pool that does not exist.
func (p *Provider) draftPools(rq *arm.Request, d *draft, profiles []any, controlPlane string) ([]poolDraft, error) {
	var out []poolDraft
	seen := map[string]bool{}
	for _, raw := range profiles {
		profile, ok := raw.(map[string]any)
		if !ok {
			continue
		}
		name := arm.Str(profile, "name")
		if seen[strings.ToLower(name)] {
			return nil, badRequest("InvalidParameter", "agentPoolProfile.name", "The value of parameter agentPoolProfile.name is invalid. Error details: agent pool name '%s' is used more than once.", name)
		}
		seen[strings.ToLower(name)] = true
		sent := cleanPool(profile)
		var stored *fabric.Resource
		if d.stored != nil {
			if stored = p.Fabric.Get(d.id.Child("agentPools", name).String()); stored == nil {
				return nil, badRequest("BadRequest", "agentPoolProfiles", "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through managed cluster operations. For agent pool specific change, please use per agent pool operations: https://aka.ms/agent-pool-rest-api")
			}
		}
		pd, err := p.draftPool(d, name, sent, stored, true, controlPlane)
		if err != nil {
			return nil, err
		}
		out = append(out, pd)
	}
	return out, p.checkPools(rq, d, out)
}

// draftPool merges one pool and classifies the change.
func (p *Provider) draftPool(d *draft, name string, sent arm.Object, stored *fabric.Resource, inline bool, controlPlane string) (poolDraft, error) {
	pd := poolDraft{name: name, stored: stored}
	props := arm.Object{}
	if stored != nil {
		if err := poolImmutable(arm.Map(stored.Body, "properties"), sent); err != nil {
			return pd, err
		}
		props = mergePool(arm.Map(stored.Body, "properties"), sent)
	} else {
		sent = p.likeSnapshot(sent, inline)
		props = mergePool(props, sent)
	}
	if err := p.checkPoolSent(d, name, sent, stored, inline); err != nil {
		return pd, err
	}
	current := arm.Str(props, "currentOrchestratorVersion")
	target, err := p.poolTarget(d, name, props, sent, stored, controlPlane)
	if err != nil {
		return pd, err
	}
	if stored == nil {
		p.defaultPool(d, props, target)
		p.snapshotImage(props)
	} else if target != current {
		pd.target = target
	}
	pd.body = arm.Object{"properties": props}
	if stored != nil {
		p.refill(d, props)
		pd.reimage = pd.target == "" && changed(arm.Map(stored.Body, "properties"), props, "osSKU")
		pd.label = changeLabel(arm.Map(stored.Body, "properties"), props, pd.target)
	}
	return pd, nil
}

// refill is what a change makes the service fill in again.
func (p *Provider) refill(d *draft, after arm.Object) {
	if !p.onDay("1.26.0") && strings.HasSuffix(d.version, "-preview") {
		arm.Default(after, "enableCustomCATrust", false) // recorded for changes, not for creates
	}
}

// changeLabel is the provisioning state a change is made in.
func changeLabel(before, after arm.Object, target string) string {
	a, b := arm.Copy(before), arm.Copy(after)
	countBefore, _ := arm.Int(a, "count")
	countAfter, _ := arm.Int(b, "count")
	for _, o := range []arm.Object{a, b} {
		delete(o, "count")
		delete(o, "status")
		dropEmpty(o)
	}
	power := arm.Str(b, "powerState.code")
	switch {
	case power != "" && power != arm.Str(a, "powerState.code"):
		return map[string]string{running: "Starting", halted: "Stopping"}[power]
	case target != "":
		return "Upgrading"
	case countBefore != countAfter && reflect.DeepEqual(a, b):
		return "Scaling"
	case countBefore != countAfter || !reflect.DeepEqual(a, b):
		return "Updating"
	}
	return ""
}
