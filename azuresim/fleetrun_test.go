package azuresim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
)

// run reads the state of an update run and of everything in it: run, then stage:state, group:state, member:state.
func (m *sim) run(path string) string {
	m.t.Helper()
	a := m.do(200, "GET", path, fleetVersion, "")
	out := []string{fmt.Sprint(a.get("properties.status.status.state"))}
	add := func(name any, o map[string]any) {
		out = append(out, fmt.Sprintf("%v:%v", name, answer{Body: o}.get("status.state")))
	}
	stages, _ := a.get("properties.status.stages").([]any)
	for _, s := range stages {
		stage := s.(map[string]any)
		add(stage["name"], stage)
		for _, g := range stage["groups"].([]any) {
			group := g.(map[string]any)
			add(group["name"], group)
			for _, mm := range group["members"].([]any) {
				add(mm.(map[string]any)["name"], mm.(map[string]any))
			}
		}
		if wait, ok := stage["afterStageWaitStatus"].(map[string]any); ok {
			add("wait", wait)
		}
	}
	return strings.Join(out, " ")
}

func (m *sim) wantRun(path, want string) {
	m.t.Helper()
	if diff := cmp.Diff(want, m.run(path)); diff != "" {
		m.t.Errorf("update run (-want +got):\n%s", diff)
	}
}

// twoMembers makes a fleet with c1 in group a and c2 in group b.
func (m *sim) twoMembers() {
	m.t.Helper()
	m.cluster()
	m.do(201, "PUT", secondMC, aksVersion, twoPools)
	m.clock.Advance(30 * time.Second)
	m.fleet()
	m.member("m1", cluster, "a")
	m.member("m2", secondMC, "b")
}

const (
	runPath   = fleetPath + "/updateRuns/r1"
	twoStages = `"strategy":{"stages":[{"name":"one","groups":[{"name":"a"}],"afterStageWaitInSeconds":3600},{"name":"two","groups":[{"name":"b"}]}]}`
	toNext    = `"managedClusterUpdate":{"upgrade":{"type":"Full","kubernetesVersion":"1.35.1"}}`
)

// An update run upgrades stage after stage, with the wait in between.
func TestUpdateRun(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	m.do(201, "PUT", fleetPath+"/updateStrategies/s", fleetVersion, `{"properties":{`+twoStages+`}}`)
	a := m.do(201, "PUT", runPath, fleetVersion, fmt.Sprintf(`{"properties":{"updateStrategyId":"%s/updateStrategies/s",%s}}`, fleetPath, toNext))
	m.wantEqual(a, "properties.provisioningState", "Succeeded")
	m.wantRun(runPath, "NotStarted one:NotStarted a:NotStarted m1:NotStarted wait:NotStarted two:NotStarted b:NotStarted m2:NotStarted")
	s := m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.wantRun(runPath, "Running one:Running a:Running m1:Running wait:NotStarted two:NotStarted b:NotStarted m2:NotStarted")
	m.clock.Advance(5 * time.Second)
	m.wantEqual(m.do(200, "GET", s.Header.Get("Location"), "", ""), "properties.status.status.state", "Running")
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Upgrading")
	m.refused(409, "OperationNotAllowed", "Only a run that has not started", "PUT", runPath, fleetVersion, `{"properties":{`+toNext+`}}`)
	m.refused(409, "OperationNotAllowed", "Stop it", "DELETE", runPath, fleetVersion, "")
	m.clock.Advance(30 * time.Second)
	m.wantRun(runPath, "Running one:Running a:Completed m1:Completed wait:Running two:NotStarted b:NotStarted m2:NotStarted")
	c := m.succeeded(cluster)
	m.wantEqual(c, "properties.currentKubernetesVersion", "1.35.1")
	m.wantEqual(m.succeeded(cluster+"/agentPools/user1"), "properties.currentOrchestratorVersion", "1.35.1")
	m.wantEqual(m.succeeded(secondMC), "properties.currentKubernetesVersion", "1.34.1")
	m.clock.Advance(time.Hour)
	m.wantRun(runPath, "Running one:Completed a:Completed m1:Completed wait:Completed two:Running b:Running m2:Running")
	m.clock.Advance(30 * time.Second)
	m.wantRun(runPath, "Completed one:Completed a:Completed m1:Completed wait:Completed two:Completed b:Completed m2:Completed")
	m.wantEqual(m.succeeded(secondMC), "properties.currentKubernetesVersion", "1.35.1")
	m.refused(409, "OperationNotAllowed", "Completed", "POST", runPath+"/start", fleetVersion, "")
	m.do(200, "DELETE", runPath, fleetVersion, "")
}

