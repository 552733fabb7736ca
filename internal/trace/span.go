package trace

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/tracing"
)

// span is one piece of work; it is complete when it has ended.
type span struct {
	exporter *Exporter
	scope    scope
	trace    [16]byte
	id       [8]byte
	parent   [8]byte // zero: the first of its trace
	name     string
	kind     int
	begin    time.Time

	mu         sync.Mutex
	end        time.Time
	attributes []attribute
	events     []event
	status     tracing.SpanStatus
	reason     string
}

type attribute struct {
	key   string
	value any
}

type event struct {
	name       string
	at         time.Time
	attributes []attribute
}

// scope is who made a span.
type scope struct{ name, version string }

type spanKey struct{}

// Provider is what azcore and the reconciler make their spans with; without an Exporter it makes none.
func (e *Exporter) Provider() tracing.Provider {
	if e == nil {
		return tracing.Provider{}
	}
	return tracing.NewProvider(func(name, version string) tracing.Tracer {
		by := scope{name, version}
		return tracing.NewTracer(func(ctx context.Context, spanName string, o *tracing.SpanOptions) (context.Context, tracing.Span) {
			return e.start(ctx, by, spanName, o)
		}, nil)
	}, nil)
}

// ID is the trace that ctx belongs to, empty where there is none.
func ID(ctx context.Context) string {
	if s, ok := ctx.Value(spanKey{}).(*span); ok && s != nil {
		return hex.EncodeToString(s.trace[:])
	}
	return ""
}

func (e *Exporter) start(ctx context.Context, by scope, name string, o *tracing.SpanOptions) (context.Context, tracing.Span) {
	s := &span{exporter: e, scope: by, name: name, kind: int(tracing.SpanKindInternal), begin: e.now()}
	parent, inside := ctx.Value(spanKey{}).(*span)
	switch {
	case inside && parent == nil, !inside && rand.Float64() >= e.ratio:
		return context.WithValue(ctx, spanKey{}, (*span)(nil)), tracing.Span{} // the whole trace is left out
	case inside:
		s.trace, s.parent = parent.trace, parent.id
	default:
		binary.NativeEndian.PutUint64(s.trace[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(s.trace[8:], rand.Uint64()|1)
	}
	binary.NativeEndian.PutUint64(s.id[:], rand.Uint64()|1) // never zero, which means none
	if o != nil {
		if o.Kind != 0 {
			s.kind = int(o.Kind)
		}
		s.set(o.Attributes...)
	}
	return context.WithValue(ctx, spanKey{}, s), tracing.NewSpan(tracing.SpanImpl{End: s.finish, SetAttributes: s.set, AddEvent: s.note, SetStatus: s.result})
}

func (s *span) finish() {
	s.mu.Lock()
	first := s.end.IsZero()
	if first {
		s.end = s.exporter.now()
	}
	s.mu.Unlock()
	if first {
		s.exporter.queue(s)
	}
}

func (s *span) set(all ...tracing.Attribute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range all {
		s.attributes = slices.DeleteFunc(s.attributes, func(old attribute) bool { return old.key == a.Key })
		s.attributes = append(s.attributes, attribute{a.Key, a.Value})
	}
}

func (s *span) note(name string, all ...tracing.Attribute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := event{name: name, at: s.exporter.now()}
	for _, a := range all {
		e.attributes = append(e.attributes, attribute{a.Key, a.Value})
	}
	s.events = append(s.events, e)
}

func (s *span) result(status tracing.SpanStatus, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.reason = status, reason
}

type object = map[string]any

// document is the span as OTLP's JSON form has it: ids in hexadecimal, 64-bit numbers as strings.
func (s *span) document() object {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := object{
		"traceId": hex.EncodeToString(s.trace[:]), "spanId": hex.EncodeToString(s.id[:]), "name": s.name, "kind": s.kind,
		"startTimeUnixNano": nanoseconds(s.begin), "endTimeUnixNano": nanoseconds(s.end), "attributes": keyValues(s.attributes),
	}
	if s.parent != [8]byte{} {
		d["parentSpanId"] = hex.EncodeToString(s.parent[:])
	}
	if len(s.events) > 0 {
		events := make([]object, len(s.events))
		for i, e := range s.events {
			events[i] = object{"name": e.name, "timeUnixNano": nanoseconds(e.at), "attributes": keyValues(e.attributes)}
		}
		d["events"] = events
	}
	switch s.status {
	case tracing.SpanStatusOK:
		d["status"] = object{"code": 1}
	case tracing.SpanStatusError:
		d["status"] = object{"code": 2, "message": s.reason}
	}
	return d
}

func nanoseconds(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }

func keyValues(all []attribute) []object {
	out := make([]object, 0, len(all))
	for _, a := range all {
		var value object
		switch v := a.value.(type) {
		case bool:
			value = object{"boolValue": v}
		case int:
			value = object{"intValue": strconv.Itoa(v)}
		case int64:
			value = object{"intValue": strconv.FormatInt(v, 10)}
		case float64:
			value = object{"doubleValue": v}
		default:
			value = object{"stringValue": fmt.Sprint(v)}
		}
		out = append(out, object{"key": a.key, "value": value})
	}
	return out
}
