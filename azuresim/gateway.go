package azuresim

import (
	"time"

	"github.com/capaks/capaks/azuresim/aks"
	"github.com/capaks/capaks/azuresim/front"
	"github.com/capaks/capaks/azuresim/resources"
	"github.com/capaks/capaks/azuresim/spec"
)

// newGateway builds the ARM gateway and ties it to the two providers it consults: Microsoft.Resources, which is part
// of ARM, and AKS, whose node resource groups may be locked down.
func (s *Server) newGateway(groups *resources.Provider, clusters *aks.Provider) *front.Gateway {
	g := &front.Gateway{Fabric: s.fabric, World: s.world, Directory: s.directory, Throttle: s.throttle, BaseURL: s.URL, PageSize: s.opts.PageSize, Check: spec.Validate,
		Denied: clusters.LockedDown, Locked: groups.Locked}
	groups.Types, groups.Forward = g.Types, g.Forward
	groups.KeepWorld = func() { s.fabric.Keep(worldKey, s.world.Get()) }
	groups.RegistrationDuration = func() time.Duration { return s.opts.Durations["registration"] }
	return g
}
