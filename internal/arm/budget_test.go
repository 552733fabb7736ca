package arm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

const (
	testSub     = "00000000-0000-0000-0000-000000000001"
	testGroup   = "/subscriptions/" + testSub + "/resourceGroups/rg"
	testCluster = testGroup + "/providers/Microsoft.ContainerService/managedClusters/c1"
)

func TestBucketArithmetic(t *testing.T) {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b := newBucket(limit{burst: 2, perSecond: 0.5}, t0)
	step := func(at, want time.Duration, what string) {
		t.Helper()
		if got := b.wait(t0.Add(at)); got != want {
			t.Errorf("%s: wait at %s = %s, want %s", what, at, got, want)
		}
	}
	step(0, 0, "full")
	b.take()
	b.take()
	step(0, 2*time.Second, "empty: one token takes two seconds")
	step(time.Second, time.Second, "half a token later")
	b.take() // reserved in advance
	step(time.Second, 3*time.Second, "the next one queues behind it")
	b.giveBack()
	step(time.Second, time.Second, "given back")
	step(time.Hour, 0, "full again")
	b.lower(0, t0.Add(time.Hour))
	step(time.Hour, 2*time.Second, "Azure says nothing is left")
	b.lower(100, t0.Add(time.Hour))
	step(time.Hour, 2*time.Second, "a higher count is not believed")
	b.pause(10*time.Second, t0.Add(time.Hour))
	step(time.Hour, 12*time.Second, "paused, then the refill rate")
	b.pause(time.Second, t0.Add(time.Hour))
	step(time.Hour, 12*time.Second, "a shorter pause does not shorten")
	if b.idle(t0.Add(time.Hour)) {
		t.Error("a paused bucket was called idle")
	}
	if !b.idle(t0.Add(2 * time.Hour)) {
		t.Error("a full bucket was not called idle")
	}
}

func TestBucketWithoutLimitOnlyPauses(t *testing.T) {
	t0 := time.Unix(1000, 0)
	b := newBucket(anotherProvider, t0)
	for range 1000 {
		b.take()
	}
	if got := b.wait(t0); got != 0 {
		t.Errorf("wait = %s, want 0", got)
	}
	b.pause(time.Minute, t0)
	if got := b.wait(t0.Add(20 * time.Second)); got != 40*time.Second {
		t.Errorf("wait during the pause = %s, want 40s", got)
	}
	if got := b.wait(t0.Add(time.Minute)); got != 0 {
		t.Errorf("wait after the pause = %s, want 0", got)
	}
}

// TestLimits sends each request until the budget refuses, and so finds the smaller of its two bursts.
func TestLimits(t *testing.T) {
	for _, tc := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, testGroup, 250},
		{http.MethodPut, testGroup, 200},
		{http.MethodDelete, testGroup, 200},
		{http.MethodGet, testCluster, 60},
		{http.MethodPut, testCluster, 20},
		{http.MethodPut, testCluster + "/agentPools/p1", 20},
		{http.MethodGet, testCluster + "/agentPools/p1", 60},
		{http.MethodPost, testCluster + "/listClusterUserCredential", 60},
		{http.MethodGet, testGroup + "/providers/Microsoft.ContainerService/managedClusters", 60},
		{http.MethodGet, "/subscriptions/" + testSub + "/providers/Microsoft.ContainerService/managedClusters", 250}, // ARM's burst is below the 500 of AKS
		{http.MethodGet, "/subscriptions/" + testSub + "/providers/Microsoft.ContainerService/locations/westeurope/operations/x", 200},
		{http.MethodGet, testGroup + "/providers/Microsoft.Network/virtualNetworks/v", 250},
		{http.MethodGet, testCluster + "/providers/Microsoft.KubernetesConfiguration/extensions/flux", 250}, // not a read of the cluster
		{http.MethodPost, "/subscriptions/" + testSub + "/providers/Microsoft.ContainerService/register", 60},
	} {
		t0 := time.Unix(1000, 0)
		b := NewBudget(BudgetOptions{MaxWait: time.Millisecond, Now: func() time.Time { return t0 }})
		sent := 0
		for range 1000 {
			if _, ok := b.Reserve(tc.method, tc.path); !ok {
				break
			}
			sent++
		}
		if sent != tc.want {
			t.Errorf("%s %s: %d in one burst, want %d", tc.method, tc.path, sent, tc.want)
		}
	}
}

