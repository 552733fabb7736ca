// Package compute emulates Microsoft.Compute: scale sets with their machines and extensions, virtual machines, sizes
// and quotas. AKS keeps the machines of its pools in scale sets it makes through the functions of scaleset.go; what is
// done to them by hand is told to AKS through Changed. The package must not know clusters or pools.
package compute

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
	"github.com/capaks/capaks/azuresim/world"
)

// Resource types.
const (
	ScaleSetType  = "Microsoft.Compute/virtualMachineScaleSets"
	InstanceType  = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
	extensionType = "Microsoft.Compute/virtualMachineScaleSets/extensions"
	machineType   = "Microsoft.Compute/virtualMachines"
)

const (
	group         = "/subscriptions/{sub}/resourceGroups/{rg}"
	location      = "/subscriptions/{sub}/providers/Microsoft.Compute/locations/{location}"
	statusAddress = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/operations/{operation}"
	timeFormat    = "2006-01-02T15:04:05.0000000+00:00"
)

// Provider serves Microsoft.Compute.
type Provider struct {
	tracked.Provider
	Duration func() time.Duration
	// Changed is called after the machines of a scale set have changed by hand.
	Changed func(set *fabric.Resource)
}

// NewProvider declares the types.
func NewProvider(f *fabric.Fabric, w *world.Holder, duration func() time.Duration) *Provider {
	p := &Provider{Provider: tracked.Provider{Namespace: "Microsoft.Compute", Fabric: f, World: w}, Duration: duration, Changed: func(*fabric.Resource) {}}
	life := tracked.Life{
		Created: http.StatusCreated, Updated: http.StatusOK, Deleted: http.StatusAccepted, Absent: http.StatusNoContent, Duration: duration, Creating: "Creating", Updating: "Updating", Deleting: "Deleting",
		Notify: true, Status: statusAddress, Result: statusAddress, Poll: p.poll, Header: p.header, Busy: busy, Orphan: notFoundBelow, WriteRetry: "10", DeleteRetry: "10",
	}
	p.Types = []*tracked.Type{p.scaleSet(life), p.extension(life), p.machine(life)}
	return p
}

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	p.Provider.Register()
	p.Fabric.RegisterPrivate(ScaleSetType, func() any { return &ScaleSet{} })
	p.Fabric.Register(instanceKind, fabric.Kind{Done: p.instanceActionDone})
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	routes := append(p.Provider.Routes(), p.instanceRoutes()...)
	routes = append(routes, p.catalogRoutes()...)
	for i := range routes {
		routes[i].Throttle = limitsOf(routes[i])
	}
	return routes
}

// notFound is the provider's own 404. The gateway takes over once it has noticed a deletion, after a moment.
func (p *Provider) notFound(id arm.ID) error {
	for _, op := range p.Fabric.Operations(id.String()) {
		if op.Label == "Deleting" && op.Status == fabric.Succeeded && p.Fabric.Clock.Now().Sub(op.End) < time.Minute {
			return entityNotFound()
		}
	}
	return arm.ResourceNotFound(id)
}

func entityNotFound() error {
	return arm.ProviderError(http.StatusNotFound, "NotFound", "The entity was not found in this Azure location.")
}

func notFoundBelow(_ string, id arm.ID) error { return arm.ResourceNotFound(id.Parent()) }

// busy: the service takes writes while another one runs, and lets the last one win, except on what is being deleted.
func busy(_ *arm.Request, op *fabric.Operation, root *fabric.Resource) error {
	if op.Label == "Deleting" && strings.EqualFold(op.Resource, root.ID) {
		return arm.ProviderError(http.StatusConflict, "OperationNotAllowed", "Operation is not allowed on resource '%s' since it is marked for deletion.", root.Name)
	}
	return nil
}

// partition is the guid that says which part of the service an operation runs in; the same for a subscription.
func partition(subscription string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(subscription))).String()
}

// header spells the polling addresses the service's way and tells what the write cost.
func (p *Provider) header(rq *arm.Request, resp *arm.Response) {
	at := resp.Header.Get("Azure-AsyncOperation")
	if at == "" {
		return
	}
	prefix := "?p=" + partition(rq.ID.Subscription)
	resp.With("Azure-AsyncOperation", strings.Replace(at, "?", prefix+"&", 1))
	if at := resp.Header.Get("Location"); at != "" {
		resp.With("Location", strings.Replace(at, "?", prefix+"&monitor=true&", 1))
	}
	charge := "1"
	if resp.Status == http.StatusCreated && len(rq.ID.Names) == 1 {
		charge = "2" // the scale set and its first machines
	}
	resp.With("x-ms-request-charge", charge)
}

// firstPoll is the Retry-After of the first poll of an operation, as recorded; others are asked for every 10 s.
var firstPoll = map[string]string{ScaleSetType + " Creating": "61", ScaleSetType + " Updating": "37", extensionType + " Creating": "37", extensionType + " Updating": "37", extensionType + " Deleting": "37", machineType + " Creating": "35"}

// poll is the operation document, and behind Location (monitor=true) the state of the job.
func (p *Provider) poll(_ *tracked.Provider, rq *arm.Request, op *fabric.Operation, _ bool) (*arm.Response, error) {
	id, _ := arm.ParseID(op.Resource)
	retry := firstPoll[id.Type()+" "+op.Label]
	if retry == "" {
		retry = "10"
	}
	if strings.EqualFold(rq.Query.Get("monitor"), "true") {
		switch {
		case op.Running():
			return arm.Respond(http.StatusAccepted, nil).With("Location", rq.BaseURL+rq.Path+"?"+rq.Query.Encode()).With("Retry-After", retry), nil
		case op.Error != nil:
			return nil, arm.ProviderError(http.StatusConflict, op.Error.Code, "%s", op.Error.Message)
		case op.Label == "Deleting":
			return arm.Respond(http.StatusNoContent, nil), nil
		}
		return arm.Respond(http.StatusOK, nil), nil
	}
	body := arm.Object{"startTime": op.Start.UTC().Format(timeFormat), "status": op.Status, "name": op.ID}
	if op.Error != nil {
		body["error"] = op.Error
	}
	resp := arm.Respond(http.StatusOK, body)
	if op.Running() {
		return resp.With("Retry-After", retry), nil
	}
	body["endTime"] = op.End.UTC().Format(timeFormat)
	return resp, nil
}

func invalid(parameter, format string, args ...any) error {
	e := arm.ProviderError(http.StatusBadRequest, "InvalidParameter", format, args...)
	e.Target = parameter
	return e
}
