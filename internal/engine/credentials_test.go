package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
)

// access is what a controller would have stored.
type access struct {
	*rig
	file, people []byte
	tokens       []string
}

func (a *access) step() engine.Report {
	a.t.Helper()
	report := a.rig.step()
	if k := report.Kubeconfig; k != nil {
		if k.Value != nil {
			a.file = k.Value
		}
		if k.Token != nil {
			file, err := aks.TokenKubeconfig(a.file, k.Token.Value)
			if err != nil {
				a.t.Fatal(err)
			}
			a.file, a.tokens = file, append(a.tokens, k.Token.Value)
		}
	}
	if k := report.UserKubeconfig; k != nil {
		a.people = k.Value
	}
	return report
}

// settle steps until all is as declared; a token leaves something to come back for.
func (a *access) settle() engine.Report {
	a.t.Helper()
	for range 60 {
		report := a.step()
		if report.Done {
			return report
		}
		if report.Requeue == 0 {
			a.t.Fatalf("not done and nothing to wait for: hold %+v, error %+v", report.Hold, report.Error)
		}
		a.clock.Advance(report.Requeue)
	}
	a.t.Fatal("does not settle in 60 steps")
	return engine.Report{}
}

// nodes is how many nodes the kubeconfig shows, -1 when it is refused.
func (a *access) nodes(file []byte) int {
	a.t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig(file)
	if err != nil {
		a.t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		a.t.Fatal(err)
	}
	list, err := client.CoreV1().Nodes().List(a.t.Context(), metav1.ListOptions{})
	if apierrors.IsUnauthorized(err) || err != nil && strings.Contains(err.Error(), "x509") {
		return -1
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return len(list.Items)
}

// posts are the requests for credentials since number n.
func (a *access) posts(n int) (list []string) {
	for _, r := range a.azure.Requests()[n:] {
		if _, action, ok := strings.Cut(r.Path, "/my-cluster/list"); ok && r.Method == http.MethodPost {
			action, _, _ = strings.Cut(action, "?")
			list = append(list, action)
		}
	}
	return list
}

func newAccess(t *testing.T, local bool, entra bool) *access {
	t.Helper()
	a := &access{rig: newRig(t)}
	if entra {
		a.in.ControlPlane.Spec.AADProfile = &v1beta1.AADProfile{Managed: new(true), TenantID: a.azure.Env()["AZURE_TENANT_ID"]}
	}
	if !local {
		a.in.ControlPlane.Spec.DisableLocalAccounts = new(true)
	}
	return a
}

func TestCredentialsOfClusters(t *testing.T) {
	for _, tc := range []struct {
		name         string
		local, entra bool
		posts        string
		tokens       int
	}{
		{"local accounts", true, false, "ClusterAdminCredential", 0},
		{"local accounts and Entra ID", true, true, "ClusterAdminCredential ClusterUserCredential", 0},
		{"Entra ID only", false, true, "ClusterUserCredential", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := newAccess(t, tc.local, tc.entra)
			a.settle()
			if got := strings.Join(a.posts(0), " "); got != tc.posts {
				t.Errorf("asked for %q, want %q", got, tc.posts)
			}
			if n := a.nodes(a.file); n != 4 || len(a.tokens) != tc.tokens {
				t.Errorf("the kubeconfig shows %d nodes, want 4; %d tokens, want %d", n, len(a.tokens), tc.tokens)
			}
			if people := string(a.people); tc.entra != strings.Contains(people, "kubelogin") || strings.Contains(people, "client-key-data") {
				t.Errorf("people have\n%s", people)
			}
			// What is stored is good: nothing is asked for again, by this manager or the next.
			for range 2 {
				n := len(a.azure.Requests())
				if report := a.settle(); report.Kubeconfig != nil || report.UserKubeconfig != nil || len(a.posts(n)) > 0 {
					t.Errorf("asked again: %+v", report.Kubeconfig)
				}
				a.restart()
			}
			a.noClientErrors()
		})
	}
}

