package replay

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// client speaks to an emulator as any client of Azure does: over TLS, with a token it signed in for.
type client struct {
	base  string
	token string
	http  *http.Client
}

// answer is what the emulator said.
type answer struct {
	status int
	header http.Header
	body   any // decoded; the text itself when it is not JSON
}

func connect(ctx context.Context, s *azuresim.Server) (*client, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CAPEM()) {
		return nil, fmt.Errorf("the emulator's CA is not PEM")
	}
	c := &client{base: s.URL(), http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {world.ClientA}, "client_secret": {world.SecretA}, "scope": {azuresim.Audience + "/.default"}}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/"+world.TenantA+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	signedIn, err := c.do(rq)
	if err != nil {
		return nil, err
	}
	if c.token = text(signedIn.body, "access_token"); c.token == "" {
		return nil, fmt.Errorf("signing in answered %d %v", signedIn.status, signedIn.body)
	}
	return c, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// send makes one request; address begins at the path.
func (c *client) send(ctx context.Context, method, address, body string) (*answer, error) {
	rq, err := http.NewRequestWithContext(ctx, method, c.base+address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	rq.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		rq.Header.Set("Content-Type", "application/json")
	}
	return c.do(rq)
}

func (c *client) do(rq *http.Request) (*answer, error) {
	resp, err := c.http.Do(rq)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if len(bytes.TrimSpace(raw)) > 0 && json.Unmarshal(raw, &a.body) != nil {
		a.body = string(raw)
	}
	return a, nil
}
