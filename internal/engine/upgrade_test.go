package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/azuresim/world"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/workload"
)

// aged is a settled cluster of an old version.
func aged(t *testing.T, version string) *rig {
	t.Helper()
	r := newRig(t)
	for _, minor := range []string{"1.30", "1.31", "1.32"} { // nobody needs long-term support for them yet
		for _, v := range r.azure.World().Versions {
			if v.Minor == minor {
				v.LTSOnly = false
				r.azure.AddWorld(world.World{Versions: []world.Version{v}})
			}
		}
	}
	r.declareVersion(version)
	r.settle()
	r.events = nil
	return r
}

// declareVersion asks for a version of the control plane and of all pools.
func (r *rig) declareVersion(version string) {
	r.in.ControlPlane.Spec.Version = version
	for i := range r.in.Pools {
		r.in.Pools[i].Version = version
	}
}

// upgraded is what a controller keeps of a step in the status of the control plane.
func (r *rig) upgraded() engine.Report {
	report := r.step()
	r.in.ControlPlane.Status.Upgrade = report.Upgrade
	for i := range r.in.Pools {
		if after, done := report.NodeImagesDone[r.in.Pools[i].Object.Name]; done {
			r.in.Pools[i].NodeImageDone = after
		}
	}
	return report
}

// upgrade goes on until nothing is left to do, or until a report says so, with a restart of the manager after every step if it is to
// be killed.
func (r *rig) upgrade(killed bool, until func(engine.Report) bool) (report engine.Report, lines []string) {
	r.t.Helper()
	for range 3000 {
		report = r.upgraded()
		for _, sent := range report.Sent {
			lines = append(lines, sent.Action.Line())
		}
		if until != nil && until(report) || report.Done && report.Requeue == 0 {
			return report, lines
		}
		if killed {
			r.restart()
		}
		r.clock.Advance(max(report.Requeue, time.Second))
	}
	r.t.Fatalf("no end in 3000 steps: hold %+v, error %+v, %v", report.Hold, report.Error, lines)
	return report, lines
}