// Stopping lets the cluster in progress finish; starting again goes on; skipping passes over members and waits.
func TestUpdateRunStopAndSkip(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	m.do(201, "PUT", runPath, fleetVersion, `{"properties":{`+twoStages+`,`+toNext+`}}`)
	m.refused(409, "OperationNotAllowed", "NotStarted", "POST", runPath+"/stop", fleetVersion, "")
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.do(202, "POST", runPath+"/stop", fleetVersion, "")
	m.wantRun(runPath, "Stopping one:Stopping a:Stopping m1:Stopping wait:NotStarted two:NotStarted b:NotStarted m2:NotStarted")
	m.clock.Advance(30 * time.Second)
	m.wantRun(runPath, "Stopped one:Stopped a:Completed m1:Completed wait:NotStarted two:NotStarted b:NotStarted m2:NotStarted")
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.wantRun(runPath, "Running one:Running a:Completed m1:Completed wait:Running two:NotStarted b:NotStarted m2:NotStarted")
	m.refused(409, "OperationNotAllowed", "Completed", "POST", runPath+"/skip", fleetVersion, `{"targets":[{"type":"Member","name":"m1"}]}`)
	m.refused(400, "BadRequest", "no Stage 'three'", "POST", runPath+"/skip", fleetVersion, `{"targets":[{"type":"Stage","name":"three"}]}`)
	m.do(202, "POST", runPath+"/skip", fleetVersion, `{"targets":[{"type":"Member","name":"m2"},{"type":"AfterStageWait","name":"one"}]}`)
	m.wantRun(runPath, "Completed one:Completed a:Completed m1:Completed wait:Skipped two:Skipped b:Skipped m2:Skipped")
	m.wantEqual(m.succeeded(secondMC), "properties.currentKubernetesVersion", "1.34.1")
}

