package control

import (
	"net/http"
	"time"
)

// ResourceSummary and OperationSummary are what GET /_azuresim/state lists.
type ResourceSummary struct {
	ID                string `json:"id"`
	Type              string `json:"type"`
	ProvisioningState string `json:"provisioningState"`
}

// OperationSummary is one operation in flight.
type OperationSummary struct {
	ID          string    `json:"id"`
	Resource    string    `json:"resource"`
	Kind        string    `json:"kind"`
	State       string    `json:"state"` // Creating, Updating, …
	Status      string    `json:"status"`
	Percent     float64   `json:"percent"`
	StartTime   time.Time `json:"startTime"`
	ExpectedEnd time.Time `json:"expectedEnd"`
}

// State is the whole answer.
type State struct {
	Now        time.Time          `json:"now"`
	Resources  []ResourceSummary  `json:"resources"`
	Operations []OperationSummary `json:"operations"`
}

func (a *API) state(w http.ResponseWriter, _ *http.Request) error {
	a.Fabric.Clock.FireDue()
	now := a.Fabric.Clock.Now().UTC()
	out := State{Now: now, Resources: []ResourceSummary{}, Operations: []OperationSummary{}}
	err := a.Fabric.Do(func() error {
		for _, r := range a.Fabric.List("", "") {
			out.Resources = append(out.Resources, ResourceSummary{r.ID, r.Type, r.State})
		}
		for _, o := range a.Fabric.Running() {
			out.Operations = append(out.Operations, OperationSummary{o.ID, o.Resource, o.Kind, o.Label, o.Status, o.Percent(now), o.Start, o.Due})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return reply(w, out)
}
