package azuresim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/entra"
	"github.com/capaks/capaks/azuresim/world"
)

func TestTokenLifetimeOfAPrincipal(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.control("PUT", "world", `{"principals":[{"tenantId":"`+world.TenantA+`","clientId":"cccccccc-0000-4000-8000-000000000001","secret":"s","tokenSeconds":{"`+entra.KubernetesServer+`":20,"https://management.azure.com":30}}]}`)
	for scope, want := range map[string]float64{entra.KubernetesServer: 20, "https://management.azure.com/": 30, "https://graph.microsoft.com": 3599} {
		status, body := m.fetch("/"+world.TenantA+"/oauth2/v2.0/token", "grant_type=client_credentials&client_id=cccccccc-0000-4000-8000-000000000001&client_secret=s&scope="+scope+"/.default")
		if status != 200 || body["expires_in"] != want {
			t.Errorf("%s: %d %v, want %v seconds", scope, status, body["expires_in"], want)
		}
	}
	if status, _ := m.controlAnswer("PUT", "world", `{"principals":[{"tenantId":"`+world.TenantA+`","clientId":"x","tokenSeconds":{"r":0}}]}`); status != 400 {
		t.Errorf("a token of no life was accepted: %d", status)
	}
}

func TestExpiredCertificateIsRefused(t *testing.T) {
	m := start(t, azuresim.Options{})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	const client = "cccccccc-0000-4000-8000-000000000002"
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	m.s.AddWorld(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: client, CertificatePEM: text}}})
	cred, err := azidentity.NewClientCertificateCredential(world.TenantA, client, []*x509.Certificate{cert}, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: m.options(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{azuresim.Audience + "/.default"}}); err == nil || !strings.Contains(err.Error(), "AADSTS700027") || !strings.Contains(err.Error(), "The key used is expired") {
		t.Errorf("signed in with a certificate that ended: %v", err)
	}
}

// Where private networks are private, the kubeconfig of a private cluster names a host that only they know.
func TestKubeconfigOfPrivateClusters(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"dnsPrefix"`, `"apiServerAccessProfile":{"enablePrivateCluster":true},"dnsPrefix"`, 1))
	m.clock.Advance(time.Minute)
	props := m.do(200, "GET", cluster, aksVersion, "").Body["properties"].(map[string]any)
	kubeconfig := func(query string) string {
		a := m.do(200, "POST", cluster+"/listClusterAdminCredential"+query, aksVersion, "")
		raw, err := base64.StdEncoding.DecodeString(a.Body["kubeconfigs"].([]any)[0].(map[string]any)["value"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if got := kubeconfig(""); !strings.Contains(got, "server: https://127.0.0.1:") {
		t.Errorf("not reachable:\n%s", got)
	}
	m.control("PUT", "world", `{"privateNetworks":true}`)
	for query, name := range map[string]string{"": "privateFQDN", "?server-fqdn=public": "fqdn"} {
		want := "server: https://" + strings.ToLower(props[name].(string)) + ":443"
		if got := kubeconfig(query); !strings.Contains(got, want) {
			t.Errorf("%s: want %s in\n%s", query, want, got)
		}
	}
}
