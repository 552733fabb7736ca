package arm

import (
	"net/http"
	"testing"
	"time"
)

// Levels name the emptiest bucket of each class and subscription, and looking at them takes nothing.
func TestLevels(t *testing.T) {
	now := time.Unix(1000, 0)
	b := NewBudget(BudgetOptions{Now: func() time.Time { return now }})
	for range 3 {
		b.Reserve(http.MethodPut, testCluster)
	}
	b.Reserve(http.MethodPut, testGroup+"/providers/Microsoft.ContainerService/managedClusters/c2")
	b.Reserve(http.MethodGet, "/subscriptions/other/resourceGroups/rg")
	b.throttled(targetOf(http.MethodPut, testGroup+"/providers/Microsoft.Network/virtualNetworks/n"), &Error{Status: 429, RetryAfter: time.Minute}, http.Header{})
	want := []Level{
		{testSub, "aks_put_cluster", 17, 20, 0},
		{testSub, "arm_write", 196, 200, 0},
		{testSub, "other_write", 0, 0, time.Minute},
		{"other", "arm_read", 249, 250, 0},
	}
	for range 2 {
		got := b.Levels()
		if len(got) != len(want) {
			t.Fatalf("%+v", got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%+v, want %+v", got[i], want[i])
			}
		}
	}
	now = now.Add(10 * time.Second)
	b.throttled(targetOf(http.MethodPut, testCluster), &Error{Status: 429, RetryAfter: 5 * time.Second}, http.Header{})
	for _, level := range b.Levels() {
		if level.Class == "aks_put_cluster" && (level.Tokens != 0 || level.Paused != 5*time.Second) {
			t.Errorf("%+v, want none left for 5s", level)
		}
	}
}
