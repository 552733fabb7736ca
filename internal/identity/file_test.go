package identity

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// credentialJSON is a file as the managed identity data plane hands it out, with what signing in does not need as well.
func credentialJSON(t *testing.T, changes map[string]any) []byte {
	t.Helper()
	cert, private := newCertificate(t)
	file := map[string]any{
		"tenant_id": tenant, "client_id": "mi", "client_secret": base64.StdEncoding.EncodeToString(slices.Concat(cert, private)),
		"authentication_endpoint": "", "object_id": "o", "resource_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mi",
		"not_before": "2026-01-01T00:00:00Z", "not_after": "2026-03-01T00:00:00Z", "renew_after": "2026-02-15T00:00:00Z", "custom_claims": map[string]any{},
	}
	for k, v := range changes {
		file[k] = v
		if v == nil {
			delete(file, k)
		}
	}
	raw, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestCredentialFile(t *testing.T) {
	e := startEntra(t)
	cache := NewCache(Options{Getenv: noEnv})
	// What the object says of tenant and client does not matter: the file belongs to one identity.
	spec := Spec{Type: UserAssignedIdentityCredential, TenantID: "other.example.com", ClientID: "other", CertificatePath: write(t, "credential.json", credentialJSON(t, nil))}
	get := func() *Credential {
		t.Helper()
		credential, err := cache.Credential(spec, e.cloud(), e.Client())
		if err != nil {
			t.Fatal(err)
		}
		return credential
	}
	first := get()
	if token, err := first.GetToken(t.Context(), scope); err != nil || token.Token != "t0ken" {
		t.Fatalf("token = %q, %v", token.Token, err)
	}
	if form := e.tokens[0]; form.Get("client_id") != "mi" || strings.Count(form.Get("client_assertion"), ".") != 2 || !strings.HasPrefix(e.paths[0], "/"+tenant+"/") {
		t.Errorf("signed in as %v at %s", form, e.paths[0])
	}
	if first.Principal != tenant+"/mi" || time.Until(first.NotAfter) <= 0 || time.Until(first.NotAfter) > 2*time.Hour {
		t.Errorf("principal %q, end %s", first.Principal, first.NotAfter)
	}
	if get() != first {
		t.Error("the same file gave another credential")
	}
	if err := os.WriteFile(spec.CertificatePath, credentialJSON(t, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if rotated := get(); rotated == first {
		t.Error("the rotated file was not read")
	}
}

func TestCredentialFileRefusals(t *testing.T) {
	for _, tc := range []struct {
		name    string
		content []byte
		words   []string
	}{
		{"not JSON", []byte("s3cret"), []string{"not such JSON"}},
		{"no secret", credentialJSON(t, map[string]any{"client_secret": nil}), []string{"no client_secret"}},
		{"no tenant", credentialJSON(t, map[string]any{"tenant_id": nil}), []string{"no tenant_id"}},
		{"not base64", credentialJSON(t, map[string]any{"client_secret": "s3cret!"}), []string{"not base64"}},
		{"not a certificate", credentialJSON(t, map[string]any{"client_secret": base64.StdEncoding.EncodeToString([]byte("s3cret"))}), []string{"certificate"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := Spec{Type: UserAssignedIdentityCredential, CertificatePath: write(t, "credential.json", tc.content)}
			expectFieldError(t, spec, nil, fieldCredentialsPath, append(tc.words, spec.CertificatePath)...)
		})
	}
	expectFieldError(t, Spec{Type: UserAssignedIdentityCredential}, nil, fieldCredentialsPath, "missing")
	expectFieldError(t, Spec{Type: UserAssignedIdentityCredential, CertificatePath: "/nowhere"}, nil, fieldCredentialsPath, "/nowhere", "mount")
}

func expectFieldError(t *testing.T, spec Spec, variables map[string]string, field string, words ...string) {
	t.Helper()
	_, err := NewCache(Options{Getenv: env(variables)}).Credential(spec, cloud.AzurePublic, nil)
	got, ok := errors.AsType[*FieldError](err)
	if !ok || got.Field != field || got.Fix == "" {
		t.Fatalf("error = %v, want a FieldError of %s", err, field)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not mention %s", err, word)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%q shows a secret", err)
	}
}

func TestSignInHostOfACredentialFile(t *testing.T) {
	private := cloud.Configuration{ActiveDirectoryAuthorityHost: "https://login.example.com/"}
	for _, tc := range []struct {
		file, cloudType string
		in              cloud.Configuration
		want            string
	}{
		{"", "", cloud.AzurePublic, cloud.AzurePublic.ActiveDirectoryAuthorityHost},
		{"", "public", cloud.AzurePublic, cloud.AzurePublic.ActiveDirectoryAuthorityHost},
		{"", "China", cloud.AzurePublic, cloud.AzureChina.ActiveDirectoryAuthorityHost},
		{"", "USGovernment", cloud.AzureGovernment, cloud.AzureGovernment.ActiveDirectoryAuthorityHost},
		{"", "public", private, "https://login.example.com/"},
		{"https://westus2.login.microsoft.com/", "china", cloud.AzurePublic, "https://westus2.login.microsoft.com/"},
	} {
		if got := (Spec{authority: tc.file, CloudType: tc.cloudType}).signInHost(tc.in); got != tc.want {
			t.Errorf("file %q, cloud type %q: %s, want %s", tc.file, tc.cloudType, got, tc.want)
		}
	}
}

func TestFederatedTokenFile(t *testing.T) {
	token := func(end time.Time) []byte {
		return []byte("h." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, end.Unix())) + ".s\n")
	}
	spec := func(content []byte) Spec {
		return Spec{Type: WorkloadIdentity, TenantID: tenant, ClientID: "app", TokenFile: write(t, "token", content)}
	}
	const field = "AZURE_FEDERATED_TOKEN_FILE"
	expectFieldError(t, Spec{Type: WorkloadIdentity, TenantID: tenant, ClientID: "app", TokenFile: "/nowhere"}, nil, field, "/nowhere", "azure.workload.identity/use=true")
	expectFieldError(t, Spec{Type: WorkloadIdentity, TenantID: tenant, ClientID: "app"}, map[string]string{field: "/elsewhere"}, field, "/elsewhere")
	expectFieldError(t, spec(nil), nil, field, "holds no token")
	old := time.Now().Add(-time.Hour)
	expectFieldError(t, spec(token(old)), nil, field, old.UTC().Format(time.RFC3339), "kubelet")
	for _, good := range [][]byte{token(time.Now().Add(time.Hour)), []byte("a.b.c"), []byte("a." + base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + ".c")} {
		if _, err := NewCache(Options{Getenv: noEnv}).Credential(spec(good), cloud.AzurePublic, nil); err != nil {
			t.Error(err)
		}
	}
}

