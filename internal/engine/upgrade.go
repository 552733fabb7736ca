package engine

import (
	"context"
	"time"

	"github.com/capaks/capaks/internal/aks"
)

// readUpgrades reads the versions AKS offers: one step from what the cluster runs now, and everything in its location, which is
// shared with other clusters. An identity without a right to the latter only sees less far.
func (s *step) readUpgrades(ctx context.Context) error {
	response, err := s.Client.Get(ctx, s.names.ClusterID+"/upgradeProfiles/default", aks.ContainerServiceAPIVersion)
	if err != nil {
		return err
	}
	var after time.Time
	if s.memory.obs.Upgrades != nil {
		after = s.now().Add(-time.Hour)
	}
	place, err := s.fleet.Place(ctx, s.Client, s.names.Subscription, s.names.Location, after, aks.PartVersions)
	if err != nil {
		return err
	}
	s.memory.obs.Upgrades = aks.UpgradesOf(response.Body, s.memory.obs.Cluster.Body, place.Versions, s.now())
	return nil
}

// readNodeImages reads the newest node images of pools.
func (s *step) readNodeImages(ctx context.Context, names []string) error {
	if s.memory.obs.NodeImages == nil {
		s.memory.obs.NodeImages = map[string]aks.NodeImage{}
	}
	for _, name := range names {
		response, err := s.Client.Get(ctx, aks.AgentPoolID(s.names.ClusterID, name)+"/upgradeProfiles/default", aks.ContainerServiceAPIVersion)
		if err != nil {
			return err
		}
		s.memory.obs.NodeImages[lower(name)] = aks.NodeImageOf(response.Body, s.now())
	}
	return nil
}

// Offers are the versions AKS had on offer for the cluster.
type Offers struct {
	Time     time.Time
	Versions []string
}

// upgrades reports how far an upgrade is and what was on offer when that was read; nil where it was not.
func (s *step) upgrades(r *Report) {
	r.Upgrade, r.Offers, r.NodeImagesDone = r.decision.Upgrade, nil, r.decision.NodeImagesDone
	if at := r.decision.Wake; !at.IsZero() {
		r.requeue(max(at.Sub(s.now()), time.Second))
	}
	if at, versions := aks.OnOffer(s.memory.obs); !at.IsZero() {
		r.Offers = &Offers{Time: at, Versions: versions}
	}
}
