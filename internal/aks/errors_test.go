package aks

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Each row has its case, from Azure's text to the condition, in internal/controller; here is what no text shows.
func TestDiagnose(t *testing.T) {
	if d := Diagnose(AzureError{Status: 503, Code: "ServiceUnavailable", RetryAfter: time.Minute}); d.Outcome != OutcomeRetry || d.Pause != time.Minute {
		t.Errorf("a 5xx: %+v, want Retry after a minute", d)
	}
	if d := Diagnose(AzureError{Code: "Brand/New Failure"}); d.Outcome != OutcomeSlowRetry || d.Reason != "BrandNewFailure" {
		t.Errorf("an operation that failed: %+v, want SlowRetry BrandNewFailure", d)
	}
	if d := Diagnose(AzureError{Status: 400, Code: "123"}); d.Outcome != OutcomeTerminal || d.Reason != "AzureError" {
		t.Errorf("a code that is no reason: %+v, want Terminal AzureError", d)
	}
	if d := Diagnose(AzureError{Status: 429, Code: "Throttled", RetryAfter: 7 * time.Second}); d.Pause != 7*time.Second {
		t.Errorf("Retry-After is not respected: %+v", d)
	}
	if d := Diagnose(AzureError{Code: "operationNOTallowed", Message: "Another operation is in progress"}); d.Outcome != OutcomeWait {
		t.Errorf("the case of a code matters: %+v", d)
	}
}

func TestErrorTableIsComplete(t *testing.T) {
	type key struct {
		status        int
		code, message string
	}
	seen := map[key]bool{}
	for i, row := range ErrorTable() {
		k := key{row.Status, row.Code, row.Message}
		if seen[k] {
			t.Errorf("row %d is there twice: %+v", i, k)
		}
		seen[k] = true
		if row.Status == 0 && row.Code == "" {
			t.Errorf("row %d is about every error", i)
		}
		terminal := row.Outcome == OutcomeTerminal
		if terminal && row.Pause > 0 || !terminal && row.Pause == 0 && row.Outcome != OutcomeRetry {
			t.Errorf("row %d (%s): outcome %s with a pause of %s", i, row.Code, row.Outcome, row.Pause)
		}
	}
}

func TestForgottenAt(t *testing.T) {
	e := AzureError{Code: "UpgradeBlockedOnDeprecatedAPIUsage", Message: "usage has been detected on API a.v1beta1, and was recently seen at: 2026-01-02 03:00:00 +0000 UTC, " +
		"usage has been detected on API b.v1beta1, and was recently seen at: 2026-01-02 05:00:00 +0000 UTC"}
	want := time.Date(2026, 1, 2, 17, 0, 0, 0, time.UTC)
	if d := Diagnose(e); !d.NotBefore.Equal(want) {
		t.Errorf("not before %s, want twelve hours after the last use: %s", d.NotBefore, want)
	}
}

// docs/reference/errors.md is the table as a person reads it.
func TestErrorReference(t *testing.T) {
	const file = "../../docs/reference/errors.md"
	if *update {
		if err := os.WriteFile(file, []byte(errorReference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != errorReference() {
		t.Errorf("%s is not the error table any more: go test ./internal/aks -update", file)
	}
}

func errorReference() string {
	var b strings.Builder
	b.WriteString(`# Errors of Azure, and what follows from them

Written by ` + "`go test ./internal/aks -update`" + ` from the error table in internal/aks/errortable.go; do not edit.

A condition shows Azure's code, message and target, the figures Azure wrote into the message, the way out, when the request
is sent again, and the correlation id that Azure support asks for. Its reason is in the third column. The first row that
fits counts, also for codes nested in an error.

Again: *busy* is tried again within seconds or minutes and is no error; *fresh look* is decided anew from a new observation;
a time is the pause before the same request is sent again, doubled at each attempt up to an hour; *after a change* waits for
a change of the spec or of the resource in Azure.

| Code | Message, status | Reason | Again | Way out |
|---|---|---|---|---|
`)
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	for _, row := range ErrorTable() {
		code, reason := "(any)", row.Reason
		if row.Code != "" {
			code = "`" + row.Code + "`"
		}
		if reason == "" {
			reason = "(the code)"
		}
		var when []string
		if row.Status != 0 {
			when = append(when, strconv.Itoa(row.Status))
		}
		if row.Message != "" {
			when = append(when, "`"+cell.Replace(row.Message)+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code, strings.Join(when, ", "), reason, again(row), cell.Replace(row.Hint))
	}
	return b.String()
}

func again(row ErrorRow) string {
	switch row.Outcome {
	case OutcomeTerminal:
		return "after a change"
	case OutcomeReplan:
		return "fresh look"
	case OutcomeWait, OutcomeRetry:
		return "busy"
	}
	return strings.TrimSuffix(row.Pause.String(), "0s")
}
