// Package resources emulates Microsoft.Resources: subscriptions, locations, provider registration, resource
// groups, tags at any scope, management locks and generic resource lists. It must not know the types inside a group; their providers register how
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
	// RegistrationDuration is how long registering a provider namespace takes.
	RegistrationDuration func() time.Duration
	// Types lists the types of all providers with their api-versions.
	Types func() map[string][]string
	// Forward hands a call on a resource to its provider.
	Forward func(rq *arm.Request, method string, id arm.ID, body arm.Object) (resp *arm.Response, found bool, err error)
	// KeepWorld makes changes of the world part of what is stored with the request.
	KeepWorld func()
}

// Register hooks the provider into the fabric.
func (p *Provider) Register() {
	p.Fabric.Register(deleteGroup, fabric.Kind{Done: p.groupDeleted})
}

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	get, put, patch, del, post, head := http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost, http.MethodHead
	const sub, rg = "/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{rg}"
	const tags = "{scope*}/providers/Microsoft.Resources/tags/default"
	const locks, lock = "{scope*}/providers/Microsoft.Authorization/locks", "{scope*}/providers/Microsoft.Authorization/locks/{lock}"
	return []arm.Route{
		{Method: get, Path: "/tenants", Type: tenantType, Handler: p.tenants},
		{Method: get, Path: "/subscriptions", Type: subscriptionType, Handler: p.subscriptions},
		{Method: get, Path: sub, Type: subscriptionType, Verb: "read", Handler: p.subscription},
		{Method: get, Path: sub + "/locations", Type: subscriptionType, Verb: "read", Handler: p.locations},
		{Method: get, Path: "/providers", Type: subscriptionType, Handler: p.listProviders},
		{Method: get, Path: "/providers/{namespace}", Type: subscriptionType, Handler: p.getProvider},
		{Method: get, Path: sub + "/providers", Type: subscriptionType, Verb: "read", Handler: p.listProviders},
		{Method: get, Path: sub + "/providers/{namespace}", Type: subscriptionType, Verb: "read", Handler: p.getProvider},
		{Method: get, Path: sub + "/providers/{namespace}/resourceTypes", Type: subscriptionType, Verb: "read", Handler: p.listResourceTypes},
		{Method: post, Path: sub + "/providers/{namespace}/register", Type: subscriptionType, Verb: "register/action", Handler: p.register},
		{Method: post, Path: sub + "/providers/{namespace}/unregister", Type: subscriptionType, Verb: "unregister/action", Handler: p.unregister},
		{Method: get, Path: sub + "/resources", Type: groupType, Verb: "read", Handler: p.listResources},
		{Method: get, Path: sub + "/resourceGroups", Type: groupType, Verb: "read", Handler: p.listGroups},
		{Method: get, Path: rg, Type: groupType, Verb: "read", Handler: p.getGroup, AnyGroup: true},
		{Method: head, Path: rg, Type: groupType, Verb: "read", Handler: p.headGroup, AnyGroup: true},
		{Method: put, Path: rg, Type: groupType, Verb: "write", Handler: p.putGroup, AnyGroup: true},
		{Method: patch, Path: rg, Type: groupType, Verb: "write", Handler: p.patchGroup, AnyGroup: true},
		{Method: del, Path: rg, Type: groupType, Verb: "delete", Handler: p.deleteGroup, AnyGroup: true},
		{Method: get, Path: rg + "/resources", Type: groupType, Verb: "read", Handler: p.listResources},
		{Method: post, Path: rg + "/exportTemplate", Type: groupType, Verb: "exportTemplate/action", Handler: p.exportGroup},
		{Method: post, Path: rg + "/moveResources", Type: groupType, Verb: "moveResources/action", Handler: p.moveResources},
		{Method: post, Path: rg + "/validateMoveResources", Type: groupType, Verb: "validateMoveResources/action", Handler: p.moveResources},
		{Method: get, Path: sub + "/operationresults/{job}", Type: groupType, Handler: p.groupJob},
		{Method: get, Path: tags, Type: tagsType, Verb: "read", Handler: p.getTags},
		{Method: put, Path: tags, Type: tagsType, Verb: "write", Handler: p.putTags},
		{Method: patch, Path: tags, Type: tagsType, Verb: "write", Handler: p.patchTags},
		{Method: del, Path: tags, Type: tagsType, Verb: "delete", Handler: p.deleteTags},
		{Method: get, Path: locks, Type: lockType, Verb: "read", Handler: p.listLocks, Versions: lockVersions},
		{Method: get, Path: lock, Type: lockType, Verb: "read", Handler: p.getLock, Versions: lockVersions},
		{Method: put, Path: lock, Type: lockType, Verb: "write", Handler: p.putLock, Versions: lockVersions},
		{Method: del, Path: lock, Type: lockType, Verb: "delete", Handler: p.deleteLock, Versions: lockVersions},
	}
}