func TestUpgradeOverThreeMinorVersions(t *testing.T) {
	for name, killed := range map[string]bool{"undisturbed": false, "killed after every step": true} {
		t.Run(name, func(t *testing.T) {
			r := aged(t, "v1.31.8")
			r.declareVersion("v1.34.1")
			report, lines := r.upgrade(killed, nil)
			want := []string{
				`Update managedCluster my-cluster: step 1 of 9: control plane 1.31.8 -> 1.32.11: kubernetesVersion "1.31.8" -> "1.32.11"`,
				`Update managedCluster my-cluster: step 2 of 9: control plane 1.32.11 -> 1.33.8: kubernetesVersion "1.32.11" -> "1.33.8"`,
				`Update managedCluster my-cluster: step 3 of 9: control plane 1.33.8 -> 1.34.1: kubernetesVersion "1.33.8" -> "1.34.1"`,
				`Update agentPool pool0: step 4 of 9: pool pool0 1.31.8 -> 1.32.11: orchestratorVersion "1.31.8" -> "1.32.11"`,
				`Update agentPool pool0: step 5 of 9: pool pool0 1.32.11 -> 1.33.8: orchestratorVersion "1.32.11" -> "1.33.8"`,
				`Update agentPool pool0: step 6 of 9: pool pool0 1.33.8 -> 1.34.1: orchestratorVersion "1.33.8" -> "1.34.1"`,
				`Update agentPool pool1: step 7 of 9: pool pool1 1.31.8 -> 1.32.11: orchestratorVersion "1.31.8" -> "1.32.11"`,
				`Update agentPool pool1: step 8 of 9: pool pool1 1.32.11 -> 1.33.8: orchestratorVersion "1.32.11" -> "1.33.8"`,
				`Update agentPool pool1: step 9 of 9: pool pool1 1.33.8 -> 1.34.1: orchestratorVersion "1.33.8" -> "1.34.1"`,
			}
			for i := range want {
				if i >= len(lines) || !strings.HasPrefix(lines[i], want[i]) {
					t.Fatalf("requests\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
				}
			}
			if len(lines) != len(want) {
				t.Errorf("more requests than steps:\n%s", strings.Join(lines, "\n"))
			}
			if u := report.Upgrade; u == nil || u.From != "v1.31.8" || u.To != "v1.34.1" || u.Message != "all 9 steps are done" || len(u.Steps) != 9 {
				t.Errorf("upgrade %+v", u)
			}
			r.noClientErrors()
			idle := len(r.azure.Requests())
			for range 3 {
				r.upgraded()
			}
			if extra := r.requests(idle, false); !killed && len(extra) > 0 {
				t.Errorf("after the upgrade Azure was asked %v", extra)
			}
		})
	}
}

// TestUpgradeOfRandomVersions lets the emulated AKS judge what the property test of package aks judges with rules of its own.
func TestUpgradeOfRandomVersions(t *testing.T) {
	r := aged(t, "v1.30.9")
	r.in.Pools = append(r.in.Pools, pool("pool2", v1beta1.NodePoolModeUser))
	r.in.Pools[2].Version = "v1.30.9"
	r.upgrade(false, nil)
	id := aks.NamesOf(r.in).ClusterID
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 7))
		patches := map[int][]int{30: {9, 14}, 31: {8, 13}, 32: {6, 11}, 33: {4, 8}, 34: {1, 5}, 35: {1, 4}}
		version := func(minor int) string { return fmt.Sprintf("1.%d.%d", minor, patches[minor][random.IntN(2)]) }
		control := 31 + random.IntN(3)
		running := version(control)
		r.edit(id, `{"properties":{"kubernetesVersion":"`+running+`","currentKubernetesVersion":"`+running+`"}}`)
		target := "v" + version(min(control+random.IntN(4), 35))
		r.in.ControlPlane.Spec.Version, r.in.ControlPlane.Status.Upgrade = target, nil
		r.in.ControlPlane.Spec.Upgrade = &v1beta1.UpgradePolicy{PoolStrategy: []string{v1beta1.PoolsAfterControlPlane, v1beta1.PoolsInterleaved}[random.IntN(2)]}
		for i := range r.in.Pools {
			lag := running
			if random.IntN(3) > 0 {
				lag = version(max(control-1-random.IntN(3), 30))
			}
			r.edit(id+"/agentPools/"+r.in.Pools[i].Object.Name, `{"properties":{"orchestratorVersion":"`+lag+`","currentOrchestratorVersion":"`+lag+`"}}`)
			r.in.Pools[i].Version = []string{target, target, "v" + running, ""}[random.IntN(4)]
		}
		r.restart()
		report, lines := r.upgrade(random.IntN(2) == 0, func(report engine.Report) bool {
			return report.Operation == nil && report.Hold != nil && aks.UpgradeReason(report.Hold.Reason) && len(report.Sent) == 0
		})
		if !report.Done && report.Hold.Message == "" {
			t.Errorf("seed %d: stands at %+v after %v", seed, report.Hold, lines)
		}
		t.Logf("seed %d: %s to %s, %d steps, done %v", seed, running, target, len(lines), report.Done)
	}
	r.noClientErrors()
}

