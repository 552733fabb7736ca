package controller

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/fleet"
)

// No series names a cluster or a pool: their number must not grow with the fleet. What is to be said of one cluster is in its status,
// from which kube-state-metrics makes series. See docs/decisions/0033.

var (
	azureRequests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "capaks_azure_requests_total",
		Help: "Requests sent to Azure Resource Manager, by operation, HTTP status (0: no answer, or not sent) and error code.",
	}, []string{"operation", "status", "code"})
	azureRequestSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "capaks_azure_request_duration_seconds",
		Help:    "Time from sending a request to Azure Resource Manager to its answer.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
	}, []string{"operation"})
	azureThrottled = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "capaks_azure_throttled_total",
		Help: "Requests that were one too many: answered 429 by Azure (by=azure), or held back by the manager before that (by=manager).",
	}, []string{"subscription", "by"})
	writes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "capaks_writes_total",
		Help: "Requests Azure accepted that change something, by kind of resource and reason: create, change, upgrade, node_image, drift, takeover, released, retry, rotation, delete, start, stop, abort.",
	}, []string{"resource", "reason"})
	writtenFields = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "capaks_written_fields_total",
		Help: "Fields changed by those requests, by kind of resource and by why each field differed: create, change, drift, takeover, released.",
	}, []string{"resource", "why"})
	steps = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "capaks_steps_total",
		Help: "Looks at a cluster, by what each came to: done, sent, operation, held, azure_error, credentials, error.",
	}, []string{"outcome"})
	operationSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "capaks_operation_duration_seconds",
		Help:    "How long operations ran in Azure, by kind of resource, by what was done and how it ended.",
		Buckets: []float64{1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400},
	}, []string{"resource", "operation", "result"})
	overheadSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "capaks_overhead_seconds",
		Help:    "Time the manager adds to Azure's: from Azure's own end of an operation until the objects say that all is done (until=synced), or until the next request is sent (until=request).",
		Buckets: []float64{.1, .25, .5, 1, 2, 5, 10, 30, 60, 300},
	}, []string{"until"})
	credentialsExpiry = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "capaks_credentials_expiry_timestamp_seconds",
		Help: "End of the certificate an identity signs in with, as namespace/name of the AzureClusterIdentity, or manager for the manager's own. Client secrets and federated tokens do not tell theirs.",
	}, []string{"identity"})
)

func init() {
	metrics.Registry.MustRegister(azureRequests, azureRequestSeconds, azureThrottled, writes, writtenFields, steps, operationSeconds,
		overheadSeconds, credentialsExpiry, clusterFigures)
}

// ObserveCall counts a request to Azure; it is given to every ARM client.
func ObserveCall(call arm.Call) {
	azureRequests.WithLabelValues(call.Operation, strconv.Itoa(call.Status), call.Code).Inc()
	if call.Status != 0 {
		azureRequestSeconds.WithLabelValues(call.Operation).Observe(call.Duration.Seconds())
	}
	switch {
	case call.Throttled:
		azureThrottled.WithLabelValues(call.Subscription, "azure").Inc()
	case call.Code == arm.CodeHeldBack:
		azureThrottled.WithLabelValues(call.Subscription, "manager").Inc()
	}
}

// countStep counts what a step came to, what it sent and what ended.
func countStep(a *aggregate, o outcome) {
	steps.WithLabelValues(o.word()).Inc()
	for _, sent := range o.report.Sent {
		writes.WithLabelValues(sent.Action.Kind, aks.WriteReason(sent.Action, a.rotates(sent.Action))).Inc()
		for _, change := range sent.Action.Changes {
			writtenFields.WithLabelValues(sent.Action.Kind, string(change.Why)).Inc()
		}
	}
	if aborted := o.report.Aborted; aborted != nil {
		writes.WithLabelValues(aborted.Kind, "abort").Inc()
	}
	for _, finished := range o.report.Finished {
		operationSeconds.WithLabelValues(finished.Kind, deed(finished.Description), finished.Result).Observe(finished.Took.Seconds())
	}
}

// word is the outcome in one word.
func (o outcome) word() string {
	r := o.report
	switch {
	case o.err != nil:
		return "error"
	case o.credentials != nil:
		return "credentials"
	case r.Error != nil:
		return "azure_error"
	case len(r.Sent) > 0:
		return "sent"
	case r.Operation != nil:
		return "operation"
	case r.Done || o.leaving != "":
		return "done"
	}
	return "held"
}

// managerIdentity is the manager's own identity among those of AzureClusterIdentities.
const managerIdentity = "manager"

// setExpiry says when credentials end; nothing is said of such as do not tell.
func setExpiry(identity string, notAfter time.Time) {
	if notAfter.IsZero() {
		credentialsExpiry.DeleteLabelValues(identity)
		return
	}
	credentialsExpiry.WithLabelValues(identity).Set(float64(notAfter.Unix()))
}

// Expose makes series of what the manager knows about Azure's request limits and of the listings of its fleet.
func Expose(budget *arm.Budget, clusters *fleet.Fleet) error {
	return metrics.Registry.Register(&azureLevels{budget, clusters})
}

// azureLevels is read when it is scraped.
type azureLevels struct {
	budget   *arm.Budget
	clusters *fleet.Fleet
}

var (
	tokensLeft = prometheus.NewDesc("capaks_azure_tokens_left",
		"Requests that may be sent at once before Azure's limit is reached, by subscription and bucket; of buckets per cluster or pool the emptiest.", []string{"subscription", "bucket"}, nil)
	tokensBurst = prometheus.NewDesc("capaks_azure_tokens_burst",
		"Requests such a bucket holds when it is full.", []string{"subscription", "bucket"}, nil)
	azurePaused = prometheus.NewDesc("capaks_azure_paused_seconds",
		"For how long nothing more is sent of such requests, because Azure asked for a pause; 0 otherwise.", []string{"subscription", "bucket"}, nil)
	listingAge = prometheus.NewDesc("capaks_fleet_listing_age_seconds",
		"Age of the listing of all AKS clusters of a subscription, by which changes made in Azure are noticed.", []string{"subscription"}, nil)
	listedClusters = prometheus.NewDesc("capaks_fleet_clusters",
		"Clusters that live on the listing of a subscription.", []string{"subscription"}, nil)
)

// Describe is of prometheus.Collector.
func (l *azureLevels) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{tokensLeft, tokensBurst, azurePaused, listingAge, listedClusters} {
		ch <- desc
	}
}

// Collect is of prometheus.Collector.
func (l *azureLevels) Collect(ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for _, level := range l.budget.Levels() {
		if level.Burst > 0 {
			gauge(tokensLeft, level.Tokens, level.Subscription, level.Class)
			gauge(tokensBurst, level.Burst, level.Subscription, level.Class)
		}
		gauge(azurePaused, level.Paused.Seconds(), level.Subscription, level.Class)
	}
	for _, listing := range l.clusters.Listings() {
		gauge(listingAge, listing.Age.Seconds(), listing.Subscription)
		gauge(listedClusters, float64(listing.Clusters), listing.Subscription)
	}
}
