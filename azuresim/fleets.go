package azuresim

import (
	"github.com/capaks/capaks/azuresim/aks"
	"github.com/capaks/capaks/azuresim/fleet"
)

// fleets is the fleet service. It asks AKS to upgrade clusters, and AKS serves its polling addresses.
func (s *Server) fleets(clusters *aks.Provider) *fleet.Provider {
	d := s.opts.Durations
	return &fleet.Provider{Fabric: s.fabric, World: s.world, Clusters: clusters, Durations: func() fleet.Durations {
		return fleet.Durations{Fleet: d["fleet.create"], Delete: d["fleet.delete"], Member: d["fleet.member"], Short: d["unchanged"]}
	}}
}
