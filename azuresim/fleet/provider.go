// Package fleet emulates the fleet part of Microsoft.ContainerService: fleets, their members, update strategies,
// automatic upgrade profiles and update runs. fleet.go, member.go, strategy.go (with the profiles) and run.go are the
// requests, child.go what those on children have in common, operations.go the polling and progress.go how a run goes from
// stage to stage. The service is a client of AKS like any other; what it asks of clusters
// goes through the Clusters interface, so that this package must not know how a cluster works. It must not sleep:
// all waiting is the fabric's.
package fleet

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/workload"
	"github.com/capaks/capaks/azuresim/world"
)

// Resource types.
const (
	namespace    = "Microsoft.ContainerService"
	Type         = "Microsoft.ContainerService/fleets"
	MemberType   = Type + "/members"
	StrategyType = Type + "/updateStrategies"
	ProfileType  = Type + "/autoUpgradeProfiles"
	RunType      = Type + "/updateRuns"
)

// Versions are the api-versions of the fleet service.
var Versions = []string{
	"2023-03-15-preview", "2023-06-15-preview", "2023-08-15-preview", "2023-10-15", "2024-02-02-preview", "2024-04-01", "2024-05-02-preview",
	"2025-03-01", "2025-04-01-preview", "2025-08-01-preview", "2026-03-02-preview", "2026-06-01",
}

// since lists the versions that know a type added later.
func since(first string) []string {
	var out []string
	for _, v := range Versions {
		if v >= first {
			out = append(out, v)
		}
	}
	return out
}

// Clusters is what the fleet service asks of AKS.
type Clusters interface {
	// Busy is what keeps a cluster busy, nil when nothing does.
	Busy(id string) *fabric.Operation
	// Reconcile starts the update a cluster goes through when it joins a fleet; nil when it cannot be updated now.
	Reconcile(id string, d time.Duration) *fabric.Operation
	// Upgrade starts an upgrade (Full, ControlPlaneOnly, NodeImageOnly) of an idle cluster; both results are nil when
	// there is nothing to do.
	Upgrade(id, kind, version string) (*fabric.Operation, *arm.OperationError)
	// MaintenanceOpens is when the cluster's maintenance window for a kind of upgrade opens; zero when it is open or there
	// is none.
	MaintenanceOpens(id, kind string) time.Time
	// NewestImages are the newest node images for the pools of a cluster.
	NewestImages(id string) []string
	// HubKubeconfig starts the API server of a fleet's hub if need be and returns a kubeconfig for it.
	HubKubeconfig(id arm.ID, hub workload.Cluster) ([]byte, error)
	// DropHub takes it away.
	DropHub(id arm.ID)
}

// Durations of the operations.
type Durations struct{ Fleet, Delete, Member, Short time.Duration }

// Provider serves the fleet types.
type Provider struct {
	Fabric    *fabric.Fabric
	World     *world.Holder
	Clusters  Clusters
	Durations func() Durations
}

// item is what the service knows about any of its resources beside the body.
type item struct {
	arm.SystemData
	LastOperation string              `json:"lastOperation,omitempty"`
	LastError     *arm.OperationError `json:"lastError,omitempty"`
	Reconciled    bool                `json:"reconciled,omitempty"` // of a member: the cluster has gone through its update
}

func private(r *fabric.Resource) *item { return r.Private.(*item) }

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	for _, typ := range []string{Type, MemberType, StrategyType, ProfileType, RunType} {
		p.Fabric.RegisterPrivate(typ, func() any { return &item{} })
	}
	p.Fabric.Register(putFleet, fabric.Kind{Done: p.fleetPutDone})
	p.Fabric.Register(deleteFleet, fabric.Kind{Done: p.deleted})
	p.Fabric.Register(putMember, fabric.Kind{Done: p.memberPutDone})
	p.Fabric.Register(deleteMember, fabric.Kind{Done: p.deleted})
	p.Fabric.Register(runAction, fabric.Kind{Done: func(_ *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
		return fail, 0
	}})
	p.Fabric.Register(stageWait, fabric.Kind{Done: p.waitDone})
	p.Fabric.RegisterDelete(Type, p.startDelete)
	p.Fabric.RegisterFollower(MemberType, p.clusterFree)
	p.Fabric.RegisterFollower(RunType, p.memberUpdated)
	p.Fabric.OnDrop(func(r *fabric.Resource) {
		if strings.EqualFold(r.Type, Type) {
			p.Clusters.DropHub(r.ARMID())
		}
	})
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	const sub, group, fleets = "/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{rg}", "/providers/Microsoft.ContainerService/fleets"
	const fleet = group + fleets + "/{fleet}"
	get, put, patch, del, post := http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost
	var table []arm.Route
	add := func(typ, first, method, path, verb string, h arm.Handler) {
		// The gateway leaves the group of a nested resource to the check of its parent (recorded for DELETE).
		anyGroup := typ != Type && method == del
		table = append(table, arm.Route{Method: method, Path: path, Type: typ, Verb: verb, Handler: h, Versions: since(first), AnyGroup: anyGroup})
	}
	add(Type, "", get, sub+fleets, "read", p.listFleets)
	add(Type, "", get, group+fleets, "read", p.listFleets)
	add(Type, "", get, fleet, "read", p.getFleet)
	add(Type, "", put, fleet, "write", p.putFleet)
	add(Type, "", patch, fleet, "write", p.patchFleet)
	add(Type, "", del, fleet, "delete", p.deleteFleet)
	add(Type, "", post, fleet+"/listCredentials", "listCredentials/action", p.listCredentials)
	for _, t := range []struct {
		typ, first string
		put, del   arm.Handler
	}{
		{MemberType, "", p.putMember, p.deleteMember}, {StrategyType, "2023-08-15-preview", p.putStrategy, p.deleteAtOnce},
		{ProfileType, "2024-05-02-preview", p.putProfile, p.deleteAtOnce}, {RunType, "", p.putRun, p.deleteRun},
	} {
		list := fleet + strings.TrimPrefix(t.typ, Type)
		add(t.typ, t.first, get, list, "read", p.listChildren)
		add(t.typ, t.first, get, list+"/{child}", "read", p.getChild)
		add(t.typ, t.first, put, list+"/{child}", "write", t.put)
		add(t.typ, t.first, del, list+"/{child}", "delete", t.del)
	}
	add(MemberType, "", patch, fleet+"/members/{child}", "write", p.patchMember)
	add(ProfileType, "2025-03-01", post, fleet+"/autoUpgradeProfiles/{child}/generateUpdateRun", "generateUpdateRun/action", p.generateRun)
	add(RunType, "", post, fleet+"/updateRuns/{child}/start", "start/action", p.startRun)
	add(RunType, "", post, fleet+"/updateRuns/{child}/stop", "stop/action", p.stopRun)
	add(RunType, "2024-02-02-preview", post, fleet+"/updateRuns/{child}/skip", "skip/action", p.skipRun)
	return table
}

var name = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

func checkName(what, s string, longest int) error {
	if len(s) > longest || !name.MatchString(s) {
		return invalid("The %s '%s' is invalid: it must have 1 to %d lower-case letters, digits and hyphens and start and end with a letter or digit.", what, s, longest)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return arm.ProviderError(http.StatusBadRequest, "BadRequest", format, args...)
}

func notAllowed(format string, args ...any) error {
	return arm.ProviderError(http.StatusConflict, "OperationNotAllowed", format, args...)
}
