package azuresim_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

func token(cred azcore.TokenCredential) (string, error) {
	t, err := cred.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{azuresim.Audience + "/.default"}})
	return t.Token, err
}

func TestSignInErrors(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.s.AddWorld(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: "aaaaaaaa-0000-4000-8000-0000000000ff", Secret: "old", SecretExpired: true}}})
	for _, c := range []struct{ name, tenant, id, secret, want string }{
		{"wrong secret", world.TenantA, world.ClientA, "nope", "AADSTS7000215"},
		{"expired secret", world.TenantA, "aaaaaaaa-0000-4000-8000-0000000000ff", "old", "AADSTS7000222"},
		{"unknown client", world.TenantA, "cccccccc-0000-4000-8000-000000000001", "x", "AADSTS700016"},
		{"client of another tenant", world.TenantB, world.ClientA, world.SecretA, "AADSTS700016"},
		{"unknown tenant", "33333333-3333-3333-3333-333333333333", world.ClientA, world.SecretA, "AADSTS90002"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := token(m.secret(c.tenant, c.id, c.secret))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			var failed *azidentity.AuthenticationFailedError
			if c.want != "AADSTS90002" && !errors.As(err, &failed) {
				t.Errorf("azidentity does not recognise %v", err)
			}
		})
	}
}

func certificate(t *testing.T) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "c"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func TestCertificate(t *testing.T) {
	m := start(t, azuresim.Options{})
	const id = "aaaaaaaa-0000-4000-8000-0000000000c1"
	good, goodKey := certificate(t)
	bad, badKey := certificate(t)
	m.s.AddWorld(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: id, CertificatePEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: good.Raw}))}}})
	for want, pair := range map[string]struct {
		cert *x509.Certificate
		key  *rsa.PrivateKey
	}{"": {good, goodKey}, "AADSTS700027": {bad, badKey}} {
		cred, err := azidentity.NewClientCertificateCredential(world.TenantA, id, []*x509.Certificate{pair.cert}, pair.key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: m.options(), DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token(cred); (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// An assertion that is signed by the right key is still of no use to another application or tenant.
func TestCertificateAssertions(t *testing.T) {
	m := start(t, azuresim.Options{})
	const id = "aaaaaaaa-0000-4000-8000-0000000000c1"
	cert, key := certificate(t)
	m.s.AddWorld(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: id, CertificatePEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))}}})
	for _, c := range []struct{ subject, audience, want string }{
		{id, "https://login.microsoftonline.com/" + world.TenantA + "/v2.0", ""},
		{id, m.s.URL() + "/contoso.onmicrosoft.com/oauth2/v2.0/token", ""},
		{id, m.s.URL() + "/" + world.TenantB + "/oauth2/v2.0/token", "AADSTS700023"},
		{id, "https://management.azure.com/", "AADSTS700023"},
		{"aaaaaaaa-0000-4000-8000-000000000001", m.s.URL() + "/" + world.TenantA + "/oauth2/v2.0/token", "AADSTS700021"},
	} {
		claims := jwt.RegisteredClaims{Issuer: id, Subject: c.subject, Audience: jwt.ClaimStrings{c.audience}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour))}
		assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		cred, err := azidentity.NewClientAssertionCredential(world.TenantA, id, func(context.Context) (string, error) { return assertion, nil }, &azidentity.ClientAssertionCredentialOptions{ClientOptions: m.options(), DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token(cred); (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("subject %s audience %s: got %v, want %q", c.subject, c.audience, err, c.want)
		}
	}
}

func TestFederation(t *testing.T) {
	m := start(t, azuresim.Options{})
	issuerKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&issuerKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	const id = "aaaaaaaa-0000-4000-8000-0000000000f1"
	m.s.AddWorld(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: id,
		Federated: []world.Federated{{Issuer: "https://oidc.test", Subject: "system:serviceaccount:ns:sa", PublicKeyPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))}}}}})
	const issuer, audience = "https://oidc.test", "api://AzureADTokenExchange"
	for _, c := range []struct {
		issuer, subject, audience string
		age                       time.Duration
		want                      string
	}{
		{issuer, "system:serviceaccount:ns:sa", audience, 0, ""},
		{issuer + "/", "system:serviceaccount:ns:sa", audience, 0, "AADSTS700211"},
		{issuer, "system:serviceaccount:ns:sa", "https://kubernetes.default.svc", 0, "AADSTS700212"},
		{issuer, "system:serviceaccount:ns:other", audience, 0, "AADSTS700213"},
		{issuer, "system:serviceaccount:ns:sa", audience, 2 * time.Hour, "AADSTS700024"},
	} {
		claims := jwt.RegisteredClaims{Issuer: c.issuer, Subject: c.subject, Audience: jwt.ClaimStrings{c.audience}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour - c.age))}
		assertion, err := jwt.NewWithClaims(jwt.SigningMethodES256, claims).SignedString(issuerKey)
		if err != nil {
			t.Fatal(err)
		}
		cred, err := azidentity.NewClientAssertionCredential(world.TenantA, id, func(context.Context) (string, error) { return assertion, nil }, &azidentity.ClientAssertionCredentialOptions{ClientOptions: m.options(), DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token(cred); (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("subject %s: got %v, want %q", c.subject, err, c.want)
		}
	}
}

