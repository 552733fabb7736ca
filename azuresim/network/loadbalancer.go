package network

import (
	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

const natRules = "Microsoft.Network/loadBalancers/inboundNatRules"

// flow are the defaults that everything passing traffic to backends has.
func flow(more arm.Object) arm.Object {
	out := arm.Object{"idleTimeoutInMinutes": int64(4), "enableFloatingIP": false, "enableDestinationServiceEndpoint": false, "enableTcpReset": false, "allowBackendPortConflict": false, "protocol": "Tcp"}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func (p *Provider) loadBalancers() []*tracked.Type {
	var defaults []tracked.Default
	for k, v := range flow(nil) {
		defaults = append(defaults, tracked.Default{Path: "properties." + k, Value: v})
	}
	life := p.life("3", "10")
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "loadBalancers", Operation: "LoadBalancer", Life: life, ReadOnly: []string{resourceGUID},
			Defaults: []tracked.Default{{Path: "sku.name", Value: "Basic"}, {Path: "sku.tier", Value: "Regional"}},
			Embedded: []tracked.Embedded{{Property: "inboundNatRules", Type: natRules}},
			Prepare:  p.prepareLoadBalancer, Ended: p.allocateUsed, View: viewLoadBalancer,
			InUse: func(rq *arm.Request, r *fabric.Resource) error {
				for _, front := range p.frontends(r) {
					if users := p.others(rq, r, p.userIDs(front, "privateLinkServices")); len(users) > 0 {
						return badRequest("LoadBalancerInUseByPrivateLinkService", "Load balancer %s cannot be deleted because its frontend ip configuration is used by private link service %s.", r.ID, users[0])
					}
				}
				return nil
			},
		},
			part{property: "frontendIPConfigurations", defaults: arm.Object{"privateIPAllocationMethod": "Dynamic"}}, part{property: "backendAddressPools"},
			part{property: "loadBalancingRules", defaults: flow(arm.Object{"loadDistribution": "Default", "disableOutboundSnat": false})},
			part{property: "probes", defaults: arm.Object{"intervalInSeconds": int64(15), "numberOfProbes": int64(2)}},
			part{property: "outboundRules", defaults: arm.Object{"idleTimeoutInMinutes": int64(4), "enableTcpReset": false, "protocol": "All"}},
			part{property: "inboundNatPools", defaults: flow(nil)},
		),
		p.resource(tracked.Type{
			Name: "loadBalancers/inboundNatRules", Operation: "InboundNatRule", Proxy: true, Life: life, Defaults: defaults,
			// Rules of a public load balancer are there at once, as the load balancer itself is.
			Prepare: func(w *tracked.Write) error {
				w.Instant = !private(w.Parent)
				return nil
			},
		}),
	}
}

func (p *Provider) frontends(r *fabric.Resource) []string {
	var out []string
	for _, e := range elements(r.Body, "frontendIPConfigurations") {
		out = append(out, r.ID+"/frontendIPConfigurations/"+arm.Str(e, "name"))
	}
	return out
}

// private says that a load balancer stands in a subnet.
func private(body arm.Object) bool {
	for _, e := range elements(body, "frontendIPConfigurations") {
		if arm.Str(e, "properties.subnet.id") != "" {
			return true
		}
	}
	return false
}

// prepareLoadBalancer gives private frontends their address. A public one has nothing to do and is Succeeded at once.
func (p *Provider) prepareLoadBalancer(w *tracked.Write) error {
	for _, e := range elements(w.Body, "frontendIPConfigurations") {
		for _, k := range []string{"inboundNatRules", "inboundNatPools", "loadBalancingRules", "outboundRules"} {
			arm.Remove(e, "properties."+k)
		}
		if arm.Str(e, "properties.subnet.id") == "" {
			continue
		}
		arm.Default(e, "properties.privateIPAddressVersion", "IPv4")
		if err := p.privateAddress(w, e); err != nil {
			return err
		}
	}
	w.Instant = !private(w.Body)
	return nil
}

func viewLoadBalancer(_ string, _ *fabric.Resource, doc arm.Object) {
	showPointing(doc, "frontendIPConfigurations", "inboundNatRules", "inboundNatPools", "loadBalancingRules", "outboundRules")
	showPointing(doc, "backendAddressPools", "loadBalancingRules", "outboundRules")
	showPointing(doc, "probes", "loadBalancingRules")
}
