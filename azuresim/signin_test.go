package azuresim_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/entra"
	"github.com/capaks/capaks/azuresim/world"
)

// fetch is a plain call without ARM's pipeline; form "" means GET.
func (m *sim) fetch(address, form string) (int, map[string]any) {
	m.t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = m.s.URL() + address
	}
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if form != "" {
		req, err = http.NewRequest(http.MethodPost, address, strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if err != nil {
		m.t.Fatal(err)
	}
	resp, err := m.http.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil && err != io.EOF {
		m.t.Fatalf("%s answered no JSON: %v", address, err)
	}
	return resp.StatusCode, body
}

func text(body map[string]any, key string) string { s, _ := body[key].(string); return s }

// Both generations of the token endpoint, and what they refuse.
func TestTokenEndpoint(t *testing.T) {
	m := start(t, azuresim.Options{})
	secret := "grant_type=client_credentials&client_id=" + world.ClientA + "&client_secret=" + world.SecretA
	scope := func(s string) string { return "&scope=" + url.QueryEscape(s) }
	for _, c := range []struct{ name, path, form, want string }{
		{"v2", "/oauth2/v2.0/token", secret + scope("https://management.azure.com//.default openid"), ""},
		{"v1", "/oauth2/token", secret + "&resource=https%3A%2F%2Fmanagement.azure.com%2F", ""},
		{"AKS server without consent", "/oauth2/v2.0/token", secret + scope(entra.KubernetesServer+"/.default"), ""},
		{"no grant", "/oauth2/v2.0/token", "client_id=x", "AADSTS900144"},
		{"no client", "/oauth2/v2.0/token", "grant_type=client_credentials", "AADSTS900144"},
		{"other grant", "/oauth2/v2.0/token", strings.Replace(secret, "client_credentials", "password", 1), "AADSTS70003"},
		{"no scope", "/oauth2/v2.0/token", secret, "AADSTS900144"},
		{"no resource", "/oauth2/token", secret, "AADSTS900144"},
		{"scope of a user", "/oauth2/v2.0/token", secret + scope("https://management.azure.com/user_impersonation"), "AADSTS1002012"},
		{"unknown resource", "/oauth2/v2.0/token", secret + scope("https://contoso.example/.default"), "AADSTS500011"},
		{"no proof", "/oauth2/v2.0/token", "grant_type=client_credentials&client_id=" + world.ClientA + scope("https://management.azure.com/.default"), "AADSTS7000216"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m.t = t
			status, body := m.fetch("/"+world.TenantA+c.path, c.form)
			if c.want == "" && (status != 200 || text(body, "access_token") == "" || body["expires_in"] == nil) {
				t.Errorf("%d %v", status, body)
			}
			if c.want != "" && (status < 400 || !strings.HasPrefix(text(body, "error_description"), c.want+":") || len(body["error_codes"].([]any)) != 1) {
				t.Errorf("%d %v, want %s", status, body, c.want)
			}
		})
	}
	m.t = t
	_, v1 := m.fetch("/"+world.TenantA+"/oauth2/token", secret+"&resource=https%3A%2F%2Fmanagement.azure.com%2F")
	if text(v1, "expires_in") != "3599" || text(v1, "resource") != "https://management.azure.com/" || text(v1, "expires_on") == "" {
		t.Errorf("the v1 endpoint writes texts: %v", v1)
	}
	if status, body := m.fetch("/common/oauth2/v2.0/token", secret+scope("https://management.azure.com/.default")); status != 400 || !strings.HasPrefix(text(body, "error_description"), "AADSTS50059") {
		t.Errorf("an application has to name its tenant: %d %v", status, body)
	}
}