// A renewed credential signs in again; the one it came from goes on handing out the token it has.
func TestRenewed(t *testing.T) {
	e := startEntra(t)
	credential, err := NewCache(Options{Getenv: noEnv}).Credential(Spec{Type: ServicePrincipal, TenantID: tenant, ClientID: "app", ClientSecret: "s"}, e.cloud(), e.Client())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := credential.GetToken(t.Context(), scope); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.tokens) != 1 {
		t.Fatalf("%d sign-ins, want 1", len(e.tokens))
	}
	renewed, err := credential.Renewed()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := renewed.GetToken(t.Context(), scope); err != nil {
		t.Fatal(err)
	}
	if len(e.tokens) != 2 {
		t.Errorf("%d sign-ins, want 2", len(e.tokens))
	}
}

func TestEndOfCertificates(t *testing.T) {
	cert, private := newCertificate(t)
	pkcs12, err := os.ReadFile("testdata/app.p12")
	if err != nil {
		t.Fatal(err)
	}
	get := func(s Spec) time.Time {
		t.Helper()
		credential, err := NewCache(Options{Getenv: noEnv}).Credential(s, cloud.AzurePublic, nil)
		if err != nil {
			t.Fatal(err)
		}
		return credential.NotAfter
	}
	of := func(certificate []byte, password string) Spec {
		return Spec{Type: ServicePrincipalCertificate, TenantID: tenant, ClientID: "app", Certificate: certificate, CertificatePassword: password}
	}
	if left := time.Until(get(of(slices.Concat(private, cert), ""))); left <= 0 || left > time.Hour {
		t.Errorf("PEM ends in %s, want within the hour", left)
	}
	if end := get(of(pkcs12, "s3cret")); end.Year() < 2027 {
		t.Errorf("PKCS#12 ends %s", end)
	}
	if end := get(Spec{Type: ServicePrincipal, TenantID: tenant, ClientID: "app", ClientSecret: "s"}); !end.IsZero() {
		t.Errorf("a client secret ends %s, which nobody can know", end)
	}
}
