package arm

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// issuer is a credential that keeps handing out its token; a renewed one gets a new one, or none.
type issuer struct {
	token   string
	err     error
	renewed int
	scopes  []string
}

func (i *issuer) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	i.scopes = append(i.scopes, o.Scopes...)
	return azcore.AccessToken{Token: i.token, ExpiresOn: time.Now().Add(time.Hour)}, i.err
}

func (i *issuer) Renewed() (azcore.TokenCredential, error) {
	i.renewed++
	return &issuer{token: i.token + "'", err: i.err}, nil
}

func TestTokensAreSharedForHalfTheirLife(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	source := &issuer{token: "t"}
	c, err := New(Config{Cloud: cloud.AzurePublic, Credential: source, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	get := func(scope string) Token {
		t.Helper()
		token, err := c.Token(t.Context(), scope)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := get("a/.default")
	if left := first.Expires.Sub(now); first.Value != "t'" || left < 59*time.Minute || left > time.Hour || !first.Issued.Equal(now) {
		t.Errorf("token %+v", first)
	}
	now = now.Add(29 * time.Minute)
	if get("a/.default") != first || source.renewed != 1 {
		t.Error("a young token was not shared")
	}
	get("b/.default")
	now = now.Add(2 * time.Minute)
	if token := get("a/.default"); !token.Issued.Equal(now) || source.renewed != 3 {
		t.Errorf("an old token was handed out: %+v", token)
	}
	if err := c.SignIn(t.Context()); err != nil || len(source.scopes) != 1 || source.scopes[0] != cloud.AzurePublic.Services[cloud.ResourceManager].Audience+"/.default" || source.renewed != 3 {
		t.Errorf("signed in for %v: %v", source.scopes, err)
	}
	source.err = errors.New("AADSTS7000215: Invalid client secret provided.")
	now = now.Add(time.Hour)
	for name, err := range map[string]error{"sign-in": c.SignIn(t.Context()), "token": tokenProblem(t.Context(), c)} {
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "AADSTS7000215" || !IsUnauthorized(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func tokenProblem(ctx context.Context, c *Client) error {
	_, err := c.Token(ctx, "a/.default")
	return err
}
