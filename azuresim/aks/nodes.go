package aks

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/compute"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/workload"
)

// WorkloadKey starts the keys of the stored workload APIs.
const WorkloadKey = "w"

// workloadID names a cluster towards the workload API.
func workloadID(c *fabric.Resource) string { return strings.ToLower(c.ID) }

func (p *Provider) nodeGroupID(c *fabric.Resource) arm.ID {
	return arm.ID{Subscription: c.ARMID().Subscription, ResourceGroup: arm.Str(c.Body, "properties.nodeResourceGroup")}
}

func (p *Provider) nodeGroup(c *fabric.Resource) *fabric.Resource {
	return p.Fabric.Get(p.nodeGroupID(c).String())
}

// createNodeGroup makes the resource group in which the service keeps what the cluster consists of.
func (p *Provider) createNodeGroup(c *fabric.Resource) {
	if p.nodeGroup(c) != nil {
		return
	}
	tags := arm.Object{"aks-managed-cluster-name": c.Name, "aks-managed-cluster-rg": c.ARMID().ResourceGroup}
	for k, v := range arm.Map(c.Body, "tags") {
		tags[k] = v
	}
	g := p.Fabric.Create(p.nodeGroupID(c), c.Location, arm.Object{"tags": tags})
	g.State, g.ManagedBy = "Succeeded", c.ID
	p.furnish(c)
}

func (p *Provider) scaleSetID(c, pool *fabric.Resource) arm.ID {
	name := "aks-" + pool.Name + "-" + private(c).ScaleSetSuffix + "-vmss"
	if isWindows(arm.Map(pool.Body, "properties")) {
		name = "aks" + pool.Name
	}
	id := p.nodeGroupID(c)
	id.Provider, id.Types, id.Names = "Microsoft.Compute", []string{"virtualMachineScaleSets"}, []string{name}
	return id
}

// machines is how many machines a pool has now.
func (p *Provider) machines(c, pool *fabric.Resource) int {
	if set := p.Fabric.Get(p.scaleSetID(c, pool).String()); set != nil {
		return len(compute.Machines(set).Instances)
	}
	return 0
}

// scale brings the pool's scale set to the pool's count. New machines get the pool's version and image; the others stay
// what they are.
func (p *Provider) scale(c, pool *fabric.Resource) {
	props := arm.Map(pool.Body, "properties")
	id := p.scaleSetID(c, pool)
	p.createNodeGroup(c)
	tags := arm.Object{"aks-managed-poolName": pool.Name, "aks-managed-creationSource": "vmssclient-aks", "aks-managed-orchestrator": "Kubernetes:" + arm.Str(props, "currentOrchestratorVersion"), "aks-managed-resourceNameSuffix": private(c).ScaleSetSuffix}
	for _, from := range []arm.Object{arm.Map(c.Body, "tags"), arm.Map(props, "tags")} {
		for k, v := range from {
			tags[k] = v
		}
	}
	set := p.Fabric.Get(id.String())
	if set == nil {
		set = compute.New(p.Fabric, id, c.Location, arm.Str(props, "vmSize"), arm.Str(props, "osType"), arm.Str(props, "vnetSubnetID"), tags, props["availabilityZones"])
	}
	set.Body["tags"] = tags
	count, _ := arm.Int(props, "count")
	if arm.Str(props, "powerState.code") == "Stopped" {
		count = 0
	}
	version, image := arm.Str(props, "currentOrchestratorVersion"), arm.Str(props, "nodeImageVersion")
	k := private(c)
	compute.Scale(p.Fabric, set, int(count), image, version, func() string {
		k.NextIP++
		return fmt.Sprintf("10.224.%d.%d", k.NextIP/250, k.NextIP%250+4)
	})
	p.Fabric.Save(c)
}

// reimage replaces the machines of a pool that are not what they shall be.
func (p *Provider) reimage(c, pool *fabric.Resource, g goal) {
	if set := p.Fabric.Get(p.scaleSetID(c, pool).String()); set != nil {
		for i := range compute.Machines(set).Instances {
			reimage(&compute.Machines(set).Instances[i], g)
		}
		p.Fabric.Save(set)
	}
}

// outboundIPs keeps as many managed public IPs as asked for; existing ones stay.
func (p *Provider) outboundIPs(c *fabric.Resource) {
	want, ok := arm.Int(c.Body, "properties.networkProfile.loadBalancerProfile.managedOutboundIPs.count")
	if !ok {
		want, ok = arm.Int(c.Body, "properties.networkProfile.natGatewayProfile.managedOutboundIPProfile.count")
	}
	k := private(c)
	if !ok {
		return
	}
	for int64(len(k.OutboundIPs)) < want {
		k.OutboundIPs = append(k.OutboundIPs, uuid.NewString())
	}
	k.OutboundIPs = k.OutboundIPs[:want]
}

