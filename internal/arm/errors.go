package arm

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Error is an answer of Azure that is not a success, or the error part of an operation document (then Status is 0).
type Error struct {
	// Status is the HTTP status; 0 for an error that arrived inside an operation document.
	Status int
	// Code is the outermost code, as Azure spells it.
	Code string
	// Message is one line without the parts that differ on every attempt (times, trace ids, "retry in 36 seconds").
	Message string
	// Target is the property or resource Azure blames, if it names one.
	Target string
	// Subcode is the second code of the AKS resource provider, e.g. GetAgentPool_NotFound.
	Subcode string
	// CorrelationID is what Azure support asks for. It is not part of Error().
	CorrelationID string
	// RetryAfter is how long Azure wants to be left alone; never 0 for a 429.
	RetryAfter time.Duration
	// Everything marks a 429 that concerns every request of its kind in the subscription, and not only those about one resource.
	Everything bool
	// Details are the nested errors.
	Details []Error
	// Policies name the assignments of Azure Policy that refused, and their definitions.
	Policies []string
}

// defaultThrottleWait is used for a 429 without any Retry-After, which AKS does send (terraform-provider-azurerm#19146).
const defaultThrottleWait = time.Minute

// defaultBusyWait is used for a 429 of the network provider that means "another operation is running": those take seconds.
const defaultBusyWait = 10 * time.Second

// Error is deterministic: the same refusal gives the same line, so that it can stand in a condition without waking every watcher.
func (e *Error) Error() string {
	line := e.Code
	if e.Message != "" {
		line += ": " + e.Message
	}
	var where []string
	if e.Target != "" {
		where = append(where, e.Target)
	}
	if e.Status != 0 {
		where = append(where, fmt.Sprintf("HTTP %d", e.Status))
	}
	if len(where) == 0 {
		return line
	}
	return line + " (" + strings.Join(where, ", ") + ")"
}

// Codes lists code and subcode of the error and of everything nested in it, outermost first, each once. AKS wraps the code that
// matters (QuotaExceeded) in one that does not (CreateVMSSAgentPoolFailed).
func (e *Error) Codes() []string {
	var codes []string
	add := func(code string) {
		if code != "" && code != "Unspecified" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	add(e.Code)
	add(e.Subcode)
	for _, m := range embeddedCode.FindAllStringSubmatch(e.Message, -1) {
		add(m[1])
	}
	for i := range e.Details {
		for _, code := range e.Details[i].Codes() {
			add(code)
		}
	}
	return codes
}

// embeddedCode finds the code of a compute or network error that AKS has pasted into its own message: `Code="QuotaExceeded" Message=...`.
var embeddedCode = regexp.MustCompile(`\bCode="([A-Za-z][A-Za-z0-9_.]*)"`)

// HasCode reports whether the error or anything nested in it has the code, without regard to case.
func (e *Error) HasCode(code string) bool {
	return slices.ContainsFunc(e.Codes(), func(c string) bool { return strings.EqualFold(c, code) })
}

// conflictCodes are "another operation is running" sent with status 429 by the network provider.
var conflictCodes = []string{"RetryableError", "RetryableErrorDueToAnotherOperation", "ReferencedResourceNotProvisioned"}

func (e *Error) isBusy() bool { return slices.ContainsFunc(conflictCodes, e.HasCode) }

// IsNotFound reports a 404: the resource, its parent, its resource group or its subscription is not there; Code tells which.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

// IsThrottled reports a 429 that means "too many requests", from Azure or from our own Budget.
func IsThrottled(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusTooManyRequests && !e.isBusy()
}

// IsConflict reports that the state of the resource does not allow the request now: a 409, or one of the 429s that mean the same.
func IsConflict(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusConflict || e.Status == http.StatusTooManyRequests && e.isBusy())
}

// IsPreconditionFailed reports that If-Match or If-None-Match did not hold: someone else wrote in between, or our own lost write arrived after all.
func IsPreconditionFailed(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusPreconditionFailed
}

// IsUnauthorized reports that Azure did not accept the identity (sign-in failed, or the token was refused).
func IsUnauthorized(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusUnauthorized
}

// ParseError reads the body and headers of a failed request. Both envelopes are understood: ARM wraps the error in {"error": {...}}, the
// AKS resource provider sends the same members at the top. A body that is neither (a proxy's HTML page, nothing at all) still gives a code.
func ParseError(status int, header http.Header, body []byte) *Error {
	e := errorFrom(decodeObject(body))
	if e == nil {
		e = &Error{}
	}
	if e.Code == "" {
		e.Code = stable(header.Get("x-ms-error-code"))
	}
	if e.Code == "" {
		e.Code = strings.ReplaceAll(http.StatusText(status), " ", "")
	}
	if e.Code == "" {
		e.Code = "HTTP" + strconv.Itoa(status)
	}
	if e.Message == "" {
		e.Message = "Azure gave no message"
	}
	e.Status = status
	e.CorrelationID = correlationFrom(header)
	e.RetryAfter = RetryAfter(header, time.Now())
	e.Everything = status == http.StatusTooManyRequests && isARMThrottle(e, header)
	if status == http.StatusTooManyRequests && e.RetryAfter == 0 {
		e.RetryAfter = retryAfterText(body)
		if e.isBusy() {
			e.RetryAfter = defaultBusyWait
		}
	}
	return e
}

