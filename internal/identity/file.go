package identity

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

const fieldCredentialsPath = "userAssignedIdentityCredentialsPath"

// credentialFile is the part of a file of the managed identity data plane that signing in needs: one user-assigned identity, with
// a certificate (and its key) that Azure rotates. Whoever gets it from Azure writes it anew before it ends.
type credentialFile struct {
	TenantID       string `json:"tenant_id"`
	ClientID       string `json:"client_id"`
	ClientSecret   string `json:"client_secret"` // base64 of PKCS#12 or PEM
	Authentication string `json:"authentication_endpoint"`
}

// readCredentialFile makes the file's content part of the spec, so that a rotated file is another credential.
func (s Spec) readCredentialFile() (Spec, error) {
	broken := func(why string) error {
		return &FieldError{fieldCredentialsPath, s.CertificatePath + " " + why, "it has to be the JSON of a user-assigned identity as the managed identity data plane hands it out"}
	}
	raw, err := os.ReadFile(s.CertificatePath)
	if err != nil {
		return s, &FieldError{fieldCredentialsPath, err.Error(), "mount the credential file into the manager's pod at this path"}
	}
	var file credentialFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return s, broken("is not such JSON") // the error of the decoder may show what is secret
	}
	for _, field := range []struct{ name, value string }{
		{"tenant_id", file.TenantID}, {"client_id", file.ClientID}, {"client_secret", file.ClientSecret},
	} {
		if field.value == "" {
			return s, broken("has no " + field.name)
		}
	}
	if s.Certificate, err = base64.StdEncoding.DecodeString(file.ClientSecret); err != nil {
		return s, broken("has a client_secret that is not base64")
	}
	s.TenantID, s.ClientID, s.authority = file.TenantID, file.ClientID, file.Authentication
	return s, nil
}

// signInHost is where the identity of a credential file signs in: where the file says, otherwise where its cloud does. An
// installation with a cloud of its own keeps that one.
func (s Spec) signInHost(in cloud.Configuration) string {
	if s.authority != "" {
		return s.authority
	}
	if !knownAuthority(in.ActiveDirectoryAuthorityHost) {
		return in.ActiveDirectoryAuthorityHost
	}
	switch strings.ToLower(s.CloudType) {
	case "china":
		return cloud.AzureChina.ActiveDirectoryAuthorityHost
	case "usgovernment":
		return cloud.AzureGovernment.ActiveDirectoryAuthorityHost
	}
	return cloud.AzurePublic.ActiveDirectoryAuthorityHost
}

// checkTokenFile finds out before any request what would otherwise show as a refused sign-in: a federated token that was never
// mounted, or that nobody renews any more. Kubernetes replaces it when four fifths of its time are over.
func checkTokenFile(path string, now time.Time) error {
	const field = "AZURE_FEDERATED_TOKEN_FILE"
	raw, err := os.ReadFile(path)
	if err != nil {
		return &FieldError{field, err.Error(),
			"let a token of the manager's service account be mounted there: install the workload identity webhook and label the manager's pod azure.workload.identity/use=true, or project the token yourself"}
	}
	parts := strings.Split(strings.TrimSpace(string(raw)), ".")
	if len(parts) != 3 {
		return &FieldError{field, path + " holds no token", "let a token of the manager's service account be mounted there"}
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	var token struct {
		Expires float64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(claims, &token) != nil || token.Expires == 0 {
		return nil // Entra ID says what it thinks of it
	}
	if end := time.Unix(int64(token.Expires), 0).UTC(); now.After(end) {
		return &FieldError{field, fmt.Sprintf("the token in %s ended at %s and was not renewed", path, end.Format(time.RFC3339)),
			"the kubelet renews projected tokens: look at the manager's pod and its node, or at whatever else writes the file"}
	}
	return nil
}
