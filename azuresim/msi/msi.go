// Package msi emulates Microsoft.ManagedIdentity: user-assigned identities and their federated credentials. An
// identity is a principal of the directory for as long as its resource exists. The package must not issue tokens;
// Entra ID does, from what it finds in the world.
package msi

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
	"github.com/capaks/capaks/azuresim/world"
)

// Resource types.
const (
	IdentityType   = "Microsoft.ManagedIdentity/userAssignedIdentities"
	CredentialType = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
	systemType     = "Microsoft.ManagedIdentity/identities"
)

// isolationSince is the first api-version with isolationScope.
const isolationSince = "2024-11-30"

// credentialLimit is how many federated credentials an identity can have.
const credentialLimit = 20

// Provider serves Microsoft.ManagedIdentity.
type Provider struct {
	tracked.Provider
}

// New declares the types.
func New(f *fabric.Fabric, w *world.Holder) *Provider {
	p := &Provider{tracked.Provider{Namespace: "Microsoft.ManagedIdentity", Fabric: f, World: w}}
	life := tracked.Life{Created: http.StatusCreated, Updated: http.StatusOK, Deleted: http.StatusOK, Absent: http.StatusNoContent, NoState: true, Header: relativeLocation, Orphan: parentNotFound}
	p.Types = []*tracked.Type{{
		Name: IdentityType, Life: life, Operation: "Identity",
		Versions:   []string{"2015-08-31-preview", "2018-11-30", "2021-09-30-preview", "2022-01-31-preview", "2023-01-31", "2023-07-31-preview", "2024-11-30", "2025-01-31-preview"},
		ReadOnly:   []string{"properties.tenantId", "properties.principalId", "properties.clientId"},
		Defaults:   []tracked.Default{{Path: "properties.isolationScope", Value: "None", Since: isolationSince}},
		Since:      map[string]string{"properties.isolationScope": isolationSince},
		Prepare:    p.prepareIdentity,
		MergePatch: true,
		Accepted:   func(_ *tracked.Write, r *fabric.Resource) { p.publish(r, w.Get().PrincipalLag) },
		View: func(_ string, r *fabric.Resource, doc arm.Object) {
			doc["id"] = shownID(r)
			arm.Default(doc, "tags", arm.Object{})
		},
	}, {
		Name: CredentialType, Proxy: true, Life: life, Operation: "FederatedIdentityCredential",
		Versions: []string{"2022-01-31-preview", "2023-01-31", "2023-07-31-preview", "2024-11-30", "2025-01-31-preview"},
		Prepare:  prepareCredential,
		Accepted: func(_ *tracked.Write, r *fabric.Resource) { p.publish(p.identityOf(r), 0) },
		Gone:     func(r *fabric.Resource) { p.publish(p.identityOf(r), 0) },
		View:     func(_ string, r *fabric.Resource, doc arm.Object) { doc["id"] = shownID(r) },
		NotFound: func(id arm.ID) error {
			return arm.ProviderError(http.StatusNotFound, "NotFound", "Resource '%s' was not found.", lowerGroups(id.String()))
		},
	}}
	return p
}

// Register hooks the provider into the fabric: with the resource the principal goes.
func (p *Provider) Register() {
	p.Provider.Register()
	p.Fabric.OnDrop(func(r *fabric.Resource) {
		if r.Type == IdentityType {
			p.World.DropIdentity(r.ID)
		}
	})
}

// Restore makes stored identities principals again after a restart.
func (p *Provider) Restore() {
	for _, r := range p.Fabric.List("", IdentityType) {
		p.publish(r, 0)
	}
}

// Routes is the provider's table. The gateway names the parent of a federated credential even when the resource
// group is gone, as recorded.
func (p *Provider) Routes() []arm.Route {
	routes := append(p.Provider.Routes(), arm.Route{Method: http.MethodGet, Path: "{scope*}/providers/Microsoft.ManagedIdentity/identities/default", Type: systemType, Verb: "read", Versions: p.Types[0].Versions, Handler: p.systemAssigned})
	for i := range routes {
		routes[i].AnyGroup = routes[i].Type == CredentialType && routes[i].Method == http.MethodDelete
	}
	return routes
}

// Create makes an identity for a service, as AKS does for the nodes of a cluster.
func (p *Provider) Create(id arm.ID, location string) *fabric.Resource {
	r := p.Fabric.Create(id, location, arm.Object{"properties": p.principal(id)})
	r.State = "Succeeded"
	p.publish(r, 0)
	return r
}

// The service spells resource groups in lower case in all its ids, as recorded.
func lowerGroups(id string) string {
	return strings.Replace(id, "/resourceGroups/", "/resourcegroups/", 1)
}

func shownID(r *fabric.Resource) string { return lowerGroups(r.ID) }

// relativeLocation is the header of a 201: a path, not an address.
func relativeLocation(_ *arm.Request, resp *arm.Response) {
	if body, ok := resp.Body.(arm.Object); ok && resp.Status == http.StatusCreated {
		resp.With("Location", arm.Str(body, "id"))
	}
}