func TestTokenIsReplacedInTimeWithoutAskingAnythingOfAzure(t *testing.T) {
	a := newAccess(t, false, true)
	a.settle()
	for i := range 4 {
		before, n := a.token, len(a.azure.Requests())
		half := before.Expires.Sub(a.clock.Now()) / 2
		report := a.step()
		if report.Kubeconfig != nil || report.Requeue <= half-time.Minute || report.Requeue > half+time.Minute {
			t.Fatalf("round %d: back after %s, want about %s, and nothing new yet", i, report.Requeue, half)
		}
		a.clock.Advance(report.Requeue)
		if report = a.step(); report.Kubeconfig == nil || report.Kubeconfig.Token == nil || report.Kubeconfig.Value != nil {
			t.Fatalf("round %d: no new token alone: %+v", i, report.Kubeconfig)
		}
		if left := before.Expires.Sub(a.clock.Now()); left < half-time.Minute {
			t.Errorf("round %d: the old token has %s left, want %s", i, left, half)
		}
		if got := a.azure.Requests()[n:]; len(got) > 0 {
			t.Errorf("round %d: Azure was asked: %v", i, a.requests(n, false))
		}
		if i == 1 { // another manager goes on where this one was
			a.restart()
			a.settle()
		}
	}
	distinct := map[string]bool{}
	for _, token := range a.tokens {
		distinct[token] = true
	}
	if len(distinct) != 5 || a.nodes(a.file) != 4 {
		t.Errorf("%d different tokens of %d, want 5; nodes %d", len(distinct), len(a.tokens), a.nodes(a.file))
	}
}

// An operation may take longer than a token lives.
func TestTokenIsReplacedDuringAnOperation(t *testing.T) {
	a := newAccess(t, false, true)
	a.settle()
	a.in.ControlPlane.Spec.AdditionalTags = map[string]string{"a": "b"}
	a.in.SpecChanged = true
	report := a.step()
	if report.Operation == nil {
		t.Fatalf("no operation: %+v", report)
	}
	if err := a.azure.AddFaults(azuresim.Fault{Method: "GET", PathRegex: "/operations/", Status: 503, Code: "ServiceUnavailable", Message: "later"}); err != nil {
		t.Fatal(err)
	}
	tokens := len(a.tokens)
	a.clock.Advance(a.token.Refresh.Sub(a.clock.Now()))
	a.step()
	if len(a.tokens) != tokens+1 {
		t.Errorf("%d tokens, want one more than %d", len(a.tokens), tokens)
	}
}

func TestTokenOfAnotherIdentityIsReplacedAtOnce(t *testing.T) {
	a := newAccess(t, false, true)
	a.settle()
	a.principal = "11111111-1111-1111-1111-111111111111/another"
	n := len(a.azure.Requests())
	if report := a.step(); report.Kubeconfig == nil || report.Kubeconfig.Token == nil || report.Kubeconfig.Token.Mark.Identity != a.principal || len(a.posts(n)) > 0 {
		t.Errorf("kubeconfig %+v", report.Kubeconfig)
	}
	a.principal = "22222222-2222-2222-2222-222222222222/another"
	if report := a.step(); report.Kubeconfig != nil || report.KubeconfigError == nil || report.KubeconfigError.Code != aks.ReasonTenantMismatch {
		t.Errorf("another tenant: kubeconfig %+v, error %+v", report.Kubeconfig, report.KubeconfigError)
	}
}

func TestRefusedTokenIsAskedForAgain(t *testing.T) {
	a := newAccess(t, false, true)
	if err := a.azure.AddFaults(azuresim.Fault{Method: "POST", PathRegex: "/oauth2/v2.0/token$", BodyRegex: "6dae42f8", Status: 400, Code: "invalid_resource", Message: "AADSTS500011: The resource principal named 6dae was not found in the tenant named t."}); err != nil {
		t.Fatal(err)
	}
	report := a.settle()
	if report.TokenError == nil || report.Kubeconfig != nil {
		t.Fatalf("error %+v, kubeconfig stored: %v", report.TokenError, report.Kubeconfig != nil)
	}
	if a.people == nil {
		t.Error("people have no kubeconfig, although they need no token of ours")
	}
	for _, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		a.clock.Advance(report.Requeue)
		if report = a.step(); report.Requeue != want || report.TokenError == nil {
			t.Errorf("again after %s, want %s (%+v)", report.Requeue, want, report.TokenError)
		}
	}
	a.azure.ClearFaults()
	a.clock.Advance(report.Requeue)
	if report = a.step(); report.TokenError != nil || a.nodes(a.file) != 4 {
		t.Errorf("error %+v, nodes %d", report.TokenError, a.nodes(a.file))
	}
}

