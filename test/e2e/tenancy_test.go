package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestTenantsCannotUseEachOthersIdentity: two namespaces, two identities of two tenants.
func TestTenantsCannotUseEachOthersIdentity(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "tenant-a")
	p.namespace(t, "tenant-b")
	a, b := small("tenant-a", "cluster-a"), small("tenant-b", "cluster-b")
	b.subscription = subscriptionB
	p.apply(t, identityManifest("tenant-a", "identity-a", servicePrincipal(tenantA, clientA, "credentials"), "tenant-a"))
	p.apply(t, identityManifest("tenant-b", "identity-b", servicePrincipal(tenantB, clientB, "credentials"), "tenant-b"))
	p.apply(t, secretManifest("tenant-a", "credentials", map[string]string{"clientSecret": secretA}))

	// The foreign identity has no Secret yet: whoever tried to read it would say so, and not that the namespace is wrong.
	a.controlPlane = object{"identityRef": identityRef("tenant-b", "identity-b"), "subscriptionID": subscriptionB}
	a.subscription = subscriptionB
	p.apply(t, a.manifest())
	p.expectForeignIdentityRefused(t, a)

	// Its owner can use it, and the refused cluster goes without having left anything.
	p.apply(t, secretManifest("tenant-b", "credentials", map[string]string{"clientSecret": secretB}))
	b.controlPlane = object{"identityRef": identityRef("tenant-b", "identity-b")}
	p.apply(t, b.manifest())
	p.remove(t, a)
	a = small("tenant-a", "cluster-a")
	a.controlPlane = object{"identityRef": identityRef("", "identity-a")} // in its own namespace
	p.apply(t, a.manifest())
	p.awaitAvailable(t, a)
	p.awaitAvailable(t, b)
	for _, r := range p.azure.Requests(t, 0, b.mentions) {
		if !strings.EqualFold(r.Principal, clientB) {
			t.Errorf("a request for tenant B's cluster came from %s: %s", r.Principal, r)
		}
	}

	// An identity that is used does not go before its last cluster.
	p.kubectl(t, "delete", "azureclusteridentity", "identity-b", "--namespace=tenant-b", "--wait=false")
	always(t, 2*time.Second, func() string {
		if p.get(t, identities, "tenant-b", "identity-b") == nil {
			return "the identity went while a cluster used it"
		}
		return ""
	})
	p.remove(t, b)
	p.awaitGone(t, 30*time.Second, "tenant-b", identities)
	if left := p.azure.Resources(t, "/subscriptions/"+subscriptionB+"/"); len(left) > 0 {
		t.Errorf("tenant B still has %v", left)
	}
	p.remove(t, a)
	p.azure.expectCleanLog(t, a.mentions)
	p.azure.expectCleanLog(t, b.mentions)
}

// expectForeignIdentityRefused: the refusal says why, and nothing was signed in to, held or made.
func (p *plane) expectForeignIdentityRefused(t *testing.T, a cluster) {
	t.Helper()
	const reason = "NamespaceNotAllowedByIdentity"
	for _, kind := range []string{"CredentialsValid", "Ready", "Synced"} {
		message := p.awaitCondition(t, time.Minute, controlPlanes, a.namespace, a.name, kind, "False", reason)
		if missing := lacks(message, "tenant-b/identity-b", `"tenant-a"`, "allowedNamespaces"); kind != "Ready" && len(missing) > 0 {
			t.Errorf("condition %s does not name %q: %s", kind, missing, message)
		}
	}
	if notes := p.warnings(t, a.namespace, a.name, reason); len(notes) != 1 || len(lacks(notes[0], "identity-b", "tenant-a", "allowedNamespaces")) > 0 {
		t.Errorf("events about it are %q, want one that says why", notes)
	}
	if finalizers := p.get(t, identities, "tenant-b", "identity-b").GetFinalizers(); len(finalizers) > 0 {
		t.Errorf("the refused cluster holds the identity with %v", finalizers)
	}
	if sent := p.azure.Requests(t, 0, byPrincipal(clientB)); len(sent) > 0 {
		t.Errorf("somebody signed in with the foreign identity: %v", sent)
	}
	if left := p.azure.Resources(t, "/resourceGroups/cluster-a/"); len(left) > 0 {
		t.Errorf("the refused cluster has %v in Azure", left)
	}
}

func servicePrincipal(tenant, client, secret string) object {
	return object{"type": "ServicePrincipal", "tenantID": tenant, "clientID": client, "clientSecret": object{"name": secret}}
}

