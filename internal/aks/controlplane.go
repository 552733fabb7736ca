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
	d := plan.Desired{ID: n.ClusterID, Kind: KindManagedCluster, Name: n.ClusterName, APIVersion: ClusterAPIVersion(in.ControlPlane), SpecChanged: in.SpecChanged}
	// What is only observed may be anybody's.
	d.Adopt = ownedByTag(obs.Cluster.Body, in.Cluster.Name) || adopts(in.ControlPlane) || Policy(in.ControlPlane) == v1beta1.PolicyObserve
	body, problems := desiredCluster(in, n, obs)
	if len(problems) > 0 {
		return blocked(d, ReasonPassthrough, refusal(problems))
	}
	withoutExpired(in, body, obs.Cluster.Body, now)
	d.Body = body
	rules := rulesFor(clusterRules, "managedClusters", d.APIVersion, raw(in.ControlPlane.Spec.Passthrough))
	if obs.Cluster.Exists {
		d.Retry = retryDue(in, d, obs.Cluster, now)
		d.Yield = in.yields(d, now)
		computed := oneKindOfAddress(plan.Compute(d, obs.Cluster, in.Owned.ManagedCluster, rules, now), d.Body)
		action := in.versions.shown("", in.versions.named("", computed))
		return in.contested(powerStep(in, obs.Cluster, d.Yield, withVersion(action)))
	}
	if wait := poolsMissing(in); wait != "" {
		return plan.Action{Verb: plan.Wait, ID: d.ID, Kind: d.Kind, Name: d.Name, APIVersion: d.APIVersion, Reason: ReasonWaitingForPools, Message: wait}
	}
	pools, refused := inlinePools(in, n)
	if len(refused) > 0 {
		return blocked(d, ReasonPassthrough, strings.Join(refused, "; "))
	}
	fieldset.Put(d.Body, fieldset.Path{"properties", "agentPoolProfiles"}, pools)
	// A managed identity instead of a service principal, in AKS's words.
	fieldset.Put(d.Body, fieldset.ParsePath("properties.servicePrincipalProfile.clientId"), "msi")
	return withVersion(plan.Compute(d, obs.Cluster, nil, rules, now))
}

// withVersion says when a request is in another api-version than people expect: what they read about a property in the
// documentation of one version need not hold in another.
func withVersion(action plan.Action) plan.Action {
	if action.Verb.Writes() && action.Message == "" && action.APIVersion != ContainerServiceAPIVersion {
		action.Message = "with api-version " + action.APIVersion
	}
	return action
}

// AdminUsername is the administrator of Linux nodes. AKS fixes it with their SSH keys at creation.
const AdminUsername = "azureuser"

