package identity

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

func noEnv(string) string { return "" }

func env(values map[string]string) func(string) string {
	return func(k string) string { return values[k] }
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTokens(t *testing.T) {
	cert, private := newCertificate(t)
	both := slices.Concat(cert, private)
	pkcs12, err := os.ReadFile("testdata/app.p12") // a self-signed certificate made for this test
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		spec   Spec
		secret map[string][]byte
		env    map[string]string
		want   map[string]string // parts of the token request
		jwt    bool              // signed assertion
	}{
		{
			name: "client secret, newline of echo", spec: Spec{Type: ServicePrincipal, TenantID: tenant + "\n", ClientID: " app\n"},
			secret: map[string][]byte{KeyClientSecret: []byte("s3cret \n")},
			want:   map[string]string{"grant_type": "client_credentials", "client_id": "app", "client_secret": "s3cret ", "scope": "https://management.azure.com/.default openid offline_access profile"},
		},
		{
			name: "old name", spec: Spec{Type: ManualServicePrincipal, TenantID: tenant, ClientID: "app", ClientSecret: "s3cret"},
			want: map[string]string{"client_secret": "s3cret"},
		},
		{
			name: "certificate in the Secret", spec: Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app"},
			secret: map[string][]byte{KeyCertificate: both}, want: map[string]string{"client_id": "app"}, jwt: true,
		},
		{
			name: "certificate under the other key", spec: Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app"},
			secret: map[string][]byte{KeyClientSecret: both}, want: map[string]string{"client_id": "app"}, jwt: true,
		},
		{
			name: "PEM beside a password for something else", spec: Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app"},
			secret: map[string][]byte{KeyCertificate: both, KeyPassword: []byte("x")}, want: map[string]string{"client_id": "app"}, jwt: true,
		},
		{
			name: "PKCS#12 with a password", spec: Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app"},
			secret: map[string][]byte{KeyCertificate: pkcs12, KeyPassword: []byte("s3cret\n")}, want: map[string]string{"client_id": "app"}, jwt: true,
		},
		{
			name: "certificate file", spec: Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app", CertificatePath: write(t, "c.pem", both)},
			want: map[string]string{"client_id": "app"}, jwt: true,
		},
		{
			name: "workload identity", spec: Spec{Type: WorkloadIdentity, TenantID: tenant, ClientID: "app", TokenFile: write(t, "token", []byte("a.b.c"))},
			want: map[string]string{"client_id": "app", "client_assertion": "a.b.c", "client_secret": ""},
		},
		{
			name: "workload identity, file from the environment", spec: Spec{Type: WorkloadIdentity, TenantID: tenant, ClientID: "app"},
			env:  map[string]string{"AZURE_FEDERATED_TOKEN_FILE": write(t, "token", []byte("d.e.f"))},
			want: map[string]string{"client_assertion": "d.e.f"},
		},
		{
			name: "manager: secret", env: map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": "mgr", "AZURE_CLIENT_SECRET": "m", "AZURE_FEDERATED_TOKEN_FILE": "/nowhere"},
			want: map[string]string{"client_id": "mgr", "client_secret": "m"},
		},
		{
			name: "manager: certificate", env: map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": "mgr", "AZURE_CLIENT_CERTIFICATE_PATH": write(t, "m.pem", both)},
			want: map[string]string{"client_id": "mgr"}, jwt: true,
		},
		{
			name: "manager: workload identity", env: map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": "mgr", "AZURE_FEDERATED_TOKEN_FILE": write(t, "token", []byte("g.h.i"))},
			want: map[string]string{"client_id": "mgr", "client_assertion": "g.h.i"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := startEntra(t)
			if tc.secret != nil {
				tc.spec.SetSecret(tc.secret)
			}
			credential, err := NewCache(Options{Getenv: env(tc.env)}).Credential(tc.spec, e.cloud(), e.Client())
			if err != nil {
				t.Fatal(err)
			}
			token, err := credential.GetToken(t.Context(), scope)
			if err != nil || token.Token != "t0ken" {
				t.Fatalf("token = %q, %v", token.Token, err)
			}
			if len(e.tokens) != 1 || !strings.HasPrefix(e.paths[0], "/"+tenant+"/") {
				t.Fatalf("requests: %v", e.paths)
			}
			form := e.tokens[0]
			for k, want := range tc.want {
				if form.Get(k) != want {
					t.Errorf("%s = %q, want %q", k, form.Get(k), want)
				}
			}
			if tc.jwt && (form.Get("client_secret") != "" || strings.Count(form.Get("client_assertion"), ".") != 2) {
				t.Errorf("no signed assertion in %v", form)
			}
		})
	}
}

