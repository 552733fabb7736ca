package life

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
)

type object = map[string]any

// plane is a management plane with an emulated Azure.
type plane struct {
	box   *sandbox.Sandbox
	azure *azure
}

// Kinds as kubectl is told them.
const (
	controlPlane = "azuremanagedcontrolplane"
	infraPool    = "azuremanagedmachinepool"
	machinePool  = "machinepool.cluster.x-k8s.io"
	capiCluster  = "cluster.cluster.x-k8s.io"
)

// limit is how long anything may take on a busy machine.
const limit = 4 * time.Minute

func (p *plane) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	// What is looked at when a test is over, too, must not end with its context.
	out, err := p.box.Kubectl(context.WithoutCancel(t.Context()), args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// apply applies manifests as they are written.
func (p *plane) apply(t *testing.T, manifest string) {
	t.Helper()
	if out, err := p.tryApply(t, manifest); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// tryApply answers what kubectl says, warnings included, and whether it failed.
func (p *plane) tryApply(t *testing.T, manifest string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return p.box.Kubectl(t.Context(), "apply", "-f", file)
}

// patch merges JSON into an object.
func (p *plane) patch(t *testing.T, kind, namespace, name, merge string) {
	t.Helper()
	p.kubectl(t, "patch", kind, name, "--namespace="+namespace, "--type=merge", "--patch="+merge)
}

// get is an object, nil where there is none or the API server does not answer.
func (p *plane) get(t *testing.T, kind, namespace, name string) object {
	t.Helper()
	out, err := p.box.Kubectl(t.Context(), "get", kind, name, "--namespace="+namespace, "--output=json", "--ignore-not-found")
	if err != nil || strings.TrimSpace(out) == "" {
		return nil
	}
	var o object
	if err := json.Unmarshal([]byte(out), &o); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return o
}

// at is a value inside of an object, nil where it is missing.
func at(value any, path ...string) any {
	for _, step := range path {
		o, ok := value.(object)
		if !ok {
			return nil
		}
		value = o[step]
	}
	return value
}

// textAt is a string inside of an object, "" where it is missing.
func textAt(value any, path ...string) string {
	if v := at(value, path...); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// condition is "True" or "False Reason", and the message.
func condition(o object, kind string) (state, message string) {
	list, _ := at(o, "status", "conditions").([]any)
	for _, c := range list {
		if textAt(c, "type") == kind {
			state = textAt(c, "status")
			if state != "True" {
				state += " " + textAt(c, "reason")
			}
			return state, textAt(c, "message")
		}
	}
	return "missing", ""
}

// awaitCondition waits for a state ("True", or "False Reason") of a condition and answers its message.
func (p *plane) awaitCondition(t *testing.T, kind, namespace, name, conditionType, want string) (message string) {
	t.Helper()
	until(t, limit, func() string {
		var state string
		state, message = condition(p.get(t, kind, namespace, name), conditionType)
		return unless(state == want, "%s %s/%s: %s is %s (%s), want %s", kind, namespace, name, conditionType, state, message, want)
	})
	return message
}

// event is what the manager told about an object.
type event struct{ kind, object, reason, note string }

func (e event) String() string { return e.kind + " " + e.object + " " + e.reason + ": " + e.note }

// loggedEvent is an event as the API server has it.
type loggedEvent struct {
	EventTime           string                `json:"eventTime"`
	Type                string                `json:"type"`
	Reason              string                `json:"reason"`
	Note                string                `json:"note"`
	ReportingController string                `json:"reportingController"`
	Regarding           struct{ Name string } `json:"regarding"`
}

// events are all the manager's events of a namespace, oldest first.
func (p *plane) events(t *testing.T, namespace string) []event {
	t.Helper()
	var list struct{ Items []loggedEvent }
	if err := json.Unmarshal([]byte(p.kubectl(t, "get", "events.events.k8s.io", "--namespace="+namespace, "--output=json")), &list); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(list.Items, func(a, b loggedEvent) int { return strings.Compare(a.EventTime, b.EventTime) })
	var out []event
	for _, e := range list.Items {
		if e.ReportingController == "capaks" {
			out = append(out, event{e.Type, e.Regarding.Name, e.Reason, e.Note})
		}
	}
	return out
}

// kill ends the manager as a crash would.
func (p *plane) kill(t *testing.T) {
	t.Helper()
	if err := p.box.Kill(sandbox.Manager); err != nil {
		t.Fatal(err)
	}
}

// restart starts the manager again, and waits until it answers.
func (p *plane) restart(t *testing.T) {
	t.Helper()
	if err := p.box.Restart(t.Context(), sandbox.Manager); err != nil {
		t.Fatal(err)
	}
}

// workload runs kubectl against the API server of a workload cluster, with the kubeconfig that the manager stored.
func (p *plane) workload(t *testing.T, namespace, cluster string, args ...string) (string, error) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(textAt(p.get(t, "secret", namespace, cluster+"-kubeconfig"), "data", "value"))
	if err != nil || len(raw) == 0 {
		return "", fmt.Errorf("no kubeconfig in Secret %s/%s-kubeconfig (%w)", namespace, cluster, err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return p.box.Kubectl(t.Context(), append([]string{"--kubeconfig=" + file}, args...)...)
}

// applyWorkload applies manifests in a workload cluster; as a user would, it fails the test when that fails.
func (p *plane) applyWorkload(t *testing.T, namespace, cluster, manifest string, args ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "workload.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := p.workload(t, namespace, cluster, append([]string{"apply", "-f", file}, args...)...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// settled waits until a control plane is as declared, status of this generation included.
func (p *plane) settled(t *testing.T, namespace, name string) object {
	t.Helper()
	var cp object
	until(t, limit, func() string {
		cp = p.get(t, controlPlane, namespace, name)
		state, message := condition(cp, "Synced")
		return unless(state == "True" && textAt(cp, "metadata", "generation") == textAt(cp, "status", "observedGeneration"),
			"control plane %s/%s: Synced is %s (%s)", namespace, name, state, message)
	})
	return cp
}
