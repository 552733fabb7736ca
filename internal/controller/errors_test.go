package controller

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/azuresim"
	simarm "github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
	"github.com/capaks/capaks/internal/identity"
)

const caseCorrelation = "8d1a2b3c-0000-4000-8000-000000000001"

// answers stands between the client and the emulated Azure: it answers the requests of a pattern itself, word for word
// as Azure does, and gives every answer the correlation id of the test.
type answers struct {
	azure *http.Client
	mu    sync.Mutex
	on    *regexp.Regexp
	with  errorCase
	seen  time.Time
}

func (a *answers) say(pattern string, with errorCase) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.on, a.with = regexp.MustCompile("(?i)"+pattern), with
}

func (a *answers) Do(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	on, with := a.on, a.with
	a.mu.Unlock()
	line := r.Method + " " + r.URL.Path
	switch {
	case on != nil && on.MatchString(line):
		if with.body == "" {
			return nil, errors.New("dial tcp 192.0.2.1:443: connect: connection refused")
		}
		status := with.status
		if status == 0 {
			status = http.StatusOK
		}
		return a.answer(r, status, strings.ReplaceAll(with.body, "{seen}", a.seenText())), nil
	case strings.HasSuffix(line, "/register"):
		return a.answer(r, http.StatusForbidden, wrapped("AuthorizationFailed", "no right to register")), nil
	}
	response, err := a.azure.Do(r)
	if err == nil {
		response.Header.Set("x-ms-correlation-request-id", caseCorrelation)
	}
	return response, err
}

func (a *answers) seenText() string { return a.seen.UTC().Format(time.DateTime) }

func (a *answers) answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}, "X-Ms-Correlation-Request-Id": {caseCorrelation}},
		Body:   io.NopCloser(strings.NewReader(body))}
}

// errorRig is an engine in front of an emulated Azure that has one converged cluster.
type errorRig struct {
	*testing.T
	azure   *azuresim.Server
	answers *answers
	clock   *clock.Clock
	engine  *engine.Engine
	client  *arm.Client
	in      aks.Inputs
	edits   int
}