// errorFrom builds an Error from a decoded body, or nil when the body holds none.
func errorFrom(body map[string]any) *Error {
	if inner, ok := body["error"].(map[string]any); ok {
		body = inner
	}
	if body["code"] == nil && body["message"] == nil && body["details"] == nil {
		return nil
	}
	e := &Error{Target: stable(stringAt(body, "target")), Subcode: stable(stringAt(body, "subcode"))}
	if code := body["code"]; code != nil {
		e.Code = stable(fmt.Sprint(code)) // some providers send a number
	}
	message := stringAt(body, "message")
	e.Message = stable(message)
	switch details := body["details"].(type) {
	case []any:
		for _, d := range details {
			if object, ok := d.(map[string]any); ok {
				e.addDetail(object)
			}
		}
	case map[string]any:
		e.addDetail(details)
	}
	// The answer of a provider further down may be pasted into the message as JSON: `Conflict response body: {"error":{...}}`.
	if i := strings.Index(message, "{"); i >= 0 {
		if nested := errorFrom(decodeObject([]byte(message[i:]))); nested != nil {
			e.Details = append(e.Details, *nested)
			e.Message = ""
		}
	}
	e.Policies = policiesFrom(body)
	e.promote()
	return e
}

// policiesFrom reads what Azure Policy adds beside its message: newer messages tell reasons, not names.
func policiesFrom(body map[string]any) []string {
	list, _ := body["additionalInfo"].([]any)
	var names []string
	for _, item := range list {
		entry, _ := item.(map[string]any)
		info, _ := entry["info"].(map[string]any)
		if !strings.EqualFold(stringAt(entry, "type"), "PolicyViolation") || info == nil {
			continue
		}
		for _, of := range []string{"policyAssignment", "policyDefinition"} {
			name := stringAt(info, of+"DisplayName")
			if name == "" {
				name = stringAt(info, of+"Name")
			}
			if name = stable(name); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (e *Error) addDetail(object map[string]any) {
	if d := errorFrom(object); d != nil {
		e.Details = append(e.Details, *d)
	}
}

// emptyTalk are messages that only point at the details.
var emptyTalk = regexp.MustCompile(`(?i)^$|^a retryable error occurred|see (the )?(inner |additional )?(details|errors?)|(at least one|multiple) .*(errors?|failed)|one or more errors occurred|list deployment operations for details`)

// promote replaces a message that says nothing by the innermost one that does. A useful outer message stays: the detail of an AKS
// error is often an internal `rpc error: ...` that says less.
func (e *Error) promote() {
	if !emptyTalk.MatchString(e.Message) {
		return
	}
	for i := range e.Details {
		d := &e.Details[i]
		if d.Message == "" {
			continue
		}
		e.Message = d.Message
		if d.Code != "" && !strings.EqualFold(d.Code, e.Code) && d.Code != "Unspecified" {
			e.Message = stable(d.Code + ": " + d.Message)
		}
		if e.Target == "" {
			e.Target = d.Target
		}
		return
	}
}

// changing are the parts of Azure's messages that differ between two attempts with the same outcome.
var changing = []struct {
	find *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?i)[,;.]?\s*please (?:re)?try again (?:in|after) '?\d+'? seconds?(?: after additional tokens are available)?`), ""},
	{regexp.MustCompile(`(?i)\s*(?:trace id|correlation ?id|request ?id|activity ?id|timestamp|tracking id):?\s*'?[0-9a-f][0-9a-f:\-]{7,}(?:[ T][0-9:.]+Z?)?'?[.,;]?`), ""},
	{regexp.MustCompile(`(UTC time )'[^']*'`), "$1'...'"},
	{regexp.MustCompile(`\s+`), " "},
	{regexp.MustCompile(`\.{2,}$`), "."},
}

// maxMessage keeps a message fit for a condition and an event; AKS can list every pod that blocked a drain.
const maxMessage = 1000

func stable(message string) string {
	for _, c := range changing {
		message = c.find.ReplaceAllString(message, c.with)
	}
	message = strings.ToValidUTF8(strings.TrimSpace(message), "?")
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "..."
}

func correlationFrom(header http.Header) string {
	if id := header.Get("x-ms-correlation-request-id"); id != "" {
		return id
	}
	return header.Get("x-ms-request-id")
}

// RetryAfter reads the three headers Azure uses, the precise ones first: milliseconds twice, then seconds or an HTTP date.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	for _, name := range []string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if ms, err := strconv.ParseInt(header.Get(name), 10, 32); err == nil && ms > 0 {
			return time.Duration(ms) * time.Millisecond
		}
	}
	value := header.Get("Retry-After")
	if s, err := strconv.ParseInt(value, 10, 32); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	if t, err := http.ParseTime(value); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

var retryText = regexp.MustCompile(`(?i)try again (?:in|after) '?(\d{1,6})'? seconds?`)

// retryAfterText finds the delay AKS and ARM also write into the message of a 429, for answers without the header.
func retryAfterText(body []byte) time.Duration {
	if m := retryText.FindSubmatch(body); m != nil {
		if s, err := strconv.Atoi(string(m[1])); err == nil && s > 0 {
			return time.Duration(s) * time.Second
		}
	}
	return defaultThrottleWait
}
