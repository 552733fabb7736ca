package entra

import (
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// failure is an error of the token endpoint. Clients match on the AADSTS number.
type failure struct {
	status      int
	code        string
	number      int
	description string
	now         time.Time
}

func (d *Directory) fail(status int, code string, number int, format string, args ...any) *failure {
	return &failure{status, code, number, fmt.Sprintf(format, args...), d.now()}
}

func (d *Directory) missing(parameter string) *failure {
	return d.fail(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: '%s'.", parameter)
}

func (d *Directory) unknownTenant(tenant string) *failure {
	return d.fail(http.StatusBadRequest, "invalid_tenant", 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", tenant)
}

func (f *failure) write(w http.ResponseWriter) {
	trace, correlation, now := uuid.NewString(), uuid.NewString(), f.now.UTC().Format("2006-01-02 15:04:05Z")
	w.Header().Set("x-ms-clitelem", fmt.Sprintf("1,%d,0,,", f.number)) // also how the request log learns the number
	writeJSON(w, f.status, map[string]any{
		"error":             f.code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", f.number, f.description, trace, correlation, now),
		"error_codes":       []int{f.number},
		"timestamp":         now,
		"trace_id":          trace,
		"correlation_id":    correlation,
		"error_uri":         fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", f.number),
	})
}