func newErrorRig(t *testing.T) *errorRig {
	t.Helper()
	r := &errorRig{T: t, clock: clock.NewPaused(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	azure, err := azuresim.Start(t.Context(), azuresim.Options{Clock: r.clock, NoThrottle: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(azure.Close)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(azure.CAPEM())
	r.azure = azure
	r.answers = &answers{azure: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}}
	r.restart()
	r.in = inputs("my-cluster", azure.Env()["AZURE_SUBSCRIPTION_ID"])
	r.settle()
	return r
}

// restart forgets everything that is in memory, tokens included.
func (r *errorRig) restart() {
	r.Helper()
	env := r.azure.Env()
	cloud, err := arm.CloudFrom("", arm.CloudEnvFrom(func(name string) string { return env[name] }))
	if err != nil {
		r.Fatal(err)
	}
	spec := identity.Spec{Type: identity.ServicePrincipal, TenantID: env["AZURE_TENANT_ID"], ClientID: env["AZURE_CLIENT_ID"], ClientSecret: env["AZURE_CLIENT_SECRET"]}
	credential, err := identity.NewCache(identity.Options{}).Credential(spec, cloud, r.answers)
	if err != nil {
		r.Fatal(err)
	}
	if r.client, err = arm.New(arm.Config{Cloud: cloud, Credential: credential, Transport: r.answers}); err != nil {
		r.Fatal(err)
	}
	r.engine = engine.New(engine.Options{Now: r.clock.Now, Fleet: fleet.New(fleet.Options{Now: r.clock.Now, Notify: func(string) {}})})
}

func inputs(name, subscription string) aks.Inputs {
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
	cp.Spec.Location, cp.Spec.SubscriptionID, cp.Spec.Version = "westeurope", subscription, "v1.34.1"
	in := aks.Inputs{Cluster: aks.Cluster{Name: name, Namespace: "default"}, ControlPlane: cp}
	for _, pool := range []string{"pool0", "pool1"} {
		object := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: pool, Namespace: "default"}}
		object.Spec.Mode, object.Spec.SKU = v1beta1.NodePoolModeSystem, "Standard_D2s_v3"
		in.Pools = append(in.Pools, aks.Pool{Object: object, MachinePool: pool, Replicas: new(int32(1)), Version: "v1.34.1"})
	}
	return in
}

func (r *errorRig) step(in aks.Inputs) engine.Report {
	return r.engine.Step(arm.WithCorrelationID(r.Context(), caseCorrelation), engine.Request{Owner: "default/" + in.ControlPlane.Name, Client: r.client, Inputs: in, KubeconfigETag: "stored"})
}

// settle makes Azure what is declared and remembers, as the controller does, what is owned.
func (r *errorRig) settle() {
	r.Helper()
	for range 60 {
		report := r.step(r.in)
		if report.Owned.ManagedCluster != nil {
			r.in.Owned.ManagedCluster = report.Owned.ManagedCluster
		}
		for i := range r.in.Pools {
			if action, ok := report.OwnedPools[aks.PoolName(r.in.Pools[i].Object)]; ok {
				r.in.Pools[i].Owned = action.Owned
			}
		}
		if report.Done {
			return
		}
		r.clock.Advance(max(report.Requeue, time.Second))
	}
	r.Fatal("the cluster to begin with does not come up")
}

// provoke lets Azure give the answer of a case to the request it is about, and tells which condition is about it.
func (r *errorRig) provoke(c errorCase) (outcome, string) {
	r.Helper()
	defer func() { r.answers.say("^$", errorCase{}) }()
	r.restart()
	r.edits++
	r.answers.seen = r.clock.Now().Add(-2 * time.Hour)
	in, deleting := r.edited(), false
	conditionType := v1beta1.ManagedClusterRunningCondition
	switch c.when {
	case "create", "group", "network":
		in = inputs(fmt.Sprintf("new-%d", r.edits), in.ControlPlane.Spec.SubscriptionID)
		pattern := map[string]string{"create": "^PUT .*/managedClusters/[^/]+$", "group": "^PUT .*/resourceGroups/[^/]+$", "network": "^PUT .*/virtualNetworks/[^/]+$"}[c.when]
		if c.when != "create" {
			conditionType = v1beta1.NetworkReadyCondition
		}
		r.answers.say(pattern, c)
	case "cluster", "unreachable":
		in.ControlPlane.Spec.AdditionalTags = map[string]string{"edit": fmt.Sprint(r.edits)}
		r.answers.say("^PUT .*/managedClusters/[^/]+$", c)
	case "pool":
		in.Pools[0].Object.Spec.NodeLabels = map[string]string{"edit": fmt.Sprint(r.edits)}
		r.answers.say("^PUT .*/agentPools/[^/]+$", c)
		conditionType = v1beta1.AgentPoolsReadyCondition
	case "operation":
		in.ControlPlane.Spec.AdditionalTags = map[string]string{"edit": fmt.Sprint(r.edits)}
		r.failOperation("managedClusters/[^/]+$", c)
	case "pool operation":
		in.Pools[0].Object.Spec.NodeLabels = map[string]string{"edit": fmt.Sprint(r.edits)}
		r.failOperation("agentPools/[^/]+$", c)
		conditionType = v1beta1.AgentPoolsReadyCondition
	case "delete pool":
		in.Pools[0].Deleting = true
		in.Pools[0].Object.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
		r.answers.say("^DELETE .*/agentPools/[^/]+$", c)
		conditionType = v1beta1.AgentPoolsReadyCondition
	case "delete cluster":
		in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
		r.answers.say("^DELETE .*/managedClusters/[^/]+$", c)
		conditionType, deleting = v1beta1.DeletingCondition, true
	case "kubeconfig":
		r.answers.say("^POST .*/listClusterAdminCredential$", c)
		conditionType = v1beta1.KubeconfigReadyCondition
	case "read":
		r.answers.say("^GET .*/resourceGroups/[^/]+$", c)
	case "sign-in":
		r.answers.say("^POST .*/oauth2/v2.0/token$", c)
	default:
		r.Fatalf("no such request: %s", c.when)
	}
	o := outcome{ran: true, deleting: deleting, kubeconfigSafe: true}
	for range 40 {
		o.report = r.step(in)
		if heldBack(o.report) != nil {
			conditionType = v1beta1.SyncedCondition
		}
		if len(o.report.Failed) > 0 || heldBack(o.report) != nil || o.report.Error != nil || o.report.KubeconfigError != nil || len(o.report.Replanned) > 0 {
			break
		}
		r.clock.Advance(max(o.report.Requeue, time.Second))
	}
	if o.report.Error != nil && !deleting {
		conditionType = v1beta1.SyncedCondition
	}
	return o, conditionType
}

// edited are copies of the declared objects with one more generation.
func (r *errorRig) edited() aks.Inputs {
	in := r.in
	in.SpecChanged = true
	in.ControlPlane = in.ControlPlane.DeepCopy()
	in.ControlPlane.Generation = int64(r.edits)
	in.Pools = append([]aks.Pool{}, in.Pools...)
	for i := range in.Pools {
		in.Pools[i].Object, in.Pools[i].SpecChanged = in.Pools[i].Object.DeepCopy(), true
		in.Pools[i].Object.Generation = int64(r.edits)
	}
	return in
}

// failOperation lets the operation of the next request fail, with the document of the case.
func (r *errorRig) failOperation(path string, c errorCase) {
	r.azure.ClearFaults()
	fault := azuresim.Fault{Method: http.MethodPut, PathRegex: path, Times: 1, FailOperation: &simarm.OperationError{Code: "Replaced", Message: "by the case"}}
	if err := r.azure.AddFaults(fault); err != nil {
		r.Fatal(err)
	}
	r.answers.say("^GET .*/locations/[^/]+/operations/[^/]+$", c)
}

// Every text Azure answers with, from the wire to the condition on the object.
func TestErrorsFromAzureToTheObject(t *testing.T) {
	r := newErrorRig(t)
	hit := map[int]string{}
	var golden strings.Builder
	for _, c := range errorCases {
		t.Run(c.name, func(t *testing.T) {
			r.T = t
			o, conditionType := r.provoke(c)
			e := errorOf(o)
			if e == nil {
				t.Fatalf("nothing came of it: %+v", o.report.Hold)
			}
			row, _ := aks.FindRow(*e)
			hit[row] = c.name
			d := aks.Diagnose(*e)
			if d.Reason != c.reason {
				t.Errorf("reason %s, want %s", d.Reason, c.reason)
			}
			fmt.Fprintf(&golden, "%s (%s)\n    %s: ", c.name, c.when, d.Reason)
			if c.next == "replan" {
				if len(o.report.Replanned) == 0 || o.report.Requeue < time.Second {
					t.Errorf("want a new observation after %s: %+v", o.report.Requeue, o.report.Error)
				}
				fmt.Fprintf(&golden, "looked at again after %s\n", o.report.Requeue)
				return
			}
			condition := r.conditionOf(o, conditionType)
			r.check(c, *e, o, condition)
			fmt.Fprintln(&golden, varying.ReplaceAllString(condition.Message, "<...>"))
		})
	}
	for i, row := range aks.ErrorTable() {
		if hit[i] == "" {
			t.Errorf("row %d (%d %s %q) has no case", i, row.Status, row.Code, row.Message)
		}
	}
	goldenText(t, "errors.txt", golden.String())
}

// varying are the parts of a message that depend on when and where the test runs.
var varying = regexp.MustCompile(`2026-01-02T[0-9:]+Z|2026-01-02 [0-9:]+|https://127[0-9.:]+`)

// errorOf is the error of a step, wherever it went.
func errorOf(o outcome) *aks.AzureError {
	for _, id := range o.report.Failed {
		failure := o.report.Failures[strings.ToLower(id)]
		return &failure.Error
	}
	if len(o.report.Replanned) > 0 {
		return &o.report.Replanned[0].AzureError
	}
	if o.report.Error != nil {
		return &o.report.Error.AzureError
	}
	if held := heldBack(o.report); held != nil {
		return held
	}
	return o.report.KubeconfigError
}

func (r *errorRig) conditionOf(o outcome, conditionType string) metav1.Condition {
	r.Helper()
	conditions := controlPlaneConditions(o)
	if conditionType == v1beta1.AgentPoolsReadyCondition {
		conditions = poolConditions(o, poolObjects{pool: r.in.Pools[0].Object})
	}
	condition := meta.FindStatusCondition(conditions, conditionType)
	if condition == nil {
		r.Fatalf("no condition %s", conditionType)
	}
	return *condition
}

// check compares a condition with what the case and the error promise.
func (r *errorRig) check(c errorCase, e aks.AzureError, o outcome, condition metav1.Condition) {
	r.Helper()
	if condition.Reason != c.reason {
		r.Errorf("%s has reason %s, want %s: %s", condition.Type, condition.Reason, c.reason, condition.Message)
	}
	parts := append([]string{e.Code}, c.says...)
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Target != "" {
		parts = append(parts, "(target "+e.Target+")")
	}
	if c.when != "unreachable" {
		parts = append(parts, "[correlation id "+caseCorrelation+"]")
	}
	switch c.next {
	case "never":
		parts = append(parts, "; not sent again until the spec or Azure changes")
	case "soon":
		parts = append(parts, "; tried again within ")
		if o.report.Requeue <= 0 {
			r.Error("nobody comes back")
		}
	case "change":
		parts = append(parts, "; asked again when the cluster changes")
	default:
		pause, err := time.ParseDuration(c.next)
		if err != nil {
			r.Fatal(err)
		}
		at := r.clock.Now().Add(pause)
		parts = append(parts, "; sent again at "+at.UTC().Format(time.RFC3339))
		if o.report.Requeue <= 0 || o.report.Requeue > pause {
			r.Errorf("comes back after %s, want within %s", o.report.Requeue, pause)
		}
	}
	for _, part := range parts {
		if part = strings.ReplaceAll(part, "{seen}", r.answers.seenText()); !strings.Contains(condition.Message, part) {
			r.Errorf("%s says\n  %s\nand not\n  %s", condition.Type, condition.Message, part)
		}
	}
}
