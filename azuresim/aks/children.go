package aks

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// Types of the resources around a cluster other than its pools.
const (
	MaintenanceType   = ClusterType + "/maintenanceConfigurations"
	TrustedAccessType = ClusterType + "/trustedAccessRoleBindings"
	MachineType       = PoolType + "/machines"
	SnapshotType      = "Microsoft.ContainerService/snapshots"
)

// registerChildren hooks their operations into the fabric.
func (p *Provider) registerChildren() {
	p.Fabric.RegisterPrivate(SnapshotType, func() any { return &Snapshot{} })
	p.Fabric.Register(putTrustedAccess, fabric.Kind{Done: p.trustedAccessDone})
	p.Fabric.Register(deleteTrustedAccess, fabric.Kind{Done: p.trustedAccessDeleted})
	p.Fabric.Register(deleteMachines, p.onPool(p.machinesDeleted))
	p.Fabric.Register(upgradeNodeImage, p.onPool(p.poolPutDone))
}

// childRoutes is the table of the resources around a cluster other than its pools.
func (p *Provider) childRoutes() []arm.Route {
	const sub, group = "/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{rg}"
	const mc = group + "/providers/Microsoft.ContainerService/managedClusters/{mc}"
	const pool = mc + "/agentPools/{pool}"
	const loc = sub + "/providers/Microsoft.ContainerService/locations/{location}"
	const windows, window = mc + "/maintenanceConfigurations", mc + "/maintenanceConfigurations/{config}"
	const bindings, binding = mc + "/trustedAccessRoleBindings", mc + "/trustedAccessRoleBindings/{binding}"
	const snapshots = "/providers/Microsoft.ContainerService/snapshots"
	const snapshot = group + snapshots + "/{snapshot}"
	get, put, patch, del, post := http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost
	r := func(typ, method, path, verb string, h arm.Handler) arm.Route {
		return arm.Route{Method: method, Path: path, Type: typ, Verb: verb, Handler: h, Throttle: p.otherLimit}
	}
	previews := r(Namespace+"/locations/nodeImageVersions", get, loc+"/nodeImageVersions", "read", p.listNodeImages)
	previews.Versions = p.OperationVersions
	unbind := r(TrustedAccessType, del, binding, "delete", p.deleteTrustedAccess)
	unbind.AnyGroup = true // what a vanished group looks like depends on the api-version
	return []arm.Route{
		r(MaintenanceType, get, windows, "read", p.listChildren(maintenanceConfiguration)),
		r(MaintenanceType, get, window, "read", p.getChild(maintenanceConfiguration)),
		r(MaintenanceType, put, window, "write", p.putMaintenance),
		r(MaintenanceType, del, window, "delete", p.deleteMaintenance),
		r(TrustedAccessType, get, bindings, "read", p.listChildren(roleBinding)),
		r(TrustedAccessType, get, binding, "read", p.getChild(roleBinding)),
		r(TrustedAccessType, put, binding, "write", p.putTrustedAccess),
		unbind,
		r(Namespace+"/locations/trustedAccessRoles", get, loc+"/trustedAccessRoles", "read", p.trustedAccessRoles),
		r(SnapshotType, get, sub+snapshots, "read", p.listSnapshots),
		r(SnapshotType, get, group+snapshots, "read", p.listSnapshots),
		r(SnapshotType, get, snapshot, "read", p.getSnapshot),
		r(SnapshotType, put, snapshot, "write", p.putSnapshot),
		r(SnapshotType, patch, snapshot, "write", p.patchSnapshot),
		r(SnapshotType, del, snapshot, "delete", p.deleteSnapshot),
		r(MachineType, get, pool+"/machines", "read", p.listMachines),
		r(MachineType, get, pool+"/machines/{machine}", "read", p.getMachine),
		r(PoolType, post, pool+"/deleteMachines", "deleteMachines/action", p.deleteMachines),
		r(PoolType, post, pool+"/upgradeNodeImageVersion", "upgradeNodeImageVersion/action", p.upgradeNodeImage),
		previews,
		r(Namespace+"/locations/meshRevisionProfiles", get, loc+"/meshRevisionProfiles", "read", p.listMeshRevisions),
		r(Namespace+"/locations/meshRevisionProfiles", get, loc+"/meshRevisionProfiles/{mode}", "read", p.getMeshRevisions),
		r(ClusterType+"/meshUpgradeProfiles", get, mc+"/meshUpgradeProfiles", "read", p.listMeshUpgrades),
		r(ClusterType+"/meshUpgradeProfiles", get, mc+"/meshUpgradeProfiles/{mode}", "read", p.getMeshUpgrade),
	}
}

// parent is the cluster a child is written below. The gateway refuses the write when it is missing.
func (p *Provider) parent(rq *arm.Request) (*fabric.Resource, error) {
	if c := p.Fabric.Get(clusterID(rq).String()); c != nil {
		return c, nil
	}
	return nil, arm.ParentNotFound("write", rq.ID)
}

// childNotFound is the provider's own 404: the gateway knows top-level resources only. It is worded like the one for
// pools, the only one recorded.
func childNotFound(rq *arm.Request, what, name, subcode string) error {
	e := arm.FlatError(http.StatusNotFound, "NotFound", "Could not find the %s: %s in subscription: %s, resourceGroup: %s, resourceName: %s.", what, name, rq.ID.Subscription, rq.ID.ResourceGroup, rq.Params["mc"])
	e.Subcode = subcode
	return e
}

// childType is a type whose resources stand below a cluster and are read like all others.
type childType struct {
	name, collection string
	param            string // of the route
	what, notFound   string // in the text and the subcode of the 404
	view             func(*fabric.Resource) arm.Object
}

// child finds the resource a request is about, nil if there is none in the cluster.
func (p *Provider) child(rq *arm.Request, t childType) (c, child *fabric.Resource, err error) {
	if c, err = p.cluster(rq); err != nil {
		return nil, nil, err
	}
	return c, p.Fabric.Get(c.ARMID().Child(t.collection, rq.Params[t.param]).String()), nil
}

func (p *Provider) getChild(t childType) arm.Handler {
	return func(rq *arm.Request) (*arm.Response, error) {
		_, r, err := p.child(rq, t)
		switch {
		case err != nil:
			return nil, err
		case r == nil:
			return nil, childNotFound(rq, t.what, rq.Params[t.param], t.notFound)
		}
		return pretty(http.StatusOK, t.view(r)), nil
	}
}

func (p *Provider) listChildren(t childType) arm.Handler {
	return func(rq *arm.Request) (*arm.Response, error) {
		c, err := p.cluster(rq)
		if err != nil {
			return nil, err
		}
		value := []arm.Object{}
		for _, r := range p.Fabric.Children(c.ID, t.name) {
			value = append(value, t.view(r))
		}
		return pretty(http.StatusOK, arm.Page(rq, value)), nil
	}
}

// knownLocation refuses what is not a region, for the read-only lists per region.
func (p *Provider) knownLocation(rq *arm.Request, typ string) error {
	location := arm.Location(rq.Params["location"])
	if w := p.World.Get(); !w.HasLocation(location) {
		return arm.GatewayError(http.StatusBadRequest, "NoRegisteredProviderFound", "No registered resource provider found for location '%s' and API version '%s' for type '%s'. The supported locations are '%s'.", rq.Params["location"], rq.APIVersion, typ, strings.Join(w.Locations, ", "))
	}
	return nil
}
