package azuresim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// The autoscaler owns the count of its pools.
func TestAutoscalerRules(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := cluster + "/agentPools/user1"
	put := func(body string) {
		m.t.Helper()
		m.do(200, "PUT", pool, aksVersion, `{"properties":`+body+`}`)
		m.clock.Advance(time.Minute)
		m.succeeded(pool)
	}
	put(`{"enableAutoScaling":true,"minCount":1,"maxCount":3,"count":2}`) // switching it on may set the count
	put(`{"enableAutoScaling":true,"minCount":1,"maxCount":5,"count":2}`) // repeating it is fine
	put(`{"enableAutoScaling":true,"minCount":0,"maxCount":5}`)           // a User pool may shrink to nothing
	m.refused(400, "InvalidParameter", "Cannot manually scale AgentPool 'user1' of an AKS cluster with cluster autoscaler enabled", "PUT", pool, aksVersion, `{"properties":{"count":4}}`)
	m.refused(400, "InvalidParameter", "Cannot manually scale", "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"agentPoolProfiles":[{"name":"user1","mode":"User","count":4}]}}`)
	m.refused(400, "InvalidParameter", "count 2 is not between minCount 3", "PUT", pool, aksVersion, `{"properties":{"minCount":3}}`)
	m.refused(400, "InvalidParameter", "minCount 4 is greater than maxCount 3", "PUT", pool, aksVersion, `{"properties":{"minCount":4,"maxCount":3}}`)
	m.refused(400, "InvalidParameter", "maxCount", "PUT", pool, aksVersion, `{"properties":{"maxCount":1001}}`)
	m.refused(400, "InvalidParameter", "minCount 0 is less than 1", "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"enableAutoScaling":true,"minCount":0,"maxCount":3}}`)
	put(`{"enableAutoScaling":false,"count":4}`) // switching it off may set the count again
	m.wantEqual(m.succeeded(pool), "properties.maxCount", nil)
	m.refused(400, "InvalidParameter", "enableAutoScaling", "PUT", pool, aksVersion, `{"properties":{"minCount":1,"maxCount":3}}`)
}

// What a new pool may be. The subnet cases need networks, which the table makes first.
func TestNewPoolRules(t *testing.T) {
	m := start(t, azuresim.Options{NoThrottle: true})
	m.cluster()
	m.s.AddWorld(world.World{Restrictions: []world.Restriction{
		{Size: "Standard_D8s_v3", Location: "westus2"}, {Size: "Standard_D4s_v3", Location: "westus2", Zones: []string{"2"}},
	}})
	vnet := group + "/providers/Microsoft.Network/virtualNetworks/v"
	m.do(201, "PUT", vnet, netVersion, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/8"]},"subnets":[
	 {"name":"small","properties":{"addressPrefix":"10.240.0.0/28"}},{"name":"services","properties":{"addressPrefix":"10.0.4.0/24"}},
	 {"name":"lent","properties":{"addressPrefix":"10.241.0.0/24","delegations":[{"name":"d","properties":{"serviceName":"Microsoft.Web/serverFarms"}}]}}]}}`)
	m.clock.Advance(time.Minute)
	pool := cluster + "/agentPools/p1"
	for _, c := range []struct{ name, code, text, body string }{
		{"restricted size", "SkuNotAvailable", "Standard_D8s_v3", `{"count":1,"vmSize":"Standard_D8s_v3"}`},
		{"restricted zone", "AvailabilityZoneNotSupported", "'2'", `{"count":1,"vmSize":"Standard_D4s_v3","availabilityZones":["1","2"]}`},
		{"no such zone", "AvailabilityZoneNotSupported", "The zone(s) '7' for resource 'p1' is not supported", `{"count":1,"vmSize":"Standard_D2s_v3","availabilityZones":["7"]}`},
		{"spot system pool", "InvalidParameter", "scaleSetPriority", `{"count":1,"mode":"System","vmSize":"Standard_D2s_v3","scaleSetPriority":"Spot"}`},
		{"price without spot", "InvalidParameter", "spotMaxPrice", `{"count":1,"vmSize":"Standard_D2s_v3","spotMaxPrice":0.5}`},
		{"eviction without spot", "InvalidParameter", "scaleSetEvictionPolicy", `{"count":1,"vmSize":"Standard_D2s_v3","scaleSetEvictionPolicy":"Delete"}`},
		{"bad taint", "InvalidParameter", "nodeTaints", `{"count":1,"vmSize":"Standard_D2s_v3","nodeTaints":["a=b"]}`},
		{"unknown mode", "InvalidParameter", "'Foo' is not one of System, User", `{"count":1,"vmSize":"Standard_D2s_v3","mode":"Foo"}`},
		{"mode in lower case", "InvalidParameter", "'user' is not one of", `{"count":1,"vmSize":"Standard_D2s_v3","mode":"user"}`},
		{"unknown OS SKU", "InvalidParameter", "agentPoolProfile.osSKU", `{"count":1,"vmSize":"Standard_D2s_v3","osSKU":"BeOS"}`},
		{"unknown disk", "InvalidParameter", "agentPoolProfile.osDiskType", `{"count":1,"vmSize":"Standard_D2s_v3","osDiskType":"Floppy"}`},
		{"unknown scale-down mode", "InvalidParameter", "agentPoolProfile.scaleDownMode", `{"count":1,"vmSize":"Standard_D2s_v3","scaleDownMode":"Hibernate"}`},
		{"reserved label", "BadRequest", "Invalid node label key kubernetes.azure.com/x. The 'kubernetes.azure.com' prefix is preserved", `{"count":1,"vmSize":"Standard_D2s_v3","nodeLabels":{"kubernetes.azure.com/x":"y"}}`},
		{"label of Kubernetes", "BadRequest", "must begin with an allowed prefix (kubelet.kubernetes.io, node.kubernetes.io)", `{"count":1,"vmSize":"Standard_D2s_v3","nodeLabels":{"node-role.kubernetes.io/x":""}}`},
		{"label without a name", "InvalidParameter", "'a/=b' is not a valid label", `{"count":1,"vmSize":"Standard_D2s_v3","nodeLabels":{"a/":"b"}}`},
		{"label with a bad value", "InvalidParameter", "'a=-b' is not a valid label", `{"count":1,"vmSize":"Standard_D2s_v3","nodeLabels":{"a":"-b"}}`},
		{"taint with a bad key", "InvalidParameter", "nodeTaints", `{"count":1,"vmSize":"Standard_D2s_v3","nodeTaints":["a//b=c:NoSchedule"]}`},
		{"bad surge", "InvalidParameter", "maxSurge", `{"count":1,"vmSize":"Standard_D2s_v3","upgradeSettings":{"maxSurge":"200%"}}`},
		{"too many pods", "InvalidParameter", "maxPods", `{"count":1,"vmSize":"Standard_D2s_v3","maxPods":251}`},
		{"too many machines", "InvalidParameter", "count", `{"count":1001,"vmSize":"Standard_D2s_v3"}`},
		{"long Windows name", "WindowsAgentPoolNameTooLong", "6 characters", ``},
		{"subnet of another type", "InvalidParameter", "not the id of a subnet", `{"count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"` + vnet + `"}`},
		{"full subnet", "InsufficientSubnetSize", "Pre-allocated IPs 31 exceeds IPs available 11 in Subnet Cidr 10.240.0.0/28, Subnet Name small", `{"count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"` + vnet + `/subnets/small"}`},
		{"subnet of services", "ServiceCidrOverlapExistingSubnetsCidr", "10.0.4.0/24", `{"count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"` + vnet + `/subnets/services"}`},
		{"delegated subnet", "SubnetIsDelegated", "delegated", `{"count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"` + vnet + `/subnets/lent"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m.t = t
			path, body := pool, `{"properties":`+c.body+`}`
			if c.body == "" {
				path, body = cluster+"/agentPools/windows1", `{"properties":{"count":1,"osType":"Windows","vmSize":"Standard_D2s_v3"}}`
			}
			m.refused(400, c.code, c.text, "PUT", path, aksVersion, body)
		})
	}
	m.t = t
	m.refused(404, "NotFound", "", "GET", pool, aksVersion, "") // nothing was stored

	m.do(201, "PUT", cluster+"/agentPools/spot", aksVersion, `{"properties":{"count":1,"vmSize":"Standard_D4s_v3","availabilityZones":["1"],"scaleSetPriority":"Spot"}}`)
	m.clock.Advance(time.Minute)
	a := m.succeeded(cluster + "/agentPools/spot")
	m.wantEqual(a, "properties.scaleSetEvictionPolicy", "Delete")
	m.wantEqual(a, "properties.spotMaxPrice", float64(-1))
	if taints, _ := json.Marshal(a.get("properties.nodeTaints")); string(taints) != `["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]` {
		t.Errorf("taints of a spot pool: %s", taints)
	}
}

const allFixed = `{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"dnsPrefix":"c1","kubernetesVersion":"1.34.1","diskEncryptionSetID":"/d/1",
 "linuxProfile":{"adminUsername":"azureuser","ssh":{"publicKeys":[{"keyData":"ssh-rsa AAAA"}]}},
 "oidcIssuerProfile":{"enabled":true},"aadProfile":{"managed":true},"windowsProfile":{"adminUsername":"winadmin"},
 "networkProfile":{"networkPlugin":"azure","networkPluginMode":"overlay","networkDataplane":"cilium"},"agentPoolProfiles":[
 {"name":"sys","mode":"System","count":2,"vmSize":"Standard_D2s_v3","availabilityZones":["1"],"maxPods":60,"osDiskSizeGB":128}]}}`

// Every property of the two lists of reference section 5.3.
func TestEveryImmutableProperty(t *testing.T) {
	m := start(t, azuresim.Options{NoThrottle: true})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, allFixed)
	m.clock.Advance(time.Minute)
	m.succeeded(cluster)
	for target, value := range map[string]string{
		"dnsPrefix": `"other"`, "fqdnSubdomain": `"x"`, "nodeResourceGroup": `"other"`, "enableRBAC": `false`, "diskEncryptionSetID": `"/d/2"`,
		"linuxProfile.adminUsername": `"root"`, "linuxProfile.ssh.publicKeys": `[{"keyData":"ssh-rsa BBBB"}]`, "windowsProfile.adminUsername": `"other"`,
		"servicePrincipalProfile.clientId": `"x"`, "apiServerAccessProfile.enablePrivateCluster": `true`, "apiServerAccessProfile.privateDNSZone": `"none"`,
		"networkProfile.serviceCidr": `"10.9.0.0/16"`, "networkProfile.serviceCidrs": `["10.9.0.0/16"]`, "networkProfile.dnsServiceIP": `"10.0.0.11"`,
		"networkProfile.loadBalancerSku": `"basic"`, "networkProfile.ipFamilies": `["IPv4","IPv6"]`, "networkProfile.podCidr": `"10.245.0.0/16"`, "networkProfile.podCidrs": `["10.245.0.0/16"]`,
		"networkProfile.networkPlugin": `"kubenet"`, "networkProfile.networkDataplane": `"azure"`, "oidcIssuerProfile.enabled": `false`, "aadProfile.managed": `false`,
	} {
		m.wantEqual(m.refused(400, "PropertyChangeNotAllowed", "Changing property '"+target+"' is not allowed.", "PUT", cluster, aksVersion, `{"location":"westus2","properties":`+nested(target, value)+`}`), "target", target)
	}
	for property, value := range map[string]string{
		"vmSize": `"Standard_D4s_v3"`, "osType": `"Windows"`, "maxPods": `61`, "osDiskSizeGB": `64`, "osDiskType": `"Ephemeral"`, "kubeletDiskType": `"Temporary"`, "type": `"AvailabilitySet"`,
		"vnetSubnetID": `"/x"`, "podSubnetID": `"/x"`, "availabilityZones": `["2"]`, "enableNodePublicIP": `true`, "nodePublicIPPrefixID": `"/x"`, "scaleSetPriority": `"Spot"`,
		"scaleSetEvictionPolicy": `"Deallocate"`, "enableUltraSSD": `true`, "enableEncryptionAtHost": `true`, "enableFIPS": `true`, "kubeletConfig": `{"cpuManagerPolicy":"static"}`,
		"linuxOSConfig": `{"swapFileSizeMB":1500}`, "gpuInstanceProfile": `"MIG1g"`, "proximityPlacementGroupID": `"/x"`, "hostGroupID": `"/x"`, "capacityReservationGroupID": `"/x"`,
		"creationData": `{"sourceResourceId":"/x"}`, "osSKU": `"Windows2022"`,
	} {
		m.wantEqual(m.refused(400, "PropertyChangeNotAllowed", "", "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"`+property+`":`+value+`}}`), "target", "agentPoolProfile."+property)
	}
	// Repeating everything is fine, and so is what may move one way.
	m.do(200, "PUT", cluster, aksVersion, allFixed)
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"networkProfile":{"podCidr":"10.244.0.0/14"}}}`)
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"osSKU":"AzureLinux","upgradeSettings":{"maxSurge":"33%"},"nodeLabels":{"a":"b"},"nodeTaints":["a=b:NoSchedule"],"tags":{"a":"b"},"scaleDownMode":"Deallocate"}}`)
	m.clock.Advance(time.Minute)
	if image, _ := m.succeeded(cluster + "/agentPools/sys").get("properties.nodeImageVersion").(string); !strings.HasPrefix(image, "AKSAzureLinux") {
		t.Errorf("another operating system needs another image, got %s", image)
	}
}

