// Package entra is the part of Entra ID that Azure clients need to sign in: discovery, the token endpoint and the
// managed identity endpoint. It must not know ARM resources; who may do what is decided in the front door.
package entra

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/world"
)

// lifetime of a token; 3599 is what Entra reports for one hour.
const lifetime = 3599 * time.Second

// Directory issues and checks tokens. Tokens live in wall-clock time even when the emulated clock is paused or
// fast, because clients cache them by their own clock.
type Directory struct {
	World          *world.Holder
	Key            *rsa.PrivateKey
	IdentityHeader string        // secret of the managed identity endpoint
	BaseURL        func() string // of this server, without trailing slash
}

// ServeHTTP answers everything below an authority host.
func (d *Directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	tenant, rest, _ := strings.Cut(path, "/")
	switch {
	case path == "msi/token" || path == "metadata/identity/oauth2/token":
		d.managedIdentity(w, r)
	case strings.HasSuffix(rest, ".well-known/openid-configuration"):
		d.discovery(w, tenant)
	case rest == "discovery/v2.0/keys" || rest == "discovery/keys":
		d.keys(w)
	case rest == "discovery/instance":
		d.instance(w)
	case r.Method == http.MethodPost && (rest == "oauth2/v2.0/token" || rest == "oauth2/token"):
		d.token(w, r, tenant)
	default:
		http.NotFound(w, r)
	}
}

func (d *Directory) discovery(w http.ResponseWriter, tenant string) {
	t := d.World.Get().Tenant(tenant)
	if t == nil {
		unknownTenant(tenant).write(w)
		return
	}
	base := d.BaseURL() + "/" + t.ID
	writeJSON(w, http.StatusOK, map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                base + "/v2.0",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"end_session_endpoint":                  base + "/oauth2/v2.0/logout",
		"tenant_region_scope":                   "NA",
	})
}

func (d *Directory) instance(w http.ResponseWriter) {
	host := strings.TrimPrefix(d.BaseURL(), "https://")
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": d.BaseURL() + "/common/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  []any{map[string]any{"preferred_network": host, "preferred_cache": host, "aliases": []string{host}}},
	})
}

func (d *Directory) keys(w http.ResponseWriter) {
	e := big.NewInt(int64(d.Key.E)).Bytes()
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": base64.RawURLEncoding.EncodeToString(d.Key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e),
	}}})
}

const keyID = "azuresim"

// Claims is what the emulator reads back from its own tokens.
type Claims struct {
	jwt.RegisteredClaims
	TenantID string `json:"tid"`
	AppID    string `json:"appid"`
	ObjectID string `json:"oid"`
}

func (d *Directory) issue(p *world.Principal, resource string) (string, error) {
	now := time.Now()
	claims := Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: "https://sts.windows.net/" + p.TenantID + "/", Subject: p.Object(), Audience: jwt.ClaimStrings{resource},
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)), ID: uuid.NewString(),
		},
		TenantID: p.TenantID, AppID: p.ClientID, ObjectID: p.Object(),
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = keyID
	return t.SignedString(d.Key)
}

// token is the OAuth 2.0 client credentials grant.
func (d *Directory) token(w http.ResponseWriter, r *http.Request, tenantName string) {
	world := d.World.Get()
	tenant := world.Tenant(tenantName)
	if tenant == nil {
		unknownTenant(tenantName).write(w)
		return
	}
	if err := r.ParseForm(); err != nil {
		fail(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.").write(w)
		return
	}
	if grant := r.PostForm.Get("grant_type"); grant != "client_credentials" {
		fail(http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", grant).write(w)
		return
	}
	clientID := r.PostForm.Get("client_id")
	p := world.Principal(clientID)
	if p == nil || !strings.EqualFold(p.TenantID, tenant.ID) || p.ManagedIdentity && len(p.Federated) == 0 {
		fail(http.StatusBadRequest, "unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", clientID, tenant.ID).write(w)
		return
	}
	if e := d.proof(p, r); e != nil {
		e.write(w)
		return
	}
	access, err := d.issue(p, audience(r.PostForm))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	seconds := int(lifetime.Seconds())
	writeJSON(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": access})
}

// audience derives the aud claim from scope (v2) or resource (v1).
func audience(form map[string][]string) string {
	if r := form["resource"]; len(r) > 0 {
		return r[0]
	}
	if s := form["scope"]; len(s) > 0 {
		for scope := range strings.FieldsSeq(s[0]) {
			if res, ok := strings.CutSuffix(scope, "/.default"); ok {
				return res
			}
		}
	}
	return ""
}

// managedIdentity answers App Service's and the virtual machine's identity endpoint.
func (d *Directory) managedIdentity(w http.ResponseWriter, r *http.Request) {
	appService := strings.HasSuffix(strings.Trim(r.URL.Path, "/"), "msi/token")
	if appService && r.Header.Get("X-IDENTITY-HEADER") != d.IdentityHeader || !appService && !strings.EqualFold(r.Header.Get("Metadata"), "true") {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": "Required metadata header not specified"})
		return
	}
	q := r.URL.Query()
	p := d.identity(q.Get("client_id"), q.Get("object_id")+q.Get("principal_id"), q.Get("mi_res_id")+q.Get("msi_res_id"))
	if p == nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": "Identity not found"})
		return
	}
	access, err := d.issue(p, q.Get("resource"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "resource": q.Get("resource"), "client_id": p.ClientID,
		"expires_on": fmt.Sprint(time.Now().Add(lifetime).Unix()), "expires_in": fmt.Sprint(int(lifetime.Seconds())),
	})
}

func (d *Directory) identity(ids ...string) *world.Principal {
	asked := false
	for _, id := range ids {
		if id == "" {
			continue
		}
		asked = true
		if p := d.World.Get().Principal(id); p != nil && p.ManagedIdentity {
			return p
		}
	}
	if asked {
		return nil
	}
	for i, p := range d.World.Get().Principals { // no id: the host's own identity, which is the first
		if p.ManagedIdentity {
			return &d.World.Get().Principals[i]
		}
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store, no-cache")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
