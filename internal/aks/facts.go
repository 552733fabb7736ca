package aks

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Facts are what an observed managed cluster says about itself, read out of its JSON once.
type Facts struct {
	Exists     bool
	ResourceID string
	ETag       string
	State      string
	PowerState string
	Tier       string
	// Version is what the control plane runs, AskedVersion what it was asked to run (possibly a minor alias).
	Version, AskedVersion string
	// Host is the name of the API server: the public one, or the private one of a private cluster.
	Host          string
	NodeGroup     string
	OIDCIssuerURL string
	// NoLocalAccounts: AKS has no admin credentials to give.
	NoLocalAccounts bool
	// Error is why the last operation failed, where the api-version tells.
	Error *AzureError
	Pools []PoolFacts
}

// PoolFacts are what an observed agent pool says about itself.
type PoolFacts struct {
	Name, ETag, State, Mode, Size string
	PowerState                    string
	Version, NodeImage            string
	Count                         int64
	AutoScaling                   bool
	Error                         *AzureError
}

// Busy tells whether an operation runs on the cluster itself.
func (f Facts) Busy() bool { return f.Exists && Busy(f.State) }

// Busy tells whether an operation runs on the pool.
func (p PoolFacts) Busy() bool { return Busy(p.State) }

// Failed tells whether the last operation on the cluster ended without success.
func (f Facts) Failed() bool { return Failed(f.State) }

// Failed tells whether the last operation on the pool ended without success.
func (p PoolFacts) Failed() bool { return Failed(p.State) }

// Failed tells whether a provisioningState means that the last operation ended without success.
func Failed(state string) bool {
	return strings.EqualFold(state, "Failed") || strings.EqualFold(state, "Canceled")
}

// Stopped tells whether somebody stopped the cluster: it has no nodes and no API server then.
func (f Facts) Stopped() bool { return strings.EqualFold(f.PowerState, powerStopped) }

// Stopped tells whether the pool was stopped, by itself or with its cluster.
func (p PoolFacts) Stopped() bool { return strings.EqualFold(p.PowerState, powerStopped) }

// Pool is the pool of that name; ok is false when Azure has none.
func (f Facts) Pool(name string) (PoolFacts, bool) {
	for _, pool := range f.Pools {
		if strings.EqualFold(pool.Name, name) {
			return pool, true
		}
	}
	return PoolFacts{}, false
}

// BusyPool is a pool with a running operation; ok is false when there is none.
func (f Facts) BusyPool() (PoolFacts, bool) {
	for _, pool := range f.Pools {
		if pool.Busy() {
			return pool, true
		}
	}
	return PoolFacts{}, false
}

// FactsOf reads an observed managed cluster.
func FactsOf(obs plan.Observed) Facts {
	if !obs.Exists {
		return Facts{}
	}
	at := func(path string) string { return stringAt(obs.Body, fieldset.ParsePath(path)...) }
	f := Facts{
		Exists:        true,
		ResourceID:    at("id"),
		ETag:          obs.ETag,
		State:         obs.State,
		PowerState:    at("properties.powerState.code"),
		Tier:          at("sku.tier"),
		Version:       at("properties.currentKubernetesVersion"),
		AskedVersion:  at("properties.kubernetesVersion"),
		Host:          apiServerHost(obs.Body),
		NodeGroup:     at("properties.nodeResourceGroup"),
		OIDCIssuerURL: at("properties.oidcIssuerProfile.issuerURL"),
		Error:         provisioningError(obs.Body, "properties", "status", "provisioningError"),
	}
	disabled, _ := fieldset.Get(obs.Body, fieldset.ParsePath("properties.disableLocalAccounts"))
	f.NoLocalAccounts = disabled == true
	if f.Version == "" {
		f.Version = f.AskedVersion
	}
	for _, profile := range inlineProfiles(obs.Body) {
		f.Pools = append(f.Pools, poolFacts(profile))
	}
	return f
}

func poolFacts(profile fieldset.Object) PoolFacts {
	p := PoolFacts{
		Name:       stringAt(profile, "name"),
		ETag:       stringAt(profile, "eTag"),
		State:      stringAt(profile, "provisioningState"),
		Mode:       stringAt(profile, "mode"),
		Size:       stringAt(profile, "vmSize"),
		PowerState: stringAt(profile, "powerState", "code"),
		Version:    stringAt(profile, "currentOrchestratorVersion"),
		NodeImage:  stringAt(profile, "nodeImageVersion"),
		Error:      provisioningError(profile, "status", "provisioningError"),
	}
	if p.Version == "" {
		p.Version = stringAt(profile, "orchestratorVersion")
	}
	p.Count, _ = profile["count"].(int64)
	p.AutoScaling, _ = profile["enableAutoScaling"].(bool)
	return p
}

// apiServerHost is the name clients use: a private cluster without public name has only the private one.
func apiServerHost(body fieldset.Object) string {
	private, _ := fieldset.Get(body, fieldset.ParsePath("properties.apiServerAccessProfile.enablePrivateCluster"))
	public, _ := fieldset.Get(body, fieldset.ParsePath("properties.apiServerAccessProfile.enablePrivateClusterPublicFQDN"))
	if private == true && public != true {
		return stringAt(body, "properties", "privateFQDN")
	}
	return stringAt(body, "properties", "fqdn")
}

func provisioningError(body fieldset.Object, path ...string) *AzureError {
	value, _ := fieldset.Get(body, path)
	e, ok := value.(fieldset.Object)
	if !ok || stringAt(e, "code") == "" {
		return nil
	}
	return &AzureError{Code: stringAt(e, "code"), Message: stringAt(e, "message"), Target: stringAt(e, "target")}
}

// ObservedResource wraps the body of a GET (or of an accepted PUT) for the plan.
func ObservedResource(body fieldset.Object) plan.Observed {
	etag := stringAt(body, "eTag")
	if etag == "" {
		etag = stringAt(body, "properties", "eTag")
	}
	return plan.Observed{Exists: true, Body: body, ETag: etag, State: stringAt(body, "properties", "provisioningState")}
}

// Resource is an Azure resource of a cluster that exists.
type Resource struct {
	ID, Kind, State string
	// Owned resources were created for the cluster and go with it; others were brought by somebody.
	Owned bool
}

// ResourcesOf lists the observed resources of a cluster.
func ResourcesOf(in Inputs, obs Observation) []Resource {
	n := NamesOf(in)
	var list []Resource
	add := func(kind, id string, o plan.Observed, owned bool) {
		if o.Exists {
			list = append(list, Resource{ID: id, Kind: kind, State: o.State, Owned: owned || ownedByTag(o.Body, in.Cluster.Name)})
		}
	}
	add(KindResourceGroup, n.GroupID, obs.ResourceGroup, false)
	if n.NetworkInOtherGroup {
		add(KindResourceGroup, n.NetworkGroupID, obs.NetworkGroup, false)
	}
	add(KindVirtualNetwork, n.NetworkID, obs.VirtualNetwork, false)
	add(KindManagedCluster, n.ClusterID, obs.Cluster, in.Owned.ManagedCluster != nil)
	for _, id := range slices.Sorted(maps.Keys(obs.Dependents)) {
		dependent := obs.Dependents[id]
		if kind, _, ok := DependentKind(id); ok {
			add(kind, cmp.Or(stringAt(dependent.Body, "id"), id), dependent.Observed, in.Owned.dependent(id) != nil)
		}
	}
	return list
}
