package aks

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// ClusterLoginScope is what a token has to be for so that the API server of a cluster with managed Entra ID integration
// accepts it: the application "Azure Kubernetes Service AAD Server", which has the same id in every cloud.
const ClusterLoginScope = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"

// Access is how the management cluster logs in to the workload cluster.
type Access string

const (
	// AccessAdmin: with the administrator's certificate, where local accounts are enabled.
	AccessAdmin Access = "Admin"
	// AccessToken: with a token of Entra ID for the control plane's own identity, where local accounts are disabled.
	AccessToken Access = "Token"
	// AccessNone: not at all, where local accounts are disabled and Entra ID is not integrated.
	AccessNone Access = "None"
)

// Reasons of clusters without credentials: nobody can log in at all; nobody of the identity's tenant can.
const (
	ReasonNoCredentials  = "NoCredentials"
	ReasonTenantMismatch = "TenantMismatch"
)

// NoCredentials is the error of a cluster with AccessNone. Azure answers the same to whoever asks for its credentials.
var NoCredentials = AzureError{
	Code:    ReasonNoCredentials,
	Message: "local accounts are disabled in Azure and Microsoft Entra ID is not integrated: nobody can log in to the cluster; set spec.aadProfile.managed to true, or enable local accounts again",
}

// StoredCredentials is what is stored of a cluster's credentials.
type StoredCredentials struct {
	// ETag is the state of the cluster the stored kubeconfig is from, empty where none is stored.
	ETag string
	// Token is what is known of the token in it; zero where it has none.
	Token TokenMark
	// UserETag is ETag for the kubeconfig of people.
	UserETag string
}

// TokenMark is what is remembered of a token beside the token itself.
type TokenMark struct {
	// Identity is whose token it is: tenant/client.
	Identity string
	// Refresh is when it is replaced, Expires when it stops working.
	Refresh, Expires time.Time
}

// CredentialNeeds is what has to be asked for so that the stored credentials are good.
type CredentialNeeds struct {
	Access Access
	// File: the kubeconfig of the management cluster; Token: a token in it; User: the kubeconfig of people.
	File, Token, User bool
	// ServerName is the value of server-fqdn to ask with, so that kubeconfig and endpoint name the same host; empty for
	// Azure's own choice.
	ServerName string
}

// CredentialsNeeded compares what is stored with the cluster as it is. Every operation on a cluster changes its eTag, a
// rotation of its certificates by somebody else among them.
func CredentialsNeeded(in Inputs, cluster plan.Observed, stored StoredCredentials, identity string, now time.Time) CredentialNeeds {
	needs := CredentialNeeds{Access: accessOf(cluster.Body), ServerName: serverName(cluster.Body)}
	needs.File = stored.ETag == "" || stored.ETag != cluster.ETag
	needs.User = wantsUserKubeconfig(in) && entraManaged(cluster.Body) && stored.UserETag != cluster.ETag
	switch needs.Access {
	case AccessToken:
		needs.Token = needs.File || TokenDue(stored.Token, identity, now)
	case AccessNone:
		needs.File, needs.User = false, false
	}
	return needs
}

// TokenDue tells whether a stored token has to be replaced: it is another identity's, or its time has come.
func TokenDue(mark TokenMark, identity string, now time.Time) bool {
	return mark.Identity != identity || !now.Before(mark.Refresh)
}

// minRefresh keeps a clock that is wrong, or an identity endpoint that hands out the same token until its end, from
// causing a request per moment.
const minRefresh = time.Second

// TokenRefresh is when a token is replaced: when half of what it has left is over, so that the old one goes on working for
// as long again, whoever has it in memory and whatever fails meanwhile.
func TokenRefresh(now, expires time.Time) time.Time {
	return now.Add(max(expires.Sub(now)/2, minRefresh))
}

func wantsUserKubeconfig(in Inputs) bool {
	profile := in.ControlPlane.Spec.AADProfile
	return profile != nil && profile.Managed != nil && *profile.Managed
}

func accessOf(body fieldset.Object) Access {
	switch {
	case !boolAt(body, "properties", "disableLocalAccounts"):
		return AccessAdmin
	case entraManaged(body):
		return AccessToken
	}
	return AccessNone
}

func entraManaged(body fieldset.Object) bool {
	return boolAt(body, "properties", "aadProfile", "managed")
}

// serverName: a private cluster with a public name as well is known by the public one, which more networks resolve.
func serverName(body fieldset.Object) string {
	const profile = "apiServerAccessProfile"
	if boolAt(body, "properties", profile, "enablePrivateCluster") && boolAt(body, "properties", profile, "enablePrivateClusterPublicFQDN") {
		return "public"
	}
	return ""
}

func boolAt(body fieldset.Object, path ...string) bool {
	value, _ := fieldset.Get(body, path)
	yes, _ := value.(bool)
	return yes
}

// TokenKubeconfig is a kubeconfig whose users sign in with a token instead of a program: Cluster API runs no programs.
func TokenKubeconfig(file []byte, token string) ([]byte, error) {
	config := map[string]any{}
	if err := yaml.Unmarshal(file, &config); err != nil {
		return nil, fmt.Errorf("the kubeconfig is not YAML: %w", err)
	}
	users, _ := config["users"].([]any)
	if len(users) == 0 {
		return nil, errors.New("the kubeconfig has no users")
	}
	for _, entry := range users {
		user, ok := entry.(map[string]any)
		if !ok {
			return nil, errors.New("the kubeconfig has a user that is no object")
		}
		user["user"] = map[string]any{"token": token}
	}
	return yaml.Marshal(config)
}

// TokenTenantMismatch says that no token of the identity can be good for the cluster, because users of the cluster are those
// of another tenant; empty where it is the same or not known.
func TokenTenantMismatch(cluster plan.Observed, identity string) string {
	theirs := stringAt(cluster.Body, "properties", "aadProfile", "tenantID")
	ours, _, _ := strings.Cut(identity, "/")
	if theirs == "" || !uuidLike(ours) || strings.EqualFold(theirs, ours) {
		return ""
	}
	return fmt.Sprintf("users of the cluster are those of tenant %s, the identity is one of tenant %s: set spec.aadProfile.tenantID to that tenant, or use an identity of the other", theirs, ours)
}

// uuidLike tells an id from a domain name, which may well be another word for the same tenant.
func uuidLike(s string) bool { return len(s) == 36 && strings.Count(s, "-") == 4 }