func TestManagedIdentity(t *testing.T) {
	m := start(t, azuresim.Options{})
	env := m.s.Env()
	t.Setenv("IDENTITY_ENDPOINT", env["IDENTITY_ENDPOINT"])
	t.Setenv("IDENTITY_HEADER", env["IDENTITY_HEADER"])
	for id, ok := range map[string]bool{world.ClientIdentity: true, "dddddddd-0000-4000-8000-000000000001": false} {
		cred, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID(id), ClientOptions: m.options()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token(cred); (err == nil) != ok {
			t.Errorf("identity %s: %v", id, err)
		} else if ok {
			a, err := m.try(m.pipeline(cred), "PUT", group, rgVersion, `{"location":"westus2"}`)
			if err != nil || a.Status != 201 {
				t.Errorf("identity %s may not write: %v %s", id, err, a.Raw)
			}
		}
	}
}

// Who may do what: missing and broken tokens, another tenant, no role.
func TestAuthorization(t *testing.T) {
	m := start(t, azuresim.Options{})
	raw := func(header string) answer {
		req, err := http.NewRequest(http.MethodGet, m.s.URL()+group+"?api-version="+rgVersion, nil)
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			req.Header.Set("Authorization", header)
		}
		resp, err := m.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if !strings.Contains(resp.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("no challenge: %v", resp.Header)
		}
		return answer{Status: resp.StatusCode}
	}
	for _, header := range []string{"", "Basic x", "Bearer a.b.c"} {
		if a := raw(header); a.Status != 401 {
			t.Errorf("%q: %d", header, a.Status)
		}
	}
	nobody := m.pipeline(m.secret(world.TenantA, world.ClientNobody, world.SecretNobody))
	a, err := m.try(nobody, "GET", cluster, aksVersion, "")
	if err != nil || a.Status != 403 || a.Code() != "AuthorizationFailed" || !strings.Contains(a.message(), "does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/read' over scope '"+cluster+"'") {
		t.Errorf("no role: %v %s", err, a.Raw)
	}
	stranger := m.pipeline(m.secret(world.TenantB, world.ClientB, world.SecretB))
	a, err = m.try(stranger, "GET", group, rgVersion, "")
	if err != nil || a.Status != 401 || a.Code() != "InvalidAuthenticationTokenTenant" {
		t.Errorf("another tenant: %v %s", err, a.Raw)
	}
	a, err = m.try(stranger, "GET", "/subscriptions", "2022-12-01", "")
	if err != nil || len(a.Body["value"].([]any)) != 1 {
		t.Errorf("a principal sees its own subscriptions: %v %s", err, a.Raw)
	}
	reader := "aaaaaaaa-0000-4000-8000-0000000000aa"
	m.control("PUT", "world", `{"principals":[{"tenantId":"`+world.TenantA+`","clientId":"`+reader+`","secret":"s"}],"roleAssignments":[{"principal":"`+reader+`","role":"Reader","scope":"`+sub+`"}]}`)
	pipe := m.pipeline(m.secret(world.TenantA, reader, "s"))
	m.group()
	if a, err = m.try(pipe, "GET", group, rgVersion, ""); err != nil || a.Status != 200 {
		t.Errorf("reader reads: %v %s", err, a.Raw)
	}
	if a, err = m.try(pipe, "PUT", group, rgVersion, `{"location":"westus2"}`); err != nil || a.Status != 403 {
		t.Errorf("reader writes: %v %s", err, a.Raw)
	}
}

func TestRegistration(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.s.AddWorld(world.World{Subscriptions: []world.Subscription{{ID: world.SubscriptionA, TenantID: world.TenantA, Unregistered: []string{"Microsoft.ContainerService"}}}})
	m.refused(409, "MissingSubscriptionRegistration", "Microsoft.ContainerService", "PUT", cluster, aksVersion, twoPools)
	m.do(200, "POST", sub+"/providers/Microsoft.ContainerService/register", "2019-05-01", "")
	m.clock.Advance(10 * time.Second)
	m.wantEqual(m.do(200, "GET", sub+"/providers/Microsoft.ContainerService", "2019-05-01", ""), "registrationState", "Registered")
	m.do(201, "PUT", cluster, aksVersion, twoPools)
}
