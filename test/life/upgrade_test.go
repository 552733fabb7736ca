package life

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// offerOldVersions makes the location offer the versions a cluster of some years ago ran to everybody, not for long-term support
// only.
func (a *azure) offerOldVersions(t *testing.T) {
	t.Helper()
	a.Control(t, http.MethodPut, "world", object{"versions": []object{
		{"minor": "1.31", "patches": []string{"1.31.8", "1.31.13"}}, {"minor": "1.32", "patches": []string{"1.32.6", "1.32.11"}},
	}})
}

// guard puts a ready pod on a node of a pool, under a disruption budget that never lets it go.
func (p *plane) guard(t *testing.T, c cluster, pool string) {
	t.Helper()
	var node string
	until(t, limit, func() string {
		out, err := p.Workload(t, c.name, c.name, "get", "nodes", "--selector=kubernetes.azure.com/agentpool="+pool, "--output=jsonpath={.items[0].metadata.name}")
		node = strings.TrimSpace(out)
		return unless(err == nil && node != "", "nodes of pool %s: %q (%v)", pool, out, err)
	})
	p.ApplyWorkload(t, c.name, c.name, `
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: default, labels: {app: web}}
spec:
  nodeName: `+node+`
  containers: [{name: web, image: web}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: keep-web, namespace: default}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
`)
	if out, err := p.Workload(t, c.name, c.name, "patch", "pod", "web-0", "--namespace=default", "--subresource=status", "--type=merge",
		`--patch={"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// upgrades are the requests that raised a version, in words: "cluster 1.32.11" or "user 1.32.11".
func (a *azure) upgrades(t *testing.T, since int, c cluster) (steps []string) {
	t.Helper()
	for _, r := range a.writes(t, since, c) {
		name, property := "cluster", "kubernetesVersion"
		for _, p := range c.pools {
			if r.To(c.poolID(p.name)) {
				name, property = p.name, "orchestratorVersion"
			}
		}
		if version := textAt(r.Body, "properties", property); version != "" {
			steps = append(steps, name+" "+version)
		}
	}
	return steps
}

// TestUpgradeOverThreeMinorVersions is the story of a cluster that is three minor versions behind: its owner writes the version
// they want, once. On the way a disruption budget keeps a node from being drained, and the manager is killed after every request.
func TestUpgradeOverThreeMinorVersions(t *testing.T) {
	p := life(t, "upgrades")
	p.azure.offerOldVersions(t)
	// What a location offers is remembered for a while, and other stories have asked about theirs.
	c := cluster{name: "upgrade", version: "v1.31.8", spec: object{"location": "northeurope"}, pools: []pool{{name: "system", mode: "System", replicas: 1}, {name: "user", mode: "User", replicas: 2}}}
	p.create(t, c)
	p.guard(t, c, "user")
	since := p.azure.Last(t)
	p.azure.pause(t)

	// The owner looks at the whole way before anything is sent.
	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"version":"v1.34.1","upgrade":{"hold":true}}}`)
	for _, pool := range c.pools {
		p.Patch(t, machinePool, c.name, pool.name, `{"spec":{"template":{"spec":{"version":"v1.34.1"}}}}`)
	}
	until(t, limit, func() string {
		cp := p.Get(t, controlPlane, c.name, c.name)
		state, _ := condition(cp, "Synced")
		steps, _ := at(cp, "status", "upgrade", "steps").([]any)
		return unless(state == "False UpgradeHeld" && len(steps) == 9, "Synced is %s, and %d of 9 steps are shown", state, len(steps))
	})
	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"upgrade":null}}`)
	want := []string{"cluster 1.32.11", "cluster 1.33.8", "cluster 1.34.1", "system 1.32.11", "system 1.33.8", "system 1.34.1", "user 1.32.11"}
	told := []string{"step 1 of 9: control plane 1.31.8 -> 1.32.11", "step 2 of 9: control plane 1.32.11 -> 1.33.8", "step 3 of 9: control plane 1.33.8 -> 1.34.1",
		"step 4 of 9: pool system 1.31.8 -> 1.32.11", "step 5 of 9: pool system 1.32.11 -> 1.33.8", "step 6 of 9: pool system 1.33.8 -> 1.34.1",
		"step 7 of 9: pool user 1.31.8 -> 1.32.11", "sending the same goal again", "step 8 of 9: pool user 1.32.11 -> 1.33.8", "step 9 of 9: pool user 1.33.8 -> 1.34.1"}
	for i := range want {
		p.killAfterStep(t, since, c, want[:i+1], told[i])
	}
	p.blockedByBudget(t, c, since, len(want))
	if out, err := p.Workload(t, c.name, c.name, "delete", "poddisruptionbudget", "keep-web", "--namespace=default"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want = append(want, "user 1.32.11", "user 1.33.8", "user 1.34.1") // the same once more, and on
	for i := 7; i < len(want); i++ {
		p.killAfterStep(t, since, c, want[:i+1], told[i])
	}
	p.upgradeIsOver(t, c, since, want)
}

// killAfterStep waits for the last of the requests and its event, kills the manager while Azure works on it, starts it again, and
// lets Azure come to the end.
func (p *plane) killAfterStep(t *testing.T, since int, c cluster, want []string, told string) {
	t.Helper()
	until(t, limit, func() string {
		if got := p.azure.upgrades(t, since, c); len(got) < len(want) {
			return fmt.Sprintf("Azure was asked for %v, and %s is to come", got, want[len(want)-1])
		}
		return unless(strings.Contains(joined(p.Events(t, c.name)), told), "there is no event %q", told)
	})
	p.Kill(t)
	if got := strings.Join(p.azure.upgrades(t, since, c), ", "); got != strings.Join(want, ", ") {
		t.Fatalf("Azure was asked for\n%s\nwant\n%s", got, strings.Join(want, ", "))
	}
	p.Restart(t)
	p.azure.advance(t, time.Minute)
}

// blockedByBudget lets the drain time out and looks at what is told of it, and that Azure is left alone.
func (p *plane) blockedByBudget(t *testing.T, c cluster, since, steps int) {
	t.Helper()
	p.azure.advance(t, 31*time.Minute)
	message := p.AwaitCondition(t, infraPool, c.name, "user", "Ready", "False UpgradeFailed")
	for _, part := range []string{"pod default/web-0", "budget keep-web", "sent again at"} {
		if !strings.Contains(message, part) {
			t.Errorf("the condition lacks %q: %s", part, message)
		}
	}
	const waiting = "step 7 of 9: pool user 1.31.8 -> 1.32.11 (UpgradeFailed: waits for PodDisruptionBudget default/keep-web, which holds pod default/web-0"
	until(t, limit, func() string {
		got := textAt(p.Get(t, controlPlane, c.name, c.name), "status", "upgrade", "message")
		return unless(strings.HasPrefix(got, waiting) && strings.Contains(got, "it lets 0 pods go"), "status.upgrade.message is %q, want %q and what the budget says", got, waiting)
	})
	if got := p.azure.upgrades(t, since, c); len(got) != steps {
		t.Errorf("while the budget has no room Azure was asked for %v", got)
	}
}

// upgradeIsOver looks at what is told at the end: versions, the steps in status, an event for each, and a clean log.
func (p *plane) upgradeIsOver(t *testing.T, c cluster, since int, want []string) {
	t.Helper()
	const done = "all 9 steps are done"
	until(t, limit, func() string {
		got := textAt(p.Get(t, controlPlane, c.name, c.name), "status", "upgrade", "message")
		return unless(got == done, "status.upgrade.message is %q, want %q", got, done)
	})
	cp := p.Settled(t, c.name, c.name)
	if from, to, version := textAt(cp, "status", "upgrade", "from"), textAt(cp, "status", "upgrade", "to"), textAt(cp, "status", "version"); from != "v1.31.8" || to != "v1.34.1" || version != "v1.34.1" {
		t.Errorf("from %s to %s, and %s runs", from, to, version)
	}
	for _, pool := range c.pools {
		until(t, limit, func() string {
			o := p.Get(t, infraPool, c.name, pool.name)
			state, message := condition(o, "Ready")
			return unless(state == "True" && textAt(o, "status", "version") == "v1.34.1", "pool %s runs %s, Ready is %s (%s)", pool.name, textAt(o, "status", "version"), state, message)
		})
	}
	log := joined(p.Events(t, c.name))
	if !strings.Contains(log, "Warning user UpgradeFailed: UpgradeFailed: Drain node") || !strings.Contains(log, "blocked by pdb keep-web") {
		t.Errorf("no event names pod and budget:\n%s", log)
	}
	if got := p.azure.upgrades(t, since, c); len(got) != len(want) {
		t.Errorf("Azure was asked for %v, want %v", got, want)
	}
	t.Logf("events:\n%s", log)
	t.Logf("writes:\n%s", joined(p.azure.writes(t, since, c)))
}

// TestUpgradeRefusedForDeprecatedAPIs: AKS refuses a version because of an API in use; the condition says which and until when, an
// override goes on at once, and one whose time is over is only warned about.
func TestUpgradeRefusedForDeprecatedAPIs(t *testing.T) {
	p := life(t, "upgrades")
	c := cluster{name: "deprecated", version: "v1.33.4", pools: []pool{{name: "system", mode: "System", replicas: 1}}}
	p.create(t, c)
	const api = "flowcontrol.apiserver.k8s.io.prioritylevelconfigurations.v1beta1"
	seen := time.Now().UTC().Truncate(time.Second)
	p.azure.Outside(t, object{"kind": "deprecated-api", "id": c.id(), "api": api, "verb": "update", "lastSeen": seen.Format(time.RFC3339)})
	p.azure.provoke(func(r request) bool {
		return r.To(c.id()) && r.Status == http.StatusBadRequest && r.ErrorCode == "ValidationError"
	})

	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"version":"v1.34.1"}}`)
	message := p.AwaitCondition(t, controlPlane, c.name, c.name, "Synced", "False UpgradeBlockedOnDeprecatedAPIUsage")
	for _, part := range []string{api, "sent again at " + seen.Add(12*time.Hour).Format(time.RFC3339), "forceUpgrade"} {
		if !strings.Contains(message, part) {
			t.Errorf("the condition lacks %q: %s", part, message)
		}
	}
	p.Patch(t, machinePool, c.name, "system", `{"spec":{"replicas":2}}`) // hours are too long to wait for another node
	until(t, limit, func() string {
		count := textAt(p.azure.get(t, c.poolID("system")), "properties", "count")
		return unless(count == "2", "pool system has %s nodes", count)
	})
	if running := textAt(p.azure.get(t, c.id()), "properties", "currentKubernetesVersion"); running != "1.33.4" {
		t.Errorf("the control plane runs %s", running)
	}
	over := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	out := p.Kubectl(t, "patch", controlPlane, c.name, "--namespace="+c.name, "--type=merge", `--patch={"spec":{"upgradeSettings":{"overrideSettings":{"forceUpgrade":true,"until":"`+over+`"}}}}`)
	if !strings.Contains(out, "is over: upgrades are not forced") {
		t.Errorf("kubectl says %q", out)
	}
	ends := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"upgradeSettings":{"overrideSettings":{"until":"`+ends+`"}}}}`)
	until(t, limit, func() string {
		running := textAt(p.Get(t, controlPlane, c.name, c.name), "status", "version")
		return unless(running == "v1.34.1", "the control plane runs %s", running)
	})
}