func TestManagedIdentity(t *testing.T) {
	const resource = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mi"
	for _, tc := range []struct {
		name             string
		spec             Spec
		env              map[string]string
		client, identity string
	}{
		{name: "by client id", spec: Spec{Type: UserAssignedMSI, TenantID: tenant, ClientID: "mi-1", ResourceID: resource}, client: "mi-1"},
		{name: "by resource id", spec: Spec{Type: UserAssignedMSI, ResourceID: resource}, identity: resource},
		{name: "manager: user assigned", env: map[string]string{"AZURE_CLIENT_ID": "mi-2"}, client: "mi-2"},
		{name: "manager: the machine's own"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := startEntra(t)
			credential, err := NewCache(Options{Getenv: env(tc.env)}).Credential(tc.spec, e.cloud(), &metadataTransport{e})
			if err != nil {
				t.Fatal(err)
			}
			token, err := credential.GetToken(t.Context(), scope)
			if err != nil || token.Token != "mi-t0ken" {
				t.Fatalf("token = %q, %v", token.Token, err)
			}
			if len(e.metadata) != 1 {
				t.Fatalf("requests: %v", e.paths)
			}
			q := e.metadata[0]
			if q.Get("client_id") != tc.client || q.Get("msi_res_id")+q.Get("mi_res_id") != tc.identity {
				t.Errorf("query = %v", q)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	cert, _ := newCertificate(t)
	pkcs12, err := os.ReadFile("testdata/app.p12")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		spec  Spec
		env   map[string]string
		field string
		words []string
	}{
		{"no tenant", Spec{Type: ServicePrincipal, ClientID: "app", ClientSecret: "s"}, nil, "tenantID", []string{"missing"}},
		{"tenant is a URL", Spec{Type: ServicePrincipal, TenantID: "https://x", ClientID: "app", ClientSecret: "s"}, nil, "tenantID", []string{`"https://x"`, "GUID"}},
		{"no client", Spec{Type: WorkloadIdentity, TenantID: tenant}, nil, "clientID", []string{"missing"}},
		{"no secret", Spec{Type: ServicePrincipal, TenantID: tenant, ClientID: "app", ClientSecret: "\n"}, nil, "clientSecret", []string{"key clientSecret", "spec.clientSecret"}},
		{"no certificate", Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app"}, nil, "certificate", []string{"key certificate", "certPath"}},
		{"not a certificate", Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app", Certificate: []byte("hello")}, nil, "certificate", []string{"PEM", "PKCS#12"}},
		{"wrong password", Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app", Certificate: pkcs12, CertificatePassword: "guess"}, nil, "certificate", []string{"password"}},
		{"certificate without key", Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app", Certificate: cert}, nil, "certificate", []string{"no private key"}},
		{"file that is not there", Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app", CertificatePath: "/nowhere/c.pem"}, nil, "certPath", []string{"/nowhere/c.pem", "mount"}},
		{"managed identity without id", Spec{Type: UserAssignedMSI}, nil, "clientID", []string{"client id"}},
		{"unknown", Spec{Type: "Password"}, nil, "type", []string{`"Password"`, ServicePrincipal, ServicePrincipalCertificate, WorkloadIdentity, UserAssignedMSI, UserAssignedIdentityCredential}},
		{"internal name", Spec{Type: systemAssigned}, nil, "type", []string{"not known"}},
		{"manager without tenant", Spec{}, map[string]string{"AZURE_CLIENT_ID": "m", "AZURE_CLIENT_SECRET": "s"}, "tenantID", []string{"AZURE_TENANT_ID", "manager"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := NewCache(Options{Getenv: env(tc.env)}).Credential(tc.spec, cloud.AzurePublic, nil)
			field, ok := errors.AsType[*FieldError](err)
			if !ok || field.Field != tc.field || field.Fix == "" {
				t.Fatalf("error = %v, want a FieldError of %s", err, tc.field)
			}
			for _, word := range tc.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not mention %s", err, word)
				}
			}
			if strings.Contains(err.Error(), "hello") {
				t.Errorf("%q shows what may be a secret", err)
			}
		})
	}
}

func TestSecretsStayOutOfLogs(t *testing.T) {
	s := Spec{Type: ServicePrincipal, TenantID: tenant, ClientID: "app", ClientSecret: "s3cret", Certificate: []byte("s3cret"), CertificatePassword: "s3cret"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, s); strings.Contains(text, "s3cret") || !strings.Contains(text, "app") {
			t.Errorf("%s = %s", format, text)
		}
		if text := fmt.Sprintf(format, &s); strings.Contains(text, "s3cret") {
			t.Errorf("pointer %s = %s", format, text)
		}
	}
}

// TestCacheKey changes every input of a credential in turn: each change has to give another credential, or two identities would share a token.
func TestCacheKey(t *testing.T) {
	certA, keyA := newCertificate(t)
	certB, keyB := newCertificate(t)
	e := startEntra(t)
	base := Spec{Type: ServicePrincipal, TenantID: tenant, ClientID: "app", ClientSecret: "s"}
	withCertificate := Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app", Certificate: slices.Concat(certA, keyA)}
	file := withCertificate
	file.Certificate, file.CertificatePath = nil, write(t, "c.pem", slices.Concat(certA, keyA))
	federated := Spec{Type: WorkloadIdentity, TenantID: tenant, ClientID: "app", TokenFile: write(t, "token", []byte("a.b.c"))}
	msi := Spec{Type: UserAssignedMSI, ResourceID: "/a"}
	otherAudience := e.cloud()
	otherAudience.Services = map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: e.URL, Audience: "https://other"}}

	c := NewCache(Options{Getenv: noEnv})
	seen := map[azcore.TokenCredential]string{}
	get := func(name string, s Spec, in cloud.Configuration) {
		t.Helper()
		first, err := c.Credential(s, in, e.Client())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again, _ := c.Credential(s, in, e.Client()); again != first {
			t.Errorf("%s: not cached", name)
		}
		if other, found := seen[first]; found {
			t.Errorf("%s shares the credential of %s", name, other)
		}
		seen[first] = name
	}
	change := func(s Spec, f func(*Spec)) Spec { f(&s); return s }
	get("base", base, e.cloud())
	get("tenant", change(base, func(s *Spec) { s.TenantID = "other.example.com" }), e.cloud())
	get("client", change(base, func(s *Spec) { s.ClientID = "app2" }), e.cloud())
	get("secret", change(base, func(s *Spec) { s.ClientSecret = "s2" }), e.cloud())
	get("cloud", base, cloud.AzureChina)
	get("audience", base, otherAudience)
	get("certificate", withCertificate, e.cloud())
	get("other certificate", change(withCertificate, func(s *Spec) { s.Certificate = slices.Concat(certB, keyB) }), e.cloud())
	get("certificate file", file, e.cloud())
	if err := os.WriteFile(file.CertificatePath, slices.Concat(certB, keyB), 0o600); err != nil {
		t.Fatal(err)
	}
	get("rotated certificate file", file, e.cloud())
	get("token file", federated, e.cloud())
	get("other token file", change(federated, func(s *Spec) { s.TokenFile = write(t, "token", []byte("a.b.c")) }), e.cloud())
	get("managed identity", msi, e.cloud())
	get("other managed identity", change(msi, func(s *Spec) { s.ResourceID = "/b" }), e.cloud())

	if plain, _ := c.Credential(base, e.cloud(), &metadataTransport{e}); seen[plain] != "" {
		t.Error("another transport shares the credential of " + seen[plain])
	}
	old, err := c.Credential(change(base, func(s *Spec) { s.Type = ManualServicePrincipal; s.ClientSecret = "s\n" }), e.cloud(), e.Client())
	if err != nil || seen[old] != "base" {
		t.Errorf("the old type name and a trailing newline made another credential (%v)", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := NewCache(Options{Max: 3, Getenv: noEnv})
	get := func(client string) azcore.TokenCredential {
		t.Helper()
		credential, err := c.Credential(Spec{Type: ServicePrincipal, TenantID: tenant, ClientID: client, ClientSecret: "s"}, cloud.AzurePublic, nil)
		if err != nil {
			t.Fatal(err)
		}
		return credential
	}
	a, b := get("a"), get("b")
	get("c")
	if get("a") != a {
		t.Error("a was not cached")
	}
	get("d") // b is the one not used for the longest time
	if c.Len() != 3 || get("a") != a || get("b") == b {
		t.Errorf("the cache holds %d, or dropped the wrong one", c.Len())
	}
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	e := startEntra(t)
	c := NewCache(Options{Getenv: noEnv})
	var wg sync.WaitGroup
	var mu sync.Mutex
	distinct := map[azcore.TokenCredential]bool{}
	for range 16 {
		wg.Go(func() {
			credential, err := c.Credential(Spec{Type: ServicePrincipal, TenantID: tenant, ClientID: "app", ClientSecret: "s"}, e.cloud(), e.Client())
			if err == nil {
				_, err = credential.GetToken(t.Context(), scope)
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			distinct[credential] = true
		})
	}
	wg.Wait()
	if len(distinct) != 1 || len(e.tokens) != 1 {
		t.Errorf("%d credentials and %d token requests for one identity, want one of each", len(distinct), len(e.tokens))
	}
}