// Principals of the two types whose proof a test has to make itself.
const (
	clientCertificate = "aaaaaaaa-0000-4000-8000-00000000ce27"
	clientFederated   = "aaaaaaaa-0000-4000-8000-0000000fede2"
	clientFile        = "aaaaaaaa-0000-4000-8000-00000000f11e"
	issuer            = "https://oidc.example.com/management"
	subject           = "system:serviceaccount:capaks-system:capaks-manager"
)

// TestEveryTypeOfIdentityBringsUpACluster signs in with a secret, a certificate (in a Secret and in a file), a federated token, a
// managed identity and a file of credentials.
func TestEveryTypeOfIdentityBringsUpACluster(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "identities")
	key, certificate := keyAndCertificate(t)
	p.azure.world(t, object{
		"principals": []object{
			{"tenantId": tenantA, "clientId": clientCertificate, "certificatePem": string(certificate)},
			{"tenantId": tenantA, "clientId": clientFile, "certificatePem": string(certificate)},
			{"tenantId": tenantA, "clientId": clientFederated, "federated": []object{{"issuer": issuer, "subject": subject, "publicKeyPem": publicKey(t, key)}}},
		},
		"roleAssignments": []object{
			{"principal": clientCertificate, "role": "Contributor", "scope": "/subscriptions/" + subscriptionDocs},
			{"principal": clientFederated, "role": "Contributor", "scope": "/subscriptions/" + subscriptionDocs},
			{"principal": clientFile, "role": "Contributor", "scope": "/subscriptions/" + subscriptionDocs},
		},
	})
	beside := filepath.Dir(p.box.Dir())
	writeFederatedToken(t, filepath.Join(beside, federatedToken), key)
	pemFile, credentialFile := filepath.Join(beside, "identity.pem"), filepath.Join(beside, "credential.json")
	both := append(privateKey(t, key), certificate...)
	credential, err := json.Marshal(object{
		"tenant_id": tenantA, "client_id": clientFile, "client_secret": base64.StdEncoding.EncodeToString(both), "authentication_endpoint": p.azure.URL + "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{pemFile: both, credentialFile: credential} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.apply(t, secretManifest("identities", "secret", map[string]string{"clientSecret": secretA}))
	p.apply(t, secretManifest("identities", "certificate", map[string]string{"certificate": string(privateKey(t, key)) + string(certificate)}))

	for name, identity := range map[string]object{
		"secret":      servicePrincipal(tenantA, clientA, "secret"),
		"manual":      {"type": "ManualServicePrincipal", "tenantID": tenantA, "clientID": clientA, "clientSecret": object{"name": "secret", "namespace": "identities"}},
		"certificate": {"type": "ServicePrincipalCertificate", "tenantID": tenantA, "clientID": clientCertificate, "clientSecret": object{"name": "certificate"}},
		"workload":    {"type": "WorkloadIdentity", "tenantID": tenantA, "clientID": clientFederated},
		"certpath":    {"type": "ServicePrincipalCertificate", "tenantID": tenantA, "clientID": clientCertificate, "certPath": pemFile},
		"msi":         {"type": "UserAssignedMSI", "tenantID": tenantA, "clientID": clientManaged},
		"file":        {"type": "UserAssignedIdentityCredential", "tenantID": tenantA, "clientID": clientFile, "userAssignedIdentityCredentialsPath": credentialFile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p.apply(t, identityManifest("identities", name, identity, "identities"))
			c := small("identities", "identity-"+name)
			c.subscription = subscriptionDocs
			c.controlPlane = object{"identityRef": identityRef("identities", name)}
			p.apply(t, c.manifest())
			p.awaitAvailable(t, c)
			p.awaitCondition(t, 30*time.Second, identities, "identities", name, "CredentialsValid", "True", "Valid")
			for _, r := range p.azure.Requests(t, 0, c.mentions) {
				if !strings.EqualFold(r.Principal, str(identity["clientID"])) {
					t.Errorf("the request came from %s: %s", r.Principal, r)
				}
			}
			p.azure.expectCleanLog(t, c.mentions)
			p.remove(t, c)
		})
	}
}

func keyAndCertificate(t *testing.T) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "capaks"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func privateKey(t *testing.T, key *rsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func publicKey(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// writeFederatedToken makes what Kubernetes projects into a pod of the manager.
func writeFederatedToken(t *testing.T, path string, key *rsa.PrivateKey) {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: issuer, Subject: subject, Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"}, ID: fmt.Sprint(time.Now().UnixNano()),
		IssuedAt: jwt.NewNumericDate(time.Now().Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	})
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(signed), 0o600); err != nil {
		t.Fatal(err)
	}
}
