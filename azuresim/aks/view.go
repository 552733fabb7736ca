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

// viewCluster shows a cluster in the api-version of the request. The answer to a PUT echoes empty maps that a GET
// leaves out (recorded); echo selects that.
func (p *Provider) viewCluster(rq *arm.Request, c *fabric.Resource, echo bool) arm.Object {
	out := arm.Copy(c.Body)
	props := arm.Map(out, "properties")
	props["provisioningState"] = c.State
	arm.Default(props, "powerState", arm.Object{"code": "Running"})
	sentEmpty := emptyMaps(rq, echo)
	profiles := []any{}
	for _, pool := range p.pools(c) {
		profiles = append(profiles, viewInline(pool, rq.APIVersion, sentEmpty[strings.ToLower(pool.Name)]))
	}
	props["agentPoolProfiles"] = profiles
	showDeployed(c, props)
	if guid := private(c).OIDC; arm.Bool(props, "oidcIssuerProfile.enabled") {
		arm.Put(props, "oidcIssuerProfile.issuerURL", "https://"+c.Location+".oic.prod-aks.azure.com/"+p.tenant(c)+"/"+guid+"/")
	}
	out["id"] = lowerGroups(c.ID)
	out["name"] = c.Name
	out["type"] = "Microsoft.ContainerService/ManagedClusters"
	out["location"] = c.Location
	out["eTag"] = c.ETag
	hideByVersion(out, rq.APIVersion, clusterSince)
	out = spec.Filter(ClusterType, rq.APIVersion, out)
	dropEmptyLists(out)
	return out
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
	lb := arm.Map(props, "networkProfile.loadBalancerProfile")
	if lb == nil {
		return
	}
	ips := []any{}
	for _, ip := range arm.List(lb, "outboundIPs.publicIPs") {
		ips = append(ips, arm.Copy(ip))
	}
	if lb["managedOutboundIPs"] != nil {
		for _, guid := range k.OutboundIPs {
			ips = append(ips, arm.Object{"id": sub + "/resourceGroups/" + group + "/providers/Microsoft.Network/publicIPAddresses/" + guid})
		}
	}
	lb["effectiveOutboundIPs"] = ips
}

// viewInline shows a pool inside its cluster: maxSurge is filled in, autoscaling and scale-down mode only when they
// say something. The pool resource is the other way round (recorded).
func viewInline(pool *fabric.Resource, version string, echo map[string]bool) arm.Object {
	props := viewPoolProps(pool)
	props["name"] = pool.Name
	arm.Default(props, "upgradeSettings.maxSurge", "10%")
	if !arm.Bool(props, "enableAutoScaling") {
		delete(props, "enableAutoScaling")
	}
	if arm.Str(props, "scaleDownMode") == "Delete" {
		delete(props, "scaleDownMode")
	}
	dropEmpty(props)
	for k := range echo {
		arm.Default(props, k, arm.Object{})
	}
	hideByVersion(props, version, inlineSince)
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
	arm.Default(props, "enableAutoScaling", false)
	arm.Default(props, "scaleDownMode", "Delete")
	dropEmpty(props)
	hideByVersion(props, rq.APIVersion, poolSince)
	out := arm.Object{"id": lowerGroups(pool.ID), "name": pool.Name, "type": PoolType, "properties": props}
	out = spec.Filter(PoolType, rq.APIVersion, out)
	dropEmptyLists(out)
	return out
}

// emptyMaps finds the tags and labels a PUT sent as {}.
func emptyMaps(rq *arm.Request, echo bool) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	if !echo {
		return out
	}
	for _, raw := range arm.List(rq.Body, "properties.agentPoolProfiles") {
		profile, _ := raw.(map[string]any)
		for _, k := range []string{"tags", "nodeLabels"} {
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

// since says from which api-version on a property the service fills in is shown. It is needed for versions
// without a description (spec.Filter does nothing for those); dates before 2024-09-01 are bounds, not exact.
type since struct{ path, version string }

var (
	clusterSince = []since{
		{"eTag", "2024-09-01"}, {"properties.status", "2025-03-01"}, {"properties.metricsProfile", "2024-01-01"}, {"properties.bootstrapProfile", "2025-02-01"},
		{"properties.supportPlan", "2023-10-01"}, {"properties.resourceUID", "2023-10-01"}, {"properties.networkProfile.networkDataplane", "2023-10-01"},
		{"properties.nodeResourceGroupProfile", "2024-09-01"}, {"properties.networkProfile.networkPolicy", "2024-01-01"},
	}
	inlineSince = []since{{"eTag", "2024-09-01"}, {"status", "2025-03-01"}, {"securityProfile", "2024-09-01"}, {"enableNodePublicIP", "2024-09-01"}}
	poolSince   = append([]since{{"enableAutoScaling", "2024-09-01"}}, inlineSince...)
)

func hideByVersion(o arm.Object, version string, table []since) {
	for _, s := range table {
		if version >= s.version || s.version == "2024-09-01" && strings.HasSuffix(version, "-preview") && version >= "2024-06-02" {
			continue
		}
		if v := arm.Get(o, s.path); v != true && (v == "none" || !strings.HasSuffix(s.path, "networkPolicy")) { // only what the service filled in
			arm.Remove(o, s.path)
		}
	}
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
