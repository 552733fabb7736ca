package aks

import (
	"encoding/json"
	"fmt"
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
	ScaleSetSuffix string          `json:"scaleSetSuffix"` // eight digits shared by all scale sets of the cluster
	OutboundIPs    []string        `json:"outboundIPs"`    // names of the managed public IPs
	KubeletClient  string          `json:"kubeletClient"`
	KubeletObject  string          `json:"kubeletObject"`
	OIDC           string          `json:"oidc"`
	Deployed       bool            `json:"deployed"` // a create has succeeded once
	API            bool            `json:"api"`      // the API server exists
	NextIP         int             `json:"nextIP"`
	Resume         []string        `json:"resume,omitempty"` // the pools that were running when the cluster was stopped
	Deprecated     []DeprecatedUse `json:"deprecated,omitempty"`
}

func private(c *fabric.Resource) *Cluster { return c.Private.(*Cluster) }

func (p *Provider) listClusters(rq *arm.Request) (*arm.Response, error) {
	var shown []*fabric.Resource
	for _, c := range p.Fabric.List(rq.ID.Subscription, ClusterType) {
		if rq.ID.ResourceGroup != "" && !strings.EqualFold(c.ARMID().ResourceGroup, rq.ID.ResourceGroup) {
			continue
		}
		shown = append(shown, c)
	}
	value, err := p.Fabric.RenderedAll(shown, p.variant(rq))
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getCluster(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	doc, err := p.readCluster(rq, c)
	return pretty(http.StatusOK, doc), err
}

// readCluster is the view of a reader, which many ask for between two changes.
func (p *Provider) readCluster(rq *arm.Request, c *fabric.Resource) (json.RawMessage, error) {
	return p.Fabric.Rendered(c, p.variant(rq))
}

func (p *Provider) variant(rq *arm.Request) string { return rq.APIVersion + "/" + p.today() }

// renderCluster makes what readCluster hands out; all it may look at is the cluster and the variant.
func (p *Provider) renderCluster(c *fabric.Resource, variant string) ([]byte, error) {
	version, _, _ := strings.Cut(variant, "/")
	return arm.Encode(p.viewCluster(&arm.Request{APIVersion: version}, c, forRead))
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
	p.Fabric.Expect(ClusterType, p.variant(rq))
	if c == nil {
		return p.createCluster(rq)
	}
	return p.updateCluster(rq, c)
}

func (p *Provider) checkClusterEnvelope(rq *arm.Request, c *fabric.Resource) error {
	if !clusterName.MatchString(rq.ID.Name()) {
		return badRequest("InvalidParameter", "resourceName", "The value of parameter resourceName is invalid. Error details: %s does not match %s. Please see https://aka.ms/aks-naming-rules for more details.", rq.ID.Name(), clusterName)
	}
	if err := resources.CheckPlace(p.World.Get(), rq, c, ClusterType); err != nil {
		return err
	}
	return p.checkIdentities(rq)
}

func (p *Provider) createCluster(rq *arm.Request) (*arm.Response, error) {
	sent := clean(rq.Body, clusterReadOnly)
	readSKU(sent)
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
	return p.accepted(rq, op, http.StatusCreated, p.viewCluster(rq, c, forCreated)), nil
}

// storeCluster is the point of no return of a create.
func (p *Provider) storeCluster(d *draft, pools []poolDraft, patch, tenant string) *fabric.Resource {
	c := p.Fabric.Create(d.id, d.location, d.body)
	c.Private = &Cluster{ScaleSetSuffix: scaleSetSuffix(), OutboundIPs: []string{uuid.NewString()}, KubeletClient: uuid.NewString(), KubeletObject: uuid.NewString(), OIDC: uuid.NewString(), NextIP: 4}
	props := arm.Map(c.Body, "properties")
	nameServer(props, c.Location)
	props["currentKubernetesVersion"] = patch
	props["resourceUID"] = fmt.Sprintf("%08x", p.Fabric.Clock.Now().Unix()) + random(hexDigits, 16) // starts with the time (recorded)
	p.fillIdentity(c.Body, tenant)
	for _, pd := range pools {
		pool := p.Fabric.Create(c.ARMID().Child("agentPools", pd.name), "", pd.body)
		pool.State, pool.ETag = "Creating", uuid.NewString()
	}
	p.createNodeGroup(c)
	return c
}

// nameServer gives the API server its names. A private one has another in its zone, if it has a zone.
func nameServer(props arm.Object, location string) {
	prefix, subdomain := arm.Str(props, "dnsPrefix"), arm.Str(props, "fqdnSubdomain")
	if prefix == "" {
		prefix = subdomain
	}
	host := prefix + "-" + random(letters, 8)
	props["fqdn"] = host + ".hcp." + location + ".azmk8s.io"
	props["azurePortalFQDN"] = host + ".portal.hcp." + location + ".azmk8s.io"
	if !arm.Bool(props, "apiServerAccessProfile.enablePrivateCluster") {
		return
	}
	switch zone := arm.Str(props, "apiServerAccessProfile.privateDNSZone"); {
	case strings.EqualFold(zone, "none"):
	case strings.EqualFold(zone, "system"):
		props["privateFQDN"] = host + "." + uuid.NewString() + ".privatelink." + location + ".azmk8s.io"
	default:
		if subdomain != "" {
			host = subdomain
		}
		props["privateFQDN"] = host + "." + zone[strings.LastIndexByte(zone, '/')+1:]
	}
}

func (p *Provider) startCluster(rq *arm.Request, c *fabric.Resource, label string, d time.Duration, args map[string]string) *fabric.Operation {
	c.State, c.ETag = label, uuid.NewString()
	arm.Remove(c.Body, "properties.status")
	p.Fabric.Save(c)
	for _, pool := range p.pools(c) {
		pool.ETag = uuid.NewString() // a cluster operation changes the eTags of all pools
		if label == "Creating" || label == "Updating" && terminal(pool.State) {
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
	if err := notWhileStopped(c, "updating"); err != nil {
		return nil, err
	}
	d, pools, target, err := p.draftUpdate(rq, c)
	if err != nil {
		return nil, err
	}
	label, duration, args := "Updating", p.Durations().ClusterUpdate, map[string]string{"version": target}
	switch {
	case target != arm.Str(c.Body, "properties.currentKubernetesVersion"):
		label, duration = "Upgrading", p.Durations().ClusterUpgrade
	case reflect.DeepEqual(d.body, c.Body) && !poolsChanged(pools) && c.State == "Succeeded":
		duration = p.Durations().Unchanged
	}
	c.Body = d.body
	if !p.onDay(aliasDay) {
		arm.Put(c.Body, "properties.kubernetesVersion", target)
	}
	for _, pd := range pools {
		pd.stored.Body = pd.body
		if pd.label != "" {
			pd.stored.State = pd.label
		}
		if version := pd.replacement(); version != "" {
			args["pool/"+pd.stored.Name] = version
		}
		p.Fabric.Save(pd.stored)
	}
	op := p.startCluster(rq, c, label, duration, p.remark(args))
	return p.accepted(rq, op, http.StatusOK, p.viewCluster(rq, c, forUpdated)), nil
}

// draftUpdate works out what the cluster and its pools would be, and the version it would run, or why not.
func (p *Provider) draftUpdate(rq *arm.Request, c *fabric.Resource) (d draft, pools []poolDraft, target string, err error) {
	sent := clean(rq.Body, clusterReadOnly)
	readSKU(sent)
	props := arm.Map(sent, "properties")
	profiles := arm.List(props, "agentPoolProfiles")
	delete(props, "agentPoolProfiles")
	if err = clusterImmutable(arm.Map(c.Body, "properties"), props, arm.Str(sent, "identity.type")); err != nil {
		return d, nil, "", err
	}
	if err = p.checkOutbound(c, props); err != nil {
		return d, nil, "", err
	}
	d = draft{id: c.ARMID(), location: c.Location, body: mergeCluster(c.Body, sent), version: rq.APIVersion, stored: c}
	p.fillIdentity(d.body, rq.Caller.TenantID)
	if target, err = p.clusterTarget(c, arm.Str(props, "kubernetesVersion")); err != nil {
		return d, nil, "", err
	}
	if err = p.checkPoolsForUpgrade(c, profiles, target); err != nil {
		return d, nil, "", err
	}
	if pools, err = p.draftPools(rq, &d, profiles, target); err != nil {
		return d, nil, "", err
	}
	if target != arm.Str(c.Body, "properties.currentKubernetesVersion") || upgrades(pools) {
		if err = p.mayUpgrade(c, d.body, target); err != nil {
			return d, nil, "", err
		}
	}
	return d, pools, target, p.checkCluster(rq, &d, pools)
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
	if err := notWhileStopped(c, "updating"); err != nil {
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
	return p.accepted(rq, op, http.StatusOK, p.viewCluster(rq, c, forRead)), nil
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
	return p.Fabric.Start(rq, fabric.Plan{Kind: deleteCluster, Label: "Deleting", Resource: c, Location: c.Location, Duration: p.Durations().ClusterDelete, Args: p.remark(nil)})
}
