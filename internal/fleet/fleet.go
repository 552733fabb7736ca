// Package fleet observes all AKS clusters of a subscription with one LIST, shared by every cluster of that
// subscription: idle cost grows with subscriptions, not with clusters and pools. What a location offers is read once for all
// clusters that are created there, too.
//
// It must not decide anything about a cluster and never writes; it only tells who should look again.
package fleet

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
)

// DefaultInterval is the time between two LISTs of a subscription. AKS grants 500 + 1/s of them; the interval
// is chosen so that ten clusters cost little more than one read per cluster and hour.
const DefaultInterval = 5 * time.Minute

// tick is how often the fleet looks which subscription is due.
const tick = 5 * time.Second

// Fleet holds the latest listing of every subscription that has clusters.
type Fleet struct {
	interval time.Duration
	now      func() time.Time
	notify   func(owner string)
	health   bool

	mu     sync.Mutex
	groups map[groupKey]*group
	places map[placeKey]*place
	homes  map[string]groupKey // by owner
	listed map[groupKey]time.Time
}

// groupKey: two credentials may see different clusters of one subscription.
type groupKey struct {
	client       *arm.Client
	subscription string
}

type group struct {
	mu       sync.Mutex // held while listing, so that a crowd of readers causes one LIST
	listedAt time.Time
	bodies   map[string]map[string]any // by lower-cased id
	members  map[string]member         // by lower-cased id
	// health is by lower-cased id of the resource; unhealthy says why it is not known.
	health    map[string]aks.Health
	unhealthy string
	// refused is why the credentials were not accepted at the last try, nil where they were.
	refused error
}

type member struct {
	owner string
	// seen digests what the owner last acted on; a listing that differs is news.
	seen uint64
	// health is what the owner was last told about the health of its cluster.
	health aks.Health
}

// Options of a Fleet.
type Options struct {
	// Interval between two LISTs of a subscription; DefaultInterval when zero.
	Interval time.Duration
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Health also lists Azure Resource Health.
	Health bool
	// Notify is told the owner of each cluster that changed. It must not block.
	Notify func(owner string)
}

// New makes a Fleet; Run starts its periodic LISTs.
func New(o Options) *Fleet {
	if o.Interval == 0 {
		o.Interval = DefaultInterval
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Fleet{interval: o.Interval, now: o.Now, notify: o.Notify, health: o.Health, groups: map[groupKey]*group{}, places: map[placeKey]*place{}, homes: map[string]groupKey{}, listed: map[groupKey]time.Time{}}
}

// Snapshot is a cluster as listed.
type Snapshot struct {
	Body map[string]any // nil when the subscription has no such cluster
	At   time.Time      // zero when nothing was listed yet
}

// Look returns the cluster from the latest listing, and registers the owner to be told of changes. It lists only
// for an owner that has never seen its cluster (after a start), and then once for all of them.
func (f *Fleet) Look(ctx context.Context, client *arm.Client, subscription, id, owner string, seen bool) (Snapshot, error) {
	f.move(owner, client, subscription)
	g := f.group(client, subscription)
	g.mu.Lock()
	defer g.mu.Unlock()
	key := strings.ToLower(id)
	if g.refused != nil {
		if err := f.tryAgain(ctx, client, subscription, g); err != nil {
			return Snapshot{}, err
		}
	}
	if !seen && (g.bodies == nil || f.now().Sub(g.listedAt) > f.interval) {
		if err := f.list(ctx, client, subscription, g); err != nil {
			return Snapshot{}, err
		}
	}
	if g.bodies == nil {
		return Snapshot{}, nil
	}
	body := g.bodies[key]
	if old, ok := g.members[key]; !ok || old.owner != owner {
		g.members[key] = member{owner: owner, seen: digest(body), health: g.healthOf(key)}
	}
	return Snapshot{Body: body, At: g.listedAt}, nil
}

// Saw tells the fleet what the owner itself read last, so that only what differs from it is news.
func (f *Fleet) Saw(client *arm.Client, subscription, id, owner string, body map[string]any) {
	g := f.group(client, subscription)
	g.mu.Lock()
	defer g.mu.Unlock()
	key := strings.ToLower(id)
	g.members[key] = member{owner: owner, seen: digest(body), health: g.healthOf(key)}
}

// Forget stops telling the owner about its clusters.
func (f *Fleet) Forget(owner string) {
	f.mu.Lock()
	delete(f.homes, owner)
	groups := make(map[groupKey]*group, len(f.groups))
	for key, g := range f.groups {
		groups[key] = g
	}
	f.mu.Unlock()
	for key, g := range groups {
		f.leave(owner, key, g)
	}
}

// Run lists every due subscription until ctx ends. Errors are not reported here: each cluster meets and reports
// them by itself when it next talks to Azure.
func (f *Fleet) Run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			f.Refresh(ctx)
		}
	}
}

// Refresh lists every subscription that is due and tells the owners of what changed.
func (f *Fleet) Refresh(ctx context.Context) {
	f.mu.Lock()
	groups := make(map[groupKey]*group, len(f.groups))
	for key, g := range f.groups {
		groups[key] = g
	}
	f.mu.Unlock()
	for key, g := range groups {
		for _, owner := range f.refresh(ctx, key, g) {
			if f.notify != nil {
				f.notify(owner)
			}
		}
	}
}

func (f *Fleet) refresh(ctx context.Context, key groupKey, g *group) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.members) == 0 || f.now().Sub(g.listedAt) < f.interval {
		return nil
	}
	if err := f.list(ctx, key.client, key.subscription, g); err != nil {
		// Wait a whole interval before the next try: a failing LIST must not become a hot loop.
		g.listedAt = f.now()
		return g.refusedNow(err)
	}
	var changed []string
	for id, m := range g.members {
		if now, health := digest(g.bodies[id]), g.healthOf(id); now != m.seen || health != m.health {
			g.members[id] = member{owner: m.owner, seen: now, health: health}
			changed = append(changed, m.owner)
		}
	}
	return changed
}

func (f *Fleet) list(ctx context.Context, client *arm.Client, subscription string, g *group) error {
	items, _, err := client.List(ctx, aks.ManagedClustersPath(subscription), aks.ContainerServiceAPIVersion)
	if err != nil {
		return err
	}
	bodies := make(map[string]map[string]any, len(g.members))
	for _, item := range items {
		if id, _ := item["id"].(string); id != "" {
			bodies[strings.ToLower(id)] = item
		}
	}
	f.listHealth(ctx, client, subscription, g)
	g.bodies, g.listedAt, g.refused = bodies, f.now(), nil
	f.mu.Lock()
	f.listed[groupKey{client, strings.ToLower(subscription)}] = g.listedAt
	f.mu.Unlock()
	return nil
}

func (f *Fleet) group(client *arm.Client, subscription string) *group {
	key := groupKey{client, strings.ToLower(subscription)}
	f.mu.Lock()
	defer f.mu.Unlock()
	g, ok := f.groups[key]
	if !ok {
		// The first periodic LIST is due after an interval: those who come now read for themselves.
		g = &group{members: map[string]member{}, listedAt: f.now()}
		f.groups[key] = g
	}
	return g
}

// digest tells two bodies apart; encoding/json sorts keys, so equal bodies have equal digests.
func digest(body map[string]any) uint64 {
	if body == nil {
		return 0
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(raw)
	return h.Sum64()
}
