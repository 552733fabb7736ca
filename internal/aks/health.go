package aks

import (
	"strings"
	"unicode"

	"github.com/capaks/capaks/internal/fieldset"
)

// HealthAPIVersion is that of Azure Resource Health.
const HealthAPIVersion = "2025-05-01"

const healthSegment = "/providers/microsoft.resourcehealth/availabilitystatuses/"

// HealthPath is the collection of what Azure Resource Health says about the resources of a subscription.
func HealthPath(subscription string) string {
	return "/subscriptions/" + subscription + "/providers/Microsoft.ResourceHealth/availabilityStatuses"
}

// Health is what Azure Resource Health says about a resource; its zero value is that it says nothing.
type Health struct {
	// State is Available, Unavailable, Degraded or Unknown.
	State, Title, Summary string
	// Cause is the kind of reason Azure names, for example Unplanned or Customer Initiated.
	Cause string
	// Unread says why it could not be read.
	Unread string
}

// Values of Health.State.
const (
	HealthAvailable   = "Available"
	HealthUnavailable = "Unavailable"
	HealthDegraded    = "Degraded"
	HealthUnknown     = "Unknown"
)

// HealthOf reads an entry of the collection: the id of the resource, and what is said about it. Entries of other resources than
// AKS clusters have no id here.
func HealthOf(item fieldset.Object) (string, Health) {
	id := stringAt(item, "id")
	at := strings.Index(strings.ToLower(id), healthSegment)
	if at < 0 || !strings.Contains(strings.ToLower(id[:at]), "/microsoft.containerservice/managedclusters/") {
		return "", Health{}
	}
	property := func(name string) string { return stringAt(item, "properties", name) }
	return id[:at], Health{State: property("availabilityState"), Title: property("title"), Summary: property("summary"), Cause: property("reasonType")}
}

// Reason is the cause in the syntax of a condition reason: "Customer Initiated" is CustomerInitiated.
func (h Health) Reason() string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(h.Cause, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if b.Len() == 0 {
		return reasonOf(h.State)
	}
	return reasonOf(b.String())
}