// nested writes a dotted path as JSON.
func nested(path, value string) string {
	parts := strings.Split(path, ".")
	return `{"` + strings.Join(parts, `":{"`) + `":` + value + strings.Repeat("}", len(parts))
}

// The table of "customize egress".
func TestOutboundType(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	put := func(to string) string {
		return `{"location":"westus2","properties":{"networkProfile":{"outboundType":"` + to + `"}}}`
	}
	for _, to := range []string{"managedNATGateway", "none"} {
		m.do(200, "PUT", cluster, aksVersion, put(to))
		m.clock.Advance(time.Minute)
		if to == "managedNATGateway" {
			a := m.succeeded(cluster)
			m.wantEqual(a, "properties.networkProfile.loadBalancerProfile", nil)
			m.wantEqual(a, "properties.networkProfile.natGatewayProfile.idleTimeoutInMinutes", float64(4))
			if ips, _ := a.get("properties.networkProfile.natGatewayProfile.effectiveOutboundIPs").([]any); len(ips) != 1 {
				t.Errorf("outbound addresses of the NAT gateway: %v", ips)
			}
			m.wantEqual(m.refused(400, "PropertyChangeNotAllowed", "", "PUT", cluster, aksVersion, put("loadBalancer")), "target", "networkProfile.outboundType")
		}
	}
	m.do(200, "PUT", cluster, aksVersion, put("loadBalancer"))
	m.clock.Advance(time.Minute)
	a := m.succeeded(cluster)
	m.wantEqual(a, "properties.networkProfile.loadBalancerProfile.managedOutboundIPs.count", float64(1))
}

