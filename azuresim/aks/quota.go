package aks

import (
	"strconv"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/compute"
	"github.com/capaks/capaks/azuresim/fabric"
)

// countMachines keeps totals of machines by subscription, region and size: going through all scale sets of a
// subscription whenever a pool changes takes longer the more there are.
func (p *Provider) countMachines() {
	p.Fabric.RegisterSum(compute.ScaleSetType, func(set *fabric.Resource) map[string]int64 {
		return map[string]int64{machineKey(set.ARMID().Subscription, set.Location) + arm.Str(set.Body, "sku.name"): int64(len(compute.Machines(set).Instances))}
	})
}

func machineKey(subscription, location string) string {
	return strings.ToLower(subscription) + "/" + location + "/"
}

// overQuota compares the vCPUs all machines of the subscription and region have, and those of this cluster shall
// have, with the limits.
func (p *Provider) overQuota(c *fabric.Resource) *arm.OperationError {
	w := p.World.Get()
	sub := c.ARMID().Subscription
	wanted, running := map[string]int64{}, map[string]int64{}
	for key, n := range p.Fabric.Sums(compute.ScaleSetType) {
		if name, ours := strings.CutPrefix(key, machineKey(sub, c.Location)); ours {
			size, _ := w.Size(name)
			for _, family := range []string{"cores", size.Family} {
				running[family] += n * size.VCPUs
				wanted[family] += n * size.VCPUs
			}
		}
	}
	for _, pool := range p.pools(c) {
		props := arm.Map(pool.Body, "properties")
		size, _ := w.Size(arm.Str(props, "vmSize"))
		count, _ := arm.Int(props, "count")
		if isStopped(pool) {
			count = 0
		}
		for _, family := range []string{"cores", size.Family} {
			wanted[family] += (count - int64(p.machines(c, pool))) * size.VCPUs
		}
	}
	for family, n := range wanted {
		limit, ok := w.Limit(sub, c.Location, family)
		if ok && n > limit && n > running[family] {
			what := "Core"
			if family != "cores" {
				what = family + " Core"
			}
			return &arm.OperationError{Code: "QuotaExceeded", Message: "Provisioning of resource(s) for Agent Pool failed. Error: Operation results in exceeding quota limits of " + what + ". Maximum allowed: " + strconv.FormatInt(limit, 10) + ", Current in use: " + strconv.FormatInt(running[family], 10) + ", Additional requested: " + strconv.FormatInt(n-running[family], 10) + ". Please read more about quota increase at https://aka.ms/AzurePerVMQuotaLimits."}
		}
	}
	return nil
}

// checkClusterQuota is asked before a cluster is made. The quota's family is "managedClusters".
func (p *Provider) checkClusterQuota(d *draft) error {
	limit, ok := p.World.Get().Limit(d.id.Subscription, d.location, "managedClusters")
	if !ok {
		return nil
	}
	used := int64(0)
	for _, c := range p.Fabric.List(d.id.Subscription, ClusterType) {
		if c.Location == d.location {
			used++
		}
	}
	if used < limit {
		return nil
	}
	return badRequest("ManagedClusterCountExceedsQuotaLimit", "", "Operation results in exceeding quota limits for managed clusters. Maximum allowed: %d, Current usage: %d, Additional requested: 1. Please read more about quota increase at https://aka.ms/AzurePerVMQuotaLimits.", limit, used)
}
