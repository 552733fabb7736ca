package aks

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
)

// overlayDefault is the first api-version whose default network is Azure CNI overlay instead of kubenet. The version
// is an assumption; recordings of 2024-09-01 still show kubenet.
const overlayDefault = "2025-07-01"

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
	group := "MC_" + d.id.ResourceGroup + "_" + d.id.Name() + "_" + d.location
	arm.Default(props, "nodeResourceGroup", group[:min(len(group), 80)])
	arm.Default(props, "enableRBAC", true)
	arm.Default(props, "supportPlan", "KubernetesOfficial")
	arm.Default(props, "servicePrincipalProfile.clientId", "msi")
	arm.Default(props, "autoUpgradeProfile.nodeOSUpgradeChannel", "NodeImage")
	arm.Default(props, "securityProfile", arm.Object{})
	arm.Default(props, "workloadAutoScalerProfile", arm.Object{})
	for _, driver := range []string{"diskCSIDriver", "fileCSIDriver", "snapshotController"} {
		arm.Default(props, "storageProfile."+driver+".enabled", true)
	}
	arm.Default(props, "oidcIssuerProfile.enabled", false)
	arm.Default(props, "metricsProfile.costAnalysis.enabled", false)
	arm.Default(props, "bootstrapProfile.artifactSource", "Direct")
	props["maxAgentPools"] = int64(100)
	defaultNetwork(props, d.version)
	if arm.Str(props, "networkProfile.networkPlugin") == "azure" {
		arm.Default(props, "windowsProfile.adminUsername", "azureuser")
		arm.Default(props, "windowsProfile.enableCSIProxy", true)
	}
	arm.Remove(props, "windowsProfile.adminPassword")
	arm.Remove(props, "servicePrincipalProfile.secret")
	arm.Remove(props, "aadProfile.serverAppSecret")
	return patch, nil
}

func defaultNetwork(props arm.Object, version string) {
	if arm.Get(props, "networkProfile.networkPlugin") == nil {
		if strings.Compare(version, overlayDefault) >= 0 {
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
	arm.Default(n, "networkPolicy", "none")
	arm.Default(n, "loadBalancerSku", "standard")
	n["loadBalancerSku"] = strings.ToLower(arm.Str(n, "loadBalancerSku")) // asked for as Standard, answered as standard
	arm.Default(n, "outboundType", "loadBalancer")
	if arm.Str(n, "outboundType") == "loadBalancer" && arm.Str(n, "loadBalancerSku") == "standard" {
		lb := arm.Map(n, "loadBalancerProfile")
		if lb["outboundIPs"] == nil && lb["outboundIPPrefixes"] == nil {
			arm.Default(n, "loadBalancerProfile.managedOutboundIPs.count", int64(1))
		}
		arm.Default(n, "loadBalancerProfile.backendPoolType", "nodeIPConfiguration")
	}
	if hasPodCIDR(n) {
		arm.Default(n, "podCidr", "10.244.0.0/16")
		arm.Default(n, "podCidrs", []any{n["podCidr"]})
	}
	arm.Default(n, "serviceCidr", "10.0.0.0/16")
	arm.Default(n, "serviceCidrs", []any{n["serviceCidr"]})
	arm.Default(n, "dnsServiceIP", defaultDNS(arm.Str(n, "serviceCidr")))
	arm.Default(n, "ipFamilies", []any{"IPv4"})
}

func hasPodCIDR(n arm.Object) bool {
	return arm.Str(n, "networkPlugin") == "kubenet" || strings.EqualFold(arm.Str(n, "networkPluginMode"), "overlay")
}

// fillIdentity adds what Entra ID knows about the cluster's identity.
func fillIdentity(body arm.Object, tenant string) {
	id := arm.Map(body, "identity")
	if id == nil {
		return
	}
	if arm.Str(id, "type") == "SystemAssigned" {
		id["principalId"], id["tenantId"] = uuid.NewString(), tenant
	}
	fillUserIdentities(body)
}

func fillUserIdentities(body arm.Object) {
	ids := arm.Map(body, "identity.userAssignedIdentities")
	for id := range ids {
		ids[id] = arm.Object{"clientId": guidOf("client", id), "principalId": guidOf("principal", id)}
	}
}

// guidOf is a stable identifier for something Azure would look up.
func guidOf(kind, id string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(kind+":"+strings.ToLower(id))).String()
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
	arm.Default(props, "enableFIPS", false)
	arm.Default(props, "enableNodePublicIP", false)
	arm.Default(props, "securityProfile.enableVTPM", false)
	arm.Default(props, "securityProfile.enableSecureBoot", false)
	props["currentOrchestratorVersion"] = patch
	props["nodeImageVersion"] = nodeImage(props)
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

func nodeImage(pool arm.Object) string {
	family := "AKSUbuntu-2204gen2containerd-202610.19.0"
	switch strings.ToLower(arm.Str(pool, "osSKU")) {
	case "azurelinux", "cblmariner":
		family = "AKSAzureLinux-V3gen2-202610.19.0"
	case "windows2019":
		family = "AKSWindows-2019-containerd-17763.7434.261019"
	case "windows2022":
		family = "AKSWindows-2022-containerd-20348.3453.261019"
	}
	return family
}

func notOffered(cluster, version string) error {
	return badRequest("K8sVersionNotSupported", "", "Managed cluster %s is on version %s which is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list", cluster, version)
}

// digits derives n decimal digits from an id, so that a cluster's scale sets share them.
func digits(id string, n int) string {
	sum := sha256.Sum256([]byte(strings.ToLower(id) + uuid.NewString()))
	var b strings.Builder
	for i := range n {
		d := int(sum[i]) % 10
		if i == 0 && d == 0 {
			d = 1
		}
		fmt.Fprint(&b, d)
	}
	return b.String()
}

func letters(n int) string {
	const set = "abcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, n)
	for i := range out {
		out[i] = set[rand.IntN(len(set))]
	}
	return string(out)
}

func hexDigits(n int) string {
	const set = "0123456789abcdef"
	out := make([]byte, n)
	for i := range out {
		out[i] = set[rand.IntN(len(set))]
	}
	return string(out)
}
