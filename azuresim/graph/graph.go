// Package graph emulates Azure Resource Graph: a small, honest part of its query language over what the emulator has
// stored. It must not answer a query it does not understand in full: everything else is refused, naming the token.
package graph

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

const queryType = "Microsoft.ResourceGraph/resources"

var versions = []string{"2018-09-01-preview", "2019-04-01", "2020-04-01-preview", "2021-03-01", "2021-06-01-preview", "2022-10-01", "2024-04-01"}

// The service's quota: queries per user in a window, as its headers count them.
const (
	quota  = 15
	window = 5 * time.Second
)

// maxRows is how many rows one answer has at most, defaultRows without options.$top.
const (
	maxRows     = 1000
	defaultRows = 100
)

// Provider serves Microsoft.ResourceGraph.
type Provider struct {
	Fabric *fabric.Fabric
	World  *world.Holder
	// Document is what a GET of a resource shows, nil when nothing serves it.
	Document func(rq *arm.Request, r *fabric.Resource) arm.Object

	windows map[string]*spent
}

// spent is how much of a window a user has used.
type spent struct {
	until time.Time
	used  int
}

// Register has nothing to hook into the fabric.
func (p *Provider) Register() { p.windows = map[string]*spent{} }

// Routes is the provider's table.
func (p *Provider) Routes() []arm.Route {
	return []arm.Route{{Method: http.MethodPost, Path: "/providers/Microsoft.ResourceGraph/resources", Type: queryType, Versions: versions, Handler: p.query, Throttle: limit}}
}

func limit(rq *arm.Request) []arm.Limit {
	return []arm.Limit{{Key: "graph/" + rq.Caller.ObjectID, Burst: quota, PerSecond: quota / window.Seconds(), Refused: func(seconds int) *arm.Error {
		e := failure(rq, http.StatusTooManyRequests, "RateLimiting", "Client application has been throttled and should not continue to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.")
		e.Header = http.Header{"X-Ms-User-Quota-Remaining": {"0"}, "X-Ms-User-Quota-Resets-After": {(time.Time{}).Add(time.Duration(seconds) * time.Second).Format("15:04:05")}}
		return e
	}}}
}

// failure is an error with the support text the service puts in front of what is wrong.
func failure(rq *arm.Request, status int, code, format string, args ...any) *arm.Error {
	outer := code
	if status == http.StatusBadRequest {
		outer = "BadRequest"
	}
	e := arm.ProviderError(status, outer, "Please provide below info when asking for support: timestamp = %s, correlationId = %s.", rq.Now.UTC().Format(time.RFC3339), uuid.NewString())
	e.Details = []arm.Detail{{Code: code, Message: fmt.Sprintf(format, args...)}}
	return e
}

// quotaHeaders count down with every query of the user.
func (p *Provider) quotaHeaders(rq *arm.Request, resp *arm.Response) {
	w := p.windows[rq.Caller.ObjectID]
	if w == nil || !rq.Now.Before(w.until) {
		w = &spent{until: rq.Now.Add(window)}
		p.windows[rq.Caller.ObjectID] = w
	}
	w.used++
	resp.With("x-ms-user-quota-remaining", strconv.Itoa(max(quota-w.used, 0))).With("x-ms-user-quota-resets-after", (time.Time{}).Add(w.until.Sub(rq.Now)).Format("15:04:05"))
}

func (p *Provider) query(rq *arm.Request) (*arm.Response, error) {
	text := arm.Str(rq.Body, "query")
	if strings.TrimSpace(text) == "" {
		return nil, failure(rq, http.StatusBadRequest, "InvalidQuery", "Query cannot be null or empty.")
	}
	parsed, err := parse(text)
	if err != nil {
		return nil, p.refused(rq, err)
	}
	subscriptions, err := p.subscriptions(rq)
	if err != nil {
		return nil, err
	}
	rows, err := p.table(rq, parsed.table, subscriptions)
	if err == nil {
		rows, err = parsed.run(rows)
	}
	if err != nil {
		return nil, p.refused(rq, err)
	}
	body, err := page(rq, rows)
	if err != nil {
		return nil, err
	}
	resp := arm.Respond(http.StatusOK, body)
	p.quotaHeaders(rq, resp)
	return resp, nil
}

// refused is the answer to a query the parser or the evaluation cannot follow.
func (p *Provider) refused(rq *arm.Request, err error) error {
	e := failure(rq, http.StatusBadRequest, "InvalidQuery", "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying.")
	e.Details = append(e.Details, arm.Detail{Code: "ParserFailure", Message: err.Error()})
	return e
}

// subscriptions are those the query may look into: the requested ones, or all the caller has a role in.
func (p *Provider) subscriptions(rq *arm.Request) ([]world.Subscription, error) {
	w := p.World.Get()
	who := w.Principal(rq.Caller.ClientID)
	asked := arm.List(rq.Body, "subscriptions")
	var out []world.Subscription
	for _, s := range w.Subscriptions {
		wanted := len(asked) == 0 || slices.ContainsFunc(asked, func(id any) bool { text, _ := id.(string); return strings.EqualFold(text, s.ID) })
		if wanted && who != nil && strings.EqualFold(s.TenantID, who.TenantID) && w.Sees(who, s.ID) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, failure(rq, http.StatusBadRequest, "NoValidSubscriptionsInQueryRequest", "There must be at least one subscription that is eligible to contain resources. Given: '%s'.", strings.Trim(fmt.Sprint(asked), "[]"))
	}
	return out, nil
}

// page cuts the rows to what was asked for; the continuation is where the next page begins.
func page(rq *arm.Request, rows []row) (arm.Object, error) {
	top, start := int64(defaultRows), 0
	if n, ok := arm.Int(rq.Body, "options.$top"); ok {
		if n < 1 || n > maxRows {
			return nil, failure(rq, http.StatusBadRequest, "InvalidPagingOptions", "The value of $top must be between 1 and %d.", maxRows)
		}
		top = n
	}
	if skip, ok := arm.Int(rq.Body, "options.$skip"); ok {
		start = int(skip)
	}
	if token := arm.Str(rq.Body, "options.$skipToken"); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err == nil {
			start, err = strconv.Atoi(string(raw))
		}
		if err != nil {
			return nil, failure(rq, http.StatusBadRequest, "InvalidSkipToken", "The $skipToken is invalid.")
		}
	}
	total := len(rows)
	start = min(max(start, 0), total)
	end := min(start+int(top), total)
	body := arm.Object{"totalRecords": total, "count": end - start, "facets": []any{}, "resultTruncated": "false"}
	if end < total {
		body["$skipToken"] = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}
	format := arm.Str(rq.Body, "options.resultFormat")
	if format == "table" || format == "" && rq.APIVersion < "2020-04-01" {
		body["data"] = asTable(rows[start:end])
		return body, nil
	}
	data := make([]arm.Object, 0, end-start)
	for _, r := range rows[start:end] {
		data = append(data, r.object())
	}
	body["data"] = data
	return body, nil
}

func asTable(rows []row) arm.Object {
	columns, values := []any{}, []any{}
	for i, r := range rows {
		cells := []any{}
		for _, c := range r {
			if i == 0 {
				columns = append(columns, arm.Object{"name": c.name, "type": typeName(resolve(c.value))})
			}
			cells = append(cells, resolve(c.value))
		}
		values = append(values, cells)
	}
	return arm.Object{"columns": columns, "rows": values}
}

func typeName(v any) string {
	switch v.(type) {
	case string, nil:
		return "string"
	case bool:
		return "boolean"
	case int64, int:
		return "integer"
	case float64:
		return "number"
	}
	return "object"
}
