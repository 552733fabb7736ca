package entra

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/capaks/capaks/azuresim/world"
)

const (
	assertionType   = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	defaultAudience = "api://AzureADTokenExchange"
)

// proof checks what the client offers to show who it is: a secret, or an assertion that is signed with its
// certificate or issued by a federated identity provider.
func (d *Directory) proof(p *world.Principal, r *http.Request) *failure {
	secret, assertion := r.PostForm.Get("client_secret"), r.PostForm.Get("client_assertion")
	if _, basic, ok := r.BasicAuth(); ok && secret == "" {
		secret = basic
	}
	switch {
	case assertion != "":
		if t := r.PostForm.Get("client_assertion_type"); t != assertionType {
			return d.fail(http.StatusBadRequest, "invalid_request", 50027, "JWT token is invalid or malformed: client_assertion_type '%s'.", t)
		}
		return d.assertion(p, assertion)
	case secret == "":
		return d.fail(http.StatusUnauthorized, "invalid_client", 7000216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.")
	case p.Secret == "" || p.Secret != secret:
		return d.fail(http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", p.ClientID)
	case p.SecretExpired:
		return d.fail(http.StatusUnauthorized, "invalid_client", 7000222, "The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", p.ClientID)
	}
	return nil
}

func (d *Directory) assertion(p *world.Principal, raw string) *failure {
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(raw, &claims); err != nil {
		return d.fail(http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed.")
	}
	if strings.EqualFold(claims.Issuer, p.ClientID) {
		return d.certificate(p, raw, claims)
	}
	f, refused := d.federated(p, claims)
	if refused != nil {
		return refused
	}
	opts := []jwt.ParserOption{jwt.WithExpirationRequired()}
	var err error
	if f.PublicKeyPEM != "" {
		_, err = jwt.NewParser(opts...).Parse(raw, func(*jwt.Token) (any, error) { return publicKey(f.PublicKeyPEM) })
	} else {
		err = jwt.NewValidator(opts...).Validate(claims)
	}
	return d.assertionFailure(p, err)
}

// certificate checks an assertion the client signed itself (private_key_jwt).
func (d *Directory) certificate(p *world.Principal, raw string, claims jwt.RegisteredClaims) *failure {
	const review = " Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials."
	switch {
	case !strings.EqualFold(claims.Subject, p.ClientID):
		return d.fail(http.StatusUnauthorized, "invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter."+review)
	case !d.meant(p, claims.Audience):
		return d.fail(http.StatusUnauthorized, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer."+review)
	case p.CertificatePEM == "":
		return d.fail(http.StatusUnauthorized, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]")
	}
	_, err := jwt.NewParser(jwt.WithExpirationRequired()).Parse(raw, func(*jwt.Token) (any, error) { return publicKey(p.CertificatePEM) })
	if f := d.assertionFailure(p, err); f != nil {
		return f
	}
	if end := certificateEnd(p.CertificatePEM); !end.IsZero() && d.now().After(end) {
		return d.fail(http.StatusUnauthorized, "invalid_client", 700027, "Client assertion contains an invalid signature. [Reason - The key used is expired., Found key 'End=%s']", end.UTC().Format("01/02/2006 15:04:05"))
	}
	return nil
}

// certificateEnd is when the first certificate of a PEM text ends.
func certificateEnd(text string) time.Time {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return time.Time{}
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			return cert.NotAfter
		}
	}
}

func (d *Directory) assertionFailure(p *world.Principal, err error) *failure {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired) || errors.Is(err, jwt.ErrTokenNotValidYet):
		return d.fail(http.StatusUnauthorized, "invalid_client", 700024, "Client assertion is not within its valid time range.")
	default:
		return d.fail(http.StatusUnauthorized, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application '%s'. [Reason - The key was not found.]", p.ClientID)
	}
}

// meant says that an audience is the principal's tenant, by id or domain. Clients take the address of the token endpoint,
// which is another one behind a proxy, or Entra's own issuer.
func (d *Directory) meant(p *world.Principal, audience jwt.ClaimStrings) bool {
	return slices.ContainsFunc(audience, func(a string) bool {
		u, err := url.Parse(a)
		if err != nil {
			return false
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		tenant := d.World.Get().Tenant(name)
		return tenant != nil && strings.EqualFold(tenant.ID, p.TenantID)
	})
}

// federated finds the record an assertion matches; the error names the first claim that none of them has.
func (d *Directory) federated(p *world.Principal, c jwt.RegisteredClaims) (*world.Federated, *failure) {
	number, claim, value := 700211, "issuer", c.Issuer
	for i := range p.Federated {
		f := &p.Federated[i]
		audience := f.Audience
		if audience == "" {
			audience = defaultAudience
		}
		switch {
		case f.Issuer != c.Issuer:
		case f.Subject != c.Subject:
			if number == 700211 {
				number, claim, value = 700213, "subject", c.Subject
			}
		case !slices.Contains(c.Audience, audience):
			number, claim, value = 700212, "audience", strings.Join(c.Audience, ",")
		default:
			return f, nil
		}
	}
	return nil, d.fail(http.StatusUnauthorized, "invalid_client", number, "No matching federated identity record found for presented assertion %s '%s'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation", claim, value)
}

func publicKey(text string) (crypto.PublicKey, error) {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("no public key or certificate in the PEM text")
		}
		switch block.Type {
		case "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			return cert.PublicKey, nil
		case "PUBLIC KEY":
			return x509.ParsePKIXPublicKey(block.Bytes)
		}
	}
}
