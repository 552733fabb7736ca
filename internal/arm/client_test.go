package arm

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
)

const testVersion = "2026-05-01"

func TestRequestAndResponse(t *testing.T) {
	a := startAzure(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-ms-correlation-request-id", r.Header.Get("x-ms-correlation-request-id"))
		w.Header().Set("Azure-AsyncOperation", "https://management.azure.com/op?api-version=2016-03-30&t=1")
		w.Header().Set("Retry-After", "10")
		reply(w, 201, `{"id":"/x","properties":{"count":3}}`)
	})
	c := a.client(t)
	ctx := WithCorrelationID(t.Context(), "0b0b0b0b-0000-4000-8000-000000000001")
	r, err := c.Put(ctx, testCluster, testVersion, mustJSON(t, `{"location":"westeurope"}`), Precondition{IfNoneMatch: "*"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != 201 || r.CorrelationID != CorrelationID(ctx) || r.RetryAfter != 10*time.Second ||
		r.AsyncOperation != "https://management.azure.com/op?api-version=2016-03-30&t=1" {
		t.Errorf("response = %+v", r)
	}
	if diff := cmp.Diff(map[string]any{"id": "/x", "properties": map[string]any{"count": int64(3)}}, r.Body); diff != "" {
		t.Error(diff)
	}
	got := a.sent()[0]
	for header, want := range map[string]string{
		"User-Agent": "capaks/v1.2.3", "Authorization": "Bearer t0ken", "If-None-Match": "*", "If-Match": "",
		"X-Ms-Correlation-Request-Id": CorrelationID(ctx), "Content-Type": "application/json",
	} {
		if got.Header.Get(header) != want {
			t.Errorf("%s = %q, want %q", header, got.Header.Get(header), want)
		}
	}
	if got.Method != "PUT" || got.URL.Path != testCluster || got.URL.RawQuery != "api-version="+testVersion || a.bodies[0] != `{"location":"westeurope"}` {
		t.Errorf("request = %s %s %s", got.Method, got.URL, a.bodies[0])
	}

	if _, err := c.Delete(t.Context(), testCluster, testVersion, Precondition{IfMatch: `"e1"`}); err != nil {
		t.Fatal(err)
	}
	got = a.sent()[1]
	if got.Header.Get("If-Match") != `"e1"` || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(got.Header.Get(headerCorrelation)) {
		t.Errorf("DELETE headers = %v", got.Header)
	}
	if _, err := c.Post(t.Context(), testCluster+"/listClusterUserCredential", testVersion, nil, url.Values{"format": {"exec"}}); err != nil {
		t.Fatal(err)
	}
	if got = a.sent()[2]; got.URL.RawQuery != "api-version="+testVersion+"&format=exec" || a.bodies[2] != "" {
		t.Errorf("POST = %s %q", got.URL, a.bodies[2])
	}
}

func TestWrongIDIsRefusedBeforeAnyRequest(t *testing.T) {
	a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{}`) })
	c := a.client(t)
	for _, id := range []string{"", "subscriptions/s", "/subscriptions//resourceGroups/rg", "/subscriptions/s/resourceGroups/..", "/subscriptions/s/"} {
		if _, err := c.Get(t.Context(), id, testVersion); err == nil {
			t.Errorf("Get(%q) was sent", id)
		}
	}
	if _, err := c.Get(t.Context(), testCluster, ""); err == nil {
		t.Error("a request without api-version was sent")
	}
	if n := len(a.sent()); n != 0 {
		t.Errorf("%d requests reached Azure", n)
	}
}

// TestRetries fixes which requests are repeated inside one call: reads after a 5xx, nothing else.
func TestRetries(t *testing.T) {
	for _, tc := range []struct {
		method string
		status int
		want   int
	}{
		{http.MethodGet, 503, 3}, {http.MethodGet, 500, 3}, {http.MethodGet, 429, 1}, {http.MethodGet, 409, 1}, {http.MethodGet, 404, 1},
		{http.MethodPut, 503, 1}, {http.MethodPut, 429, 1}, {http.MethodDelete, 500, 1}, {http.MethodPost, 504, 1},
	} {
		a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, tc.status, `{"code":"X","message":"no"}`) })
		c := a.client(t)
		var err error
		switch tc.method {
		case http.MethodGet:
			_, err = c.Get(t.Context(), testCluster, testVersion)
		case http.MethodPut:
			_, err = c.Put(t.Context(), testCluster, testVersion, map[string]any{}, Precondition{})
		case http.MethodDelete:
			_, err = c.Delete(t.Context(), testCluster, testVersion, Precondition{})
		case http.MethodPost:
			_, err = c.Post(t.Context(), testCluster+"/abort", testVersion, nil, nil)
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Status != tc.status || e.CorrelationID == "" {
			t.Errorf("%s %d: error = %v", tc.method, tc.status, err)
		}
		if n := len(a.sent()); n != tc.want {
			t.Errorf("%s answered %d was sent %d times, want %d", tc.method, tc.status, n, tc.want)
		}
	}
}

func TestReadRecovers(t *testing.T) {
	first := true
	a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) {
		if first {
			first = false
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
		reply(w, 200, `{"name":"c1"}`)
	})
	r, err := a.client(t).Get(t.Context(), testCluster, testVersion)
	if err != nil || r.Body["name"] != "c1" {
		t.Errorf("Get = %v, %v", r, err)
	}
}

func TestLostWriteIsNotRepeated(t *testing.T) {
	for _, http2 := range []bool{true, false} {
		a := start(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, http2)
		c := a.client(t)
		for i := range 2 { // twice the same text: no stream numbers in it
			_, err := c.Put(t.Context(), testCluster, testVersion, map[string]any{"location": "x"}, Precondition{IfNoneMatch: "*"})
			if want := "Azure unreachable at " + a.URL + ": the connection was closed before an answer came"; err == nil || err.Error() != want {
				t.Errorf("HTTP/2 %v: %v, want %s", http2, err, want)
			}
			if n := len(a.sent()); n != i+1 {
				t.Errorf("HTTP/2 %v: %d PUTs were sent by %d calls", http2, n, i+1)
			}
		}
	}
}

func TestUnreachable(t *testing.T) {
	a := startAzure(t, nil)
	c := a.client(t, func(config *Config) { config.Transport = &http.Client{} }) // does not know the server's CA
	_, err := c.Get(t.Context(), testCluster, testVersion)
	if err == nil || !strings.HasPrefix(err.Error(), "Azure unreachable at "+a.URL+": ") || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("unknown CA: %v", err)
	}
	stranger := a.client(t, func(config *Config) {
		credential, err := azidentity.NewClientSecretCredential("11111111-1111-1111-1111-111111111111", "app", "s", &azidentity.ClientSecretCredentialOptions{
			ClientOptions: azcore.ClientOptions{Cloud: a.cloud(), Transport: &http.Client{}, Retry: policy.RetryOptions{MaxRetries: -1}}, DisableInstanceDiscovery: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		config.Credential = credential
	})
	_, err = stranger.Get(t.Context(), testCluster, testVersion)
	if want := "Azure unreachable at " + a.URL + ": x509: certificate signed by unknown authority: give its CA to the manager with SSL_CERT_FILE"; err == nil || err.Error() != want {
		t.Errorf("unknown CA at sign-in: %v, want %s", err, want)
	}
	c = a.client(t)
	if _, err := c.Get(t.Context(), testCluster, testVersion); !IsNotFound(err) {
		t.Fatal(err) // from here on the client holds a token
	}
	a.Close()
	for range 2 { // twice the same text: no local port in it
		_, err = c.Get(t.Context(), testCluster, testVersion)
		if want := "Azure unreachable at " + a.URL + ": dial: connect: connection refused"; err == nil || err.Error() != want {
			t.Errorf("server gone: %v, want %s", err, want)
		}
	}
	// Without a token in hand it is the sign-in that gets no answer: the credentials are not to blame.
	fresh := a.client(t)
	_, err = fresh.Get(t.Context(), testCluster, testVersion)
	if !IsUnreachable(err) {
		t.Errorf("sign-in without an answer: %v, want an UnreachableError", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = fresh.Get(ctx, testCluster, testVersion); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestThrottledRequestIsHeldBackNextTime(t *testing.T) {
	a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		reply(w, 429, `{"code":"Throttled","message":"The PutManagedClusterHandler.PUT request limit has been exceeded for SubID='s', please retry again in 90 seconds."}`)
	})
	var mu sync.Mutex
	var calls []Call
	c := a.client(t, func(config *Config) {
		config.Observe = func(call Call) { mu.Lock(); defer mu.Unlock(); calls = append(calls, call) }
	})
	for i, code := range []string{"Throttled", CodeHeldBack} {
		_, err := c.Put(t.Context(), testCluster, testVersion, map[string]any{}, Precondition{})
		e, ok := errors.AsType[*Error](err)
		if !ok || !IsThrottled(err) || e.Code != code || e.RetryAfter < 80*time.Second {
			t.Errorf("PUT %d: %v", i, err)
		}
	}
	if n := len(a.sent()); n != 1 {
		t.Errorf("%d requests reached Azure, want 1", n)
	}
	if len(calls) != 2 || calls[0].Operation != "PUT managedClusters" || calls[0].Status != 429 || calls[0].Code != "Throttled" || calls[1].Code != CodeHeldBack {
		t.Errorf("calls = %+v", calls)
	}
}

func TestListFollowsPages(t *testing.T) {
	var a *azure
	a = startAzure(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("$skiptoken") {
		case "":
			reply(w, 200, `{"value":[{"name":"a"},{"name":"b"}],"nextLink":"`+a.URL+r.URL.Path+`?api-version=v&%24skiptoken=p2"}`)
		default:
			reply(w, 200, `{"value":[{"name":"c"}]}`)
		}
	})
	items, _, err := a.client(t).List(t.Context(), testGroup+"/providers/Microsoft.ContainerService/managedClusters", testVersion)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range items {
		names = append(names, item["name"].(string))
	}
	if !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("names = %v", names)
	}
}

func TestListDoesNotLeaveTheEndpoint(t *testing.T) {
	a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, `{"value":[],"nextLink":"https://evil.example.com/steal"}`)
	})
	if _, _, err := a.client(t).List(t.Context(), testGroup+"/resources", testVersion); err == nil || !strings.Contains(err.Error(), "evil.example.com") {
		t.Errorf("error = %v", err)
	}
}

func TestProviderIsRegistered(t *testing.T) {
	registered := false
	a := startAzure(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/register"):
			registered = true
			reply(w, 200, `{"registrationState":"Registered"}`)
		case strings.HasSuffix(r.URL.Path, "/providers/Microsoft.ContainerService"):
			reply(w, 200, `{"registrationState":"Registered"}`)
		case !registered:
			reply(w, 409, `{"error":{"code":"MissingSubscriptionRegistration","message":"The subscription is not registered to use namespace 'Microsoft.ContainerService'."}}`)
		default:
			reply(w, 201, `{"name":"c1"}`)
		}
	})
	r, err := a.client(t).Put(WithCorrelationID(t.Context(), "corr"), testCluster, testVersion, map[string]any{"location": "x"}, Precondition{})
	if err != nil || r.Status != 201 {
		t.Fatalf("Put = %v, %v", r, err)
	}
	var lines []string
	for i, req := range a.sent() {
		lines = append(lines, req.Method+" "+req.URL.Path+" "+a.bodies[i])
		if req.Header.Get("User-Agent") != "capaks/v1.2.3" || req.Header.Get(headerCorrelation) != "corr" {
			t.Errorf("%s has headers %v", req.URL, req.Header)
		}
	}
	want := []string{
		"PUT " + testCluster + ` {"location":"x"}`,
		"POST /subscriptions/" + testSub + "/providers/Microsoft.ContainerService/register ",
		"GET /subscriptions/" + testSub + "/providers/Microsoft.ContainerService ",
		"PUT " + testCluster + ` {"location":"x"}`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedRegistrationShowsAzuresAnswer(t *testing.T) {
	a := startAzure(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/register") {
			reply(w, 403, `{"error":{"code":"AuthorizationFailed","message":"no"}}`)
			return
		}
		reply(w, 409, `{"error":{"code":"MissingSubscriptionRegistration","message":"The subscription is not registered to use namespace 'Microsoft.ContainerService'."}}`)
	})
	_, err := a.client(t).Put(t.Context(), testCluster, testVersion, map[string]any{}, Precondition{})
	if want := "MissingSubscriptionRegistration: The subscription is not registered to use namespace 'Microsoft.ContainerService'. (HTTP 409)"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

// azcore's registration policy wants JSON in every 409; what Azure or a proxy said must not get lost when it is not.
func TestConflictThatIsNotJSON(t *testing.T) {
	a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 409, "<html>") })
	_, err := a.client(t).Put(t.Context(), testCluster, testVersion, map[string]any{}, Precondition{})
	if !IsConflict(err) {
		t.Errorf("error = %v, want a conflict", err)
	}
}

func TestPoolSharesClients(t *testing.T) {
	a := startAzure(t, nil)
	p := NewPool(Config{Transport: a.Client()}, 2)
	one, two, three := a.credential(t), a.credential(t), a.credential(t)
	first, err := p.Client(one, a.cloud())
	if err != nil {
		t.Fatal(err)
	}
	second, _ := p.Client(two, a.cloud())
	if again, _ := p.Client(one, a.cloud()); again != first || first == second {
		t.Error("want one client per credential")
	}
	if first.budget != second.budget {
		t.Error("two clients of a pool have two budgets")
	}
	if _, err := p.Client(three, a.cloud()); err != nil {
		t.Fatal(err)
	}
	if again, _ := p.Client(one, a.cloud()); again != first {
		t.Error("the client used last was evicted")
	}
	if len(p.clients) != 2 {
		t.Errorf("the pool holds %d clients, want 2", len(p.clients))
	}
}
