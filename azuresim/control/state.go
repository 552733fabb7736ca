package control

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxBody bounds what the control API reads.
const maxBody = 16 << 20

func readAll(r *http.Request) ([]byte, error) { return io.ReadAll(io.LimitReader(r.Body, maxBody)) }

// newETag keeps the shape of the old one: network resources write weak etags, AKS bare ones.
func newETag(old string) string {
	if strings.HasPrefix(old, "W/") {
		return `W/"` + uuid.NewString() + `"`
	}
	return uuid.NewString()
}

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
