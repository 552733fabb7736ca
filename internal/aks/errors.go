package aks

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Outcome is what an Azure error means for the goal that met it.
type Outcome string

const (
	// OutcomeWait: Azure is busy; the same request is right later. Never shown as an error.
	OutcomeWait Outcome = "Wait"
	// OutcomeTerminal: the request is refused until the spec or Azure changes.
	OutcomeTerminal Outcome = "Terminal"
	// OutcomeSlowRetry: somebody or something outside (quota, capacity, a role assignment) must change; the
	// same goal is sent again with long pauses.
	OutcomeSlowRetry Outcome = "SlowRetry"
	// OutcomeReplan: the observation was stale; observe again and decide anew.
	OutcomeReplan Outcome = "Replan"
	// OutcomeRetry: a passing fault; ordinary back-off.
	OutcomeRetry Outcome = "Retry"
)

// AzureError is an error answer of ARM or of the AKS resource provider, or the error of a failed operation.
type AzureError struct {
	// Status is the HTTP status, 0 for the error of an operation.
	Status        int
	Code, Message string
	// Codes are Code and every code nested in the error, outermost first: AKS wraps the code that matters
	// (QuotaExceeded) in one that does not (CreateVMSSAgentPoolFailed).
	Codes         []string
	Target        string
	CorrelationID string
	RetryAfter    time.Duration
	// Inner are the nested errors, outermost first.
	Inner []InnerError
	// Policies name what of Azure Policy refused, where Azure says it beside the message.
	Policies []string
}

// InnerError is an error inside another one.
type InnerError struct{ Code, Message, Target string }

// Diagnosis says what an Azure error means and what a person can do about it.
type Diagnosis struct {
	Outcome Outcome
	// Reason is the condition reason: Azure's code, or ours where Azure's code says nothing.
	Reason string
	// Hint is the way out, empty where Azure's own message already says it.
	Hint string
	// Pause is how long to wait before the next attempt where Azure names no time.
	Pause time.Duration
	// Facts are the values Azure wrote into its message: a limit, a node, the versions on offer.
	Facts []Fact
	// NotBefore is the earliest time at which another attempt can succeed, zero where Azure's message gives none.
	NotBefore time.Time
	// Cause is the nested error that decided, nil where the outermost one did or its message tells the same.
	Cause *InnerError
}

// Retryable tells whether the same request is sent again without a change of the spec.
func (d Diagnosis) Retryable() bool { return d.Outcome != OutcomeTerminal }

// ErrorRow is one line of the error table: an error whose status (0 = any), code (folded; "X*" is a prefix; empty = any)
// and message (a pattern) fit has this meaning.
type ErrorRow struct {
	Status  int
	Code    string
	Message string
	Outcome Outcome
	// Reason is empty where Azure's own code is the reason.
	Reason string
	Hint   string
	Pause  time.Duration
	facts  []factPattern
}

const (
	shortPause = 10 * time.Second
	slowPause  = 5 * time.Minute
	longPause  = 30 * time.Minute
)

// ErrorTable is the error table; of several rows that fit the first one counts.
func ErrorTable() []ErrorRow { return errorTable }

// Diagnose says what an Azure error means. An error no row knows is retried slowly when it ended an operation,
// and with ordinary back-off when a request met it.
func Diagnose(e AzureError) Diagnosis {
	i, cause := FindRow(e)
	if i < 0 {
		if e.Status == 0 {
			return Diagnosis{Outcome: OutcomeSlowRetry, Reason: reasonOf(e.Code), Pause: slowPause}
		}
		return Diagnosis{Outcome: OutcomeRetry, Reason: reasonOf(e.Code), Pause: e.RetryAfter}
	}
	row := errorTable[i]
	d := Diagnosis{Outcome: row.Outcome, Reason: row.Reason, Hint: row.Hint, Pause: row.Pause, Cause: cause}
	if d.Reason == "" {
		d.Reason = reasonOf(e.Code)
	}
	if unknownVersion(e) {
		d.Reason, d.Hint = ReasonAPIVersion, "correct spec.passthrough.apiVersion: Azure names those it takes"
	}
	if e.RetryAfter > 0 {
		d.Pause = e.RetryAfter
	}
	d.Facts = factsOf(row.facts, e)
	d.NotBefore = forgottenAt(row.facts, e)
	return d
}

