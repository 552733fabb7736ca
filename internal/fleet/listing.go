package fleet

import (
	"cmp"
	"slices"
	"time"
)

// Listing is how old the listing of a subscription is, and how many clusters live on it.
type Listing struct {
	Subscription string
	Age          time.Duration
	Clusters     int
}

// Listings are those of all subscriptions that were listed. Where several identities list one subscription, the oldest
// listing counts.
func (f *Fleet) Listings() []Listing {
	f.mu.Lock()
	defer f.mu.Unlock()
	listings := map[string]Listing{}
	for key, at := range f.listed {
		one := listings[key.subscription]
		listings[key.subscription] = Listing{Subscription: key.subscription, Age: max(one.Age, f.now().Sub(at))}
	}
	for _, key := range f.homes {
		if one, ok := listings[key.subscription]; ok {
			one.Clusters++
			listings[key.subscription] = one
		}
	}
	all := make([]Listing, 0, len(listings))
	for _, one := range listings {
		all = append(all, one)
	}
	slices.SortFunc(all, func(x, y Listing) int { return cmp.Compare(x.Subscription, y.Subscription) })
	return all
}
