package azuresim_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// Every bucket of ARM and of AKS: its size, the answer when it is empty, and its refill on the emulated clock.
func TestBuckets(t *testing.T) {
	pool := cluster + "/agentPools/user1"
	status := sub + "/providers/Microsoft.ContainerService/locations/westus2/operations/00000000-0000-0000-0000-000000000001"
	for _, c := range []struct {
		name, method, path, version, body string
		size                              int
		refill                            time.Duration // until there is a token again
		code                              string
		status                            int // of a request that passes
	}{
		{"ARM reads", "GET", group, rgVersion, "", 250, 40 * time.Millisecond, "SubscriptionRequestsThrottled", 200},
		{"ARM writes", "PATCH", group, rgVersion, `{}`, 200, 100 * time.Millisecond, "SubscriptionRequestsThrottled", 200},
		{"ARM deletes", "DELETE", group + "/providers/Microsoft.Network/virtualNetworks/none", netVersion, "", 200, 100 * time.Millisecond, "SubscriptionRequestsThrottled", 204},
		{"tenant reads", "GET", "/subscriptions", "2022-12-01", "", 250, 40 * time.Millisecond, "TenantRequestsThrottled", 200},
		{"GET cluster", "GET", cluster, aksVersion, "", 60, time.Second, "Throttled", 200},
		{"LIST in a group", "GET", group + "/providers/Microsoft.ContainerService/managedClusters", aksVersion, "", 60, time.Second, "Throttled", 200},
		{"PUT pool", "PUT", pool, aksVersion, `{"properties":{"count":1}}`, 20, time.Minute, "Throttled", 0},
		{"PUT cluster", "PUT", cluster, aksVersion, twoPools, 20, time.Minute, "Throttled", 0},
		{"GET operation status", "GET", status, "2016-03-30", "", 200, 500 * time.Millisecond, "Throttled", 404},
		{"all other APIs", "GET", pool, aksVersion, "", 60, time.Second, "Throttled", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := start(t, azuresim.Options{})
			m.cluster()
			m.clock.Advance(time.Hour) // whatever the preparation took is refilled
			for n := range c.size {
				if a, err := m.try(m.pipe, c.method, c.path, c.version, c.body); err != nil || a.Status == 429 || c.status != 0 && a.Status != c.status {
					t.Fatalf("request %d: %v %d %s", n+1, err, a.Status, a.Raw)
				}
			}
			wait := max(time.Second, c.refill)
			a := m.refused(429, c.code, "", c.method, c.path, c.version, c.body)
			again := m.refused(429, c.code, "", c.method, c.path, c.version, c.body) // too early: refused again, at no cost
			for _, a := range []answer{a, again} {
				if got := a.Header.Get("Retry-After"); got != strconv.Itoa(int(wait.Seconds())) {
					t.Errorf("Retry-After %q, want %s", got, wait)
				}
			}
			m.clock.Advance(c.refill - 10*time.Millisecond)
			m.refused(429, c.code, "", c.method, c.path, c.version, c.body)
			m.clock.Advance(10 * time.Millisecond)
			if a, err := m.try(m.pipe, c.method, c.path, c.version, c.body); err != nil || a.Status == 429 {
				t.Errorf("after %s: %v %d", c.refill, err, a.Status)
			}
			m.refused(429, c.code, "", c.method, c.path, c.version, c.body)
		})
	}
}

// The list of a whole subscription has a bucket larger than ARM's own: an hour of the emulated clock does not matter
// to it, so two principals are needed to empty it.
func TestSubscriptionListBucket(t *testing.T) {
	m := start(t, azuresim.Options{ThrottleScale: 0.1}) // 25 ARM reads, 50 lists
	m.group()
	const list = sub + "/providers/Microsoft.ContainerService/managedClusters"
	for range 2 {
		for range 24 {
			m.do(200, "GET", list, aksVersion, "")
		}
		m.clock.Advance(10 * time.Second) // ARM's bucket is full again, AKS's has one token more
	}
	m.do(200, "GET", list, aksVersion, "")
	m.do(200, "GET", list, aksVersion, "")
	m.do(200, "GET", list, aksVersion, "")
	m.do(200, "GET", list, aksVersion, "")
	m.refused(429, "Throttled", "ListManagedClustersBySubscriptionHandler", "GET", list, aksVersion, "")
}

