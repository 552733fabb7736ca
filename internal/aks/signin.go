package aks

import "time"

// signInRows: what Entra ID says to credentials it does not take. All of it is cured outside of the spec, and noticed by signing
// in again. https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var signInRows = []ErrorRow{
	{0, "AADSTS7000215", ``, OutcomeSlowRetry, "InvalidClientSecret", "put the current client secret into the Secret that the identity names", time.Minute, nil},
	{0, "AADSTS7000222", ``, OutcomeSlowRetry, "ClientSecretExpired", "create a new client secret and put it into the Secret that the identity names", time.Minute, nil},
	{0, "AADSTS700016", ``, OutcomeSlowRetry, "UnknownClient", "check clientID and tenantID of the AzureClusterIdentity", time.Minute, nil},
	{0, "AADSTS90002", ``, OutcomeSlowRetry, "UnknownTenant", "check tenantID of the AzureClusterIdentity", time.Minute, nil},
	{0, "AADSTS700027", `(?i)expired`, OutcomeSlowRetry, "CertificateExpired", "register a new certificate with the application, and put it with its key where the identity says", time.Minute, nil},
	{0, "AADSTS700027", ``, OutcomeSlowRetry, "CertificateRefused", "register the certificate with the application, or put one that is registered where the identity says", time.Minute, nil},
	{0, "AADSTS700024", ``, OutcomeSlowRetry, "AssertionExpired", "check the clock of the manager's node, and that the federated token is renewed", time.Minute, nil},
	{0, "AADSTS700211", ``, OutcomeSlowRetry, "FederatedCredentialMissing", federatedHint, time.Minute, nil},
	{0, "AADSTS700212", ``, OutcomeSlowRetry, "FederatedCredentialMissing", federatedHint, time.Minute, nil},
	{0, "AADSTS700213", ``, OutcomeSlowRetry, "FederatedCredentialMissing", federatedHint, time.Minute, nil},
	{0, "AADSTS70021", ``, OutcomeSlowRetry, "FederatedCredentialMissing", federatedHint, time.Minute, nil},
	{0, "AADSTS7000112", ``, OutcomeSlowRetry, "ApplicationDisabled", "enable the service principal of the application in Entra ID", time.Minute, nil},
	{0, "AADSTS53003", ``, OutcomeSlowRetry, "SignInBlocked", "a Conditional Access policy refuses the identity: exempt it, or sign in from where the policy allows", time.Minute, nil},
	{0, "AADSTS500011", ``, OutcomeSlowRetry, "ResourceNotInTenant", "the tenant does not know what the token is for: check tenantID of the AzureClusterIdentity; for a cluster login, register Microsoft.ContainerService in a subscription of that tenant", time.Minute, nil},
}

const federatedHint = "give the application or managed identity a federated credential with the issuer, subject and audience of the manager's service account"
