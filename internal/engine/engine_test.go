package engine_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

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

// rig is an engine and an emulated Azure with one paused clock between them.
type rig struct {
	t      *testing.T
	azure  *azuresim.Server
	clock  *clock.Clock
	engine *engine.Engine
	fleet  *fleet.Fleet
	client *arm.Client
	in     aks.Inputs
	etag   string
	// token, userETag and principal are what a controller keeps beside it.
	token     aks.TokenMark
	userETag  string
	principal string
	news      []string
	events    []string
	// workload is the Kubernetes API of the cluster for the engine, made of the kubeconfig it reports.
	workload   engine.Workload
	kubeconfig []byte
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: clock.New(1)}
	r.clock.Pause()
	azure, err := azuresim.Start(t.Context(), azuresim.Options{Clock: r.clock, NoThrottle: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(azure.Close)
	r.azure = azure
	r.client = r.newClient(azure.Env())
	r.restart()
	r.in = quickstart(azure.Env()["AZURE_SUBSCRIPTION_ID"])
	return r
}

func (r *rig) newClient(env map[string]string) *arm.Client {
	return r.newClientWith(env, arm.BudgetOptions{Factor: 1000})
}

func (r *rig) newClientWith(env map[string]string, budget arm.BudgetOptions) *arm.Client {
	r.t.Helper()
	transport := r.httpClient()
	cloud, err := arm.CloudFrom("", arm.CloudEnvFrom(func(name string) string { return env[name] }))
	if err != nil {
		r.t.Fatal(err)
	}
	spec := identity.Spec{Type: identity.ServicePrincipal, TenantID: env["AZURE_TENANT_ID"], ClientID: env["AZURE_CLIENT_ID"], ClientSecret: env["AZURE_CLIENT_SECRET"]}
	credential, err := identity.NewCache(identity.Options{}).Credential(spec, cloud, transport)
	if err != nil {
		r.t.Fatal(err)
	}
	r.principal = credential.Principal
	client, err := arm.New(arm.Config{Cloud: cloud, Credential: credential, Transport: transport, Now: r.clock.Now, Budget: arm.NewBudget(budget)})
	if err != nil {
		r.t.Fatal(err)
	}
	return client
}

// restart loses everything the manager keeps in memory.
func (r *rig) restart() {
	r.fleet = fleet.New(fleet.Options{Now: r.clock.Now, Notify: func(owner string) { r.news = append(r.news, owner) }})
	r.engine = engine.New(engine.Options{Now: r.clock.Now, Fleet: r.fleet})
}

// step makes one step, keeping what a controller would keep in annotations and Secrets.
func (r *rig) step() engine.Report {
	report := r.engine.Step(r.t.Context(), engine.Request{Owner: "default/my-cluster", Client: r.client, Inputs: r.in, KubeconfigETag: r.etag, StoredToken: r.token, UserKubeconfigETag: r.userETag, Principal: r.principal, Workload: r.workload})
	for _, sent := range report.Sent {
		r.events = append(r.events, string(sent.Action.Verb)+" "+sent.Action.Kind+" "+sent.Action.Name)
	}
	if report.Kubeconfig != nil {
		r.etag = report.Kubeconfig.ETag
		if report.Kubeconfig.Value != nil {
			r.kubeconfig = report.Kubeconfig.Value
		}
		if token := report.Kubeconfig.Token; token != nil {
			r.token = token.Mark
		}
	}
	if report.UserKubeconfig != nil {
		r.userETag = report.UserKubeconfig.ETag
	}
	r.in.Owned = r.in.Owned.Merge(report.Owned)
	for i := range r.in.Pools {
		if action, ok := report.OwnedPools[aks.PoolName(r.in.Pools[i].Object)]; ok {
			r.in.Pools[i].Owned = action.Owned
		}
		if rotation, ok := report.Rotations[r.in.Pools[i].Object.Name]; ok {
			rotation.Annotate(r.in.Pools[i].Object)
		}
	}
	return report
}

// settle steps, advancing the clock as far as each report asks, until nothing is left to do.
func (r *rig) settle() engine.Report {
	r.t.Helper()
	for range 60 {
		report := r.step()
		if report.Done && report.Requeue == 0 {
			return report
		}
		if report.Requeue == 0 {
			r.t.Fatalf("not done and nothing to wait for: hold %+v, error %+v", report.Hold, report.Error)
		}
		r.clock.Advance(report.Requeue)
	}
	r.t.Fatalf("does not settle in 60 steps: %v\n%s", r.events, strings.Join(r.requests(max(0, len(r.azure.Requests())-30), false), "\n"))
	return engine.Report{}
}

func quickstart(subscription string) aks.Inputs {
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "my-cluster", Namespace: "default"}}
	cp.Spec.Location = "southcentralus"
	cp.Spec.ResourceGroupName = "foo-bar"
	cp.Spec.SubscriptionID = subscription
	cp.Spec.Version = "v1.34.1"
	cp.Spec.NetworkPlugin = "azure"
	cp.Spec.NetworkPolicy = "azure"
	cp.Spec.LoadBalancerSKU = "Standard"
	return aks.Inputs{
		Cluster:      aks.Cluster{Name: "my-cluster", Namespace: "default", ServiceCIDRs: []string{"192.168.0.0/16"}},
		ControlPlane: cp,
		Pools:        []aks.Pool{pool("pool0", v1beta1.NodePoolModeSystem), pool("pool1", v1beta1.NodePoolModeUser)},
	}
}