// entraTenant is the tenant whose tokens the cluster's API accepts, "" without managed Entra integration.
func (p *Provider) entraTenant(c *fabric.Resource) string {
	profile := arm.Map(c.Body, "properties.aadProfile")
	if !arm.Bool(profile, "managed") {
		return ""
	}
	if tenant := arm.Str(profile, "tenantID"); tenant != "" {
		return tenant
	}
	return p.World.Get().Subscription(c.ARMID().Subscription).TenantID
}

// startAPI makes the cluster's API server reachable, at the version the cluster runs, for those who ask for it.
func (p *Provider) startAPI(c *fabric.Resource) error {
	props := arm.Map(c.Body, "properties")
	err := p.Workload.Declare(workloadID(c), workload.Cluster{Name: c.Name, Version: arm.Str(props, "currentKubernetesVersion"), FQDN: arm.Str(props, "fqdn"), Location: c.Location, Tenant: p.entraTenant(c)})
	if err != nil {
		return err
	}
	if !private(c).API {
		private(c).API = true
		p.Fabric.Save(c)
		p.keepWorkload(c)
	}
	return nil
}

// keepWorkload makes the credentials of an API server as durable as the answer that hands them out.
func (p *Provider) keepWorkload(c *fabric.Resource) {
	if doc, ok := p.Workload.ClusterState(workloadID(c)); ok {
		p.Fabric.Keep(WorkloadKey+workloadID(c), doc)
	}
}

// syncNodes makes the Nodes of the workload cluster follow the scale sets.
func (p *Provider) syncNodes(c *fabric.Resource) {
	if !private(c).API {
		return
	}
	_ = p.startAPI(c) // brings the API server to the cluster's version
	var nodes []workload.Node
	for _, pool := range p.pools(c) {
		set := p.Fabric.Get(p.scaleSetID(c, pool).String())
		if set == nil {
			continue
		}
		for _, inst := range compute.Machines(set).Instances {
			nodes = append(nodes, p.node(c, pool, set, inst))
		}
	}
	_ = p.Workload.SetNodes(workloadID(c), nodes)
}

func (p *Provider) node(c, pool, set *fabric.Resource, inst compute.Instance) workload.Node {
	props := arm.Map(pool.Body, "properties")
	group := set.ARMID().ResourceGroup
	// The cloud provider lower-cases the group; everything else is the scale set's own spelling.
	id := strings.Replace(compute.InstanceID(set.ID, inst.ID), "/resourceGroups/"+group+"/", "/resourceGroups/"+strings.ToLower(group)+"/", 1)
	labels := map[string]string{
		"agentpool": pool.Name, "kubernetes.azure.com/agentpool": pool.Name, "kubernetes.azure.com/cluster": group, "kubernetes.azure.com/mode": strings.ToLower(arm.Str(props, "mode")),
		"kubernetes.azure.com/node-image-version": inst.Image, "kubernetes.azure.com/os-sku": arm.Str(props, "osSKU"), "kubernetes.azure.com/role": "agent",
	}
	for k, v := range arm.Map(props, "nodeLabels") {
		labels[k], _ = v.(string)
	}
	if inst.Quarantined {
		labels["kubernetes.azure.com/upgrade-status"] = "Quarantined"
	}
	zone := ""
	if inst.Zone != "" {
		zone = c.Location + "-" + inst.Zone
	}
	return workload.Node{
		Name: compute.ComputerName(set.Name, compute.Machines(set).OS, inst.ID), ProviderID: "azure://" + id, Version: inst.Version, Pool: pool.Name, Mode: arm.Str(props, "mode"), Zone: zone,
		VMSize: arm.Str(props, "vmSize"), InternalIP: inst.IP, OS: strings.ToLower(arm.Str(props, "osType")), NodeImage: inst.Image, Labels: labels, Taints: taints(arm.List(props, "nodeTaints")), Ready: !inst.Lost && inst.Power == "", Unschedulable: inst.Quarantined,
	}
}

// taints reads key=value:Effect.
func taints(list []any) []corev1.Taint {
	var out []corev1.Taint
	for _, raw := range list {
		s, _ := raw.(string)
		head, effect, ok := strings.Cut(s, ":")
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(head, "=")
		out = append(out, corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(effect)})
	}
	return out
}

// Resync brings machines and Nodes in line with a cluster or pool that was changed from outside.
func (p *Provider) Resync(r *fabric.Resource) {
	switch {
	case strings.EqualFold(r.Type, PoolType):
		c := p.Fabric.Get(r.ARMID().Parent().String())
		if c != nil && private(c).API && r.State == "Succeeded" {
			p.scale(c, r)
			p.reimage(c, r, p.goalOf(r, ""))
			p.syncNodes(c)
		}
	case strings.EqualFold(r.Type, ClusterType):
		p.syncNodes(r)
	}
}
