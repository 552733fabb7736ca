package observability

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// collector takes traces as an OpenTelemetry collector does.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans map[string]span // by id
	by    map[string]bool
}

type span struct {
	TraceID      string `json:"traceId"`
	SpanID       string `json:"spanId"`
	ParentSpanID string `json:"parentSpanId"`
	Name         string
	Kind         int
	Attributes   []keyValue
}

type keyValue struct {
	Key   string
	Value struct{ StringValue string }
}

func (s span) attribute(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.StringValue
		}
	}
	return ""
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string]span{}, by: map[string]bool{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			ResourceSpans []struct {
				Resource   struct{ Attributes []keyValue }
				ScopeSpans []struct{ Spans []span }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.URL.Path != "/v1/traces" {
			http.Error(w, "not OTLP", http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range request.ResourceSpans {
			for _, a := range resource.Resource.Attributes {
				if a.Key == "service.name" {
					c.by[a.Value.StringValue] = true
				}
			}
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					c.spans[s.SpanID] = s
				}
			}
		}
	}))
	return c
}

// chain is a request to Azure with what it was made in: the try, the request, the look at a cluster.
func (c *collector) chain(request, controlPlane string) (try, call, look span, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, try := range c.spans {
		call := c.spans[try.ParentSpanID]
		look := c.spans[call.ParentSpanID]
		if strings.HasPrefix(try.Name, "HTTP ") && call.Name == request && look.attribute("capaks.control_plane") == controlPlane {
			return try, call, look, true
		}
	}
	return span{}, span{}, span{}, false
}