func pool(name string, mode v1beta1.NodePoolMode) aks.Pool {
	object := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
	object.Spec.Mode = mode
	object.Spec.SKU = "Standard_D2s_v3"
	object.Spec.OSDiskType = "Managed"
	object.Spec.OSType = "Linux"
	object.Spec.ScaleDownMode = "Delete"
	return aks.Pool{Object: object, MachinePool: name, Replicas: new(int32(2)), Version: "v1.34.1"}
}

// editCluster changes the cluster as somebody else would, outside of the provider.
func (r *rig) editCluster(merge string) {
	r.t.Helper()
	r.edit(aks.NamesOf(r.in).ClusterID, merge)
}

// edit changes any resource as somebody else would.
func (r *rig) edit(id, merge string) {
	r.t.Helper()
	httpClient := r.httpClient()
	response, err := httpClient.Post(r.azure.URL()+"/_azuresim/resource", "application/json", strings.NewReader(`{"id":"`+id+`","merge":`+merge+`}`))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 {
		r.t.Fatalf("editing %s: %s", id, response.Status)
	}
}

func (r *rig) httpClient() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(r.azure.CAPEM())
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
}

// requests are what Azure got since the last call, without reads when writes is set.
func (r *rig) requests(from int, writes bool) []string {
	var list []string
	for _, request := range r.azure.Requests()[from:] {
		if writes && request.Method == http.MethodGet {
			continue
		}
		list = append(list, request.Method+" "+request.Path)
	}
	return list
}

func (r *rig) wantEvents(want ...string) {
	r.t.Helper()
	if got, want := strings.Join(r.events, "; "), strings.Join(want, "; "); got != want {
		r.t.Errorf("requests\n got %s\nwant %s", got, want)
	}
	r.events = nil
}

// noClientErrors: nothing we sent may be refused, and every body must be valid.
func (r *rig) noClientErrors() {
	r.t.Helper()
	for _, request := range r.azure.Requests() {
		if len(request.SpecErrors) > 0 {
			r.t.Errorf("%s %s: body is not valid: %v", request.Method, request.Path, request.SpecErrors)
		}
		if request.Status >= 400 && request.Method != http.MethodGet {
			r.t.Errorf("%s %s: status %d %s", request.Method, request.Path, request.Status, request.ErrorCode)
		}
	}
}

func TestLifeCycle(t *testing.T) {
	r := newRig(t)
	report := r.settle()
	r.wantEvents("Create resourceGroup foo-bar", "Create virtualNetwork my-cluster", "Create managedCluster my-cluster")
	if n := len(r.azure.Requests()); n > 20 {
		t.Errorf("creating took %d requests, want at most 20:\n%s", n, strings.Join(r.requests(0, false), "\n"))
	}
	for _, name := range []string{"pool0", "pool1"} {
		if got := len(report.ProviderIDs[name]); got != 2 {
			t.Errorf("%s has %d provider ids, want 2", name, got)
		}
	}

	idle := len(r.azure.Requests())
	for range 5 {
		r.step()
	}
	if extra := r.requests(idle, false); len(extra) > 0 {
		t.Errorf("idle steps asked Azure: %v", extra)
	}

	*r.in.Pools[1].Replicas = 5
	if report = r.settle(); len(report.ProviderIDs["pool1"]) != 5 {
		t.Errorf("after scaling to 5: %d provider ids", len(report.ProviderIDs["pool1"]))
	}
	*r.in.Pools[1].Replicas = 3
	r.settle()
	r.wantEvents("Update agentPool pool1", "Update agentPool pool1")

	r.in.ControlPlane.Spec.Version = "v1.35.1"
	for i := range r.in.Pools {
		r.in.Pools[i].Version = "v1.35.1"
	}
	r.settle()
	r.wantEvents("Update managedCluster my-cluster", "Update agentPool pool0", "Update agentPool pool1")

	r.in.Pools = append(r.in.Pools, pool("pool2", v1beta1.NodePoolModeUser))
	r.settle()
	r.in.Pools[2].Deleting = true
	r.settle()
	r.wantEvents("Create agentPool pool2", "Delete agentPool pool2")

	r.in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	r.settle()
	r.wantEvents("Delete managedCluster my-cluster", "Delete resourceGroup foo-bar")
	r.noClientErrors()
}

