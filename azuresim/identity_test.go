package azuresim_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	msiVersion  = "2024-11-30"
	authVersion = "2022-04-01"
	identityID  = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
	readerRole  = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	oidcIssuer  = "https://oidc.example.com/issuer/"
	workloadSub = "system:serviceaccount:ns:app"
)

// identity makes an identity with a federated credential and returns its client id and object id.
func (m *sim) identity() (clientID, objectID string) {
	m.t.Helper()
	a := m.do(http.StatusCreated, http.MethodPut, identityID, msiVersion, `{"location":"westus2"}`)
	m.do(http.StatusCreated, http.MethodPut, identityID+"/federatedIdentityCredentials/f1", msiVersion, credential(oidcIssuer, workloadSub))
	clientID, _ = a.get("properties.clientId").(string)
	objectID, _ = a.get("properties.principalId").(string)
	return clientID, objectID
}

func credential(issuer, subject string) string {
	return fmt.Sprintf(`{"properties":{"issuer":%q,"subject":%q,"audiences":["api://AzureADTokenExchange"]}}`, issuer, subject)
}

// federated signs in with a service account's token, as a pod with workload identity does.
func (m *sim) federated(clientID, subject string) *azidentity.ClientAssertionCredential {
	m.t.Helper()
	assertion := func(context.Context) (string, error) {
		claims := jwt.RegisteredClaims{Issuer: oidcIssuer, Subject: subject, Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour))}
		return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("not checked"))
	}
	c, err := azidentity.NewClientAssertionCredential(world.TenantA, clientID, assertion, &azidentity.ClientAssertionCredentialOptions{ClientOptions: m.options(), DisableInstanceDiscovery: true})
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

func assignment(name string) string {
	return group + "/providers/Microsoft.Authorization/roleAssignments/" + name
}

func assign(role, principal, more string) string {
	return fmt.Sprintf(`{"properties":{"roleDefinitionId":"%s/providers/Microsoft.Authorization/roleDefinitions/%s","principalId":%q%s}}`, sub, role, principal, more)
}

const (
	assignmentA = "11111111-aaaa-4000-8000-000000000001"
	assignmentB = "11111111-aaaa-4000-8000-000000000002"
)

// An identity made through ARM is a principal: its federated credential signs a pod in, a role assignment lets it
// read, and all of that ends with the resources, and survives a restart.
func TestIdentityBecomesPrincipal(t *testing.T) {
	dir := t.TempDir()
	m := start(t, azuresim.Options{DataDir: dir, Clock: clock.NewPaused(epoch)})
	m.pipe = m.owner()
	m.group()
	clientID, objectID := m.identity()
	cred := m.federated(clientID, workloadSub)
	pipe := m.pipeline(cred)
	if a, err := m.try(pipe, http.MethodGet, group, rgVersion, ""); err != nil || a.Code() != "AuthorizationFailed" {
		t.Fatalf("without a role: %v %d %s", err, a.Status, a.Raw)
	}
	m.do(http.StatusCreated, http.MethodPut, assignment(assignmentA), authVersion, assign(readerRole, objectID, ""))
	if a, err := m.try(pipe, http.MethodGet, group, rgVersion, ""); err != nil || a.Status != http.StatusOK {
		t.Fatalf("a Reader may read: %v %d %s", err, a.Status, a.Raw)
	}
	if a, err := m.try(pipe, http.MethodPut, group+"/providers/Microsoft.Network/virtualNetworks/v", netVersion, `{"location":"westus2"}`); err != nil || a.Code() != "AuthorizationFailed" {
		t.Fatalf("a Reader may not write: %v %d %s", err, a.Status, a.Raw)
	}
	if _, err := m.federated(clientID, "system:serviceaccount:ns:other").GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{azuresim.Audience + "/.default"}}); err == nil || !strings.Contains(err.Error(), "AADSTS700213") {
		t.Errorf("a subject without credential: %v", err)
	}
	m.s.Close()

	again := start(t, azuresim.Options{DataDir: dir, Clock: clock.NewPaused(epoch)})
	again.pipe = again.owner()
	pipe = again.pipeline(again.federated(clientID, workloadSub))
	if a, err := again.try(pipe, http.MethodGet, group, rgVersion, ""); err != nil || a.Status != http.StatusOK {
		t.Fatalf("after a restart: %v %d %s", err, a.Status, a.Raw)
	}
	again.do(http.StatusOK, http.MethodDelete, assignment(assignmentA), authVersion, "")
	if a, err := again.try(pipe, http.MethodGet, group, rgVersion, ""); err != nil || a.Code() != "AuthorizationFailed" {
		t.Errorf("after the assignment was taken away: %v %d %s", err, a.Status, a.Raw)
	}
	again.do(http.StatusOK, http.MethodDelete, identityID, msiVersion, "")
	if _, err := again.federated(clientID, workloadSub).GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{azuresim.Audience + "/.default"}}); err == nil || !strings.Contains(err.Error(), "AADSTS700016") {
		t.Errorf("after the identity was deleted: %v", err)
	}
}

