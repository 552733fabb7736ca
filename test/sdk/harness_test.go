package sdk_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	subscription = world.SubscriptionA
	location     = "westus2"
	groupName    = "stories"
	clusterName  = "c1"

	// frequency of polling; shorter is not possible in a program.
	frequency = time.Second
)

// azure is an emulator in which a cluster takes half a second to create, and someone signed in to it.
type azure struct {
	t      *testing.T
	server *azuresim.Server
	http   *http.Client
	cred   azcore.TokenCredential
}

// start runs an emulator for one story. Stories are independent and spend most of their time waiting between polls.
func start(t *testing.T, opts azuresim.Options) *azure {
	t.Helper()
	t.Parallel()
	if opts.Speed == 0 {
		opts.Speed = 60
	}
	server, err := azuresim.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(server.CAPEM()) {
		t.Fatal("the CA is not PEM")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	a := &azure{t: t, server: server, http: &http.Client{Transport: transport}}
	a.cred = a.secret(world.TenantA, world.ClientA, world.SecretA)
	return a
}

// cloud is everything a client has to know about the emulator.
func (a *azure) cloud() azcore.ClientOptions {
	return azcore.ClientOptions{Transport: a.http, Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: a.server.URL() + "/",
		Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: a.server.URL(), Audience: azuresim.Audience}},
	}}
}

func (a *azure) options() *arm.ClientOptions { return &arm.ClientOptions{ClientOptions: a.cloud()} }

func (a *azure) secret(tenant, client, secret string) azcore.TokenCredential {
	a.t.Helper()
	return must(azidentity.NewClientSecretCredential(tenant, client, secret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: a.cloud(), DisableInstanceDiscovery: true}))
}

// client makes one of the SDK's clients for the subscription of the stories.
func client[T any](a *azure, create func(string, azcore.TokenCredential, *arm.ClientOptions) (T, error)) T {
	a.t.Helper()
	return must(create(subscription, a.cred, a.options()))
}

// failure is why a story cannot go on; end turns it into the test's.
type failure struct {
	where string
	err   error
}

func (f failure) Error() string { return f.where + ": " + f.err.Error() }

// stop ends the story from inside a call, so that a call and its error check fit in one expression.
func stop(err error) {
	_, file, line, _ := goruntime.Caller(2)
	panic(failure{fmt.Sprintf("%s:%d", filepath.Base(file), line), err})
}

// end has to be deferred by every story.
func (a *azure) end() {
	a.t.Helper()
	switch f := recover().(type) {
	case nil:
	case failure:
		a.t.Fatal(f)
	default:
		panic(f)
	}
}

// must is the result of a call that has to succeed.
func must[T any](v T, err error) T {
	if err != nil {
		stop(err)
	}
	return v
}

// done waits for a long-running operation the way a program does.
func done[T any](poller *runtime.Poller[T], err error) T {
	if err != nil {
		stop(err)
	}
	result, err := poller.PollUntilDone(context.Background(), &runtime.PollUntilDoneOptions{Frequency: frequency})
	if err != nil {
		stop(err)
	}
	return result
}

// all collects the items of all pages.
func all[P, V any](pager *runtime.Pager[P], items func(P) []V) []V {
	var out []V
	for pager.More() {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			stop(err)
		}
		out = append(out, items(page)...)
	}
	return out
}

// refused expects the error azcore makes of an answer with this status and code.
func (a *azure) refused(err error, status int, code string) {
	a.t.Helper()
	var refusal *azcore.ResponseError
	if !errors.As(err, &refusal) || refusal.StatusCode != status || refusal.ErrorCode != code {
		a.t.Fatalf("got %v, want %d %s", err, status, code)
	}
}

// unauthenticated expects a sign-in to fail for the reason the code names.
func (a *azure) unauthenticated(err error, code string) {
	a.t.Helper()
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), code) {
		a.t.Fatalf("got %v, want %s", err, code)
	}
}

// eventually asks again until the answer is yes, for what has no operation to wait for.
func (a *azure) eventually(what string, yes func() bool) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(frequency / 4)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			a.t.Fatalf("%s has not come to its end within a minute", what)
		}
	}
}

// tokens counts the requests for a token.
func (a *azure) tokens() int {
	a.t.Helper()
	resp := must(a.http.Get(a.server.URL() + "/_azuresim/requests?tokens=true"))
	defer func() { _ = resp.Body.Close() }()
	n := 0
	for d := json.NewDecoder(resp.Body); d.More(); {
		var entry azuresim.Request
		if err := d.Decode(&entry); err != nil {
			a.t.Fatal(err)
		}
		if entry.Token {
			n++
		}
	}
	return n
}

// equal compares a value somebody else chose with the one it should be.
func equal[T comparable](a *azure, what string, got *T, want T) {
	a.t.Helper()
	if got == nil || *got != want {
		a.t.Errorf("%s is %v, want %v", what, value(got), want)
	}
}

func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func (a *azure) group() {
	a.t.Helper()
	must(client(a, armresources.NewResourceGroupsClient).CreateOrUpdate(a.t.Context(), groupName, armresources.ResourceGroup{Location: to.Ptr(location)}, nil))
}

func (a *azure) clusters() *armcontainerservice.ManagedClustersClient {
	return client(a, armcontainerservice.NewManagedClustersClient)
}

func (a *azure) pools() *armcontainerservice.AgentPoolsClient {
	return client(a, armcontainerservice.NewAgentPoolsClient)
}

// twoPools is what every story starts from: a system pool of two machines and a user pool of one.
func twoPools() armcontainerservice.ManagedCluster {
	pool := func(name string, mode armcontainerservice.AgentPoolMode, count int32) *armcontainerservice.ManagedClusterAgentPoolProfile {
		return &armcontainerservice.ManagedClusterAgentPoolProfile{Name: &name, Mode: &mode, Count: &count, VMSize: to.Ptr("Standard_D4s_v3")}
	}
	return armcontainerservice.ManagedCluster{
		Location: to.Ptr(location),
		Identity: &armcontainerservice.ManagedClusterIdentity{Type: to.Ptr(armcontainerservice.ResourceIdentityTypeSystemAssigned)},
		Properties: &armcontainerservice.ManagedClusterProperties{
			DNSPrefix: to.Ptr("stories"), KubernetesVersion: to.Ptr("1.34.1"),
			AgentPoolProfiles: []*armcontainerservice.ManagedClusterAgentPoolProfile{pool("system", armcontainerservice.AgentPoolModeSystem, 2), pool("user", armcontainerservice.AgentPoolModeUser, 1)},
		},
	}
}

// cluster makes the group and a cluster in it.
func (a *azure) cluster() armcontainerservice.ManagedCluster {
	a.t.Helper()
	a.group()
	return done(a.clusters().BeginCreateOrUpdate(a.t.Context(), groupName, clusterName, twoPools(), nil)).ManagedCluster
}
