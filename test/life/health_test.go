package life

import (
	"net/http"
	"strings"
	"testing"
)

func TestAzureResourceHealthIsACondition(t *testing.T) {
	p := life(t, "operations")
	c := cluster{name: "healthy", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 1}}}
	p.create(t, c)
	say := func(state, summary string) {
		t.Helper()
		p.azure.Control(t, http.MethodPut, "world", object{"health": []object{{"resource": c.id(), "state": state, "summary": summary, "reason": "Platform Initiated"}}})
	}
	wait := func(want, says string) {
		t.Helper()
		until(t, limit, func() string {
			state, message := condition(p.Get(t, controlPlane, c.name, c.name), "AzureResourceAvailable")
			return unless(state == want && strings.Contains(message, says), "AzureResourceAvailable is %s (%s), want %s and %q", state, message, want, says)
		})
	}
	say("Available", "all is well")
	wait("True", "all is well")
	say("Degraded", "some nodes start slowly")
	wait("True", "nothing in the first hour: some nodes start slowly")
	before := p.azure.Last(t)
	say("Unavailable", "the control plane is down")
	wait("False PlatformInitiated", "Unavailable: the control plane is down")
	cp := p.Get(t, controlPlane, c.name, c.name)
	for _, untouched := range []string{"Ready", "Available", "Synced", "KubeconfigReady"} {
		if state, message := condition(cp, untouched); state != "True" {
			t.Errorf("%s is %s (%s) because of it", untouched, state, message)
		}
	}
	p.Kill(t)
	p.Restart(t)
	say("Available", "all is well again")
	wait("True", "all is well again")
	for _, r := range p.azure.writes(t, before, c) {
		t.Errorf("health is only looked at: %s", r)
	}
	if own := p.azure.Requests(t, 0, func(r request) bool { return strings.Contains(r.Path, "availabilityStatuses/current") }); len(own) > 0 {
		t.Errorf("asked about one cluster:\n%s", joined(own))
	}
	if events := joined(p.Events(t, c.name)); !strings.Contains(events, "AzureResourceUnavailable") {
		t.Errorf("events:\n%s", events)
	}
}
