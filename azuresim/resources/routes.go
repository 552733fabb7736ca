// Package resources emulates Microsoft.Resources: subscriptions, locations, provider registration, resource
// groups and generic resource lists. It must not know the types inside a group; their providers register how
// they are deleted.
package resources

import (
	"net/http"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	groupType        = "Microsoft.Resources/subscriptions/resourceGroups"
	subscriptionType = "Microsoft.Resources/subscriptions"
	tenantType       = "Microsoft.Resources/tenants"
	deleteGroup      = "DeleteResourceGroup"
)

// Provider serves Microsoft.Resources.
type Provider struct {
	Fabric *fabric.Fabric
	World  *world.Holder
	// DeleteDuration is how long an empty group takes to go.
	DeleteDuration func() time.Duration
}

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	p.Fabric.Register(deleteGroup, fabric.Kind{Done: p.groupDeleted})
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	get, put, patch, del, post, head := http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost, http.MethodHead
	const sub, rg = "/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{rg}"
	return []arm.Route{
		{Method: get, Path: "/tenants", Type: tenantType, Handler: p.tenants},
		{Method: get, Path: "/subscriptions", Type: subscriptionType, Handler: p.subscriptions},
		{Method: get, Path: sub, Type: subscriptionType, Verb: "read", Handler: p.subscription},
		{Method: get, Path: sub + "/locations", Type: subscriptionType, Verb: "read", Handler: p.locations},
		{Method: get, Path: sub + "/providers", Type: subscriptionType, Verb: "read", Handler: p.providers},
		{Method: get, Path: sub + "/providers/{namespace}", Type: subscriptionType, Verb: "read", Handler: p.provider},
		{Method: post, Path: sub + "/providers/{namespace}/register", Type: subscriptionType, Verb: "register/action", Handler: p.register},
		{Method: get, Path: sub + "/resources", Type: groupType, Verb: "read", Handler: p.listResources},
		{Method: get, Path: sub + "/resourceGroups", Type: groupType, Verb: "read", Handler: p.listGroups},
		{Method: get, Path: rg, Type: groupType, Verb: "read", Handler: p.getGroup, AnyGroup: true},
		{Method: head, Path: rg, Type: groupType, Verb: "read", Handler: p.headGroup, AnyGroup: true},
		{Method: put, Path: rg, Type: groupType, Verb: "write", Handler: p.putGroup, AnyGroup: true},
		{Method: patch, Path: rg, Type: groupType, Verb: "write", Handler: p.patchGroup, AnyGroup: true},
		{Method: del, Path: rg, Type: groupType, Verb: "delete", Handler: p.deleteGroup, AnyGroup: true},
		{Method: get, Path: rg + "/resources", Type: groupType, Verb: "read", Handler: p.listResources},
		{Method: get, Path: sub + "/operationresults/{job}", Type: groupType, Handler: p.groupJob},
	}
}