// What the service fills in for two address families and around an identity the user brought.
func TestFilledIn(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	identity := group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	for _, name := range []string{"plane", "nodes"} {
		m.do(201, "PUT", identity+name, "2024-11-30", `{"location":"westus2"}`)
	}
	a := m.do(201, "PUT", cluster, aksVersion, `{"location":"westus2","identity":{"type":"UserAssigned","userAssignedIdentities":{"`+identity+`plane":{}}},"properties":{"dnsPrefix":"c",
	 "identityProfile":{"kubeletidentity":{"resourceId":"`+identity+`nodes"}},"networkProfile":{"ipFamilies":["IPv4","IPv6"]},"agentPoolProfiles":[{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}]}}`)
	for path, want := range map[string]string{"podCidrs": `["10.244.0.0/16","fd12:3456:789a::/64"]`, "serviceCidrs": `["10.0.0.0/16","fd12:3456:789a:1::/108"]`} {
		if got, _ := json.Marshal(a.get("properties.networkProfile." + path)); string(got) != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	m.wantEqual(a, "properties.networkProfile.networkPlugin", "azure") // recorded in March 2025, whatever the api-version
	m.wantEqual(a, "properties.networkProfile.networkPluginMode", "overlay")
	m.clock.Advance(time.Minute)
	a = m.succeeded(cluster)
	m.wantEqual(a, "properties.identityProfile.kubeletidentity.resourceId", identity+"nodes")
	client := a.get("properties.identityProfile.kubeletidentity.clientId")
	if plane, _ := a.get("identity.userAssignedIdentities").(map[string]any)[identity+"plane"].(map[string]any); client == nil || plane["clientId"] == nil || plane["clientId"] == client {
		t.Errorf("identities of the cluster and of its nodes: %s", a.Raw)
	}
	m.do(200, "PUT", cluster, aksVersion, string(a.Raw)) // sent back as read
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster), "properties.identityProfile.kubeletidentity.clientId", client)
}

