package aks

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const (
	putTrustedAccess    = "PutTrustedAccessRoleBinding"
	deleteTrustedAccess = "DeleteTrustedAccessRoleBinding"

	// trustedAccessPolling is from when on clients get a polling address. 2023-02-02-preview answers 200 without one and
	// 2023-10-01 answers 201 with one (recorded); the date between them is assumed.
	trustedAccessPolling = "2023-09-01"
	// trustedAccessGroupFirst is from when on a DELETE in a vanished group names the group and not the cluster: 2023-10-01
	// names the cluster, 2024-09-01 the group (recorded).
	trustedAccessGroupFirst = "2024-01-01"
)

var bindingName = regexp.MustCompile(`^[A-Za-z0-9-]{1,24}$`)

var roleBinding = childType{
	name: TrustedAccessType, collection: "trustedAccessRoleBindings", param: "binding",
	what: "trusted access role binding", notFound: "GetTrustedAccessRoleBinding_NotFound", view: viewTrustedAccess,
}

func viewTrustedAccess(r *fabric.Resource) arm.Object {
	props := arm.Copy(arm.Map(r.Body, "properties"))
	props["provisioningState"] = r.State
	return arm.Object{"id": r.ID, "name": r.Name, "type": TrustedAccessType, "properties": props}
}

// putTrustedAccess answers 201 and Updating, also for an existing binding (recorded). Pools may change meanwhile.
func (p *Provider) putTrustedAccess(rq *arm.Request) (*arm.Response, error) {
	c, err := p.parent(rq)
	if err != nil {
		return nil, err
	}
	if err := checkBody(TrustedAccessType, rq); err != nil {
		return nil, err
	}
	props := arm.Map(clean(rq.Body, []string{"provisioningState"}), "properties")
	id := c.ARMID().Child("trustedAccessRoleBindings", rq.Params["binding"])
	binding := p.Fabric.Get(id.String())
	if err := p.checkTrustedAccess(c, binding, rq.Params["binding"], props); err != nil {
		return nil, err
	}
	if binding == nil {
		binding = p.Fabric.Create(id, "", nil)
	}
	binding.Body, binding.State = arm.Object{"properties": props}, "Updating"
	p.Fabric.Save(binding)
	op := p.Fabric.Start(rq, fabric.Plan{Kind: putTrustedAccess, Label: "Updating", Resource: binding, Location: c.Location, Duration: p.Durations().Unchanged})
	if rq.APIVersion < trustedAccessPolling {
		return pretty(http.StatusOK, viewTrustedAccess(binding)), nil
	}
	return p.accepted(rq, op, http.StatusCreated, viewTrustedAccess(binding)), nil
}

func (p *Provider) checkTrustedAccess(c, binding *fabric.Resource, name string, props arm.Object) error {
	source := arm.Str(props, "sourceResourceId")
	id, ok := arm.ParseID(source)
	switch {
	case !bindingName.MatchString(name):
		return badRequest("InvalidParameter", "trustedAccessRoleBindingName", "The value of parameter trustedAccessRoleBindingName is invalid. Error details: '%s' must have 1 to 24 letters, digits and hyphens.", name)
	case source == "":
		return badRequest("InvalidParameter", "properties.sourceResourceId", "Required parameter properties.sourceResourceId is missing (null).")
	case !ok || id.Provider == "":
		return badRequest("InvalidParameter", "properties.sourceResourceId", "The value of parameter properties.sourceResourceId is invalid. Error details: '%s' is not a resource ID.", source)
	case len(arm.List(props, "roles")) == 0:
		return badRequest("InvalidParameter", "properties.roles", "Required parameter properties.roles is missing (null).")
	case binding != nil && !strings.EqualFold(source, arm.Str(binding.Body, "properties.sourceResourceId")):
		return fixed("properties.sourceResourceId")
	}
	for _, raw := range arm.List(props, "roles") {
		role, _ := raw.(string)
		cut := strings.LastIndexByte(role, '/')
		if cut < 0 || !strings.EqualFold(role[:cut], id.Type()) {
			return badRequest("InvalidParameter", "properties.roles", "The value of parameter properties.roles is invalid. Error details: '%s' is not a role of %s.", role, id.Type())
		}
	}
	if op := p.Fabric.RunningOn(c.ID); op != nil {
		return inProgress(blocker(op))
	}
	if binding != nil {
		if op := p.Fabric.RunningOn(binding.ID); op != nil {
			return inProgress("trusted access role binding " + blocker(op))
		}
	}
	return nil
}

