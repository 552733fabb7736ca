package arm

import (
	"cmp"
	"slices"
	"time"
)

// Level is how full the buckets of one class are in one subscription. Of a class that has a bucket for each cluster or pool it
// is the emptiest one, so that the number of levels does not grow with the fleet.
type Level struct {
	Subscription string
	// Class is one of arm_read, arm_write, arm_delete, aks_list, aks_list_group, aks_get_cluster, aks_put_cluster, aks_put_pool,
	// aks_operation, aks_other, and other_read, other_write, other_delete for other resource providers, whose limits are not known.
	Class string
	// Tokens is how many requests may be sent at once, Burst how many at most. Both are 0 where the limit is not known.
	Tokens, Burst float64
	// Paused is for how long Azure asked for no more of these requests.
	Paused time.Duration
}

// Levels are those of all buckets in use, in a stable order.
func (b *Budget) Levels() []Level {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	type key struct{ subscription, class string }
	levels := map[key]Level{}
	for _, k := range b.buckets {
		k.refill(now)
		one := Level{Subscription: k.subscription, Class: k.class, Tokens: max(k.tokens, 0), Burst: k.limit.burst, Paused: max(k.until.Sub(now), 0)}
		if one.Paused > 0 {
			one.Tokens = 0
		}
		at := key{k.subscription, k.class}
		if known, ok := levels[at]; ok {
			one.Tokens, one.Paused = min(one.Tokens, known.Tokens), max(one.Paused, known.Paused)
		}
		levels[at] = one
	}
	all := make([]Level, 0, len(levels))
	for _, level := range levels {
		all = append(all, level)
	}
	slices.SortFunc(all, func(x, y Level) int {
		return cmp.Or(cmp.Compare(x.Subscription, y.Subscription), cmp.Compare(x.Class, y.Class))
	})
	return all
}
