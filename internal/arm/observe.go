package arm

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	azruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// Call is one HTTP exchange with ARM, for metrics and logs. A read that was repeated is several calls.
type Call struct {
	Operation     string // "GET managedClusters", "PUT managedClusters/agentPools": fit for a metric label
	Kind          Kind
	Method        string
	Path          string
	Subscription  string
	Status        int    // 0 when there was no answer
	Code          string // error code, "" on success, "Unreachable" without an answer, CodeHeldBack when it was not sent
	CorrelationID string
	Duration      time.Duration
	RetryAfter    time.Duration
	Throttled     bool // Azure asks for fewer requests; a 429 that says "busy" does not
}

const (
	headerCorrelation = "x-ms-correlation-request-id"
	codeUnreachable   = "Unreachable"
)

type correlationKey struct{}

// WithCorrelationID sets the x-ms-correlation-request-id of all requests made with the context, one per reconcile, so that Azure's activity
// log shows them as one.
func WithCorrelationID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, correlationKey{}, id)
}

// CorrelationID returns the id of the context, or "".
func CorrelationID(ctx context.Context) string {
	id, _ := ctx.Value(correlationKey{}).(string)
	return id
}

// NewCorrelationID returns a random UUID, the form Azure expects.
func NewCorrelationID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// headersPolicy names the caller. It also runs for the requests azcore makes by itself to register a resource provider.
type headersPolicy struct{ userAgent string }

func (p headersPolicy) Do(req *policy.Request) (*http.Response, error) {
	h := req.Raw().Header
	h.Set("User-Agent", p.userAgent)
	if h.Get(headerCorrelation) == "" {
		id := CorrelationID(req.Raw().Context())
		if id == "" {
			id = NewCorrelationID()
		}
		h.Set(headerCorrelation, id)
	}
	return req.Next()
}

// observePolicy runs once per try, next to the transport: it counts, and it teaches the budget what Azure says is left.
type observePolicy struct {
	budget  *Budget
	observe func(Call)
}

func (p observePolicy) Do(req *policy.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := req.Next()
	raw := req.Raw()
	t := targetOf(raw.Method, raw.URL.Path)
	call := Call{
		Operation: t.operation, Kind: t.kind, Method: raw.Method, Path: raw.URL.Path, Subscription: t.subscription,
		CorrelationID: raw.Header.Get(headerCorrelation), Duration: time.Since(start),
	}
	if err != nil {
		call.Code = codeUnreachable
		p.observe(call)
		return resp, err
	}
	call.Status = resp.StatusCode
	p.budget.remaining(t, resp.Header)
	if resp.StatusCode >= http.StatusBadRequest {
		body, readErr := azruntime.Payload(resp)
		if readErr != nil {
			call.Code = strconv.Itoa(resp.StatusCode)
		} else {
			e := ParseError(resp.StatusCode, resp.Header, body)
			call.Code, call.RetryAfter = e.Code, e.RetryAfter
			if resp.StatusCode == http.StatusTooManyRequests {
				p.budget.throttled(t, e, resp.Header)
				call.Throttled = !e.isBusy()
			}
		}
	}
	p.observe(call)
	return resp, nil
}
