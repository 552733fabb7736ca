package front

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
)

// Throttle holds the token buckets of ARM and of the providers. Scale multiplies sizes and refill rates; 0 turns
// throttling off (the headers still count down).
type Throttle struct {
	Scale   float64
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	last   time.Time
}

// ARM's own buckets: size and refill per second, per principal and kind of request; the subscription as a whole
// has fifteen times that.
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

func (g *Gateway) throttle(w http.ResponseWriter, match *route, rq *arm.Request) error {
	kind := kindOf(rq.Method)
	limit := armLimits[kind]
	scope, key := "subscription", strings.ToLower(rq.ID.Subscription)
	if key == "" {
		scope, key = "tenant", rq.Caller.TenantID
	}
	singular := strings.TrimSuffix(kind, "s")
	buckets := []struct {
		header string
		limit  arm.Limit
	}{
		{"x-ms-ratelimit-remaining-" + scope + "-" + kind, arm.Limit{Key: "arm/" + key + "/" + rq.Caller.ClientID + "/" + kind, Burst: limit[0], PerSecond: limit[1]}},
		{"x-ms-ratelimit-remaining-" + scope + "-global-" + kind, arm.Limit{Key: "arm/" + key + "/*/" + kind, Burst: limit[0] * globalFactor, PerSecond: limit[1] * globalFactor}},
	}
	for _, b := range buckets {
		left, wait := g.Throttle.take(b.limit, rq.Now)
		w.Header().Set(b.header, strconv.Itoa(int(left)))
		if wait > 0 {
			seconds := int(math.Ceil(wait.Seconds()))
			e := arm.GatewayError(http.StatusTooManyRequests, "SubscriptionRequestsThrottled", "Number of '%s' requests for subscription '%s' actor '%s' exceeded. Please try again after '%d' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling", singular, rq.ID.Subscription, rq.Caller.ObjectID, seconds)
			e.RetryAfter = time.Duration(seconds) * time.Second
			return e
		}
	}
	if match.Throttle == nil {
		return nil
	}
	for _, l := range match.Throttle(rq) {
		if _, wait := g.Throttle.take(l, rq.Now); wait > 0 {
			seconds := int(math.Ceil(wait.Seconds()))
			e := arm.FlatError(http.StatusTooManyRequests, l.Code, "%s", fmt.Sprintf(l.Message, seconds))
			e.RetryAfter = time.Duration(seconds) * time.Second
			return e
		}
	}
	return nil
}

// take removes one token; wait is how long the caller has to come back later, 0 when it had one.
func (t *Throttle) take(l arm.Limit, now time.Time) (left float64, wait time.Duration) {
	scale := t.Scale
	if scale == 0 {
		scale = 1
	}
	burst, rate := l.Burst*scale, l.PerSecond*scale
	if t.buckets == nil {
		t.buckets = map[string]*bucket{}
	}
	b := t.buckets[l.Key]
	if b == nil {
		b = &bucket{tokens: burst, last: now}
		t.buckets[l.Key] = b
	}
	b.tokens = min(burst, b.tokens+max(now.Sub(b.last).Seconds(), 0)*rate)
	b.last = now
	if b.tokens >= 1 {
		b.tokens--
		return b.tokens, 0
	}
	if t.Scale == 0 {
		return 0, 0
	}
	return 0, time.Duration((1 - b.tokens) / rate * float64(time.Second))
}

// Reset refills all buckets.
func (t *Throttle) Reset() { t.buckets = nil }