// Discovery leads to endpoints and to keys with which the tokens can be checked.
func TestDiscovery(t *testing.T) {
	m := start(t, azuresim.Options{})
	for path, issuer := range map[string]string{
		"/" + world.TenantA + "/v2.0/.well-known/openid-configuration":       m.s.URL() + "/" + world.TenantA + "/v2.0",
		"/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration":     m.s.URL() + "/" + world.TenantA + "/v2.0",
		"/" + world.TenantA + "/.well-known/openid-configuration":            "https://sts.windows.net/" + world.TenantA + "/",
		"/common/v2.0/.well-known/openid-configuration":                      m.s.URL() + "/{tenantid}/v2.0",
		"/organizations/v2.0/.well-known/openid-configuration":               m.s.URL() + "/{tenantid}/v2.0",
		"/organizations/.well-known/openid-configuration":                    "https://sts.windows.net/{tenantid}/",
		"/common/discovery/instance?api-version=1.1&authorization_endpoint=": "",
	} {
		status, doc := m.fetch(path, "")
		if status != 200 || text(doc, "issuer") != issuer {
			t.Errorf("%s: %d %v", path, status, doc)
		}
		if issuer != "" && (strings.Contains(text(doc, "token_endpoint"), "v2.0") != strings.Contains(path, "v2.0")) {
			t.Errorf("%s leads to %s", path, text(doc, "token_endpoint"))
		}
	}
	_, doc := m.fetch("/"+world.TenantA+"/v2.0/.well-known/openid-configuration", "")
	_, set := m.fetch(text(doc, "jwks_uri"), "")
	key := set["keys"].([]any)[0].(map[string]any)
	n, err := base64.RawURLEncoding.DecodeString(text(key, "n"))
	if err != nil {
		t.Fatal(err)
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	access, err := token(m.cred)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jwt.Parse(access, func(*jwt.Token) (any, error) { return public, nil }); err != nil {
		t.Errorf("the published key does not fit the token: %v", err)
	}
}

// metadataAddress sends what is meant for a machine's metadata service to the emulator, as the machine's host does.
type metadataAddress struct {
	to   string
	next http.RoundTripper
}

func (a metadataAddress) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "169.254.169.254" {
		r.URL.Host = strings.TrimPrefix(a.to, "http://")
	}
	return a.next.RoundTrip(r)
}

// Managed identities as azidentity asks for them on a virtual machine, by every kind of name.
func TestInstanceMetadata(t *testing.T) {
	m := start(t, azuresim.Options{})
	identity := m.s.World().Principal(world.ClientIdentity)
	opts := m.options()
	opts.Transport = metadataAddress{m.s.Env()["AZURE_POD_IDENTITY_AUTHORITY_HOST"], m.http.Transport}
	for name, id := range map[string]azidentity.ManagedIDKind{
		"the host's own": nil, "client id": azidentity.ClientID(world.ClientIdentity), "object id": azidentity.ObjectID(identity.Object()), "resource id": azidentity.ResourceID(identity.ResourceID),
		"unknown": azidentity.ClientID("dddddddd-0000-4000-8000-000000000001"), "not a managed identity": azidentity.ClientID(world.ClientA),
	} {
		cred, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: id, ClientOptions: opts})
		if err != nil {
			t.Fatal(err)
		}
		ok := name != "unknown" && name != "not a managed identity"
		if _, err := token(cred); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	base := m.s.Env()["AZURE_POD_IDENTITY_AUTHORITY_HOST"] + "/metadata/identity/oauth2/token"
	if status, body := m.fetch(base+"?api-version=2018-02-01&resource=x", ""); status != 400 || body["error"] != "invalid_request" {
		t.Errorf("without the Metadata header: %d %v", status, body)
	}
}

func TestWorkloadIdentityCredential(t *testing.T) {
	m := start(t, azuresim.Options{})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	const id = "aaaaaaaa-0000-4000-8000-0000000000f2"
	m.s.AddWorld(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: id,
		Federated: []world.Federated{{Issuer: "https://oidc.test", Subject: "system:serviceaccount:ns:sa", PublicKeyPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))}}}}})
	claims := jwt.RegisteredClaims{Issuer: "https://oidc.test", Subject: "system:serviceaccount:ns:sa", Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour))}
	assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(assertion), 0o600); err != nil {
		t.Fatal(err)
	}
	cred, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientID: id, TenantID: world.TenantA, TokenFilePath: file, ClientOptions: m.options(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token(cred); err != nil {
		t.Error(err)
	}
}

// With tokens in emulated time, an hour on the emulated clock expires them.
func TestTokenExpiry(t *testing.T) {
	m := start(t, azuresim.Options{EmulatedTokenTime: true, TokenLifetime: 10 * time.Minute})
	m.group()
	m.do(200, "GET", group, rgVersion, "")
	m.clock.Advance(9 * time.Minute)
	m.do(200, "GET", group, rgVersion, "")
	m.clock.Advance(2 * time.Minute)
	m.refused(401, "ExpiredAuthenticationToken", "The access token expiry UTC time '11/1/2026 12:10:00 PM' is earlier than current UTC time '11/1/2026 12:11:00 PM'.", "GET", group, rgVersion, "")
	m.pipe = m.pipeline(m.secret(world.TenantA, world.ClientA, world.SecretA)) // a new token
	m.do(200, "GET", group, rgVersion, "")

	fast := start(t, azuresim.Options{EmulatedTokenTime: true, Clock: clock.New(60)})
	got, err := fast.cred.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{azuresim.Audience + "/.default"}})
	if left := time.Until(got.ExpiresOn); err != nil || left > time.Minute || left < 30*time.Second {
		t.Errorf("at sixty times the speed a token lives a minute for the client, not %s (%v)", left, err)
	}
}

