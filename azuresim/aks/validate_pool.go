package aks

import (
	"regexp"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

func isWindows(props arm.Object) bool { return strings.EqualFold(arm.Str(props, "osType"), "Windows") }
func isSystem(props arm.Object) bool  { return strings.EqualFold(arm.Str(props, "mode"), "System") }
func isSpot(props arm.Object) bool {
	return strings.EqualFold(arm.Str(props, "scaleSetPriority"), "Spot")
}

// checkPoolSent judges what was sent for one pool, before defaults hide what was omitted.
func (p *Provider) checkPoolSent(d *draft, name string, sent arm.Object, stored *fabric.Resource, inline bool) error {
	if !poolName.MatchString(name) {
		return badRequest("InvalidParameter", "agentPoolProfile.name", "The value of parameter agentPoolProfile.name is invalid. Please see https://aka.ms/aks-naming-rules for more details.")
	}
	if isWindows(sent) && len(name) > 6 {
		return badRequest("WindowsAgentPoolNameTooLong", "agentPoolProfile.name", "Windows agent pool name can not be longer than 6 characters.")
	}
	if stored == nil {
		if inline && arm.Str(sent, "mode") == "" {
			return badRequest("InvalidParameter", "agentPoolProfile.mode", "Required parameter agentPoolProfile.mode is missing (null).")
		}
		if !inline && sent["count"] == nil && !arm.Bool(sent, "enableAutoScaling") {
			return badRequest("InvalidParameter", "properties.count", "Required parameter properties.count is missing (null).")
		}
	}
	if stored != nil {
		return manualScale(name, arm.Map(stored.Body, "properties"), sent)
	}
	return p.checkPlace(d, name, sent)
}

// manualScale: while the autoscaler owns the count, a client may repeat it or leave it out, but not set it.
func manualScale(name string, stored, sent arm.Object) error {
	if !arm.Bool(stored, "enableAutoScaling") || sent["enableAutoScaling"] == false {
		return nil
	}
	want, sets := arm.Int(sent, "count")
	if now, _ := arm.Int(stored, "count"); sets && want != now {
		return badRequest("InvalidParameter", "agentPoolProfile.count", "Cannot manually scale AgentPool '%s' of an AKS cluster with cluster autoscaler enabled. Please disable the cluster autoscaler first, or change minCount and maxCount instead.", name)
	}
	return nil
}

// checkPools judges pools as they would be, and what remains of the cluster around them.
func (p *Provider) checkPools(rq *arm.Request, d *draft, drafts []poolDraft) error {
	after := map[string]arm.Object{}
	if d.stored != nil {
		for _, pool := range p.pools(d.stored) {
			after[strings.ToLower(pool.Name)] = arm.Map(pool.Body, "properties")
		}
	}
	for _, pd := range drafts {
		props := arm.Map(pd.body, "properties")
		after[strings.ToLower(pd.name)] = props
		for _, check := range []func(arm.Object) error{checkCounts, checkAutoScaler, p.checkSystem, checkSpot, checkPoolPower, checkTaints, checkSurge} {
			if err := check(props); err != nil {
				return err
			}
		}
		if err := checkLabels(pd, props); err != nil {
			return err
		}
		if err := p.checkSubnet(rq, d, pd, props); err != nil {
			return err
		}
		if isWindows(props) && !strings.EqualFold(arm.Str(d.body, "properties.networkProfile.networkPlugin"), "azure") {
			return badRequest("AzureCNIOnlyForWindows", "networkProfile.networkPlugin", "Windows agent pools can only be added to AKS clusters using Azure-CNI.")
		}
	}
	if err := p.checkSubnetSize(d, drafts); err != nil {
		return err
	}
	if len(after) > 100 {
		return badRequest("BadRequest", "agentPoolProfiles", "The number of agent pools %d exceeds the maximum of 100.", len(after))
	}
	if len(drafts) == 0 && d.stored != nil {
		return nil
	}
	for _, props := range after {
		if isSystem(props) {
			return nil
		}
	}
	return noSystemPool()
}

func noSystemPool() error {
	return badRequest("MustDefineAtLeastOneSystemPool", "", "Must define at least one system pool.")
}

// lastPool refuses deletions that leave the cluster without pools or without a system pool.
func (p *Provider) lastPool(c, gone *fabric.Resource) error {
	others, systems := 0, 0
	for _, pool := range p.pools(c) {
		if pool != gone && pool.State != "Deleting" {
			others++
			if isSystem(arm.Map(pool.Body, "properties")) {
				systems++
			}
		}
	}
	switch {
	case others == 0:
		return badRequest("OperationNotAllowed", "", "There has to be at least one agent pool.")
	case systems == 0:
		return noSystemPool()
	}
	return nil
}

func checkCounts(props arm.Object) error {
	count, _ := arm.Int(props, "count")
	lowest := int64(0)
	if isSystem(props) {
		lowest = 1
	}
	if count < lowest || count > 1000 {
		return badRequest("InvalidParameter", "agentPoolProfile.count", "The value of parameter agentPoolProfile.count is invalid. Error details: agentPoolProfile.count was %d. It must be greater or equal to minCount:%d and less than or equal to maxCount:1000. If allowedMinCount was expected to be 0 but is 1: 1) The nodepool is a VMAS pool. 2) api Version is less than 2020-03-01. 3) The node is a system pool.. Please see https://aka.ms/aks-naming-rules for more details.", count, lowest)
	}
	if pods, ok := arm.Int(props, "maxPods"); ok && (pods < 10 || pods > 250) {
		return badRequest("InvalidParameter", "agentPoolProfile.maxPods", "The value of parameter agentPoolProfile.maxPods is invalid. Error details: %d is not between 10 and 250.", pods)
	}
	if disk, ok := arm.Int(props, "osDiskSizeGB"); ok && (disk < 0 || disk > 2048) {
		return badRequest("InvalidParameter", "agentPoolProfile.osDiskSizeGB", "The value of parameter agentPoolProfile.osDiskSizeGB is invalid. Error details: %d is not between 0 and 2048.", disk)
	}
	return nil
}

// checkAutoScaler: the texts are not recorded, the rules are documented.
func checkAutoScaler(props arm.Object) error {
	count, _ := arm.Int(props, "count")
	minCount, hasMin := arm.Int(props, "minCount")
	maxCount, hasMax := arm.Int(props, "maxCount")
	invalid := func(parameter, format string, args ...any) error {
		return badRequest("InvalidParameter", "agentPoolProfile."+parameter, "The value of parameter agentPoolProfile."+parameter+" is invalid. Error details: "+format+".", args...)
	}
	lowest := int64(0)
	if isSystem(props) {
		lowest = 1
	}
	switch {
	case !arm.Bool(props, "enableAutoScaling") && (hasMin || hasMax):
		return invalid("enableAutoScaling", "minCount and maxCount must not be set when the cluster autoscaler is off")
	case !arm.Bool(props, "enableAutoScaling"):
		return nil
	case !hasMin || !hasMax:
		return invalid("minCount", "minCount and maxCount are required when the cluster autoscaler is on")
	case minCount > maxCount:
		return invalid("minCount", "minCount %d is greater than maxCount %d", minCount, maxCount)
	case minCount < lowest:
		return invalid("minCount", "minCount %d is less than %d", minCount, lowest)
	case maxCount > 1000:
		return invalid("maxCount", "maxCount %d is greater than 1000", maxCount)
	case count < minCount || count > maxCount:
		return invalid("count", "count %d is not between minCount %d and maxCount %d", count, minCount, maxCount)
	}
	return nil
}

func (p *Provider) checkSystem(props arm.Object) error {
	if !isSystem(props) {
		return nil
	}
	size, _ := p.World.Get().Size(arm.Str(props, "vmSize"))
	pods, hasPods := arm.Int(props, "maxPods")
	switch {
	case isWindows(props):
		return badRequest("InvalidParameter", "agentPoolProfile.osType", "The value of parameter agentPoolProfile.osType is invalid. Error details: a system pool must be Linux.")
	case isSpot(props):
		return badRequest("InvalidParameter", "agentPoolProfile.scaleSetPriority", "The value of parameter agentPoolProfile.scaleSetPriority is invalid. Error details: a system pool cannot be a spot pool.")
	case size.VCPUs > 0 && size.VCPUs < 2:
		return badRequest("BadRequest", "agentPoolProfile.vmSize", "System node pool must use VM sku with more than 2 cores and 4GB memory. Got %s with %d cores and %vGB memory.", size.Name, size.VCPUs, float64(size.MemoryGB))
	case hasPods && pods < 30:
		return badRequest("InvalidParameter", "agentPoolProfile.maxPods", "The value of parameter agentPoolProfile.maxPods is invalid. Error details: a system pool needs at least 30, got %d.", pods)
	}
	return nil
}

func checkSpot(props arm.Object) error {
	if isSpot(props) {
		return nil
	}
	for _, name := range []string{"scaleSetEvictionPolicy", "spotMaxPrice"} {
		if v := props[name]; v != nil && text(v) != "-1" {
			return badRequest("InvalidParameter", "agentPoolProfile."+name, "The value of parameter agentPoolProfile.%s is invalid. Error details: it can only be set on a spot pool.", name)
		}
	}
	return nil
}

var surgeText = regexp.MustCompile(`^([1-9][0-9]?|100)%$|^[0-9]+$`)

func checkSurge(props arm.Object) error {
	if surge := arm.Str(props, "upgradeSettings.maxSurge"); surge != "" && !surgeText.MatchString(surge) {
		return badRequest("InvalidParameter", "agentPoolProfile.upgradeSettings.maxSurge", "The value of parameter agentPoolProfile.upgradeSettings.maxSurge is invalid. Error details: '%s' is neither a number nor a percentage from 1%% to 100%%.", surge)
	}
	return nil
}
