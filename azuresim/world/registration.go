package world

import (
	"slices"
	"strings"
	"time"
)

// Registration is a change of a provider namespace's registration that takes until Done.
type Registration struct {
	Namespace string    `json:"namespace"`
	Done      time.Time `json:"done"`
	Leaving   bool      `json:"leaving,omitempty"` // the namespace is being unregistered
}

// RegistrationState is Registered, Registering, Unregistering or NotRegistered.
func (s *Subscription) RegistrationState(namespace string, now time.Time) string {
	for _, r := range s.Registrations {
		switch {
		case !strings.EqualFold(r.Namespace, namespace):
		case r.Leaving && now.Before(r.Done):
			return "Unregistering"
		case r.Leaving:
			return "NotRegistered"
		case now.Before(r.Done):
			return "Registering"
		default:
			return "Registered"
		}
	}
	if slices.ContainsFunc(s.Unregistered, func(u string) bool { return strings.EqualFold(u, namespace) }) {
		return "NotRegistered"
	}
	return "Registered"
}

// WithRegistration is a copy of the subscription in which a namespace's registration changes.
func (s Subscription) WithRegistration(r Registration) Subscription {
	s.Unregistered = slices.DeleteFunc(slices.Clone(s.Unregistered), func(u string) bool { return strings.EqualFold(u, r.Namespace) })
	s.Registrations = slices.DeleteFunc(slices.Clone(s.Registrations), func(o Registration) bool { return strings.EqualFold(o.Namespace, r.Namespace) })
	s.Registrations = append(s.Registrations, r)
	return s
}

// TakeRegistrations keeps what an earlier world knows about registrations: they were made by requests, which a
// configuration does not undo.
func (w *World) TakeRegistrations(from World) {
	w.Subscriptions = slices.Clone(w.Subscriptions)
	for i := range w.Subscriptions {
		if earlier := from.Subscription(w.Subscriptions[i].ID); earlier != nil {
			w.Subscriptions[i].Registrations = earlier.Registrations
		}
	}
}