// Requests for tokens are in the log for who wants to count them, and their secrets are not.
func TestTokenRequestsAreLogged(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	_, _ = token(m.secret(world.TenantA, world.ClientA, "wrong"))
	if got := len(m.s.Requests()); got != 1 {
		t.Errorf("%d ARM requests, want the PUT alone", got)
	}
	raw := string(m.control("GET", "requests?tokens=true", ""))
	if strings.Contains(raw, world.SecretA) || strings.Contains(raw, "wrong") {
		t.Errorf("a secret is in the log: %s", raw)
	}
	var codes []string
	for line := range strings.Lines(raw) {
		var e azuresim.Request
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Token {
			codes = append(codes, e.Principal+" "+e.ErrorCode)
		}
	}
	if want := world.ClientA + " ," + world.ClientA + " AADSTS7000215"; strings.Join(codes, ",") != want {
		t.Errorf("token requests %q, want %q", codes, want)
	}
}

// The three shapes of the cloud metadata document.
func TestCloudMetadata(t *testing.T) {
	m := start(t, azuresim.Options{})
	get := func(version string) []byte {
		resp, err := m.http.Get(m.s.URL() + "/metadata/endpoints?api-version=" + version)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	type cloud struct {
		Name, ResourceManager, GalleryEndpoint string
		Authentication                         struct {
			LoginEndpoint string
			Audiences     []string
		}
	}
	var oldest, newest cloud
	var list []cloud
	for version, into := range map[string]any{"2015-01-01": &oldest, "2019-05-01": &list, "2020-06-01": &list, "2022-09-01": &newest} {
		if err := json.Unmarshal(get(version), into); err != nil {
			t.Fatalf("%s: %v", version, err)
		}
	}
	if oldest.GalleryEndpoint == "" || len(list) != 1 {
		t.Errorf("%+v %+v", oldest, list)
	}
	for _, c := range []cloud{oldest, list[0], newest} {
		if c.Authentication.LoginEndpoint != m.s.URL()+"/" || c.Authentication.Audiences[0] != azuresim.Audience {
			t.Errorf("%+v", c)
		}
	}
	if newest.ResourceManager != m.s.URL()+"/" || newest.Name != "azuresim" {
		t.Errorf("%+v", newest)
	}
}

// The API of a cluster with managed Entra integration accepts tokens for the AKS server application, which any
// principal gets without consent; a token for ARM is none, and a cluster without the integration takes neither.
func TestClusterAcceptsEntraTokens(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"dnsPrefix"`, `"aadProfile":{"managed":true},"dnsPrefix"`, 1))
	plain := strings.TrimSuffix(cluster, "c1") + "plain"
	m.do(201, "PUT", plain, aksVersion, strings.Replace(twoPools, `"c1"`, `"plain"`, 1))
	m.clock.Advance(time.Minute)
	nodes := func(path, scope string) int {
		a := m.do(200, "POST", path+"/listClusterAdminCredential", aksVersion, "")
		raw, err := base64.StdEncoding.DecodeString(a.Body["kubeconfigs"].([]any)[0].(map[string]any)["value"].(string))
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := clientcmd.RESTConfigFromKubeConfig(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
		if err != nil {
			t.Fatal(err)
		}
		anonymous := rest.AnonymousClientConfig(cfg)
		anonymous.BearerToken = got.Token
		cs, err := kubernetes.NewForConfig(anonymous)
		if err != nil {
			t.Fatal(err)
		}
		list, err := cs.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		if apierrors.IsUnauthorized(err) {
			return -1
		}
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Items)
	}
	for _, c := range []struct {
		path, scope string
		want        int
	}{{cluster, entra.KubernetesServer + "/.default", 3}, {cluster, azuresim.Audience + "/.default", -1}, {plain, entra.KubernetesServer + "/.default", -1}} {
		if got := nodes(c.path, c.scope); got != c.want {
			t.Errorf("%s with a token for %s: %d nodes, want %d (-1: unauthorized)", c.path, c.scope, got, c.want)
		}
	}
}
