package aks

import (
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// Days (see shape.go) from which on the service chose other defaults (recorded).
const (
	overlayDay = "1.30.0" // Azure CNI overlay instead of kubenet, whatever the api-version
	aliasDay   = "1.28.0" // a version stays as it was sent: 1.28, where it had become 1.28.9 before
)

// defaultCluster fills in what the service does (recorded) and returns the patch version the cluster will run.
func (p *Provider) defaultCluster(d *draft) (string, error) {
	props := arm.Map(d.body, "properties")
	w := p.World.Get()
	arm.Default(props, "kubernetesVersion", w.DefaultMinor())
	patch, ok := w.Resolve(arm.Str(props, "kubernetesVersion"))
	if !ok {
		return "", notOffered(d.id.Name(), arm.Str(props, "kubernetesVersion"))
	}
	arm.Default(d.body, "sku", arm.Object{})
	arm.Default(d.body, "sku.name", "Base")
	arm.Default(d.body, "sku.tier", "Free")
	dropEmptyTags(d.body)
	if !p.onDay(aliasDay) && d.version < "2023-09" {
		props["kubernetesVersion"] = patch
	}
	group := "MC_" + d.id.ResourceGroup + "_" + d.id.Name() + "_" + d.location
	arm.Default(props, "nodeResourceGroup", group[:min(len(group), 80)])
	arm.Default(props, "enableRBAC", true)
	arm.Default(props, "servicePrincipalProfile.clientId", "msi")
	props["maxAgentPools"] = int64(100)
	defaultNetwork(props, p.onDay(overlayDay))
	if n := arm.Map(props, "networkProfile"); arm.Str(n, "networkPlugin") == "azure" && arm.Str(n, "networkPluginMode") != "overlay" {
		arm.Default(props, "windowsProfile.adminUsername", "azureuser")
		arm.Default(props, "windowsProfile.enableCSIProxy", true)
	}
	defaultPrivate(props)
	forgetSecrets(props)
	return patch, nil
}

// forgetSecrets: what is sent once is never shown, and the emulator has no use for it.
func forgetSecrets(props arm.Object) {
	for _, path := range []string{"windowsProfile.adminPassword", "servicePrincipalProfile.secret", "aadProfile.serverAppSecret"} {
		arm.Remove(props, path)
	}
}

// defaultPrivate: a private cluster gets a zone of its own and keeps its public name.
func defaultPrivate(props arm.Object) {
	if access := arm.Map(props, "apiServerAccessProfile"); arm.Bool(access, "enablePrivateCluster") {
		arm.Default(access, "privateDNSZone", "system")
		arm.Default(access, "enablePrivateClusterPublicFQDN", true)
	}
}

func defaultNetwork(props arm.Object, overlay bool) {
	if arm.Get(props, "networkProfile.networkPlugin") == nil {
		if overlay {
			arm.Put(props, "networkProfile.networkPlugin", "azure")
			arm.Default(props, "networkProfile.networkPluginMode", "overlay")
		} else {
			arm.Put(props, "networkProfile.networkPlugin", "kubenet")
		}
	}
	n := arm.Map(props, "networkProfile")
	if strings.EqualFold(arm.Str(n, "networkPlugin"), "azure") {
		arm.Default(n, "networkDataplane", "azure")
	}
	arm.Default(n, "loadBalancerSku", "standard")
	n["loadBalancerSku"] = strings.ToLower(arm.Str(n, "loadBalancerSku")) // asked for as Standard, answered as standard
	arm.Default(n, "outboundType", "loadBalancer")
	defaultOutbound(n)
	six := slices.ContainsFunc(arm.List(n, "ipFamilies"), func(v any) bool { return v == "IPv6" })
	both := func(four any, other string) []any {
		if six {
			return []any{four, other}
		}
		return []any{four}
	}
	if hasPodCIDR(n) {
		arm.Default(n, "podCidr", "10.244.0.0/16")
		arm.Default(n, "podCidrs", both(n["podCidr"], "fd12:3456:789a::/64"))
	}
	arm.Default(n, "serviceCidr", "10.0.0.0/16")
	arm.Default(n, "serviceCidrs", both(n["serviceCidr"], "fd12:3456:789a:1::/108"))
	arm.Default(n, "dnsServiceIP", defaultDNS(arm.Str(n, "serviceCidr")))
	arm.Default(n, "ipFamilies", []any{"IPv4"})
}

// defaultOutbound: a way out brings its profile with it, and there is only one way out.
func defaultOutbound(n arm.Object) {
	switch strings.ToLower(arm.Str(n, "outboundType")) {
	case "loadbalancer":
		delete(n, "natGatewayProfile")
		lb := arm.Map(n, "loadBalancerProfile")
		if arm.Str(n, "loadBalancerSku") == "standard" && lb["outboundIPs"] == nil && lb["outboundIPPrefixes"] == nil {
			arm.Default(n, "loadBalancerProfile.managedOutboundIPs.count", int64(1))
		}
	case "managednatgateway", "managednatgatewayv2":
		delete(n, "loadBalancerProfile")
		arm.Default(n, "natGatewayProfile.managedOutboundIPProfile.count", int64(1))
		arm.Default(n, "natGatewayProfile.idleTimeoutInMinutes", int64(4))
	}
}

func hasPodCIDR(n arm.Object) bool {
	return arm.Str(n, "networkPlugin") == "kubenet" || strings.EqualFold(arm.Str(n, "networkPluginMode"), "overlay")
}

// defaultPool fills in a new pool.
func (p *Provider) defaultPool(d *draft, props arm.Object, patch string) {
	n := arm.Map(d.body, "properties.networkProfile")
	windows := strings.EqualFold(arm.Str(props, "osType"), "Windows")
	arm.Default(props, "count", int64(1))
	arm.Default(props, "vmSize", "Standard_DS2_v2")
	size, _ := p.World.Get().Size(arm.Str(props, "vmSize"))
	arm.Default(props, "osType", "Linux")
	if windows {
		arm.Default(props, "osSKU", "Windows2022")
	}
	arm.Default(props, "osSKU", "Ubuntu")
	arm.Default(props, "type", "VirtualMachineScaleSets")
	arm.Default(props, "mode", "User")
	arm.Default(props, "kubeletDiskType", "OS")
	if arm.Get(props, "osDiskType") == nil {
		props["osDiskType"] = "Managed"
		if size.Ephemeral {
			props["osDiskType"] = "Ephemeral"
		}
	}
	if disk, _ := arm.Int(props, "osDiskSizeGB"); disk == 0 {
		props["osDiskSizeGB"] = diskSize(size.VCPUs)
	}
	arm.Default(props, "maxPods", defaultMaxPods(n, props))
	arm.Default(props, "powerState.code", "Running")
	arm.Default(props, "orchestratorVersion", arm.Get(d.body, "properties.kubernetesVersion"))
	if !p.onDay(aliasDay) {
		props["orchestratorVersion"] = patch
	}
	if isSpot(props) {
		defaultSpot(props)
	}
	props["currentOrchestratorVersion"] = patch
	props["nodeImageVersion"] = p.nodeImage(props)
}

const spotMark = "kubernetes.azure.com/scalesetpriority"

// defaultSpot: machines that may vanish are marked, so that only what tolerates that lands on them ("spot node pools").
func defaultSpot(props arm.Object) {
	arm.Default(props, "scaleSetEvictionPolicy", "Delete")
	arm.Default(props, "spotMaxPrice", int64(-1))
	labels := arm.Map(props, "nodeLabels")
	if labels == nil {
		labels = arm.Object{}
		props["nodeLabels"] = labels
	}
	labels[spotMark] = "spot"
	taint := any(spotMark + "=spot:NoSchedule")
	if taints := arm.List(props, "nodeTaints"); !slices.Contains(taints, taint) {
		props["nodeTaints"] = append(taints, taint)
	}
}

func diskSize(vcpus int64) int64 {
	switch {
	case vcpus < 8:
		return 128
	case vcpus < 16:
		return 256
	case vcpus < 64:
		return 512
	}
	return 1024
}

func defaultMaxPods(network, pool arm.Object) int64 {
	switch {
	case !strings.EqualFold(arm.Str(network, "networkPlugin"), "azure"):
		return 110
	case strings.EqualFold(arm.Str(network, "networkPluginMode"), "overlay"):
		return 250
	case pool["podSubnetID"] != nil:
		return 110
	}
	return 30
}

// nodeImage is the newest image for a pool's operating system, of the release the world is at.
func (p *Provider) nodeImage(pool arm.Object) string {
	family := "AKSUbuntu-2204gen2containerd-202610.19.0"
	if version := arm.Str(pool, "currentOrchestratorVersion"); version != "" && less(version, "1.25.0") {
		family = "AKSUbuntu-1804gen2containerd-202610.19.0"
	}
	switch strings.ToLower(arm.Str(pool, "osSKU")) {
	case "azurelinux", "cblmariner":
		family = "AKSAzureLinux-V3gen2-202610.19.0"
	case "windows2019":
		family = "AKSWindows-2019-containerd-17763.7434.261019"
	case "windows2022":
		family = "AKSWindows-2022-containerd-20348.3453.261019"
	}
	if release := p.World.Get().NodeImageRelease; release != "" {
		windows := strings.TrimPrefix(strings.TrimSuffix(strings.ReplaceAll(release, ".", ""), "0"), "20") // 202610.19.0 is 261019 there
		return strings.NewReplacer("202610.19.0", release, "261019", windows).Replace(family)
	}
	return family
}

func notOffered(cluster, version string) error {
	return badRequest("K8sVersionNotSupported", "", "Managed cluster %s is on version %s which is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list", cluster, version)
}
