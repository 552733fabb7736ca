package scenarios

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

// The emulated world's own tenant, and a person in it.
const (
	tenant       = "11111111-1111-1111-1111-111111111111"
	subscription = "/subscriptions/00000000-0000-0000-0000-000000000000"
	person       = "aaaaaaaa-0000-4000-8000-000000000001"
	secret       = "azuresim-secret-a"
)

// apiVersions are those with which the scenarios look at a type of resource.
var apiVersions = map[string]string{
	"microsoft.containerservice/managedclusters":       "2026-05-01",
	"microsoft.containerservice/fleets":                "2024-04-01",
	"microsoft.kubernetesconfiguration/extensions":     "2023-05-01",
	"microsoft.network/privateendpoints":               "2024-05-01",
	"microsoft.network/virtualnetworks":                "2021-02-01",
	"microsoft.resources/resourcegroups":               "2021-04-01",
	"microsoft.managedidentity/userassignedidentities": "2023-01-31",
}

// azure is the emulator as a person sees it.
type azure struct {
	url   string
	http  *http.Client
	token string

	mu  sync.Mutex
	log []request // of the manager
	end int
}

func newAzure(t *testing.T, box *sandbox.Sandbox) *azure {
	t.Helper()
	variables, err := box.AzureEnv()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	for _, v := range variables {
		if v.Name == "SSL_CERT_FILE" {
			ca, err := os.ReadFile(v.Value)
			if err != nil {
				t.Fatal(err)
			}
			roots.AppendCertsFromPEM(ca)
		}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 32}
	a := &azure{url: box.AzureURL(), http: &http.Client{Timeout: 20 * time.Second, Transport: transport}}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {person}, "client_secret": {secret}, "scope": {"https://management.azure.com/.default"}}
	response, err := a.http.PostForm(a.url+"/"+tenant+"/oauth2/v2.0/token", form)
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
	a.token = token.AccessToken
	return a
}

// request is one line of the emulator's log.
type request struct {
	N          int      `json:"n"`
	Method     string   `json:"method"`
	Path       string   `json:"path"`
	UserAgent  string   `json:"userAgent"`
	Status     int      `json:"status"`
	ErrorCode  string   `json:"errorCode"`
	Body       object   `json:"requestBody"`
	SpecErrors []string `json:"specErrors"`
}

// write tells whether the request changes something: of the operations only those that start and stop do.
func (r request) write() bool {
	path, _, _ := strings.Cut(strings.ToLower(r.Path), "?")
	return r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == http.MethodDelete ||
		r.Method == http.MethodPost && (strings.HasSuffix(path, "/start") || strings.HasSuffix(path, "/stop"))
}

func (r request) String() string {
	return fmt.Sprintf("%d %s %s: %d %s", r.N, r.Method, r.Path, r.Status, r.ErrorCode)
}

// requests are those of the manager after number since that the filter lets pass.
func (a *azure) requests(t *testing.T, since int, filter func(request) bool) []request {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	raw, err := a.do(http.MethodGet, fmt.Sprintf("/_azuresim/requests?since=%d", a.end), nil)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	for decoder.More() {
		var r request
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if a.end = r.N; strings.HasPrefix(r.UserAgent, "capaks/") {
			a.log = append(a.log, r)
		}
	}
	var out []request
	for _, r := range a.log {
		if r.N > since && filter(r) {
			out = append(out, r)
		}
	}
	return out
}

// last is the number of the latest request of the manager.
func (a *azure) last(t *testing.T) int {
	t.Helper()
	all := a.requests(t, 0, func(request) bool { return true })
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].N
}

// resources are the ids that contain a part, without case.
func (a *azure) resources(t *testing.T, part string) (ids []string) {
	t.Helper()
	raw, err := a.do(http.MethodGet, "/_azuresim/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	var state struct{ Resources []struct{ ID string } }
	if err := json.Unmarshal(raw, &state); err != nil {
		t.Fatal(err)
	}
	for _, r := range state.Resources {
		if strings.Contains(strings.ToLower(r.ID)+"/", strings.ToLower(part)) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// put makes a resource, as somebody else than the manager.
func (a *azure) put(t *testing.T, r resource) {
	t.Helper()
	if raw, err := a.do(http.MethodPut, r.ID+"?api-version="+r.APIVersion, r.Body); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	until(t, limit, nil, func() string {
		if state, _ := lookup(a.get(t, r.ID, r.APIVersion), "properties", "provisioningState"); state != nil && state != "Succeeded" {
			return fmt.Sprintf("%s is %v", r.ID, state)
		}
		return ""
	})
}

// get reads a resource, nil where there is none.
func (a *azure) get(t *testing.T, id, apiVersion string) object {
	t.Helper()
	raw, err := a.do(http.MethodGet, id+"?api-version="+apiVersion, nil)
	if err != nil && strings.HasSuffix(err.Error(), "404 Not Found") {
		return nil
	}
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	var out object
	if err := kjson.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// versionFor is the api-version of an id's innermost provider.
func versionFor(id string) string {
	lower := strings.ToLower(id)
	at := strings.LastIndex(lower, "/providers/")
	if at < 0 {
		return apiVersions["microsoft.resources/resourcegroups"]
	}
	parts := strings.Split(lower[at+len("/providers/"):], "/")
	return apiVersions[parts[0]+"/"+parts[1]]
}

// outside is a change by somebody else.
func (a *azure) outside(t *testing.T, change object) {
	t.Helper()
	if raw, err := a.do(http.MethodPost, "/_azuresim/outside", change); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
}

func (a *azure) do(method, path string, body any) ([]byte, error) {
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
	r.Header.Set("Authorization", "Bearer "+a.token)
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
