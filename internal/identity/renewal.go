package identity

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Credential signs in as one identity.
type Credential struct {
	inner azcore.TokenCredential
	// Principal is whose it is: tenant/client. A managed identity may have no tenant here, or be named by its resource id.
	Principal string
	// NotAfter is when the certificate ends; zero where there is none, or its end cannot be known.
	NotAfter time.Time

	renew func() (azcore.TokenCredential, error)
}

// GetToken hands out a token, the same as long as it has some minutes left.
func (c *Credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return c.inner.GetToken(ctx, o)
}

// Renewed is the same identity without the tokens it has got so far: the next one is new, and lives as long as tokens do.
func (c *Credential) Renewed() (azcore.TokenCredential, error) { return c.renew() }

func newCredential(s Spec, in cloud.Configuration, transport policy.Transporter) (*Credential, error) {
	if s.Type == UserAssignedIdentityCredential {
		in.ActiveDirectoryAuthorityHost = s.signInHost(in)
	}
	inner, err := build(s, in, transport)
	if err != nil {
		return nil, err
	}
	client := s.ClientID
	if client == "" {
		client = s.ResourceID
	}
	return &Credential{
		inner: inner, Principal: s.TenantID + "/" + client, NotAfter: certificateEnd(s),
		renew: func() (azcore.TokenCredential, error) { return build(s, in, transport) },
	}, nil
}

// certificateEnd is when the first certificate of the chain, the identity's own, ends. What does not parse was refused before.
func certificateEnd(s Spec) time.Time {
	if len(s.Certificate) == 0 {
		return time.Time{}
	}
	for rest := s.Certificate; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if leaf, err := x509.ParseCertificate(block.Bytes); err == nil {
			return leaf.NotAfter
		}
	}
	chain, _, err := azidentity.ParseCertificates(s.Certificate, []byte(s.CertificatePassword))
	if err != nil || len(chain) == 0 {
		return time.Time{}
	}
	return chain[0].NotAfter
}
