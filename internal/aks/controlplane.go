package aks

import (
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// clusterStep is the plan for the managed cluster. The first request carries every pool inline, because AKS
// creates no cluster without a System pool; afterwards pools change only through their own resources and the
// inline list is sent back as it was read.
func clusterStep(in Inputs, n Names, obs Observation, now time.Time) plan.Action {
	d := plan.Desired{ID: n.ClusterID, Kind: KindManagedCluster, Name: n.ClusterName, APIVersion: containerServiceAPIVersion(in.ControlPlane), SpecChanged: in.SpecChanged}
	d.Adopt = ownedByTag(obs.Cluster.Body, in.Cluster.Name)
	d.Body = clusterBody(in, n, obs)
	if obs.Cluster.Exists {
		d.Retry = retryDue(in, d, obs.Cluster, now)
		return plan.Compute(d, obs.Cluster, in.Owned.ManagedCluster, clusterRules, now)
	}
	if wait := poolsMissing(in); wait != "" {
		return plan.Action{Verb: plan.Wait, ID: d.ID, Kind: d.Kind, Name: d.Name, APIVersion: d.APIVersion, Reason: ReasonWaitingForPools, Message: wait}
	}
	fieldset.Put(d.Body, fieldset.Path{"properties", "agentPoolProfiles"}, inlinePools(in, n))
	// A managed identity instead of a service principal, in AKS's words.
	fieldset.Put(d.Body, fieldset.ParsePath("properties.servicePrincipalProfile.clientId"), "msi")
	return plan.Compute(d, obs.Cluster, nil, clusterRules, now)
}

// clusterBody is the desired managed cluster without its pools.
func clusterBody(in Inputs, n Names, obs Observation) fieldset.Object {
	spec := in.ControlPlane.Spec.DeepCopy()
	DefaultControlPlane(spec, in.ControlPlane.Name, in.Cluster.Name)
	body := armfield.Encode(spec)
	put := func(path string, value any) { fieldset.Put(body, fieldset.ParsePath(path), value) }
	put("location", n.Location)
	put("tags", ownershipTags(in.Cluster.Name, n.ClusterName, spec.AdditionalTags))
	if spec.Identity == nil || spec.Identity.Type == "" {
		put("identity.type", string(v1beta1.ManagedIdentitySystemAssigned))
	}
	put("properties.enableRBAC", true)
	put("properties.nodeResourceGroup", n.NodeGroup)
	put("properties.kubernetesVersion", controlPlaneVersion(spec.Version, obs.Cluster.Body))
	if spec.SKU != nil && spec.SKU.Tier != "" && spec.SKU.Name == "" {
		put("sku.name", string(v1beta1.SKUNameBase))
	}
	if in.SSHPublicKey != "" {
		put("properties.linuxProfile.adminUsername", "azureuser")
		put("properties.linuxProfile.ssh.publicKeys", []any{fieldset.Object{"keyData": in.SSHPublicKey}})
	} else {
		fieldset.Remove(body, fieldset.ParsePath("properties.linuxProfile"))
	}
	putRanges(body, "serviceCidr", in.Cluster.ServiceCIDRs)
	if len(in.Cluster.ServiceCIDRs) > 0 && spec.DNSServiceIP == "" {
		if ip := DNSServiceIP(in.Cluster.ServiceCIDRs[0]); ip != "" {
			put("properties.networkProfile.dnsServiceIP", ip)
		}
	}
	if podCIDRApplies(spec.NetworkPlugin, spec.NetworkPluginMode) {
		putRanges(body, "podCidr", in.Cluster.PodCIDRs)
	}
	return applyPatches(body, "managedClusters", spec.ASOManagedClusterPatches)
}

// putRanges: a single range has a property of its own; AKS takes the two of a dual-stack cluster, one of each family, as a
// list and fills the other property in.
func putRanges(body fieldset.Object, property string, ranges []string) {
	path := fieldset.Path{"properties", "networkProfile", property}
	switch len(ranges) {
	case 0:
	case 1:
		fieldset.Put(body, path, ranges[0])
	default:
		path[len(path)-1] += "s"
		fieldset.Put(body, path, stringList(ranges))
	}
}

// podCIDRApplies: with Azure CNI on the node subnet pods take addresses of the subnet, and AKS refuses a pod
// range; kubenet, overlay and bring-your-own CNI have one.
func podCIDRApplies(plugin, mode string) bool {
	return plugin != "azure" || mode == "overlay"
}

// controlPlaneVersion is the version to ask for: the declared one, unless the cluster already runs a newer one
// (AKS auto-upgrade or somebody else raised it): the declared version is a floor and is never sent as a downgrade.
func controlPlaneVersion(declared string, observed fieldset.Object) string {
	want := strings.TrimPrefix(declared, "v")
	current := stringAt(observed, "properties", "currentKubernetesVersion")
	if current != "" && CompareVersions(current, want) >= 0 {
		if asked := stringAt(observed, "properties", "kubernetesVersion"); asked != "" {
			return asked
		}
	}
	return want
}

// poolsMissing says what the first request still waits for, or nothing.
func poolsMissing(in Inputs) string {
	if len(in.PoolsPending) > 0 {
		return "waiting for the AzureManagedMachinePool of MachinePool " + strings.Join(in.PoolsPending, ", ")
	}
	for _, pool := range in.Pools {
		if !pool.Deleting && pool.Object.Spec.Mode == v1beta1.NodePoolModeSystem {
			return ""
		}
	}
	return "AKS creates no cluster without a System pool: create a MachinePool of this cluster that refers to an AzureManagedMachinePool with spec.mode System"
}

func inlinePools(in Inputs, n Names) []any {
	var pools []any
	for _, pool := range in.Pools {
		if pool.Deleting {
			continue
		}
		body := poolBody(in, n, pool, nil, nil)
		// At creation AKS wants one version everywhere; a pool catches up or stays behind only later.
		fieldset.Remove(body, fieldset.Path{"properties", "orchestratorVersion"})
		inline, _ := body["properties"].(fieldset.Object)
		inline["name"] = PoolName(pool.Object)
		inline["orchestratorVersion"] = strings.TrimPrefix(in.ControlPlane.Spec.Version, "v")
		pools = append(pools, inline)
	}
	return pools
}
