package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Exporter collects spans and sends them in batches. A nil Exporter makes and sends none.
type Exporter struct {
	config
	now    func() time.Time
	client *http.Client
	// complain is told what could not be sent; it must not block.
	complain func(err error, spans int)

	mu      sync.Mutex
	waiting []*span
	dropped int
	full    chan struct{}
}

// maxBatch is how many spans go in one request.
const maxBatch = 512

// FromEnv makes an Exporter as the variables OTEL_* say: nil where they ask for no traces. complain is told of spans that
// could not be sent.
func FromEnv(getenv func(string) string, version string, complain func(err error, spans int)) (*Exporter, error) {
	c, on, err := configFrom(getenv, version)
	if err != nil || !on {
		return nil, err
	}
	return &Exporter{config: c, now: time.Now, client: &http.Client{Timeout: c.timeout}, complain: complain, full: make(chan struct{}, 1)}, nil
}

// Endpoint is where spans go.
func (e *Exporter) Endpoint() string { return e.endpoint }

func (e *Exporter) queue(s *span) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) >= e.config.queue {
		e.dropped++
		return
	}
	e.waiting = append(e.waiting, s)
	if len(e.waiting) >= min(maxBatch, e.config.queue) {
		select {
		case e.full <- struct{}{}:
		default:
		}
	}
}

// Run sends what has come together every few seconds, and the rest when ctx ends.
func (e *Exporter) Run(ctx context.Context) error {
	ticker := time.NewTicker(e.delay)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.timeout)
			defer cancel()
			e.flush(last)
			return nil
		case <-ticker.C:
		case <-e.full:
		}
		e.flush(ctx)
	}
}

// flush sends everything that waits. What is refused is not sent again: a collector that is down would fill the memory.
func (e *Exporter) flush(ctx context.Context) {
	for {
		e.mu.Lock()
		batch, dropped := e.waiting[:min(maxBatch, len(e.waiting))], e.dropped
		e.waiting, e.dropped = e.waiting[len(batch):], 0
		if len(e.waiting) == 0 {
			e.waiting = nil
		}
		e.mu.Unlock()
		if dropped > 0 {
			e.complain(fmt.Errorf("more spans ended within %s than OTEL_BSP_MAX_QUEUE_SIZE allows, which is %d", e.delay, e.config.queue), dropped)
		}
		if len(batch) == 0 {
			return
		}
		if err := e.send(ctx, batch); err != nil {
			e.complain(err, len(batch))
		}
	}
}

func (e *Exporter) send(ctx context.Context, batch []*span) error {
	byScope, scopes := map[scope][]object{}, []scope{}
	for _, s := range batch {
		if _, known := byScope[s.scope]; !known {
			scopes = append(scopes, s.scope)
		}
		byScope[s.scope] = append(byScope[s.scope], s.document())
	}
	scopeSpans := make([]object, len(scopes))
	for i, by := range scopes {
		scopeSpans[i] = object{"scope": object{"name": by.name, "version": by.version}, "spans": byScope[by]}
	}
	body, err := json.Marshal(object{"resourceSpans": []object{{"resource": object{"attributes": keyValues(e.resource)}, "scopeSpans": scopeSpans}}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	for key, value := range e.headers {
		request.Header.Set(key, value)
	}
	response, err := e.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 512))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %s: %q", e.endpoint, response.Status, answer)
	}
	return nil
}
