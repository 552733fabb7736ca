package trace

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/tracing"
)

func env(pairs ...string) func(string) string {
	values := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

func TestOffUnlessAskedFor(t *testing.T) {
	for _, getenv := range []func(string) string{
		env(), env("OTEL_SERVICE_NAME", "x"),
		env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_SDK_DISABLED", "true"),
		env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_TRACES_EXPORTER", "none"),
		env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_TRACES_SAMPLER", "always_off"),
	} {
		e, err := FromEnv(getenv, "v1", nil)
		if e != nil || err != nil {
			t.Fatalf("%+v %v", e, err)
		}
		if tracer := e.Provider().NewTracer("a", "b"); tracer.Enabled() {
			t.Error("it makes spans")
		}
	}
}

func TestEndpoint(t *testing.T) {
	for want, getenv := range map[string]func(string) string{
		"http://c:4318/v1/traces":   env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/"),
		"https://c/base/v1/traces":  env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/base", "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
		"http://c:1/somewhere/else": env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:1/somewhere/else"),
	} {
		e, err := FromEnv(getenv, "v1", nil)
		if err != nil || e == nil || e.Endpoint() != want {
			t.Errorf("%v %v, want %s", e, err, want)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for _, c := range []struct{ name, value, wayOut string }{
		{endpoint, "collector:4317", "http://collector:4318"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/json"},
		{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf", "http/json"},
		{"OTEL_TRACES_SAMPLER", "xray", "traceidratio"},
		{"OTEL_BSP_SCHEDULE_DELAY", "5s", "milliseconds"},
		{"OTEL_BSP_MAX_QUEUE_SIZE", "0", "number"},
	} {
		_, err := FromEnv(env(endpoint, "http://c:4318", c.name, c.value), "v1", nil)
		if c.name == endpoint {
			_, err = FromEnv(env(c.name, c.value), "v1", nil)
		}
		if err == nil || !strings.Contains(err.Error(), c.name) || !strings.Contains(err.Error(), c.value) || !strings.Contains(err.Error(), c.wayOut) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
	}
	_, err := FromEnv(env(endpoint, "http://c", "OTEL_EXPORTER_OTLP_HEADERS", "authorization"), "v1", nil)
	if err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_HEADERS") {
		t.Error(err)
	}
}

// A collector gets what OTLP's JSON form asks for, and who ends a span does not wait for it.
func TestSpansReachTheCollector(t *testing.T) {
	var got struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []keyValue }
			ScopeSpans []struct {
				Scope struct{ Name, Version string }
				Spans []sent
			}
		}
	}
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer a b" {
			t.Errorf("%s %v", r.URL.Path, r.Header)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	e, err := FromEnv(env("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL, "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20a%20b",
		"OTEL_RESOURCE_ATTRIBUTES", "team=x"), "v1", func(err error, n int) { t.Error(err, n) })
	if err != nil {
		t.Fatal(err)
	}
	tracer := e.Provider().NewTracer("module", "v2")
	ctx, outer := tracer.Start(t.Context(), "outer", nil)
	_, inner := tracer.Start(ctx, "inner", &tracing.SpanOptions{Kind: tracing.SpanKindClient, Attributes: []tracing.Attribute{{Key: "n", Value: 3}}})
	inner.SetAttributes(tracing.Attribute{Key: "n", Value: 4})
	inner.SetStatus(tracing.SpanStatusError, "no")
	inner.End()
	outer.AddEvent("sent")
	outer.End()
	outer.End()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := e.Run(stopped); err != nil || requests != 1 {
		t.Fatal(err, requests)
	}
	part := got.ResourceSpans[0].ScopeSpans[0]
	if part.Scope.Name != "module" || part.Scope.Version != "v2" || len(part.Spans) != 2 {
		t.Fatalf("%+v", part)
	}
	in, out := part.Spans[0], part.Spans[1]
	if in.Name != "inner" || in.ParentSpanID != out.SpanID || in.TraceID != out.TraceID || in.TraceID != ID(ctx) || len(in.TraceID) != 32 || len(in.SpanID) != 16 || out.ParentSpanID != "" {
		t.Errorf("%+v %+v", in, out)
	}
	if in.Kind != 3 || in.Status.Code != 2 || in.Status.Message != "no" || len(in.Attributes) != 1 || in.Attributes[0].Value["intValue"] != "4" || len(out.Events) != 1 {
		t.Errorf("%+v %+v", in, out)
	}
	resource := map[string]any{}
	for _, a := range got.ResourceSpans[0].Resource.Attributes {
		resource[a.Key] = a.Value["stringValue"]
	}
	if resource["service.name"] != "capaks-manager" || resource["service.version"] != "v1" || resource["team"] != "x" {
		t.Errorf("%v", resource)
	}
}

type keyValue struct {
	Key   string
	Value map[string]any
}

type sent struct {
	TraceID      string `json:"traceId"`
	SpanID       string `json:"spanId"`
	ParentSpanID string `json:"parentSpanId"`
	Name         string
	Kind         int
	Attributes   []keyValue
	Events       []struct{ Name string }
	Status       struct {
		Code    int
		Message string
	}
}

// What cannot be sent is dropped and said so, and is not kept for ever.
func TestACollectorThatIsDown(t *testing.T) {
	lost := map[string]int{}
	e, err := FromEnv(env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_BSP_MAX_QUEUE_SIZE", "2"), "v1", func(err error, n int) {
		if err == nil {
			err = errors.New("no reason")
		}
		lost[err.Error()] += n
	})
	if err != nil {
		t.Fatal(err)
	}
	tracer := e.Provider().NewTracer("m", "v")
	for range 5 {
		_, s := tracer.Start(t.Context(), "s", nil)
		s.End()
	}
	e.flush(t.Context())
	total := 0
	for why, n := range lost {
		total += n
		if !strings.Contains(why, "OTEL_BSP_MAX_QUEUE_SIZE") && !strings.Contains(why, "127.0.0.1:1") {
			t.Error(why)
		}
	}
	if total != 5 || e.waiting != nil {
		t.Errorf("%v lost, %d wait", lost, len(e.waiting))
	}
}

// Sampling leaves out whole traces: what is inside of a span that is left out is left out, too.
func TestSampling(t *testing.T) {
	e, err := FromEnv(env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c", "OTEL_TRACES_SAMPLER", "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG", "0.5"), "v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	e.config.queue = 10000
	tracer := e.Provider().NewTracer("m", "v")
	for range 1000 {
		ctx, outer := tracer.Start(t.Context(), "outer", nil)
		_, inner := tracer.Start(ctx, "inner", nil)
		inner.End()
		outer.End()
	}
	byTrace := map[[16]byte]int{}
	for _, s := range e.waiting {
		byTrace[s.trace]++
	}
	if n := len(byTrace); n < 400 || n > 600 {
		t.Errorf("%d of 1000 traces", n)
	}
	for _, n := range byTrace {
		if n != 2 {
			t.Fatalf("a trace of %d spans", n)
		}
	}
}
