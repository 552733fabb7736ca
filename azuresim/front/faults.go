package front

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
)

// Fault is a rule that spoils the next requests it matches. Exactly one of Status, Reset, LostResponse and
// FailOperation says how; Delay may stand alone or be combined with any of them.
type Fault struct {
	Method        string              `json:"method,omitempty"`
	PathRegex     string              `json:"pathRegex,omitempty"`
	Times         int                 `json:"times,omitempty"` // 0 = until cleared
	Delay         Duration            `json:"delay,omitempty"`
	Status        int                 `json:"status,omitempty"`
	Code          string              `json:"code,omitempty"`
	Message       string              `json:"message,omitempty"`
	Flat          bool                `json:"flat,omitempty"` // error in the AKS provider's shape
	RetryAfter    int                 `json:"retryAfter,omitempty"`
	Reset         bool                `json:"reset,omitempty"`
	LostResponse  bool                `json:"lostResponse,omitempty"` // applied, but the caller never hears of it
	FailOperation *arm.OperationError `json:"failOperation,omitempty"`
	Hits          int                 `json:"hits"`

	path *regexp.Regexp
}

// Duration is a time.Duration written as "1.5s".
type Duration time.Duration

// UnmarshalJSON accepts "30s".
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("a duration is a string such as \"30s\": %w", err)
	}
	v, err := time.ParseDuration(s)
	*d = Duration(v)
	return err
}

// MarshalJSON writes "30s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// Faults is the list of active rules; the first match applies.
type Faults struct {
	mu    sync.Mutex
	rules []*Fault
}

// Add appends rules.
func (f *Faults) Add(rules ...Fault) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rules {
		path, err := regexp.Compile("(?i)" + r.PathRegex)
		if err != nil {
			return fmt.Errorf("pathRegex %q: %w", r.PathRegex, err)
		}
		r.path = path
		f.rules = append(f.rules, &r)
	}
	return nil
}

// Clear removes all rules.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// List returns the rules that are left.
func (f *Faults) List() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Fault, 0, len(f.rules))
	for _, r := range f.rules {
		out = append(out, *r)
	}
	return out
}

func (f *Faults) take(r *http.Request) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, rule := range f.rules {
		if rule.Method != "" && rule.Method != r.Method || !rule.path.MatchString(r.URL.Path) {
			continue
		}
		rule.Hits++
		hit := *rule
		if rule.Times > 0 && rule.Hits >= rule.Times {
			f.rules = append(f.rules[:i:i], f.rules[i+1:]...)
		}
		return &hit
	}
	return nil
}

type failureKey struct{}

func failureOf(r *http.Request) *arm.OperationError {
	e, _ := r.Context().Value(failureKey{}).(*arm.OperationError)
	return e
}

// Handler applies the rules before (or, for a lost response, around) next.
func (f *Faults) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := f.take(r)
		if fault == nil {
			next.ServeHTTP(w, r)
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
			next.ServeHTTP(&discard{header: http.Header{}}, r.WithContext(context.WithoutCancel(r.Context())))
			panic(http.ErrAbortHandler)
		case fault.Status != 0:
			fault.write(w, r)
		case fault.FailOperation != nil:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), failureKey{}, fault.FailOperation)))
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
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(f.Status)
	_ = json.NewEncoder(w).Encode(e.Body())
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
