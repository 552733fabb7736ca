package sandboxtest

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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/internal/sandbox"
)

// The emulated world's own tenant and subscription, and somebody with every right in it.
const (
	Tenant       = "11111111-1111-1111-1111-111111111111"
	Subscription = "00000000-0000-0000-0000-000000000000"
	Person       = "aaaaaaaa-0000-4000-8000-000000000001"
	PersonSecret = "azuresim-secret-a"
)

// Azure is the emulator of a sandbox as a person sees it: ARM with their own credentials, the log of what the manager asked, and
// the emulator's own API for what happens behind everybody's back.
type Azure struct {
	URL  string
	http *http.Client

	mu    sync.Mutex
	token string
	log   []Request // of everybody, as far as it was read
	end   int       // number of the last request that was read
}

// NewAzure finds the emulator of a sandbox.
func NewAzure(box *sandbox.Sandbox) (*Azure, error) {
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
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 32}
	return &Azure{URL: box.AzureURL(), http: &http.Client{Timeout: 20 * time.Second, Transport: transport}}, nil
}

// Request is one line of the emulator's log.
type Request struct {
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

// Write tells whether the request changes something: of the operations all but those that list something.
func (r Request) Write() bool {
	path, _, _ := strings.Cut(strings.ToLower(r.Path), "?")
	lists := strings.HasPrefix(path[strings.LastIndex(path, "/")+1:], "list")
	return r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == http.MethodDelete || r.Method == http.MethodPost && !lists
}

// Accepted tells whether Azure took the request.
func (r Request) Accepted() bool { return r.Status >= 200 && r.Status < 300 }

// About tells whether the request's path has a part, without case.
func (r Request) About(part string) bool {
	return strings.Contains(strings.ToLower(r.Path)+"?", strings.ToLower(part))
}

// To tells whether the request is about exactly that resource.
func (r Request) To(id string) bool {
	path, _, _ := strings.Cut(r.Path, "?")
	return strings.EqualFold(path, id)
}

func (r Request) String() string {
	return fmt.Sprintf("%d %s %s: %d %s", r.N, r.Method, r.Path, r.Status, r.ErrorCode)
}

// Requests are those of the manager after number since that all filters let pass.
func (a *Azure) Requests(t testing.TB, since int, filters ...func(Request) bool) []Request {
	t.Helper()
	return a.All(t, since, append([]func(Request) bool{func(r Request) bool { return strings.HasPrefix(r.UserAgent, "capaks/") }}, filters...)...)
}

// All are the requests of everybody. Only what is new is read: many ask often, and the log becomes long.
func (a *Azure) All(t testing.TB, since int, filters ...func(Request) bool) []Request {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	decoder := json.NewDecoder(bytes.NewReader(a.Control(t, http.MethodGet, fmt.Sprintf("requests?since=%d", a.end), nil)))
	for decoder.More() {
		var r Request
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		a.log, a.end = append(a.log, r), r.N
	}
	var out []Request
	for _, r := range a.log {
		if r.N > since && !slices.ContainsFunc(filters, func(pass func(Request) bool) bool { return !pass(r) }) {
			out = append(out, r)
		}
	}
	return out
}

// Last is the number of the latest request of the manager.
func (a *Azure) Last(t testing.TB) int {
	t.Helper()
	all := a.Requests(t, 0)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].N
}

// State is what GET /_azuresim/state shows.
type State struct {
	Resources  []struct{ ID, Type, ProvisioningState string }
	Operations []struct{ Resource, State, Status string }
}

// State is the emulator's present state.
func (a *Azure) State(t testing.TB) State {
	t.Helper()
	var s State
	if err := json.Unmarshal(a.Control(t, http.MethodGet, "state", nil), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Resources are the ids that contain a part, without case.
func (a *Azure) Resources(t testing.TB, part string) (ids []string) {
	t.Helper()
	for _, r := range a.State(t).Resources {
		if strings.Contains(strings.ToLower(r.ID)+"/", strings.ToLower(part)) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Control calls the emulator's own API.
func (a *Azure) Control(t testing.TB, method, call string, body any) []byte {
	t.Helper()
	raw, err := a.do(method, "/_azuresim/"+call, "", body)
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return raw
}

// Outside is a change by somebody else, or by AKS itself.
func (a *Azure) Outside(t testing.TB, change map[string]any) {
	t.Helper()
	a.Control(t, http.MethodPost, "outside", change)
}

// ARM is a request with a person's credentials; it fails the test when Azure refuses it. An answer without content is nil.
func (a *Azure) ARM(t testing.TB, method, id, apiVersion string, body any) map[string]any {
	t.Helper()
	out, err := a.TryARM(method, id, apiVersion, body)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Get reads a resource, nil where there is none.
func (a *Azure) Get(t testing.TB, id, apiVersion string) map[string]any {
	t.Helper()
	out, err := a.TryARM(http.MethodGet, id, apiVersion, nil)
	if err != nil && !strings.Contains(err.Error(), "404 Not Found") {
		t.Fatal(err)
	}
	return out
}

// TryARM is a request with a person's credentials.
func (a *Azure) TryARM(method, id, apiVersion string, body any) (map[string]any, error) {
	send := func() ([]byte, error) {
		token, err := a.signIn()
		if err != nil {
			return nil, err
		}
		return a.do(method, id+"?api-version="+apiVersion, token, body)
	}
	raw, err := send()
	if err != nil && strings.Contains(err.Error(), "401 Unauthorized") {
		a.signOut() // the emulated clock may have gone past the end of the token
		raw, err = send()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, raw)
	}
	var out map[string]any
	if len(raw) > 0 {
		err = kjson.Unmarshal(raw, &out)
	}
	return out, err
}

func (a *Azure) signIn() (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != "" {
		return a.token, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {Person}, "client_secret": {PersonSecret}, "scope": {"https://management.azure.com/.default"}}
	response, err := a.http.PostForm(a.URL+"/"+Tenant+"/oauth2/v2.0/token", form)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err = json.NewDecoder(response.Body).Decode(&token)
	a.token = token.AccessToken
	return a.token, err
}

func (a *Azure) signOut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token = ""
}

func (a *Azure) do(method, path, token string, body any) ([]byte, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, a.URL+path, content) //nolint:noctx // bounded by the client's timeout
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
