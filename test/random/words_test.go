package random_test

// left are fields, or blocks of them, that are not edited, and why.
var left = map[string]string{
	"location": "one region", "subscriptionID": "one subscription", "resourceGroupName": "one group", "azureEnvironment": "one cloud", "identityRef": "one identity",
	"version": "changed by an edit of its own", "name": "names are given", "nodeResourceGroupName": "one group", "controlPlaneEndpoint": "written by the controller", "providerIDList": "written by the controller",
	"machineTemplate": "no effect", "virtualNetwork": "networks have tests of their own", "subnetName": "networks have tests of their own", "dnsServiceIP": "the default is as good", "sshPublicKey": "made by the controller",
	"extensions": "given as a block", "fleetsMember": "given as a block", "maintenanceConfigurations": "given as a block", "virtualNetwork.subnet.privateEndpoints": "resources of their own",
	"powerState": "changed by an edit of its own, since a stopped cluster takes no others", "passthrough": "given as a block",
	"asoManagedClusterPatches": "given as a block", "asoManagedClustersAgentPoolPatches": "given as a block",
	"identity": "identities have tests of their own", "kubeletUserAssignedIdentity": "identities have tests of their own",
	"apiServerAccessProfile.enablePrivateCluster": "admission only warns of authorizedIPRanges on a private cluster, and Azure refuses them",
	"enablePreviewFeatures":                       "api-versions have tests of their own",
	"upgrade":                                     "the order of versions has tests of its own", "nodeImageUpgradeAfter": "node images have tests of their own",
	"vnetSubnetID": "networks have tests of their own", "podSubnetID": "networks have tests of their own", "apiServerAccessProfile.subnetID": "networks have tests of their own", "hostedSystemProfile": "networks have tests of their own",
}

// created are fields that may be given later by the rules of the CRD, which Azure refuses, or the emulator does; why, and
// who is right.
var created = map[string]string{
	"enableFIPS":   "AKS takes it later in newer api-versions, the emulator in none",
	"ipFamilies":   "AKS lets some clusters become dual-stack, the emulator none",
	"creationData": "AKS takes another snapshot together with an upgrade, the emulator at creation only",
}

func ids(provider string, names ...string) []any {
	var out []any
	for _, name := range names {
		out = append(out, "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shared/providers/"+provider+"/"+name)
	}
	return out
}