func TestRotationBySomebodyElseIsNoticed(t *testing.T) {
	for _, local := range []bool{true, false} {
		a := newAccess(t, local, true)
		a.settle()
		old, n := a.file, len(a.azure.Requests())
		a.act("rotateClusterCertificates")
		a.clock.Advance(2 * fleet.DefaultInterval)
		a.fleet.Refresh(t.Context())
		if len(a.news) == 0 {
			t.Fatal("the listing shows nothing new")
		}
		if a.nodes(old) != -1 {
			t.Error("the old credentials still work")
		}
		a.settle()
		if a.nodes(a.file) != 4 {
			t.Errorf("local accounts %v: the new credentials do not work", local)
		}
		if posts := a.posts(n); len(posts) > 2 {
			t.Errorf("asked %v", posts)
		}
		a.noClientErrors()
	}
}

// act sends an action to the cluster as somebody else would.
func (r *rig) act(action string) {
	r.t.Helper()
	if _, err := r.newClient(r.azure.Env()).Post(r.t.Context(), aks.NamesOf(r.in).ClusterID+"/"+action, aks.ContainerServiceAPIVersion, nil, nil); err != nil {
		r.t.Fatal(err)
	}
}

func TestClusterNobodyCanLogInTo(t *testing.T) {
	a := newAccess(t, true, false)
	a.settle()
	a.editCluster(`{"properties":{"disableLocalAccounts":true}}`)
	a.etag = ""
	a.restart()
	n := len(a.azure.Requests())
	report := a.settle()
	if report.KubeconfigError == nil || report.KubeconfigError.Code != aks.ReasonNoCredentials || len(a.posts(n)) > 0 {
		t.Errorf("error %+v, asked for %v", report.KubeconfigError, a.posts(n))
	}
}

// A converged cluster asks Azure nothing by itself. That its credentials are refused shows all the same, and those that replace
// them are used from then on, by the listing as well.
func TestRefusedCredentialsOfAConvergedClusterAreNoticed(t *testing.T) {
	r := newRig(t)
	r.settle()
	old := r.client
	if err := r.azure.AddFaults(azuresim.Fault{PathRegex: "/managedClusters$", Status: 401, Code: "InvalidAuthenticationToken", Message: "The access token is invalid."}); err != nil {
		t.Fatal(err)
	}
	refresh := func() {
		r.news = nil
		r.clock.Advance(fleet.DefaultInterval + time.Second)
		r.fleet.Refresh(t.Context())
	}
	refresh()
	if len(r.news) != 1 {
		t.Fatalf("news %v, want one", r.news)
	}
	if report := r.step(); report.Error == nil || report.Error.Code != "InvalidAuthenticationToken" {
		t.Fatalf("error %+v", report.Error)
	}
	refresh()
	if len(r.news) != 0 {
		t.Errorf("told again: %v", r.news)
	}
	r.azure.ClearFaults()
	if r.client = r.newClient(r.azure.Env()); r.client == old {
		t.Fatal("the same client")
	}
	if report := r.settle(); report.Error != nil {
		t.Fatalf("error %+v", report.Error)
	}
	// The former group is gone with its last member: one listing, and a change made by somebody else is noticed by it.
	r.editCluster(`{"tags":{"policy":"added"}}`)
	n := len(r.azure.Requests())
	refresh()
	listings := 0
	for _, request := range r.azure.Requests()[n:] {
		if strings.HasSuffix(strings.Split(request.Path, "?")[0], "/managedClusters") {
			listings++
		}
	}
	if listings != 1 || len(r.news) != 1 {
		t.Errorf("%d listings and news %v, want one of each", listings, r.news)
	}
}
