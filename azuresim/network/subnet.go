package network

import (
	"net/http"
	"net/netip"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

func (p *Provider) viewSubnet(s *fabric.Resource) arm.Object {
	props := arm.Copy(arm.Map(s.Body, "properties"))
	props["provisioningState"] = s.State
	for _, raw := range arm.List(props, "delegations") {
		if d, ok := raw.(map[string]any); ok {
			d["id"] = s.ID + "/delegations/" + arm.Str(d, "name")
			d["etag"] = s.ETag
			d["type"] = SubnetType + "/delegations"
			arm.Put(d, "properties.provisioningState", "Succeeded")
			arm.Default(d, "properties.actions", []any{SubnetType + "/join/action"})
		}
	}
	return arm.Object{"name": s.Name, "id": s.ID, "etag": s.ETag, "properties": props, "type": SubnetType}
}

// setSubnet stores what a client sent, with the defaults of the recordings.
func setSubnet(s *fabric.Resource, sent arm.Object) {
	props := arm.Copy(sent)
	if props == nil {
		props = arm.Object{}
	}
	delete(props, "provisioningState")
	arm.Default(props, "delegations", []any{})
	arm.Default(props, "privateEndpointNetworkPolicies", "Disabled")
	arm.Default(props, "privateLinkServiceNetworkPolicies", "Enabled")
	s.Body["properties"] = props
}

type placed struct {
	name   string
	prefix netip.Prefix
}

// place checks one subnet against the address space and the subnets before it.
func place(taken []placed, space []netip.Prefix, vnet, name string, props arm.Object) ([]placed, error) {
	list := arm.List(props, "addressPrefixes")
	if one := arm.Str(props, "addressPrefix"); one != "" {
		list = []any{one}
	}
	if len(list) == 0 {
		return nil, arm.ProviderError(http.StatusBadRequest, "InvalidRequestFormat", "Cannot parse the request. Subnet '%s' has no address prefix.", name)
	}
	for _, raw := range list {
		text, _ := raw.(string)
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix.Masked() != prefix {
			return nil, arm.ProviderError(http.StatusBadRequest, "InvalidCIDRNotation", "The address prefix %s in resource %s has an invalid CIDR notation. For the given prefix length, the address prefix should be a network address.", text, name)
		}
		inside := false
		for _, s := range space {
			inside = inside || s.Bits() <= prefix.Bits() && s.Contains(prefix.Addr())
		}
		if !inside {
			return nil, arm.ProviderError(http.StatusBadRequest, "NetcfgInvalidSubnet", "Subnet '%s' is not valid in virtual network '%s'.", name, vnet)
		}
		for _, t := range taken {
			if t.prefix.Overlaps(prefix) && t.name != name {
				return nil, arm.ProviderError(http.StatusBadRequest, "NetcfgSubnetRangesOverlap", "Subnet '%s' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '%s'.", name, vnet)
			}
		}
		taken = append(taken, placed{name, prefix})
	}
	return taken, nil
}

func (p *Provider) inUse(s *fabric.Resource) error {
	if p.UsedBy == nil {
		return nil
	}
	if user := p.UsedBy(s.ID); user != "" {
		return arm.ProviderError(http.StatusBadRequest, "InUseSubnetCannotBeDeleted", "Subnet %s is in use by %s and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.", s.Name, user)
	}
	return nil
}

// parent finds the network of a subnet request; reads and writes get different 404s.
func (p *Provider) parent(rq *arm.Request, verb string) (*fabric.Resource, error) {
	id := rq.ID
	if len(id.Names) == 2 {
		id = id.Parent()
	}
	v := p.Fabric.Get(id.String())
	switch {
	case v != nil:
		return v, nil
	case verb == "write":
		return nil, arm.ParentNotFound(verb, rq.ID)
	}
	return nil, arm.ResourceNotFound(id)
}

func (p *Provider) listSubnets(rq *arm.Request) (*arm.Response, error) {
	v, err := p.parent(rq, "read")
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, s := range p.Fabric.Children(v.ID, SubnetType) {
		value = append(value, p.viewSubnet(s))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getSubnet(rq *arm.Request) (*arm.Response, error) {
	if _, err := p.parent(rq, "read"); err != nil {
		return nil, err
	}
	s := p.Fabric.Get(rq.ID.String())
	if s == nil {
		return nil, arm.ProviderError(http.StatusNotFound, "NotFound", "Resource %s not found.", rq.ID.String())
	}
	return arm.Respond(http.StatusOK, p.viewSubnet(s)).With("ETag", s.ETag), nil
}

func (p *Provider) putSubnet(rq *arm.Request) (*arm.Response, error) {
	v, err := p.parent(rq, "write")
	if err != nil {
		return nil, err
	}
	s := p.Fabric.Get(rq.ID.String())
	if s != nil {
		if err := precondition(rq, s.ETag); err != nil {
			return nil, err
		}
	}
	if err := p.busy(rq, v); err != nil {
		return nil, err
	}
	space, err := prefixes(v.ARMID(), arm.List(v.Body, "properties.addressSpace.addressPrefixes"))
	if err != nil {
		return nil, err
	}
	var taken []placed
	for _, other := range p.Fabric.Children(v.ID, SubnetType) {
		if other != s {
			if taken, err = place(taken, space, v.Name, other.Name, arm.Map(other.Body, "properties")); err != nil {
				return nil, err
			}
		}
	}
	if _, err := place(taken, space, v.Name, rq.ID.Name(), arm.Map(rq.Body, "properties")); err != nil {
		return nil, err
	}
	status := http.StatusOK
	if s == nil {
		status = http.StatusCreated
		s = p.Fabric.Create(v.ARMID().Child("subnets", rq.ID.Name()), "", arm.Object{})
	}
	setSubnet(s, arm.Map(rq.Body, "properties"))
	s.State = "Updating"
	p.touch(v)
	op := p.start(rq, putKind, "Updating", s, v, p.Duration())
	return accepted(rq, op, status, p.viewSubnet(s), "3"), nil
}

func (p *Provider) deleteSubnet(rq *arm.Request) (*arm.Response, error) {
	v, err := p.parent(rq, "delete")
	if err != nil {
		return nil, err
	}
	s := p.Fabric.Get(rq.ID.String())
	if s == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	if err := p.inUse(s); err != nil {
		return nil, err
	}
	return p.delete(rq, s, v)
}
