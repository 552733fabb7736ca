// Package front is the ARM gateway: everything Azure Resource Manager does before a resource provider sees a
// request. One file per concern. It must not know what any resource means; providers hand it a table of routes.
package front

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/entra"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/spec"
	"github.com/capaks/capaks/azuresim/world"
)

// maxBody is ARM's limit for a request.
const maxBody = 4 << 20

// Gateway serves ARM requests.
type Gateway struct {
	Fabric    *fabric.Fabric
	World     *world.Holder
	Directory *entra.Directory
	Throttle  *Throttle
	BaseURL   func() string
	// PageSize is how many items a list answers at once; 0 = the default.
	PageSize int
	// Check compares a request body with the official description; the findings go to the request log.
	Check func(typ, apiVersion string, body map[string]any) []string

	// Denied names the deny assignment that keeps callers from changing what is in a resource group, "" for none.
	Denied func(group *fabric.Resource) string
	// Locked refuses a write or deletion that a management lock forbids.
	Locked func(id arm.ID, verb string) error

	routes map[routeKey][]*route
	types  map[string]*typeInfo // by lower-case type
}

// ServeHTTP runs one request through the gateway.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entry := entryOf(r)
	requestIDs(w, r)
	resp, err := g.serve(w, r, entry)
	if err != nil {
		g.fail(w, r, entry, err)
		return
	}
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	if resp.Body == nil {
		w.WriteHeader(resp.Status)
		return
	}
	raw, _ := resp.Body.(json.RawMessage) // made by render
	contentType := "application/json; charset=utf-8"
	if resp.Pretty {
		contentType = "application/json" // as the AKS provider sends it
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(resp.Status)
	_, _ = w.Write(raw)
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, entry *Entry) (*arm.Response, error) {
	caller, aerr := g.Directory.Verify(r.Header.Get("Authorization"))
	if aerr != nil {
		return nil, aerr
	}
	entry.Principal = caller.ClientID
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	entry.RequestBody = redact(body)
	match, params, exists := g.route(r)
	if match == nil {
		return nil, g.noRoute(r)
	}
	rq := &arm.Request{
		Method: r.Method, Path: r.URL.Path, PageSize: g.PageSize, Params: params, Query: r.URL.Query(), Header: r.Header, Body: body,
		Caller: caller, BaseURL: g.BaseURL(), APIVersion: apiVersion(r), ID: targetID(match, params),
	}
	rq.FailOperation, rq.OperationTakes = operationFault(r)
	if err := g.checkVersion(match, rq); err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet {
		if err := arm.CheckPage(rq.Query); err != nil {
			return nil, err
		}
	}
	if g.Check != nil && body != nil && (r.Method == http.MethodPut || r.Method == http.MethodPatch) {
		entry.SpecErrors = g.Check(match.Type, rq.APIVersion, body)
		if r.Method == http.MethodPatch {
			entry.SpecErrors = spec.OfPatch(match.Type, entry.SpecErrors)
		}
	}
	resp, err := g.run(w, match, rq)
	if err == nil && exists {
		resp = arm.Respond(http.StatusNoContent, nil)
	}
	return resp, err
}

// route finds the route of a request. HEAD on anything that can be read asks only whether it is there.
func (g *Gateway) route(r *http.Request) (match *route, params map[string]string, exists bool) {
	match, params = g.match(r.Method, r.URL.Path)
	if match == nil && r.Method == http.MethodHead {
		match, params = g.match(http.MethodGet, r.URL.Path)
		return match, params, true
	}
	return match, params, false
}

