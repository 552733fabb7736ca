// Package aks emulates the managed cluster part of Microsoft.ContainerService. One file per concern:
//   - requests: cluster.go, pool.go, credentials.go, operations.go; what is done by POST: actions.go, power.go, abort.go,
//     nodeimage.go, machines.go, runcommand.go; what stands around a cluster: children.go and a file per type;
//   - what Azure refuses: validate_*.go, immutable.go, versions.go, concurrency.go, etag.go, quota.go, lockdown.go;
//   - what it fills in: defaults.go, identity.go, names.go; merge.go is what a request changes and what it leaves;
//   - what it shows in which api-version: view.go, shape*.go;
//   - what happens in the background: outcome.go (the ends of operations), drain.go, nodes.go (machines and Nodes),
//     infrastructure.go (the rest of the node resource group), window.go; what others make happen: outside.go (the
//     control API), membership.go (a fleet).
//
// It must not speak HTTP itself and must not sleep: all waiting is the fabric's.
package aks

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/workload"
	"github.com/capaks/capaks/azuresim/world"
)

// Resource types and the provider's namespace.
const (
	Namespace   = "Microsoft.ContainerService"
	ClusterType = "Microsoft.ContainerService/managedClusters"
	PoolType    = "Microsoft.ContainerService/managedClusters/agentPools"
)

// Durations of the operations.
type Durations struct {
	ClusterCreate, ClusterUpdate, ClusterUpgrade, ClusterDelete time.Duration
	PoolCreate, PoolUpdate, PoolUpgrade, PoolDelete             time.Duration
	Unchanged                                                   time.Duration // a PUT that changes nothing
}

// Provider serves Microsoft.ContainerService.
type Provider struct {
	Fabric    *fabric.Fabric
	World     *world.Holder
	Workload  *workload.Manager
	Durations func() Durations
	// Infrastructure makes what the node resource group holds beside scale sets.
	Infrastructure Infrastructure
	// Result answers the polling of operations of others that share the addresses; nil, nil for all else.
	Result func(*arm.Request, *fabric.Operation) (*arm.Response, error)
	// OperationVersions are the api-versions that know managedClusters/operations.
	OperationVersions []string
}

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	p.countMachines()
	p.Fabric.RegisterView(ClusterType, p.renderCluster)
	p.Fabric.RegisterPrivate(ClusterType, func() any { return &Cluster{} })
	p.Fabric.Register(putCluster, fabric.Kind{Step: p.clusterStep, Done: p.clusterPutDone})
	p.Fabric.Register(deleteCluster, fabric.Kind{Done: p.clusterDeleteDone})
	p.Fabric.Register(putPool, p.onPool(p.poolPutDone))
	p.Fabric.Register(deletePool, p.onPool(p.poolDeleteDone))
	p.registerActions()
	p.registerChildren()
	p.Fabric.RegisterDelete(ClusterType, p.startClusterDelete)
	p.Fabric.OnDrop(func(r *fabric.Resource) {
		if strings.EqualFold(r.Type, ClusterType) {
			p.Workload.Delete(workloadID(r))
			p.Fabric.Keep(WorkloadKey+workloadID(r), nil)
		}
	})
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	const sub, group = "/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{rg}"
	const clusters = "/providers/Microsoft.ContainerService/managedClusters"
	const mc = group + clusters + "/{mc}"
	const pool = mc + "/agentPools/{pool}"
	const loc = sub + "/providers/Microsoft.ContainerService/locations/{location}"
	get, put, patch, del, post := http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost
	c := func(m, path, verb string, h arm.Handler, t func(*arm.Request) []arm.Limit) arm.Route {
		return arm.Route{Method: m, Path: path, Type: ClusterType, Verb: verb, Handler: h, Throttle: t}
	}
	a := func(m, path, verb string, h arm.Handler, t func(*arm.Request) []arm.Limit) arm.Route {
		return arm.Route{Method: m, Path: path, Type: PoolType, Verb: verb, Handler: h, Throttle: t}
	}
	operations := func(typ, path string, h arm.Handler) arm.Route {
		return arm.Route{Method: get, Path: path, Type: typ + "/operations", Verb: "read", Handler: h, Throttle: p.otherLimit, Versions: p.OperationVersions}
	}
	status := func(path string, h arm.Handler) arm.Route {
		return arm.Route{Method: get, Path: path, Type: Namespace + "/locations/operations", Handler: h, Throttle: p.statusLimit, Versions: []string{operationVersion}}
	}
	table := append(p.childRoutes(), p.actionRoutes()...)
	return append(table, []arm.Route{
		c(get, sub+clusters, "read", p.listClusters, p.listLimit),
		c(get, group+clusters, "read", p.listClusters, p.listLimit),
		c(get, mc, "read", p.getCluster, p.getLimit),
		c(put, mc, "write", p.putCluster, p.putLimit),
		c(patch, mc, "write", p.patchCluster, p.otherLimit),
		c(del, mc, "delete", p.deleteCluster, p.otherLimit),
		c(post, mc+"/listClusterAdminCredential", "listClusterAdminCredential/action", p.adminCredential, p.otherLimit),
		c(post, mc+"/listClusterUserCredential", "listClusterUserCredential/action", p.userCredential, p.otherLimit),
		c(post, mc+"/listClusterMonitoringUserCredential", "listClusterMonitoringUserCredential/action", p.monitoringCredential, p.otherLimit),
		c(get, mc+"/upgradeProfiles/default", "read", p.clusterUpgrades, p.otherLimit),
		c(get, mc+"/availableAgentPoolVersions", "read", p.availablePoolVersions, p.otherLimit),
		c(get, loc+"/kubernetesVersions", "read", p.kubernetesVersions, p.otherLimit),
		a(get, mc+"/agentPools", "read", p.listPools, p.otherLimit),
		a(get, pool, "read", p.getPool, p.otherLimit),
		a(put, pool, "write", p.putPool, p.putPoolLimit),
		{Method: del, Path: pool, Type: PoolType, Verb: "delete", Handler: p.deletePool, Throttle: p.otherLimit, AnyGroup: true}, // names the cluster even when the group is gone (recorded)
		a(get, pool+"/upgradeProfiles/default", "read", p.poolUpgrades, p.otherLimit),
		operations(ClusterType, mc+"/operations", p.listOperations),
		operations(ClusterType, mc+"/operations/{operation}", p.clusterOperation),
		operations(PoolType, pool+"/operations/{operation}", p.poolOperation),
		status(loc+"/operations/{operation}", p.operationStatus),
		status(loc+"/operationresults/{operation}", p.operationResult),
	}...)
}