// clusterBody is the desired managed cluster without its pools.
func clusterBody(in Inputs, n Names, obs Observation) fieldset.Object {
	spec := in.ControlPlane.Spec.DeepCopy()
	DefaultControlPlane(spec, in.ControlPlane.Name, in.Cluster.Name)
	body := armfield.Encode(spec)
	put := func(path string, value any) { fieldset.Put(body, fieldset.ParsePath(path), value) }
	put("location", n.Location)
	tagged := !adopted(in, obs)
	if tagged {
		put("tags", ownershipTags(in.Cluster.Name, n.ClusterName, spec.AdditionalTags))
	}
	if spec.Identity == nil || spec.Identity.Type == "" {
		put("identity.type", string(v1beta1.ManagedIdentitySystemAssigned))
	}
	put("properties.enableRBAC", true)
	put("properties.nodeResourceGroup", n.NodeGroup)
	put("properties.kubernetesVersion", controlPlaneVersion(in, obs.Cluster.Body))
	if spec.SKU != nil && spec.SKU.Tier != "" && spec.SKU.Name == "" {
		put("sku.name", string(v1beta1.SKUNameBase))
	}
	if in.SSHPublicKey != "" {
		put("properties.linuxProfile.adminUsername", AdminUsername)
		put("properties.linuxProfile.ssh.publicKeys", []any{fieldset.Object{"keyData": in.SSHPublicKey}})
	} else {
		fieldset.Remove(body, fieldset.ParsePath("properties.linuxProfile"))
	}
	if spec.NetworkPolicy == "cilium" && spec.NetworkDataplane == "" {
		put("properties.networkProfile.networkDataplane", "cilium") // the only one that has this policy
	}
	if access := spec.APIServerAccessProfile; access != nil && (access.EnablePrivateCluster == nil || !*access.EnablePrivateCluster) {
		// Manifests say System or None for public clusters, too; AKS takes a zone for private ones only.
		fieldset.Remove(body, fieldset.ParsePath("properties.apiServerAccessProfile.privateDNSZone"))
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
	body = applyPatches(body, "managedClusters", spec.ASOManagedClusterPatches)
	if !tagged {
		return body
	}
	return withOwnership(body, in.Cluster.Name, n.ClusterName)
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

// controlPlaneVersion is the version to ask for: the declared one for a new cluster, and for one that exists its next step on
// the way there. The declared version is a floor: a cluster that runs a newer one (AKS auto-upgrade or somebody else raised it)
// keeps it.
func controlPlaneVersion(in Inputs, observed fieldset.Object) string {
	current, asked := stringAt(observed, "properties", "currentKubernetesVersion"), stringAt(observed, "properties", "kubernetesVersion")
	if current == "" && asked == "" {
		return strings.TrimPrefix(in.ControlPlane.Spec.Version, "v")
	}
	return in.versions.versionFor(runs{current: current, asked: asked})
}

// poolsMissing says what the first request still waits for, or nothing.
func poolsMissing(in Inputs) string {
	if len(in.PoolsPending) > 0 {
		return "waiting for the AzureManagedMachinePool of MachinePool " + strings.Join(in.PoolsPending, ", ")
	}
	system := false
	for _, pool := range in.Pools {
		// Of a cluster that is only observed, so is every pool: it is said then what would be sent.
		if pool.Deleting || in.observedOnly(pool) && Policy(in.ControlPlane) != v1beta1.PolicyObserve {
			continue
		}
		if problem := emptySystemPool(pool); problem != "" {
			return problem
		}
		system = system || pool.Object.Spec.Mode == v1beta1.NodePoolModeSystem
	}
	if system {
		return ""
	}
	return "AKS creates no cluster without a System pool: create a MachinePool of this cluster that refers to an AzureManagedMachinePool with spec.mode System"
}

// inlinePools are the pools of the request that creates the cluster, and what is wrong with any of them.
func inlinePools(in Inputs, n Names) (pools []any, problems []string) {
	inline, whole := inlined(in)
	for _, pool := range inline {
		body, refused := poolBody(in, n, pool, nil, nil), []PassthroughProblem(nil)
		if whole(pool) {
			body, refused = desiredPool(in, n, pool, nil, nil)
		}
		for _, problem := range refused {
			problems = append(problems, "agentPool "+PoolName(pool.Object)+": "+problem.String())
		}
		// At creation AKS wants one version everywhere; a pool catches up or stays behind only later.
		fieldset.Remove(body, fieldset.Path{"properties", "orchestratorVersion"})
		fieldset.Remove(body, powerPath) // nothing is created stopped
		inline, _ := body["properties"].(fieldset.Object)
		inline["name"] = PoolName(pool.Object)
		inline["orchestratorVersion"] = strings.TrimPrefix(in.ControlPlane.Spec.Version, "v")
		pools = append(pools, inline)
	}
	return pools, problems
}

// inlined are the pools that are created with the cluster, and which of them whole. A pool with an api-version of its own
// follows in a request of its own, since the request has only one; the first System pool cannot wait for that, and gets its
// raw properties afterwards.
func inlined(in Inputs) (pools []Pool, whole func(Pool) bool) {
	same := func(pool Pool) bool {
		return PoolAPIVersion(in.ControlPlane, pool.Object) == ClusterAPIVersion(in.ControlPlane) || raw(pool.Object.Spec.Passthrough) == nil
	}
	var later []Pool
	system := false
	for _, pool := range in.Pools {
		switch {
		case pool.Deleting || in.observedOnly(pool) || in.twin(pool) != "":
		case same(pool):
			pools, system = append(pools, pool), system || pool.Object.Spec.Mode == v1beta1.NodePoolModeSystem
		default:
			later = append(later, pool)
		}
	}
	if !system {
		pools = append(pools, later...)
	}
	return pools, same
}
