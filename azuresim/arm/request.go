package arm

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one ARM call after the front door has parsed, authenticated and authorised it.
type Request struct {
	Method     string
	Path       string // as the caller spelled it
	PageSize   int    // items per page of a list; 0 = the default
	ID         ID     // the resource, group or subscription addressed
	Action     string // POST action or sub-collection, "" otherwise
	Params     map[string]string
	APIVersion string
	Query      url.Values
	Header     http.Header
	Body       map[string]any
	Caller     Caller
	BaseURL    string // what the caller sees as the ARM endpoint
	Now        time.Time

	// FailOperation is set by a fault: the operation this request starts ends with that error.
	FailOperation *OperationError
	// OperationTakes is set by a fault too: how long that operation takes; 0 = as long as usual.
	OperationTakes time.Duration
}

// Caller is the authenticated principal.
type Caller struct {
	TenantID, ClientID, ObjectID string
}

// Response is what a handler wants to be sent.
type Response struct {
	Status int
	Header http.Header
	Body   any
	Pretty bool // the AKS provider indents its documents
}

// Respond builds a response.
func Respond(status int, body any) *Response {
	return &Response{Status: status, Header: http.Header{}, Body: body}
}

// With adds a header.
func (r *Response) With(key, value string) *Response {
	r.Header.Set(key, value)
	return r
}

// OperationError is the "error" of a failed operation document.
type OperationError struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Target  string   `json:"target,omitempty"`
	Details []Detail `json:"details,omitempty"`
}

// Handler serves one route. It runs under the emulator's lock: it may read and change resources freely, must not
// block, and must not change anything before it has decided to accept the request.
type Handler func(*Request) (*Response, error)

// Route is one line of a provider's table.
type Route struct {
	Method string
	// Path is matched without case, segment by segment; {x} captures. It starts after the host.
	Path    string
	Handler Handler
	// Type decides which api-versions are valid and is what authorisation actions are named after.
	Type string
	// Verb completes the authorisation action: read, write, delete, or "listClusterAdminCredential/action".
	Verb string
	// Throttle names the provider's own rate limits for the call; nil means none but ARM's.
	Throttle func(*Request) []Limit
	// AnyGroup lets the route run although the resource group does not exist (the group's own routes).
	AnyGroup bool
	// Versions, when set, replaces the api-versions of Type.
	Versions []string
}

// Limit is one token bucket: Key identifies the bucket, Burst its size, PerSecond its refill.
type Limit struct {
	Key       string
	Burst     float64
	PerSecond float64
	Code      string
	Message   string // %d is replaced by the seconds to wait
	// Policy, when set, is the name under which x-ms-ratelimit-remaining-resource tells what is left.
	Policy string
	// Refused, when set, builds the 429 instead of Code and Message in the AKS provider's shape.
	Refused func(seconds int) *Error
}

// Throttled gives the routes of a provider that name no limits of their own the given ones.
func Throttled(limits func(*Request) []Limit, routes []Route) []Route {
	for i := range routes {
		if routes[i].Throttle == nil {
			routes[i].Throttle = limits
		}
	}
	return routes
}
