package front

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/entra"
)

// Fault is a rule that spoils the next requests it matches. At most one of Status, Reset, Truncate, LostResponse,
// FailOperation/OperationTakes and StaleGets says how; Delay may stand alone or be combined with any of them.
type Fault struct {
	Method    string            `json:"method,omitempty"`
	PathRegex string            `json:"pathRegex,omitempty"`
	Principal string            `json:"principal,omitempty"` // client id
	Headers   map[string]string `json:"headers,omitempty"`   // name -> regex of its value
	BodyRegex string            `json:"bodyRegex,omitempty"`
	Times     int               `json:"times,omitempty"` // 0 = until cleared

	Delay           Duration            `json:"delay,omitempty"`
	Status          int                 `json:"status,omitempty"`
	Code            string              `json:"code,omitempty"`
	Message         string              `json:"message,omitempty"`
	Flat            bool                `json:"flat,omitempty"` // error in the AKS provider's shape
	RetryAfter      int                 `json:"retryAfter,omitempty"`
	ResponseHeaders map[string]string   `json:"responseHeaders,omitempty"` // of the error, a claims challenge for instance
	Reset           bool                `json:"reset,omitempty"`
	Truncate        bool                `json:"truncate,omitempty"`     // the answer ends in the middle of its body
	LostResponse    bool                `json:"lostResponse,omitempty"` // applied, but the caller never hears of it
	FailOperation   *arm.OperationError `json:"failOperation,omitempty"`
	// OperationTakes is how long the operation takes that the request starts, also one that fails.
	OperationTakes Duration `json:"operationTakes,omitempty"`
	// StaleGets is how many GETs after a write still show what was there before it: 404 after a create.
	StaleGets int `json:"staleGets,omitempty"`
	Hits      int `json:"hits"`

	path, body *regexp.Regexp
	headers    map[string]*regexp.Regexp
}

// Duration is a time.Duration written as "1.5s".
type Duration time.Duration

// UnmarshalJSON accepts "30s".
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("a duration is a text such as \"30s\" or \"1h30m\", not %s", raw)
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("a duration is a text such as \"30s\" or \"1h30m\", not %q", s)
	}
	*d = Duration(v)
	return nil
}

// MarshalJSON writes "30s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodPost, http.MethodDelete}

// compile checks a rule and prepares it for matching.
func (f *Fault) compile() error {
	f.Method = strings.ToUpper(f.Method)
	if f.Method != "" && !slices.Contains(methods, f.Method) {
		return fmt.Errorf("method %q is none of %s; leave it out to match all", f.Method, strings.Join(methods, ", "))
	}
	effects := 0
	for _, set := range []bool{f.Status != 0, f.Reset, f.Truncate, f.LostResponse, f.FailOperation != nil || f.OperationTakes != 0, f.StaleGets != 0} {
		if set {
			effects++
		}
	}
	switch {
	case effects > 1:
		return errors.New("a rule has one effect: use several rules for more than one of status, reset, truncate, lostResponse, staleGets and failOperation (with or without operationTakes)")
	case effects == 0 && f.Delay == 0:
		return errors.New("a rule without effect: give it status, reset, truncate, lostResponse, failOperation, operationTakes, staleGets or delay")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status %d is no error; use 400 to 599", f.Status)
	case f.Status == 0 && (f.Code != "" || f.Message != "" || f.RetryAfter != 0 || f.Flat || f.ResponseHeaders != nil):
		return errors.New("code, message, flat, retryAfter and responseHeaders describe an error answer and need status; the error of an operation goes into failOperation")
	case f.FailOperation != nil && f.FailOperation.Code == "":
		return errors.New("failOperation.code is missing, for example \"AllocationFailed\"")
	case f.Times < 0 || f.Delay < 0 || f.RetryAfter < 0 || f.StaleGets < 0 || f.OperationTakes < 0:
		return errors.New("times, delay, retryAfter, operationTakes and staleGets must not be negative")
	}
	var err error
	if f.path, err = pattern("pathRegex", f.PathRegex); err != nil {
		return err
	}
	if f.body, err = pattern("bodyRegex", f.BodyRegex); err != nil {
		return err
	}
	f.headers = map[string]*regexp.Regexp{}
	for name, value := range f.Headers {
		if f.headers[name], err = pattern("headers."+name, value); err != nil {
			return err
		}
	}
	return nil
}

func pattern(field, text string) (*regexp.Regexp, error) {
	p, err := regexp.Compile("(?i)" + text)
	if err != nil {
		return nil, fmt.Errorf("%s %q is no regular expression: %w", field, text, err)
	}
	return p, nil
}

// matches reports whether the rule is about a request.
func (f *Fault) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method || !f.path.MatchString(r.URL.Path) {
		return false
	}
	for name, value := range f.headers {
		if !value.MatchString(r.Header.Get(name)) {
			return false
		}
	}
	if f.Principal != "" && !strings.EqualFold(f.Principal, principalOf(r)) {
		return false
	}
	return f.BodyRegex == "" || f.body.Match(peek(r))
}

// principalOf is who a request says it is from: the token's application, or the client that asks for a token.
func principalOf(r *http.Request) string {
	if id := entra.Principal(r.Header.Get("Authorization")); id != "" {
		return id
	}
	if id, _, basic := r.BasicAuth(); basic {
		return id
	}
	_ = r.ParseForm()
	return r.Form.Get("client_id")
}

// peek reads the body of a request and puts it back.
func peek(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil // the handler will meet the same error
	}
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw), r.Body))
	if len(raw) == 0 && len(r.PostForm) > 0 { // of a sign-in, which is looked at before to see who it is
		return []byte(r.PostForm.Encode())
	}
	return raw
}

// Faults is the list of active rules; the first match applies.
type Faults struct {
	mu    sync.Mutex
	rules []*Fault
	stale map[string]*staleAnswer // by lower-case path
}

// Add appends rules: all of them or, if one is wrong, none.
func (f *Faults) Add(rules ...Fault) error {
	for i := range rules {
		if err := rules[i].compile(); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range rules {
		f.rules = append(f.rules, &rules[i])
	}
	return nil
}

// Clear removes all rules and lets every GET see the present again.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.stale = nil, nil
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
	if f.readBodies() {
		peek(r) // a slow caller must not hold up the others at the lock
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, rule := range f.rules {
		if !rule.matches(r) {
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

func (f *Faults) readBodies() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.rules, func(r *Fault) bool { return r.BodyRegex != "" || r.Principal != "" })
}
