package aks

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const upgradeNodeImage = "UpgradeNodeImageVersion"

// upgradeNodeImage brings a pool's machines to the newest image of their Kubernetes version. It runs also when they
// have it already.
func (p *Provider) upgradeNodeImage(rq *arm.Request) (*arm.Response, error) {
	c, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	if err := p.poolIdle(c, pool); err != nil {
		return nil, err
	}
	if err := p.checkBudgets(c); err != nil {
		return nil, err
	}
	op := p.startNodeImage(rq, c, pool)
	return p.accepted(rq, op, http.StatusAccepted, p.viewPool(rq, pool)), nil
}

// startNodeImage begins it; rq is nil when nobody asked for it.
func (p *Provider) startNodeImage(rq *arm.Request, c, pool *fabric.Resource) *fabric.Operation {
	pool.State, pool.ETag = "UpgradingNodeImageVersion", uuid.NewString()
	arm.Remove(pool.Body, "properties.status")
	p.Fabric.Save(pool)
	args := map[string]string{"pool/" + pool.Name: arm.Str(pool.Body, "properties.currentOrchestratorVersion")} // an upgrade to the same version brings the image
	if rq != nil {
		args["version"] = rq.APIVersion
	}
	return p.Fabric.Start(rq, fabric.Plan{Kind: upgradeNodeImage, Label: pool.State, Resource: pool, Location: c.Location, Duration: p.Durations().PoolUpgrade, Args: args})
}

// upgradedPool is what the Location of the operation answers at its end: the pool, in the api-version of the POST,
// because the polling address has its own.
func (p *Provider) upgradedPool(rq *arm.Request, op *fabric.Operation) *arm.Response {
	pool := p.Fabric.Get(op.Resource)
	if pool == nil {
		return arm.Respond(http.StatusNoContent, nil)
	}
	view := *rq
	view.APIVersion = op.Args["version"]
	return pretty(http.StatusOK, p.viewPool(&view, pool))
}

// listNodeImages is the preview's list of the newest images. A full name is os-sku-version, and both the version of
// Linux images (202610.19.0) and the build of Windows images (20348.3453.261019) follow the last hyphen.
func (p *Provider) listNodeImages(rq *arm.Request) (*arm.Response, error) {
	if err := p.knownLocation(rq, "locations/nodeImageVersions"); err != nil {
		return nil, err
	}
	value := []arm.Object{}
	for _, sku := range []string{"Ubuntu", "AzureLinux", "Windows2019", "Windows2022"} {
		full := p.nodeImage(arm.Object{"osSKU": sku})
		first, last := strings.IndexByte(full, '-'), strings.LastIndexByte(full, '-')
		value = append(value, arm.Object{"fullName": full, "os": full[:first], "sku": full[first+1 : last], "version": full[last+1:]})
	}
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}
