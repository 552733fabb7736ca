// Package authorization emulates Microsoft.Authorization: role assignments at any scope, role definitions and the
// permissions of the caller. It must not decide requests itself: it mirrors assignments into the world, where the
// gateway and the providers ask who may do what.
package authorization

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

// Resource types.
const (
	AssignmentType = "Microsoft.Authorization/roleAssignments"
	DefinitionType = "Microsoft.Authorization/roleDefinitions"
	permissionType = "Microsoft.Authorization/permissions"
)

// versions are the api-versions the service accepts for all its types.
var versions = []string{
	"2015-07-01", "2018-01-01-preview", "2018-07-01", "2018-09-01-preview", "2020-03-01-preview", "2020-04-01-preview", "2020-08-01-preview", "2020-10-01-preview", "2022-04-01", "2022-05-01-preview",
}

var guid = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// Provider serves Microsoft.Authorization.
type Provider struct {
	Fabric *fabric.Fabric
	World  *world.Holder
}

// Register hooks the provider into the fabric: an assignment that goes, for instance with its scope, takes the
// access it gave with it.
func (p *Provider) Register() {
	p.Fabric.RegisterPrivate(AssignmentType, func() any { return &record{} })
	p.Fabric.RegisterPrivate(DefinitionType, func() any { return &record{} })
	p.Fabric.OnDrop(func(r *fabric.Resource) {
		if r.Type == AssignmentType {
			p.World.SetGrant(world.Grant{Assignment: r.ID})
		}
	})
}

// Restore makes stored assignments count again after a restart.
func (p *Provider) Restore() {
	for _, r := range p.Fabric.List("", AssignmentType) {
		p.grant(r)
	}
}

// Routes is the provider's table. Access belongs to the directory, not to the resource group: as recorded, roles can be
// assigned while the group is being deleted, and deletions answer 204 when it is gone.
func (p *Provider) Routes() []arm.Route {
	const ns, scope = "/providers/Microsoft.Authorization/", "{scope*}/providers/Microsoft.Authorization/"
	get, put, del := http.MethodGet, http.MethodPut, http.MethodDelete
	route := func(method, path, typ, verb string, h arm.Handler) arm.Route {
		return arm.Route{Method: method, Path: path, Type: typ, Verb: verb, Handler: h, Versions: versions, AnyGroup: method != get}
	}
	return []arm.Route{
		route(get, scope+"roleAssignments", AssignmentType, "read", p.listAssignments),
		route(get, scope+"roleAssignments/{name}", AssignmentType, "read", p.getAssignment),
		route(put, scope+"roleAssignments/{name}", AssignmentType, "write", p.putAssignment),
		route(del, scope+"roleAssignments/{name}", AssignmentType, "delete", p.deleteAssignment),
		route(get, ns+"roleDefinitions", DefinitionType, "read", p.listDefinitions),
		route(get, ns+"roleDefinitions/{name}", DefinitionType, "read", p.getDefinition),
		route(get, scope+"roleDefinitions", DefinitionType, "read", p.listDefinitions),
		route(get, scope+"roleDefinitions/{name}", DefinitionType, "read", p.getDefinition),
		route(put, scope+"roleDefinitions/{name}", DefinitionType, "write", p.putDefinition),
		route(del, scope+"roleDefinitions/{name}", DefinitionType, "delete", p.deleteDefinition),
		route(get, scope+"permissions", permissionType, "", p.listPermissions),
	}
}

// record is who wrote a resource; the service shows object ids, not the names ARM's systemData has.
type record struct {
	CreatedBy string    `json:"createdBy"`
	UpdatedBy string    `json:"updatedBy"`
	CreatedOn time.Time `json:"createdOn"`
	UpdatedOn time.Time `json:"updatedOn"`
}

func (w *record) stamp(rq *arm.Request) {
	if w.CreatedBy == "" {
		w.CreatedBy, w.CreatedOn = rq.Caller.ObjectID, rq.Now
	}
	w.UpdatedBy, w.UpdatedOn = rq.Caller.ObjectID, rq.Now
}

const timeFormat = "2006-01-02T15:04:05.0000000Z"

func (w *record) show(props arm.Object) {
	props["createdBy"], props["updatedBy"] = w.CreatedBy, w.UpdatedBy
	props["createdOn"], props["updatedOn"] = w.CreatedOn.Format(timeFormat), w.UpdatedOn.Format(timeFormat)
}

// written is the answer to a PUT: always 201, and without the creator, as recorded.
func written(view arm.Object) *arm.Response {
	view["properties"].(arm.Object)["createdBy"] = nil
	return arm.Respond(http.StatusCreated, view)
}

func bad(code, format string, args ...any) error {
	return arm.ProviderError(http.StatusBadRequest, code, format, args...)
}

// scopeOf is the scope a request names: what stands before its last /providers/Microsoft.Authorization.
func scopeOf(rq *arm.Request) string {
	scope := rq.Params["scope"]
	if id, ok := arm.ParseID(scope); ok {
		return id.String()
	}
	return scope
}

// within reports whether a scope is another or lies below it.
func within(scope, ancestor string) bool {
	return strings.HasPrefix(strings.ToLower(scope)+"/", strings.TrimSuffix(strings.ToLower(ancestor), "/")+"/")
}
