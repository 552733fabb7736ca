package page

import (
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/aks"
	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// row is what the page shows of a resource. Key is the id without case; a reader finds the parents in it.
type row struct {
	Key       string   `json:"key"`
	ID        string   `json:"id"`
	Type      string   `json:"type"`
	Location  string   `json:"location,omitempty"`
	State     string   `json:"state"`
	ManagedBy string   `json:"managedBy,omitempty"`
	Error     *failure `json:"error,omitempty"`
	Cluster   *cluster `json:"cluster,omitempty"`
	Pool      *pool    `json:"pool,omitempty"`
}

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type cluster struct {
	Power   string `json:"power"`
	Version string `json:"version"`
	Wanted  string `json:"wanted"`
	Tier    string `json:"tier"`
}

type pool struct {
	Mode    string `json:"mode"`
	Count   int64  `json:"count"`
	Size    string `json:"size"`
	Version string `json:"version"`
	Auto    bool   `json:"auto,omitempty"`
	Min     int64  `json:"min,omitempty"`
	Max     int64  `json:"max,omitempty"`
	Power   string `json:"power,omitempty"`
}

// operation is what the page shows of one operation; it works out the progress itself, as time passes.
type operation struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	Label    string     `json:"label"`
	Resource string     `json:"resource"`
	Status   string     `json:"status"`
	Start    time.Time  `json:"start"`
	Due      time.Time  `json:"due"`
	Duration float64    `json:"duration"` // seconds
	End      *time.Time `json:"end,omitempty"`
	Error    *failure   `json:"error,omitempty"`
}

func key(r *fabric.Resource) string { return strings.ToLower(r.ID) }

func viewRow(r *fabric.Resource) row {
	out := row{Key: key(r), ID: r.ID, Type: r.Type, Location: r.Location, State: r.State, ManagedBy: r.ManagedBy}
	props := arm.Map(r.Body, "properties")
	if e := arm.Map(props, "status.provisioningError"); e != nil {
		out.Error = &failure{arm.Str(e, "code"), arm.Str(e, "message")}
	}
	switch {
	case strings.EqualFold(r.Type, aks.ClusterType):
		out.Cluster = &cluster{Power: arm.Str(props, "powerState.code"), Version: arm.Str(props, "currentKubernetesVersion"), Wanted: arm.Str(props, "kubernetesVersion"), Tier: arm.Str(r.Body, "sku.tier")}
		if out.Cluster.Power == "" {
			out.Cluster.Power = "Running" // a cluster that was never stopped does not say so in what is stored
		}
	case strings.EqualFold(r.Type, aks.PoolType):
		out.Pool = viewPool(props)
	}
	return out
}

func viewPool(props arm.Object) *pool {
	v := &pool{Mode: arm.Str(props, "mode"), Size: arm.Str(props, "vmSize"), Version: arm.Str(props, "currentOrchestratorVersion"), Auto: arm.Bool(props, "enableAutoScaling"), Power: arm.Str(props, "powerState.code")}
	if v.Version == "" {
		v.Version = arm.Str(props, "orchestratorVersion")
	}
	v.Count, _ = arm.Int(props, "count")
	v.Min, _ = arm.Int(props, "minCount")
	v.Max, _ = arm.Int(props, "maxCount")
	return v
}

func viewOperation(o *fabric.Operation) operation {
	out := operation{ID: o.ID, Kind: o.Kind, Label: o.Label, Resource: o.Resource, Status: o.Status, Start: o.Start, Due: o.Due, Duration: o.Duration.Seconds()}
	if !o.End.IsZero() {
		end := o.End
		out.End = &end
	}
	if o.Error != nil {
		out.Error = &failure{o.Error.Code, o.Error.Message}
	}
	return out
}
