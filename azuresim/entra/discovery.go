package entra

import (
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"
)

// shared are the names that stand for any tenant. Discovery works with them, signing in as an application does not.
var shared = map[string]bool{"common": true, "organizations": true, "consumers": true}

// discovery is the OpenID document of the v1 or the v2 endpoints of a tenant.
func (d *Directory) discovery(w http.ResponseWriter, tenant string, v2 bool) {
	id := strings.ToLower(tenant)
	issued := "{tenantid}" // the shared documents leave the tenant open
	if !shared[id] {
		t := d.World.Get().Tenant(tenant)
		if t == nil {
			d.unknownTenant(tenant).write(w)
			return
		}
		id, issued = t.ID, t.ID
	}
	base, endpoint, keys := d.BaseURL()+"/"+id, "/oauth2", "/discovery/keys"
	issuer := "https://sts.windows.net/" + issued + "/"
	if v2 {
		endpoint, keys, issuer = "/oauth2/v2.0", "/discovery/v2.0/keys", d.BaseURL()+"/"+issued+"/v2.0"
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"token_endpoint":                        base + endpoint + "/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              base + keys,
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                issuer,
		"request_uri_parameter_supported":       false,
		"authorization_endpoint":                base + endpoint + "/authorize",
		"device_authorization_endpoint":         base + endpoint + "/devicecode",
		"end_session_endpoint":                  base + endpoint + "/logout",
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "tid", "ver", "appid", "oid"},
		"tenant_region_scope":                   "NA",
	})
}

// instance tells clients that look the authority up that it is its own cloud.
func (d *Directory) instance(w http.ResponseWriter) {
	host := strings.TrimPrefix(d.BaseURL(), "https://")
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": d.BaseURL() + "/common/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  []any{map[string]any{"preferred_network": host, "preferred_cache": host, "aliases": []string{host}}},
	})
}

// keys is the set with which anybody can check the tokens.
func (d *Directory) keys(w http.ResponseWriter) {
	e := big.NewInt(int64(d.Key.E)).Bytes()
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID, "x5t": keyID,
		"n": base64.RawURLEncoding.EncodeToString(d.Key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e),
	}}})
}
