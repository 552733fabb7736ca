package aks

import (
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/spec"
)

// lowerGroups is how the provider spells ids: only the word resourceGroups loses its capital.
func lowerGroups(id string) string {
	return strings.Replace(id, "/resourceGroups/", "/resourcegroups/", 1)
}

// audience says what an answer is for: the answers to writes differ from that of a GET (recorded).
type audience int

const (
	forRead    audience = iota
	forCreated          // 201: no eTags yet
	forUpdated          // 200 of a PUT
)

// viewCluster shows a cluster in the api-version of the request.
func (p *Provider) viewCluster(rq *arm.Request, c *fabric.Resource, to audience) arm.Object {
	day := p.today()
	out := arm.Copy(c.Body)
	props := arm.Map(out, "properties")
	props["provisioningState"] = c.State
	arm.Default(props, "powerState.code", "Running")
	sentEmpty := emptyMaps(rq, to, day)
	profiles := []any{}
	for _, pool := range p.pools(c) {
		profile := viewInline(pool, rq.APIVersion, day, sentEmpty[strings.ToLower(pool.Name)])
		if to == forCreated {
			delete(profile, "eTag")
		}
		profiles = append(profiles, profile)
	}
	props["agentPoolProfiles"] = profiles
	showDeployed(c, props)
	if access := arm.Map(props, "apiServerAccessProfile"); arm.Bool(access, "enablePrivateCluster") && access["enablePrivateClusterPublicFQDN"] == false {
		delete(props, "fqdn")
	}
	out["id"] = lowerGroups(c.ID)
	out["name"] = c.Name
	out["type"] = "Microsoft.ContainerService/ManagedClusters"
	out["location"] = c.Location
	if to != forCreated {
		out["eTag"] = c.ETag
	}
	shape(out, "cluster", clusterShape, rq.APIVersion, day)
	p.showNetwork(c, props, rq.APIVersion, day)
	showSKU(out, rq.APIVersion)
	if guid := private(c).OIDC; arm.Bool(props, "oidcIssuerProfile.enabled") {
		arm.Put(props, "oidcIssuerProfile.issuerURL", "https://"+c.Location+".oic.prod-aks.azure.com/"+p.tenant(c)+"/"+guid+"/")
	}
	out = spec.Between(ClusterType, rq.APIVersion, out)
	dropEmptyLists(out)
	return out
}

// showNetwork adds what depends on other properties of the network.
func (p *Provider) showNetwork(c *fabric.Resource, props arm.Object, version, day string) {
	n := arm.Map(props, "networkProfile")
	if lb := arm.Map(n, "loadBalancerProfile"); lb != nil {
		shape(lb, "outbound", outboundShape, version, day)
	}
	if less(day, "1.28.0") && private(c).Deployed && arm.Str(n, "loadBalancerSku") == "standard" {
		n["loadBalancerSku"] = "Standard" // only the first answers were in lower case then
	}
}

// Until 2023-02-01 the tiers had other names.
const newTierNames = "2023-02-01"

func showSKU(out arm.Object, version string) {
	if sku := arm.Map(out, "sku"); sku != nil && version < newTierNames {
		sku["name"] = "Basic"
		if sku["tier"] != "Free" {
			sku["tier"] = "Paid"
		}
	}
}

// readSKU translates the old names, which are understood in every api-version.
func readSKU(sent arm.Object) {
	sku := arm.Map(sent, "sku")
	if strings.EqualFold(arm.Str(sku, "name"), "Basic") {
		sku["name"] = "Base"
	}
	if strings.EqualFold(arm.Str(sku, "tier"), "Paid") {
		sku["tier"] = "Standard"
	}
}

func (p *Provider) tenant(c *fabric.Resource) string {
	if s := p.World.Get().Subscription(c.ARMID().Subscription); s != nil {
		return s.TenantID
	}
	return ""
}

// showDeployed adds what exists only once the first create has succeeded.
func showDeployed(c *fabric.Resource, props arm.Object) {
	k := private(c)
	if !k.Deployed {
		return
	}
	group := arm.Str(props, "nodeResourceGroup")
	sub := "/subscriptions/" + c.ARMID().Subscription
	if arm.Get(props, "identityProfile.kubeletidentity") == nil {
		arm.Put(props, "identityProfile.kubeletidentity", arm.Object{
			"resourceId": sub + "/resourcegroups/" + group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + c.Name + "-agentpool",
			"clientId":   k.KubeletClient, "objectId": k.KubeletObject,
		})
	}
	for _, path := range []string{"networkProfile.loadBalancerProfile", "networkProfile.natGatewayProfile"} {
		if out := arm.Map(props, path); out != nil {
			out["effectiveOutboundIPs"] = effectiveOutbound(c, out)
		}
	}
}

// viewInline shows a pool inside its cluster; it differs from the pool resource (recorded).
func viewInline(pool *fabric.Resource, version, day string, echo map[string]bool) arm.Object {
	props := viewPoolProps(pool)
	props["name"] = pool.Name
	if !arm.Bool(props, "enableAutoScaling") {
		delete(props, "enableAutoScaling")
	}
	dropEmpty(props)
	for k := range echo {
		arm.Default(props, k, arm.Object{})
	}
	shape(props, "inline", inlineShape, version, day)
	return props
}

func viewPoolProps(pool *fabric.Resource) arm.Object {
	props := arm.Copy(arm.Map(pool.Body, "properties"))
	props["provisioningState"] = pool.State
	props["eTag"] = pool.ETag
	return props
}

func (p *Provider) viewPool(rq *arm.Request, pool *fabric.Resource) arm.Object {
	props := viewPoolProps(pool)
	dropEmpty(props)
	shape(props, "pool", poolShape, rq.APIVersion, p.today())
	out := arm.Object{"id": lowerGroups(pool.ID), "name": pool.Name, "type": PoolType, "properties": props}
	out = spec.Between(PoolType, rq.APIVersion, out)
	dropEmptyLists(out)
	return out
}

// emptyMaps finds the tags and labels a PUT sent as {}: the answer to the PUT echoes them, a GET does not show them.
func emptyMaps(rq *arm.Request, to audience, day string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	if to == forRead || less(day, "1.27.0") {
		return out
	}
	names := []string{"nodeLabels"}
	if to == forUpdated || !less(day, "1.28.10") {
		names = append(names, "tags")
	}
	for _, raw := range arm.List(rq.Body, "properties.agentPoolProfiles") {
		profile, _ := raw.(map[string]any)
		for _, k := range names {
			if m, ok := profile[k].(map[string]any); ok && len(m) == 0 {
				name := strings.ToLower(arm.Str(profile, "name"))
				if out[name] == nil {
					out[name] = map[string]bool{}
				}
				out[name][k] = true
			}
		}
	}
	return out
}

// dropEmptyLists removes empty arrays everywhere: the service never shows one.
func dropEmptyLists(v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if l, ok := x.([]any); ok && len(l) == 0 {
				delete(v, k)
				continue
			}
			dropEmptyLists(x)
		}
	case []any:
		for _, x := range v {
			dropEmptyLists(x)
		}
	}
}
