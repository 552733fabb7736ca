package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/internal/sandbox"
)

// The identities and subscriptions of the emulated world.
const (
	tenantA, tenantB       = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
	subscriptionA          = "00000000-0000-0000-0000-000000000000"
	subscriptionDocs       = "fae7cc14-bfba-4471-9435-f945b42a16dd" // tenant A's, too
	subscriptionB          = "22222222-0000-0000-0000-000000000000"
	clientA, clientB       = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001"
	clientManaged          = "aaaaaaaa-0000-4000-8000-000000000002"
	clientNobody           = "aaaaaaaa-0000-4000-8000-000000000003"
	secretA, secretB       = "azuresim-secret-a", "azuresim-secret-b"
	secretNobody           = "azuresim-secret-nobody"
	containerService       = "2026-05-01"
	resourcesVersion       = "2021-04-01"
	networkVersion         = "2021-02-01"
	managedClusterProvider = "/providers/Microsoft.ContainerService/managedClusters/"
)

// azure is the emulator as a person sees it: ARM with their own credentials, and its own API for what happens behind the clients' backs.
type azure struct {
	url  string
	http *http.Client

	mu  sync.Mutex
	log []request // of the manager, as far as it was read
	end int       // number of the last request that was read
}

func newAzure(box *sandbox.Sandbox) (*azure, error) {
	variables, err := box.AzureEnv()
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, v := range variables {
		if v.Name == "SSL_CERT_FILE" {
			ca, err := os.ReadFile(v.Value)
			if err != nil {
				return nil, err
			}
			roots.AppendCertsFromPEM(ca)
		}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return &azure{url: box.AzureURL(), http: &http.Client{Timeout: 10 * time.Second, Transport: transport}}, nil
}

// request is one line of the emulator's log.
type request struct {
	N           int            `json:"n"`
	Time        time.Time      `json:"time"`
	Method      string         `json:"method"`
	Path        string         `json:"path"`
	Principal   string         `json:"principal"`
	UserAgent   string         `json:"userAgent"`
	Status      int            `json:"status"`
	ErrorCode   string         `json:"errorCode"`
	Body        map[string]any `json:"requestBody"`
	IfNoneMatch string         `json:"ifNoneMatch"`
	SpecErrors  []string       `json:"specErrors"`
}

func (r request) write() bool {
	return r.Method == "PUT" || r.Method == "PATCH" || r.Method == "DELETE"
}

// about tells whether the request's path has a part, without case.
func (r request) about(part string) bool {
	return strings.Contains(strings.ToLower(r.Path)+"?", strings.ToLower(part))
}

func (r request) String() string {
	return fmt.Sprintf("%d %s %s %d %s", r.N, r.Method, r.Path, r.Status, r.ErrorCode)
}

// requests are those of the manager after number since that the filters let pass.
func (a *azure) requests(t *testing.T, since int, filters ...func(request) bool) []request {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.readLog(t)
	var out []request
next:
	for _, r := range a.log {
		if r.N <= since {
			continue
		}
		for _, filter := range filters {
			if !filter(r) {
				continue next
			}
		}
		out = append(out, r)
	}
	return out
}

// readLog reads what is new: many stories ask often, and the log becomes long.
func (a *azure) readLog(t *testing.T) {
	t.Helper()
	raw, err := a.control(http.MethodGet, fmt.Sprintf("requests?since=%d", a.end), nil)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	for decoder.More() {
		var r request
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		a.end = r.N
		if strings.HasPrefix(r.UserAgent, "capaks/") {
			a.log = append(a.log, r)
		}
	}
}

// last is the number of the latest request.
func (a *azure) last(t *testing.T) int {
	t.Helper()
	all := a.requests(t, 0)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].N
}

func about(part string) func(request) bool { return func(r request) bool { return r.about(part) } }
func writes(r request) bool                { return r.write() }
func byPrincipal(id string) func(request) bool {
	return func(r request) bool { return strings.EqualFold(r.Principal, id) }
}

// puts are the PUTs of exactly one resource.
func puts(id string) func(request) bool {
	return func(r request) bool { return r.Method == http.MethodPut && r.about(id+"?") }
}

func accepted(r request) bool { return r.Status >= 200 && r.Status < 300 }

// azureState is what GET /_azuresim/state shows.
type azureState struct {
	Resources  []struct{ ID, Type, ProvisioningState string }
	Operations []struct{ Resource, State, Status string }
}

func (a *azure) state(t *testing.T) azureState {
	t.Helper()
	raw, err := a.control(http.MethodGet, "state", nil)
	if err != nil {
		t.Fatal(err)
	}
	var s azureState
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// resources are the ids that contain a part, without case.
func (a *azure) resources(t *testing.T, part string) []string {
	t.Helper()
	var ids []string
	for _, r := range a.state(t).Resources {
		if strings.Contains(strings.ToLower(r.ID)+"/", strings.ToLower(part)) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// running tells whether an operation works on a resource.
func (a *azure) running(t *testing.T, id string) bool {
	t.Helper()
	for _, o := range a.state(t).Operations {
		if strings.EqualFold(o.Resource, id) && o.Status == "InProgress" {
			return true
		}
	}
	return false
}

// edit changes a resource as the portal or AKS itself would.
func (a *azure) edit(t *testing.T, id string, merge map[string]any) {
	t.Helper()
	a.mustControl(t, http.MethodPost, "resource", map[string]any{"id": id, "merge": merge})
}

// fault spoils requests until it has hit as often as it says.
func (a *azure) fault(t *testing.T, rule map[string]any) {
	t.Helper()
	a.mustControl(t, http.MethodPost, "faults", rule)
}

// world adds to the world.
func (a *azure) world(t *testing.T, more map[string]any) {
	t.Helper()
	a.mustControl(t, http.MethodPut, "world", more)
}

func (a *azure) mustControl(t *testing.T, method, call string, body any) {
	t.Helper()
	if out, err := a.control(method, call, body); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func (a *azure) control(method, call string, body any) ([]byte, error) {
	return a.do(method, "/_azuresim/"+call, "", body)
}

// arm is a request of somebody else than the manager, with tenant A's service principal.
func (a *azure) arm(t *testing.T, method, id, apiVersion string, body any) map[string]any {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientA}, "client_secret": {secretA}, "scope": {"https://management.azure.com/.default"}}
	response, err := a.http.PostForm(a.url+"/"+tenantA+"/oauth2/v2.0/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	raw, err := a.do(method, id+"?api-version="+apiVersion, token.AccessToken, body)
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	var out map[string]any
	if len(raw) > 0 {
		if err := kjson.Unmarshal(raw, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// get reads a resource.
func (a *azure) get(t *testing.T, id, apiVersion string) map[string]any {
	t.Helper()
	return a.arm(t, http.MethodGet, id, apiVersion, nil)
}

func (a *azure) do(method, path, token string, body any) ([]byte, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, a.url+path, content) //nolint:noctx // bounded by the client's timeout
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "somebody-else")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := a.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	return raw, err
}

// expectCleanLog fails for every request that is not as the official description says, and every write Azure refused.
func (a *azure) expectCleanLog(t *testing.T, filters ...func(request) bool) {
	t.Helper()
	for _, r := range a.requests(t, 0, filters...) {
		if len(r.SpecErrors) > 0 {
			t.Errorf("%s is not as described: %q", r, r.SpecErrors)
		}
		if (r.write() || r.Method == http.MethodPost) && !accepted(r) {
			t.Errorf("a write was refused: %s", r)
		}
	}
}
