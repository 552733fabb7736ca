package aks

import (
	"net/http"
	"strings"

	"github.com/blang/semver/v4"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// maxSkew is how many minors a pool may lag behind its control plane.
const maxSkew = 3

func minorOf(v string) uint64 {
	p, err := semver.ParseTolerant(v)
	if err != nil {
		return 0
	}
	return p.Minor
}

func less(a, b string) bool {
	x, errX := semver.ParseTolerant(a)
	y, errY := semver.ParseTolerant(b)
	return errX == nil && errY == nil && x.LT(y)
}

// isAlias says that v names a minor (1.34), and current runs it: then it changes nothing.
func isAlias(v, current string) bool {
	return strings.Count(v, ".") == 1 && strings.HasPrefix(current, v+".")
}

// clusterTarget is the patch version a cluster PUT leads to.
func (p *Provider) clusterTarget(c *fabric.Resource, sent string) (string, error) {
	current := arm.Str(c.Body, "properties.currentKubernetesVersion")
	if sent == "" || sent == current || isAlias(sent, current) {
		return current, nil
	}
	w := p.World.Get()
	target, ok := w.Resolve(sent)
	upgrades := w.Upgrades(current)
	available := "[" + strings.Join(upgrades, " ") + "]"
	switch {
	case !ok:
		return "", notOffered(c.Name, sent)
	case less(target, current):
		return "", badRequest("OperationNotAllowed", "", "Downgrading Kubernetes version %s to %s is not allowed. Available upgrades: %s. Please see https://aka.ms/aks-supported-k8s-ver for version details.", current, target, available)
	case minorOf(target) > minorOf(current)+1:
		return "", badRequest("OperationNotAllowed", "", "Upgrading Kubernetes version %s to %s is not allowed. Available upgrades: %s. Please see https://aka.ms/aks-supported-k8s-ver for version details.", current, target, available)
	}
	return target, nil
}

// checkPoolsForUpgrade applies the rule on pool versions in a cluster PUT that raises the control plane, and the skew
// the upgrade would leave behind.
func (p *Provider) checkPoolsForUpgrade(c *fabric.Resource, profiles []any, target string) error {
	current := arm.Str(c.Body, "properties.currentKubernetesVersion")
	if target == current {
		return nil
	}
	sent := map[string]string{}
	for _, raw := range profiles {
		if profile, ok := raw.(map[string]any); ok && arm.Str(profile, "orchestratorVersion") != "" {
			sent[strings.ToLower(arm.Str(profile, "name"))] = arm.Str(profile, "orchestratorVersion")
		}
	}
	for _, pool := range p.pools(c) {
		running := arm.Str(pool.Body, "properties.currentOrchestratorVersion")
		version, specified := sent[strings.ToLower(pool.Name)]
		unchanged := version == running || version == arm.Str(pool.Body, "properties.orchestratorVersion") || isAlias(version, running)
		toTarget := version == target || isAlias(version, target)
		if len(sent) > 0 && (!specified || !unchanged && !toTarget) {
			return badRequest("NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", "", "Using managed cluster api, all Agent pools' OrchestratorVersion must be all specified or all unspecified. If all specified, they must be stay unchanged or the same with control plane. For agent pool specific change, please use per agent pool operations: https://aka.ms/agent-pool-rest-api")
		}
		if after := running; !toTarget && minorOf(target) > minorOf(after)+maxSkew {
			return badRequest("NodePoolMcVersionIncompatible", "", "Node pool version %s and control plane version %s are incompatible. Minor version of node pool cannot be more than %d versions less than control plane's version. Minor version of node pool is %d and control plane is %d. For more information, please check https://aka.ms/version-skew-policy", after, target, maxSkew, minorOf(after), minorOf(target))
		}
	}
	return nil
}

// poolTarget is the patch version a pool will run after the change.
func (p *Provider) poolTarget(d *draft, name string, props, sent arm.Object, stored *fabric.Resource, controlPlane string) (string, error) {
	want := arm.Str(sent, "orchestratorVersion")
	current := arm.Str(props, "currentOrchestratorVersion")
	if stored == nil {
		if want == "" || isAlias(want, controlPlane) {
			return controlPlane, nil
		}
	} else if want == "" || want == current || isAlias(want, current) {
		return current, nil
	}
	target, ok := p.World.Get().Resolve(want)
	switch {
	case isAlias(want, controlPlane):
		target = controlPlane
	case !ok && stored != nil && want == arm.Str(stored.Body, "properties.orchestratorVersion"):
		return current, nil
	case !ok:
		return "", badRequest("AgentPoolK8sVersionNotSupported", "", "Version %s is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list", want)
	}
	if less(controlPlane, target) {
		return "", incompatible(target, controlPlane)
	}
	if stored == nil {
		if d.stored == nil && target != controlPlane {
			return "", incompatible(target, controlPlane)
		}
		if minorOf(controlPlane) > minorOf(target)+maxSkew {
			return "", badRequest("NodePoolMcVersionIncompatible", "", "Node pool version %s and control plane version %s are incompatible. Minor version of node pool cannot be more than %d versions less than control plane's version. For more information, please check https://aka.ms/version-skew-policy", target, controlPlane, maxSkew)
		}
		return target, nil
	}
	if less(target, current) || minorOf(target) > minorOf(current)+1 {
		return "", badRequest("AgentPoolUpgradeVersionNotAllowed", "", "Upgrade agent pool version from %s to %s is not allowed, you can only upgrade one minor version at a time. Please use [az aks get-upgrades] command to get the supported upgrade paths. For more information, please check https://aka.ms/version-skew-policy", current, target)
	}
	return target, nil
}

func incompatible(pool, controlPlane string) error {
	reason := "Version of node pool is not that of the control plane."
	switch {
	case minorOf(pool) > minorOf(controlPlane):
		reason = "Minor version of node pool version " + minorText(pool) + " is bigger than control plane version " + minorText(controlPlane) + "."
	case less(controlPlane, pool):
		reason = "Patch version of node pool is bigger than that of the control plane."
	}
	return badRequest("NodePoolMcVersionIncompatible", "", "Node pool version %s and control plane version %s are incompatible. %s For more information, please check https://aka.ms/version-skew-policy", pool, controlPlane, reason)
}

func minorText(v string) string { return strings.Split(v+"..", ".")[1] }

// --- what can be upgraded to ---------------------------------------------------------------------------------

func (p *Provider) upgradeList(from string, limit string) []any {
	out := []any{}
	w := p.World.Get()
	for _, v := range w.Upgrades(from) {
		if limit != "" && less(limit, v) {
			continue
		}
		u := arm.Object{"kubernetesVersion": v}
		if w.IsPreview(v) {
			u["isPreview"] = true
		}
		out = append(out, u)
	}
	return out
}

func upgradeProfile(name string, pool arm.Object, upgrades []any) arm.Object {
	return arm.Object{"name": name, "kubernetesVersion": pool["currentOrchestratorVersion"], "osType": pool["osType"], "upgrades": upgrades}
}

func (p *Provider) clusterUpgrades(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	current := arm.Str(c.Body, "properties.currentKubernetesVersion")
	pools := []any{}
	for _, pool := range p.pools(c) {
		props := arm.Map(pool.Body, "properties")
		pools = append(pools, upgradeProfile(pool.Name, props, p.upgradeList(arm.Str(props, "currentOrchestratorVersion"), current)))
	}
	return pretty(http.StatusOK, arm.Object{
		"id": lowerGroups(c.ID) + "/upgradeprofiles/default", "name": "default", "type": "Microsoft.ContainerService/managedClusters/upgradeprofiles",
		"properties": arm.Object{
			"controlPlaneProfile": arm.Object{"name": "master", "kubernetesVersion": current, "osType": "Linux", "upgrades": p.upgradeList(current, "")},
			"agentPoolProfiles":   pools,
		},
	}), nil
}

func (p *Provider) poolUpgrades(rq *arm.Request) (*arm.Response, error) {
	c, pool, err := p.pool(rq)
	if err != nil {
		return nil, err
	}
	props := arm.Map(pool.Body, "properties")
	view := upgradeProfile("", props, p.upgradeList(arm.Str(props, "currentOrchestratorVersion"), arm.Str(c.Body, "properties.currentKubernetesVersion")))
	delete(view, "name")
	view["latestNodeImageVersion"] = p.nodeImage(props)
	return pretty(http.StatusOK, arm.Object{"id": lowerGroups(pool.ID) + "/upgradeprofiles/default", "name": "default", "type": "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles", "properties": view}), nil
}

func (p *Provider) availablePoolVersions(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	current := arm.Str(c.Body, "properties.currentKubernetesVersion")
	list := []any{}
	for _, v := range p.World.Get().Versions {
		for _, patch := range v.Patches {
			if less(current, patch) || minorOf(current) > minorOf(patch)+maxSkew {
				continue
			}
			item := arm.Object{"kubernetesVersion": patch}
			if patch == current {
				item["default"] = true
			}
			if v.Preview {
				item["isPreview"] = true
			}
			list = append(list, item)
		}
	}
	return pretty(http.StatusOK, arm.Object{"id": lowerGroups(c.ID) + "/availableagentpoolversions", "name": "default", "type": "Microsoft.ContainerService/managedClusters/availableAgentpoolVersions", "properties": arm.Object{"agentPoolVersions": list}}), nil
}

func (p *Provider) kubernetesVersions(rq *arm.Request) (*arm.Response, error) {
	w := p.World.Get()
	if !w.HasLocation(arm.Location(rq.Params["location"])) {
		return nil, arm.GatewayError(http.StatusBadRequest, "NoRegisteredProviderFound", "No registered resource provider found for location '%s' and API version '%s' for type 'locations/kubernetesVersions'.", rq.Params["location"], rq.APIVersion)
	}
	values := []any{}
	for _, v := range w.Versions {
		patches := arm.Object{}
		for _, patch := range v.Patches {
			upgrades := []any{}
			for _, u := range w.Upgrades(patch) {
				upgrades = append(upgrades, u)
			}
			patches[patch] = arm.Object{"upgrades": upgrades}
		}
		plans := []any{"KubernetesOfficial", "AKSLongTermSupport"}
		if v.LTSOnly {
			plans = []any{"AKSLongTermSupport"}
		}
		item := arm.Object{"version": v.Minor, "capabilities": arm.Object{"supportPlan": plans}, "patchVersions": patches}
		if v.Default {
			item["isDefault"] = true
		}
		if v.Preview {
			item["isPreview"] = true
		}
		values = append(values, item)
	}
	return pretty(http.StatusOK, arm.Object{"values": values}), nil
}