// The way from kubenet leads to overlay, and the data plane changes in a step of its own.
func TestNetworkMigration(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"networkPlugin":"azure"`, `"networkPlugin":"kubenet"`, 1))
	m.clock.Advance(time.Minute)
	put := func(n string) string {
		return `{"location":"westus2","properties":{"networkProfile":` + n + `}}`
	}
	m.refused(400, "PropertyChangeNotAllowed", "networkPlugin", "PUT", cluster, aksVersion, put(`{"networkPlugin":"azure"}`))
	m.refused(400, "BadRequest", "one after the other", "PUT", cluster, aksVersion, put(`{"networkPlugin":"azure","networkPluginMode":"overlay","networkDataplane":"cilium"}`))
	for _, n := range []string{`{"networkPlugin":"azure","networkPluginMode":"overlay"}`, `{"networkDataplane":"cilium"}`, `{"networkPolicy":"cilium"}`} {
		m.do(200, "PUT", cluster, aksVersion, put(n))
		m.clock.Advance(time.Minute)
		m.succeeded(cluster)
	}
	m.refused(400, "PropertyChangeNotAllowed", "networkPluginMode", "PUT", cluster, aksVersion, put(`{"networkPluginMode":"none"}`))
}

// One object, many views: old api-versions have other names and fewer properties.
func TestViews(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	a := m.do(201, "PUT", cluster, aksVersion, twoPools)
	m.wantEqual(a, "eTag", nil) // recorded: not in the answer to a create
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster, "2021-05-01", `{"location":"westus2","sku":{"name":"Basic","tier":"Paid"},"properties":{}}`)
	m.clock.Advance(time.Minute)
	a = m.succeeded(cluster)
	m.wantEqual(a, "sku.tier", "Standard")
	m.wantEqual(a, "sku.name", "Base")
	m.wantEqual(a, "properties.nodeProvisioningProfile.mode", "Manual")
	if a.Body["eTag"] == nil {
		t.Error("no eTag")
	}
	a = m.do(200, "GET", cluster, "2021-05-01", "")
	m.wantEqual(a, "sku.tier", "Paid")
	m.wantEqual(a, "sku.name", "Basic")
	m.wantEqual(a, "properties.networkProfile.dockerBridgeCidr", "172.17.0.1/16")
	for _, path := range []string{"eTag", "properties.currentKubernetesVersion", "properties.oidcIssuerProfile", "properties.supportPlan", "properties.networkProfile.podCidrs"} {
		m.wantEqual(a, path, nil)
	}
	m.refused(400, "UnmarshalError", `unknown field "oidcIssuerProfile"`, "PUT", cluster, "2021-05-01", `{"location":"westus2","properties":{"oidcIssuerProfile":{"enabled":true}}}`)
	a = m.do(200, "GET", cluster, "2024-04-02-preview", "")
	m.wantEqual(a, "kind", "Base")
	m.wantEqual(a, "properties.networkProfile.podLinkLocalAccess", "IMDS")
}

// An operation that another one followed says so, with an "error" that is none; a preempted one has failed.
func TestFollowedAndPreempted(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	pool := cluster + "/agentPools/user1"
	first := m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2}}`).Header.Get("Azure-AsyncOperation")
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(200, "GET", first, "", ""), "error", nil)
	second := m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":3}}`).Header.Get("Azure-AsyncOperation")
	a := m.do(200, "GET", first, "", "")
	m.wantEqual(a, "status", "Succeeded")
	m.wantEqual(a, "error.code", "NotLatestOperation")
	m.do(202, "DELETE", cluster, aksVersion, "")
	a = m.do(200, "GET", second, "", "")
	m.wantEqual(a, "status", "Failed")
	m.wantEqual(a, "error.code", "OriginalEtagNotExpect")
}

