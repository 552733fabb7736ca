package aks

import (
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/workload"
)

// What the fleet service asks of clusters.

// Busy is the operation in flight on a cluster or one of its pools, nil if none.
func (p *Provider) Busy(id string) *fabric.Operation {
	c := p.Fabric.Get(id)
	if c == nil {
		return nil
	}
	if op := p.Fabric.RunningOn(c.ID); op != nil {
		return op
	}
	for _, pool := range p.pools(c) {
		if op := p.Fabric.RunningOn(pool.ID); op != nil {
			return op
		}
	}
	return nil
}

// reconciling marks the operations nobody asked for.
const reconciling = "reconciling"

// Reconcile starts an update that changes nothing, as the service does on its own.
func (p *Provider) Reconcile(id string, d time.Duration) *fabric.Operation {
	c := p.Fabric.Get(id)
	if c == nil || c.State == "Deleting" || isStopped(c) {
		return nil
	}
	return p.startCluster(nil, c, "Updating", d, map[string]string{"version": arm.Str(c.Body, "properties.currentKubernetesVersion"), reconciling: "true"})
}

// Upgrade starts the upgrade of an idle cluster by a fleet: of everything (Full), of the control plane
// (ControlPlaneOnly) or of the nodes' images (NodeImageOnly). Both results are nil when there is nothing to do.
func (p *Provider) Upgrade(id, kind, version string) (*fabric.Operation, *arm.OperationError) {
	c := p.Fabric.Get(id)
	if c == nil {
		return nil, &arm.OperationError{Code: "ResourceNotFound", Message: "The managed cluster '" + id + "' was not found."}
	}
	if err := notWhileStopped(c, "upgrading"); err != nil {
		return nil, operationError(err)
	}
	current := arm.Str(c.Body, "properties.currentKubernetesVersion")
	target := current
	if kind != "NodeImageOnly" {
		var err error
		if target, err = p.clusterTarget(c, version); err == nil && kind == "ControlPlaneOnly" {
			err = p.checkPoolsForUpgrade(c, nil, target)
		}
		if err != nil {
			return nil, operationError(err)
		}
	}
	pools, label := map[string]string{}, ""
	for _, pool := range p.pools(c) {
		props := arm.Map(pool.Body, "properties")
		if kind == "Full" && less(arm.Str(props, "currentOrchestratorVersion"), target) {
			pools[pool.Name], label = target, "Upgrading"
		} else if kind != "ControlPlaneOnly" && arm.Str(props, "nodeImageVersion") != p.nodeImage(props) {
			pools[pool.Name] = ""
		}
	}
	switch {
	case target != current || label != "":
		label = "Upgrading"
	case len(pools) > 0:
		label = "UpgradingNodeImageVersion"
	default:
		return nil, nil
	}
	if err := p.mayUpgrade(c, c.Body, target); err != nil {
		return nil, operationError(err)
	}
	return p.startUpgrade(c, label, target, pools), nil
}

// startUpgrade is the point of no return: pools maps the pools to upgrade to their version, "" for the image alone.
func (p *Provider) startUpgrade(c *fabric.Resource, label, target string, pools map[string]string) *fabric.Operation {
	args := map[string]string{"version": target}
	if target != arm.Str(c.Body, "properties.currentKubernetesVersion") {
		arm.Put(c.Body, "properties.kubernetesVersion", target)
	}
	for _, pool := range p.pools(c) {
		version, named := pools[pool.Name]
		if !named {
			continue
		}
		pool.State = "UpgradingNodeImageVersion"
		if version != "" {
			pool.State = "Upgrading"
			arm.Put(pool.Body, "properties.orchestratorVersion", version)
		} else {
			version = arm.Str(pool.Body, "properties.currentOrchestratorVersion") // an upgrade to the same version brings the image
		}
		args["pool/"+pool.Name] = version
	}
	return p.startCluster(nil, c, label, p.Durations().ClusterUpgrade, args)
}

// NewestImages are the newest node images for the pools of a cluster.
func (p *Provider) NewestImages(id string) []string {
	var out []string
	if c := p.Fabric.Get(id); c != nil {
		for _, pool := range p.pools(c) {
			out = append(out, p.nodeImage(arm.Map(pool.Body, "properties")))
		}
	}
	return out
}

func hubKey(id arm.ID) string { return strings.ToLower(id.String()) }

// HubKubeconfig starts the API server of a fleet's hub unless it runs, and returns a kubeconfig for its user. Hubs know
// no local accounts: the file holds no secret.
func (p *Provider) HubKubeconfig(id arm.ID, hub workload.Cluster) ([]byte, error) {
	access, err := p.Workload.EnsureCluster(hubKey(id), hub)
	if err != nil {
		return nil, err
	}
	if doc, ok := p.Workload.ClusterState(hubKey(id)); ok {
		p.Fabric.Keep(WorkloadKey+hubKey(id), doc)
	}
	named := &fabric.Resource{ID: id.String(), Name: id.Name(), Body: arm.Object{"properties": arm.Object{"fqdn": hub.FQDN}}}
	return yaml.Marshal(kubeconfig(named, access, server(named, access, "", false), "clusterUser", pluginLogin, hub.Tenant))
}

// DropHub takes the API server of a fleet's hub away.
func (p *Provider) DropHub(id arm.ID) {
	p.Workload.Delete(hubKey(id))
	p.Fabric.Keep(WorkloadKey+hubKey(id), nil)
}