func parentNotFound(verb string, id arm.ID) error { return arm.ParentNotFound(verb, id) }

var identityName = regexp.MustCompile(`^[a-zA-Z0-9][-\w]{2,127}$`)

func (p *Provider) principal(id arm.ID) arm.Object {
	tenant := ""
	if sub := p.World.Get().Subscription(id.Subscription); sub != nil {
		tenant = sub.TenantID
	}
	return arm.Object{"tenantId": tenant, "principalId": uuid.NewString(), "clientId": uuid.NewString()}
}

func (p *Provider) prepareIdentity(w *tracked.Write) error {
	if !identityName.MatchString(w.ID.Name()) {
		return arm.ProviderError(http.StatusBadRequest, "InvalidResourceName", "The resource name '%s' is invalid. It must start with a letter or number, have 3 to 128 characters and contain only letters, numbers, hyphens and underscores.", w.ID.Name())
	}
	if w.Stored == nil {
		for k, v := range p.principal(w.ID) {
			arm.Put(w.Body, "properties."+k, v)
		}
	}
	return nil
}

func prepareCredential(w *tracked.Write) error {
	for _, k := range []string{"issuer", "subject"} {
		if arm.Str(w.Body, "properties."+k) == "" {
			return badCredential("The property '%s' of the federated identity credential is required.", k)
		}
	}
	audiences := arm.List(w.Body, "properties.audiences")
	if len(audiences) != 1 {
		return badCredential("The federated identity credential must have exactly one audience.")
	}
	others := 0
	for _, s := range w.Siblings {
		if strings.EqualFold(s.Name, w.ID.Name()) {
			continue
		}
		others++
		if arm.Str(s.Body, "properties.issuer") == arm.Str(w.Body, "properties.issuer") && arm.Str(s.Body, "properties.subject") == arm.Str(w.Body, "properties.subject") {
			return arm.ProviderError(http.StatusConflict, "Conflict", "Issuer and subject combination already exists for this Managed Identity.")
		}
	}
	if others >= credentialLimit {
		return badCredential("The managed identity has reached the limit of %d federated identity credentials.", credentialLimit)
	}
	return nil
}

func badCredential(format string, args ...any) error {
	return arm.ProviderError(http.StatusBadRequest, "BadRequest", format, args...)
}

func (p *Provider) identityOf(credential *fabric.Resource) *fabric.Resource {
	return p.Fabric.Get(credential.ARMID().Parent().String())
}

// publish makes an identity, with its federated credentials, the principal Entra ID knows. A new one stays unseen for
// as many role assignments as the world says.
func (p *Provider) publish(r *fabric.Resource, lag int) {
	if r == nil {
		return
	}
	props := arm.Map(r.Body, "properties")
	who := world.Principal{
		TenantID: arm.Str(props, "tenantId"), ClientID: arm.Str(props, "clientId"), ObjectID: arm.Str(props, "principalId"), DisplayName: r.Name, ManagedIdentity: true, ResourceID: r.ID, Unseen: lag,
	}
	if old := p.World.Get().Principal(r.ID); old != nil {
		who.Unseen = old.Unseen
	}
	for _, c := range p.Fabric.Children(r.ID, CredentialType) {
		for _, audience := range arm.List(c.Body, "properties.audiences") {
			text, _ := audience.(string)
			who.Federated = append(who.Federated, world.Federated{Issuer: arm.Str(c.Body, "properties.issuer"), Subject: arm.Str(c.Body, "properties.subject"), Audience: text})
		}
	}
	p.World.SetIdentity(who)
}

// systemAssigned shows the identity a resource has of its own. Such an identity cannot sign in here: its credential
// never leaves Azure.
func (p *Provider) systemAssigned(rq *arm.Request) (*arm.Response, error) {
	scope, _ := arm.ParseID(rq.Params["scope"])
	r := p.Fabric.Get(scope.String())
	if r == nil {
		return nil, arm.ResourceNotFound(scope)
	}
	principal := arm.Str(r.Body, "identity.principalId")
	if principal == "" {
		return nil, arm.ProviderError(http.StatusNotFound, "NotFound", "The resource '%s' has no system-assigned identity.", scope.String())
	}
	doc := arm.Object{"id": scope.String() + "/providers/" + systemType + "/default", "name": "default", "type": systemType, "location": r.Location, "properties": arm.Object{
		"tenantId": arm.Str(r.Body, "identity.tenantId"), "principalId": principal, "clientId": uuid.NewSHA1(uuid.NameSpaceURL, []byte(principal)).String(),
		"clientSecretUrl": "https://control-" + r.Location + ".identity.azure.net" + scope.String() + "/credentials/v2/systemassigned",
	}}
	if tags := arm.Map(r.Body, "tags"); tags != nil {
		doc["tags"] = tags
	}
	return arm.Respond(http.StatusOK, doc), nil
}
