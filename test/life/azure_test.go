package life

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
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
)

// The emulated world's own tenant, and a person in it.
const (
	tenant           = "11111111-1111-1111-1111-111111111111"
	subscription     = "/subscriptions/00000000-0000-0000-0000-000000000000"
	person           = "aaaaaaaa-0000-4000-8000-000000000001"
	personSecret     = "azuresim-secret-a"
	containerService = "2026-05-01"
)

// azure is the emulator as a person sees it: ARM with their own credentials, and its control API for what happens behind
// everybody's back.
type azure struct {
	url, token string
	http       *http.Client
	log        []request // of the manager
	end        int
	provoked   []func(request) bool
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
	return &azure{url: box.AzureURL(), http: &http.Client{Timeout: 20 * time.Second, Transport: transport}}, nil
}

// request is one line of the emulator's log.
type request struct {
	N          int       `json:"n"`
	Time       time.Time `json:"time"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	UserAgent  string    `json:"userAgent"`
	Status     int       `json:"status"`
	ErrorCode  string    `json:"errorCode"`
	Body       object    `json:"requestBody"`
	SpecErrors []string  `json:"specErrors"`
}

func (r request) String() string {
	return fmt.Sprintf("%d %s %s: %d %s", r.N, r.Method, r.Path, r.Status, r.ErrorCode)
}

// write tells whether the request changes something: of the operations those that only tell something do not.
func (r request) write() bool {
	path, _, _ := strings.Cut(strings.ToLower(r.Path), "?")
	reads := strings.Contains(path[strings.LastIndex(path, "/"):], "/list") || strings.HasSuffix(path, "/listcredential")
	return r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == http.MethodDelete || r.Method == http.MethodPost && !reads
}

// to tells whether the request is about exactly that resource.
func (r request) to(id string) bool {
	path, _, _ := strings.Cut(r.Path, "?")
	return strings.EqualFold(path, id)
}

// requests are those of the manager after number since that the filters let pass.
func (a *azure) requests(t *testing.T, since int, filters ...func(request) bool) []request {
	t.Helper()
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
		if r.N > since && !slices.ContainsFunc(filters, func(pass func(request) bool) bool { return !pass(r) }) {
			out = append(out, r)
		}
	}
	return out
}

// writes are the requests that change something of a cluster.
func (a *azure) writes(t *testing.T, since int, c cluster) []request {
	t.Helper()
	return a.requests(t, since, c.about, request.write)
}

// last is the number of the latest request of the manager.
func (a *azure) last(t *testing.T) int {
	t.Helper()
	if all := a.requests(t, 0); len(all) > 0 {
		return all[len(all)-1].N
	}
	return 0
}

// provoke says which refused writes a story brought about on purpose.
func (a *azure) provoke(which func(request) bool) { a.provoked = append(a.provoked, which) }

// clean fails for every request about a cluster that is not as the official description says, and every write that Azure refused
// although no story provoked it.
func (a *azure) clean(t *testing.T, c cluster) {
	t.Helper()
	for _, r := range a.requests(t, 0, c.about) {
		if len(r.SpecErrors) > 0 {
			t.Errorf("%s is not as described: %q", r, r.SpecErrors)
		}
		if r.write() && r.Status >= 400 && !slices.ContainsFunc(a.provoked, func(is func(request) bool) bool { return is(r) }) {
			t.Errorf("a write was refused: %s", r)
		}
	}
}

// get reads a resource as somebody else than the manager.
func (a *azure) get(t *testing.T, id string) object {
	t.Helper()
	raw, err := a.arm(http.MethodGet, id+"?api-version="+containerService, nil)
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	var out object
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// advance lets time pass in Azure.
func (a *azure) advance(t *testing.T, by time.Duration) {
	t.Helper()
	a.control(t, http.MethodPost, "clock", object{"advance": by.String()})
}

// pause makes time in Azure stand still until the test ends: what runs there goes on with advance only. It is for stories in which
// something has to happen before an operation ends, on a machine however busy.
func (a *azure) pause(t *testing.T) {
	t.Helper()
	a.control(t, http.MethodPost, "clock", object{"pause": true})
	t.Cleanup(func() { a.control(t, http.MethodPost, "clock", object{"resume": true}) })
}

// outside is a change by somebody else, or by AKS itself.
func (a *azure) outside(t *testing.T, change object) {
	t.Helper()
	a.control(t, http.MethodPost, "outside", change)
}

// control calls the emulator's own API.
func (a *azure) control(t *testing.T, method, call string, body any) []byte {
	t.Helper()
	raw, err := a.do(method, "/_azuresim/"+call, body)
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return raw
}

// arm is a request with the credentials of a person, who signs in for the first one.
func (a *azure) arm(method, path string, body any) ([]byte, error) {
	if a.token == "" {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {person}, "client_secret": {personSecret}, "scope": {"https://management.azure.com/.default"}}
		response, err := a.http.PostForm(a.url+"/"+tenant+"/oauth2/v2.0/token", form)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close() //nolint:errcheck // read only
		var token struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.NewDecoder(response.Body).Decode(&token); err != nil {
			return nil, err
		}
		a.token = token.AccessToken
	}
	return a.do(method, path, body)
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
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
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
