package arm

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What Azure documents: request-limits-and-throttling for ARM (per subscription, principal and region), quotas-skus-regions for the AKS
// resource provider (per region). Regions are not told apart here: a path rarely names one, and one bucket for all of them errs on the quiet side.
var (
	armRead         = limit{250, 25}
	armWrite        = limit{200, 10}
	armDelete       = limit{200, 10}
	aksList         = limit{500, 1}
	aksListGroup    = limit{60, 1}
	aksGetCluster   = limit{60, 1}
	aksPut          = limit{20, 1.0 / 60} // per managed cluster, and per agent pool
	aksOperation    = limit{200, 2}
	aksOther        = limit{60, 1}
	anotherProvider = limit{}
)

const aksNamespace = "microsoft.containerservice"

// use is one bucket a request draws from; scope says in words what else draws from it, class in one word for all buckets of
// its kind.
type use struct {
	key          string
	limit        limit
	scope        string
	class        string
	subscription string
}

// usesOf gives the two buckets of a request: ARM's and, behind it, the resource provider's.
func usesOf(t target) []use {
	front := newUse(t.subscription+" "+string(t.kind), armRead, fmt.Sprintf("all %s requests to subscription %s", t.kind, t.subscription), "arm_"+string(t.kind))
	switch t.kind {
	case Write:
		front.limit = armWrite
	case Delete:
		front.limit = armDelete
	}
	uses := []use{front}
	if t.provider != "" {
		uses = append(uses, providerUse(t))
	}
	for i := range uses {
		uses[i].subscription = t.subscription
	}
	return uses
}

func newUse(key string, l limit, scope, class string) use {
	return use{key: key, limit: l, scope: scope, class: class}
}

func providerUse(t target) use {
	in := " in subscription " + t.subscription
	if t.provider != aksNamespace {
		return newUse(t.subscription+" "+t.provider+" "+string(t.kind), anotherProvider, fmt.Sprintf("all %s requests to %s%s", t.kind, t.provider, in), "other_"+string(t.kind))
	}
	n := len(t.rest)
	isCluster := n > 0 && t.rest[0] == "managedclusters"
	switch {
	case n >= 3 && t.rest[0] == "locations" && strings.HasPrefix(t.rest[2], "operation"):
		return newUse(t.subscription+" aks operation", aksOperation, "all status reads of AKS operations"+in, "aks_operation")
	case isCluster && n == 1 && t.group != "":
		return newUse(t.subscription+" aks list "+t.group, aksListGroup, "all listings of AKS clusters in resource group "+t.group+in, "aks_list_group")
	case isCluster && n == 1:
		return newUse(t.subscription+" aks list", aksList, "all listings of AKS clusters"+in, "aks_list")
	case isCluster && n == 2 && t.kind == Read:
		return newUse("aks get "+t.path, aksGetCluster, "reads of this AKS cluster", "aks_get_cluster")
	case isCluster && t.kind == Write && n == 2:
		return newUse("aks put "+t.path, aksPut, "changes of this AKS cluster itself, its pools excepted", "aks_put_cluster")
	case isCluster && t.kind == Write && n == 4 && t.rest[2] == "agentpools":
		return newUse("aks put "+t.path, aksPut, "changes of this agent pool", "aks_put_pool")
	}
	return newUse(t.subscription+" aks other", aksOther, "all other requests to AKS"+in, "aks_other")
}

// Budget counts requests against Azure's documented limits, so that a fleet slows down before Azure locks it out. One Budget serves
// all clients of a process.
type Budget struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	sweepAt int
	maxWait time.Duration
	factor  float64
	now     func() time.Time
}

