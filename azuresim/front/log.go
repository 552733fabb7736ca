package front

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// What is kept in memory: so many requests, and so many bytes of their bodies.
const (
	logLimit = 100_000
	logBytes = 64 << 20
)

// Entry is one request in the log. Secrets are redacted; of a request for a token only who asked and how it ended is
// kept.
type Entry struct {
	N           int            `json:"n"`
	Time        time.Time      `json:"time"`
	Method      string         `json:"method"`
	Path        string         `json:"path"`
	APIVersion  string         `json:"apiVersion,omitempty"`
	Principal   string         `json:"principal,omitempty"`
	UserAgent   string         `json:"userAgent,omitempty"`
	Status      int            `json:"status"` // 0: the connection was cut
	ErrorCode   string         `json:"errorCode,omitempty"`
	RequestBody map[string]any `json:"requestBody,omitempty"`
	IfMatch     string         `json:"ifMatch,omitempty"`
	IfNoneMatch string         `json:"ifNoneMatch,omitempty"`
	SpecErrors  []string       `json:"specErrors"`
	Millis      float64        `json:"millis"`
	Token       bool           `json:"token,omitempty"` // a request for a token, see All

	bytes int64 // of the request's body
}

// Log remembers requests, in memory and, with a directory, in requests.jsonl.
type Log struct {
	now     func() time.Time
	mu      sync.Mutex
	entries []Entry
	tokens  []Entry
	bytes   int64 // of the bodies in entries
	next    int
	file    *os.File
}

// OpenLog continues the log of a data directory; dir "" keeps it in memory only.
func OpenLog(dir string, now func() time.Time) (*Log, error) {
	l := &Log{now: now, next: 1}
	if dir == "" {
		return l, nil
	}
	f, err := os.OpenFile(filepath.Join(dir, "requests.jsonl"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxBody*2)
	for lines.Scan() {
		var e Entry
		if json.Unmarshal(lines.Bytes(), &e) == nil { // a line cut by a crash is not worth failing for
			e.bytes = int64(len(lines.Bytes()))
			l.keep(e)
			l.next = e.N + 1
		}
	}
	l.file = f
	return l, lines.Err()
}

func (l *Log) keep(e Entry) {
	into := &l.entries
	if e.Token {
		into = &l.tokens
	}
	if len(*into) >= logLimit || !e.Token && l.bytes > logBytes {
		half := len(*into) / 2
		for _, old := range (*into)[:half] {
			l.bytes -= old.bytes
		}
		*into = slices.Clone((*into)[half:])
	}
	*into = append(*into, e)
	l.bytes += e.bytes
}

// Since returns the ARM requests with a number above n, at most limit of them (0 = all).
func (l *Log) Since(n, limit int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(bounded(after(l.entries, n), limit))
}

// All is Since with the requests for tokens among them, which only who counts them wants to see.
func (l *Log) All(n, limit int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Concat(after(l.entries, n), after(l.tokens, n))
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.N, b.N) })
	return bounded(out, limit)
}

// after is the part of a log with numbers above n.
func after(entries []Entry, n int) []Entry {
	from, _ := slices.BinarySearchFunc(entries, n+1, func(e Entry, n int) int { return cmp.Compare(e.N, n) })
	return entries[from:]
}

func bounded(entries []Entry, limit int) []Entry {
	if limit > 0 && len(entries) > limit {
		return entries[:limit]
	}
	return entries
}

// Span is the number of the oldest ARM request that is kept and of the newest; first > last when there is none.
func (l *Log) Span() (first, last int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) == 0 {
		return l.next, l.next - 1
	}
	return l.entries[0].N, l.entries[len(l.entries)-1].N
}

// Clear forgets the requests so far; numbers go on.
func (l *Log) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.tokens, l.bytes = nil, nil, 0
	if l.file != nil {
		_ = l.file.Truncate(0)
	}
}

// Close closes the file.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// secrets are the properties whose values never reach the log.
var secrets = map[string]bool{"adminPassword": true, "secret": true, "serverAppSecret": true, "configurationProtectedSettings": true}

const hidden = "(redacted)"

func hiddenValues(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k := range m {
		out[k] = hidden
	}
	return out
}

func redact(body map[string]any) map[string]any {
	out, _ := redacted(body).(map[string]any)
	return out
}

func redacted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		out := make(map[string]any, len(v))
		for k, x := range v {
			switch x := x.(type) {
			case string:
				out[k] = x
				if secrets[k] {
					out[k] = hidden
				}
			case map[string]any:
				out[k] = redacted(x)
				if secrets[k] { // the keys of protected settings are no secret
					out[k] = hiddenValues(x)
				}
			default:
				out[k] = redacted(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = redacted(x)
		}
		return out
	}
	return v
}

type entryKey struct{}

func entryOf(r *http.Request) *Entry {
	e, _ := r.Context().Value(entryKey{}).(*Entry)
	if e == nil {
		e = &Entry{}
	}
	return e
}

// Handler records every request that passes, also those a fault cuts off.
func (l *Log) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &Entry{Time: l.now().UTC(), Method: r.Method, Path: r.URL.RequestURI(), APIVersion: apiVersion(r), UserAgent: r.UserAgent(), bytes: max(r.ContentLength, 0),
			IfMatch: r.Header.Get("If-Match"), IfNoneMatch: r.Header.Get("If-None-Match"), SpecErrors: []string{}}
		sw := &statusWriter{ResponseWriter: w}
		start := time.Now()
		if e.Token = isTokenRequest(r); e.Token {
			e.Principal = principalOf(r)
		}
		defer func() {
			e.Status = sw.status
			if telemetry := strings.Split(sw.Header().Get("x-ms-clitelem"), ","); e.Token && len(telemetry) > 1 {
				e.ErrorCode = "AADSTS" + telemetry[1]
			}
			e.Millis = float64(time.Since(start).Microseconds()) / 1000
			l.add(e)
		}()
		next.ServeHTTP(sw, r.WithContext(context.WithValue(r.Context(), entryKey{}, e)))
	})
}

// isTokenRequest tells sign-ins from the discovery around them.
func isTokenRequest(r *http.Request) bool {
	path := strings.ToLower(strings.TrimSuffix(r.URL.Path, "/"))
	return strings.HasSuffix(path, "/oauth2/token") || strings.HasSuffix(path, "/oauth2/v2.0/token") || path == "/msi/token"
}

// TokenHandler records the requests for tokens among those that pass.
func (l *Log) TokenHandler(next http.Handler) http.Handler {
	recorded := l.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isTokenRequest(r) {
			recorded.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (l *Log) add(e *Entry) {
	if e.SpecErrors == nil {
		e.SpecErrors = []string{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.N = l.next
	l.next++
	l.keep(*e)
	if l.file != nil {
		if raw, err := json.Marshal(e); err == nil {
			_, _ = l.file.Write(append(raw, '\n'))
		}
	}
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
