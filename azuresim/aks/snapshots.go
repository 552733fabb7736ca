package aks

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/resources"
)

// Snapshot is what the provider knows about a snapshot and does not store in its body.
type Snapshot struct {
	arm.SystemData
}

// viewSnapshot spells the type with a capital (the official examples do).
func viewSnapshot(r *fabric.Resource) arm.Object {
	out := arm.Object{"id": lowerGroups(r.ID), "name": r.Name, "type": "Microsoft.ContainerService/Snapshots", "location": r.Location, "properties": r.Body["properties"], "systemData": r.Private.(*Snapshot).View()}
	if tags := arm.Map(r.Body, "tags"); len(tags) > 0 {
		out["tags"] = tags
	}
	return out
}

func (p *Provider) listSnapshots(rq *arm.Request) (*arm.Response, error) {
	list := p.Fabric.List(rq.ID.Subscription, SnapshotType)
	if rq.ID.ResourceGroup != "" {
		list = p.Fabric.Children(rq.ID.Group().String(), SnapshotType)
	}
	value := []arm.Object{}
	for _, r := range list {
		value = append(value, viewSnapshot(r))
	}
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) snapshot(rq *arm.Request) (*fabric.Resource, error) {
	if r := p.Fabric.Get(rq.ID.String()); r != nil {
		return r, nil
	}
	return nil, arm.ResourceNotFound(rq.ID)
}

func (p *Provider) getSnapshot(rq *arm.Request) (*arm.Response, error) {
	r, err := p.snapshot(rq)
	if err != nil {
		return nil, err
	}
	return pretty(http.StatusOK, viewSnapshot(r)), nil
}

// putSnapshot takes the picture at once: there is no operation to poll.
func (p *Provider) putSnapshot(rq *arm.Request) (*arm.Response, error) {
	r := p.Fabric.Get(rq.ID.String())
	if err := resources.CheckPlace(p.World.Get(), rq, r, SnapshotType); err != nil {
		return nil, err
	}
	if err := checkBody(SnapshotType, rq); err != nil {
		return nil, err
	}
	props, err := p.picture(rq, r)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if r == nil {
		status = http.StatusCreated
		r = p.Fabric.Create(rq.ID, arm.Location(arm.Str(rq.Body, "location")), nil)
		r.State, r.Private = "Succeeded", &Snapshot{}
	}
	r.Body = arm.Object{"properties": props}
	return p.saveSnapshot(rq, r, status)
}

// saveSnapshot replaces the tags and notes who did it.
func (p *Provider) saveSnapshot(rq *arm.Request, r *fabric.Resource, status int) (*arm.Response, error) {
	if tags := arm.Map(rq.Body, "tags"); tags != nil {
		r.Body["tags"] = arm.Copy(tags)
	}
	r.Private.(*Snapshot).Stamp(rq)
	p.Fabric.Save(r)
	return pretty(status, viewSnapshot(r)), nil
}

// picture is what the snapshot says about its source. A later PUT keeps what the first one saw.
func (p *Provider) picture(rq *arm.Request, stored *fabric.Resource) (arm.Object, error) {
	const path = "properties.creationData.sourceResourceId"
	source := arm.Str(rq.Body, path)
	if kind := arm.Str(rq.Body, "properties.snapshotType"); kind != "" && kind != "NodePool" {
		return nil, badRequest("InvalidParameter", "properties.snapshotType", "The value of parameter properties.snapshotType is invalid. Error details: '%s' is not NodePool.", kind)
	}
	if stored != nil {
		if source != "" && !strings.EqualFold(source, arm.Str(stored.Body, path)) {
			return nil, fixed(path)
		}
		return arm.Map(stored.Body, "properties"), nil
	}
	if source == "" {
		return nil, badRequest("InvalidParameter", path, "Required parameter %s is missing (null).", path)
	}
	pool := p.Fabric.Get(source)
	if pool == nil || !strings.EqualFold(pool.Type, PoolType) {
		return nil, badRequest("InvalidParameter", path, "The value of parameter %s is invalid. Error details: the agent pool '%s' was not found.", path, source)
	}
	if c := p.Fabric.Get(pool.ARMID().Parent().String()); c.Location != arm.Location(arm.Str(rq.Body, "location")) {
		return nil, badRequest("InvalidParameter", "location", "The value of parameter location is invalid. Error details: the snapshot must be in the location of its source, '%s'.", c.Location)
	}
	from := arm.Map(pool.Body, "properties")
	return arm.Object{
		"creationData": arm.Object{"sourceResourceId": source}, "snapshotType": "NodePool", "kubernetesVersion": from["currentOrchestratorVersion"],
		"nodeImageVersion": from["nodeImageVersion"], "osType": from["osType"], "osSku": from["osSKU"], "vmSize": from["vmSize"], "enableFIPS": arm.Bool(from, "enableFIPS"),
	}, nil
}

func (p *Provider) patchSnapshot(rq *arm.Request) (*arm.Response, error) {
	r, err := p.snapshot(rq)
	if err != nil {
		return nil, err
	}
	if err := resources.CheckTags(arm.Map(rq.Body, "tags")); err != nil {
		return nil, err
	}
	return p.saveSnapshot(rq, r, http.StatusOK)
}

func (p *Provider) deleteSnapshot(rq *arm.Request) (*arm.Response, error) {
	r := p.Fabric.Get(rq.ID.String())
	if r == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	p.Fabric.Drop(r)
	return arm.Respond(http.StatusOK, nil), nil
}

// snapshotOf is the snapshot a new pool is to be made from, nil when it names none that exists.
func (p *Provider) snapshotOf(props arm.Object) arm.Object {
	r := p.Fabric.Get(arm.Str(props, "creationData.sourceResourceId"))
	if r == nil || !strings.EqualFold(r.Type, SnapshotType) {
		return nil
	}
	return arm.Map(r.Body, "properties")
}

// likeSnapshot adds to the request for a new pool what it leaves to its snapshot. A pool inside a new cluster always has
// the cluster's version.
func (p *Provider) likeSnapshot(sent arm.Object, inline bool) arm.Object {
	from := p.snapshotOf(sent)
	if from == nil {
		return sent
	}
	out := arm.Copy(sent)
	for to, what := range map[string]string{"vmSize": "vmSize", "osType": "osType", "osSKU": "osSku", "enableFIPS": "enableFIPS", "orchestratorVersion": "kubernetesVersion"} {
		if to != "orchestratorVersion" || !inline {
			arm.Default(out, to, from[what])
		}
	}
	return out
}

// snapshotImage gives a new pool the image of its snapshot: that is what snapshots are for.
func (p *Provider) snapshotImage(props arm.Object) {
	if from := p.snapshotOf(props); from != nil {
		props["nodeImageVersion"] = from["nodeImageVersion"]
	}
}
