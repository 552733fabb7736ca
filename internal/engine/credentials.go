package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
)

// Kubeconfig is a credential as Azure handed it out.
type Kubeconfig struct {
	// Value is the file; nil when only the token in the stored one is replaced.
	Value []byte
	// ETag is the eTag of the managed cluster it belongs to: every operation on the cluster changes it, a
	// rotation of certificates among them.
	ETag string
	// Token is what the users of the file sign in with, nil where the file says it itself.
	Token *Token
}

// Token is a token of Entra ID for a cluster's API server.
type Token struct {
	Value string
	Mark  aks.TokenMark
}

// Pauses after a refused sign-in for a token; the stored one goes on working meanwhile.
const (
	tokenPause    = 15 * time.Second
	maxTokenPause = 5 * time.Minute
)

// credentialMemory is what Azure refused lately.
type credentialMemory struct {
	// refused is why Azure gave no credentials, by the action, in the state of the cluster that the eTag stands for.
	refused map[string]refusedAction
	// tokenAgain and tokenPause: when a token is asked for again after tokenError.
	tokenAgain time.Time
	tokenPause time.Duration
	tokenError *aks.AzureError
	client     *arm.Client
}

type refusedAction struct {
	etag  string
	cause aks.AzureError
}

func (s *step) stored() aks.StoredCredentials {
	return aks.StoredCredentials{ETag: s.KubeconfigETag, Token: s.StoredToken, UserETag: s.UserKubeconfigETag}
}

func (s *step) credentialNeeds() aks.CredentialNeeds {
	return aks.CredentialsNeeded(s.Inputs, s.memory.obs.Cluster, s.stored(), s.Principal, s.now())
}

// collectCredentials asks for the kubeconfigs that are not stored, or are from another state of the cluster.
func (s *step) collectCredentials(ctx context.Context, facts aks.Facts) error {
	needs := s.credentialNeeds()
	switch {
	case needs.Access == aks.AccessNone:
		s.report.kubeconfigError = &aks.NoCredentials
		return nil
	case needs.Access == aks.AccessAdmin && needs.File:
		file, err := s.kubeconfig(ctx, "listClusterAdminCredential", needs, &s.report.kubeconfigError)
		if err != nil {
			return err
		}
		if file != nil {
			s.report.Kubeconfig = &Kubeconfig{Value: file, ETag: facts.ETag}
		}
	}
	if !needs.User && !(needs.Access == aks.AccessToken && needs.File) {
		return nil
	}
	problem := &s.report.userKubeconfigError
	var token *Token
	if needs.Access == aks.AccessToken && needs.File {
		problem = &s.report.kubeconfigError
		var err error
		if token, err = s.token(ctx); err != nil || token == nil && !needs.User {
			return err
		}
	}
	file, err := s.kubeconfig(ctx, "listClusterUserCredential", needs, problem)
	if err != nil || file == nil {
		return err
	}
	if needs.User {
		s.report.UserKubeconfig = &Kubeconfig{Value: file, ETag: facts.ETag}
	}
	if token != nil {
		s.report.Kubeconfig = &Kubeconfig{Value: file, ETag: facts.ETag, Token: token}
	}
	return nil
}