// run is the part of a request that needs the state: it happens under the lock, and what it changed is on disk
// before anything is sent.
func (g *Gateway) run(w http.ResponseWriter, match *route, rq *arm.Request) (*arm.Response, error) {
	var resp *arm.Response
	g.Fabric.Clock.FireDue()
	err := g.Fabric.Do(func() error {
		rq.Now = g.Fabric.Clock.Now().UTC()
		if err := g.authorize(match, rq); err != nil {
			return err
		}
		if err := g.throttle(w, match, rq); err != nil {
			return err
		}
		if err := g.group(match, rq); err != nil {
			return err
		}
		if err := g.guard(match, rq); err != nil {
			return err
		}
		g.applyPolicies(rq)
		var err error
		if resp, err = match.Handler(rq); err != nil {
			return err
		}
		if resp.Header == nil {
			resp.Header = http.Header{}
		}
		return render(resp)
	})
	return resp, err
}

// render serialises under the lock, because bodies may point into the state.
func render(resp *arm.Response) error {
	if resp.Body == nil {
		return nil
	}
	var raw []byte
	var err error
	if resp.Pretty {
		raw, err = json.MarshalIndent(resp.Body, "", "  ")
	} else {
		raw, err = arm.Encode(resp.Body)
	}
	resp.Body = json.RawMessage(raw)
	return err
}

func (g *Gateway) group(match *route, rq *arm.Request) error {
	if match.AnyGroup || rq.ID.ResourceGroup == "" {
		return nil
	}
	rg := g.Fabric.Get(rq.ID.Group().String())
	if rg == nil {
		return arm.GroupNotFound(rq.ID.ResourceGroup)
	}
	if rg.State == "Deleting" && (rq.Method == http.MethodPut || rq.Method == http.MethodPatch) {
		return arm.GatewayError(http.StatusConflict, "ResourceGroupBeingDeleted", "The resource group '%s' is in deprovisioning state and cannot perform this operation.", rq.ID.ResourceGroup)
	}
	return nil
}

func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, entry *Entry, err error) {
	var e *arm.Error
	if !errors.As(err, &e) {
		e = arm.GatewayError(http.StatusInternalServerError, "InternalServerError", "Encountered internal server error: %v", err)
	}
	entry.ErrorCode = e.Code
	for k, v := range e.Header {
		w.Header()[k] = v
	}
	if e.Gateway {
		w.Header().Set("x-ms-failure-cause", "gateway")
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds()+0.999)))
	}
	var raw []byte
	if e.Flat {
		w.Header().Set("Content-Type", "application/json")
		raw, _ = json.MarshalIndent(e.Body(), "", " ")
	} else {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		raw, _ = json.Marshal(e.Body())
	}
	w.WriteHeader(e.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(raw)
	}
}

func readBody(r *http.Request) (map[string]any, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil, nil
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxBody {
		return nil, arm.GatewayError(http.StatusRequestEntityTooLarge, "RequestContentTooLarge", "The request content size exceeds the maximum size of 4 MB.")
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return nil, nil
	}
	if err := mediaType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	var body map[string]any
	if err := kjson.Unmarshal(raw, &body); err != nil {
		return nil, arm.GatewayError(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%s'.", fmt.Sprint(err))
	}
	return body, nil
}

// mediaType refuses bodies that are not JSON by their own account.
func mediaType(header string) error {
	name, _, _ := mime.ParseMediaType(header)
	if name == "application/json" || name == "text/json" {
		return nil
	}
	return arm.GatewayError(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The content media type '%s' is not supported. Only 'application/json' is supported.", cmp.Or(name, "<null>"))
}

// requestIDs sets the ids every ARM answer carries; the client's correlation id is kept.
func requestIDs(w http.ResponseWriter, r *http.Request) {
	id := uuid.NewString()
	correlation := r.Header.Get("x-ms-correlation-request-id")
	if correlation == "" {
		correlation = id
	}
	h := w.Header()
	h.Set("x-ms-request-id", id)
	h.Set("x-ms-correlation-request-id", correlation)
	h.Set("x-ms-routing-request-id", "AZURESIM:"+id)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	if client := r.Header.Get("x-ms-client-request-id"); client != "" && strings.EqualFold(r.Header.Get("x-ms-return-client-request-id"), "true") {
		h.Set("x-ms-client-request-id", client)
	}
}