// Federated credentials are unique by issuer and subject, have one audience, and there are at most twenty.
func TestFederatedCredentialRules(t *testing.T) {
	m := start(t, azuresim.Options{NoThrottle: true})
	m.group()
	m.identity()
	fic := identityID + "/federatedIdentityCredentials/"
	m.refused(http.StatusConflict, "Conflict", "Issuer and subject combination already exists", http.MethodPut, fic+"f2", msiVersion, credential(oidcIssuer, workloadSub))
	m.refused(http.StatusBadRequest, "BadRequest", "exactly one audience", http.MethodPut, fic+"f2", msiVersion, `{"properties":{"issuer":"i","subject":"s","audiences":[]}}`)
	for i := 2; i <= 20; i++ {
		m.do(http.StatusCreated, http.MethodPut, fmt.Sprintf("%sf%d", fic, i), msiVersion, credential(oidcIssuer, fmt.Sprint("s", i)))
	}
	m.refused(http.StatusBadRequest, "BadRequest", "limit of 20", http.MethodPut, fic+"f21", msiVersion, credential(oidcIssuer, "s21"))
	m.do(http.StatusOK, http.MethodPut, fic+"f20", msiVersion, credential(oidcIssuer, "s20"))
	if list, _ := m.do(http.StatusOK, http.MethodGet, strings.TrimSuffix(fic, "/"), msiVersion, "").get("value").([]any); len(list) != 20 {
		t.Errorf("%d credentials are listed", len(list))
	}
	m.refused(http.StatusNotFound, "NotFound", "was not found", http.MethodGet, fic+"f21", msiVersion, "")
	m.do(http.StatusNoContent, http.MethodDelete, fic+"f21", msiVersion, "")
}

