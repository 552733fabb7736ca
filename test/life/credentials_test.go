package life

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const (
	clusterLogin     = "6dae42f8-4368-4678-94ff-3960e28e3630"
	resourceManager  = "https://management.azure.com"
	identityKind     = "azureclusteridentity"
	credentialMarks  = "infrastructure.cluster.x-k8s.io/credential-"
	tokensOfTheStory = 20 // seconds that a token for a cluster lives
)

// newPrincipal makes a service principal that may do anything in the subscription.
func (a *azure) newPrincipal(t *testing.T, principal object) {
	t.Helper()
	merge(principal, object{"tenantId": tenant})
	a.Control(t, http.MethodPut, "world", object{
		"principals":      []object{principal},
		"roleAssignments": []object{{"principal": principal["clientId"], "role": "Contributor", "scope": subscription}},
	})
}

// identity is an AzureClusterIdentity with its Secret, in the namespace of the cluster.
func (c cluster) identity(client, kind string, data object) string {
	return sandboxtest.Documents(
		object{"apiVersion": "v1", "kind": "Secret", "metadata": c.meta("credentials"), "stringData": data},
		object{"apiVersion": infraVersion, "kind": "AzureClusterIdentity", "metadata": c.meta("identity"), "spec": object{
			"type": kind, "tenantID": tenant, "clientID": client, "clientSecret": object{"name": "credentials"}, "allowedNamespaces": object{},
		}},
	)
}

// createAs is create with an identity of the cluster's own.
func (p *plane) createAs(t *testing.T, c cluster, identity string) {
	t.Helper()
	p.Kubectl(t, "create", "namespace", c.name)
	p.Apply(t, identity)
	merge(c.spec, object{"identityRef": object{"kind": "AzureClusterIdentity", "name": "identity", "namespace": c.name, "apiVersion": infraVersion}})
	p.Apply(t, c.manifest())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("events:\n%s", joined(p.Events(t, c.name)))
			t.Logf("requests:\n%s", joined(p.azure.Requests(t, 0, c.about)))
		}
		p.azure.clean(t, c)
	})
	p.Settled(t, c.name, c.name)
}

// kubeconfig is the kubeconfig of a Secret, as a file, and the Secret's mark of that name.
func (p *plane) kubeconfig(t *testing.T, namespace, secret, mark string) (content, value string) {
	t.Helper()
	o := p.Get(t, "secret", namespace, secret)
	raw, err := base64.StdEncoding.DecodeString(textAt(o, "data", "value"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw), textAt(o, "metadata", "annotations", credentialMarks+mark)
}

// with runs kubectl with a kubeconfig.
func (p *plane) with(t *testing.T, kubeconfig string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	return p.Box.Kubectl(t.Context(), append([]string{"--kubeconfig=" + file}, args...)...)
}

// The story of a cluster without local accounts: its kubeconfig works at any time, over three lives of a token, although the
// manager is killed in each of them.
func TestTokenKubeconfigOverThreeExpiries(t *testing.T) {
	p := life(t, "credentials")
	const client = "aaaaaaaa-0000-4000-8000-0000000c0001"
	p.azure.newPrincipal(t, object{"clientId": client, "secret": "first", "tokenSeconds": object{clusterLogin: tokensOfTheStory}})
	c := cluster{name: "token", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 2}}, spec: object{
		"aadProfile": object{"managed": true, "adminGroupObjectIDs": []string{"00000000-0000-0000-0000-00000000ad31"}}, "disableLocalAccounts": true,
	}}
	p.createAs(t, c, c.identity(client, "ServicePrincipal", object{"clientSecret": "first"}))
	p.AwaitCondition(t, controlPlane, c.name, c.name, "KubeconfigReady", "True")

	if people, _ := p.kubeconfig(t, c.name, c.name+"-kubeconfig-user", "etag"); len(lacks(people, "kubelogin", "--server-id", clusterLogin, tenant)) > 0 || strings.Contains(people, "token:") {
		t.Errorf("people have\n%s", people)
	}
	started := time.Now()
	for life := 1; life <= 3; life++ {
		old, mark := p.kubeconfig(t, c.name, c.name+"-kubeconfig", "expires")
		end, err := time.Parse(time.RFC3339, mark)
		if err != nil || time.Until(end) < tokensOfTheStory*time.Second/4 {
			t.Fatalf("life %d: the stored token ends at %q, which leaves too little: %v", life, mark, err)
		}
		if strings.Contains(old, "client-key-data") || strings.Contains(old, "kubelogin") {
			t.Fatalf("life %d: Cluster API cannot use\n%s", life, old)
		}
		p.Kill(t)
		p.Restart(t)
		refused := false
		until(t, limit, func() string {
			// What is stored works at every moment, also while the manager is away.
			now, _ := p.kubeconfig(t, c.name, c.name+"-kubeconfig", "expires")
			if out, err := p.with(t, now, "get", "nodes", "--output=name"); err != nil || strings.Count(out, "node/") != 2 {
				t.Fatalf("life %d, %s in: the kubeconfig does not work: %v %s", life, time.Since(started).Round(time.Second), err, out)
			}
			_, err := p.with(t, old, "get", "nodes")
			refused = err != nil
			return unless(refused && now != old, "the token of life %d still works", life)
		})
		if time.Now().Before(end.Add(-time.Second)) {
			t.Errorf("life %d: the old token was refused before its end", life)
		}
		t.Logf("%s in: life %d of a token is over, its successor works", time.Since(started).Round(time.Second), life)
	}
	p.AwaitCondition(t, capiCluster, c.name, c.name, "RemoteConnectionProbe", "True")
	if asked := p.azure.Requests(t, 0, c.about, func(r request) bool { return strings.Contains(r.Path, "listClusterAdminCredential") }); len(asked) > 0 {
		t.Errorf("the administrator's credentials were asked for: %v", asked)
	}
}

