package arm

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Token is a token for something else than Azure Resource Manager: the API server of a cluster.
type Token struct {
	Value string
	// Issued and Expires are by the clock of the client's Config.
	Issued, Expires time.Time
}

// renewable is a credential that can sign in anew: the ordinary one hands out a token until its last minutes.
type renewable interface {
	Renewed() (azcore.TokenCredential, error)
}

// logins are the tokens a client has got, by scope. Clusters that share an identity share its tokens.
type logins struct {
	mu     sync.Mutex // held while signing in, so that many clusters cause one sign-in
	tokens map[string]Token
}

// Token signs in for the scope. The answer is shared by all who ask within the first half of the token's life, so that nobody
// gets one with less than half of it left.
func (c *Client) Token(ctx context.Context, scope string) (Token, error) {
	c.logins.mu.Lock()
	defer c.logins.mu.Unlock()
	now := c.now()
	if token, ok := c.logins.tokens[scope]; ok && now.Before(token.Issued.Add(token.Expires.Sub(token.Issued)/2)) {
		return token, nil
	}
	source := c.source
	if r, ok := source.(renewable); ok {
		renewed, err := r.Renewed()
		if err != nil {
			return Token{}, err
		}
		source = renewed
	}
	got, err := source.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	if ctx.Err() != nil {
		return Token{}, ctx.Err()
	}
	if err != nil {
		return Token{}, signInError(err, c.authority)
	}
	// The answer tells a lifetime; the clock of the machine turned it into a time.
	token := Token{Value: got.Token, Issued: now, Expires: now.Add(time.Until(got.ExpiresOn))}
	if c.logins.tokens == nil {
		c.logins.tokens = map[string]Token{}
	}
	c.logins.tokens[scope] = token
	return token, nil
}

// SignIn finds out whether the identity can sign in for Azure Resource Manager. It asks nobody while a token is at hand: the one
// that requests are sent with.
func (c *Client) SignIn(ctx context.Context) error {
	_, err := c.source.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.scope}, EnableCAE: true})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return signInError(err, c.authority)
	}
	return nil
}
