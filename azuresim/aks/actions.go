package aks

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// action is a POST on a cluster that runs as an operation: 202 with both polling addresses, no body, 204 at the end.
type action struct {
	name  string // last segment of the address
	label string // the state meanwhile
	pools bool   // the pools show it too
	lasts func(Durations) time.Duration
	check func(rq *arm.Request, c *fabric.Resource) error
	apply func(c *fabric.Resource, op *fabric.Operation) error
}

func (p *Provider) actions() []action {
	update := func(d Durations) time.Duration { return d.ClusterUpdate }
	return []action{
		{name: "stop", label: "Stopping", pools: true, lasts: update, check: p.mayStop, apply: p.stopped},
		{name: "start", label: "Starting", pools: true, lasts: update, check: p.mayStart, apply: p.started},
		{name: "rotateClusterCertificates", label: "RotatingClusterCertificates", lasts: update, check: p.mustRun("rotating certificates"), apply: p.certificatesRotated},
		{name: "rotateServiceAccountSigningKeys", label: "RotatingServiceAccountSigningKeys", lasts: update, check: p.mustRun("rotating service account signing keys"), apply: p.signingKeysRotated},
		{name: "resetServicePrincipalProfile", label: "Updating", lasts: update, check: p.mayResetPrincipal, apply: nothing},
		{name: "resetAADProfile", label: "Updating", lasts: update, check: p.mayResetAAD, apply: nothing},
	}
}

// actionRoutes is the table of everything that is done to a cluster or a pool by POST, and of what stands beside it.
func (p *Provider) actionRoutes() []arm.Route {
	const mc = "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.ContainerService/managedClusters/{mc}"
	r := func(method, path, verb string, h arm.Handler) arm.Route {
		return arm.Route{Method: method, Path: mc + path, Type: ClusterType, Verb: verb, Handler: h, Throttle: p.otherLimit}
	}
	get, post := http.MethodGet, http.MethodPost
	routes := []arm.Route{
		r(post, "/abort", "abort/action", p.abortClusterOperation),
		r(post, "/runCommand", "runCommand/action", p.startCommand),
		r(get, "/commandResults/{command}", "commandResults/read", p.commandResult),
		r(get, "/accessProfiles/{role}", "accessProfiles/read", p.accessProfile),
		r(post, "/accessProfiles/{role}/listCredential", "accessProfiles/listCredential/action", p.accessProfile),
		r(get, "/outboundNetworkDependenciesEndpoints", "read", p.outboundEndpoints),
		r(get, "/privateLinkResources", "privateLinkResources/read", p.privateLinkResources),
		r(post, "/resolvePrivateLinkServiceId", "resolvePrivateLinkServiceId/action", p.resolvePrivateLinkService),
		r(get, "/privateEndpointConnections", "privateEndpointConnections/read", p.listConnections),
		r(get, "/privateEndpointConnections/{connection}", "privateEndpointConnections/read", p.getConnection),
		r(http.MethodPut, "/privateEndpointConnections/{connection}", "privateEndpointConnections/write", p.putConnection),
		r(http.MethodDelete, "/privateEndpointConnections/{connection}", "privateEndpointConnections/delete", p.deleteConnection),
	}
	abort := r(post, "/agentPools/{pool}/abort", "abort/action", p.abortPoolOperation)
	abort.Type = PoolType
	routes = append(routes, abort)
	for _, a := range p.actions() {
		routes = append(routes, r(post, "/"+a.name, a.name+"/action", p.act(a)))
	}
	return routes
}

func nothing(*fabric.Resource, *fabric.Operation) error { return nil }

func (p *Provider) registerActions() {
	for _, a := range p.actions() {
		p.Fabric.Register(a.name, fabric.Kind{Done: func(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
			return p.actionDone(a, op, fail), 0
		}})
	}
	p.Fabric.Register(abortCluster, fabric.Kind{Done: p.abortDone})
	p.Fabric.Register(abortPool, fabric.Kind{Done: p.abortDone})
	p.Fabric.Register(runCommand, fabric.Kind{Done: func(_ *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
		return fail, 0
	}})
}

