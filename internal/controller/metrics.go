package controller

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/capaks/capaks/internal/arm"
)

var (
	azureRequests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "capaks_azure_requests_total",
		Help: "Requests sent to Azure Resource Manager, by operation, HTTP status and error code.",
	}, []string{"operation", "status", "code"})
	azureRequestSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "capaks_azure_request_duration_seconds",
		Help:    "Time from sending a request to Azure Resource Manager to its answer.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
	}, []string{"operation"})
)

func init() { metrics.Registry.MustRegister(azureRequests, azureRequestSeconds) }

// ObserveCall counts a request to Azure; it is given to every ARM client.
func ObserveCall(call arm.Call) {
	azureRequests.WithLabelValues(call.Operation, strconv.Itoa(call.Status), call.Code).Inc()
	if call.Status != 0 {
		azureRequestSeconds.WithLabelValues(call.Operation).Observe(call.Duration.Seconds())
	}
}