func TestUpgradeIsHeldAndGoesOn(t *testing.T) {
	r := aged(t, "v1.32.6")
	r.declareVersion("v1.34.1")
	r.in.ControlPlane.Spec.Upgrade = &v1beta1.UpgradePolicy{PoolStrategy: v1beta1.PoolsInterleaved, PoolOrder: []string{"pool1"}}
	_, lines := r.upgrade(false, func(report engine.Report) bool { return len(r.events) > 1 })
	r.in.ControlPlane.Spec.Upgrade.Hold = new(true)
	held := func(report engine.Report) bool {
		return report.Hold != nil && report.Hold.Reason == aks.ReasonUpgradeHeld
	}
	report, more := r.upgrade(true, held)
	const next = "step 3 of 6: pool pool0 1.32.6 -> 1.33.8"
	if len(more) > 0 || report.Hold.Message != "held by spec.upgrade.hold; the next step is pool pool0 1.32.6 -> 1.33.8" || !strings.HasPrefix(report.Upgrade.Message, next) {
		t.Fatalf("held at %q with %q, sent %v", report.Hold.Message, report.Upgrade.Message, more)
	}
	r.in.ControlPlane.Spec.AdditionalTags = map[string]string{"team": "a"}
	if _, tags := r.upgrade(false, held); len(tags) == 0 || strings.Contains(strings.Join(tags, " "), "Version") {
		t.Errorf("other changes while the upgrade is held: %v", tags)
	}
	r.in.ControlPlane.Spec.Upgrade.Hold = nil
	_, rest := r.upgrade(false, nil)
	var order []string
	for _, line := range append(lines, rest...) {
		_, step, _ := strings.Cut(line, ": ")
		order = append(order, strings.Split(step, ": ")[1])
	}
	want := "control plane 1.32.6 -> 1.33.8; pool pool1 1.32.6 -> 1.33.8; pool pool0 1.32.6 -> 1.33.8; control plane 1.33.8 -> 1.34.1; pool pool1 1.33.8 -> 1.34.1; pool pool0 1.33.8 -> 1.34.1"
	if got := strings.Join(order, "; "); got != want {
		t.Errorf("order\n%s\nwant\n%s", got, want)
	}
	r.noClientErrors()
}

func TestUpgradeToWhatIsNotOnOffer(t *testing.T) {
	r := aged(t, "v1.33.4")
	n := len(r.azure.Requests())
	r.declareVersion("v1.34.9")
	report := r.upgraded()
	if report.Hold == nil || report.Hold.Reason != aks.ReasonVersionNotOffered || !strings.Contains(report.Hold.Message, "on offer: 1.33.8, 1.34.1, 1.34.5, 1.35.1") {
		t.Fatalf("hold %+v", report.Hold)
	}
	if report.Offers == nil || !slices.Contains(report.Offers.Versions, "1.36.3") {
		t.Errorf("offers %+v", report.Offers)
	}
	reads := len(r.requests(n, false))
	for range 5 {
		r.clock.Advance(time.Minute)
		r.upgraded()
	}
	if sent := r.requests(n, true); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	if again := len(r.requests(n, false)) - reads; again > 3 {
		t.Errorf("waiting for an offer took %d reads in five minutes", again)
	}
	*r.in.Pools[1].Replicas = 3 // a pool's size does not wait for that
	if _, lines := r.upgrade(false, func(engine.Report) bool { return len(r.events) > 0 }); len(lines) != 1 || !strings.Contains(lines[0], "count 2 -> 3") {
		t.Errorf("sent %v", lines)
	}
	r.declareVersion("v1.34")
	report, _ = r.upgrade(false, nil)
	if report.Facts.Version != "1.34.5" {
		t.Errorf("a minor version leads to %s, want the newest patch", report.Facts.Version)
	}
	r.noClientErrors()
}

