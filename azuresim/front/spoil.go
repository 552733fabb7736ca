package front

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
)

type faultKey struct{}

// operationFault is what a rule says about the operation a request starts.
func operationFault(r *http.Request) (fail *arm.OperationError, takes time.Duration) {
	f, _ := r.Context().Value(faultKey{}).(*Fault)
	if f == nil {
		return nil, 0
	}
	return f.FailOperation, time.Duration(f.OperationTakes)
}

// Handler applies the rules before, around or after next.
func (f *Faults) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := f.take(r)
		if fault == nil {
			if !f.answerStale(w, r) {
				next.ServeHTTP(w, r)
			}
			return
		}
		if fault.Delay > 0 {
			select {
			case <-time.After(time.Duration(fault.Delay)):
			case <-r.Context().Done():
			}
		}
		switch {
		case fault.Reset:
			panic(http.ErrAbortHandler)
		case fault.LostResponse:
			// The caller may be gone already: what it asked for happens all the same.
			next.ServeHTTP(newRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
			panic(http.ErrAbortHandler)
		case fault.Truncate:
			truncate(w, r, next)
		case fault.Status != 0:
			fault.write(w, r)
		case fault.FailOperation != nil || fault.OperationTakes > 0:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), faultKey{}, fault)))
		case fault.StaleGets > 0:
			f.serveStale(w, r, next, fault.StaleGets)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (f *Fault) write(w http.ResponseWriter, r *http.Request) {
	requestIDs(w, r)
	e := &arm.Error{Status: f.Status, Code: f.Code, Message: f.Message, Flat: f.Flat}
	if entry := entryOf(r); entry != nil {
		entry.ErrorCode = f.Code
	}
	for name, value := range f.ResponseHeaders {
		w.Header().Set(name, value)
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(f.Status)
	body := e.Body()
	if isTokenRequest(r) { // Entra ID has an envelope of its own
		body = map[string]any{"error": f.Code, "error_description": f.Message}
	}
	_ = json.NewEncoder(w).Encode(body)
}

// recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(status int)      { r.status = status }

func (r *recorder) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes())
}

// truncate announces the whole length of an answer, sends half of it and hangs up. An answer without a body is lost.
func truncate(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := newRecorder()
	next.ServeHTTP(rec, r)
	if whole := rec.body.Len(); whole > 0 {
		rec.header.Set("Content-Length", strconv.Itoa(whole))
		rec.body.Truncate(whole / 2)
		rec.send(w)
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler)
}

// staleAnswer is what a resource looked like before a write that readers do not see yet.
type staleAnswer struct {
	left   int
	answer *recorder
}

// serveStale lets a write happen and keeps what a GET said before it for the next reads: ARM's cache lags behind now
// and then, most visibly as a 404 right after a create. The look before counts as a read like any other.
func (f *Faults) serveStale(w http.ResponseWriter, r *http.Request, next http.Handler, reads int) {
	look := r.Clone(context.WithValue(r.Context(), entryKey{}, &Entry{}))
	look.Method, look.Body, look.ContentLength = http.MethodGet, http.NoBody, 0
	before := newRecorder()
	next.ServeHTTP(before, look)
	answer := newRecorder()
	next.ServeHTTP(answer, r)
	if answer.status < 300 {
		f.mu.Lock()
		if f.stale == nil {
			f.stale = map[string]*staleAnswer{}
		}
		f.stale[strings.ToLower(r.URL.Path)] = &staleAnswer{reads, before}
		f.mu.Unlock()
	}
	answer.send(w)
}

func (f *Faults) answerStale(w http.ResponseWriter, r *http.Request) bool {
	key := strings.ToLower(r.URL.Path)
	f.mu.Lock()
	s := f.stale[key]
	if s == nil || r.Method != http.MethodGet {
		f.mu.Unlock()
		return false
	}
	if s.left--; s.left == 0 {
		delete(f.stale, key)
	}
	f.mu.Unlock()
	s.answer.send(w)
	return true
}
