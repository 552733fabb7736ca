package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
)

func TestHealthIsOneListForTheFleetAndItsChangeIsNews(t *testing.T) {
	r := newRig(t)
	r.settle()
	if report := r.step(); report.Health != nil {
		t.Errorf("nobody asked for it: %+v", report.Health)
	}
	r.fleet = fleet.New(fleet.Options{Now: r.clock.Now, Health: true, Notify: func(owner string) { r.news = append(r.news, owner) }})
	r.engine = engine.New(engine.Options{Now: r.clock.Now, Fleet: r.fleet})
	look := func(state string) *aks.Health {
		t.Helper()
		r.azure.AddWorld(world.World{Health: []world.Health{{Resource: aks.NamesOf(r.in).ClusterID, State: state, Summary: "because", Reason: "Platform Initiated"}}})
		r.news = nil
		before := len(r.azure.Requests())
		r.clock.Advance(fleet.DefaultInterval + time.Second)
		r.fleet.Refresh(t.Context())
		r.fleet.Refresh(t.Context())
		if asked := r.requests(before, false); len(asked) != 2 || len(r.news) != 1 {
			t.Errorf("asked %v, news %v: want two lists and one piece of news", asked, r.news)
		}
		return r.step().Health
	}
	r.settle()
	r.clock.Advance(15 * time.Minute)
	r.fleet.Refresh(t.Context())
	if h := r.step().Health; h == nil || h.State != aks.HealthAvailable {
		t.Errorf("health = %+v", h)
	}
	if h := look(aks.HealthUnavailable); h == nil || h.State != aks.HealthUnavailable || h.Summary != "because" || h.Reason() != "PlatformInitiated" {
		t.Errorf("health = %+v", h)
	}
	if h := look(aks.HealthAvailable); h == nil || h.State != aks.HealthAvailable {
		t.Errorf("health = %+v", h)
	}
	r.fault(azuresim.Fault{PathRegex: "availabilityStatuses$", Status: 403, Code: "AuthorizationFailed"})
	r.clock.Advance(fleet.DefaultInterval + time.Second)
	r.fleet.Refresh(t.Context())
	if report := r.step(); !report.Done || report.Health.Unread != "AuthorizationFailed" {
		t.Errorf("done %v, health %+v", report.Done, report.Health)
	}
	if all := strings.Join(r.requests(0, false), "\n"); strings.Contains(all, "availabilityStatuses/current") {
		t.Error("a cluster asked for itself")
	}
}