// BudgetOptions configures a Budget.
type BudgetOptions struct {
	// MaxWait is the longest a request is held back inside a call; a longer wait is an Error with RetryAfter instead, so
	// that it costs a queue entry and not a worker. Default 3 s.
	MaxWait time.Duration
	// Factor multiplies all limits: above 1 for a fleet spread over regions (Azure's limits are per region) or for an emulator
	// with a fast clock. Default 1.
	Factor float64
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// NewBudget returns a full budget.
func NewBudget(o BudgetOptions) *Budget {
	if o.MaxWait == 0 {
		o.MaxWait = 3 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Factor <= 0 {
		o.Factor = 1
	}
	return &Budget{buckets: map[string]*bucket{}, sweepAt: 1024, maxWait: o.MaxWait, factor: o.Factor, now: o.Now}
}

// Reserve takes a token for the request and says how long to wait before sending it. When that would be longer than MaxWait it takes
// nothing and ok is false: come back after wait.
func (b *Budget) Reserve(method, path string) (wait time.Duration, ok bool) {
	wait, _, ok = b.reserve(usesOf(targetOf(method, path)))
	return wait, ok
}

// reserve also tells which of the uses makes the caller wait longest.
func (b *Budget) reserve(uses []use) (wait time.Duration, longest int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.sweep(now)
	for i, u := range uses {
		if w := b.bucket(u, now).wait(now); w > wait {
			wait, longest = w, i
		}
	}
	if wait > b.maxWait {
		return wait, longest, false
	}
	for _, u := range uses {
		b.buckets[u.key].take()
	}
	return wait, longest, true
}

func (b *Budget) bucket(u use, now time.Time) *bucket {
	k, found := b.buckets[u.key]
	if !found {
		k = newBucket(limit{u.limit.burst * b.factor, u.limit.perSecond * b.factor}, now)
		k.class, k.subscription = u.class, u.subscription
		b.buckets[u.key] = k
	}
	return k
}

// sweep forgets buckets that are full again: there is one per cluster and pool, and clusters come and go.
func (b *Budget) sweep(now time.Time) {
	if len(b.buckets) < b.sweepAt {
		return
	}
	for key, k := range b.buckets {
		if k.idle(now) {
			delete(b.buckets, key)
		}
	}
	b.sweepAt = max(1024, 2*len(b.buckets))
}

// Wait reserves and waits. It returns an *Error with status 429 and RetryAfter when the wait would be too long.
func (b *Budget) Wait(ctx context.Context, method, path string) error {
	t := targetOf(method, path)
	uses := usesOf(t)
	wait, longest, ok := b.reserve(uses)
	if !ok {
		return &Error{
			Status:     http.StatusTooManyRequests,
			Code:       CodeHeldBack,
			Message:    fmt.Sprintf("%s is held back: Azure's request limit for %s is used up", t.operation, uses[longest].scope),
			RetryAfter: wait,
			Everything: longest == 0,
		}
	}
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, u := range uses {
			b.bucket(u, b.now()).giveBack()
		}
		return ctx.Err()
	}
}

// CodeHeldBack is the code of a request the Budget did not let through.
const CodeHeldBack = "RequestHeldBack"

// throttled notes a 429. ARM's own refusal concerns every request of that kind in the subscription; one of a resource provider
// concerns only its own bucket (twenty PUTs to one cluster must not stop the whole fleet); and a 429 that means "busy" concerns none.
func (b *Budget) throttled(t target, e *Error, header http.Header) {
	if e.isBusy() {
		return
	}
	uses := usesOf(t)
	u := uses[len(uses)-1]
	if isARMThrottle(e, header) {
		u = uses[0]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.bucket(u, now).pause(e.RetryAfter, now)
}

// isARMThrottle tells ARM's own 429 by the header of its gateway or by its codes. The bare TooManyRequests is ambiguous (compute
// uses it as well), so without the header it counts against the resource provider.
func isARMThrottle(e *Error, header http.Header) bool {
	return strings.EqualFold(header.Get("x-ms-failure-cause"), "gateway") ||
		e.HasCode("SubscriptionRequestsThrottled") || e.HasCode("TenantRequestsThrottled") || e.HasCode("ResourceRequestsThrottled")
}

// remaining corrects ARM's bucket by the x-ms-ratelimit-remaining-* headers: the lowest of subscription, subscription-global and tenant counts.
func (b *Budget) remaining(t target, header http.Header) {
	left, found := 0.0, false
	for name, values := range header {
		suffix, ok := strings.CutPrefix(strings.ToLower(name), "x-ms-ratelimit-remaining-")
		if !ok || !strings.HasSuffix(suffix, "-"+string(t.kind)+"s") || len(values) == 0 {
			continue
		}
		if !strings.HasPrefix(suffix, "subscription-") && !strings.HasPrefix(suffix, "tenant-") {
			continue
		}
		if n, err := strconv.ParseFloat(values[0], 64); err == nil && (!found || n < left) {
			left, found = n, true
		}
	}
	if !found {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.bucket(usesOf(t)[0], now).lower(left, now)
}
