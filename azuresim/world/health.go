package world

import "strings"

// Health overrides what Resource Health says about a resource.
type Health struct {
	Resource string `json:"resource"`
	State    string `json:"state"` // Available, Unavailable, Degraded or Unknown; "" ends the override
	Summary  string `json:"summary,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// HealthOf finds the override for a resource, nil if there is none.
func (w *World) HealthOf(resource string) *Health {
	for i := range w.Health {
		if h := &w.Health[i]; strings.EqualFold(h.Resource, resource) && h.State != "" {
			return h
		}
	}
	return nil
}
