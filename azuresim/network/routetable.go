package network

import (
	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

func (p *Provider) routeTables() []*tracked.Type {
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "routeTables", Operation: "RouteTable", Life: p.life("2", "2", "2"), ReadOnly: []string{resourceGUID, "properties.subnets"},
			Defaults: []tracked.Default{{Path: "properties.disableBgpRoutePropagation", Value: false}},
			Embedded: []tracked.Embedded{{Property: "routes", Type: namespace + "routeTables/routes"}},
			View: func(_ string, r *fabric.Resource, doc arm.Object) {
				showUsers(doc, "properties.subnets", p.userIDs(r.ID, "virtualNetworks/subnets"))
			},
			InUse: func(rq *arm.Request, r *fabric.Resource) error {
				if len(p.others(rq, r, p.userIDs(r.ID))) == 0 {
					return nil
				}
				return badRequest("InUseRouteTableCannotBeDeleted", "Route table %s is in use and cannot be deleted.", r.Name)
			},
		}),
		p.resource(tracked.Type{
			Name: "routeTables/routes", Operation: "Route", Proxy: true, Life: p.life("2", "2", "2"), ReadOnly: []string{"properties.hasBgpOverride"},
			Prepare: func(w *tracked.Write) error {
				hop := arm.Str(w.Body, "properties.nextHopType")
				switch {
				case arm.Str(w.Body, "properties.addressPrefix") == "":
					return badRequest("InvalidRequestFormat", "Cannot parse the request. Route '%s' has no address prefix.", w.ID.Name())
				case hop == "VirtualAppliance" && arm.Str(w.Body, "properties.nextHopIpAddress") == "":
					return badRequest("NextHopIpAddressRequired", "Next hop IP address is required for route %s because its next hop type is VirtualAppliance.", w.ID)
				case hop != "VirtualAppliance" && arm.Str(w.Body, "properties.nextHopIpAddress") != "":
					return badRequest("NextHopIpAddressNotAllowed", "Next hop IP address is not allowed for route %s because its next hop type is %s.", w.ID, hop)
				}
				return nil
			},
			View: func(_ string, _ *fabric.Resource, doc arm.Object) { arm.Put(doc, "properties.hasBgpOverride", false) },
		}),
	}
}
