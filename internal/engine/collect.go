package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
)

// Tags by which AKS marks a pool's scale set; the second is the older one.
var poolTags = []string{"aks-managed-poolName", "poolName"}

// Kubeconfig is a credential as Azure handed it out.
type Kubeconfig struct {
	Value []byte
	// ETag is the eTag of the managed cluster it belongs to: every operation on the cluster changes it, a
	// rotation of certificates among them.
	ETag string
}

// noLocalAccounts is what AKS answers to a request for the admin kubeconfig of a cluster without local accounts. It is known
// beforehand, so the request is not made.
var noLocalAccounts = aks.AzureError{Code: "BadRequest", Message: "Getting static credential is not allowed because this cluster is set to disable local accounts."}

// collectCredentials asks for the admin kubeconfig when none is stored, or the cluster changed since.
func (s *step) collectCredentials(ctx context.Context, facts aks.Facts) error {
	if facts.NoLocalAccounts {
		s.report.kubeconfigError = new(noLocalAccounts)
		return nil
	}
	if s.KubeconfigETag != "" && s.KubeconfigETag == facts.ETag {
		return nil
	}
	if s.memory.refusedETag == facts.ETag && s.memory.refusal != nil {
		s.report.kubeconfigError = s.memory.refusal // asked already, in this very state of the cluster
		return nil
	}
	response, err := s.Client.Post(ctx, s.names.ClusterID+"/listClusterAdminCredential", aks.ContainerServiceAPIVersion, nil, nil)
	var refusal *arm.Error
	if errors.As(err, &refusal) {
		// A cluster without credentials is still a cluster: say so and go on.
		cause := azureError(refusal)
		s.report.kubeconfigError = &cause
		s.memory.refusedETag, s.memory.refusal = facts.ETag, &cause
		return nil
	}
	if err != nil {
		return err
	}
	value, err := kubeconfigOf(response.Body)
	if err != nil {
		s.report.kubeconfigError = &aks.AzureError{Code: "InvalidKubeconfig", Message: err.Error()}
		return nil
	}
	s.report.Kubeconfig = &Kubeconfig{Value: value, ETag: facts.ETag}
	return nil
}

func kubeconfigOf(body map[string]any) ([]byte, error) {
	list, _ := body["kubeconfigs"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		encoded, _ := entry["value"].(string)
		if encoded == "" {
			continue
		}
		return base64.StdEncoding.DecodeString(encoded)
	}
	return nil, errors.New("Azure answered without a kubeconfig")
}

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
