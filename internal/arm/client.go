package arm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	armpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	armruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	azruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/tracing"
)

// tryTimeout bounds one exchange. ARM answers a PUT in seconds; a LIST of a large subscription may take most of a minute.
const tryTimeout = 60 * time.Second

// Config says where and as whom. Cloud and Credential are required.
type Config struct {
	Cloud      cloud.Configuration
	Credential azcore.TokenCredential
	Transport  policy.Transporter // default DefaultTransport()
	UserAgent  string             // "capaks/<version>"
	Budget     *Budget            // default: one of its own; share one between all clients
	Observe    func(Call)         // optional; called from many goroutines, must not block
	Now        func() time.Time   // clock of the tokens of Token; default time.Now
	Tracing    tracing.Provider   // makes spans of requests; default none
}

// Client sends requests as one identity to one cloud. It is safe for concurrent use and serves any number of subscriptions and clusters.
type Client struct {
	pipeline  azruntime.Pipeline
	endpoint  *url.URL
	authority string
	budget    *Budget
	observe   func(Call)
	reads     policy.RetryOptions
	writes    policy.RetryOptions
	source    azcore.TokenCredential
	now       func() time.Time
	logins    logins
	scope     string
	tracer    tracing.Tracer
}

// Precondition guards a write against what others did since the last read.
type Precondition struct {
	IfMatch     string
	IfNoneMatch string // "*": only if it does not exist
}

// Response is a successful answer.
type Response struct {
	Status         int
	Body           map[string]any // nil when the answer had none
	Header         http.Header
	CorrelationID  string
	AsyncOperation string // URL of the operation document
	Location       string // URL of the operation result
	RetryAfter     time.Duration
}

// New builds a client. It makes no request: the first token is fetched with the first call.
func New(c Config) (*Client, error) {
	service := c.Cloud.Services[cloud.ResourceManager]
	endpoint, err := httpsURL("resource manager endpoint", service.Endpoint)
	if err != nil {
		return nil, err
	}
	if c.Credential == nil {
		return nil, errors.New("arm: a credential is required")
	}
	if c.Transport == nil {
		c.Transport = DefaultTransport()
	}
	if c.UserAgent == "" {
		c.UserAgent = "capaks/dev"
	}
	if c.Budget == nil {
		c.Budget = NewBudget(BudgetOptions{})
	}
	if c.Observe == nil {
		c.Observe = func(Call) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	client := &Client{
		source: c.Credential, now: c.Now, scope: service.Audience + "/.default",
		endpoint: u, authority: strings.TrimRight(c.Cloud.ActiveDirectoryAuthorityHost, "/"),
		tracer: c.Tracing.NewTracer("capaks/arm", c.UserAgent),
		budget: c.Budget, observe: c.Observe, reads: readRetries(), writes: policy.RetryOptions{MaxRetries: -1, TryTimeout: tryTimeout},
	}
	if client.pipeline, err = newPipeline(c, client.reads); err != nil {
		return nil, err
	}
	return client, nil
}

func newPipeline(c Config, retry policy.RetryOptions) (azruntime.Pipeline, error) {
	options := policy.ClientOptions{
		Cloud: c.Cloud, Transport: c.Transport, Retry: retry,
		Telemetry:        policy.TelemetryOptions{Disabled: true}, // headersPolicy writes the User-Agent
		PerCallPolicies:  []policy.Policy{headersPolicy{c.UserAgent}},
		PerRetryPolicies: []policy.Policy{observePolicy{c.Budget, c.Observe}},
	}
	cred := credential{c.Credential}
	// The stock registration policy looks every 15 s for up to five minutes, which would hold a worker that long.
	register, err := armruntime.NewRPRegistrationPolicy(cred, &armpolicy.RegistrationOptions{
		ClientOptions: options, PollingDelay: 3 * time.Second, PollingDuration: time.Minute,
	})
	if err != nil {
		return azruntime.Pipeline{}, err
	}
	return armruntime.NewPipeline("capaks", "v0.0.0", cred,
		azruntime.PipelineOptions{PerCall: []policy.Policy{register}},
		&armpolicy.ClientOptions{ClientOptions: options, DisableRPRegistration: true})
}

func readRetries() policy.RetryOptions {
	return policy.RetryOptions{
		MaxRetries: 2, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: 5 * time.Second, TryTimeout: tryTimeout,
		ShouldRetry: func(resp *http.Response, err error) bool {
			if err != nil {
				return true
			}
			return azruntime.HasStatusCode(resp, http.StatusRequestTimeout, http.StatusInternalServerError,
				http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout)
		},
	}
}

// Get reads a resource.
func (c *Client) Get(ctx context.Context, id, apiVersion string) (*Response, error) {
	return c.resource(ctx, http.MethodGet, id, apiVersion, nil, Precondition{}, nil)
}

// Put creates or replaces a resource. It is sent once; see the package comment for what a lost answer means.
func (c *Client) Put(ctx context.Context, id, apiVersion string, body map[string]any, p Precondition) (*Response, error) {
	return c.resource(ctx, http.MethodPut, id, apiVersion, body, p, nil)
}

// Patch changes parts of a resource.
func (c *Client) Patch(ctx context.Context, id, apiVersion string, body map[string]any, p Precondition) (*Response, error) {
	return c.resource(ctx, http.MethodPatch, id, apiVersion, body, p, nil)
}

// Delete removes a resource. 204 (it was not there) is a success; a missing resource group is an Error with IsNotFound.
func (c *Client) Delete(ctx context.Context, id, apiVersion string, p Precondition) (*Response, error) {
	return c.resource(ctx, http.MethodDelete, id, apiVersion, nil, p, nil)
}

// Post runs an action; id is the resource with the action appended. body and query may be nil.
func (c *Client) Post(ctx context.Context, id, apiVersion string, body map[string]any, query url.Values) (*Response, error) {
	return c.resource(ctx, http.MethodPost, id, apiVersion, body, Precondition{}, query)
}

func (c *Client) resource(ctx context.Context, method, id, apiVersion string, body map[string]any, p Precondition, query url.Values) (*Response, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if apiVersion == "" {
		return nil, fmt.Errorf("%s %s: api-version is required", method, id)
	}
	values := url.Values{}
	for k, v := range query {
		values[k] = v
	}
	values.Set("api-version", apiVersion)
	u := *c.endpoint
	u.Path += id
	u.RawQuery = values.Encode()
	return c.do(ctx, method, &u, body, p)
}

// do sends one request, after its turn in the budget, and sorts the outcome.
func (c *Client) do(ctx context.Context, method string, u *url.URL, body map[string]any, p Precondition) (response *Response, err error) {
	id := CorrelationID(ctx)
	if id == "" {
		id = NewCorrelationID()
		ctx = WithCorrelationID(ctx, id)
	}
	path := strings.TrimPrefix(u.Path, c.endpoint.Path)
	ctx, end := azruntime.StartSpan(ctx, targetOf(method, path).operation, c.tracer, &azruntime.StartSpanOptions{Attributes: []tracing.Attribute{
		{Key: "azure.resource.id", Value: path}, {Key: "azure.correlation.id", Value: id}}})
	defer func() { end(err) }()
	if err := c.budget.Wait(ctx, method, path); err != nil {
		if held, ok := errors.AsType[*Error](err); ok {
			held.CorrelationID = id
			t := targetOf(method, path)
			c.observe(Call{Operation: t.operation, Kind: t.kind, Method: method, Path: path, Subscription: t.subscription,
				Code: held.Code, CorrelationID: id, RetryAfter: held.RetryAfter})
		}
		return nil, err
	}
	retry := c.writes
	if method == http.MethodGet {
		retry = c.reads
	}
	req, err := azruntime.NewRequest(policy.WithRetryOptions(ctx, retry), method, u.String())
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if err := fill(req, body, p); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return nil, c.failure(ctx, err, resp, id)
	}
	return answer(resp, id)
}

