// Package identity turns an AzureClusterIdentity, already read, into a credential of azidentity.
//
// It must NOT read Kubernetes objects, decide who may use an identity, or fetch a token: the first ARM request does that and shows what is
// wrong. It imports azcore, azidentity and the standard library.
package identity

import (
	"fmt"
	"strings"
)

// Type says how an identity signs in; the values are those of AzureClusterIdentity spec.type.
type Type = string

// The types. The empty type stands for the manager's own credentials.
const (
	ServicePrincipal               Type = "ServicePrincipal"
	ManualServicePrincipal         Type = "ManualServicePrincipal" // old name of ServicePrincipal
	ServicePrincipalCertificate    Type = "ServicePrincipalCertificate"
	WorkloadIdentity               Type = "WorkloadIdentity"
	UserAssignedMSI                Type = "UserAssignedMSI"
	UserAssignedIdentityCredential Type = "UserAssignedIdentityCredential"
	ManagerIdentity                Type = ""
)

const workingTypes = ServicePrincipal + ", " + ServicePrincipalCertificate + ", " + WorkloadIdentity + ", " + UserAssignedMSI + " or " + UserAssignedIdentityCredential

// Spec is everything a credential is made of. Two equal Specs share one credential and its tokens.
type Spec struct {
	Type                string
	TenantID            string
	ClientID            string
	ClientSecret        string
	Certificate         []byte // PEM with the private key, or PKCS#12
	CertificatePassword string
	CertificatePath     string // file in the manager's pod; wins over Certificate. With UserAssignedIdentityCredential the file of credentials
	TokenFile           string // federated token; default AZURE_FEDERATED_TOKEN_FILE, then the path the webhook mounts
	ResourceID          string // only with UserAssignedMSI; used when there is no ClientID
	CloudType           string // only with UserAssignedIdentityCredential: public (default), china or usgovernment

	authority string // sign-in host of the credential file; empty for the cloud's own
}

// String keeps secrets out of logs.
func (s Spec) String() string {
	return fmt.Sprintf("%s tenant %s client %s", s.Type, s.TenantID, s.ClientID)
}

// GoString does the same for %#v.
func (s Spec) GoString() string { return "identity.Spec{" + s.String() + "}" }

// Keys of the Secret an AzureClusterIdentity refers to.
const (
	KeyClientSecret = "clientSecret"
	KeyCertificate  = "certificate"
	KeyPassword     = "password"
)

// SetSecret takes what the Spec's type needs out of the Secret's data. A certificate is looked for under certificate (with its password under password),
// then under clientSecret: existing Secrets come in both shapes.
func (s *Spec) SetSecret(data map[string][]byte) {
	switch s.Type {
	case ServicePrincipal, ManualServicePrincipal:
		s.ClientSecret = string(data[KeyClientSecret])
	case ServicePrincipalCertificate:
		s.Certificate = data[KeyCertificate]
		if len(s.Certificate) == 0 {
			s.Certificate = data[KeyClientSecret]
		}
		s.CertificatePassword = string(data[KeyPassword])
	}
}

// FieldError is a Spec that cannot work, before any request.
type FieldError struct {
	Field string // as the user knows it: tenantID, clientSecret, certificate, ...
	Why   string
	Fix   string
}

func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Field, e.Why, e.Fix) }

// clean removes what editors and `echo` leave at the end of a value.
func (s Spec) clean() Spec {
	s.TenantID = strings.TrimSpace(s.TenantID)
	s.ClientID = strings.TrimSpace(s.ClientID)
	s.ClientSecret = strings.TrimRight(s.ClientSecret, "\r\n")
	s.CertificatePassword = strings.TrimRight(s.CertificatePassword, "\r\n")
	s.CertificatePath = strings.TrimSpace(s.CertificatePath)
	s.TokenFile = strings.TrimSpace(s.TokenFile)
	s.ResourceID = strings.TrimSpace(s.ResourceID)
	return s
}

// Validate reports the first field that keeps the Spec from working, as a *FieldError.
func (s Spec) Validate() error {
	s = s.clean()
	switch s.Type {
	case ManagerIdentity:
		return nil
	case ServicePrincipal, ManualServicePrincipal:
		if err := s.needPrincipal(); err != nil {
			return err
		}
		if s.ClientSecret == "" {
			return &FieldError{KeyClientSecret, "missing or empty",
				"put the secret's value under the key clientSecret of the Secret that spec.clientSecret names (name and namespace)"}
		}
	case ServicePrincipalCertificate:
		if err := s.needPrincipal(); err != nil {
			return err
		}
		if len(s.Certificate) == 0 && s.CertificatePath == "" {
			return &FieldError{KeyCertificate, "missing or empty",
				"put a PEM or PKCS#12 certificate with its private key under the key certificate of the Secret that spec.clientSecret names, or set spec.certPath"}
		}
	case WorkloadIdentity:
		return s.needPrincipal()
	case UserAssignedMSI:
		if s.ClientID == "" && s.ResourceID == "" {
			return &FieldError{"clientID", "missing", "set it to the client id of the user-assigned managed identity"}
		}
	case UserAssignedIdentityCredential:
		if s.CertificatePath == "" {
			return &FieldError{fieldCredentialsPath, "missing", "set it to the path of the credential file inside the manager's pod"}
		}
	default:
		return &FieldError{"type", fmt.Sprintf("%q is not known", s.Type), "use " + workingTypes}
	}
	return nil
}

func (s Spec) needPrincipal() error {
	if s.TenantID == "" {
		return &FieldError{"tenantID", "missing", "set it to the Microsoft Entra tenant of the " + s.Type}
	}
	if strings.ContainsFunc(s.TenantID, notInTenant) {
		return &FieldError{"tenantID", fmt.Sprintf("%q is not a tenant", s.TenantID),
			"use the tenant's GUID or its domain name (letters, digits, dots and dashes)"}
	}
	if s.ClientID == "" {
		return &FieldError{"clientID", "missing", "set it to the application (client) id of the " + s.Type}
	}
	return nil
}

func notInTenant(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
		return false
	}
	return true
}
