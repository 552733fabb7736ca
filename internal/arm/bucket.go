package arm

import "time"

// limit is a token bucket as Azure documents it: a burst, then so many tokens per second. The zero limit is
// unlimited: such a bucket can only be paused.
type limit struct {
	burst     float64
	perSecond float64
}

// bucket is the arithmetic of one limit. It reads no clock and takes no lock.
type bucket struct {
	limit  limit
	tokens float64   // may be below zero: reserved by callers that wait for their turn
	at     time.Time // when tokens was right
	until  time.Time // paused until then

	// subscription and class say what it is a bucket of.
	subscription, class string
}

func newBucket(l limit, now time.Time) *bucket {
	return &bucket{limit: l, tokens: l.burst, at: now}
}

func (b *bucket) unlimited() bool { return b.limit.perSecond == 0 }

func (b *bucket) refill(now time.Time) {
	if b.until.After(b.at) {
		// Nothing is earned during a pause: Azure said the bucket is empty until then.
		b.at = b.until
	}
	if now.After(b.at) {
		b.tokens = min(b.limit.burst, b.tokens+now.Sub(b.at).Seconds()*b.limit.perSecond)
		b.at = now
	}
}

// wait is how long a request has to be held back.
func (b *bucket) wait(now time.Time) time.Duration {
	b.refill(now)
	pause := max(0, b.until.Sub(now))
	if b.unlimited() || b.tokens >= 1 {
		return pause
	}
	return pause + time.Duration((1-b.tokens)/b.limit.perSecond*float64(time.Second))
}

func (b *bucket) take() {
	if !b.unlimited() {
		b.tokens--
	}
}

// giveBack undoes take for a caller that stopped waiting.
func (b *bucket) giveBack() {
	if !b.unlimited() {
		b.tokens = min(b.limit.burst, b.tokens+1)
	}
}

// lower corrects the count by what Azure says is left. It never raises it: other requests of ours are on their way and not yet counted there.
func (b *bucket) lower(left float64, now time.Time) {
	b.refill(now)
	if !b.unlimited() {
		b.tokens = min(b.tokens, left)
	}
}

// pause closes the bucket until now+d. Of a fast one the first requests after the pause come at the refill rate, not all at
// once; a slow one (a token a minute) has told with d when there is one again, and another wait would be ours alone.
func (b *bucket) pause(d time.Duration, now time.Time) {
	b.refill(now)
	if until := now.Add(d); until.After(b.until) {
		b.until = until
	}
	if b.limit.perSecond >= 0.1 {
		b.tokens = min(b.tokens, 1)
	} else {
		b.tokens = max(b.tokens, 1)
	}
}

// idle reports a bucket that has forgotten everything: it is full and not paused, so a new one would be the same.
func (b *bucket) idle(now time.Time) bool {
	b.refill(now)
	return !b.until.After(now) && b.tokens >= b.limit.burst
}
