package aks

import (
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const (
	connectionType = ClusterType + "/privateEndpointConnections"
	// management is the only part of a cluster a private endpoint can lead to: its API server.
	management = "management"
)

func isPrivate(c *fabric.Resource) bool {
	return arm.Bool(c.Body, "properties.apiServerAccessProfile.enablePrivateCluster")
}

// linkService is the private link service in front of the API server. It lives in the service's own subscription.
func (p *Provider) linkService(c *fabric.Resource) string {
	id := guidOf("privateLinkService", c.ID)
	return "/subscriptions/" + guidOf("underlay", c.Location) + "/resourceGroups/" + id[:8] + "/providers/Microsoft.Network/privateLinkServices/" + arm.Str(c.Body, "properties.resourceUID")
}

func (p *Provider) linkResource(c *fabric.Resource) arm.Object {
	return arm.Object{
		"id": lowerGroups(c.ID) + "/privateLinkResources/" + management, "name": management, "type": ClusterType + "/privateLinkResources",
		"groupId": management, "requiredMembers": []any{management}, "privateLinkServiceID": p.linkService(c),
	}
}

func (p *Provider) privateLinkResources(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	value := []any{}
	if isPrivate(c) {
		value = append(value, p.linkResource(c))
	}
	return pretty(http.StatusOK, arm.Object{"value": value}), nil
}

func (p *Provider) resolvePrivateLinkService(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	switch {
	case err != nil:
		return nil, err
	case !strings.EqualFold(arm.Str(rq.Body, "name"), management):
		return nil, badRequest("InvalidParameter", "name", "The value of parameter name is invalid. Error details: '%s' is not a private link resource of a managed cluster.", arm.Str(rq.Body, "name"))
	case !isPrivate(c):
		return nil, badRequest("BadRequest", "apiServerAccessProfile.enablePrivateCluster", "Managed cluster %s is not a private cluster.", c.Name)
	}
	return pretty(http.StatusOK, p.linkResource(c)), nil
}

func viewConnection(r *fabric.Resource) arm.Object {
	out := arm.Copy(r.Body)
	out["id"], out["name"], out["type"] = lowerGroups(r.ID), r.Name, "Microsoft.Network/privateLinkServices/privateEndpointConnections"
	arm.Put(out, "properties.provisioningState", r.State)
	return out
}

func (p *Provider) listConnections(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, r := range p.Fabric.Children(c.ID, connectionType) {
		value = append(value, viewConnection(r))
	}
	return pretty(http.StatusOK, arm.Object{"value": value}), nil
}

func (p *Provider) connection(rq *arm.Request) (*fabric.Resource, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	if r := p.Fabric.Get(c.ARMID().Child("privateEndpointConnections", rq.Params["connection"]).String()); r != nil {
		return r, nil
	}
	return nil, arm.FlatError(http.StatusNotFound, "NotFound", "Could not find the private endpoint connection: %s in subscription: %s, resourceGroup: %s, resourceName: %s.", rq.Params["connection"], rq.ID.Subscription, rq.ID.ResourceGroup, rq.Params["mc"])
}

func (p *Provider) getConnection(rq *arm.Request) (*arm.Response, error) {
	r, err := p.connection(rq)
	if err != nil {
		return nil, err
	}
	return pretty(http.StatusOK, viewConnection(r)), nil
}

var connectionStates = []string{"Approved", "Pending", "Rejected", "Disconnected"}

// putConnection approves or rejects a connection. A private endpoint that nobody has told the cluster about makes one.
func (p *Provider) putConnection(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	state := arm.Str(rq.Body, "properties.privateLinkServiceConnectionState.status")
	if !slices.Contains(connectionStates, state) {
		return nil, badRequest("InvalidParameter", "properties.privateLinkServiceConnectionState.status", "The value of parameter properties.privateLinkServiceConnectionState.status is invalid. Error details: '%s' is not one of %s.", state, strings.Join(connectionStates, ", "))
	}
	id := c.ARMID().Child("privateEndpointConnections", rq.Params["connection"])
	r, status := p.Fabric.Get(id.String()), http.StatusOK
	if r == nil {
		r, status = p.Fabric.Create(id, "", arm.Object{"properties": arm.Object{}}), http.StatusCreated
	}
	props := merge(arm.Map(r.Body, "properties"), withoutNulls(arm.Map(rq.Body, "properties")).(arm.Object))
	delete(props, "provisioningState")
	r.Body["properties"], r.State = props, "Succeeded"
	p.Fabric.Save(r)
	return pretty(status, viewConnection(r)), nil
}

func (p *Provider) deleteConnection(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	r := p.Fabric.Get(c.ARMID().Child("privateEndpointConnections", rq.Params["connection"]).String())
	if r == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	p.Fabric.Drop(r)
	return arm.Respond(http.StatusOK, nil), nil
}
