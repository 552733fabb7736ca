package controller

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/plan"
)

// figures is what is known of every cluster at this moment, summed up when it is scraped.
type figures struct {
	mu       sync.Mutex
	now      func() time.Time
	clusters map[string]clusterFigure // by owner
}

// clusterFigure is what is known of one cluster.
type clusterFigure struct {
	resource, operation string
	started             time.Time // of the operation in flight; zero without one
	// differing is since when a resource differs from what is declared without being changed, by why it differs, fields how many.
	differing map[plan.Why]time.Time
	fields    map[plan.Why]int
	// endedAt is when Azure's last operation ended, until something followed from it.
	endedAt time.Time
}

var clusterFigures = &figures{now: time.Now, clusters: map[string]clusterFigure{}}

// note takes over what a step found, and measures the overhead of a request that followed the end of an operation.
func (f *figures) note(owner string, o outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, old := f.now(), f.clusters[owner]
	is := clusterFigure{differing: map[plan.Why]time.Time{}, fields: map[plan.Why]int{}, endedAt: old.endedAt}
	if op := o.report.Operation; op != nil {
		is.resource, is.operation, is.started = op.Resource, deed(op.Kind), op.Started
	}
	for _, action := range o.report.Pending {
		for _, change := range action.Changes {
			if o.report.Operation != nil && old.differing[change.Why].IsZero() {
				continue // what is pending while an operation runs is on its way
			}
			is.fields[change.Why]++
			is.differing[change.Why] = now
			if since := old.differing[change.Why]; !since.IsZero() {
				is.differing[change.Why] = since
			}
		}
	}
	for _, finished := range o.report.Finished {
		is.endedAt = time.Time{}
		if finished.Result == arm.Succeeded {
			is.endedAt = finished.At
		}
	}
	switch r := o.report; {
	case len(r.Sent) > 0:
		is.followed("request", now)
	case !r.Done && (r.Operation != nil || r.Hold != nil || r.Error != nil):
		is.endedAt = time.Time{} // what comes next waits for something else than the manager
	}
	f.clusters[owner] = is
}

// synced takes note that the objects say that all is as declared.
func (f *figures) synced(owner string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if is, ok := f.clusters[owner]; ok {
		is.followed("synced", f.now())
		f.clusters[owner] = is
	}
}

// followed measures what was added to Azure's time. Two clocks are compared, so that it may come out a little below nothing.
func (c *clusterFigure) followed(until string, now time.Time) {
	if c.endedAt.IsZero() {
		return
	}
	overheadSeconds.WithLabelValues(until).Observe(max(now.Sub(c.endedAt).Seconds(), 0))
	c.endedAt = time.Time{}
}

func (f *figures) forget(owner string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clusters, owner)
}

var (
	inFlight = prometheus.NewDesc("capaks_operations_in_flight",
		"Operations that run in Azure now, by kind of resource and by what is done.", []string{"resource", "operation"}, nil)
	longestRunning = prometheus.NewDesc("capaks_operation_longest_seconds",
		"For how long the longest of them has been running.", []string{"resource", "operation"}, nil)
	differingFields = prometheus.NewDesc("capaks_differing_fields",
		"Fields that differ in Azure from what is declared and are not being changed now, by why: change and drift that something holds up, contested (somebody else sets them again and again), and others.", []string{"why"}, nil)
	longestDiffering = prometheus.NewDesc("capaks_differing_longest_seconds",
		"For how long the first of them has been known.", []string{"why"}, nil)
)

// Describe is of prometheus.Collector.
func (f *figures) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{inFlight, longestRunning, differingFields, longestDiffering} {
		ch <- desc
	}
}

// Collect is of prometheus.Collector. The reasons that matter are there with 0, so that an alert about them has something to look at.
func (f *figures) Collect(ch chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	type work struct{ resource, operation string }
	running, longest := map[work]float64{}, map[work]float64{}
	fields := map[plan.Why]float64{plan.WhyChange: 0, plan.WhyDrift: 0, plan.WhyContested: 0}
	since := map[plan.Why]float64{}
	for _, c := range f.clusters {
		if at := (work{c.resource, c.operation}); !c.started.IsZero() {
			running[at]++
			longest[at] = max(longest[at], now.Sub(c.started).Seconds())
		}
		for why, n := range c.fields {
			fields[why] += float64(n)
			since[why] = max(since[why], now.Sub(c.differing[why]).Seconds())
		}
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for at, n := range running {
		gauge(inFlight, n, at.resource, at.operation)
		gauge(longestRunning, longest[at], at.resource, at.operation)
	}
	for why, n := range fields {
		gauge(differingFields, n, string(why))
		gauge(longestDiffering, since[why], string(why))
	}
}

// deed is what an operation does, in one word: the first of "creating managedCluster my-cluster".
func deed(description string) string {
	first, _, _ := strings.Cut(description, " ")
	return strings.TrimSuffix(first, ":")
}

// rotates tells whether a request is about an agent pool that takes the place of another one, or is replaced itself.
func (a *aggregate) rotates(action plan.Action) bool {
	if action.Kind != aks.KindAgentPool || action.Verb != plan.Create && action.Verb != plan.Delete {
		return false
	}
	return slices.ContainsFunc(a.pools, func(p poolObjects) bool {
		r := aks.RotationOf(p.pool)
		return p.pool.DeletionTimestamp == nil && len(r.Replaces) > 0 && (action.Verb == plan.Create && strings.EqualFold(r.Name, action.Name) ||
			action.Verb == plan.Delete && slices.Contains(r.Replaces, action.Name))
	})
}