// A member that cannot be upgraded fails the run; a busy one is waited for.
func TestUpdateRunFailures(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	m.refused(400, "BadRequest", "needs", "PUT", runPath, fleetVersion, `{"properties":{"managedClusterUpdate":{"upgrade":{"type":"Full"}}}}`)
	m.refused(400, "UpdateStrategyNotFound", "does not exist", "PUT", runPath, fleetVersion, fmt.Sprintf(`{"properties":{"updateStrategyId":"%s/updateStrategies/s",%s}}`, fleetPath, toNext))
	m.do(201, "PUT", runPath, fleetVersion, `{"properties":{"managedClusterUpdate":{"upgrade":{"type":"ControlPlaneOnly","kubernetesVersion":"1.36.0"}}}}`)
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.wantRun(runPath, "Failed default:Failed default:Failed m1:Failed m2:NotStarted")

	other := fleetPath + "/updateRuns/r2"
	m.do(201, "PUT", other, fleetVersion, `{"properties":{`+toNext+`}}`)
	m.do(200, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"count":1`, `"count":2`, 1))
	m.do(202, "POST", other+"/start", fleetVersion, "")
	m.wantRun(other, "Running default:Running default:Running m1:Pending m2:Running")
	m.clock.Advance(30 * time.Second)
	m.wantRun(other, "Running default:Running default:Running m1:Running m2:Completed")
	m.do(202, "DELETE", cluster, aksVersion, "")
	m.wantRun(other, "Failed default:Failed default:Failed m1:Failed m2:Completed")
}

// A run that waits for a cluster goes on after what kept it busy was aborted.
func TestUpdateRunAfterAbort(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	m.do(201, "PUT", runPath, fleetVersion, `{"properties":{`+toNext+`}}`)
	m.do(200, "PUT", cluster, aksVersion, strings.Replace(twoPools, `"count":1`, `"count":2`, 1))
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.do(202, "POST", cluster+"/abort", aksVersion, "")
	m.wantRun(runPath, "Running default:Running default:Running m1:NotStarted m2:Running")
	m.clock.Advance(10 * time.Second)
	m.do(202, "POST", secondMC+"/abort", aksVersion, "")
	m.clock.Advance(10 * time.Second)
	m.wantRun(runPath, "Failed default:Failed default:Failed m1:NotStarted m2:Failed")
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.clock.Advance(30 * time.Second)
	m.clock.Advance(30 * time.Second)
	m.wantRun(runPath, "Completed default:Completed default:Completed m1:Completed m2:Completed")
}

// A run goes on where it was after a restart.
func TestUpdateRunSurvivesRestart(t *testing.T) {
	opts := azuresim.Options{DataDir: t.TempDir(), Clock: clock.NewPaused(epoch)}
	m := start(t, opts)
	m.twoMembers()
	m.do(201, "PUT", runPath, fleetVersion, `{"properties":{`+twoStages+`,`+toNext+`}}`)
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.clock.Advance(10 * time.Second)
	m.s.Close()
	again := start(t, opts)
	again.clock.Advance(20 * time.Second)
	again.wantRun(runPath, "Running one:Running a:Completed m1:Completed wait:Running two:NotStarted b:NotStarted m2:NotStarted")
	again.clock.Advance(time.Hour)
	again.clock.Advance(30 * time.Second)
	again.wantRun(runPath, "Completed one:Completed a:Completed m1:Completed wait:Completed two:Completed b:Completed m2:Completed")
}

// A node image run touches only what is old.
func TestUpdateRunNodeImages(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	pool := cluster + "/agentPools/user1"
	latest := m.succeeded(pool).get("properties.nodeImageVersion")
	m.control("POST", "resource", fmt.Sprintf(`{"id":%q,"merge":{"properties":{"nodeImageVersion":"AKSUbuntu-2204gen2containerd-202509.01.0"}}}`, pool))
	m.do(201, "PUT", runPath, fleetVersion, `{"properties":{"managedClusterUpdate":{"upgrade":{"type":"NodeImageOnly"}}}}`)
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.wantEqual(m.do(200, "GET", pool, aksVersion, ""), "properties.provisioningState", "UpgradingNodeImageVersion")
	m.clock.Advance(30 * time.Second)
	m.wantRun(runPath, "Completed default:Completed default:Completed m1:Completed m2:Skipped")
	m.wantEqual(m.succeeded(pool), "properties.nodeImageVersion", latest)
}

// A member waits for its maintenance window while the next one has its turn; the epoch is a Sunday noon.
func TestUpdateRunHonorsMaintenanceWindows(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	window := cluster + "/maintenanceConfigurations/"
	m.do(200, "PUT", window+"aksManagedAutoUpgradeSchedule", childVersion, nightly)
	m.do(201, "PUT", runPath, fleetVersion, `{"properties":{`+toNext+`}}`)
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.clock.Advance(30 * time.Second)
	m.wantRun(runPath, "Pending default:Pending default:Pending m1:Pending m2:Completed")
	if a := m.do(200, "GET", runPath, fleetVersion, ""); !strings.Contains(string(a.Raw), "It opens at 2026-11-07T00:00:00Z.") {
		t.Errorf("no opening time: %s", a.Raw)
	}
	m.refused(409, "OperationNotAllowed", "Pending", "DELETE", runPath, fleetVersion, "")
	m.clock.Advance(5*24*time.Hour + 11*time.Hour)
	m.wantRun(runPath, "Pending default:Pending default:Pending m1:Pending m2:Completed")
	m.clock.Advance(time.Hour)
	m.wantRun(runPath, "Completed default:Completed default:Completed m1:Completed m2:Completed")

	again := fleetPath + "/updateRuns/again"
	m.do(201, "PUT", again, fleetVersion, `{"properties":{`+toNext+`}}`)
	m.do(202, "POST", again+"/start", fleetVersion, "")
	m.wantRun(again, "Skipped default:Skipped default:Skipped m1:Skipped m2:Skipped")
}

// A strategy can let members of a group be updated side by side; older api-versions do not show it.
func TestUpdateRunConcurrency(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	m.do(202, "PATCH", fleetPath+"/members/m2", fleetVersion, `{"properties":{"group":"a"}}`)
	m.clock.Advance(5 * time.Second)
	a := m.do(201, "PUT", runPath, "2026-06-01", `{"properties":{"strategy":{"stages":[{"name":"one","groups":[{"name":"a","maxConcurrency":"100%"}]}]},
		"managedClusterUpdate":{"upgrade":{"type":"ControlPlaneOnly","kubernetesVersion":"1.35.1"},"nodeImageSelection":{"type":"Consistent"}}}}`)
	stage := answer{Body: a.get("properties.status.stages").([]any)[0].(map[string]any)}
	m.wantEqual(stage, "maxConcurrency", 50.0)
	m.wantEqual(answer{Body: stage.get("groups").([]any)[0].(map[string]any)}, "maxConcurrency", 2.0)
	if images := a.get("properties.status.nodeImageSelection.selectedNodeImageVersions"); !cmp.Equal(images, []any{map[string]any{"version": m.succeeded(cluster + "/agentPools/sys").get("properties.nodeImageVersion")}}) {
		t.Errorf("images: %v", images)
	}
	if old := m.do(200, "GET", runPath, fleetVersion, ""); strings.Contains(string(old.Raw), `"maxConcurrency":2`) {
		t.Errorf("%s shows the concurrency: %s", fleetVersion, old.Raw)
	}
	for bad, text := range map[string]string{"51": "cannot be more than 50", "0": "must be a number", "101%": "must be a number", "two": "must be a number"} {
		m.refused(400, "BadRequest", text, "PUT", fleetPath+"/updateStrategies/s", "2026-06-01", fmt.Sprintf(`{"properties":{"strategy":{"stages":[{"name":"one","maxConcurrency":%q}]}}}`, bad))
	}
	m.do(202, "POST", runPath+"/start", fleetVersion, "")
	m.wantRun(runPath, "Running one:Running a:Running m1:Running m2:Running")
	m.clock.Advance(30 * time.Second)
	m.wantRun(runPath, "Completed one:Completed a:Completed m1:Completed m2:Completed")
}

func TestAutoUpgradeProfiles(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.fleet()
	profile := fleetPath + "/autoUpgradeProfiles/p"
	m.refused(http.StatusBadRequest, "NoRegisteredProviderFound", "autoUpgradeProfiles", "GET", profile, "2024-04-01", "")
	m.refused(400, "BadRequest", "channel", "PUT", profile, fleetVersion, `{"properties":{}}`)
	m.do(201, "PUT", profile, fleetVersion, `{"properties":{"channel":"Stable"}}`)
	m.wantEqual(m.do(200, "PUT", profile, fleetVersion, `{"properties":{"channel":"Rapid"}}`), "properties.provisioningState", "Succeeded")
	a := m.do(202, "POST", profile+"/generateUpdateRun", fleetVersion, "")
	m.clock.Advance(5 * time.Second)
	id := m.do(200, "GET", a.Header.Get("Location"), "", "").get("id").(string)
	made := m.do(200, "GET", id, fleetVersion, "")
	m.wantEqual(made, "properties.managedClusterUpdate.upgrade.kubernetesVersion", "1.36.3")
	m.wantEqual(made, "properties.autoUpgradeProfileId", profile)
	m.do(200, "DELETE", profile, fleetVersion, "")
	m.refused(400, "BadRequest", "named twice", "PUT", fleetPath+"/updateStrategies/s", fleetVersion, `{"properties":{"strategy":{"stages":[{"name":"x","groups":[{"name":"a"}]},{"name":"y","groups":[{"name":"a"}]}]}}}`)
}
