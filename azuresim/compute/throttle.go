package compute

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// policy is one of the service's token buckets, refilled once a minute in full; the sizes are the recorded ones.
type policy struct {
	name  string
	size  float64
	perID bool // one bucket per resource, otherwise per subscription
}

var (
	getSet       = []policy{{"GetVMScaleSetSubscriptionMaximum", 2400, false}, {"GetVMScaleSetResource", 36, true}}
	createSet    = []policy{{"CreateVMScaleSetSubscriptionMaximum", 375, false}, {"CreateVMScaleSetResource", 12, true}, batched}
	deleteSet    = []policy{{"DeleteVMScaleSetSubscriptionMaximum", 525, false}, {"DeleteVMScaleSetResource", 12, true}, batched}
	actionsOnSet = []policy{{"VMScaleSetActionsSubscriptionMaximum", 1500, false}, {"VMScaleSetActionsResource", 12, true}, batched}
	listSets     = []policy{{"HighCostGetVMScaleSetSubscriptionMaximum", 720, false}, {"HighCostGetVMScaleSetResource", 60, true}}
	getMachine   = []policy{{"LowCostGetSubscriptionMaximum", 24000, false}, {"LowCostGetResource", 36, true}}
	putMachine   = []policy{{"PutVMSubscriptionMaximum", 1500, false}, {"PutVMResource", 12, true}}
	delMachine   = []policy{{"DeleteVMSubscriptionMaximum", 1500, false}, {"DeleteVMResource", 12, true}}
	getOperation = []policy{{"GetOperationResource", 45, true}, {"GetOperationSubscriptionMaximum", 15000, false}}
	batched      = policy{"VMScaleSetBatchedVMRequestsSubscriptionMaximum", 6000, false}
)

// limitsOf picks the buckets of a route.
func limitsOf(r arm.Route) func(*arm.Request) []arm.Limit {
	var of []policy
	item := strings.HasSuffix(r.Path, "}")
	switch {
	case strings.HasSuffix(r.Path, "/operations/{operation}"):
		of = getOperation
	case r.Type == machineType && r.Method == http.MethodGet:
		of = getMachine
	case r.Type == machineType && r.Method == http.MethodDelete:
		of = delMachine
	case r.Type == machineType:
		of = putMachine
	case r.Type != ScaleSetType && r.Type != extensionType && r.Type != InstanceType:
		return nil // sizes and quotas have ARM's limits only
	case r.Method == http.MethodGet && !item:
		of = listSets
	case r.Method == http.MethodGet:
		of = getSet
	case r.Type == ScaleSetType && r.Method == http.MethodDelete:
		of = deleteSet
	case r.Type == ScaleSetType && item:
		of = createSet
	default:
		of = actionsOnSet
	}
	return func(rq *arm.Request) []arm.Limit {
		out := make([]arm.Limit, 0, len(of))
		for _, p := range of {
			out = append(out, p.limit(rq))
		}
		return out
	}
}

func (p policy) limit(rq *arm.Request) arm.Limit {
	key := "compute/" + strings.ToLower(rq.ID.Subscription) + "/" + p.name
	if p.perID {
		key += "/" + strings.ToLower(rq.Path)
	}
	return arm.Limit{Key: key, Burst: p.size, PerSecond: p.size / 60, Policy: "Microsoft.Compute/" + p.name, Refused: func(seconds int) *arm.Error {
		e := arm.ProviderError(http.StatusTooManyRequests, "OperationNotAllowed", "The server rejected the request because too many requests have been received for this subscription.")
		e.Details = []arm.Detail{{Code: "TooManyRequests", Target: p.name, Message: fmt.Sprintf(`{"operationGroup":%q,"startTime":%q,"endTime":%q,"allowedRequestCount":%d,"measuredRequestCount":%d}`,
			p.name, rq.Now.Format(timeFormat), rq.Now.Format(timeFormat), int(p.size), int(p.size)+1)}}
		return e
	}}
}
