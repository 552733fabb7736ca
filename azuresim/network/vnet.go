package network

import (
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/resources"
)

// keepsSubnets is the first api-version in which a VNet PUT without "subnets" leaves the existing ones alone;
// earlier ones read it as "no subnets". The version is an assumption.
const keepsSubnets = "2025-01-01"

func (p *Provider) viewVNet(v *fabric.Resource) arm.Object {
	props := arm.Copy(arm.Map(v.Body, "properties"))
	props["provisioningState"] = v.State
	subnets := []any{}
	for _, s := range p.Fabric.Children(v.ID, SubnetType) {
		subnets = append(subnets, p.viewSubnet(s))
	}
	props["subnets"] = subnets
	out := arm.Object{"name": v.Name, "id": v.ID, "etag": v.ETag, "type": VNetType, "location": v.Location, "properties": props}
	if tags := arm.Map(v.Body, "tags"); tags != nil {
		out["tags"] = tags
	}
	return out
}

func (p *Provider) listVNets(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, v := range p.Fabric.List(rq.ID.Subscription, VNetType) {
		if rq.ID.ResourceGroup == "" || strings.EqualFold(v.ARMID().ResourceGroup, rq.ID.ResourceGroup) {
			value = append(value, p.viewVNet(v))
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) getVNet(rq *arm.Request) (*arm.Response, error) {
	v := p.Fabric.Get(rq.ID.String())
	if v == nil {
		return nil, arm.ResourceNotFound(rq.ID)
	}
	return arm.Respond(http.StatusOK, p.viewVNet(v)).With("ETag", v.ETag), nil
}

func (p *Provider) putVNet(rq *arm.Request) (*arm.Response, error) {
	v := p.Fabric.Get(rq.ID.String())
	if err := p.checkVNet(rq, v); err != nil {
		return nil, err
	}
	subnets, keep, err := p.desiredSubnets(rq, v)
	if err != nil {
		return nil, err
	}
	status, light := http.StatusOK, false
	if v == nil {
		status = http.StatusCreated
		v = p.Fabric.Create(rq.ID, arm.Location(arm.Str(rq.Body, "location")), arm.Object{"properties": arm.Object{"resourceGuid": uuid.NewString()}})
	} else {
		light = p.unchanged(v, rq, subnets, keep)
	}
	p.applyVNet(v, rq, subnets, keep)
	duration, retry := p.Duration(), "3"
	if light {
		duration, retry = 0, ""
		v.State = "Succeeded"
	} else {
		v.State = "Updating"
	}
	p.touch(v)
	op := p.start(rq, putKind, "Updating", v, v, duration)
	if light {
		p.Fabric.End(op, fabric.Succeeded, nil)
	}
	return accepted(rq, op, status, p.viewVNet(v), retry), nil
}

func (p *Provider) checkVNet(rq *arm.Request, v *fabric.Resource) error {
	location := arm.Location(arm.Str(rq.Body, "location"))
	switch {
	case location == "":
		return arm.GatewayError(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case !p.World.Get().HasLocation(location):
		return arm.GatewayError(http.StatusBadRequest, "LocationNotAvailableForResourceType", "The provided location '%s' is not available for resource type '%s'. List of available regions for the resource type is '%s'.", location, VNetType, strings.Join(p.World.Get().Locations, ","))
	case v != nil && v.Location != location:
		return arm.GatewayError(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.", v.Name, v.Location, rq.ID.ResourceGroup, location)
	}
	if err := resources.CheckTags(arm.Map(rq.Body, "tags")); err != nil {
		return err
	}
	if v != nil {
		if err := precondition(rq, v.ETag); err != nil {
			return err
		}
		if err := p.busy(rq, v); err != nil {
			return err
		}
	}
	if _, err := prefixes(rq.ID, arm.List(rq.Body, "properties.addressSpace.addressPrefixes")); err != nil {
		return err
	}
	return nil
}

// precondition implements If-Match on the etag network resources carry in header and body.
func precondition(rq *arm.Request, etag string) error {
	if m := rq.Header.Get("If-Match"); m != "" && m != "*" && m != etag {
		return arm.ProviderError(http.StatusPreconditionFailed, "PreconditionFailed", "Precondition failed. Etag provided in if-match header %s does not match etag %s of the resource %s in NRP data store.", m, etag, rq.ID.String())
	}
	return nil
}

func prefixes(id arm.ID, list []any) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, v := range list {
		s, _ := v.(string)
		prefix, err := netip.ParsePrefix(s)
		if err != nil || prefix.Masked() != prefix {
			return nil, arm.ProviderError(http.StatusBadRequest, "InvalidAddressPrefixFormat", "Address prefix %s of resource %s is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.", s, id.String())
		}
		out = append(out, prefix)
	}
	if len(out) == 0 {
		return nil, arm.ProviderError(http.StatusBadRequest, "InvalidRequestFormat", "Cannot parse the request. Value for property properties.addressSpace.addressPrefixes is missing.")
	}
	return out, nil
}

type subnetSpec struct {
	name  string
	props arm.Object
}

// desiredSubnets reads the subnets of a VNet body; keep means the body says nothing about them and its api-version
// reads that as "leave them".
func (p *Provider) desiredSubnets(rq *arm.Request, v *fabric.Resource) (specs []subnetSpec, keep bool, err error) {
	space, err := prefixes(rq.ID, arm.List(rq.Body, "properties.addressSpace.addressPrefixes"))
	if err != nil {
		return nil, false, err
	}
	if _, sent := arm.Map(rq.Body, "properties")["subnets"]; !sent && rq.APIVersion >= keepsSubnets {
		return nil, true, nil
	}
	names := map[string]bool{}
	var taken []placed
	for _, raw := range arm.List(rq.Body, "properties.subnets") {
		s, _ := raw.(map[string]any)
		spec := subnetSpec{arm.Str(s, "name"), arm.Map(s, "properties")}
		if spec.name == "" {
			return nil, false, arm.ProviderError(http.StatusBadRequest, "InvalidRequestFormat", "Cannot parse the request. A subnet without name was found.")
		}
		if taken, err = place(taken, space, rq.ID.Name(), spec.name, spec.props); err != nil {
			return nil, false, err
		}
		names[strings.ToLower(spec.name)] = true
		specs = append(specs, spec)
	}
	if v != nil {
		for _, s := range p.Fabric.Children(v.ID, SubnetType) {
			if names[strings.ToLower(s.Name)] {
				continue
			}
			if err := p.inUse(s); err != nil {
				return nil, false, err
			}
		}
	}
	return specs, false, nil
}

func (p *Provider) applyVNet(v *fabric.Resource, rq *arm.Request, subnets []subnetSpec, keep bool) {
	guid := arm.Str(v.Body, "properties.resourceGuid")
	props := arm.Copy(arm.Map(rq.Body, "properties"))
	for _, k := range []string{"subnets", "provisioningState", "resourceGuid"} {
		delete(props, k)
	}
	props["resourceGuid"] = guid
	arm.Default(props, "virtualNetworkPeerings", []any{})
	arm.Default(props, "enableDdosProtection", false)
	if rq.APIVersion >= "2024-03-01" {
		arm.Default(props, "privateEndpointVNetPolicies", "Disabled")
	}
	v.Body["properties"] = props
	delete(v.Body, "tags")
	if tags := arm.Map(rq.Body, "tags"); tags != nil {
		v.Body["tags"] = arm.Copy(tags)
	}
	if keep {
		return
	}
	wanted := map[string]bool{}
	for _, spec := range subnets {
		wanted[strings.ToLower(spec.name)] = true
		id := v.ARMID().Child("subnets", spec.name)
		s := p.Fabric.Get(id.String())
		if s == nil {
			s = p.Fabric.Create(id, "", arm.Object{})
		}
		setSubnet(s, spec.props)
		s.State = "Succeeded"
	}
	for _, s := range p.Fabric.Children(v.ID, SubnetType) {
		if !wanted[strings.ToLower(s.Name)] {
			p.Fabric.Drop(s)
		}
	}
}

// unchanged says that a PUT changes nothing but tags.
func (p *Provider) unchanged(v *fabric.Resource, rq *arm.Request, subnets []subnetSpec, keep bool) bool {
	if !reflect.DeepEqual(arm.Get(v.Body, "properties.addressSpace"), arm.Get(rq.Body, "properties.addressSpace")) {
		return false
	}
	existing := p.Fabric.Children(v.ID, SubnetType)
	if keep {
		return true
	}
	if len(existing) != len(subnets) {
		return false
	}
	for _, spec := range subnets {
		s := p.Fabric.Get(v.ARMID().Child("subnets", spec.name).String())
		if s == nil || arm.Str(s.Body, "properties.addressPrefix") != arm.Str(spec.props, "addressPrefix") {
			return false
		}
	}
	return true
}

func (p *Provider) patchVNet(rq *arm.Request) (*arm.Response, error) {
	v := p.Fabric.Get(rq.ID.String())
	if v == nil {
		return nil, arm.ResourceNotFound(rq.ID)
	}
	tags := arm.Map(rq.Body, "tags")
	if err := resources.CheckTags(tags); err != nil {
		return nil, err
	}
	if err := p.busy(rq, v); err != nil {
		return nil, err
	}
	if tags != nil {
		v.Body["tags"] = arm.Copy(tags)
	}
	p.touch(v)
	return arm.Respond(http.StatusOK, p.viewVNet(v)), nil
}

func (p *Provider) deleteVNet(rq *arm.Request) (*arm.Response, error) {
	v := p.Fabric.Get(rq.ID.String())
	if v == nil {
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	for _, s := range p.Fabric.Children(v.ID, SubnetType) {
		if err := p.inUse(s); err != nil {
			return nil, err
		}
	}
	return p.delete(rq, v, v)
}

func (p *Provider) delete(rq *arm.Request, r, vnet *fabric.Resource) (*arm.Response, error) {
	op := p.Fabric.RunningOn(r.ID)
	if op == nil || op.Kind != deleteKind {
		if err := p.busy(rq, vnet); err != nil {
			return nil, err
		}
		r.State = "Deleting"
		p.Fabric.Save(r)
		op = p.start(rq, deleteKind, "Deleting", r, vnet, max(p.Duration(), time.Millisecond))
	}
	return accepted(rq, op, http.StatusAccepted, nil, "10"), nil
}