func TestBudgetPauses(t *testing.T) {
	now := time.Unix(1000, 0)
	other := testGroup + "/providers/Microsoft.ContainerService/managedClusters/c2"
	fresh := func() *Budget { return NewBudget(BudgetOptions{Now: func() time.Time { return now }}) }
	allowed := func(b *Budget, method, path string) bool { _, ok := b.Reserve(method, path); return ok }

	t.Run("the AKS limit of one cluster stops only that cluster", func(t *testing.T) {
		b := fresh()
		b.throttled(targetOf(http.MethodPut, testCluster), &Error{Code: "Throttled", RetryAfter: time.Minute}, nil)
		if allowed(b, http.MethodPut, testCluster) || !allowed(b, http.MethodPut, other) || !allowed(b, http.MethodGet, testCluster) {
			t.Error("want only PUT c1 refused")
		}
	})
	t.Run("ARM's limit stops the kind in the subscription", func(t *testing.T) {
		b := fresh()
		b.throttled(targetOf(http.MethodPut, testCluster), &Error{Code: "SubscriptionRequestsThrottled", RetryAfter: time.Minute}, nil)
		if allowed(b, http.MethodPut, other) || !allowed(b, http.MethodGet, testCluster) || !allowed(b, http.MethodDelete, testCluster) {
			t.Error("want all writes refused, reads and deletes let through")
		}
		if !allowed(b, http.MethodPut, "/subscriptions/another/resourceGroups/rg") {
			t.Error("another subscription was stopped as well")
		}
	})
	t.Run("ARM is known by its header too", func(t *testing.T) {
		b := fresh()
		gateway := http.Header{"X-Ms-Failure-Cause": {"gateway"}}
		b.throttled(targetOf(http.MethodGet, testCluster), &Error{Code: "TooManyRequests", RetryAfter: time.Minute}, gateway)
		if allowed(b, http.MethodGet, testGroup) || !allowed(b, http.MethodPut, testGroup) {
			t.Error("want all reads refused, writes let through")
		}
	})
	t.Run("busy is not throttled", func(t *testing.T) {
		b := fresh()
		b.throttled(targetOf(http.MethodPut, testGroup+"/providers/Microsoft.Network/virtualNetworks/v"), &Error{Code: "RetryableErrorDueToAnotherOperation", RetryAfter: time.Minute}, nil)
		if !allowed(b, http.MethodPut, testGroup+"/providers/Microsoft.Network/virtualNetworks/v") {
			t.Error("a temporary conflict paused the provider")
		}
	})
	t.Run("the remaining header counts down", func(t *testing.T) {
		b := fresh()
		h := http.Header{}
		h.Set("x-ms-ratelimit-remaining-subscription-global-reads", "16499")
		b.remaining(targetOf(http.MethodGet, testGroup), h)
		if !allowed(b, http.MethodGet, testGroup) {
			t.Error("refused with 16499 left")
		}
		h.Set("x-ms-ratelimit-remaining-subscription-reads", "0")
		h.Set("x-ms-ratelimit-remaining-subscription-resource-requests", "-500") // another count, not ARM's
		b.remaining(targetOf(http.MethodGet, testGroup), h)
		if wait, ok := b.Reserve(http.MethodGet, testGroup); !ok || wait != 40*time.Millisecond {
			t.Errorf("with nothing left: wait %s, %v; want 40ms, one refill", wait, ok)
		}
	})
}

func TestBudgetWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{MaxWait: 5 * time.Second})
		for range 60 {
			if err := b.Wait(t.Context(), http.MethodGet, testCluster); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := b.Wait(t.Context(), http.MethodGet, testCluster); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("the 61st read waited %s, want 1s", waited)
		}
		b.throttled(targetOf(http.MethodGet, testCluster), &Error{Code: "Throttled", RetryAfter: time.Minute}, nil)
		err := b.Wait(t.Context(), http.MethodGet, testCluster)
		held, ok := errors.AsType[*Error](err)
		if !ok || !IsThrottled(err) || held.Code != CodeHeldBack || held.RetryAfter < time.Minute {
			t.Fatalf("during the pause: %v, want %s with RetryAfter of a minute", err, CodeHeldBack)
		}
		time.Sleep(held.RetryAfter) // fake time
		if err := b.Wait(t.Context(), http.MethodGet, testCluster); err != nil {
			t.Errorf("after RetryAfter: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := b.Wait(ctx, http.MethodGet, testCluster); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller whose context ended got %v", err)
		}
	})
}

