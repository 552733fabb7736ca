package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
)

// Tags by which AKS marks a pool's scale set; the second is the older one.
var poolTags = []string{"aks-managed-poolName", "poolName"}

// collectInstances lists the instances of pools whose state changed since they were listed last. A pool's eTag
// changes with every operation on it, its count also when the autoscaler works. While fewer are there than the
// count says, the list is read again with growing pauses: a failed pool may never get its nodes.
func (s *step) collectInstances(ctx context.Context, facts aks.Facts) error {
	for _, pool := range facts.Pools {
		if pool.Stopped() {
			continue
		}
		known := s.memory.pools[pool.Name]
		same := known.listed && known.etag == pool.ETag && known.count == pool.Count
		if same && int64(len(known.providerIDs)) == pool.Count || pool.Busy() {
			continue
		}
		if wait := known.again.Sub(s.now()); same && wait > 0 {
			s.report.requeue(wait)
			continue
		}
		ids, err := s.listInstances(ctx, facts, pool.Name)
		if err != nil {
			return err
		}
		latest := instances{listed: true, etag: pool.ETag, count: pool.Count, providerIDs: ids}
		if int64(len(ids)) != pool.Count {
			latest.pause = instancesPause
			if same {
				latest.pause = min(2*known.pause, maxInstancesPause)
			}
			latest.again = s.now().Add(latest.pause)
			s.report.requeue(latest.pause)
		}
		s.memory.pools[pool.Name] = latest
	}
	return nil
}

func (s *step) listInstances(ctx context.Context, facts aks.Facts, pool string) ([]string, error) {
	if s.memory.scaleSet[pool] == "" {
		if err := s.findScaleSets(ctx, facts); err != nil {
			return nil, err
		}
	}
	set := s.memory.scaleSet[pool]
	if set == "" {
		return nil, nil
	}
	items, _, err := s.Client.List(ctx, set+"/virtualMachines", aks.ComputeAPIVersion)
	if arm.IsNotFound(err) {
		// The pool was replaced under the same name: look for its new scale set next time.
		delete(s.memory.scaleSet, pool)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(items))
	for _, item := range items {
		if id, _ := item["id"].(string); id != "" {
			ids = append(ids, aks.ProviderID(id))
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// findScaleSets lists the node resource group once for all pools.
func (s *step) findScaleSets(ctx context.Context, facts aks.Facts) error {
	items, _, err := s.Client.List(ctx, aks.ScaleSetsPath(s.names.Subscription, facts.NodeGroup), aks.ComputeAPIVersion)
	if arm.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, item := range items {
		id, _ := item["id"].(string)
		tags, _ := item["tags"].(map[string]any)
		for _, tag := range poolTags {
			pool, _ := tags[tag].(string)
			// A user's tag may carry the same key; the scale set's own name tells.
			if pool != "" && scaleSetOf(id, pool) {
				s.memory.scaleSet[pool] = id
				break
			}
		}
	}
	return nil
}

// scaleSetOf: AKS names scale sets aks-<pool>-<digits>-vmss, on Windows aks<pool>.
func scaleSetOf(id, pool string) bool {
	name := strings.ToLower(id[strings.LastIndex(id, "/")+1:])
	return strings.HasPrefix(name, "aks-"+strings.ToLower(pool)+"-") || strings.HasPrefix(name, "aks"+strings.ToLower(pool))
}
