package aks

import (
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/world"
)

// checkPlace: the size of a new pool must exist and be offered in the region and in the zones asked for.
func (p *Provider) checkPlace(d *draft, pool string, sent arm.Object) error {
	name := arm.Str(sent, "vmSize")
	if name == "" {
		return nil // the service chooses one that is offered
	}
	w := p.World.Get()
	size, ok := w.Size(name)
	if !ok {
		return badRequest("BadRequest", "agentPoolProfile.vmSize", "The VM size of %s is not allowed in your subscription in location '%s'. The available VM sizes are '%s'", name, d.location, p.sizeNames())
	}
	everywhere, zones := w.Restricted(d.id.Subscription, d.location, name)
	if everywhere {
		return badRequest("SkuNotAvailable", "agentPoolProfile.vmSize", "The requested VM size '%s' is currently not available in location '%s'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.", size.Name, d.location)
	}
	for _, raw := range arm.List(sent, "availabilityZones") {
		zone, _ := raw.(string)
		if slices.Contains(zones, zone) || !slices.Contains(world.Zones(d.location), zone) {
			return badRequest("AvailabilityZoneNotSupported", "agentPoolProfile.availabilityZones", "The zone(s) '%s' for resource '%s' is not supported. The supported zones for location '%s' are '%s'", zone, pool, d.location, strings.Join(world.Zones(d.location), ","))
		}
	}
	return nil
}

func (p *Provider) sizeNames() string {
	var names []string
	for _, s := range p.World.Get().VMSizes {
		names = append(names, strings.ToLower(s.Name))
	}
	return strings.Join(names, ",")
}
