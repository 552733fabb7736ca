package engine

import (
	"context"
	"errors"
	"reflect"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/fleet"
	"github.com/capaks/capaks/internal/plan"
)

// observe makes sure that there is an observation of everything the plan compares with. What is in memory is
// good enough: a write re-reads first, and the fleet tells when the cluster changed.
func (s *step) observe(ctx context.Context) error {
	// What runs is followed to its end first: forgetting it would lose why it failed.
	due := !s.memory.baseAt.IsZero() && s.now().Sub(s.memory.baseAt) > s.resync
	if s.Reread || due && s.memory.running == nil && len(s.memory.aside) == 0 {
		s.memory.forget()
	}
	if s.memory.baseAt.IsZero() {
		s.memory.versions = aks.APIVersions(s.Inputs)
		if err := s.readBase(ctx); err != nil {
			return err
		}
	}
	if s.memory.running != nil || !s.memory.obs.ResourceGroup.Exists {
		return nil
	}
	if err := s.lookAtFleet(ctx); err != nil {
		return err
	}
	return s.changeVersions(ctx)
}

// changeVersions reads again what was read in other api-versions than are asked for now.
func (s *step) changeVersions(ctx context.Context) error {
	now := aks.APIVersions(s.Inputs)
	if s.memory.versions == now {
		return nil
	}
	if s.memory.obs.Cluster.Exists {
		if err := s.readCluster(ctx); err != nil {
			return err
		}
		s.memory.obs.PoolDetails = nil
	}
	s.memory.versions = now
	return nil
}

// readBase reads the resource group(s) and the network. What lies in a group that does not exist does not exist
// either and is not asked for.
func (s *step) readBase(ctx context.Context) error {
	obs := &s.memory.obs
	var err error
	if obs.ResourceGroup, err = s.get(ctx, s.names.GroupID, aks.ResourcesAPIVersion); err != nil {
		return err
	}
	if !obs.ResourceGroup.Exists {
		obs.Time = s.now() // no group, no cluster: that is an observation too
	}
	obs.NetworkGroup = obs.ResourceGroup
	if s.names.NetworkInOtherGroup {
		if obs.NetworkGroup, err = s.get(ctx, s.names.NetworkGroupID, aks.ResourcesAPIVersion); err != nil {
			return err
		}
	}
	obs.VirtualNetwork = plan.Observed{}
	if obs.NetworkGroup.Exists {
		if obs.VirtualNetwork, err = s.get(ctx, s.names.NetworkID, aks.NetworkAPIVersion); err != nil {
			return err
		}
	}
	s.memory.baseAt = s.now()
	return nil
}

// lookAtFleet takes the cluster from the subscription's listing when that is newer than what is in memory.
func (s *step) lookAtFleet(ctx context.Context) error {
	snapshot, err := s.fleet.Look(ctx, s.Client, s.names.Subscription, s.names.ClusterID, s.Owner, !s.memory.obs.Time.IsZero())
	if err != nil {
		return err
	}
	if !snapshot.At.After(s.memory.obs.Time) {
		return nil
	}
	if version := aks.ClusterAPIVersion(s.Inputs.ControlPlane); version != aks.ContainerServiceAPIVersion && snapshot.Body != nil {
		return s.readListed(ctx, snapshot)
	}
	s.sawCluster(snapshot.Body)
	s.memory.obs.Time = snapshot.At
	return nil
}

// readListed reads a cluster that has an api-version of its own when the listing, which has another one, shows that
// something about it has changed.
func (s *step) readListed(ctx context.Context, snapshot fleet.Snapshot) error {
	if s.memory.listed != nil && s.memory.obs.Cluster.Exists && reflect.DeepEqual(s.memory.listed, snapshot.Body) {
		s.memory.obs.Time = snapshot.At
		return nil
	}
	if err := s.readCluster(ctx); err != nil {
		return err
	}
	s.memory.listed = snapshot.Body
	return nil
}

// readCluster reads the managed cluster itself.
func (s *step) readCluster(ctx context.Context) error {
	version := aks.ClusterAPIVersion(s.Inputs.ControlPlane)
	observed, err := s.get(ctx, s.names.ClusterID, version)
	if err != nil {
		return err
	}
	s.sawCluster(observed.Body)
	if version != aks.ContainerServiceAPIVersion {
		s.memory.listed = nil // another document than the one that is listed: the next listing is news
		return nil
	}
	s.fleet.Saw(s.Client, s.names.Subscription, s.names.ClusterID, s.Owner, observed.Body)
	return nil
}

// sawCluster takes a managed cluster as read (nil: there is none) into the observation. Pools read one by one
// are kept as long as their eTag shows that they are still the same.
func (s *step) sawCluster(body map[string]any) {
	obs := &s.memory.obs
	obs.Time = s.now()
	clear(s.memory.asked)
	if body == nil {
		obs.Cluster, obs.PoolDetails = plan.Observed{}, nil
		return
	}
	obs.Cluster = aks.ObservedResource(body)
	for _, pool := range aks.FactsOf(obs.Cluster).Pools {
		if detail, ok := obs.PoolDetails[pool.Name]; ok && (detail.ETag != pool.ETag || detail.State != pool.State) {
			delete(obs.PoolDetails, pool.Name)
		}
	}
}

// readPools reads agent pools on their own; see aks.Decision.NeedPools.
func (s *step) readPools(ctx context.Context, names []string) error {
	if s.memory.obs.PoolDetails == nil {
		s.memory.obs.PoolDetails = map[string]plan.Observed{}
	}
	for _, name := range names {
		observed, err := s.get(ctx, aks.AgentPoolID(s.names.ClusterID, name), aks.PoolAPIVersionNamed(s.Inputs, name))
		if err != nil {
			return err
		}
		s.memory.obs.PoolDetails[name] = observed
	}
	return nil
}

// readContents lists what is in resource groups that are about to be deleted.
func (s *step) readContents(ctx context.Context, groups []string) error {
	if s.memory.obs.Foreign == nil {
		s.memory.obs.Foreign = map[string][]string{}
	}
	for _, group := range groups {
		items, _, err := s.Client.List(ctx, group+"/resources", aks.ResourcesAPIVersion)
		if err != nil {
			return err
		}
		var ids []string
		for _, item := range items {
			if id, _ := item["id"].(string); id != "" {
				ids = append(ids, id)
			}
		}
		s.memory.obs.Foreign[lower(group)] = aks.Foreign(s.Inputs, ids)
	}
	return nil
}

// get reads one resource; a resource that is not there is an observation, not an error.
func (s *step) get(ctx context.Context, id, apiVersion string) (plan.Observed, error) {
	response, err := s.Client.Get(ctx, id, apiVersion)
	if absent(err) {
		return plan.Observed{}, nil
	}
	if err != nil {
		return plan.Observed{}, err
	}
	return aks.ObservedResource(response.Body), nil
}

// absent tells whether Azure says that a resource is not there. Of a subscription it says so too when the identity lost its
// last role in it, and then nothing is known about what is there.
func absent(err error) bool {
	refusal, ok := errors.AsType[*arm.Error](err)
	return ok && arm.IsNotFound(err) && !refusal.HasCode("SubscriptionNotFound")
}