func texts(list ...string) []any {
	var out []any
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

var (
	guids    = texts("11111111-2222-3333-4444-555555555555", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "99999999-8888-7777-6666-555555555555")
	minutes  = texts("1m", "10m", "45m")
	seconds  = texts("10s", "60s", "300s")
	percents = texts("1", "10%", "33%", "100%")
	names    = texts("a", "b", "c-d")
)

// words are what is written into texts, by field; "[]" is an item of a list, "{}" a key and "{}=" a value of a map.
var words = map[string][]any{
	"{}": texts("team", "example.com/owner", "env", "owner"), "{}=": texts("a", "b", ""),
	"loadBalancerProfile.outboundIPPrefixes[]": ids("Microsoft.Network/publicIPPrefixes", "p1", "p2"), "loadBalancerProfile.outboundIPs[]": ids("Microsoft.Network/publicIPAddresses", "ip1", "ip2"),
	"aadProfile.adminGroupObjectIDs[]": guids, "aadProfile.tenantID": guids, "aadProfile.clientAppID": guids, "aadProfile.serverAppID": guids,
	"identity.userAssignedIdentityResourceID": ids("Microsoft.ManagedIdentity/userAssignedIdentities", "i1", "i2"), "kubeletUserAssignedIdentity": ids("Microsoft.ManagedIdentity/userAssignedIdentities", "k1"),
	"apiServerAccessProfile.authorizedIPRanges[]": texts("1.2.3.4", "5.6.7.0/24", "8.8.8.8/32"), "apiServerAccessProfile.subnetID": ids("Microsoft.Network/virtualNetworks/v/subnets", "api"),
	"apiServerAccessProfile.privateDNSZone": texts("System", "None"),
	"autoscalerProfile.maxEmptyBulkDelete":  texts("1", "10"), "autoscalerProfile.maxGracefulTerminationSec": texts("30", "600"), "autoscalerProfile.maxNodeProvisionTime": minutes,
	"autoscalerProfile.maxTotalUnreadyPercentage": texts("0", "45", "100"), "autoscalerProfile.newPodScaleUpDelay": texts("0s", "1m", "1m30s"), "autoscalerProfile.okTotalUnreadyCount": texts("0", "3"),
	"autoscalerProfile.scanInterval": seconds, "autoscalerProfile.scaleDownDelayAfterAdd": minutes, "autoscalerProfile.scaleDownDelayAfterDelete": seconds, "autoscalerProfile.scaleDownDelayAfterFailure": minutes,
	"autoscalerProfile.scaleDownUnneededTime": minutes, "autoscalerProfile.scaleDownUnreadyTime": minutes, "autoscalerProfile.scaleDownUtilizationThreshold": texts("0.5", "1", "0"),
	"upgradeSettings.overrideSettings.until":              texts("2026-12-31T12:00:00Z", "2027-01-15T00:00:00Z"),
	"securityProfile.azureKeyVaultKms.keyID":              texts("https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef", "https://v.vault.azure.net/keys/k/fedcba9876543210fedcba9876543210"),
	"securityProfile.azureKeyVaultKms.keyVaultResourceID": ids("Microsoft.KeyVault/vaults", "v"), "securityProfile.defender.logAnalyticsWorkspaceResourceID": ids("Microsoft.OperationalInsights/workspaces", "w1", "w2"),
	"securityProfile.defender.securityGating.identities[].identity.resourceID": ids("Microsoft.ManagedIdentity/userAssignedIdentities", "g1"),
	"securityProfile.customCATrustCertificates[]":                              texts("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="),
	"addonProfiles[].name":                                                texts("azurepolicy", "azureKeyvaultSecretsProvider", "omsagent", "aciConnectorLinux"),
	"ingressProfile.webAppRouting.dnsZoneResourceIDs[]":                   ids("Microsoft.Network/dnszones", "a.example", "b.example"),
	"serviceMeshProfile.istio.revisions[]":                                texts("asm-1-26", "asm-1-27"),
	"serviceMeshProfile.istio.certificateAuthority.plugin.keyVaultID":     ids("Microsoft.KeyVault/vaults", "v"),
	"serviceMeshProfile.istio.certificateAuthority.plugin.certObjectName": names, "serviceMeshProfile.istio.certificateAuthority.plugin.keyObjectName": names,
	"serviceMeshProfile.istio.certificateAuthority.plugin.rootCertObjectName": names, "serviceMeshProfile.istio.certificateAuthority.plugin.certChainObjectName": names,
	"azureMonitorProfile.metrics.kubeStateMetrics.metricLabelsAllowlist": texts("pods=[app]", "nodes=[*]"), "azureMonitorProfile.metrics.kubeStateMetrics.metricAnnotationsAllowList": texts("pods=[a]", "namespaces=[*]"),
	"windowsProfile.gmsaProfile.dnsServer": texts("10.0.0.4"), "windowsProfile.gmsaProfile.rootDomainName": texts("corp.example.com"), "windowsProfile.adminUsername": texts("winadmin"),
	"bootstrapProfile.containerRegistryID": ids("Microsoft.ContainerRegistry/registries", "r1", "r2"), "diskEncryptionSetID": ids("Microsoft.Compute/diskEncryptionSets", "d"),
	"dnsPrefix": texts("prefix"), "fqdnSubdomain": texts("sub"), "extendedLocation.name": texts("losangeles"),
	"hostedSystemProfile.nodeSubnetID": ids("Microsoft.Network/virtualNetworks/v/subnets", "n"), "hostedSystemProfile.systemNodeSubnetID": ids("Microsoft.Network/virtualNetworks/v/subnets", "s"),
	"httpProxyConfig.httpProxy": texts("http://proxy.example.com:3128/"), "httpProxyConfig.httpsProxy": texts("http://proxy.example.com:3129/"), "httpProxyConfig.noProxy[]": texts("10.0.0.0/8", "example.com"),
	"httpProxyConfig.trustedCa":                                   texts("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="),
	"podIdentityProfile.userAssignedIdentities[].bindingSelector": names, "podIdentityProfile.userAssignedIdentities[].identity.clientID": guids, "podIdentityProfile.userAssignedIdentities[].identity.objectID": guids,
	"podIdentityProfile.userAssignedIdentities[].identity.resourceID": ids("Microsoft.ManagedIdentity/userAssignedIdentities", "q1", "q2"), "podIdentityProfile.userAssignedIdentities[].name": names,
	"podIdentityProfile.userAssignedIdentities[].namespace": names, "podIdentityProfile.userAssignedIdentityExceptions[].name": names, "podIdentityProfile.userAssignedIdentityExceptions[].namespace": names,
	"securityProfile.defender.securityGating.identities[].identity.clientID": guids, "securityProfile.defender.securityGating.identities[].identity.objectID": guids,
	"securityProfile.defender.securityGating.identities[].azureContainerRegistry":   texts("one.azurecr.io", "two.azurecr.io"),
	"serviceMeshProfile.istio.components.egressGateways[].gatewayConfigurationName": names, "serviceMeshProfile.istio.components.egressGateways[].name": names, "serviceMeshProfile.istio.components.egressGateways[].namespace": names,
	"outboundType": texts("loadBalancer", "managedNATGateway", "none"), // the others need a route table or a NAT gateway at the subnet
	// Pools. Limits that keep the count where it is: the emulator lets nobody move the lower one above it.
	"scaling": {map[string]any{"minSize": int64(1), "maxSize": int64(5)}, map[string]any{"minSize": int64(1), "maxSize": int64(9)}},
	"osSKU":   texts("Ubuntu", "Ubuntu2204", "Ubuntu2404", "AzureLinux", "AzureLinux3"), // the others cannot replace the one Azure chose
	"loadBalancerProfile.allocatedOutboundPorts": {int64(0), int64(1000), int64(1024), int64(63999), int64(64000)},
	"scaling.minSize": {int64(1)}, "scaling.maxSize": {int64(5), int64(9)},
	"sku": texts("Standard_D4ds_v5", "Standard_D2s_v3"), "nodePublicIPPrefixID": ids("Microsoft.Network/publicIPPrefixes", "p1"), "spotMaxPrice": texts("-1", "0.5", "1200m"),
	"kubeletConfig.cpuCfsQuotaPeriod": texts("100ms", "50ms"), "kubeletConfig.allowedUnsafeSysctls[]": texts("kernel.msg*", "net.core.somaxconn"),
	"linuxOSConfig.sysctls.netIpv4IPLocalPortRange": texts("32768 60999", "1024 65000"),
	// Less is accepted with a warning, because manifests in use have it; AKS refuses it.
	"linuxOSConfig.sysctls.netIpv4TCPkeepaliveIntvl": {int64(10), int64(75), int64(90)},
	"taints[].key": texts("dedicated", "example.com/gpu"), "taints[].value": texts("a", "true"), "vnetSubnetID": ids("Microsoft.Network/virtualNetworks/v/subnets", "n"), "podSubnetID": ids("Microsoft.Network/virtualNetworks/v/subnets", "p"),
	"networkProfile.applicationSecurityGroups[]": ids("Microsoft.Network/applicationSecurityGroups", "g1", "g2"), "networkProfile.nodePublicIPTags[].ipTagType": texts("RoutingPreference"), "networkProfile.nodePublicIPTags[].tag": texts("Internet"),
	"upgradeSettings.maxSurge": percents, "upgradeSettings.maxUnavailable": texts("0", "1", "10%"),
	"proximityPlacementGroupID": ids("Microsoft.Compute/proximityPlacementGroups", "g"), "capacityReservationGroupID": ids("Microsoft.Compute/capacityReservationGroups", "g"), "hostGroupID": ids("Microsoft.Compute/hostGroups", "g"),
	"creationData.sourceResourceID": ids("Microsoft.ContainerService/snapshots", "s1", "s2"), "messageOfTheDay": texts("aGVsbG8K"), "availabilityZones[]": texts("1", "2", "3"),
	"localDNSProfile.vnetDNSOverrides[].zone": texts(".", "cluster.local", "example.com"), "localDNSProfile.kubeDNSOverrides[].zone": texts(".", "cluster.local", "example.com"),
}
