package arm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// DefaultTransport is the one HTTP client of the process, for ARM and for tokens. Azure speaks HTTP/2, so a handful of
// connections carries a fleet; every idle one costs memory.
var DefaultTransport = sync.OnceValue(func() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          16,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}}
})

// UnreachableError means there was no answer at all: name, network, TLS or time. It says nothing about the resource and nothing about the
// credentials.
type UnreachableError struct {
	Endpoint string
	Reason   string // deterministic: no local ports, no query strings
	Err      error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("Azure unreachable at %s: %s", e.Endpoint, e.Reason)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// IsUnreachable reports that no answer came: repeat later, and say nothing about credentials or resources.
func IsUnreachable(err error) bool {
	_, ok := errors.AsType[*UnreachableError](err)
	return ok
}

func unreachable(endpoint string, err error) *UnreachableError {
	return &UnreachableError{Endpoint: endpoint, Reason: reason(err), Err: err}
}

// brokenStream are HTTP/2's words for a lost connection, which net/http does not export as types; they carry stream numbers.
var brokenStream = regexp.MustCompile(`stream error: stream ID|http2: .*(GOAWAY|connection lost|closed)`)

const adviceCA = ": give its CA to the manager with SSL_CERT_FILE"

func reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("no address for %s (%s): check the DNS of the management cluster", dns.Name, dns.Err)
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return unknown.Error() + adviceCA
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op + ": " + op.Err.Error() // without the addresses: the local port differs each time
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || brokenStream.MatchString(err.Error()) {
		return "the connection was closed before an answer came"
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err.Error() // without the URL: its query is long and signed
	}
	return err.Error()
}

// credential marks errors of the token request, so that they are told from errors of the request itself.
type credential struct{ inner azcore.TokenCredential }

type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// NonRetriable stops azcore's retry policy: the credential has already tried again by itself.
func (e *tokenError) NonRetriable() {}

func (c credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.inner.GetToken(ctx, o)
	if err != nil {
		return token, &tokenError{err}
	}
	return token, nil
}

// networkText finds a transport error in the text of a sign-in error: azidentity keeps only the text.
var networkText = regexp.MustCompile(`(?i)(no such host|connection refused|connection reset|network is unreachable|no route to host|i/o timeout|deadline exceeded|TLS handshake timeout|x509: [^"]*|\bEOF\b|server misbehaving)`)