// act is the handler of an action.
func (p *Provider) act(a action) arm.Handler {
	return func(rq *arm.Request) (*arm.Response, error) {
		c, err := p.cluster(rq)
		if err != nil {
			return nil, err
		}
		if err := a.check(rq, c); err != nil {
			return nil, err
		}
		if err := p.clusterBusy(c); err != nil {
			return nil, err
		}
		p.actionAccepted(a, rq, c)
		c.State, c.ETag = a.label, uuid.NewString()
		p.Fabric.Save(c)
		if a.pools {
			for _, pool := range p.pools(c) {
				pool.State, pool.ETag = a.label, uuid.NewString()
				p.Fabric.Save(pool)
			}
		}
		op := p.Fabric.Start(rq, fabric.Plan{Kind: a.name, Label: a.label, Resource: c, Location: c.Location, Duration: a.lasts(p.Durations())})
		return p.accepted(rq, op, http.StatusAccepted, nil), nil
	}
}

// actionAccepted stores what the body of a reset asks for.
func (p *Provider) actionAccepted(a action, rq *arm.Request, c *fabric.Resource) {
	switch a.name {
	case "resetServicePrincipalProfile":
		arm.Put(c.Body, "properties.servicePrincipalProfile.clientId", arm.Str(rq.Body, "clientId"))
	case "resetAADProfile":
		profile := merge(arm.Map(c.Body, "properties.aadProfile"), withoutNulls(rq.Body).(arm.Object))
		delete(profile, "serverAppSecret")
		arm.Put(c.Body, "properties.aadProfile", profile)
	}
}

func (p *Provider) actionDone(a action, op *fabric.Operation, fail *arm.OperationError) *arm.OperationError {
	c := p.Fabric.Get(op.Resource)
	if c == nil {
		return fail
	}
	if fail == nil {
		if err := a.apply(c, op); err != nil {
			fail = &arm.OperationError{Code: "InternalOperationError", Message: err.Error()}
		}
	}
	resources := []*fabric.Resource{c}
	if a.pools {
		resources = append(resources, p.pools(c)...)
	}
	for _, r := range resources {
		if fail != nil {
			p.failed(r, fail)
		} else {
			p.succeeded(r)
		}
	}
	return fail
}

// mustRun refuses an action on a stopped cluster.
func (p *Provider) mustRun(verb string) func(*arm.Request, *fabric.Resource) error {
	return func(_ *arm.Request, c *fabric.Resource) error { return notWhileStopped(c, verb) }
}

func (p *Provider) certificatesRotated(c *fabric.Resource, _ *fabric.Operation) error {
	if !private(c).API {
		return nil
	}
	if _, err := p.Workload.Rotate(workloadID(c)); err != nil {
		return err
	}
	p.keepWorkload(c)
	return nil
}

func (p *Provider) signingKeysRotated(c *fabric.Resource, _ *fabric.Operation) error {
	if !private(c).API {
		return nil
	}
	if _, err := p.Workload.RotateTokens(workloadID(c)); err != nil {
		return err
	}
	p.keepWorkload(c)
	return nil
}

func (p *Provider) mayResetPrincipal(rq *arm.Request, c *fabric.Resource) error {
	switch {
	case arm.Str(rq.Body, "clientId") == "":
		return badRequest("InvalidParameter", "clientId", "Required parameter clientId is missing (null).")
	case strings.EqualFold(arm.Str(c.Body, "properties.servicePrincipalProfile.clientId"), "msi"):
		return badRequest("BadRequest", "servicePrincipalProfile", "Resetting the service principal profile is not allowed on a cluster that uses a managed identity.")
	}
	return notWhileStopped(c, "updating")
}

func (p *Provider) mayResetAAD(rq *arm.Request, c *fabric.Resource) error {
	profile := arm.Map(c.Body, "properties.aadProfile")
	switch {
	case rq.Body == nil:
		return badRequest("InvalidParameter", "parameters", "Required parameter parameters is missing (null).")
	case profile == nil:
		return badRequest("BadRequest", "aadProfile", "Resetting the AAD profile is not allowed on a cluster without AAD.")
	case arm.Bool(profile, "managed"):
		return badRequest("BadRequest", "aadProfile", "Resetting the AAD profile is not allowed on a cluster with managed AAD.")
	}
	return notWhileStopped(c, "updating")
}