// The number of clusters has a quota, too; it is looked at before anything is made.
func TestClusterQuota(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.s.AddWorld(world.World{Quotas: []world.Quota{{Family: "managedClusters", Location: "westus2", Limit: 1}}})
	m.refused(400, "ManagedClusterCountExceedsQuotaLimit", "Maximum allowed: 1, Current usage: 1, Additional requested: 1", "PUT", group+"/providers/Microsoft.ContainerService/managedClusters/c2", aksVersion, strings.ReplaceAll(twoPools, "c1", "c2"))
	m.do(200, "PUT", cluster, aksVersion, twoPools) // what exists may change
}

// Names of old api-versions are understood in new ones, in any case; the labels the service gave are no new ones; and
// there is no way back from a managed identity.
func TestAcceptedValues(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"properties"`, `"sku":{"name":"basic","tier":"paid"},"identity":{"type":"SystemAssigned"},"properties"`, 1))
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster), "sku.tier", "Standard")
	m.do(201, "PUT", cluster+"/agentPools/spot", aksVersion, `{"properties":{"count":1,"vmSize":"Standard_D4s_v3","scaleSetPriority":"spot","osType":"linux","nodeLabels":{"node.kubernetes.io/x":"","example.com/a_b":"1.x"}}}`)
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster+"/agentPools/spot", aksVersion, string(m.succeeded(cluster+"/agentPools/spot").Raw))
	m.clock.Advance(time.Minute)
	m.wantEqual(m.refused(400, "PropertyChangeNotAllowed", "", "PUT", cluster, aksVersion, `{"location":"westus2","identity":{"type":"None"},"properties":{}}`), "target", "identity.type")
}

// Rules about the cluster as a whole that need no history.
func TestClusterRules(t *testing.T) {
	m := start(t, azuresim.Options{NoThrottle: true})
	m.group()
	with := func(properties string) string {
		return `{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"dnsPrefix":"c",` + properties + `"agentPoolProfiles":[{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}]}}`
	}
	for _, c := range []struct{ name, code, text, body string }{
		{"unknown tier", "InvalidParameter", "The value of parameter sku.tier is invalid. Error details: 'Gold' is not one of", strings.Replace(with(""), `"identity"`, `"sku":{"name":"Base","tier":"Gold"},"identity"`, 1)},
		{"unknown identity", "InvalidParameter", "identity.type", strings.Replace(with(""), "SystemAssigned", "Passport", 1)},
		{"unknown channel", "InvalidParameter", "autoUpgradeProfile.upgradeChannel", with(`"autoUpgradeProfile":{"upgradeChannel":"daily"},`)},
		{"unknown OS channel", "InvalidParameter", "autoUpgradeProfile.nodeOSUpgradeChannel", with(`"autoUpgradeProfile":{"nodeOSUpgradeChannel":"daily"},`)},
		{"unknown way out", "InvalidParameter", "networkProfile.outboundType", with(`"networkProfile":{"outboundType":"carrierPigeon"},`)},
		{"unknown plugin", "InvalidParameter", "networkProfile.networkPlugin", with(`"networkProfile":{"networkPlugin":"flannel"},`)},
		{"unknown policy", "InvalidParameter", "networkProfile.networkPolicy", with(`"networkProfile":{"networkPolicy":"weave"},`)},
		{"unknown support plan", "InvalidParameter", "supportPlan", with(`"supportPlan":"BestEffort",`)},
		{"unknown mode of a pool", "InvalidParameter", "agentPoolProfile.mode", strings.Replace(with(""), `"System"`, `"Foo"`, 1)},
		{"own routes without a subnet", "BadRequest", "requires a subnet with a route table", with(`"networkProfile":{"outboundType":"userDefinedRouting"},`)},
		{"cost analysis on Free", "BadRequest", "tier", with(`"metricsProfile":{"costAnalysis":{"enabled":true}},`)},
		{"long term support on Free", "BadRequest", "Premium", with(`"supportPlan":"AKSLongTermSupport",`)},
		{"odd number of ports", "InvalidParameter", "multiple of 8", with(`"networkProfile":{"loadBalancerProfile":{"allocatedOutboundPorts":1001}},`)},
		{"too many outbound addresses", "InvalidParameter", "managedOutboundIPs.count", with(`"networkProfile":{"loadBalancerProfile":{"managedOutboundIPs":{"count":101}}},`)},
		{"idle too long", "InvalidParameter", "idleTimeoutInMinutes", with(`"networkProfile":{"loadBalancerProfile":{"idleTimeoutInMinutes":121}},`)},
		{"service range too large", "InvalidParameter", "larger than /12", with(`"networkProfile":{"serviceCidr":"10.0.0.0/11","dnsServiceIP":"10.0.0.10"},`)},
		{"forbidden range", "InvalidParameter", "172.30.0.0/16", with(`"networkProfile":{"serviceCidr":"172.30.4.0/24","dnsServiceIP":"172.30.4.10"},`)},
		{"overlapping ranges", "InvalidParameter", "overlaps the pod CIDR", with(`"networkProfile":{"podCidr":"10.0.0.0/16"},`)},
		{"first address for DNS", "InvalidParameter", "reserved for the Kubernetes service", with(`"networkProfile":{"dnsServiceIP":"10.0.0.1"},`)},
		{"overlay without azure", "InvalidParameter", "overlay needs networkPlugin azure", with(`"networkProfile":{"networkPlugin":"kubenet","networkPluginMode":"overlay"},`)},
		{"cilium policy alone", "InvalidParameter", "networkDataplane cilium", with(`"networkProfile":{"networkPlugin":"azure","networkPolicy":"cilium"},`)},
		{"node group exists", "InvalidParameter", "exists already", with(`"nodeResourceGroup":"Rg1",`)},
		{"node group name too long", "InvalidParameter", "nodeResourceGroup", with(`"nodeResourceGroup":"` + strings.Repeat("x", 81) + `",`)},
		{"ranges on a private cluster", "BadRequest", "private cluster", with(`"apiServerAccessProfile":{"enablePrivateCluster":true,"authorizedIPRanges":["1.2.3.4/32"]},`)},
		{"zone on a public cluster", "BadRequest", "private cluster", with(`"apiServerAccessProfile":{"privateDNSZone":"` + group + `/providers/Microsoft.Network/privateDnsZones/privatelink.westus2.azmk8s.io"},`)},
		{"own zone with a system identity", "BadRequest", "user-assigned identity", with(`"apiServerAccessProfile":{"enablePrivateCluster":true,"privateDNSZone":"` + group + `/providers/Microsoft.Network/privateDnsZones/privatelink.westus2.azmk8s.io"},`)},
		{"user identity without one", "InvalidParameter", "userAssignedIdentities", strings.Replace(with(""), "SystemAssigned", "UserAssigned", 1)},
		{"kubelet identity with a system identity", "CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster", "user assigned", with(`"identityProfile":{"kubeletidentity":{"resourceId":"/x"}},`)},
		{"cilium without azure", "InvalidParameter", "cilium needs networkPlugin azure", with(`"networkProfile":{"networkPlugin":"kubenet","networkDataplane":"cilium"},`)},
		{"ssh key", "InvalidParameter", "SSH public key", with(`"linuxProfile":{"adminUsername":"a","ssh":{"publicKeys":[{"keyData":"nonsense"}]}},`)},
		{"dns prefix too long", "InvalidParameter", "DNS prefix", strings.Replace(with(""), `"dnsPrefix":"c"`, `"dnsPrefix":"`+strings.Repeat("x", 55)+`"`, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m.t = t
			m.refused(400, c.code, c.text, "PUT", cluster, aksVersion, c.body)
		})
	}
	m.t = t
	m.refused(400, "InvalidParameter", "resourceName", "PUT", group+"/providers/Microsoft.ContainerService/managedClusters/c_", aksVersion, with(""))
	m.refused(404, "ResourceNotFound", "", "GET", cluster, aksVersion, "") // nothing was stored
}
