package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/plan"
)

// AKS counts changes of a cluster and of each pool one by one: a 429 for one of them holds that one back, for as long as
// Azure asks and not longer.
func TestThrottledClusterKeepsNoPoolBack(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.client = r.newClientWith(r.azure.Env(), arm.BudgetOptions{Now: r.clock.Now})
	r.fault(azuresim.Fault{Method: "PUT", PathRegex: "managedClusters/[^/]+$", Times: 1, Status: 429, RetryAfter: 30,
		Code: "Throttled", Message: "The request limit has been exceeded.", Flat: true})
	r.in.SpecChanged, r.in.Pools[1].SpecChanged = true, true
	r.in.ControlPlane.Spec.SKU = &v1beta1.SKU{Tier: v1beta1.TierStandard}
	*r.in.Pools[1].Replicas = 4
	r.events = nil
	began := r.clock.Now()
	cluster := strings.ToLower(aks.NamesOf(r.in).ClusterID)
	report := r.step()
	failure := report.Failures[cluster]
	if report.Error != nil || len(report.Failed) > 0 || !failure.RetryAt.Equal(began.Add(30*time.Second)) || failure.Diagnosis.Outcome != aks.OutcomeWait {
		t.Fatalf("error %+v, failed %v, held back %+v", report.Error, report.Failed, failure)
	}
	if report.Hold == nil || report.Hold.Reason != aks.ReasonThrottled || report.Hold.Verb != plan.Wait {
		t.Errorf("hold %+v", report.Hold)
	}
	for len(r.events) == 0 && r.clock.Now().Sub(began) < 20*time.Second {
		r.clock.Advance(time.Second)
		r.step()
	}
	if len(r.events) != 1 || r.events[0] != "Update agentPool pool1" {
		t.Fatalf("sent %v, want the pool meanwhile", r.events)
	}
	r.settle()
	r.in.ControlPlane.Spec.AdditionalTags = map[string]string{"a": "b"}
	began = r.clock.Now()
	r.until("the next change", func(engine.Report) bool {
		return len(r.events) > 0 && r.events[len(r.events)-1] == "Update managedCluster my-cluster"
	})
	if waited := r.clock.Now().Sub(began); waited > 5*time.Second {
		t.Errorf("the next change waits %s, although nobody asked for it", waited)
	}
}

// A 429 of ARM's front door is about every write in the subscription, and what is unsent says so.
func TestThrottledSubscription(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.fault(azuresim.Fault{Method: "PUT", PathRegex: "managedClusters/[^/]+$", Times: 1, Status: 429, RetryAfter: 30,
		Code: "SubscriptionRequestsThrottled", Message: "Number of 'write' requests exceeded."})
	r.in.ControlPlane.Spec.SKU = &v1beta1.SKU{Tier: v1beta1.TierStandard}
	*r.in.Pools[1].Replicas = 4
	for range 2 { // the second step meets nobody, but knows as much
		report := r.step()
		if report.Error == nil || report.Error.Diagnosis.Reason != "Throttled" {
			t.Fatalf("error %+v", report.Error)
		}
		unsent := 0
		for _, action := range report.Pending {
			if action.Verb.Writes() {
				unsent++
			}
		}
		if unsent != 2 {
			t.Errorf("%d unsent requests are reported, want 2: %s", unsent, plan.Text(report.Pending))
		}
	}
}