// A principal's bucket is its own; the subscription's is shared and fifteen times as large.
func TestPrincipalsAndSubscription(t *testing.T) {
	m := start(t, azuresim.Options{ThrottleScale: 0.02}) // 5 reads each, 75 together
	m.group()
	var others []string
	w := world.World{}
	for i := range 16 {
		id := "aaaaaaaa-0000-4000-8000-0000000001" + strconv.Itoa(10+i)
		others = append(others, id)
		w.Principals = append(w.Principals, world.Principal{TenantID: world.TenantA, ClientID: id, Secret: "s"})
		w.Roles = append(w.Roles, world.RoleAssignment{Principal: id, Role: "Reader", Scope: sub})
	}
	m.s.AddWorld(w)
	passed := 0
	var last answer
	for _, id := range others {
		pipe := m.pipeline(m.secret(world.TenantA, id, "s"))
		for n := range 5 {
			a, err := m.try(pipe, "GET", group, rgVersion, "")
			if err != nil {
				t.Fatal(err)
			}
			if last = a; a.Status == 429 {
				break
			}
			passed++
			if got, want := a.Header.Get("x-ms-ratelimit-remaining-subscription-reads"), strconv.Itoa(4-n); got != want {
				t.Fatalf("%s reads left for a principal, want %s", got, want)
			}
			if got, want := a.Header.Get("x-ms-ratelimit-remaining-subscription-global-reads"), strconv.Itoa(75-passed); got != want {
				t.Fatalf("%s reads left for the subscription, want %s", got, want)
			}
		}
	}
	if passed != 75 || last.Code() != "SubscriptionRequestsThrottled" || last.Header.Get("x-ms-ratelimit-remaining-subscription-global-reads") != "0" {
		t.Errorf("%d requests passed, the last answered %s %v", passed, last.Raw, last.Header)
	}
}

// Tenant calls count in buckets of their own, and the control API shows what is left everywhere.
func TestBucketsShown(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	a := m.do(http.StatusOK, "GET", "/tenants", "2022-12-01", "")
	if a.Header.Get("x-ms-ratelimit-remaining-tenant-reads") != "249" || a.Header.Get("x-ms-ratelimit-remaining-subscription-reads") != "" {
		t.Errorf("%v", a.Header)
	}
	var shown struct {
		Scale   float64
		Buckets []struct {
			Key          string
			Tokens, Size float64
		}
	}
	if err := json.Unmarshal(m.control("GET", "throttle", ""), &shown); err != nil {
		t.Fatal(err)
	}
	left := map[string]float64{}
	for _, b := range shown.Buckets {
		left[b.Key] = b.Size - b.Tokens
	}
	if shown.Scale != 1 || left["arm/tenant/"+world.TenantA+"/"+world.ClientA+"/reads"] != 1 || left["arm/subscription/"+world.SubscriptionA+"/global/writes"] != 1 {
		t.Errorf("%+v", shown)
	}
}

// The providers behind ARM have limits of their own, in shapes of their own.
func TestProviderBuckets(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	set := nodeGroup + "/providers/Microsoft.Compute/virtualMachineScaleSets/" + m.scaleSet("sys")
	for n := range 36 {
		a := m.do(200, "GET", set, vmVersion, "")
		if got, want := a.Header.Get("x-ms-ratelimit-remaining-resource"), "Microsoft.Compute/GetVMScaleSetResource;"+strconv.Itoa(35-n); !strings.Contains(got+",", want+",") {
			t.Fatalf("%q does not tell %q", got, want)
		}
	}
	a := m.refused(429, "OperationNotAllowed", "too many requests have been received", "GET", set, vmVersion, "")
	m.wantEqual(answer{Body: a.get("error.details").([]any)[0].(map[string]any)}, "code", "TooManyRequests")
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil {
		t.Fatal(err)
	}
	m.clock.Advance(time.Duration(seconds) * time.Second)
	m.do(200, "GET", set, vmVersion, "")

	m = start(t, azuresim.Options{ThrottleScale: 0.01}) // ten writes of the network, two of ARM at a time
	m.group()
	vnet := group + "/providers/Microsoft.Network/virtualNetworks/v"
	passed := 0
	for ; passed < 30; passed++ {
		m.clock.Advance(10 * time.Second) // a token more for ARM, a third of one for the network
		if a, err = m.try(m.pipe, "PUT", vnet, netVersion, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.1.0.0/16"]}}}`); err != nil || a.Status == 429 {
			break
		}
	}
	if a.Code() != "TooManyRequests" || passed < 13 || passed > 16 || a.Header.Get("x-ms-failure-cause") != "" {
		t.Errorf("%v: %d writes passed, then %s", err, passed, a.Raw)
	}
}
