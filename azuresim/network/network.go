// Package network emulates the part of Microsoft.Network that AKS clusters stand on, and what people put beside them.
// One file per family of types. It must not know AKS; who uses a subnet is asked through UsedBy.
package network

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
	"github.com/capaks/capaks/azuresim/world"
)

const namespace = "Microsoft.Network/"

// Provider serves Microsoft.Network.
type Provider struct {
	Fabric   *fabric.Fabric
	World    *world.Holder
	Duration func() time.Duration
	// UsedBy names a resource that stands in a subnet, "" if none.
	UsedBy func(subnetID string) string
	// Connected tells the owner of a private link service that an endpoint leads to it, or, with a nil connection, that
	// the endpoint is gone; nil when nobody wants to know.
	Connected func(endpoint *fabric.Resource, connection arm.Object)

	core *tracked.Provider
	refs references
}

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	p.core = &tracked.Provider{Namespace: "Microsoft.Network", Fabric: p.Fabric, World: p.World, Types: slices.Concat(
		p.virtualNetworks(), p.publicIPs(), p.natGateways(), p.routeTables(), p.securityGroups(), p.loadBalancers(), p.interfaces(),
		p.privateEndpoints(), p.privateLinkServices(), p.privateZones(), p.publicZones(), p.gateways(), p.resolvers(), p.applicationGateways(), p.trafficManagers(),
	)}
	p.core.Register()
	p.refs = references{}
	p.Fabric.OnSave(p.refs.add)
	p.Fabric.OnDrop(p.refs.remove)
	p.Fabric.OnDrop(func(r *fabric.Resource) {
		if p.Connected != nil && strings.EqualFold(r.Type, endpointType) {
			p.Connected(r, nil)
		}
	})
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route { return append(p.core.Routes(), p.recordSetRoutes()...) }

// Put stores a network resource another service keeps for itself: what AKS makes in a node resource group. Types and
// rules are those of the API, but there is no operation to wait for.
func (p *Provider) Put(id arm.ID, location string, body arm.Object) (*fabric.Resource, error) {
	return p.core.Put(id, location, body)
}

// life is how nearly all network types answer: created as 201 with a status to poll, deleted with 202.
func (p *Provider) life(write, del string, polls ...string) tracked.Life {
	const operations = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/"
	if polls == nil {
		polls = []string{"10"}
	}
	return tracked.Life{
		Created: http.StatusCreated, Updated: http.StatusOK, Deleted: http.StatusAccepted, Absent: http.StatusNoContent,
		Duration: p.Duration, Creating: "Updating", Updating: "Updating", Deleting: "Deleting", Notify: true,
		Status: operations + "operations/{operation}", Result: operations + "operationResults/{operation}",
		WriteRetry: write, DeleteRetry: del, Polls: polls, DeletePolls: []string{"10"}, Busy: p.busy, ETag: newETag, SharedETag: true, GroupFirst: groupFirst,
	}
}

// groupFirst: see tracked.Life.
const groupFirst = "2024-01-01"

func newETag() string { return `W/"` + uuid.NewString() + `"` }

func newGUID() any { return uuid.NewString() }

const resourceGUID = "properties.resourceGuid"

// validName is the rule Microsoft.Network's error states; zones of DNS have their own.
var validName = regexp.MustCompile(`^\w([\w.-]{0,78}\w)?$`)

// resource completes a declaration with what network resources share: the guid, the elements with ids of their own, and
// references that must lead somewhere.
func (p *Provider) resource(t tracked.Type, parts ...part) *tracked.Type {
	t.Name = namespace + t.Name
	prepare, view := t.Prepare, t.View
	t.Prepare = func(w *tracked.Write) error {
		if name := w.ID.Name(); !validName.MatchString(name) {
			return badRequest("InvalidResourceName", "Resource name %s is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.", name)
		}
		if err := checkValues(w); err != nil {
			return err
		}
		if slices.Contains(t.ReadOnly, resourceGUID) {
			w.Once(resourceGUID, newGUID)
		}
		for _, each := range parts {
			if err := each.prepare(w.Body); err != nil {
				return err
			}
		}
		if err := p.resolve(w); err != nil {
			return err
		}
		if prepare != nil {
			return prepare(w)
		}
		return nil
	}
	t.View = func(apiVersion string, r *fabric.Resource, doc arm.Object) {
		for _, each := range parts {
			each.show(t.Name, r, doc)
		}
		if view != nil {
			view(apiVersion, r, doc)
		}
	}
	return &t
}

// leased are the operations that hold their whole tree for seconds: others are told to try again.
var leased = map[string]bool{"PutRouteOperation": true, "DeleteRouteOperation": true, "PutVirtualNetworkPeeringOperation": true, "DeleteVirtualNetworkPeeringOperation": true}

const lease = 14 * time.Second

// busy refuses a write while the resource or a part of it is being changed. Azure has two ways to say so and both are
// recorded; which one comes depends on what is going on.
func (p *Provider) busy(rq *arm.Request, op *fabric.Operation, root *fabric.Resource) error {
	name := tracked.OperationName(op)
	if !leased[name] {
		t := p.core.Type(root.Type)
		return refuse(http.StatusConflict, "AnotherOperationInProgress", "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: %s%s?api-version=%s.", rq.BaseURL, t.OperationPath(t.Life.Status, op), rq.APIVersion)
	}
	seconds := max(int((lease - rq.Now.Sub(op.Start)).Seconds()), 1)
	err := retryable("RetryableErrorDueToAnotherOperation", "Operation %s (%s) is updating resource %s. The call can be retried in %d seconds.", name, op.ID, root.ID, seconds)
	err.Header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	return err
}

// refuse is an error as the network provider writes it: always with a list of details.
func refuse(status int, code, format string, args ...any) *arm.Error {
	return &arm.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...), Details: []arm.Detail{}}
}

func badRequest(code, format string, args ...any) *arm.Error {
	return refuse(http.StatusBadRequest, code, format, args...)
}

// retryable is a temporary conflict, which Azure sends as 429.
func retryable(code, format string, args ...any) *arm.Error {
	return &arm.Error{Status: http.StatusTooManyRequests, Code: "RetryableError", Message: "A retryable error occurred.", Details: []arm.Detail{{Code: code, Message: fmt.Sprintf(format, args...)}}}
}
