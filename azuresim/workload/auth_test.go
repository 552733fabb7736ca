package workload

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

func TestAuthentication(t *testing.T) {
	m, access := start(t, Options{})
	other, err := m.EnsureCluster("other", Cluster{Name: "other", Version: "v1.33.1"})
	if err != nil {
		t.Fatal(err)
	}
	pair := func(a Access) tls.Certificate {
		p, err := tls.X509KeyPair(a.AdminCertPEM, a.AdminKeyPEM)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	tests := []struct {
		name, path, token string
		certs             []tls.Certificate
		want              int
	}{
		{"admin certificate", "/api/v1/nodes", "", []tls.Certificate{pair(access)}, 200},
		{"admin token", "/api/v1/nodes", access.AdminToken, nil, 200},
		{"user token", "/api/v1/nodes", access.UserToken, nil, 200},
		{"the probe of Cluster API", "/", access.AdminToken, nil, 200},
		{"nobody", "/api/v1/nodes", "", nil, 401},
		{"nobody asks for the root", "/", "", nil, 401},
		{"nobody asks for discovery", "/apis", "", nil, 401},
		{"wrong token", "/api/v1/nodes", "x" + access.AdminToken, nil, 401},
		{"token of another cluster", "/api/v1/nodes", other.AdminToken, nil, 401},
		{"certificate of another cluster", "/api/v1/nodes", "", []tls.Certificate{pair(other)}, 401},
		{"readyz for anybody", "/readyz", "", nil, 200},
		{"healthz for anybody", "/healthz", "", nil, 200},
		{"livez for anybody", "/livez", "", nil, 200},
		{"version for anybody", "/version", "", nil, 200},
		{"version with a wrong token", "/version", "wrong", nil, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, body := get(t, access, tt.path, tt.token, tt.certs...)
			if code != tt.want {
				t.Fatalf("status %d, want %d: %s", code, tt.want, body)
			}
			if code != 401 {
				return
			}
			var status metav1.Status
			if err := json.Unmarshal([]byte(body), &status); err != nil {
				t.Fatal(err)
			}
			if status.Kind != "Status" || status.APIVersion != "v1" || status.Reason != metav1.StatusReasonUnauthorized || status.Code != 401 {
				t.Errorf("not a 401 Status: %s", body)
			}
		})
	}
}

func get(t *testing.T, a Access, path, token string, certs ...tls.Certificate) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "https://"+a.Address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := httpClient(a, certs...).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
	return resp.StatusCode, body
}

func TestRotate(t *testing.T) {
	m, before := start(t, Options{})
	ctx := testContext(t)
	old := typedClient(t, certConfig(before))
	if _, err := old.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	after, err := m.Rotate(testID)
	if err != nil {
		t.Fatal(err)
	}
	if after.Address != before.Address {
		t.Errorf("address changed from %s to %s", before.Address, after.Address)
	}
	nodes := func(config *rest.Config) error {
		_, err := typedClient(t, config).CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		return err
	}
	// With the new CA but old credentials: 401.
	mixed := after
	mixed.AdminCertPEM, mixed.AdminKeyPEM = before.AdminCertPEM, before.AdminKeyPEM
	for name, config := range map[string]*rest.Config{
		"old certificate": certConfig(mixed), "old admin token": tokenConfig(after, before.AdminToken), "old user token": tokenConfig(after, before.UserToken),
	} {
		if err := nodes(config); !apierrors.IsUnauthorized(err) {
			t.Errorf("%s: %v, want 401", name, err)
		}
	}
	// With the old CA the server is not trusted, not even on the old connection.
	var unknown *tls.CertificateVerificationError
	if _, err := old.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); !errors.As(err, &unknown) {
		t.Errorf("old CA: %v, want a certificate error", err)
	}
	for _, config := range []*rest.Config{certConfig(after), tokenConfig(after, after.AdminToken), tokenConfig(after, after.UserToken)} {
		if err := nodes(config); err != nil {
			t.Error(err)
		}
	}
}

func TestRotateTokens(t *testing.T) {
	m, before := start(t, Options{})
	ctx := testContext(t)
	after, err := m.RotateTokens(testID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := typedClient(t, tokenConfig(before, before.UserToken)).CoreV1().Nodes().List(ctx, metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("old token: %v, want 401", err)
	}
	for _, config := range []*rest.Config{certConfig(before), tokenConfig(before, after.UserToken)} {
		if _, err := typedClient(t, config).CoreV1().Nodes().List(ctx, metav1.ListOptions{}); err != nil {
			t.Error(err)
		}
	}
}

func TestServerNames(t *testing.T) {
	m, access := start(t, Options{})
	dial := func(name string) error {
		config := httpClient(access).Transport.(*http.Transport).TLSClientConfig
		config.ServerName = name
		conn, err := tls.Dial("tcp", access.Address, config)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	for _, name := range []string{"127.0.0.1", "localhost", testCluster.FQDN} {
		if err := dial(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	renamed := testCluster
	renamed.FQDN = "prod-other.hcp.westeurope.azmk8s.io"
	if err := dial(renamed.FQDN); err == nil {
		t.Error("a foreign name was accepted")
	}
	if _, err := m.EnsureCluster(testID, renamed); err != nil {
		t.Fatal(err)
	}
	if err := dial(renamed.FQDN); err != nil {
		t.Errorf("after a new FQDN: %v", err)
	}
}

func TestSetAvailable(t *testing.T) {
	m, access := start(t, Options{})
	ctx := testContext(t)
	client := typedClient(t, certConfig(access))
	w, err := client.CoreV1().Nodes().Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetAvailable(testID, false); err != nil {
		t.Fatal(err)
	}
	select {
	case e, open := <-w.ResultChan():
		if open && e.Type != "ERROR" {
			t.Errorf("watch of a stopped server sent %v", e)
		}
	case <-ctx.Done():
		t.Error("the watch survived the stop")
	}
	if _, err := net.Dial("tcp", access.Address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a stopped server: %v, want connection refused", err)
	}
	if err := m.SetAvailable(testID, true); err != nil {
		t.Fatal(err)
	}
	if now, _ := m.Access(testID); now.Address != access.Address {
		t.Fatalf("address changed from %s to %s", access.Address, now.Address)
	}
	if _, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); err != nil {
		t.Error(err)
	}
	m.Delete(testID)
	if _, err := net.Dial("tcp", access.Address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a deleted server: %v, want connection refused", err)
	}
}
