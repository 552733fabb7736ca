package arm

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// azure is a server that speaks the token protocol of Entra ID and leaves ARM's answers to the test.
type azure struct {
	*httptest.Server
	token http.HandlerFunc // nil: a token

	mu       sync.Mutex
	requests []*http.Request // ARM's only
	bodies   []string
}

func startAzure(t *testing.T, arm http.HandlerFunc) *azure {
	t.Helper()
	return start(t, arm, true) // management.azure.com speaks HTTP/2
}

func start(t *testing.T, arm http.HandlerFunc, http2 bool) *azure {
	t.Helper()
	a := &azure{}
	if arm == nil {
		arm = func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 404, `{"error":{"code":"ResourceNotFound","message":"not found"}}`)
		}
	}
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/v2.0/.well-known/openid-configuration"):
			base := a.URL + "/" + strings.Split(r.URL.Path, "/")[1]
			reply(w, 200, `{"token_endpoint":"`+base+`/oauth2/v2.0/token","authorization_endpoint":"`+base+`/oauth2/v2.0/authorize","issuer":"`+base+`/v2.0"}`)
		case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
			if a.token != nil {
				a.token(w, r)
				return
			}
			reply(w, 200, `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"t0ken"}`)
		default:
			body, _ := io.ReadAll(r.Body)
			a.mu.Lock()
			a.requests, a.bodies = append(a.requests, r), append(a.bodies, string(body))
			a.mu.Unlock()
			arm(w, r)
		}
	}))
	a.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are broken on purpose
	a.EnableHTTP2 = http2
	a.StartTLS()
	t.Cleanup(a.Close)
	return a
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (a *azure) sent() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]*http.Request(nil), a.requests...)
}

func (a *azure) cloud() cloud.Configuration {
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: a.URL + "/",
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: a.URL, Audience: "https://management.azure.com"},
		},
	}
}

func (a *azure) credential(t *testing.T) azcore.TokenCredential {
	t.Helper()
	c, err := azidentity.NewClientSecretCredential("11111111-1111-1111-1111-111111111111", "app", "s3cret", &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{Cloud: a.cloud(), Transport: a.Client(), Retry: policy.RetryOptions{MaxRetries: -1}}, DisableInstanceDiscovery: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a *azure) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{Cloud: a.cloud(), Credential: a.credential(t), Transport: a.Client(), UserAgent: "capaks/v1.2.3"}
	for _, c := range change {
		c(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	client.reads.RetryDelay = time.Millisecond
	return client
}

func mustJSON(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
