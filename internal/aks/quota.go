package aks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The quotas that are not about a family of sizes.
const (
	totalQuota = "cores"
	spotQuota  = "lowprioritycores"
	// defaultSurge is AKS's own maxSurge.
	defaultSurge = "10%"
)

// demand is what pools take of one quota.
type demand struct {
	now, surge, most int64
	parts            []string
}

// quotaChecks compare the vCPUs all pools take together with what is left of the quotas of their families and of the region. What
// an upgrade or the autoscaler may take beyond that is a doubt: nothing is refused today for it.
func quotaChecks(n Names, obs Observation, pools []Pool, place Place) []Check {
	if place.Usages == nil || place.Sizes == nil {
		return nil
	}
	demands := demandsOf(obs, pools, place)
	names := make([]string, 0, len(demands))
	for name := range demands {
		names = append(names, name)
	}
	slices.Sort(names)
	var checks []Check
	for _, name := range names {
		usage, known := place.Usages[name]
		if !known {
			continue
		}
		d, free := demands[name], usage.Free()
		figures := fmt.Sprintf("%d of its limit of %d are free", free, usage.Limit)
		way := fmt.Sprintf("ask for more quota (https://aka.ms/AzurePerVMQuotaLimits, az vm list-usage --location %s), or use a smaller size or count", n.Location)
		what := fmt.Sprintf("quota %s (%s) in %s", usage.Name, usage.Title, n.Location)
		switch {
		case d.now > free:
			checks = append(checks, failedCheck("QuotaExceeded", "", "%s: pools need %d more vCPUs (%s), but %s: %s", what, d.now, strings.Join(d.parts, ", "), figures, way))
		case d.now+d.surge > free:
			checks = append(checks, warned("QuotaExceeded", "", "%s: pools need %d more vCPUs (%s) and up to %d while they are upgraded (maxSurge), but %s: upgrades may fail until there is more, or maxSurge is smaller", what, d.now, strings.Join(d.parts, ", "), d.now+d.surge, figures))
		case d.most > free:
			checks = append(checks, warned("QuotaExceeded", "", "%s: the autoscaler may take %d more vCPUs (spec.scaling.maxSize), but %s: it stops there", what, d.most, figures))
		}
	}
	return checks
}

func demandsOf(obs Observation, pools []Pool, place Place) map[string]*demand {
	demands := map[string]*demand{}
	add := func(quota string, part string, now, surge, most int64) {
		d := demands[quota]
		if d == nil {
			d = &demand{}
			demands[quota] = d
		}
		d.now, d.surge, d.most = d.now+now, d.surge+surge, d.most+most
		if now > 0 {
			d.parts = append(d.parts, part)
		}
	}
	for _, pool := range pools {
		size, known := place.Sizes[strings.ToLower(pool.Object.Spec.SKU)]
		if !known || size.VCPUs == 0 {
			continue
		}
		nodes, most := newNodes(obs, pool)
		part := fmt.Sprintf("%s %d x %d", PoolName(pool.Object), nodes, size.VCPUs)
		quotas := []string{totalQuota, strings.ToLower(size.Family)}
		if isSpot(pool) {
			quotas = []string{spotQuota} // Spot machines count there alone
		}
		surge := surgeNodes(pool, count(pool))
		for _, quota := range quotas {
			add(quota, part, nodes*size.VCPUs, surge*size.VCPUs, most*size.VCPUs)
		}
	}
	return demands
}

// newNodes is how many nodes a pool gets now beyond those it has, and how many it may get when its autoscaler grows it.
func newNodes(obs Observation, pool Pool) (now, most int64) {
	running, wanted := int64(0), count(pool)
	if observed := observedPool(obs, PoolName(pool.Object)); observed.Exists {
		properties, _ := observed.Body["properties"].(map[string]any)
		running, _ = properties["count"].(int64)
	}
	now = max(wanted-running, 0)
	most = now
	if scaling := pool.Object.Spec.Scaling; scaling != nil && scaling.MaxSize != nil {
		most = max(int64(*scaling.MaxSize)-running, now)
	}
	return now, most
}

// surgeNodes is how many nodes of a pool an upgrade adds meanwhile. Spot pools are never surged.
func surgeNodes(pool Pool, nodes int64) int64 {
	surge := defaultSurge
	if s := pool.Object.Spec.UpgradeSettings; s != nil && s.MaxSurge != "" {
		surge = s.MaxSurge
	}
	if nodes == 0 || isSpot(pool) {
		return 0
	}
	share, isShare := strings.CutSuffix(surge, "%")
	number, err := strconv.ParseInt(share, 10, 64)
	switch {
	case err != nil:
		return 0
	case isShare:
		return max((nodes*number+99)/100, 1)
	}
	return number
}
