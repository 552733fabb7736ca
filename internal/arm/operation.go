package arm

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Operation is the state of a long-running operation, from the Azure-AsyncOperation document or from a Location result.
type Operation struct {
	Name            string
	Status          string // Succeeded, Failed and Canceled are final; everything else is running
	PercentComplete *float64
	StartTime       *time.Time
	EndTime         *time.Time
	// Err is the error part. A Succeeded operation can have one: NotLatestOperation, when a later one took over.
	Err           *Error
	RetryAfter    time.Duration
	CorrelationID string
}

// The three final states. ARM's contract: any other word, known or not, means the operation is running.
const (
	Succeeded = "Succeeded"
	Failed    = "Failed"
	Canceled  = "Canceled"
)

// Terminal reports whether a status or provisioningState is final.
func Terminal(status string) bool {
	return strings.EqualFold(status, Succeeded) || strings.EqualFold(status, Failed) || strings.EqualFold(status, Canceled)
}

// Done reports whether the operation has ended, well or not.
func (o *Operation) Done() bool { return Terminal(o.Status) }

// Operation reads where an operation stands, once. The URL is the AsyncOperation or Location of a Response; its query is a signature of
// more than a kilobyte and is sent back untouched.
func (c *Client) Operation(ctx context.Context, rawURL string) (*Operation, error) {
	u, err := c.resolve(rawURL)
	if err != nil {
		return nil, err
	}
	r, err := c.do(ctx, http.MethodGet, u, nil, Precondition{})
	if err != nil {
		return nil, err
	}
	return ParseOperation(r), nil
}

// ParseOperation reads an operation document, or the answer of a Location poll.
func ParseOperation(r *Response) *Operation {
	o := &Operation{
		Name: stringAt(r.Body, "name"), Status: stringAt(r.Body, "status"), PercentComplete: percent(r.Body["percentComplete"]),
		StartTime: timeAt(r.Body, "startTime"), EndTime: timeAt(r.Body, "endTime"),
		RetryAfter: r.RetryAfter, CorrelationID: r.CorrelationID,
	}
	for _, final := range []string{Succeeded, Failed, Canceled} {
		if strings.EqualFold(o.Status, final) {
			o.Status = final
		}
	}
	if o.Status == "" {
		// A Location result (deleting a resource group, operationresults) has no document: 202 while it runs, 200 or 204 at the end.
		o.Status = Succeeded
		if r.Status == http.StatusAccepted {
			o.Status = "InProgress"
		}
	}
	if inner, ok := r.Body["error"].(map[string]any); ok {
		o.Err = errorFrom(inner)
	}
	if o.Err == nil && (o.Status == Failed || o.Status == Canceled) {
		o.Err = &Error{Code: "Operation" + o.Status, Message: "Azure gave no reason"}
	}
	if o.Err != nil {
		o.Err.CorrelationID = r.CorrelationID
	}
	return o
}

func percent(v any) *float64 {
	switch v := v.(type) {
	case float64:
		return &v
	case int64:
		f := float64(v)
		return &f
	}
	return nil
}

func timeAt(object map[string]any, key string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, stringAt(object, key))
	if err != nil {
		return nil
	}
	return &t
}

// resolve makes a URL out of what Azure sent (operation, Location, nextLink; sometimes without a host), and refuses to carry the token to a host
// that is not the endpoint or a regional host below it.
func (c *Client) resolve(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil || rawURL == "" {
		return nil, fmt.Errorf("%q is not a URL Azure could have sent", rawURL)
	}
	u = c.endpoint.ResolveReference(u)
	sameHost := strings.EqualFold(u.Host, c.endpoint.Host) || strings.HasSuffix(strings.ToLower(u.Host), "."+strings.ToLower(c.endpoint.Host))
	if u.Scheme != "https" || !sameHost {
		return nil, fmt.Errorf("refusing to follow %s://%s%s: it is not on %s", u.Scheme, u.Host, u.Path, c.endpoint.Host)
	}
	return u, nil
}

// maxPages is far above any real list (a subscription holds 5000 clusters at most) and stops a nextLink that never ends.
const maxPages = 1000

// List reads all pages of a collection. The Response is that of the last page.
func (c *Client) List(ctx context.Context, path, apiVersion string) ([]map[string]any, *Response, error) {
	return c.Query(ctx, path, apiVersion, nil)
}

// Query is List with parameters, such as a $filter.
func (c *Client) Query(ctx context.Context, path, apiVersion string, query url.Values) ([]map[string]any, *Response, error) {
	r, err := c.resource(ctx, http.MethodGet, path, apiVersion, nil, Precondition{}, query)
	var items []map[string]any
	for page := 1; ; page++ {
		if err != nil {
			return nil, nil, err
		}
		value, _ := r.Body["value"].([]any)
		for _, v := range value {
			if item, ok := v.(map[string]any); ok {
				items = append(items, item)
			}
		}
		next := stringAt(r.Body, "nextLink")
		if next == "" {
			return items, r, nil
		}
		if page == maxPages {
			return nil, nil, fmt.Errorf("LIST %s: more than %d pages", path, maxPages)
		}
		u, err2 := c.resolve(next)
		if err2 != nil {
			return nil, nil, fmt.Errorf("LIST %s: nextLink: %w", path, err2)
		}
		r, err = c.do(ctx, http.MethodGet, u, nil, Precondition{})
	}
}
