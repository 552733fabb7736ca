package sdk_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/golang-jwt/jwt/v5"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// as is a client of somebody else.
func (a *azure) as(cred azcore.TokenCredential) *armcontainerservice.ManagedClustersClient {
	a.t.Helper()
	return must(armcontainerservice.NewManagedClustersClient(subscription, cred, a.options()))
}

// Who may not sign in, or may not do it, hears so in Azure's words.
func TestRefusedSignIn(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	a.group()
	_, err := a.as(a.secret(world.TenantA, world.ClientA, "wrong")).Get(t.Context(), groupName, clusterName, nil)
	a.unauthenticated(err, "AADSTS7000215")
	_, err = a.as(a.secret(world.TenantB, world.ClientA, world.SecretA)).Get(t.Context(), groupName, clusterName, nil)
	a.unauthenticated(err, "AADSTS700016")
	_, err = a.as(a.secret(world.TenantA, world.ClientNobody, world.SecretNobody)).Get(t.Context(), groupName, clusterName, nil)
	a.refused(err, http.StatusForbidden, "AuthorizationFailed")
	_, err = a.as(a.secret(world.TenantB, world.ClientB, world.SecretB)).Get(t.Context(), groupName, clusterName, nil)
	a.refused(err, http.StatusUnauthorized, "InvalidAuthenticationTokenTenant")
}

// A token that has expired is replaced before the next request; one that has not is used again.
func TestTokenIsRefreshed(t *testing.T) {
	for name, c := range map[string]struct {
		lifetime time.Duration
		refresh  bool
	}{"an hour": {0, false}, "a second": {time.Second, true}} {
		t.Run(name, func(t *testing.T) {
			a := start(t, azuresim.Options{TokenLifetime: c.lifetime})
			defer a.end()
			a.group()
			issued := time.Now()
			a.eventually("a second", func() bool { return time.Since(issued) > 1100*time.Millisecond })
			_, err := a.clusters().Get(t.Context(), groupName, clusterName, nil)
			a.refused(err, http.StatusNotFound, "ResourceNotFound") // and not 401 ExpiredAuthenticationToken
			if n := a.tokens(); (n > 1) != c.refresh {
				t.Errorf("%d tokens were asked for", n)
			}
		})
	}
}

// A service account's token is enough once the identity trusts it, and lets in as far as the identity's roles reach.
func TestWorkloadIdentity(t *testing.T) {
	w := world.Default()
	w.Roles = append(w.Roles, world.RoleAssignment{Principal: world.ClientA, Role: "Owner", Scope: "/subscriptions/" + subscription})
	a := start(t, azuresim.Options{World: &w})
	defer a.end()
	ctx := t.Context()
	a.group()
	const issuer, subject, audience = "https://oidc.test/", "system:serviceaccount:apps:worker", "api://AzureADTokenExchange"
	identity := must(client(a, armmsi.NewUserAssignedIdentitiesClient).CreateOrUpdate(ctx, groupName, "worker", armmsi.Identity{Location: to.Ptr(location)}, nil))
	file := filepath.Join(t.TempDir(), "token")
	claims := jwt.RegisteredClaims{Issuer: issuer, Subject: subject, Audience: jwt.ClaimStrings{audience}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour))}
	assertion := must(jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("the emulator cannot ask the issuer for its keys")))
	if err := os.WriteFile(file, []byte(assertion), 0o600); err != nil {
		t.Fatal(err)
	}
	cred := must(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: a.cloud(), DisableInstanceDiscovery: true, ClientID: *identity.Properties.ClientID, TenantID: *identity.Properties.TenantID, TokenFilePath: file,
	}))
	trust := func(name, subject string) {
		must(client(a, armmsi.NewFederatedIdentityCredentialsClient).CreateOrUpdate(ctx, groupName, "worker", name, armmsi.FederatedIdentityCredential{Properties: &armmsi.FederatedIdentityCredentialProperties{
			Issuer: to.Ptr(issuer), Subject: &subject, Audiences: []*string{to.Ptr(audience)},
		}}, nil))
	}
	trust("other", "system:serviceaccount:apps:other")
	_, err := a.as(cred).Get(ctx, groupName, clusterName, nil)
	a.unauthenticated(err, "AADSTS700213")
	trust("worker", subject)
	_, err = a.as(cred).Get(ctx, groupName, clusterName, nil)
	a.refused(err, http.StatusForbidden, "AuthorizationFailed")
	a.assign("/subscriptions/"+subscription+"/resourceGroups/"+groupName, reader, *identity.Properties.PrincipalID)
	_, err = a.as(cred).Get(ctx, groupName, clusterName, nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
}
