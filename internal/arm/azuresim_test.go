// internal/arm/azuresim_test.go - drop in once azuresim.Start compiles.
package arm_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/identity"
)

func TestAgainstAzuresim(t *testing.T) {
	sim, err := azuresim.Start(t.Context(), azuresim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	env := sim.Env()
	getenv := func(k string) string { return env[k] }
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(sim.CAPEM())
	transport := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}

	in, err := arm.CloudFrom("", arm.CloudEnvFrom(getenv))
	if err != nil {
		t.Fatal(err)
	}
	credential, err := identity.NewCache(identity.Options{Getenv: getenv}).Credential(identity.Spec{
		Type: identity.ServicePrincipal, TenantID: env["AZURE_TENANT_ID"], ClientID: env["AZURE_CLIENT_ID"], ClientSecret: env["AZURE_CLIENT_SECRET"],
	}, in, transport)
	if err != nil {
		t.Fatal(err)
	}
	c, err := arm.New(arm.Config{Cloud: in, Credential: credential, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	const version = "2021-04-01"
	id := "/subscriptions/" + env["AZURE_SUBSCRIPTION_ID"] + "/resourceGroups/rg1"
	if _, err := c.Get(t.Context(), id, version); !arm.IsNotFound(err) {
		t.Fatalf("GET before: %v, want ResourceGroupNotFound", err)
	}
	if r, err := c.Put(t.Context(), id, version, map[string]any{"location": "westeurope"}, arm.Precondition{}); err != nil || r.Status != http.StatusCreated {
		t.Fatalf("PUT = %+v, %v", r, err)
	}
	r, err := c.Delete(t.Context(), id, version, arm.Precondition{})
	if err != nil || r.Status != http.StatusAccepted || r.Location == "" {
		t.Fatalf("DELETE = %+v, %v", r, err)
	}
	if _, err := c.Operation(t.Context(), r.Location); err != nil {
		t.Fatal(err)
	}
}
