package aks

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// istio is the only mesh the add-on knows.
const istio = "istio"

// meshRevisions are the add-on's revisions, oldest first, with the Kubernetes minors each runs on. A revision can be
// upgraded to the next two.
var meshRevisions = []struct {
	name     string
	from, to uint64
}{
	{"asm-1-25", 29, 33}, {"asm-1-26", 29, 34}, {"asm-1-27", 29, 34}, {"asm-1-28", 30, 35},
}

// meshRevision describes one revision; false when the service does not offer it.
func (p *Provider) meshRevision(name string) (arm.Object, bool) {
	for i, r := range meshRevisions {
		if r.name != name {
			continue
		}
		versions, upgrades := []any{}, []any{}
		for _, v := range p.World.Get().Versions {
			if n := minorOf(v.Minor); n >= r.from && n <= r.to {
				versions = append(versions, v.Minor)
			}
		}
		for _, next := range meshRevisions[i+1 : min(i+3, len(meshRevisions))] {
			upgrades = append(upgrades, next.name)
		}
		return arm.Object{"revision": name, "upgrades": upgrades, "compatibleWith": []any{arm.Object{"name": "kubernetes", "versions": versions}}}, true
	}
	return nil, false
}

func (p *Provider) meshProfile(rq *arm.Request) arm.Object {
	revisions := []any{}
	for _, r := range meshRevisions {
		view, _ := p.meshRevision(r.name)
		revisions = append(revisions, view)
	}
	return arm.Object{
		"id":   "/subscriptions/" + rq.ID.Subscription + "/providers/" + Namespace + "/locations/" + arm.Location(rq.Params["location"]) + "/meshRevisionProfiles/" + istio,
		"name": istio, "type": "Microsoft.ContainerService/locations/meshRevisionProfiles", "properties": arm.Object{"meshRevisions": revisions},
	}
}

func (p *Provider) listMeshRevisions(rq *arm.Request) (*arm.Response, error) {
	if err := p.knownLocation(rq, "locations/meshRevisionProfiles"); err != nil {
		return nil, err
	}
	return pretty(http.StatusOK, arm.Page(rq, []arm.Object{p.meshProfile(rq)})), nil
}

func (p *Provider) getMeshRevisions(rq *arm.Request) (*arm.Response, error) {
	if err := p.knownLocation(rq, "locations/meshRevisionProfiles"); err != nil {
		return nil, err
	}
	if !strings.EqualFold(rq.Params["mode"], istio) {
		return nil, noMesh(rq.Params["mode"])
	}
	return pretty(http.StatusOK, p.meshProfile(rq)), nil
}

func noMesh(mode string) error {
	return arm.FlatError(http.StatusNotFound, "NotFound", "Service mesh mode '%s' was not found.", mode)
}

// meshUpgrade is what the mesh of a cluster can be upgraded to; nil when the cluster has none.
func (p *Provider) meshUpgrade(c *fabric.Resource) arm.Object {
	if !strings.EqualFold(arm.Str(c.Body, "properties.serviceMeshProfile.mode"), istio) {
		return nil
	}
	name := meshRevisions[len(meshRevisions)-1].name
	if set := arm.List(c.Body, "properties.serviceMeshProfile.istio.revisions"); len(set) > 0 {
		name, _ = set[len(set)-1].(string)
	}
	props, ok := p.meshRevision(name)
	if !ok {
		props = arm.Object{"revision": name, "upgrades": []any{}, "compatibleWith": []any{}}
	}
	return arm.Object{"id": lowerGroups(c.ID) + "/meshUpgradeProfiles/" + istio, "name": istio, "type": ClusterType + "/meshUpgradeProfiles", "properties": props}
}

func (p *Provider) listMeshUpgrades(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	value := []arm.Object{}
	if profile := p.meshUpgrade(c); profile != nil {
		value = append(value, profile)
	}
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getMeshUpgrade(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	profile := p.meshUpgrade(c)
	if profile == nil || !strings.EqualFold(rq.Params["mode"], istio) {
		return nil, noMesh(rq.Params["mode"])
	}
	return pretty(http.StatusOK, profile), nil
}
