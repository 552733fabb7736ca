package identity

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// defaultTokenFile is where the workload identity webhook mounts the federated token.
const defaultTokenFile = "/var/run/secrets/azure/tokens/azure-identity-token"

// resolve cleans and validates a spec and fills in what comes from the manager's environment and file system, so that the cache
// key covers it.
func (c *Cache) resolve(s Spec) (Spec, error) {
	s = s.clean()
	if s.Type == ManagerIdentity {
		if s = managerSpec(c.getenv).clean(); s.Type == systemAssigned {
			return s, nil
		}
		if err := s.Validate(); err != nil {
			return s, fmt.Errorf("the manager's own credentials (AZURE_TENANT_ID, AZURE_CLIENT_ID, ...): %w", err)
		}
	}
	if s.Type == ManualServicePrincipal {
		s.Type = ServicePrincipal
	}
	if err := s.Validate(); err != nil {
		return s, err
	}
	switch {
	case s.Type == WorkloadIdentity:
		s.TokenFile = c.File(s)
		return s, checkTokenFile(s.TokenFile, time.Now())
	case s.Type == ServicePrincipalCertificate && s.CertificatePath != "":
		data, err := os.ReadFile(s.CertificatePath)
		if err != nil {
			return s, &FieldError{"certPath", err.Error(), "mount the certificate into the manager's pod at this path, or use spec.clientSecret"}
		}
		s.Certificate = data
	case s.Type == UserAssignedIdentityCredential:
		return s.readCredentialFile()
	}
	return s, nil
}

// File is what the secret part of a credential is read from, empty where that is no file.
func (c *Cache) File(s Spec) string {
	switch s.Type {
	case ServicePrincipalCertificate, UserAssignedIdentityCredential:
		return s.CertificatePath
	case WorkloadIdentity:
		return cmp.Or(s.TokenFile, c.getenv("AZURE_FEDERATED_TOKEN_FILE"), defaultTokenFile)
	}
	return ""
}

// managerSpec chooses the manager's own credentials by the variables that are set, the most specific first. It is a choice, not
// a chain of attempts: a wrong secret must not end as "managed identity not available".
func managerSpec(getenv func(string) string) Spec {
	s := Spec{TenantID: getenv("AZURE_TENANT_ID"), ClientID: getenv("AZURE_CLIENT_ID")}
	switch {
	case getenv("AZURE_CLIENT_SECRET") != "":
		s.Type, s.ClientSecret = ServicePrincipal, getenv("AZURE_CLIENT_SECRET")
	case getenv("AZURE_CLIENT_CERTIFICATE_PATH") != "":
		s.Type, s.CertificatePath = ServicePrincipalCertificate, getenv("AZURE_CLIENT_CERTIFICATE_PATH")
		s.CertificatePassword = getenv("AZURE_CLIENT_CERTIFICATE_PASSWORD")
	case getenv("AZURE_FEDERATED_TOKEN_FILE") != "":
		s.Type, s.TokenFile = WorkloadIdentity, getenv("AZURE_FEDERATED_TOKEN_FILE")
	default:
		s.Type = UserAssignedMSI
		if s.ClientID == "" {
			s.Type = systemAssigned
		}
		s.TenantID = ""
	}
	return s
}

// systemAssigned is the managed identity of the machine itself; only managerSpec can ask for it.
const systemAssigned Type = "SystemAssigned"

func build(s Spec, in cloud.Configuration, transport policy.Transporter) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{
		Cloud: in, Transport: transport,
		// A reconcile waits for this: two quick repeats, then the error goes up and the queue tries again.
		Retry: policy.RetryOptions{MaxRetries: 2, RetryDelay: 300 * time.Millisecond, MaxRetryDelay: 3 * time.Second, TryTimeout: 20 * time.Second},
	}
	offline := !knownAuthority(in.ActiveDirectoryAuthorityHost)
	switch s.Type {
	case ServicePrincipal:
		return azidentity.NewClientSecretCredential(s.TenantID, s.ClientID, s.ClientSecret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: offline})
	case ServicePrincipalCertificate, UserAssignedIdentityCredential:
		return certificate(s, options, offline)
	case WorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: offline,
			ClientID: s.ClientID, TenantID: s.TenantID, TokenFilePath: s.TokenFile,
		})
	case UserAssignedMSI, systemAssigned:
		mi := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		switch {
		case s.ClientID != "":
			mi.ID = azidentity.ClientID(s.ClientID)
		case s.ResourceID != "":
			mi.ID = azidentity.ResourceID(s.ResourceID)
		}
		return azidentity.NewManagedIdentityCredential(mi)
	}
	return nil, fmt.Errorf("identity: no credential for type %q", s.Type) // Validate lets no other type through
}

func certificate(s Spec, options azcore.ClientOptions, offline bool) (azcore.TokenCredential, error) {
	field := KeyCertificate
	if s.CertificatePath != "" {
		field = "certPath"
	}
	password := []byte(s.CertificatePassword)
	if bytes.Contains(s.Certificate, []byte("-----BEGIN ")) {
		password = nil // with a password azidentity takes everything for PKCS#12
	}
	chain, private, err := azidentity.ParseCertificates(s.Certificate, password)
	if err != nil && s.Type == UserAssignedIdentityCredential {
		return nil, &FieldError{fieldCredentialsPath, "the certificate in " + s.CertificatePath + " cannot be read (" + err.Error() + ")", "have the file written anew"}
	}
	if err != nil {
		return nil, &FieldError{field, "cannot be read (" + err.Error() + ")",
			"give a PEM file with certificate and unencrypted private key, or PKCS#12 (exported with openssl pkcs12 -legacy, newer ciphers are not read) with its password under the key password"}
	}
	// The chain goes along so that applications which trust a subject name and issuer instead of one thumbprint work too.
	credential, err := azidentity.NewClientCertificateCredential(s.TenantID, s.ClientID, chain, private,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: offline, SendCertificateChain: true})
	if err != nil {
		return nil, &FieldError{field, "cannot be used (" + err.Error() + ")", "the private key has to be RSA and to belong to the certificate"}
	}
	return credential, nil
}

// knownAuthority reports the sign-in hosts of the public clouds. For any other host instance discovery, which asks login.microsoftonline.com
// about it, is turned off: a private cloud or an emulator is unknown there, and may have no way out.
func knownAuthority(host string) bool {
	for _, c := range []cloud.Configuration{cloud.AzurePublic, cloud.AzureChina, cloud.AzureGovernment} {
		if strings.EqualFold(strings.TrimRight(host, "/"), strings.TrimRight(c.ActiveDirectoryAuthorityHost, "/")) {
			return true
		}
	}
	return false
}
