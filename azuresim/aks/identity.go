package aks

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
)

const kubeletIdentity = "properties.identityProfile.kubeletidentity"

// checkIdentities is what the gateway does before the provider sees a request: the identities a cluster gets must exist,
// and the caller must be allowed to assign them.
func (p *Provider) checkIdentities(rq *arm.Request) error {
	ids := arm.Map(rq.Body, "identity.userAssignedIdentities")
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if ids[id] == nil { // takes the identity away
			continue
		}
		if err := p.linked(rq, "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", id); err != nil {
			return err
		}
		if !p.identityExists(id) {
			return arm.GatewayError(http.StatusBadRequest, "FailedIdentityOperation", "Identity operation for resource '%s' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '%s' was not found.\"}}'.'.", rq.ID.String(), lowerGroups(id))
		}
	}
	return nil
}

// identityExists: as a resource, or because the world was configured with it.
func (p *Provider) identityExists(id string) bool {
	return p.Fabric.Get(id) != nil || p.World.Get().Principal(id) != nil
}

// linked refuses a request that names a resource the caller has no right to use.
func (p *Provider) linked(rq *arm.Request, action, id string) error {
	caller := p.World.Get().Principal(rq.Caller.ClientID)
	if caller == nil || p.World.Get().Allowed(caller, action, id) {
		return nil
	}
	return arm.GatewayError(http.StatusForbidden, "LinkedAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action 'Microsoft.ContainerService/managedClusters/write' on scope '%s'; however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' (respectively) or the linked scope(s) are invalid.", rq.Caller.ClientID, rq.Caller.ObjectID, rq.ID.String(), action, id)
}

func checkIdentity(body arm.Object) error {
	if strings.Contains(arm.Str(body, "identity.type"), "UserAssigned") && len(arm.Map(body, "identity.userAssignedIdentities")) == 0 {
		return badRequest("InvalidParameter", "identity.userAssignedIdentities", "Required parameter identity.userAssignedIdentities is missing (null).")
	}
	if arm.Str(body, kubeletIdentity+".resourceId") != "" && arm.Str(body, "identity.type") != "UserAssigned" {
		return badRequest("CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster", "identityProfile.kubeletidentity", "Custom kubelet identity is only supported on user assigned MSI cluster.")
	}
	return nil
}

// checkKubelet: an identity brought for the nodes must exist when the nodes get it.
func (p *Provider) checkKubelet(d *draft) error {
	id := arm.Str(d.body, kubeletIdentity+".resourceId")
	if id == "" || d.stored != nil && strings.EqualFold(id, arm.Str(d.stored.Body, kubeletIdentity+".resourceId")) || p.identityExists(id) {
		return nil
	}
	return badRequest("BadRequest", "identityProfile.kubeletidentity.resourceId", "The kubelet identity '%s' was not found.", id)
}

// fillIdentity adds what Entra ID knows about the cluster's identity. Another type of identity is another identity.
func (p *Provider) fillIdentity(body arm.Object, tenant string) {
	id := arm.Map(body, "identity")
	if id == nil {
		p.fillKubelet(body)
		return
	}
	switch arm.Str(id, "type") {
	case "SystemAssigned":
		arm.Default(id, "principalId", uuid.NewString())
		arm.Default(id, "tenantId", tenant)
		delete(id, "userAssignedIdentities")
	default:
		delete(id, "principalId")
		delete(id, "tenantId")
	}
	p.fillUserIdentities(body)
	p.fillKubelet(body)
}

// fillKubelet completes the identity a user brought for the nodes. What a client sends back of the one the service made
// by itself is not brought.
func (p *Provider) fillKubelet(body arm.Object) {
	id := arm.Str(body, kubeletIdentity+".resourceId")
	own := "/resourcegroups/" + arm.Str(body, "properties.nodeResourceGroup") + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	if id == "" || strings.Contains(strings.ToLower(id), strings.ToLower(own)) {
		arm.Remove(body, "properties.identityProfile")
		return
	}
	client, object := p.whoIs(id)
	arm.Put(body, kubeletIdentity, arm.Object{"resourceId": id, "clientId": client, "objectId": object})
}

// fillUserIdentities shows the ids of the identities the cluster has.
func (p *Provider) fillUserIdentities(body arm.Object) {
	ids := arm.Map(body, "identity.userAssignedIdentities")
	for id := range ids {
		client, principal := p.whoIs(id)
		ids[id] = arm.Object{"clientId": client, "principalId": principal}
	}
}

// whoIs are the client and object id of a user-assigned identity; one that was deleted since keeps some.
func (p *Provider) whoIs(id string) (client, object string) {
	if who := p.World.Get().Principal(id); who != nil {
		return who.ClientID, who.Object()
	}
	return guidOf("client", id), guidOf("principal", id)
}