// ReasonAPIVersion is the reason of a request in an api-version that Azure does not know for its resource type.
const ReasonAPIVersion = "APIVersionNotSupported"

var versionsOnOffer = regexp.MustCompile(`(?i)API version '([^']+)'.*supported api-versions are '([^']*)`)

// unknownVersion: Azure has one code and one text for a location and for an api-version that a type does not have, and the
// text names both and what is on offer of either. It is about the version if that is not on offer. The list is long, and its
// end may be cut off: the versions this provider uses by itself are known to exist.
func unknownVersion(e AzureError) bool {
	for _, text := range e.texts() {
		found := versionsOnOffer.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		offered := strings.FieldsFunc(strings.ToLower(found[2]), func(r rune) bool { return r == ',' || r == ' ' })
		offered = append(offered, ContainerServiceAPIVersion, ContainerServicePreviewAPIVersion)
		return !slices.Contains(offered, strings.ToLower(found[1]))
	}
	return false
}

// FindRow is the index of the row of the error table that fits, or -1, and the nested error that it fits, nil where
// the message of the outermost one says the same.
func FindRow(e AzureError) (int, *InnerError) {
	codes := e.Codes
	if len(codes) == 0 {
		codes = []string{e.Code}
	}
	for i, row := range errorTable {
		if row.Status != 0 && row.Status != e.Status || !row.says(e) {
			continue
		}
		for _, code := range codes {
			if row.isAbout(code) {
				return i, e.nested(code)
			}
		}
	}
	return -1, nil
}

func (r ErrorRow) isAbout(code string) bool {
	if prefix, ok := strings.CutSuffix(r.Code, "*"); ok {
		return strings.HasPrefix(strings.ToLower(code), strings.ToLower(prefix))
	}
	return r.Code == "" || strings.EqualFold(r.Code, code)
}

// says tells whether the error, or one nested in it, has a message of the row's pattern.
func (r ErrorRow) says(e AzureError) bool {
	if r.Message == "" {
		return true
	}
	pattern := messagePatterns()[r.Message]
	for _, text := range e.texts() {
		if pattern.MatchString(text) {
			return true
		}
	}
	return false
}

// messagePatterns are the compiled patterns of the table.
var messagePatterns = sync.OnceValue(func() map[string]*regexp.Regexp {
	patterns := map[string]*regexp.Regexp{}
	for _, row := range errorTable {
		if row.Message != "" {
			patterns[row.Message] = regexp.MustCompile(row.Message)
		}
	}
	return patterns
})

// texts are all messages of an error, the outermost one first.
func (e AzureError) texts() []string {
	texts := []string{e.Message}
	for _, inner := range e.Inner {
		texts = append(texts, inner.Message)
	}
	return texts
}

// nested is the inner error of a code if it says more than the outermost message.
func (e AzureError) nested(code string) *InnerError {
	if strings.EqualFold(code, e.Code) {
		return nil
	}
	for _, inner := range e.Inner {
		if strings.EqualFold(inner.Code, code) && inner.Message != "" && !strings.Contains(e.Message, inner.Message) {
			return &inner
		}
	}
	return nil
}

var notReason = regexp.MustCompile(`[^A-Za-z0-9_]`)

// reasonOf makes Azure's code fit the syntax of a condition reason.
func reasonOf(code string) string {
	reason := notReason.ReplaceAllString(code, "")
	if reason == "" || !(reason[0] >= 'A' && reason[0] <= 'Z' || reason[0] >= 'a' && reason[0] <= 'z') {
		return "AzureError"
	}
	return reason
}
