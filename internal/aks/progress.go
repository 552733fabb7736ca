package aks

import "time"

// Operation is a long-running Azure operation in flight.
type Operation struct {
	// Kind says what runs in the user's words: "creating managedCluster my-cluster".
	Kind    string
	ID      string
	Started time.Time
	// Percent is how far Azure says it is, nil when it does not say.
	Percent *float64
	// Typical is how long operations of that kind took before, 0 when none is known.
	Typical time.Duration
}

const (
	minPoll = 400 * time.Millisecond
	maxPoll = 30 * time.Second
	// firstLook is when an operation is asked about for the first time: late enough that a percentage tells
	// something, early enough for the short ones.
	firstLook = 3 * time.Second
)

// NextPoll is how long to wait before asking again about an operation. It aims shortly before the expected
// end and then closes in, so that few requests suffice for an operation of any length: AKS grants two status
// reads a second to a whole subscription (quotas-skus-regions, "throttling limits").
func NextPoll(op Operation, now time.Time) time.Duration {
	elapsed := now.Sub(op.Started)
	if elapsed < 0 {
		elapsed = 0
	}
	end, known := expectedEnd(op, now)
	if !known {
		if elapsed < firstLook {
			return clampPoll(firstLook - elapsed)
		}
		return clampPoll(elapsed / 5)
	}
	left := end.Sub(now)
	if left <= 0 {
		// Overdue: the estimate was wrong; look often first, then ever less.
		return clampPoll(minPoll + (-left)/4)
	}
	if left < 2*time.Second {
		return clampPoll(left + 50*time.Millisecond)
	}
	// An estimate made at p percent is as coarse as 1/p of the whole: come back earlier while it is young.
	return clampLong(left * 9 / 10)
}

// expectedEnd extrapolates the percentage, or falls back to what such operations took before.
func expectedEnd(op Operation, now time.Time) (time.Time, bool) {
	elapsed := now.Sub(op.Started)
	if op.Percent != nil && *op.Percent >= 2 && elapsed > 0 {
		total := time.Duration(float64(elapsed) * 100 / *op.Percent)
		return op.Started.Add(total), true
	}
	if op.Typical > 0 {
		return op.Started.Add(op.Typical), true
	}
	return time.Time{}, false
}

func clampPoll(d time.Duration) time.Duration { return min(max(d, minPoll), maxPoll) }

// clampLong allows long waits when the end is known to be far: polling a 15-minute creation every 30 seconds
// tells nothing new.
func clampLong(d time.Duration) time.Duration { return min(max(d, minPoll), 2*time.Minute) }

// Durations remembers how long operations of each kind took: an exponentially weighted mean, in memory only,
// since a wrong or missing value costs a few reads and nothing else.
type Durations map[string]time.Duration

// Learn takes the duration of a finished operation into account.
func (d Durations) Learn(kind string, took time.Duration) {
	if took <= 0 {
		return
	}
	if old, ok := d[kind]; ok {
		took = (old*2 + took) / 3
	}
	d[kind] = took
}
