package sandboxtest

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

	"k8s.io/client-go/dynamic"

	"github.com/capaks/capaks/internal/sandbox"
)

// Object is a Kubernetes object, or a part of one, as JSON.
type Object = map[string]any

// Plane is a management plane with an emulated Azure, as stories use it.
type Plane struct {
	Box   *sandbox.Sandbox
	Azure *Azure
	Kube  dynamic.Interface
	Bin   string
}

// NewPlane starts a sandbox that lives until Down.
func NewPlane(options sandbox.Options) (*Plane, error) {
	box, err := sandbox.Up(context.Background(), options)
	if err != nil {
		return nil, err
	}
	p := &Plane{Box: box, Bin: options.BinDir}
	if box.AzureURL() != "" { // it may use the emulator of another sandbox
		if p.Azure, err = NewAzure(box); err != nil {
			return p, err
		}
	}
	config, err := box.RESTConfig()
	if err != nil {
		return p, err
	}
	p.Kube, err = dynamic.NewForConfig(config)
	return p, err
}

// Limit is how long anything may take on a busy machine.
const Limit = 4 * time.Minute

// Kubectl runs kubectl and fails the test when that fails.
func (p *Plane) Kubectl(t testing.TB, args ...string) string {
	t.Helper()
	// What is looked at when a test is over, too, must not end with its context.
	out, err := p.Box.Kubectl(context.WithoutCancel(t.Context()), args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// Apply applies manifests as they are written.
func (p *Plane) Apply(t testing.TB, manifest string) {
	t.Helper()
	if out, err := p.TryApply(t, manifest); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TryApply answers what kubectl says, warnings included, and whether it failed.
func (p *Plane) TryApply(t testing.TB, manifest string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return p.Box.Kubectl(t.Context(), "apply", "-f", file)
}

// Patch merges JSON into an object.
func (p *Plane) Patch(t testing.TB, kind, namespace, name, merge string) {
	t.Helper()
	p.Kubectl(t, "patch", kind, name, "--namespace="+namespace, "--type=merge", "--patch="+merge)
}

// Get is an Object, nil where there is none or the API server does not answer.
func (p *Plane) Get(t testing.TB, kind, namespace, name string) Object {
	t.Helper()
	out, err := p.Box.Kubectl(t.Context(), "get", kind, name, "--namespace="+namespace, "--output=json", "--ignore-not-found")
	if err != nil || strings.TrimSpace(out) == "" {
		return nil
	}
	var o Object
	if err := json.Unmarshal([]byte(out), &o); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return o
}

// At is a value inside of an Object, nil where it is missing.
func At(value any, path ...string) any {
	for _, step := range path {
		o, ok := value.(Object)
		if !ok {
			return nil
		}
		value = o[step]
	}
	return value
}

// TextAt is a string inside of an Object, "" where it is missing.
func TextAt(value any, path ...string) string {
	if v := At(value, path...); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// Condition is "True" or "False Reason", and the message.
func Condition(o Object, kind string) (state, message string) {
	list, _ := At(o, "status", "conditions").([]any)
	for _, c := range list {
		if TextAt(c, "type") == kind {
			state = TextAt(c, "status")
			if state != "True" {
				state += " " + TextAt(c, "reason")
			}
			return state, TextAt(c, "message")
		}
	}
	return "missing", ""
}

// AwaitCondition waits for a state ("True", or "False Reason") of a condition and answers its message.
func (p *Plane) AwaitCondition(t testing.TB, kind, namespace, name, conditionType, want string) (message string) {
	t.Helper()
	Until(t, Limit, func() string {
		var state string
		state, message = Condition(p.Get(t, kind, namespace, name), conditionType)
		return Unless(state == want, "%s %s/%s: %s is %s (%s), want %s", kind, namespace, name, conditionType, state, message, want)
	})
	return message
}

// Event is what the manager told about an object.
type Event struct{ Kind, Object, Reason, Note string }

func (e Event) String() string { return e.Kind + " " + e.Object + " " + e.Reason + ": " + e.Note }

// loggedEvent is an event as the API server has it.
type loggedEvent struct {
	EventTime           string                `json:"eventTime"`
	Type                string                `json:"type"`
	Reason              string                `json:"reason"`
	Note                string                `json:"note"`
	ReportingController string                `json:"reportingController"`
	Regarding           struct{ Name string } `json:"regarding"`
}

// Events are all the manager's events of a namespace, oldest first.
func (p *Plane) Events(t testing.TB, namespace string) []Event {
	t.Helper()
	var list struct{ Items []loggedEvent }
	if err := json.Unmarshal([]byte(p.Kubectl(t, "get", "events.events.k8s.io", "--namespace="+namespace, "--output=json")), &list); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(list.Items, func(a, b loggedEvent) int { return strings.Compare(a.EventTime, b.EventTime) })
	var out []Event
	for _, e := range list.Items {
		if e.ReportingController == "capaks" {
			out = append(out, Event{e.Type, e.Regarding.Name, e.Reason, e.Note})
		}
	}
	return out
}

// Kill ends the manager as a crash would.
func (p *Plane) Kill(t testing.TB) {
	t.Helper()
	if err := p.Box.Kill(sandbox.Manager); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the manager again, and waits until it answers.
func (p *Plane) Restart(t testing.TB) {
	t.Helper()
	if err := p.Box.Restart(t.Context(), sandbox.Manager); err != nil {
		t.Fatal(err)
	}
}

// Workload runs kubectl against the API server of a workload cluster, with the kubeconfig that the manager stored.
func (p *Plane) Workload(t testing.TB, namespace, cluster string, args ...string) (string, error) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(TextAt(p.Get(t, "secret", namespace, cluster+"-kubeconfig"), "data", "value"))
	if err != nil || len(raw) == 0 {
		return "", fmt.Errorf("no kubeconfig in Secret %s/%s-kubeconfig (%w)", namespace, cluster, err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return p.Box.Kubectl(t.Context(), append([]string{"--kubeconfig=" + file}, args...)...)
}

// ApplyWorkload applies manifests in a workload cluster; as a user would, it fails the test when that fails.
func (p *Plane) ApplyWorkload(t testing.TB, namespace, cluster, manifest string, args ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "workload.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := p.Workload(t, namespace, cluster, append([]string{"apply", "-f", file}, args...)...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// Settled waits until a control plane is as declared, status of this generation included.
func (p *Plane) Settled(t testing.TB, namespace, name string) Object {
	t.Helper()
	var cp Object
	Until(t, Limit, func() string {
		cp = p.Get(t, "azuremanagedcontrolplane", namespace, name)
		state, message := Condition(cp, "Synced")
		return Unless(state == "True" && TextAt(cp, "metadata", "generation") == TextAt(cp, "status", "observedGeneration"),
			"control plane %s/%s: Synced is %s (%s)", namespace, name, state, message)
	})
	return cp
}

// Until asks again and again until the answer is ""; the answer says what is missing.
func Until(t testing.TB, limit time.Duration, missing func() string) {
	t.Helper()
	over := time.After(limit)
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		last := missing()
		if last == "" {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("not after %s: %s", limit, last)
		}
	}
}

// Unless is a way to write a wish for Until.
func Unless(ok bool, format string, args ...any) string {
	if ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}
