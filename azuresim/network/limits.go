package network

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// Limits are the provider's own: 10,000 reads and 1,000 writes of a subscription in five minutes.
func Limits(rq *arm.Request) []arm.Limit {
	kind, size := "writes", 1000.0
	if rq.Method == http.MethodGet || rq.Method == http.MethodHead {
		kind, size = "reads", 10000
	}
	return []arm.Limit{{Key: "network/" + strings.ToLower(rq.ID.Subscription) + "/" + kind, Burst: size, PerSecond: size / 300, Refused: func(seconds int) *arm.Error {
		return arm.ProviderError(http.StatusTooManyRequests, "TooManyRequests", "The request is being throttled as the limit has been reached for operation type - %s_Network. Please try again in %d seconds.", kind, seconds)
	}}}
}
