package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const tenant = "11111111-1111-1111-1111-111111111111"

var scope = policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}, EnableCAE: true}

// entra is a server that speaks the token protocols of Entra ID and of the instance metadata service.
type entra struct {
	*httptest.Server
	mu       sync.Mutex
	tokens   []url.Values // forms of the token requests
	metadata []url.Values // queries of the metadata requests
	paths    []string
}

func startEntra(t *testing.T) *entra {
	t.Helper()
	e := &entra{}
	e.Server = httptest.NewUnstartedServer(http.HandlerFunc(e.serve))
	e.Config.ErrorLog = log.New(io.Discard, "", 0)
	e.StartTLS()
	t.Cleanup(e.Close)
	return e
}

func (e *entra) serve(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paths = append(e.paths, r.URL.Path)
	w.Header().Set("Content-Type", "application/json")
	base := e.URL + "/" + strings.Split(r.URL.Path, "/")[1]
	switch {
	case strings.HasSuffix(r.URL.Path, "openid-configuration"):
		_, _ = io.WriteString(w, `{"token_endpoint":"`+base+`/oauth2/v2.0/token","authorization_endpoint":"`+base+`/oauth2/v2.0/authorize","issuer":"`+base+`/v2.0"}`)
	case strings.HasSuffix(r.URL.Path, "/token") && r.Method == http.MethodPost:
		_ = r.ParseForm()
		e.tokens = append(e.tokens, r.Form)
		_, _ = io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"t0ken"}`)
	case r.URL.Path == "/metadata/identity/oauth2/token":
		e.metadata = append(e.metadata, r.URL.Query())
		_, _ = io.WriteString(w, `{"token_type":"Bearer","expires_in":"3599","expires_on":"4102444800","resource":"https://management.azure.com","access_token":"mi-t0ken"}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (e *entra) cloud() cloud.Configuration {
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: e.URL + "/",
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: e.URL, Audience: "https://management.azure.com"},
		},
	}
}

// metadataTransport sends the fixed address of the metadata service to the test server.
type metadataTransport struct{ e *entra }

func (m *metadataTransport) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "169.254.169.254" {
		server, err := url.Parse(m.e.URL)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = server.Scheme, server.Host, server.Host
	}
	return m.e.Client().Do(r)
}

// newCertificate makes a self-signed certificate and its key, both as PEM.
func newCertificate(t *testing.T) (certificate, private []byte) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "capaks"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}
