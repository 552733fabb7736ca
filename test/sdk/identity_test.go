package sdk_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// Built-in roles.
const (
	networkContributor = "4d97b98b-1d4f-4787-a291-c67834d212e7" // what a cluster's identity needs on its subnet
	reader             = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

func (a *azure) assignments() *armauthorization.RoleAssignmentsClient {
	a.t.Helper()
	return must(armauthorization.NewRoleAssignmentsClient(subscription, a.cred, a.options()))
}

func assignment(role, principal string) armauthorization.RoleAssignmentCreateParameters {
	return armauthorization.RoleAssignmentCreateParameters{Properties: &armauthorization.RoleAssignmentProperties{
		PrincipalID: &principal, PrincipalType: to.Ptr(armauthorization.PrincipalTypeServicePrincipal),
		RoleDefinitionID: to.Ptr("/subscriptions/" + subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + role),
	}}
}

// assign gives a principal a role and returns the assignment's name.
func (a *azure) assign(scope, role, principal string) string {
	a.t.Helper()
	name := uuid.NewString()
	assigned := must(a.assignments().Create(a.t.Context(), scope, name, assignment(role, principal), nil))
	equal(a, "principal", assigned.Properties.PrincipalID, principal)
	return name
}

// An identity made for a cluster, allowed into its subnet and trusted by a service account of the cluster.
func TestUserAssignedIdentity(t *testing.T) {
	w := world.Default()
	w.Roles = append(w.Roles, world.RoleAssignment{Principal: world.ClientA, Role: "Owner", Scope: "/subscriptions/" + subscription}) // a Contributor cannot assign roles
	a := start(t, azuresim.Options{World: &w})
	defer a.end()
	ctx := t.Context()
	a.group()
	identities := client(a, armmsi.NewUserAssignedIdentitiesClient)
	identity := must(identities.CreateOrUpdate(ctx, groupName, "control-plane", armmsi.Identity{Location: to.Ptr(location)}, nil))
	equal(a, "tenant", identity.Properties.TenantID, world.TenantA)

	subnet := a.subnet()
	name := a.assign(subnet, networkContributor, *identity.Properties.PrincipalID)
	_, err := a.assignments().Create(ctx, subnet, uuid.NewString(), assignment(networkContributor, *identity.Properties.PrincipalID), nil)
	a.refused(err, http.StatusConflict, "RoleAssignmentExists")
	must(a.assignments().Get(ctx, subnet, name, nil))

	cluster := twoPools()
	cluster.Identity = &armcontainerservice.ManagedClusterIdentity{
		Type:                   to.Ptr(armcontainerservice.ResourceIdentityTypeUserAssigned),
		UserAssignedIdentities: map[string]*armcontainerservice.ManagedServiceIdentityUserAssignedIdentitiesValue{*identity.ID: {}},
	}
	cluster.Properties.OidcIssuerProfile = &armcontainerservice.ManagedClusterOIDCIssuerProfile{Enabled: to.Ptr(true)}
	for _, pool := range cluster.Properties.AgentPoolProfiles {
		pool.VnetSubnetID = &subnet
	}
	created := done(a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, cluster, nil))
	for id, v := range created.Identity.UserAssignedIdentities {
		if !strings.EqualFold(id, *identity.ID) {
			t.Errorf("the cluster has the identity %s", id)
		}
		equal(a, "client of the identity", v.ClientID, *identity.Properties.ClientID)
	}

	trusts := client(a, armmsi.NewFederatedIdentityCredentialsClient)
	issuer, subject := created.Properties.OidcIssuerProfile.IssuerURL, "system:serviceaccount:apps:worker"
	trust := must(trusts.CreateOrUpdate(ctx, groupName, "control-plane", "worker", armmsi.FederatedIdentityCredential{Properties: &armmsi.FederatedIdentityCredentialProperties{
		Issuer: issuer, Subject: &subject, Audiences: []*string{to.Ptr("api://AzureADTokenExchange")},
	}}, nil))
	equal(a, "subject", trust.Properties.Subject, subject)
	if listed := all(trusts.NewListPager(groupName, "control-plane", nil), func(p armmsi.FederatedIdentityCredentialsClientListResponse) []*armmsi.FederatedIdentityCredential {
		return p.Value
	}); len(listed) != 1 {
		t.Errorf("%d federated credentials, want 1", len(listed))
	}
	must(trusts.Delete(ctx, groupName, "control-plane", "worker", nil))
	must(a.assignments().Delete(ctx, subnet, name, nil))
	must(identities.Delete(ctx, groupName, "control-plane", nil))
	_, err = identities.Get(ctx, groupName, "control-plane", nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
}
