package sdk_test

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// sent counts the logged requests with a method and an answer.
func (a *azure) sent(method string, status int) int {
	n := 0
	for _, r := range a.server.Requests() {
		if r.Method == method && r.Status == status {
			n++
		}
	}
	return n
}

// The default retry policy rides out what Azure asks it to ride out: being throttled, being unavailable, being cut off.
func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		fault  azuresim.Fault
		status int
	}{
		"throttled":    {azuresim.Fault{Status: http.StatusTooManyRequests, Code: "Throttled", Message: "slow down", Flat: true, RetryAfter: 1}, http.StatusTooManyRequests},
		"unavailable":  {azuresim.Fault{Status: http.StatusServiceUnavailable, Code: "ServerBusy", Message: "come back"}, http.StatusServiceUnavailable},
		"disconnected": {azuresim.Fault{Reset: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, azuresim.Options{})
			defer a.end()
			a.group()
			c.fault.Method, c.fault.PathRegex, c.fault.Times = http.MethodPut, "managedClusters/c1$", 2
			if err := a.server.AddFaults(c.fault); err != nil {
				t.Fatal(err)
			}
			must(a.clusters().BeginCreateOrUpdate(t.Context(), groupName, clusterName, twoPools(), nil))
			if n := a.sent(http.MethodPut, c.status); n != 2 {
				t.Errorf("%d answers %d, want 2", n, c.status)
			}
		})
	}
}

// The real limits throttle a busy client, whose default policy waits as told and gets through.
func TestRealLimits(t *testing.T) {
	a := start(t, azuresim.Options{Speed: 1})
	defer a.end()
	a.group()
	must(a.clusters().BeginCreateOrUpdate(t.Context(), groupName, clusterName, twoPools(), nil))
	for range 62 { // the bucket for reading one cluster holds 60
		must(a.clusters().Get(t.Context(), groupName, clusterName, nil))
	}
	if a.sent(http.MethodGet, http.StatusTooManyRequests) == 0 {
		t.Error("nothing was throttled")
	}
}

// A provider nobody registered is registered by the client itself, on the first refusal.
func TestProviderRegistersItself(t *testing.T) {
	w := world.Default()
	w.Subscriptions[0].Unregistered = []string{"Microsoft.ContainerService"}
	a := start(t, azuresim.Options{World: &w})
	defer a.end()
	a.group()
	providers := client(a, armresources.NewProvidersClient)
	equal(a, "registration before", must(providers.Get(t.Context(), "Microsoft.ContainerService", nil)).RegistrationState, "NotRegistered")
	done(a.clusters().BeginCreateOrUpdate(t.Context(), groupName, clusterName, twoPools(), nil))
	equal(a, "registration after", must(providers.Get(t.Context(), "Microsoft.ContainerService", nil)).RegistrationState, "Registered")
	if a.sent(http.MethodPut, http.StatusConflict) != 1 {
		t.Error("the first PUT was not refused")
	}
}
