// Package entra is the part of Entra ID that Azure clients need to sign in: discovery, the token endpoint and the
// managed identity endpoint. It must not know ARM resources; who may do what is decided in the front door.
package entra

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/world"
)

// Directory issues and checks tokens.
type Directory struct {
	World          *world.Holder
	Key            *rsa.PrivateKey
	IdentityHeader string        // secret of the managed identity endpoint
	BaseURL        func() string // of this server, without trailing slash
	Lifetime       time.Duration // of a token; 0 = what Entra gives
	// Now is the time tokens live in. It is the wall clock's unless expiry is to be tested with the emulated one: clients
	// cache tokens by their own clock.
	Now func() time.Time
	// Pace is how much faster than the client's clock Now runs; a token's lifetime is told to clients in their own time.
	Pace func() float64
}

// defaultLifetime is what Entra reports for the hour a token lives.
const defaultLifetime = 3599 * time.Second

func (d *Directory) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

// lifetime of the tokens of a principal for a resource.
func (d *Directory) lifetime(p *world.Principal, resource string) time.Duration {
	if seconds := p.TokenSeconds[strings.TrimRight(resource, "/")]; seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if d.Lifetime > 0 {
		return d.Lifetime
	}
	return defaultLifetime
}

// secondsForClient is a token's lifetime by the client's clock.
func (d *Directory) secondsForClient(lifetime time.Duration) int {
	seconds := lifetime.Seconds()
	if d.Now != nil && d.Pace != nil {
		seconds /= d.Pace()
	}
	return int(seconds)
}

// ServeHTTP answers everything below an authority host.
func (d *Directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	tenant, rest, _ := strings.Cut(path, "/")
	switch {
	case path == "msi/token":
		d.appService(w, r)
	case path == "metadata/identity/oauth2/token":
		d.instanceMetadata(w, r)
	case rest == "v2.0/.well-known/openid-configuration":
		d.discovery(w, tenant, true)
	case rest == ".well-known/openid-configuration":
		d.discovery(w, tenant, false)
	case rest == "discovery/v2.0/keys" || rest == "discovery/keys":
		d.keys(w)
	case rest == "discovery/instance":
		d.instance(w)
	case r.Method == http.MethodPost && (rest == "oauth2/v2.0/token" || rest == "oauth2/token"):
		d.token(w, r, tenant, rest == "oauth2/v2.0/token")
	default:
		http.NotFound(w, r)
	}
}

const keyID = "azuresim"

// Claims is what the emulator reads back from its own tokens.
type Claims struct {
	jwt.RegisteredClaims
	TenantID string `json:"tid"`
	AppID    string `json:"appid"`
	ObjectID string `json:"oid"`
	Type     string `json:"idtyp"`
	Version  string `json:"ver"`
}

func (d *Directory) issue(p *world.Principal, resource string) (string, error) {
	now := d.now()
	claims := Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: "https://sts.windows.net/" + p.TenantID + "/", Subject: p.Object(), Audience: jwt.ClaimStrings{resource},
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(now.Add(d.lifetime(p, resource))), ID: uuid.NewString(),
		},
		TenantID: p.TenantID, AppID: p.ClientID, ObjectID: p.Object(), Type: "app", Version: "1.0",
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = keyID
	return t.SignedString(d.Key)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store, no-cache")
	w.Header().Set("x-ms-request-id", uuid.NewString())
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