func (p *Provider) deleteTrustedAccess(rq *arm.Request) (*arm.Response, error) {
	if p.Fabric.Get(rq.ID.Group().String()) == nil && rq.APIVersion >= trustedAccessGroupFirst {
		return nil, arm.GroupNotFound(rq.ID.ResourceGroup)
	}
	c, binding, err := p.child(rq, roleBinding)
	switch {
	case err != nil:
		return nil, err
	case binding == nil:
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	op := p.Fabric.RunningOn(binding.ID)
	switch {
	case op != nil && op.Kind != deleteTrustedAccess:
		return nil, inProgress("trusted access role binding " + blocker(op))
	case op == nil:
		binding.State = "Deleting"
		p.Fabric.Save(binding)
		op = p.Fabric.Start(rq, fabric.Plan{Kind: deleteTrustedAccess, Label: "Deleting", Resource: binding, Location: c.Location, Duration: p.Durations().Unchanged})
	}
	if rq.APIVersion < trustedAccessPolling {
		return arm.Respond(http.StatusOK, nil), nil
	}
	return p.accepted(rq, op, http.StatusAccepted, nil), nil
}

func (p *Provider) trustedAccessDone(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	if binding := p.Fabric.Get(op.Resource); binding != nil {
		binding.State = stateAfter(fail)
		p.Fabric.Save(binding)
	}
	return fail, 0
}

func (p *Provider) trustedAccessDeleted(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	binding := p.Fabric.Get(op.Resource)
	switch {
	case binding == nil:
		return nil, 0
	case fail != nil:
		binding.State = "Failed"
		p.Fabric.Save(binding)
		return fail, 0
	}
	p.Fabric.Drop(binding)
	return nil, 0
}

func stateAfter(fail *arm.OperationError) string {
	if fail != nil {
		return "Failed"
	}
	return "Succeeded"
}

// trustedRoles are roles the trusted access documentation names; what their rules are is the service's secret, so
// each has the least that its purpose needs.
var trustedRoles = []struct{ source, name, resources, verbs string }{
	{"Microsoft.MachineLearningServices/workspaces", "inference-v1", "pods services", "get list watch"},
	{"Microsoft.MachineLearningServices/workspaces", "mlworkload", "pods", "get list watch create delete"},
	{"Microsoft.DataProtection/backupVaults", "backup-operator", "pods persistentvolumeclaims", "get list"},
	{"Microsoft.Security/pricings", "microsoft-defender-operator", "pods", "get list watch"},
	{"Microsoft.Security/pricings", "microsoft-defender-policy-operator", "namespaces", "get list watch"},
}

func (p *Provider) trustedAccessRoles(rq *arm.Request) (*arm.Response, error) {
	if err := p.knownLocation(rq, "locations/trustedAccessRoles"); err != nil {
		return nil, err
	}
	value := []arm.Object{}
	for _, r := range trustedRoles {
		rule := arm.Object{"apiGroups": []string{""}, "resources": strings.Fields(r.resources), "verbs": strings.Fields(r.verbs), "resourceNames": []string{}, "nonResourceURLs": []string{}}
		value = append(value, arm.Object{"sourceResourceType": r.source, "name": r.name, "rules": []arm.Object{rule}})
	}
	slices.SortStableFunc(value, func(a, b arm.Object) int {
		return strings.Compare(arm.Str(a, "sourceResourceType"), arm.Str(b, "sourceResourceType"))
	})
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}
