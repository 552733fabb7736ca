package entra

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/capaks/capaks/azuresim/arm"
)

// Audiences ARM accepts; clients differ in the trailing slash.
var audiences = []string{"https://management.azure.com", "https://management.core.windows.net"}

// Verify checks the Authorization header of an ARM request. The texts are those of the ARM gateway.
func (d *Directory) Verify(header string) (arm.Caller, *arm.Error) {
	if header == "" {
		return arm.Caller{}, d.unauthorized("", "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
	}
	raw, ok := cutBearer(header)
	if !ok {
		return arm.Caller{}, d.unauthorized("", "AuthenticationFailedInvalidHeader", "Authentication failed. The 'Authorization' header is provided in an invalid format.")
	}
	c, err := d.parse(raw)
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return arm.Caller{}, d.unauthorized(c.TenantID, "ExpiredAuthenticationToken", "The access token expiry UTC time '"+stamp(c.ExpiresAt.Time)+"' is earlier than current UTC time '"+stamp(d.now())+"'.")
	case err != nil:
		return arm.Caller{}, d.unauthorized("", "InvalidAuthenticationToken", "The access token is invalid.")
	case !d.forARM(c.Audience):
		return arm.Caller{}, d.unauthorized(c.TenantID, "InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource '"+strings.Join(c.Audience, ",")+"'. It should exactly match with one of the allowed audiences '"+strings.Join(audiences, "/,")+"/'.")
	}
	return arm.Caller{TenantID: c.TenantID, ClientID: c.AppID, ObjectID: c.ObjectID}, nil
}

func (d *Directory) parse(raw string) (Claims, error) {
	var c Claims
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(d.now)).ParseWithClaims(raw, &c, func(*jwt.Token) (any, error) { return &d.Key.PublicKey, nil })
	return c, err
}

// ClusterUser checks a token for the AKS server application, which is what the API of a cluster with Entra ID accepts.
// The user's name there is the object id.
func (d *Directory) ClusterUser(raw, tenant string) (objectID string, ok bool) {
	c, err := d.parse(raw)
	if err != nil || !slices.Contains(c.Audience, KubernetesServer) || !strings.EqualFold(c.TenantID, tenant) {
		return "", false
	}
	return c.ObjectID, true
}

// Principal is the client id a bearer token names, unchecked; "" when it names none. It serves to recognise requests,
// not to let them in.
func Principal(header string) string {
	raw, ok := cutBearer(header)
	var c Claims
	if _, _, err := jwt.NewParser().ParseUnverified(raw, &c); !ok || err != nil {
		return ""
	}
	return c.AppID
}

// WrongTenant is ARM's answer to a valid token of another directory than the subscription's.
func (d *Directory) WrongTenant(caller arm.Caller, tenant string) *arm.Error {
	sts := func(t string) string { return "https://sts.windows.net/" + t + "/" }
	return d.unauthorized(tenant, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer '"+sts(caller.TenantID)+"'. It must match the tenant '"+sts(tenant)+"' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/"+tenant+"' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.")
}

func (d *Directory) forARM(aud jwt.ClaimStrings) bool {
	for _, a := range aud {
		for _, ok := range append(audiences, d.BaseURL()) {
			if strings.TrimRight(a, "/") == ok {
				return true
			}
		}
	}
	return false
}

func (d *Directory) unauthorized(tenant, code, message string) *arm.Error {
	if tenant == "" {
		tenant = "common"
	}
	e := arm.GatewayError(http.StatusUnauthorized, code, "%s", message)
	e.Header = http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + d.BaseURL() + "/" + tenant + `", error="invalid_token", error_description="` + message + `"`}}
	return e
}

func cutBearer(header string) (string, bool) {
	scheme, token, ok := strings.Cut(header, " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && strings.Count(token, ".") == 2
}

func stamp(t time.Time) string { return t.UTC().Format("1/2/2006 3:04:05 PM") }
