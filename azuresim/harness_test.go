package azuresim_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	aksVersion = "2026-05-01"
	netVersion = "2021-02-01"
	rgVersion  = "2021-04-01"
	vmVersion  = "2021-03-01"
	sub        = "/subscriptions/" + world.SubscriptionA
	group      = sub + "/resourceGroups/Rg1"
	cluster    = group + "/providers/Microsoft.ContainerService/managedClusters/c1"
	nodeGroup  = sub + "/resourceGroups/MC_Rg1_c1_westus2"
)

// sim is an emulator on a paused clock and a client signed in through azidentity, over TLS.
type sim struct {
	t     testing.TB
	s     *azuresim.Server
	clock *clock.Clock
	http  *http.Client
	cred  azcore.TokenCredential
	pipe  runtime.Pipeline
}

var epoch = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func start(t testing.TB, opts azuresim.Options) *sim {
	t.Helper()
	if opts.Clock == nil {
		opts.Clock = clock.NewPaused(epoch)
	}
	s, err := azuresim.Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	m := &sim{t: t, s: s, clock: opts.Clock, http: client(t, s)}
	m.cred = m.secret(world.TenantA, world.ClientA, world.SecretA)
	m.pipe = m.pipeline(m.cred)
	return m
}

func client(t testing.TB, s *azuresim.Server) *http.Client {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CAPEM()) {
		t.Fatal("the CA is not PEM")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func (m *sim) options() azcore.ClientOptions {
	return azcore.ClientOptions{Transport: m.http, Retry: policy.RetryOptions{MaxRetries: -1}, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: m.s.URL() + "/",
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: m.s.URL(), Audience: azuresim.Audience}}}}
}

func (m *sim) secret(tenant, id, secret string) azcore.TokenCredential {
	m.t.Helper()
	c, err := azidentity.NewClientSecretCredential(tenant, id, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: m.options(), DisableInstanceDiscovery: true})
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// pipeline is azcore's own, with the bearer token policy every ARM client has.
func (m *sim) pipeline(cred azcore.TokenCredential) runtime.Pipeline {
	o := m.options()
	return runtime.NewPipeline("test", "v0", runtime.PipelineOptions{PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(cred, []string{azuresim.Audience + "/.default"}, nil)}}, &o)
}

// answer is a response with its decoded body.
type answer struct {
	Status int
	Header http.Header
	Body   map[string]any
	Raw    []byte
}

// Code is the error code in either envelope.
func (a answer) Code() string {
	if e, ok := a.Body["error"].(map[string]any); ok {
		c, _ := e["code"].(string)
		return c
	}
	c, _ := a.Body["code"].(string)
	return c
}

func (a answer) message() string {
	if e, ok := a.Body["error"].(map[string]any); ok {
		c, _ := e["message"].(string)
		return c
	}
	c, _ := a.Body["message"].(string)
	return c
}

func (a answer) get(path string) any {
	var cur any = a.Body
	for part := range strings.SplitSeq(path, ".") {
		m, ok := cur.(map[string]any)
		if !ok {
			return nil
		}
		cur = m[part]
	}
	return cur
}

func (m *sim) try(pipe runtime.Pipeline, method, path, version, body string, headers ...string) (answer, error) {
	m.t.Helper()
	url := path
	if !strings.HasPrefix(path, "https://") {
		url = m.s.URL() + path
	}
	req, err := runtime.NewRequest(context.Background(), method, url)
	if err != nil {
		m.t.Fatal(err)
	}
	if version != "" {
		q := req.Raw().URL.Query()
		q.Set("api-version", version)
		req.Raw().URL.RawQuery = q.Encode()
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Raw().Header.Set(headers[i], headers[i+1])
	}
	if body != "" {
		if err := req.SetBody(readSeekNopCloser{strings.NewReader(body)}, "application/json"); err != nil {
			m.t.Fatal(err)
		}
	}
	resp, err := pipe.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	if a.Raw, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	if len(bytes.TrimSpace(a.Raw)) > 0 && method != http.MethodHead {
		if err := json.Unmarshal(a.Raw, &a.Body); err != nil {
			m.t.Fatalf("%s %s answered no JSON: %s", method, path, a.Raw)
		}
	}
	return a, nil
}

type readSeekNopCloser struct{ io.ReadSeeker }

func (readSeekNopCloser) Close() error { return nil }

// do sends a request as the default principal and fails the test unless the status is the expected one.
func (m *sim) do(want int, method, path, version, body string, headers ...string) answer {
	m.t.Helper()
	a, err := m.try(m.pipe, method, path, version, body, headers...)
	if err != nil {
		m.t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.Status != want {
		m.t.Fatalf("%s %s answered %d, want %d: %s", method, path, a.Status, want, a.Raw)
	}
	return a
}

// refused expects an error with the code and a message containing the text.
func (m *sim) refused(status int, code, text, method, path, version, body string, headers ...string) answer {
	m.t.Helper()
	a := m.do(status, method, path, version, body, headers...)
	if a.Code() != code || !strings.Contains(a.message(), text) {
		m.t.Fatalf("%s %s: got %s %q, want %s containing %q", method, path, a.Code(), a.message(), code, text)
	}
	return a
}

// control calls the control API and expects it to do what was asked.
func (m *sim) control(method, path, body string) []byte {
	m.t.Helper()
	status, raw := m.controlAnswer(method, path, body)
	if status != http.StatusOK {
		m.t.Fatalf("%s %s: %d %s", path, body, status, raw)
	}
	return raw
}

func (m *sim) controlAnswer(method, path, body string) (int, []byte) {
	m.t.Helper()
	req, err := http.NewRequest(method, m.s.URL()+"/_azuresim/"+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	resp, err := m.http.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return resp.StatusCode, raw
}

func (m *sim) group() {
	m.t.Helper()
	m.do(http.StatusCreated, http.MethodPut, group, rgVersion, `{"location":"westus2"}`)
}

const twoPools = `{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"dnsPrefix":"c1","kubernetesVersion":"1.34.1",
 "networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[
 {"name":"sys","mode":"System","count":2,"vmSize":"Standard_D2s_v3"},
 {"name":"user1","mode":"User","count":1,"vmSize":"Standard_D2s_v3","nodeTaints":["a=b:NoSchedule"],"nodeLabels":{"team":"x"}}]}}`

// cluster creates the group and a cluster with two pools and lets the operation end.
func (m *sim) cluster() answer {
	m.t.Helper()
	m.group()
	m.do(http.StatusCreated, http.MethodPut, cluster, aksVersion, twoPools)
	m.clock.Advance(30 * time.Second)
	return m.succeeded(cluster)
}

func (m *sim) succeeded(path string) answer {
	m.t.Helper()
	a := m.do(http.StatusOK, http.MethodGet, path, aksVersion, "")
	if state := a.get("properties.provisioningState"); state != "Succeeded" {
		m.t.Fatalf("%s is %v: %s", path, state, a.Raw)
	}
	return a
}

// wantEqual compares one value of an answer.
func (m *sim) wantEqual(a answer, path string, want any) {
	m.t.Helper()
	if got := a.get(path); got != want {
		m.t.Errorf("%s is %v (%T), want %v", path, got, got, want)
	}
}
