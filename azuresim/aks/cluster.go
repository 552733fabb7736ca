package aks

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/resources"
)

// Cluster is what the provider knows about a cluster and does not show as it is.
type Cluster struct {
	ScaleSetSuffix string   `json:"scaleSetSuffix"` // eight digits shared by all scale sets of the cluster
	OutboundIPs    []string `json:"outboundIPs"`    // names of the managed public IPs
	KubeletClient  string   `json:"kubeletClient"`
	KubeletObject  string   `json:"kubeletObject"`
	OIDC           string   `json:"oidc"`
	Deployed       bool     `json:"deployed"` // a create has succeeded once
	API            bool     `json:"api"`      // the API server exists
	NextIP         int      `json:"nextIP"`
}

func private(c *fabric.Resource) *Cluster { return c.Private.(*Cluster) }

func (p *Provider) listClusters(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, c := range p.Fabric.List(rq.ID.Subscription, ClusterType) {
		if rq.ID.ResourceGroup == "" || strings.EqualFold(c.ARMID().ResourceGroup, rq.ID.ResourceGroup) {
			value = append(value, p.viewCluster(rq, c, false))
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getCluster(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	return pretty(http.StatusOK, p.viewCluster(rq, c, false)), nil
}

func pretty(status int, body any) *arm.Response {
	r := arm.Respond(status, body)
	r.Pretty = true
	return r
}

// putCluster creates or updates. Everything that can be refused is refused before the first change.
func (p *Provider) putCluster(rq *arm.Request) (*arm.Response, error) {
	c := p.Fabric.Get(rq.ID.String())
	if err := p.checkClusterEnvelope(rq, c); err != nil {
		return nil, err
	}
	if err := checkBody(ClusterType, rq); err != nil {
		return nil, err
	}
	etag := ""
	if c != nil {
		etag = c.ETag
	}
	if err := precondition(rq, c != nil, etag); err != nil {
		return nil, err
	}
	if c == nil {
		return p.createCluster(rq)
	}
	return p.updateCluster(rq, c)
}

func (p *Provider) checkClusterEnvelope(rq *arm.Request, c *fabric.Resource) error {
	location := arm.Location(arm.Str(rq.Body, "location"))
	w := p.World.Get()
	switch {
	case !clusterName.MatchString(rq.ID.Name()):
		return badRequest("InvalidParameter", "resourceName", "The value of parameter resourceName is invalid. Error details: %s does not match %s. Please see https://aka.ms/aks-naming-rules for more details.", rq.ID.Name(), clusterName)
	case location == "":
		return arm.GatewayError(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case !w.HasLocation(location):
		return arm.GatewayError(http.StatusBadRequest, "LocationNotAvailableForResourceType", "The provided location '%s' is not available for resource type '%s'. List of available regions for the resource type is '%s'.", location, ClusterType, strings.Join(w.Locations, ","))
	case c != nil && c.Location != location:
		return arm.GatewayError(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.", c.Name, c.Location, rq.ID.ResourceGroup, location)
	}
	return resources.CheckTags(arm.Map(rq.Body, "tags"))
}

func (p *Provider) createCluster(rq *arm.Request) (*arm.Response, error) {
	sent := clean(rq.Body, clusterReadOnly)
	body := arm.Object{"properties": arm.Object{}}
	for _, k := range []string{"sku", "identity", "tags", "kind", "extendedLocation"} {
		if v := sent[k]; v != nil {
			body[k] = v
		}
	}
	props := arm.Map(sent, "properties")
	profiles := arm.List(props, "agentPoolProfiles")
	delete(props, "agentPoolProfiles")
	body["properties"] = props
	d := draft{id: rq.ID, location: arm.Location(arm.Str(rq.Body, "location")), body: body, version: rq.APIVersion}
	if profiles == nil {
		return nil, badRequest("InvalidParameter", "agentPoolProfiles", "Required parameter agentPoolProfiles is missing (null).")
	}
	patch, err := p.defaultCluster(&d)
	if err != nil {
		return nil, err
	}
	pools, err := p.draftPools(rq, &d, profiles, patch)
	if err != nil {
		return nil, err
	}
	if err := p.checkCluster(rq, &d, pools); err != nil {
		return nil, err
	}
	c := p.storeCluster(&d, pools, patch, rq.Caller.TenantID)
	op := p.startCluster(rq, c, "Creating", p.Durations().ClusterCreate, map[string]string{"version": patch})
	return p.accepted(rq, op, http.StatusCreated, p.viewCluster(rq, c, true)), nil
}

// storeCluster is the point of no return of a create.
func (p *Provider) storeCluster(d *draft, pools []poolDraft, patch, tenant string) *fabric.Resource {
	c := p.Fabric.Create(d.id, d.location, d.body)
	prefix := arm.Str(d.body, "properties.dnsPrefix")
	if prefix == "" {
		prefix = arm.Str(d.body, "properties.fqdnSubdomain")
	}
	c.Private = &Cluster{ScaleSetSuffix: digits(c.ID, 8), OutboundIPs: []string{uuid.NewString()}, KubeletClient: uuid.NewString(), KubeletObject: uuid.NewString(), OIDC: uuid.NewString(), NextIP: 4}
	props := arm.Map(c.Body, "properties")
	host := prefix + "-" + letters(8)
	props["fqdn"] = host + ".hcp." + c.Location + ".azmk8s.io"
	props["azurePortalFQDN"] = host + ".portal.hcp." + c.Location + ".azmk8s.io"
	if arm.Bool(props, "apiServerAccessProfile.enablePrivateCluster") {
		props["privateFQDN"] = host + "." + uuid.NewString() + ".privatelink." + c.Location + ".azmk8s.io"
	}
	props["currentKubernetesVersion"] = patch
	props["resourceUID"] = hexDigits(24)
	fillIdentity(c.Body, tenant)
	for _, pd := range pools {
		pool := p.Fabric.Create(c.ARMID().Child("agentPools", pd.name), "", pd.body)
		pool.State, pool.ETag = "Creating", uuid.NewString()
	}
	p.createNodeGroup(c)
	return c
}

func (p *Provider) startCluster(rq *arm.Request, c *fabric.Resource, label string, d time.Duration, args map[string]string) *fabric.Operation {
	c.State, c.ETag = label, uuid.NewString()
	arm.Remove(c.Body, "properties.status")
	p.Fabric.Save(c)
	for _, pool := range p.pools(c) {
		pool.ETag = uuid.NewString() // a cluster operation changes the eTags of all pools
		if label == "Creating" || label == "Updating" && (pool.State == "Succeeded" || pool.State == "Failed") {
			pool.State = label
		}
		arm.Remove(pool.Body, "properties.status")
		p.Fabric.Save(pool)
	}
	var steps map[string]float64
	if !private(c).API {
		steps = map[string]float64{apiServerStep: 0.9}
	}
	return p.Fabric.Start(rq, fabric.Plan{Kind: putCluster, Label: label, Resource: c, Location: c.Location, Duration: d, Steps: steps, Args: args})
}

// updateCluster merges what was sent into what is stored: an omitted property keeps its value, which is how AKS
// treats a PUT although it calls it a replacement.
func (p *Provider) updateCluster(rq *arm.Request, c *fabric.Resource) (*arm.Response, error) {
	if err := p.clusterBusy(c); err != nil {
		return nil, err
	}
	sent := clean(rq.Body, clusterReadOnly)
	props := arm.Map(sent, "properties")
	profiles := arm.List(props, "agentPoolProfiles")
	delete(props, "agentPoolProfiles")
	if err := clusterImmutable(arm.Map(c.Body, "properties"), props); err != nil {
		return nil, err
	}
	d := draft{id: c.ARMID(), location: c.Location, body: mergeCluster(c.Body, sent), version: rq.APIVersion, stored: c}
	target, err := p.clusterTarget(c, arm.Str(props, "kubernetesVersion"))
	if err != nil {
		return nil, err
	}
	current := arm.Str(c.Body, "properties.currentKubernetesVersion")
	if target != current || arm.Str(props, "kubernetesVersion") == "" {
		if err := p.checkPoolsForUpgrade(c, profiles, target); err != nil {
			return nil, err
		}
	}
	pools, err := p.draftPools(rq, &d, profiles, target)
	if err != nil {
		return nil, err
	}
	if err := p.checkCluster(rq, &d, pools); err != nil {
		return nil, err
	}
	label, duration, args := "Updating", p.Durations().ClusterUpdate, map[string]string{"version": target}
	switch {
	case target != current:
		label, duration = "Upgrading", p.Durations().ClusterUpgrade
	case reflect.DeepEqual(d.body, c.Body) && !poolsChanged(pools) && c.State == "Succeeded":
		duration = p.Durations().Unchanged
	}
	c.Body = d.body
	for _, pd := range pools {
		pd.stored.Body = pd.body
		if pd.label != "" {
			pd.stored.State = pd.label
		}
		if pd.target != "" {
			args["pool/"+pd.name] = pd.target
		}
		p.Fabric.Save(pd.stored)
	}
	op := p.startCluster(rq, c, label, duration, args)
	return p.accepted(rq, op, http.StatusOK, p.viewCluster(rq, c, true)), nil
}

// patchCluster changes tags, the only thing a PATCH can do.
func (p *Provider) patchCluster(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	if err := precondition(rq, true, c.ETag); err != nil {
		return nil, err
	}
	if err := p.clusterBusy(c); err != nil {
		return nil, err
	}
	tags := arm.Map(rq.Body, "tags")
	if err := resources.CheckTags(tags); err != nil {
		return nil, err
	}
	delete(c.Body, "tags")
	if len(tags) > 0 {
		c.Body["tags"] = arm.Copy(tags)
	}
	op := p.startCluster(rq, c, "Updating", p.Durations().Unchanged, map[string]string{"version": arm.Str(c.Body, "properties.currentKubernetesVersion")})
	return p.accepted(rq, op, http.StatusOK, p.viewCluster(rq, c, false)), nil
}

func (p *Provider) deleteCluster(rq *arm.Request) (*arm.Response, error) {
	c := p.Fabric.Get(rq.ID.String())
	if c == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	if err := precondition(rq, true, c.ETag); err != nil {
		return nil, err
	}
	return p.accepted(rq, p.startClusterDelete(rq, c), http.StatusAccepted, nil), nil
}

// startClusterDelete preempts whatever else is going on; a second DELETE joins the first.
func (p *Provider) startClusterDelete(rq *arm.Request, c *fabric.Resource) *fabric.Operation {
	if op := p.Fabric.RunningOn(c.ID); op != nil && op.Kind == deleteCluster {
		return op
	}
	for _, r := range append(p.pools(c), c) {
		if op := p.Fabric.RunningOn(r.ID); op != nil {
			p.Fabric.End(op, fabric.Failed, &arm.OperationError{Code: "OriginalEtagNotExpect", Message: "This operation has been preempted by Deleting operation."})
		}
		r.State, r.ETag = "Deleting", uuid.NewString()
		p.Fabric.Save(r)
	}
	return p.Fabric.Start(rq, fabric.Plan{Kind: deleteCluster, Label: "Deleting", Resource: c, Location: c.Location, Duration: p.Durations().ClusterDelete})
}
