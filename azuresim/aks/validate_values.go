package aks

import (
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/spec"
)

// Microsoft's lists of values are open, so being in none of them is no reason to refuse as such. These are the
// properties whose values decide what the service does, so it cannot go on with one it does not know.
var (
	clusterChoices = []string{
		"identity.type", "sku.name", "sku.tier", "properties.supportPlan", "properties.publicNetworkAccess", "properties.autoUpgradeProfile.upgradeChannel",
		"properties.autoUpgradeProfile.nodeOSUpgradeChannel", "properties.networkProfile.networkPlugin", "properties.networkProfile.networkPolicy",
		"properties.networkProfile.networkDataplane", "properties.networkProfile.networkMode", "properties.networkProfile.outboundType",
		"properties.networkProfile.loadBalancerSku", "properties.networkProfile.loadBalancerProfile.backendPoolType", "properties.windowsProfile.licenseType",
		"properties.nodeResourceGroupProfile.restrictionLevel", "properties.nodeProvisioningProfile.mode", "properties.autoScalerProfile.expander",
	}
	poolChoices = []string{
		"mode", "osType", "osSKU", "osDiskType", "kubeletDiskType", "type", "scaleSetPriority", "scaleSetEvictionPolicy", "scaleDownMode", "gpuInstanceProfile",
		"workloadRuntime", "powerState.code", "upgradeSettings.undrainableNodeBehavior",
	}
)

// checkValues refuses values no description of any api-version knows, of a cluster with its pools or of a pool.
func checkValues(typ string, body arm.Object) error {
	if typ == PoolType {
		return checkPoolValues(arm.Map(body, "properties"))
	}
	for _, path := range clusterChoices {
		if err := checkValue(typ, path, strings.TrimPrefix(path, "properties."), arm.Str(body, path)); err != nil {
			return err
		}
	}
	for _, raw := range arm.List(body, "properties.agentPoolProfiles") {
		profile, _ := raw.(map[string]any)
		if err := checkPoolValues(profile); err != nil {
			return err
		}
	}
	return nil
}

func checkPoolValues(props arm.Object) error {
	for _, path := range poolChoices {
		if err := checkValue(PoolType, "properties."+path, "agentPoolProfile."+path, arm.Str(props, path)); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(typ, path, parameter, value string) error {
	known := spec.Values(typ, path)
	equal := strings.EqualFold
	if path == "properties.mode" { // the only one announced to be case-sensitive (Azure/AKS#4468)
		equal = func(a, b string) bool { return a == b }
	}
	if value == "" || slices.ContainsFunc(known, func(v string) bool { return equal(v, value) }) || slices.Contains(undescribed[path], strings.ToLower(value)) {
		return nil
	}
	return badRequest("InvalidParameter", parameter, "The value of parameter %s is invalid. Error details: '%s' is not one of %s. Please see https://aka.ms/aks-naming-rules for more details.", parameter, value, strings.Join(known, ", "))
}

// undescribed are values the documentation has and no description at hand ("customize egress" with outbound types).
var undescribed = map[string][]string{"properties.networkProfile.outboundType": {"block", "managednatgatewayv2"}}
