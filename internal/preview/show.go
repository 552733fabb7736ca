package preview

import (
	"fmt"
	"io"
	"strings"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// Document is a plan for programs.
type Document struct {
	Clusters []ClusterDocument `json:"clusters"`
	// Refused are manifests that the API server would not take.
	Refused []Refusal `json:"refused,omitempty"`
}

// ClusterDocument is the plan of one cluster.
type ClusterDocument struct {
	Namespace    string            `json:"namespace"`
	Cluster      string            `json:"cluster"`
	ControlPlane string            `json:"controlPlane"`
	Paused       bool              `json:"paused"`
	Problem      *ProblemDocument  `json:"problem,omitempty"`
	Requests     []RequestDocument `json:"requests"`
	// Pending is what differs and is not sent now.
	Pending    []PendingDocument `json:"pending"`
	Undeclared []string          `json:"undeclaredPools,omitempty"`
	Checks     []CheckDocument   `json:"checks,omitempty"`
}

// ProblemDocument says why Azure could not be asked.
type ProblemDocument struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// RequestDocument is a request as it would be sent. Secrets in the body are hidden.
type RequestDocument struct {
	Kind        string         `json:"kind"`
	Name        string         `json:"name"`
	Method      string         `json:"method"`
	Path        string         `json:"path"`
	APIVersion  string         `json:"apiVersion"`
	IfMatch     string         `json:"ifMatch,omitempty"`
	IfNoneMatch string         `json:"ifNoneMatch,omitempty"`
	Body        map[string]any `json:"body,omitempty"`
	Changes     []plan.Change  `json:"changes"`
}

// PendingDocument is what differs and waits, or cannot be sent.
type PendingDocument struct {
	Kind    string        `json:"kind"`
	Name    string        `json:"name"`
	Verb    plan.Verb     `json:"verb"`
	Reason  string        `json:"reason"`
	Message string        `json:"message"`
	Changes []plan.Change `json:"changes,omitempty"`
}

// CheckDocument is a finding of the checks before a creation.
type CheckDocument struct {
	Verdict aks.CheckVerdict `json:"verdict"`
	Reason  string           `json:"reason"`
	Message string           `json:"message"`
}

// Documented is a plan for programs.
func Documented(clusters []Cluster, refused []Refusal) Document {
	d := Document{Clusters: []ClusterDocument{}, Refused: refused}
	for _, c := range clusters {
		d.Clusters = append(d.Clusters, c.document())
	}
	return d
}

func (c Cluster) document() ClusterDocument {
	d := ClusterDocument{Namespace: c.Namespace, Cluster: c.ClusterPlan.Cluster, ControlPlane: c.Name, Paused: c.Paused, Undeclared: c.Undeclared,
		Requests: []RequestDocument{}, Pending: []PendingDocument{}}
	if c.Problem != "" {
		d.Problem = &ProblemDocument{c.Reason, c.Problem}
	}
	for _, r := range c.Requests {
		d.Requests = append(d.Requests, RequestDocument{Kind: r.Action.Kind, Name: r.Action.Name, Method: r.Wire.Method, Path: r.Wire.Path, APIVersion: r.Wire.APIVersion,
			IfMatch: r.Wire.IfMatch, IfNoneMatch: r.Wire.IfNoneMatch, Body: plan.WithoutSecrets(r.Wire.Body), Changes: r.Action.Details()})
	}
	for _, a := range c.Pending {
		if waits(a) {
			d.Pending = append(d.Pending, PendingDocument{Kind: a.Kind, Name: a.Name, Verb: a.Verb, Reason: a.Reason, Message: a.Message, Changes: a.Details()})
		}
	}
	for _, check := range c.Checks {
		if check.Verdict != aks.CheckPassed {
			d.Checks = append(d.Checks, CheckDocument{check.Verdict, check.Reason, check.Message})
		}
	}
	return d
}

func waits(a plan.Action) bool { return a.Verb == plan.Wait || a.Verb == plan.Blocked }

// Changes tells whether anything would be sent, or waits to be.
func (c Cluster) Changes() bool {
	for _, a := range c.Pending {
		if a.Verb != plan.None {
			return true
		}
	}
	return false
}

// Write is a plan for people.
func Write(w io.Writer, clusters []Cluster, refused []Refusal) {
	for _, r := range refused {
		_, _ = fmt.Fprintf(w, "! refused %s\n    %s\n", r.Object, r.Message)
	}
	for i, c := range clusters {
		if i > 0 || len(refused) > 0 {
			_, _ = fmt.Fprintln(w)
		}
		_, _ = io.WriteString(w, c.Text())
	}
}

// Text is the plan of the cluster for people.
func (c Cluster) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Cluster %s/%s, AzureManagedControlPlane %s", c.Namespace, orUnknown(c.ClusterPlan.Cluster), c.Name)
	if c.Paused {
		b.WriteString(", paused: nothing is sent before it is resumed")
	}
	b.WriteByte('\n')
	switch {
	case c.Stays != "":
		b.WriteString("= " + c.Stays + "\n")
		return b.String()
	case c.Problem != "":
		fmt.Fprintf(&b, "! %s: %s\n", c.Reason, c.Problem)
		return b.String()
	}
	b.WriteString(plan.Text(c.Pending))
	for _, check := range c.Checks {
		if check.Verdict != aks.CheckPassed {
			fmt.Fprintf(&b, "Check %s: %s\n", strings.ToLower(string(check.Verdict)), check.Message)
		}
	}
	if len(c.Undeclared) > 0 {
		fmt.Fprintf(&b, "Pools in Azure that no object declares, which stay as they are: %s\n", strings.Join(c.Undeclared, ", "))
	}
	for i, r := range c.Requests {
		if i == 0 {
			b.WriteString("Requests:\n")
		}
		fmt.Fprintf(&b, "  %s\n", line(r))
	}
	return b.String()
}

func line(r engine.Planned) string {
	text := r.Wire.Method + " " + r.Wire.Path + "?api-version=" + r.Wire.APIVersion
	if r.Wire.IfMatch != "" {
		text += "  If-Match: " + r.Wire.IfMatch
	}
	if r.Wire.IfNoneMatch != "" {
		text += "  If-None-Match: " + r.Wire.IfNoneMatch
	}
	return text
}

func orUnknown(cluster string) string {
	if cluster == "" {
		return "(none)"
	}
	return cluster
}
