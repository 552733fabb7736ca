package front

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
)

// Throttle holds the token buckets of ARM and of the providers. Scale multiplies sizes and refill rates; 0 turns
// throttling off (the headers still count down). It lives under the fabric's lock.
type Throttle struct {
	Scale   float64
	buckets map[string]*bucket
}

type bucket struct {
	tokens      float64
	burst, rate float64 // as scaled
	last        time.Time
}

// ARM's own buckets: size and refill per second, per principal and kind of request. A subscription as a whole has
// fifteen times that. Azure has one set per ARM region; the emulator is one ARM region.
var armLimits = map[string][2]float64{"reads": {250, 25}, "writes": {200, 10}, "deletes": {200, 10}}

const globalFactor = 15

func kindOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		return "reads"
	case http.MethodDelete:
		return "deletes"
	}
	return "writes"
}

// armBucket is one of ARM's buckets with the header that tells what is left in it.
type armBucket struct {
	header string
	limit  arm.Limit
}

func armBuckets(rq *arm.Request) []armBucket {
	kind := kindOf(rq.Method)
	size, rate := armLimits[kind][0], armLimits[kind][1]
	if sub := strings.ToLower(rq.ID.Subscription); sub != "" {
		return []armBucket{
			{"x-ms-ratelimit-remaining-subscription-" + kind, arm.Limit{Key: "arm/subscription/" + sub + "/" + rq.Caller.ClientID + "/" + kind, Burst: size, PerSecond: rate}},
			{"x-ms-ratelimit-remaining-subscription-global-" + kind, arm.Limit{Key: "arm/subscription/" + sub + "/global/" + kind, Burst: size * globalFactor, PerSecond: rate * globalFactor}},
		}
	}
	return []armBucket{{"x-ms-ratelimit-remaining-tenant-" + kind, arm.Limit{Key: "arm/tenant/" + rq.Caller.TenantID + "/" + rq.Caller.ClientID + "/" + kind, Burst: size, PerSecond: rate}}}
}

// throttle takes a token from every bucket a request counts in. ARM refuses before it takes anything, so a client
// that retries too early is refused again but pays nothing; what the provider refuses has passed ARM and cost a token.
func (g *Gateway) throttle(w http.ResponseWriter, match *route, rq *arm.Request) error {
	buckets := armBuckets(rq)
	for _, b := range buckets {
		if wait := g.Throttle.wait(b.limit, rq.Now); wait > 0 {
			w.Header().Set(b.header, "0")
			return refusedByARM(rq, wait)
		}
	}
	for _, b := range buckets {
		w.Header().Set(b.header, strconv.Itoa(int(g.Throttle.take(b.limit, rq.Now))))
	}
	if match.Throttle == nil {
		return nil
	}
	return g.providerThrottle(w, match.Throttle(rq), rq)
}

func refusedByARM(rq *arm.Request, wait time.Duration) error {
	kind, seconds := strings.TrimSuffix(kindOf(rq.Method), "s"), int(wait/time.Second)
	code, scope, id := "SubscriptionRequestsThrottled", "subscription", rq.ID.Subscription
	if id == "" {
		code, scope, id = "TenantRequestsThrottled", "tenant", rq.Caller.TenantID
	}
	e := arm.GatewayError(http.StatusTooManyRequests, code, "Number of '%s' requests for %s '%s' actor '%s' exceeded. Please try again after '%d' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling", kind, scope, id, rq.Caller.ObjectID, seconds)
	e.RetryAfter = wait
	return e
}

func (g *Gateway) providerThrottle(w http.ResponseWriter, limits []arm.Limit, rq *arm.Request) error {
	for _, l := range limits {
		if wait := g.Throttle.wait(l, rq.Now); wait > 0 {
			seconds := int(wait / time.Second)
			var e *arm.Error
			if l.Refused != nil {
				e = l.Refused(seconds)
			} else {
				e = arm.FlatError(http.StatusTooManyRequests, l.Code, "%s", fmt.Sprintf(l.Message, seconds))
			}
			e.RetryAfter = wait
			return e
		}
	}
	var remaining []string
	for _, l := range limits {
		left := g.Throttle.take(l, rq.Now)
		if l.Policy != "" {
			remaining = append(remaining, l.Policy+";"+strconv.Itoa(int(left)))
		}
	}
	if len(remaining) > 0 {
		w.Header().Set("x-ms-ratelimit-remaining-resource", strings.Join(remaining, ","))
	}
	return nil
}

// bucket finds a limit's bucket, filled up to now.
func (t *Throttle) bucket(l arm.Limit, now time.Time) *bucket {
	scale := t.Scale
	if scale == 0 {
		scale = 1
	}
	if t.buckets == nil {
		t.buckets = map[string]*bucket{}
	}
	b := t.buckets[l.Key]
	if b == nil {
		b = &bucket{tokens: l.Burst * scale, last: now}
		t.buckets[l.Key] = b
	}
	b.burst, b.rate = l.Burst*scale, l.PerSecond*scale
	b.fill(now)
	return b
}

func (b *bucket) fill(now time.Time) {
	b.tokens = min(b.burst, b.tokens+max(now.Sub(b.last).Seconds(), 0)*b.rate)
	b.last = now
}

// wait is how long the caller has to come back later, in whole seconds as Retry-After has them; 0 when there is a token.
func (t *Throttle) wait(l arm.Limit, now time.Time) time.Duration {
	b := t.bucket(l, now)
	if t.Scale == 0 || b.tokens >= 1-1e-9 { // what a refill of n seconds gives is not exact
		return 0
	}
	return time.Duration(math.Ceil((1-b.tokens)/b.rate)) * time.Second
}

// take removes a token and says how many are left.
func (t *Throttle) take(l arm.Limit, now time.Time) (left float64) {
	b := t.bucket(l, now)
	b.tokens = max(b.tokens-1, 0)
	return b.tokens
}

// Bucket is the state of one token bucket.
type Bucket struct {
	Key             string  `json:"key"`
	Tokens          float64 `json:"tokens"`
	Size            float64 `json:"size"`
	RefillPerSecond float64 `json:"refillPerSecond"`
}

// Buckets lists the buckets that requests have used, emptiest first.
func (t *Throttle) Buckets(now time.Time) []Bucket {
	out := []Bucket{}
	for key, b := range t.buckets {
		b.fill(now)
		out = append(out, Bucket{key, math.Round(b.tokens*100) / 100, b.burst, b.rate})
	}
	slices.SortFunc(out, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(a.Tokens/a.Size, b.Tokens/b.Size), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// Reset refills all buckets.
func (t *Throttle) Reset() { t.buckets = nil }
