package aks

import "github.com/capaks/capaks/azuresim/arm"

// Dates up to 2024-09-01 come from recordings and are bounds where the versions between two recordings differ; see
// docs/azuresim.md. Days are default Kubernetes versions: 1.24.9 is spring 2023, 1.26.6 November 2023, 1.27.7 the
// following winter, 1.28.9 June 2024, 1.28.10 and 1.29.5 August, 1.29.7 September, 1.29.9 November 2024, 1.30.10
// March 2025.

var clusterShape = []shown{
	show("kind", "Base", preview("2024-04-02").day("1.28.9"), stable("2025-07-01")),
	show("eTag", nil, stable("2024-09-01").day("1.30.10"), preview("2024-04-02")),
	show("properties.currentKubernetesVersion", nil, since("2022-04-01")),
	show("properties.resourceUID", nil, since("2023-09-01")),
	show("properties.status", nil, since("2025-03-01")),
	show("properties.supportPlan", "KubernetesOfficial", since("2023-09-01")),
	show("properties.securityProfile", arm.Object{}, since("2022-04-01")),
	show("properties.workloadAutoScalerProfile", arm.Object{}, since("2022-09-01")),
	show("properties.storageProfile", arm.Object{
		"diskCSIDriver": arm.Object{"enabled": true}, "fileCSIDriver": arm.Object{"enabled": true}, "snapshotController": arm.Object{"enabled": true},
	}, since("2022-07-01")),
	show("properties.storageProfile.diskCSIDriver.version", "v1", preview("2022-07-01").versionsBefore("2025-01-01")),
	show("properties.oidcIssuerProfile", arm.Object{"enabled": false}, since("2022-07-01")),
	show("properties.metricsProfile", arm.Object{"costAnalysis": arm.Object{"enabled": false}}, stable("2024-01-01"), preview("2023-11-02")),
	show("properties.bootstrapProfile", arm.Object{"artifactSource": "Direct"}, stable("2025-01-01"), preview("2024-04-02")),
	show("properties.nodeProvisioningProfile", arm.Object{"mode": "Manual"}, stable("2025-07-01"), preview("2023-11-02")),
	show("properties.nodeResourceGroupProfile", nil, stable("2024-09-01"), preview("2023-02-02")),
	show("properties.autoUpgradeProfile", arm.Object{}, since("2021-01-01").day("1.26.6")),
	show("properties.autoUpgradeProfile.nodeOSUpgradeChannel", "NodeImage", since("2023-06-01")),
	show("properties.controlPlanePluginProfiles.karpenter", arm.Object{"enableV2": true}, preview("2023-11-02").versionsBefore("2025-01-01")),
	show("properties.controlPlanePluginProfiles.azure-monitor-metrics-ccp", arm.Object{"enableV2": true}, preview("2024-04-02").versionsBefore("2025-01-01")),
	show("properties.controlPlanePluginProfiles.live-patching-controller", arm.Object{"enableV2": true}, preview("2024-04-02").versionsBefore("2025-01-01")),
	show("properties.controlPlanePluginProfiles.static-egress-controller", arm.Object{"enableV2": true}, preview("2024-04-02").versionsBefore("2025-01-01").day("1.30.10")),
	show("properties.networkProfile.networkDataplane", nil, since("2023-02-01")),
	show("properties.networkProfile.networkPluginMode", nil, since("2022-09-01")),
	show("properties.networkProfile.networkPolicy", "none", stable("2024-01-01"), preview("2023-11-02"), settable),
	show("properties.networkProfile.ipFamilies", nil, since("2021-10-01")),
	show("properties.networkProfile.podCidrs", nil, since("2021-10-01")),
	show("properties.networkProfile.serviceCidrs", nil, since("2021-10-01")),
	show("properties.networkProfile.podLinkLocalAccess", "IMDS", preview("2024-04-02").day("1.28.10")),
	show("properties.networkProfile.dockerBridgeCidr", "172.17.0.1/16", since("").versionsBefore("2023-07-01")),
}

// outboundShape is clusterShape for what exists only with a load balancer.
var outboundShape = []shown{
	show("backendPoolType", "nodeIPConfiguration", stable("2023-10-01").day("1.28.9"), preview("2023-02-02")),
}

var inlineShape = []shown{
	show("eTag", nil, stable("2024-09-01").day("1.30.10"), preview("2024-04-02")),
	show("status", nil, since("2025-03-01")),
	show("currentOrchestratorVersion", nil, since("2022-04-01")),
	show("enableFIPS", false, since("")),
	show("enableNodePublicIP", false, since("").day("1.29.7")),
	show("scaleDownMode", "Delete", since("2021-08-01").day("1.30.10")),
	show("upgradeSettings", arm.Object{}, since("").days("1.26.6", "1.27.0"), since("").day("1.28.9")),
	show("upgradeSettings.maxSurge", "10%", since("").day("1.28.9")),
	show("securityProfile", arm.Object{"enableVTPM": false, "enableSecureBoot": false}, stable("2024-09-01"), preview("2023-11-02")),
	show("securityProfile.sshAccess", "LocalUser", stable("2025-10-01"), preview("2023-11-02")),
}

var poolShape = []shown{
	show("eTag", nil, stable("2024-09-01").day("1.30.10"), preview("2024-04-02")),
	show("status", nil, since("2025-03-01")),
	show("currentOrchestratorVersion", nil, since("2022-04-01")),
	show("enableFIPS", false, since("")),
	show("enableNodePublicIP", false, since("").day("1.29.7")),
	show("enableAutoScaling", false, since("").day("1.29.7")),
	show("scaleDownMode", "Delete", since("2021-08-01")),
	show("upgradeSettings", arm.Object{}, since("").days("1.26.6", "1.27.0")),
	show("securityProfile", arm.Object{"enableVTPM": false, "enableSecureBoot": false}, stable("2024-09-01"), preview("2023-11-02").days("", "1.28.0"), preview("2023-11-02").day("1.29.0")),
	show("securityProfile.sshAccess", "LocalUser", stable("2025-10-01"), preview("2023-11-02")),
}
