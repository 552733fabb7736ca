package controller

import (
	"fmt"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

// explain is an Azure error as a person reads it on the object: Azure's own code and message, what it is about, and the
// way out with the figures Azure gave.
func explain(e aks.AzureError, d aks.Diagnosis) string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	target := e.Target
	if cause := d.Cause; cause != nil {
		fmt.Fprintf(&b, " (%s: %s)", cause.Code, cause.Message)
		if target == "" {
			target = cause.Target
		}
	}
	if target != "" {
		fmt.Fprintf(&b, " (target %s)", target)
	}
	if hint := hintText(d); hint != "" {
		b.WriteString(" - " + hint)
	}
	return b.String()
}

// hintText is the way out, after the figures it is about: "limit 100, in use 56: ask for more quota".
func hintText(d aks.Diagnosis) string {
	facts := make([]string, len(d.Facts))
	for i, fact := range d.Facts {
		facts[i] = fact.Name + " " + fact.Value
	}
	text := strings.Join(facts, ", ")
	if text != "" && d.Hint != "" {
		text += ": "
	}
	return text + d.Hint
}

// correlation is what Azure support asks for.
func correlation(id string) string {
	if id == "" {
		return ""
	}
	return " [correlation id " + id + "]"
}

// failureVerdict is a goal that was refused or failed. Attempts are far apart, and everything that differs between two of
// them (their number, the time of the next, the correlation id) changes in one write after the attempt.
func failureVerdict(f aks.Failure) verdict {
	next := "not sent again until the spec or Azure changes"
	if !f.RetryAt.IsZero() {
		next = "sent again at " + f.RetryAt.UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	if f.Attempts > 1 {
		next = fmt.Sprintf("attempt %d, %s", f.Attempts, next)
	}
	return lasting(f.Diagnosis.Reason, explain(f.Error, f.Diagnosis), "; "+next+correlation(f.Error.CorrelationID))
}

// problemVerdict is an error that is not about one goal. It is met again every few seconds or minutes, so it says no time
// but how soon, and carries the correlation id of its first occurrence: a condition that never stays the same would be
// written, and wake the controller up, at every attempt.
func problemVerdict(p engine.Problem) verdict {
	return lasting(p.Diagnosis.Reason, explain(p.AzureError, p.Diagnosis), "; tried again within "+soon(p.Diagnosis.Pause)+correlation(p.CorrelationID))
}

// lasting is a bad verdict with a text that says what is wrong, and one about this occurrence of it.
func lasting(reason, what, occurrence string) verdict {
	v := bad(reason, what+occurrence)
	v.lasting = what
	return v
}

// soon rounds a pause up to one of a few words, because Azure asks for another number of seconds each time.
func soon(pause time.Duration) string {
	switch {
	case pause <= 30*time.Second:
		return "30s"
	case pause <= time.Minute:
		return "1m"
	case pause <= 5*time.Minute:
		return "5m"
	case pause <= time.Hour:
		return "1h"
	}
	return "1d"
}

// refusedVerdict is a question that Azure does not answer in the present state of the cluster.
func refusedVerdict(e aks.AzureError) verdict {
	d := aks.Diagnose(e)
	return lasting(d.Reason, explain(e, d), "; asked again when the cluster changes"+correlation(e.CorrelationID))
}

// errorText is the error Azure itself keeps with a failed pool.
func errorText(e *aks.AzureError) string {
	if e == nil {
		return ""
	}
	return ": " + explain(*e, aks.Diagnose(*e))
}
