package aks

import "time"

// Operation is a long-running Azure operation in flight.
type Operation struct {
	// Kind says what runs in the user's words: "creating managedCluster my-cluster".
	Kind string
	// Resource is the kind of the resource it is about.
	Resource string
	ID       string
	Started  time.Time
	// Percent is how far Azure says it is, nil when it does not say.
	Percent *float64
	// Advanced is when the percentage was seen to grow last, zero before the first time.
	Advanced time.Time
	// Typical is how long operations of that kind took before, 0 when none is known.
	Typical time.Duration
	// CorrelationID is that of the request that began it, empty when it was found running.
	CorrelationID string
	// Name is the operation's name in Azure, empty until it is known.
	Name string
	// ExpectedEnd is when it is expected to end, as of the last look; zero when nothing tells.
	ExpectedEnd time.Time
}

// Look takes what Azure says of the operation. A percentage never goes back: AKS counts anew where one of its steps is repeated.
func (op *Operation) Look(percent *float64, now time.Time) {
	if percent != nil && (op.Percent == nil || *percent > *op.Percent) {
		op.Percent, op.Advanced = percent, now
	}
	op.Expect(now)
}

// Expect estimates the end: from the percentage, or else from how long such operations took before.
func (op *Operation) Expect(now time.Time) {
	op.ExpectedEnd = time.Time{}
	elapsed := max(now.Sub(op.Started), 0)
	if op.Percent != nil && *op.Percent < 1 {
		return // too early to tell
	}
	if took, known := earliestEnd(*op, elapsed); known {
		op.ExpectedEnd = op.Started.Add(max(took, elapsed)).Truncate(time.Second)
	}
}

const (
	minPoll = 400 * time.Millisecond
	maxPoll = 2 * time.Minute
	// firstLook is when an operation is asked about for the first time: late enough that a percentage tells
	// something, early enough for the short ones.
	firstLook = 3 * time.Second
	// patience bounds the first waits, so that a percentage that does not grow evenly misleads for seconds only.
	patience = 10 * time.Second
)

// NextPoll is how long to wait before asking again about an operation. It aims at the earliest moment the
// operation can end and then closes in, so that few requests suffice for an operation of any length: AKS grants
// two status reads a second to a whole subscription (quotas-skus-regions, "throttling limits").
func NextPoll(op Operation, now time.Time) time.Duration {
	elapsed := max(now.Sub(op.Started), 0)
	if elapsed < firstLook {
		return max(firstLook-elapsed, minPoll)
	}
	end, known := earliestEnd(op, elapsed)
	if !known {
		return min(max(elapsed/5, minPoll), maxPoll)
	}
	// The longer it takes, the less a second counts: near the end, and when overdue, a quarter of a percent.
	step := max(minPoll, elapsed/400)
	if overdue := elapsed - end; overdue > 0 {
		step += overdue / 4
	}
	// A drain that waits for a disruption budget stands still for half an hour, mostly just before the end.
	if still := now.Sub(op.Advanced) - elapsed/25; !op.Advanced.IsZero() && still > 0 {
		step += still / 4
	}
	return min(max(end-elapsed, step), max(patience, 2*elapsed), maxPoll)
}

// earliestEnd extrapolates the percentage, or falls back to what such operations took before. A percentage is a
// whole number that was rounded down, so the operation may be nearly one percent further than it says.
func earliestEnd(op Operation, elapsed time.Duration) (time.Duration, bool) {
	if op.Percent != nil && elapsed > 0 {
		return time.Duration(float64(elapsed) * 100 / min(*op.Percent+1, 100)), true
	}
	return op.Typical, op.Typical > 0
}

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