// kubeconfig asks for one of the files. A cluster without credentials is still a cluster: the refusal is reported, and the step goes
// on. It is not asked for again in the same state of the cluster.
func (s *step) kubeconfig(ctx context.Context, action string, needs aks.CredentialNeeds, problem **aks.AzureError) ([]byte, error) {
	memory := &s.memory.credentials
	etag := s.memory.obs.Cluster.ETag
	if known, ok := memory.refused[action]; ok && known.etag == etag {
		*problem = &known.cause
		return nil, nil
	}
	query := url.Values{}
	if needs.ServerName != "" {
		query.Set("server-fqdn", needs.ServerName)
	}
	if action == "listClusterUserCredential" {
		query.Set("format", "exec") // the other form names a plug-in that kubectl does not have any more
	}
	response, err := s.Client.Post(ctx, s.names.ClusterID+"/"+action, aks.ContainerServiceAPIVersion, nil, query)
	if refusal, ok := errors.AsType[*arm.Error](err); ok {
		cause := azureError(refusal)
		if memory.refused == nil {
			memory.refused = map[string]refusedAction{}
		}
		memory.refused[action] = refusedAction{etag, cause}
		*problem = &cause
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	value, err := kubeconfigOf(response.Body)
	if err != nil {
		*problem = &aks.AzureError{Code: "InvalidKubeconfig", Message: err.Error()}
		return nil, nil
	}
	return value, nil
}

// keepToken replaces the token of the stored kubeconfig in time, whatever else the cluster is busy with: an upgrade may take
// longer than a token lives. It asks nothing of the cluster, only for a token.
func (s *step) keepToken(ctx context.Context) {
	cluster := s.memory.obs.Cluster
	if s.Inputs.ControlPlane.DeletionTimestamp != nil || !cluster.Exists || s.KubeconfigETag == "" && s.report.Kubeconfig == nil || aks.FactsOf(cluster).Stopped() {
		return
	}
	if s.credentialNeeds().Access != aks.AccessToken {
		return
	}
	mark := s.StoredToken
	switch fresh := s.report.Kubeconfig; {
	case fresh != nil && fresh.Token != nil:
		mark = fresh.Token.Mark
	case aks.TokenDue(mark, s.Principal, s.now()):
		token, err := s.token(ctx)
		if err != nil || token == nil {
			return // the report says why, or the process ends
		}
		s.report.Kubeconfig = &Kubeconfig{ETag: s.KubeconfigETag, Token: token}
		mark = token.Mark
	}
	s.report.requeue(mark.Refresh.Sub(s.now()))
}

// token signs in for the cluster's API server; nil with the reason in the report when that is refused.
func (s *step) token(ctx context.Context) (*Token, error) {
	m := &s.memory.credentials
	if m.client != s.Client { // other credentials are a reason to try at once
		m.client, m.tokenAgain, m.tokenPause, m.tokenError = s.Client, time.Time{}, 0, nil
	}
	if why := aks.TokenTenantMismatch(s.memory.obs.Cluster, s.Principal); why != "" {
		s.report.kubeconfigError = &aks.AzureError{Code: aks.ReasonTenantMismatch, Message: why}
		return nil, nil
	}
	if wait := m.tokenAgain.Sub(s.now()); wait > 0 {
		s.report.tokenError = m.tokenError
		s.report.requeue(wait)
		return nil, nil
	}
	got, err := s.Client.Token(ctx, aks.ClusterLoginScope)
	if ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		cause := AzureErrorOf(err)
		m.tokenPause = min(max(2*m.tokenPause, tokenPause), maxTokenPause)
		m.tokenAgain, m.tokenError = s.now().Add(m.tokenPause), &cause
		s.report.tokenError = &cause
		s.report.requeue(m.tokenPause)
		return nil, nil
	}
	m.tokenPause = 0
	mark := aks.TokenMark{Identity: s.Principal, Refresh: aks.TokenRefresh(s.now(), got.Expires), Expires: got.Expires}
	return &Token{Value: got.Value, Mark: mark}, nil
}

func kubeconfigOf(body map[string]any) ([]byte, error) {
	list, _ := body["kubeconfigs"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		encoded, _ := entry["value"].(string)
		if encoded == "" {
			continue
		}
		return base64.StdEncoding.DecodeString(encoded)
	}
	return nil, errors.New("Azure answered without a kubeconfig")
}

// AzureErrorOf is an error of internal/arm in the words of internal/aks.
func AzureErrorOf(err error) aks.AzureError {
	if refusal, ok := errors.AsType[*arm.Error](err); ok {
		return azureError(refusal)
	}
	return aks.AzureError{Code: "Unreachable", Message: err.Error()}
}
