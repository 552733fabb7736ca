package aks

import (
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

func clusterWith(properties fieldset.Object) plan.Observed {
	return plan.Observed{Exists: true, ETag: "e2", Body: fieldset.Object{"properties": properties}}
}

func TestCredentialsNeeded(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	entra := fieldset.Object{"managed": true}
	mark := TokenMark{Identity: "t/c", Refresh: now.Add(time.Minute), Expires: now.Add(time.Hour)}
	due := TokenMark{Identity: "t/c", Refresh: now, Expires: now.Add(time.Minute)}
	private := fieldset.Object{"enablePrivateCluster": true, "enablePrivateClusterPublicFQDN": true}
	for _, tc := range []struct {
		name       string
		properties fieldset.Object
		stored     StoredCredentials
		people     bool // spec.aadProfile.managed
		want       CredentialNeeds
	}{
		{"local accounts, nothing stored", fieldset.Object{}, StoredCredentials{}, false, CredentialNeeds{Access: AccessAdmin, File: true}},
		{"local accounts, stored", fieldset.Object{}, StoredCredentials{ETag: "e2"}, false, CredentialNeeds{Access: AccessAdmin}},
		{"local accounts, rotated by somebody", fieldset.Object{}, StoredCredentials{ETag: "e1"}, false, CredentialNeeds{Access: AccessAdmin, File: true}},
		{"a stored token is of no interest with local accounts", fieldset.Object{}, StoredCredentials{ETag: "e2", Token: due}, false, CredentialNeeds{Access: AccessAdmin}},
		{"local accounts and Entra ID", fieldset.Object{"aadProfile": entra}, StoredCredentials{ETag: "e2"}, true, CredentialNeeds{Access: AccessAdmin, User: true}},
		{"Entra ID that nobody declared", fieldset.Object{"aadProfile": entra}, StoredCredentials{ETag: "e2"}, false, CredentialNeeds{Access: AccessAdmin}},
		{"Entra ID declared and not there yet", fieldset.Object{}, StoredCredentials{ETag: "e2"}, true, CredentialNeeds{Access: AccessAdmin}},
		{"no local accounts, nothing stored", fieldset.Object{"aadProfile": entra, "disableLocalAccounts": true}, StoredCredentials{}, true, CredentialNeeds{Access: AccessToken, File: true, Token: true, User: true}},
		{"no local accounts, young token", fieldset.Object{"aadProfile": entra, "disableLocalAccounts": true}, StoredCredentials{ETag: "e2", UserETag: "e2", Token: mark}, true, CredentialNeeds{Access: AccessToken}},
		{"no local accounts, token due", fieldset.Object{"aadProfile": entra, "disableLocalAccounts": true}, StoredCredentials{ETag: "e2", UserETag: "e2", Token: due}, true, CredentialNeeds{Access: AccessToken, Token: true}},
		{"another identity's token", fieldset.Object{"aadProfile": entra, "disableLocalAccounts": true}, StoredCredentials{ETag: "e2", UserETag: "e2", Token: TokenMark{Identity: "t/other", Refresh: now.Add(time.Hour)}}, true, CredentialNeeds{Access: AccessToken, Token: true}},
		{"rotated: the file names another CA", fieldset.Object{"aadProfile": entra, "disableLocalAccounts": true}, StoredCredentials{ETag: "e1", UserETag: "e1", Token: mark}, true, CredentialNeeds{Access: AccessToken, File: true, Token: true, User: true}},
		{"nobody can log in", fieldset.Object{"disableLocalAccounts": true}, StoredCredentials{}, true, CredentialNeeds{Access: AccessNone}},
		{"an integration of the old kind", fieldset.Object{"disableLocalAccounts": true, "aadProfile": fieldset.Object{"serverAppID": "x"}}, StoredCredentials{}, false, CredentialNeeds{Access: AccessNone}},
		{"private with a public name", fieldset.Object{"apiServerAccessProfile": private}, StoredCredentials{ETag: "e2"}, false, CredentialNeeds{Access: AccessAdmin, ServerName: "public"}},
		{"private", fieldset.Object{"apiServerAccessProfile": fieldset.Object{"enablePrivateCluster": true}}, StoredCredentials{ETag: "e2"}, false, CredentialNeeds{Access: AccessAdmin}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := Inputs{ControlPlane: &v1beta1.AzureManagedControlPlane{}}
			if tc.people {
				in.ControlPlane.Spec.AADProfile = &v1beta1.AADProfile{Managed: new(true)}
			}
			if got := CredentialsNeeded(in, clusterWith(tc.properties), tc.stored, "t/c", now); got != tc.want {
				t.Errorf("needs\n got %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

// Whatever the lifetime, a token is replaced before it expires, and the old one goes on working for as long again.
func TestTokenRefresh(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for lifetime := 4 * time.Second; lifetime < 48*time.Hour; lifetime = lifetime * 3 / 2 {
		expires := now.Add(lifetime)
		refresh := TokenRefresh(now, expires)
		if !refresh.After(now) || expires.Sub(refresh) < refresh.Sub(now) {
			t.Errorf("lifetime %s: refreshed after %s", lifetime, refresh.Sub(now))
		}
	}
	for _, lifetime := range []time.Duration{-time.Hour, 0, time.Millisecond} {
		if pause := TokenRefresh(now, now.Add(lifetime)).Sub(now); pause != time.Second {
			t.Errorf("a token with %s left is asked for again after %s, want a second", lifetime, pause)
		}
	}
}

func TestTokenKubeconfig(t *testing.T) {
	const file = `apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://c.example:443", certificate-authority-data: Q0E=, future: [1]}}]
contexts: [{name: c, context: {cluster: c, user: clusterUser_rg_c}}]
users: [{name: clusterUser_rg_c, user: {exec: {command: kubelogin, args: [get-token]}}}]
`
	made, err := TokenKubeconfig([]byte(file), "t0ken")
	if err != nil {
		t.Fatal(err)
	}
	again, err := TokenKubeconfig(made, "other")
	if err != nil {
		t.Fatal(err)
	}
	for text, token := range map[string]string{string(made): "t0ken", string(again): "other"} {
		var got, want map[string]any
		if err := yaml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(strings.Replace(file, "{exec: {command: kubelogin, args: [get-token]}}", "{token: "+token+"}", 1)), &want); err != nil {
			t.Fatal(err)
		}
		if a, b := render(t, got), render(t, want); a != b {
			t.Errorf("kubeconfig\n%s\nwant\n%s", a, b)
		}
	}
	for _, bad := range []string{"", "users: []", "users: [1]", "\t"} {
		if made, err := TokenKubeconfig([]byte(bad), "t"); err == nil {
			t.Errorf("%q became %q", bad, made)
		}
	}
}

func render(t *testing.T, v any) string {
	t.Helper()
	raw, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestTokenTenantMismatch(t *testing.T) {
	const a, b = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
	cluster := clusterWith(fieldset.Object{"aadProfile": fieldset.Object{"tenantID": a}})
	for identity, wrong := range map[string]bool{a + "/c": false, strings.ToUpper(a) + "/c": false, b + "/c": true, "contoso.com/c": false, "/c": false, "": false} {
		got := TokenTenantMismatch(cluster, identity)
		if (got != "") != wrong || wrong && !(strings.Contains(got, a) && strings.Contains(got, b)) {
			t.Errorf("identity %q: %q", identity, got)
		}
	}
	if got := TokenTenantMismatch(clusterWith(fieldset.Object{}), b+"/c"); got != "" {
		t.Errorf("no tenant known: %q", got)
	}
}