// After a 429 the pause is the one Azure asked for, also where a token takes a minute, and the error says what is held back.
func TestBudgetAfterAThrottledPut(t *testing.T) {
	now := time.Unix(1000, 0)
	b := NewBudget(BudgetOptions{Now: func() time.Time { return now }})
	for range 20 {
		b.Reserve(http.MethodPut, testCluster)
	}
	b.throttled(targetOf(http.MethodPut, testCluster), &Error{Code: "Throttled", RetryAfter: 30 * time.Second}, nil)
	if wait, ok := b.Reserve(http.MethodPut, testCluster); ok || wait != 30*time.Second {
		t.Errorf("wait %s, %v; want the 30 s Azure asked for", wait, ok)
	}
	if wait, ok := b.Reserve(http.MethodPut, testCluster+"/agentPools/p"); !ok || wait != 0 {
		t.Errorf("a pool waits %s, %v", wait, ok)
	}
	err := b.Wait(t.Context(), http.MethodPut, testCluster)
	held, ok := errors.AsType[*Error](err)
	if want := "PUT managedClusters is held back: Azure's request limit for changes of this AKS cluster itself, its pools excepted is used up"; !ok || held.Message != want || held.Everything {
		t.Errorf("got %+v, want %s", err, want)
	}
	now = now.Add(30 * time.Second)
	if wait, ok := b.Reserve(http.MethodPut, testCluster); !ok || wait != 0 {
		t.Errorf("after the pause: wait %s, %v", wait, ok)
	}
	b.throttled(targetOf(http.MethodPut, testCluster), &Error{Code: "SubscriptionRequestsThrottled", RetryAfter: time.Minute}, nil)
	held, ok = errors.AsType[*Error](b.Wait(t.Context(), http.MethodPut, testCluster+"/agentPools/p"))
	if want := "PUT managedClusters/agentPools is held back: Azure's request limit for all write requests to subscription " + testSub + " is used up"; !ok || held.Message != want || !held.Everything {
		t.Errorf("got %+v, want %s", held, want)
	}
}

func TestBudgetFactor(t *testing.T) {
	t0 := time.Unix(1000, 0)
	b := NewBudget(BudgetOptions{MaxWait: time.Millisecond, Factor: 3, Now: func() time.Time { return t0 }})
	sent := 0
	for range 1000 {
		if _, ok := b.Reserve(http.MethodPut, testCluster); ok {
			sent++
		}
	}
	if sent != 60 {
		t.Errorf("%d PUTs in one burst, want three times 20", sent)
	}
}

func TestBudgetForgets(t *testing.T) {
	now := time.Unix(1000, 0)
	b := NewBudget(BudgetOptions{Now: func() time.Time { return now }})
	for i := range 5000 {
		b.Reserve(http.MethodGet, fmt.Sprintf("%s-%d", testCluster, i))
		now = now.Add(time.Second)
	}
	if n := len(b.buckets); n > 1100 {
		t.Errorf("%d buckets are kept for clusters that were read once", n)
	}
}

func TestOperationNames(t *testing.T) {
	for _, tc := range []struct{ method, path, want string }{
		{http.MethodGet, testGroup, "GET resourceGroups"},
		{http.MethodGet, testCluster, "GET managedClusters"},
		{http.MethodGet, testGroup + "/providers/Microsoft.ContainerService/managedClusters", "LIST managedClusters"},
		{http.MethodPut, testCluster + "/agentPools/p1", "PUT managedClusters/agentPools"},
		{http.MethodPost, testCluster + "/listClusterUserCredential", "POST managedClusters/listClusterUserCredential"},
		{http.MethodGet, "/subscriptions/" + testSub + "/providers/Microsoft.ContainerService/locations/westeurope/operations/0815", "GET locations/operations"},
		{http.MethodPut, testCluster + "/providers/Microsoft.KubernetesConfiguration/extensions/flux", "PUT extensions"},
		{http.MethodGet, "/subscriptions/" + testSub + "/providers/Microsoft.ContainerService", "GET providers"},
		{http.MethodGet, "/azure" + testCluster, "GET managedClusters"},
		{http.MethodGet, testGroup[:len(testGroup)-3], "LIST resourceGroups"},
	} {
		if got := targetOf(tc.method, tc.path).operation; got != tc.want {
			t.Errorf("%s %s = %q, want %q", tc.method, tc.path, got, tc.want)
		}
	}
}
