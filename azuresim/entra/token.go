package entra

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/capaks/capaks/azuresim/world"
)

// KubernetesServer is the application of the AKS server: the API of a cluster with Entra ID accepts tokens for it. Any
// principal may ask for one; no consent is involved.
const KubernetesServer = "6dae42f8-4368-4678-94ff-3960e28e3630"

// known are the first-party resources every directory has.
var known = map[string]bool{
	"https://management.azure.com": true, "https://management.core.windows.net": true, "https://graph.microsoft.com": true, "https://graph.windows.net": true,
	"https://vault.azure.net": true, "https://storage.azure.com": true, "https://containerregistry.azure.net": true, "https://api.loganalytics.io": true,
	"https://monitor.azure.com": true, KubernetesServer: true, "api://AzureADTokenExchange": true,
}

// token is the OAuth 2.0 client credentials grant.
func (d *Directory) token(w http.ResponseWriter, r *http.Request, tenantName string, v2 bool) {
	p, resource, f := d.grant(r, tenantName, v2)
	if f != nil {
		f.write(w)
		return
	}
	access, err := d.issue(p, resource)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	lifetime := d.lifetime(p, resource)
	seconds := d.secondsForClient(lifetime)
	if v2 {
		writeJSON(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": access})
		return
	}
	now := d.now() // the older endpoint writes numbers as texts
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": strconv.Itoa(seconds), "ext_expires_in": strconv.Itoa(seconds), "expires_on": unix(now.Add(lifetime)),
		"not_before": unix(now), "resource": resource, "access_token": access,
	})
}

// grant decides who gets a token for what.
func (d *Directory) grant(r *http.Request, tenantName string, v2 bool) (*world.Principal, string, *failure) {
	w := d.World.Get()
	if shared[strings.ToLower(tenantName)] {
		return nil, "", d.fail(http.StatusBadRequest, "invalid_request", 50059, "No tenant-identifying information found in either the request or implied by any provided credentials.")
	}
	tenant := w.Tenant(tenantName)
	if tenant == nil {
		return nil, "", d.unknownTenant(tenantName)
	}
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") == "" {
		return nil, "", d.missing("grant_type")
	}
	if grant := r.PostForm.Get("grant_type"); grant != "client_credentials" {
		return nil, "", d.fail(http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", grant)
	}
	clientID := r.PostForm.Get("client_id")
	if user, _, basic := r.BasicAuth(); basic && clientID == "" {
		clientID = user
	}
	if clientID == "" {
		return nil, "", d.missing("client_id")
	}
	p := w.Principal(clientID)
	if p == nil || !strings.EqualFold(p.ClientID, clientID) || !strings.EqualFold(p.TenantID, tenant.ID) || p.ManagedIdentity && len(p.Federated) == 0 {
		return nil, "", d.fail(http.StatusBadRequest, "unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", clientID, tenant.ID)
	}
	resource, f := d.resource(r.PostForm, v2)
	if f == nil {
		f = d.proof(p, r)
	}
	if f == nil {
		f = d.audience(resource, tenant.ID)
	}
	return p, resource, f
}

// resource reads what the token is for: the scope of the v2 endpoint, the resource of the v1 endpoint.
func (d *Directory) resource(form url.Values, v2 bool) (string, *failure) {
	if !v2 {
		if r := form.Get("resource"); r != "" {
			return r, nil
		}
		return "", d.missing("resource")
	}
	scopes := form.Get("scope")
	if scopes == "" {
		return "", d.missing("scope")
	}
	for scope := range strings.FieldsSeq(scopes) {
		if resource, ok := strings.CutSuffix(scope, "/.default"); ok {
			return resource, nil
		}
	}
	return "", d.fail(http.StatusBadRequest, "invalid_scope", 1002012, "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", scopes)
}

// audience refuses tokens for a resource the directory does not have: itself, Microsoft's, and the applications of the
// world.
func (d *Directory) audience(resource, tenant string) *failure {
	name := strings.TrimRight(resource, "/")
	if known[name] || name == d.BaseURL() || d.World.Get().Principal(strings.TrimPrefix(name, "api://")) != nil {
		return nil
	}
	return d.fail(http.StatusBadRequest, "invalid_resource", 500011, "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", resource, tenant)
}