func fill(req *policy.Request, body map[string]any, p Precondition) error {
	h := req.Raw().Header
	h.Set("Accept", "application/json")
	if p.IfMatch != "" {
		h.Set("If-Match", p.IfMatch)
	}
	if p.IfNoneMatch != "" {
		h.Set("If-None-Match", p.IfNoneMatch)
	}
	if body == nil {
		return nil
	}
	return azruntime.MarshalAsJSON(req, body)
}

// answer reads the response; the pipeline has downloaded the body already.
func answer(resp *http.Response, sent string) (*Response, error) {
	body, err := azruntime.Payload(resp)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	id := correlationFrom(resp.Header)
	if id == "" {
		id = sent
	}
	if resp.StatusCode >= http.StatusBadRequest {
		e := ParseError(resp.StatusCode, resp.Header, body)
		e.CorrelationID = id
		return nil, e
	}
	return &Response{
		Status: resp.StatusCode, Body: decodeObject(body), Header: resp.Header, CorrelationID: id,
		AsyncOperation: resp.Header.Get("Azure-AsyncOperation"), Location: resp.Header.Get("Location"),
		RetryAfter: RetryAfter(resp.Header, time.Now()),
	}, nil
}

// failure sorts an error of the pipeline: the caller gave up, the sign-in failed, or nothing answered.
func (c *Client) failure(ctx context.Context, err error, resp *http.Response, id string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if token, ok := errors.AsType[*tokenError](err); ok {
		err = signInError(token.err, c.authority)
		if e, ok := errors.AsType[*Error](err); ok {
			e.CorrelationID = id
		}
		return err
	}
	if resp != nil {
		// Registering the resource provider failed; what Azure said to the request itself is the better message.
		if _, refused := answer(resp, id); refused != nil {
			return refused
		}
	}
	return unreachable(c.endpoint.String(), err)
}
