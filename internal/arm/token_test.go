package arm

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func TestSignInErrors(t *testing.T) {
	body := func(description string) string {
		return `{"error":"invalid_client","error_description":"` + description +
			` Trace ID: 7e1f5a2c-0000-4000-8000-000000000000 Correlation ID: 1c5f5a2c-0000-4000-8000-000000000000 Timestamp: 2026-01-02 03:04:05Z","error_codes":[7000215],"timestamp":"2026-01-02 03:04:05Z"}`
	}
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{
			"wrong secret", 401, body("AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app 'app'."),
			"AADSTS7000215: Invalid client secret provided. (HTTP 401)",
		},
		{
			"expired secret", 401, body("AADSTS7000222: The provided client secret keys for app 'app' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret."),
			"AADSTS7000222: The provided client secret keys for app 'app' are expired. (HTTP 401)",
		},
		{
			"unknown application", 400, body("AADSTS700016: Application with identifier 'app' was not found in the directory 'contoso.onmicrosoft.com'. This can happen if the application has not been installed."),
			"AADSTS700016: Application with identifier 'app' was not found in the directory 'contoso.onmicrosoft.com'. (HTTP 401)",
		},
		{
			"expired certificate", 401, body("AADSTS700027: Client assertion contains an invalid signature. [Reason - The key used is expired., Thumbprint of key used by client: 'AB12', Found key 'Start=01/01/2025 00:00:00, End=01/01/2026 00:00:00', Please visit the Azure Portal.]"),
			"AADSTS700027: Client assertion contains an invalid signature. (The key used is expired) (HTTP 401)",
		},
		{
			"unknown certificate", 401, body("AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: 'AB12']"),
			"AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application. (The key was not found) (HTTP 401)",
		},
		{"one sentence", 401, body("AADSTS50001: No."), "AADSTS50001: No. (HTTP 401)"},
		{"no description", 403, `{}`, "AuthenticationFailed: the sign-in was refused without a reason by {authority} (HTTP 401)"},
		{"Entra ID is down", 503, "", "AuthenticationFailed: the sign-in was refused without a reason by {authority} (HTTP 503)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := startAzure(t, nil)
			a.token = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After-Ms", "1")
				reply(w, tc.status, tc.body)
			}
			_, err := a.client(t).Get(t.Context(), testCluster, testVersion)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error = %v", err)
			}
			if want := strings.ReplaceAll(tc.want, "{authority}", a.URL); e.Error() != want {
				t.Errorf("line = %s\nwant   %s", e.Error(), want)
			}
			if e.CorrelationID == "" {
				t.Error("no correlation id")
			}
		})
	}
}

func TestSignInWithoutTokenFile(t *testing.T) {
	a := startAzure(t, nil)
	c := a.client(t, func(config *Config) {
		credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: azcore.ClientOptions{Cloud: a.cloud(), Transport: a.Client()}, DisableInstanceDiscovery: true,
			TenantID: "11111111-1111-1111-1111-111111111111", ClientID: "app", TokenFilePath: "/nowhere/token",
		})
		if err != nil {
			t.Fatal(err)
		}
		config.Credential = credential
	})
	_, err := c.Get(t.Context(), testCluster, testVersion)
	if want := "AuthenticationFailed: WorkloadIdentityCredential: open /nowhere/token: no such file or directory. (HTTP 401)"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestUnknownTenant(t *testing.T) {
	a := startAzure(t, nil)
	inner := a.Config.Handler
	a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "openid-configuration") {
			reply(w, 400, `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant '11111111-1111-1111-1111-111111111111' not found. Check to make sure you have the correct tenant ID.","error_codes":[90002]}`)
			return
		}
		inner.ServeHTTP(w, r)
	})
	_, err := a.client(t).Get(t.Context(), testCluster, testVersion)
	if want := "AADSTS90002: Tenant '11111111-1111-1111-1111-111111111111' not found. (HTTP 401)"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}