// The provider's own token buckets, per resource and region (AKS quotas page); everything not named shares one.
func limit(key string, burst, perSecond float64, handler, rest string) []arm.Limit {
	return []arm.Limit{{Key: "aks/" + strings.ToLower(key), Burst: burst, PerSecond: perSecond, Code: "Throttled",
		Message: "The " + handler + " request limit has been exceeded for " + rest + ", please retry again in %d seconds. For more information, please visit aka.ms/aks/throttling"}}
}

func subID(rq *arm.Request) string { return fmt.Sprintf("SubID='%s'", rq.ID.Subscription) }

func (p *Provider) region(rq *arm.Request) string {
	if l := rq.Params["location"]; l != "" {
		return arm.Location(l)
	}
	if c := p.Fabric.Get(clusterID(rq).String()); c != nil {
		return c.Location
	}
	return arm.Location(arm.Str(rq.Body, "location"))
}

func (p *Provider) listLimit(rq *arm.Request) []arm.Limit {
	if rq.ID.ResourceGroup != "" {
		return limit("list/"+rq.ID.String(), 60, 1, "ListManagedClustersByResourceGroupHandler.GET", subID(rq))
	}
	return limit("list/"+rq.ID.Subscription, 500, 1, "ListManagedClustersBySubscriptionHandler.GET", subID(rq))
}

func (p *Provider) getLimit(rq *arm.Request) []arm.Limit {
	return limit("get/"+rq.ID.String(), 60, 1, "GetManagedClusterHandler.GET", subID(rq))
}

func (p *Provider) putLimit(rq *arm.Request) []arm.Limit {
	return limit("put/"+rq.ID.String(), 20, 1.0/60, "PutManagedClusterHandler.PUT", subID(rq))
}

func (p *Provider) putPoolLimit(rq *arm.Request) []arm.Limit {
	return limit("put/"+rq.ID.String(), 20, 1.0/60, "PutAgentPoolHandler.PUT", "agentpool "+rq.ID.String())
}

func (p *Provider) statusLimit(rq *arm.Request) []arm.Limit {
	return limit("status/"+rq.ID.Subscription+"/"+p.region(rq), 200, 2, "GetOperationStatusHandler.GET", subID(rq))
}

func (p *Provider) otherLimit(rq *arm.Request) []arm.Limit {
	return limit("other/"+rq.ID.Subscription+"/"+p.region(rq), 60, 1, "ContainerServiceHandler."+rq.Method, subID(rq))
}

// clusterID is the cluster a request is about, whatever lies below it.
func clusterID(rq *arm.Request) arm.ID {
	return arm.ID{Subscription: rq.ID.Subscription, ResourceGroup: rq.ID.ResourceGroup, Provider: Namespace, Types: []string{"managedClusters"}, Names: []string{rq.Params["mc"]}}
}

// cluster finds it; the gateway's 404 otherwise.
func (p *Provider) cluster(rq *arm.Request) (*fabric.Resource, error) {
	id := clusterID(rq)
	if c := p.Fabric.Get(id.String()); c != nil {
		return c, nil
	}
	return nil, arm.ResourceNotFound(id)
}

func (p *Provider) pools(c *fabric.Resource) []*fabric.Resource {
	return p.Fabric.Children(c.ID, PoolType)
}

// badRequest is a validation error with the parameter it is about.
func badRequest(code, target, format string, args ...any) *arm.Error {
	e := arm.FlatError(http.StatusBadRequest, code, format, args...)
	e.Target = target
	return e
}