// guarded is a settled cluster with a pod on pool1 that a disruption budget keeps there.
func guarded(t *testing.T) (r *rig, lift func()) {
	t.Helper()
	r = aged(t, "v1.33.4")
	config, err := clientcmd.RESTConfigFromKubeConfig(r.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	i := &inside{rig: r, kube: kubernetes.NewForConfigOrDie(config)}
	if r.workload, err = workload.New(r.kubeconfig); err != nil {
		t.Fatal(err)
	}
	_, nodes := i.nodes()
	i.pod("web-0", nodes[0].Name)
	all := intstr.FromInt32(1)
	budgets := i.kube.PolicyV1().PodDisruptionBudgets("default")
	if _, err := budgets.Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "keep-web"},
		Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: &all, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return r, func() {
		if err := budgets.Delete(t.Context(), "keep-web", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUpgradeBlockedByABudgetGoesOnWhenTheBudgetHasRoom(t *testing.T) {
	for name, killed := range map[string]bool{"undisturbed": false, "killed after every step": true} {
		t.Run(name, func(t *testing.T) {
			r, lift := guarded(t)
			r.declareVersion("v1.34.1")
			r.in.SpecChanged, r.in.Pools[0].SpecChanged, r.in.Pools[1].SpecChanged = true, true, true // until all is as declared
			pool := strings.ToLower(aks.AgentPoolID(aks.NamesOf(r.in).ClusterID, "pool1"))
			failed := func(report engine.Report) bool { return len(report.Failures) > 0 && report.Operation == nil }
			report, _ := r.upgrade(killed, failed)
			failure := report.Failures[pool]
			if aks.BlockingBudget(failure) != "default/keep-web" || aks.BlockedPod(failure) != "default/web-0" || failure.Diagnosis.Reason != "UpgradeFailed" {
				t.Fatalf("failures %+v", report.Failures)
			}
			n, events := len(r.azure.Requests()), len(r.events)
			for at := r.clock.Now(); r.clock.Now().Before(at.Add(4 * time.Minute)); {
				report = r.upgraded()
				r.clock.Advance(max(report.Requeue, time.Second))
			}
			if sent := r.requests(n, true); len(sent) > 0 {
				t.Errorf("while the budget has no room Azure got %v", sent)
			}
			if said := report.Budgets[pool]; said != "it lets 0 pods go: 1 of 1 are ready and 1 have to be" {
				t.Errorf("of the budget is said %q", said)
			}
			lift()
			lifted := r.clock.Now()
			report, lines := r.upgrade(false, func(report engine.Report) bool { return len(r.events) > events })
			if took := r.clock.Now().Sub(lifted); took > 5*time.Minute {
				t.Errorf("sent again %s after the budget had room", took)
			}
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "Update agentPool pool1: the last operation ended Failed; sending the same goal again") {
				t.Errorf("sent %v", lines)
			}
			if report, _ = r.upgrade(killed, nil); report.Upgrade.Message != "all 3 steps are done" {
				t.Errorf("upgrade %+v", report.Upgrade)
			}
			r.noClientErrors()
		})
	}
}

func TestUpgradeBlockedByDeprecatedAPIs(t *testing.T) {
	r := aged(t, "v1.33.4")
	r.declareVersion("v1.34.1")
	seen := r.clock.Now().UTC()
	r.outside(fmt.Sprintf(`{"kind":"deprecated-api","id":%q,"api":"flowcontrol.apiserver.k8s.io.prioritylevelconfigurations.v1beta1","verb":"update","lastSeen":%q}`,
		aks.NamesOf(r.in).ClusterID, seen.Format(time.RFC3339)))
	refused := func(report engine.Report) bool { return len(report.Failures) > 0 }
	report, _ := r.upgrade(false, refused)
	failure := report.Failures[strings.ToLower(aks.NamesOf(r.in).ClusterID)]
	if got := failure.RetryAt.Sub(seen.Truncate(time.Second)); got != 12*time.Hour {
		t.Fatalf("sent again %s after the API was used last, want 12h: %+v", got, failure)
	}
	if report.Hold == nil || report.Hold.Reason != aks.ReasonUpgradeRefused {
		t.Errorf("hold %+v", report.Hold)
	}
	*r.in.Pools[1].Replicas = 3 // hours are too long for a pool to wait
	if _, lines := r.upgrade(false, func(engine.Report) bool { return len(r.events) > 0 }); len(lines) != 1 || !strings.Contains(lines[0], "count 2 -> 3") {
		t.Errorf("sent %v", lines)
	}
	n := len(r.azure.Requests())
	for at := r.clock.Now(); r.clock.Now().Before(at.Add(3 * time.Hour)); r.clock.Advance(10 * time.Minute) {
		r.upgraded()
	}
	for _, sent := range r.requests(n, true) {
		if strings.Contains(sent, "PUT") {
			t.Errorf("while AKS remembers the API it got %s", sent)
		}
	}
	until := r.clock.Now().UTC().Add(time.Hour)
	r.in.ControlPlane.Spec.UpgradeSettings = &v1beta1.ClusterUpgradeSettings{OverrideSettings: &v1beta1.UpgradeOverrideSettings{ForceUpgrade: new(true), Until: until.Format(time.RFC3339)}}
	report, lines := r.upgrade(false, nil)
	if report.Facts.Version != "1.34.1" || len(lines) != 3 {
		t.Errorf("forced: runs %s, sent %v", report.Facts.Version, lines)
	}
	r.clock.Advance(2 * time.Hour)
	r.events = nil
	r.restart()
	if report, lines = r.upgrade(false, nil); len(lines) > 0 {
		t.Errorf("an override that is over: sent %v, hold %+v", lines, report.Hold)
	}
}

func TestOverrideThatIsOverIsNotSent(t *testing.T) {
	r := aged(t, "v1.33.4")
	r.in.ControlPlane.Spec.UpgradeSettings = &v1beta1.ClusterUpgradeSettings{OverrideSettings: &v1beta1.UpgradeOverrideSettings{
		ForceUpgrade: new(true), Until: r.clock.Now().UTC().Add(-time.Hour).Format(time.RFC3339)}}
	if _, lines := r.upgrade(false, nil); len(lines) > 0 {
		t.Errorf("sent %v", lines)
	}
}

func TestNodeImageIsUpgradedOnce(t *testing.T) {
	r := aged(t, "v1.34.1")
	after := r.clock.Now().UTC().Add(time.Hour).Truncate(time.Second)
	r.in.Pools[1].Object.Spec.NodeImageUpgradeAfter = after.Format(time.RFC3339)
	r.azure.AddWorld(world.World{NodeImageRelease: "202711.02.0"})
	report := r.upgraded()
	if len(report.Sent) > 0 || report.Requeue <= 0 || report.Requeue > time.Hour {
		t.Fatalf("before its time: sent %v, again in %s", report.Sent, report.Requeue)
	}
	r.clock.Advance(time.Hour + time.Second)
	report, lines := r.upgrade(true, nil)
	facts, _ := report.Facts.Pool("pool1")
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "UpgradeNodeImageVersion agentPool pool1: nodeImageVersion ") || !strings.HasSuffix(facts.NodeImage, "202711.02.0") {
		t.Fatalf("sent %v, runs %s", lines, facts.NodeImage)
	}
	if other, _ := report.Facts.Pool("pool0"); strings.HasSuffix(other.NodeImage, "202711.02.0") {
		t.Error("the other pool got it, too")
	}
	r.azure.AddWorld(world.World{NodeImageRelease: "202712.02.0"})
	r.restart()
	if _, lines = r.upgrade(false, nil); len(lines) > 0 {
		t.Errorf("the time of an upgrade that is done asks for another one: %v", lines)
	}
	r.in.Pools[0].Object.Spec.NodeImageUpgradeAfter = after.Format(time.RFC3339)
	r.azure.AddWorld(world.World{NodeImageRelease: release(report, "pool0")})
	if _, lines = r.upgrade(false, nil); len(lines) > 0 || r.in.Pools[0].NodeImageDone == "" {
		t.Errorf("a pool that has the newest image: sent %v, done %q", lines, r.in.Pools[0].NodeImageDone)
	}
	r.noClientErrors()
}

// release is the part of a node image's name that tells its age.
func release(report engine.Report, pool string) string {
	facts, _ := report.Facts.Pool(pool)
	return facts.NodeImage[strings.LastIndex(facts.NodeImage, "-")+1:]
}