// A client secret is replaced without a restart, and nobody has to wait for it.
func TestClientSecretIsReplacedWithoutRestart(t *testing.T) {
	p := life(t, "credentials")
	const client = "aaaaaaaa-0000-4000-8000-0000000c0002"
	principal := func(secret string) object {
		return object{"clientId": client, "secret": secret, "tokenSeconds": object{resourceManager: 10}}
	}
	p.azure.newPrincipal(t, principal("first"))
	c := cluster{name: "replaced", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 1}}, spec: object{}}
	p.createAs(t, c, c.identity(client, "ServicePrincipal", object{"clientSecret": "first"}))
	p.AwaitCondition(t, identityKind, c.name, "identity", "CredentialsValid", "True")

	p.azure.newPrincipal(t, principal("second")) // somebody takes the first one away
	for kind, name := range map[string]string{controlPlane: c.name, identityKind: "identity"} {
		message := p.AwaitCondition(t, kind, c.name, name, "CredentialsValid", "False InvalidClientSecret")
		if missing := lacks(message, "AADSTS7000215", "put the current client secret into the Secret"); len(missing) > 0 {
			t.Errorf("%s does not say %q: %s", kind, missing, message)
		}
	}
	replaced := time.Now()
	p.Patch(t, "secret", c.name, "credentials", `{"stringData":{"clientSecret":"second"}}`)
	p.AwaitCondition(t, controlPlane, c.name, c.name, "CredentialsValid", "True")
	took := time.Since(replaced)
	t.Logf("the new secret was in use after %s", took.Round(100*time.Millisecond))
	if took > 15*time.Second {
		t.Errorf("the new secret was in use after %s, want seconds", took)
	}
	p.AwaitCondition(t, identityKind, c.name, "identity", "CredentialsValid", "True")
	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"additionalTags":{"after":"rotation"}}}`)
	p.Settled(t, c.name, c.name)
	if tag := textAt(p.azure.get(t, c.id()), "tags", "after"); tag != "rotation" {
		t.Errorf("the tag is %q", tag)
	}
}

// A certificate that ends soon is told once, on the cluster and on the identity, and goes on being used.
func TestCertificateThatEndsSoon(t *testing.T) {
	p := life(t, "credentials")
	const client = "aaaaaaaa-0000-4000-8000-0000000c0003"
	certificate, key := sandboxtest.NewCertificate(t, 10*24*time.Hour)
	p.azure.newPrincipal(t, object{"clientId": client, "certificatePem": certificate})
	c := cluster{name: "ending", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 1}}, spec: object{}}
	p.createAs(t, c, c.identity(client, "ServicePrincipalCertificate", object{"certificate": key + certificate}))
	end := time.Now().Add(10 * 24 * time.Hour).UTC().Format("2006-01-02")
	for kind, name := range map[string]string{controlPlane: c.name, identityKind: "identity"} {
		if message := p.AwaitCondition(t, kind, c.name, name, "CredentialsValid", "True"); len(lacks(message, "valid until "+end, "less than 30 days")) > 0 {
			t.Errorf("%s says %q", kind, message)
		}
	}
	told := map[string]int{}
	for _, e := range p.Events(t, c.name) {
		if e.Reason == "ExpiresSoon" {
			told[e.Object]++
		}
	}
	if told[c.name] != 1 || told["identity"] != 1 {
		t.Errorf("told %v, want once each", told)
	}
	// The next one is taken up without a restart.
	certificate, key = sandboxtest.NewCertificate(t, 300*24*time.Hour)
	p.azure.newPrincipal(t, object{"clientId": client, "certificatePem": certificate})
	p.Apply(t, c.identity(client, "ServicePrincipalCertificate", object{"certificate": key + certificate}))
	end = time.Now().Add(300 * 24 * time.Hour).UTC().Format("2006-01-02")
	for kind, name := range map[string]string{controlPlane: c.name, identityKind: "identity"} {
		until(t, limit, func() string {
			state, message := condition(p.Get(t, kind, c.name, name), "CredentialsValid")
			return unless(state == "True" && message != "" && len(lacks(message, "valid until "+end)) == 0 && !strings.Contains(message, "less than"), "%s: %s %s", kind, state, message)
		})
	}
}

// Somebody rotates the certificates of a cluster in Azure: the stored ones are replaced.
func TestRotationOfCertificatesBySomebodyElse(t *testing.T) {
	p := life(t, "credentials")
	c := cluster{name: "rotated", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 1}}}
	p.create(t, c)
	old, _ := p.kubeconfig(t, c.name, c.name+"-kubeconfig", "etag")
	if out, err := p.with(t, old, "get", "nodes"); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	p.azure.ARM(t, http.MethodPost, c.id()+"/rotateClusterCertificates", containerService, nil)
	until(t, limit, func() string {
		_, err := p.with(t, old, "get", "nodes")
		return unless(err != nil, "the old credentials still work")
	})
	gone := time.Now()
	until(t, limit, func() string {
		now, _ := p.kubeconfig(t, c.name, c.name+"-kubeconfig", "etag")
		out, err := p.with(t, now, "get", "nodes", "--output=name")
		return unless(err == nil && strings.Count(out, "node/") == 1, "the stored credentials do not work: %v", err)
	})
	t.Logf("new credentials were stored %s after the old ones stopped working", time.Since(gone).Round(100*time.Millisecond))
}

// A private cluster gets ready although the management cluster cannot reach its API server.
func TestPrivateClusterIsReadyWithoutBeingReached(t *testing.T) {
	p := life(t, "credentials")
	p.azure.Control(t, http.MethodPut, "world", object{"privateNetworks": true})
	c := cluster{name: "private", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 2}}, spec: object{
		"apiServerAccessProfile": object{"enablePrivateCluster": true, "enablePrivateClusterPublicFQDN": false},
	}}
	p.create(t, c)
	for _, condition := range []string{"Ready", "Available", "KubeconfigReady"} {
		p.AwaitCondition(t, controlPlane, c.name, c.name, condition, "True")
	}
	p.AwaitCondition(t, infraPool, c.name, "system", "Ready", "True")
	kubeconfig, _ := p.kubeconfig(t, c.name, c.name+"-kubeconfig", "etag")
	host := textAt(p.azure.get(t, c.id()), "properties", "privateFQDN")
	if host == "" || !strings.Contains(kubeconfig, "server: https://"+strings.ToLower(host)+":443") {
		t.Errorf("the kubeconfig does not name %s", host)
	}
	if out, err := p.with(t, kubeconfig, "get", "nodes", "--request-timeout=5s"); err == nil {
		t.Fatalf("the API server is not private at all: %s", out)
	}
	if ids, _ := at(p.Get(t, infraPool, c.name, "system"), "spec", "providerIDList").([]any); len(ids) != 2 {
		t.Errorf("%d nodes were counted, want 2", len(ids))
	}
	// What Cluster API makes of it: provisioned, with everything of ours in order, and a probe that fails.
	for _, condition := range []string{"InfrastructureReady", "ControlPlaneAvailable", "ControlPlaneInitialized"} {
		p.AwaitCondition(t, capiCluster, c.name, c.name, condition, "True")
	}
	until(t, limit, func() string {
		o := p.Get(t, capiCluster, c.name, c.name)
		return unless(textAt(o, "status", "phase") == "Provisioned" && textAt(o, "spec", "controlPlaneEndpoint", "host") == host, "phase %s, endpoint %s", textAt(o, "status", "phase"), textAt(o, "spec", "controlPlaneEndpoint", "host"))
	})
	p.Kubectl(t, "delete", capiCluster, c.name, "--namespace="+c.name, "--wait=false")
	until(t, limit, func() string {
		return unless(p.Get(t, capiCluster, c.name, c.name) == nil, "the Cluster is still there")
	})
}

func lacks(text string, parts ...string) []string {
	var out []string
	for _, part := range parts {
		if !strings.Contains(text, part) {
			out = append(out, part)
		}
	}
	return out
}