func TestRestartInTheMiddleOfACreateSendsNothingTwice(t *testing.T) {
	r := newRig(t)
	for step := 0; ; step++ {
		report := r.step()
		if report.Done && report.Requeue == 0 {
			break
		}
		if step > 60 {
			t.Fatal("does not settle")
		}
		r.restart()
		r.clock.Advance(time.Second)
	}
	r.wantEvents("Create resourceGroup foo-bar", "Create virtualNetwork my-cluster", "Create managedCluster my-cluster")
	r.noClientErrors()
}

func TestChangeInAzureIsNoticedByOneListAndRepairedOnce(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.events = nil
	r.editCluster(`{"tags":{"policy":"added","Name":"somebody-elses"}}`)
	before := len(r.azure.Requests())
	r.clock.Advance(fleet.DefaultInterval + time.Second)
	r.fleet.Refresh(t.Context())
	if len(r.news) != 1 {
		t.Fatalf("news = %v, want one", r.news)
	}
	r.settle()
	r.wantEvents("Update managedCluster my-cluster")
	for _, request := range r.azure.Requests()[before:] {
		if tags, _ := request.RequestBody["tags"].(map[string]any); request.Method == http.MethodPut && tags["policy"] != "added" {
			t.Errorf("the tag somebody else set was taken away: %v", tags)
		}
	}
	r.noClientErrors()
}

func TestDeletionDoesNotWaitForACreation(t *testing.T) {
	r := newRig(t)
	for len(r.events) < 3 {
		r.clock.Advance(r.step().Requeue)
	}
	r.events = nil
	r.in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	r.settle()
	r.wantEvents("Delete managedCluster my-cluster", "Delete resourceGroup foo-bar")
}

func TestForeignClusterIsLeftAlone(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.in.Owned = aks.Owned{}
	r.editCluster(`{"tags":null}`)
	r.restart()
	report := r.step()
	if report.Hold == nil || report.Hold.Reason != "AlreadyExists" {
		t.Fatalf("hold = %+v, want AlreadyExists", report.Hold)
	}
	before := len(r.azure.Requests())
	r.in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	r.step()
	for _, request := range r.requests(before, true) {
		if strings.Contains(request, "/managedClusters/") {
			t.Errorf("a foreign cluster got %s", request)
		}
	}
}

func TestFailedOperationKeepsAzuresReasonAndIsSentAgainWhenTheSpecChanges(t *testing.T) {
	r := newRig(t)
	if err := r.azure.AddFaults(azuresim.Fault{Method: "PUT", PathRegex: "managedClusters/my-cluster$", Times: 1,
		FailOperation: &simarm.OperationError{Code: "QuotaExceeded", Message: "Operation results in exceeding quota limits of Core. Maximum allowed: 4"}}); err != nil {
		t.Fatal(err)
	}
	var report engine.Report
	for len(report.Failures) == 0 {
		report = r.step()
		r.clock.Advance(report.Requeue)
	}
	for _, failure := range report.Failures {
		if failure.Error.Code != "QuotaExceeded" || !strings.Contains(failure.Error.Message, "Maximum allowed: 4") {
			t.Errorf("failure = %+v, want Azure's code and message", failure.Error)
		}
	}
	r.events = nil
	for range 3 {
		r.step()
	}
	r.wantEvents()
	r.in.SpecChanged = true
	*r.in.Pools[0].Replicas = 1
	if report = r.settle(); !report.Done {
		t.Errorf("not done after the spec changed: %+v", report.Hold)
	}
}