// The refusals of role assignments.
func TestRoleAssignmentRules(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	_, objectID := m.identity()
	m.refused(http.StatusForbidden, "AuthorizationFailed", "roleAssignments/write", http.MethodPut, assignment(assignmentA), authVersion, assign(readerRole, objectID, ""))
	m.pipe = m.owner()
	put := func(status int, name, body string) answer {
		t.Helper()
		return m.do(status, http.MethodPut, assignment(name), authVersion, body)
	}
	a := put(http.StatusCreated, assignmentA, assign(readerRole, objectID, ""))
	m.wantEqual(a, "properties.createdBy", nil)
	put(http.StatusCreated, assignmentA, assign(readerRole, objectID, "")) // the same again is not a conflict (recorded)
	for _, c := range []struct {
		status           int
		code, name, body string
	}{
		{http.StatusConflict, "RoleAssignmentExists", assignmentB, assign(readerRole, objectID, "")},
		{http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted", assignmentA, assign("b24988ac-6180-42a0-ab88-20f7382dd24c", objectID, "")},
		{http.StatusBadRequest, "RoleDefinitionDoesNotExist", assignmentB, assign("00000000-0000-4000-8000-00000000dead", objectID, "")},
		{http.StatusBadRequest, "PrincipalNotFound", assignmentB, assign(readerRole, "00000000-0000-4000-8000-00000000beef", "")},
		{http.StatusBadRequest, "InvalidPrincipalId", assignmentB, assign(readerRole, "me", "")},
		{http.StatusBadRequest, "InvalidRoleAssignmentId", "x", assign(readerRole, objectID, "")},
	} {
		if a := put(c.status, c.name, c.body); a.Code() != c.code {
			t.Errorf("got %s, want %s", a.Raw, c.code)
		}
	}
	put(http.StatusCreated, assignmentB, assign(readerRole, "00000000-0000-4000-8000-00000000beef", `,"principalType":"ServicePrincipal"`))
	m.refused(http.StatusNotFound, "ResourceNotFound", "managedClusters/none", http.MethodPut, group+"/providers/Microsoft.ContainerService/managedClusters/none/providers/Microsoft.Authorization/roleAssignments/"+assignmentA, authVersion, assign(readerRole, objectID, ""))
	list := func(scope, filter string) int {
		t.Helper()
		filter = strings.ReplaceAll(filter, " ", "%20")
		value, _ := m.do(http.StatusOK, http.MethodGet, scope+"/providers/Microsoft.Authorization/roleAssignments?$filter="+filter, authVersion, "").get("value").([]any)
		return len(value)
	}
	configured := list(sub, "atScope()")
	if below := list(sub, ""); configured < 2 || below != configured+2 {
		t.Errorf("%d assignments at the subscription, %d with those below", configured, below)
	}
	if n := list(group, "principalId eq '"+objectID+"'"); n != 1 {
		t.Errorf("%d assignments of the identity", n)
	}
	m.do(http.StatusOK, http.MethodDelete, assignment(assignmentB), authVersion, "")
	m.do(http.StatusNoContent, http.MethodDelete, assignment(assignmentB), authVersion, "")
	m.refused(http.StatusNotFound, "RoleAssignmentNotFound", assignmentB, http.MethodGet, assignment(assignmentB), authVersion, "")
}

// A principal that Entra ID has not replicated is unknown for as many attempts as the world says.
func TestPrincipalReplication(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.s.AddWorld(world.World{PrincipalLag: 2})
	m.pipe = m.owner()
	m.group()
	_, objectID := m.identity()
	for range 2 {
		m.refused(http.StatusBadRequest, "PrincipalNotFound", "replication delay", http.MethodPut, assignment(assignmentA), authVersion, assign(readerRole, objectID, ""))
	}
	m.do(http.StatusCreated, http.MethodPut, assignment(assignmentA), authVersion, assign(readerRole, objectID, ""))
}

// A custom role allows its actions and nothing else, and cannot go while it is assigned.
func TestCustomRole(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.pipe = m.owner()
	m.group()
	clientID, objectID := m.identity()
	const id = "22222222-aaaa-4000-8000-000000000001"
	definition := group + "/providers/Microsoft.Authorization/roleDefinitions/" + id
	role := fmt.Sprintf(`{"properties":{"roleName":"groups only","type":"customRole","assignableScopes":[%q],"permissions":[{"actions":["Microsoft.Resources/subscriptions/resourceGroups/read"]}]}}`, group)
	a := m.do(http.StatusCreated, http.MethodPut, definition, authVersion, role)
	m.wantEqual(a, "id", sub+"/providers/Microsoft.Authorization/roleDefinitions/"+id)
	m.refused(http.StatusConflict, "RoleDefinitionWithSameNameExists", "same name", http.MethodPut, strings.Replace(definition, id, assignmentB, 1), authVersion, role)
	m.do(http.StatusCreated, http.MethodPut, assignment(assignmentA), authVersion, assign(id, objectID, ""))
	pipe := m.pipeline(m.federated(clientID, workloadSub))
	for path, want := range map[string]int{group: http.StatusOK, identityID: http.StatusForbidden} {
		version := rgVersion
		if path == identityID {
			version = msiVersion
		}
		if a, err := m.try(pipe, http.MethodGet, path, version, ""); err != nil || a.Status != want {
			t.Errorf("%s: %v %d %s", path, err, a.Status, a.Raw)
		}
	}
	m.refused(http.StatusBadRequest, "RoleDefinitionHasAssignments", "existing role assignments", http.MethodDelete, definition, authVersion, "")
	m.do(http.StatusOK, http.MethodDelete, assignment(assignmentA), authVersion, "")
	m.do(http.StatusOK, http.MethodDelete, definition, authVersion, "")
	builtin, _ := m.do(http.StatusOK, http.MethodGet, sub+"/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName%20eq%20'Network%20Contributor'", authVersion, "").get("value").([]any)
	if len(builtin) != 1 {
		t.Errorf("%d roles are called Network Contributor", len(builtin))
	}
}
