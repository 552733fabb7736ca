package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/fleet"
)

// running is the quickstart cluster, converged.
func running(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.settle()
	r.events = nil
	return r
}

// outside lets somebody or something else act on Azure.
func (r *rig) outside(body string) {
	r.t.Helper()
	httpClient := r.httpClient()
	response, err := httpClient.Post(r.azure.URL()+"/_azuresim/outside", "application/json", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 {
		r.t.Fatalf("%s: %s", body, response.Status)
	}
}

// clusterIn is the cluster as Azure shows it in an api-version.
func (r *rig) clusterIn(version string) map[string]any {
	r.t.Helper()
	response, err := r.client.Get(r.t.Context(), aks.NamesOf(r.in).ClusterID, version)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.Body
}

func at(body map[string]any, path string) any {
	value, _ := fieldset.Get(body, fieldset.ParsePath(path))
	return value
}

// news lets the periodic listing notice what happened.
func (r *rig) notice() {
	r.clock.Advance(fleet.DefaultInterval + time.Second)
	r.fleet.Refresh(r.t.Context())
}

func annotate(object metav1.Object, key, value string) {
	object.SetAnnotations(map[string]string{key: value})
}

// writes are the requests since the n-th that could change something.
func (r *rig) writes(n int) []string {
	return slices.DeleteFunc(r.requests(n, true), func(s string) bool { return strings.Contains(s, "/listClusterAdminCredential?") })
}

// lineOf is the last accepted request in words.
func lineOf(reports ...engine.Report) string {
	for _, report := range slices.Backward(reports) {
		if n := len(report.Sent); n > 0 {
			return report.Sent[n-1].Action.Line()
		}
	}
	return ""
}

// collect settles and gives all reports on the way.
func (r *rig) collect() (all []engine.Report) {
	r.t.Helper()
	for range 60 {
		report := r.step()
		all = append(all, report)
		if report.Done && report.Requeue == 0 {
			return all
		}
		r.clock.Advance(max(report.Requeue, time.Second))
	}
	last := all[len(all)-1]
	r.t.Fatalf("does not settle: %v; done %v, hold %+v, error %+v, requeue %v", r.events, last.Done, last.Hold, last.Error, last.Requeue)
	return nil
}

func TestObservedClusterIsNeverWrittenTo(t *testing.T) {
	r := running(t)
	r.restart()
	r.editCluster(`{"tags":{"` + aks.OwnerTag("my-cluster") + `":null}}`) // it may be anybody's
	owned := aks.Owned{}
	r.in.Owned, r.in.Pools[0].Owned, r.in.Pools[1].Owned = owned, nil, nil
	cp := r.in.ControlPlane
	annotate(cp, v1beta1.PolicyAnnotation, v1beta1.PolicyObserve)
	cp.Spec.AdditionalTags = map[string]string{"team": "a"}
	cp.Spec.PowerState = "Stopped"
	*r.in.Pools[1].Replicas = 5
	r.in.Pools = append(r.in.Pools, pool("pool2", v1beta1.NodePoolModeUser))
	n := len(r.azure.Requests())
	var report engine.Report
	for range 3 {
		report = r.step()
	}
	if sent := r.writes(n); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	var would []string
	for _, action := range report.Pending {
		if action.Reason == aks.ReasonObserveOnly {
			would = append(would, strings.TrimPrefix(action.Message, "policy observe sends nothing; it would be: "))
		}
	}
	want := []string{
		`Update resourceGroup foo-bar: tags.team (none) -> "a"`,
		`Update virtualNetwork my-cluster: tags.team (none) -> "a"`,
		`Stop managedCluster my-cluster: powerState.code "Running" -> "Stopped" (drift)`,
		`Create agentPool pool2`,
		`Update agentPool pool1: count 2 -> 5 (takeover)`,
	}
	if got, want := strings.Join(would, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("would send\n%s\nwant\n%s", got, want)
	}
	if report.Done || !report.Facts.Exists || len(report.ProviderIDs["pool0"]) != 2 || r.etag == "" {
		t.Errorf("done %v, facts %v, instances %v, credentials %q: status is to be filled all the same", report.Done, report.Facts.Exists, report.ProviderIDs, r.etag)
	}
	if r.in.Owned.ManagedCluster != nil || r.in.Pools[0].Owned != nil {
		t.Error("what is only observed has become ours")
	}
	cp.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	if report = r.step(); !report.Done {
		t.Errorf("deleting: hold %+v", report.Hold)
	}
	if sent := r.writes(n); len(sent) > 0 {
		t.Errorf("deleting sent %v", sent)
	}
}

func TestPoolsFollowThePolicyOfTheirClusterUnlessTheyHaveOne(t *testing.T) {
	r := running(t)
	annotate(r.in.ControlPlane, v1beta1.PolicyAnnotation, v1beta1.PolicyObserve)
	annotate(r.in.Pools[1].Object, v1beta1.PolicyAnnotation, v1beta1.PolicyManage)
	*r.in.Pools[0].Replicas, *r.in.Pools[1].Replicas = 4, 4
	for range 4 {
		r.clock.Advance(r.step().Requeue)
	}
	r.wantEvents("Update agentPool pool1")

	annotate(r.in.ControlPlane, v1beta1.PolicyAnnotation, v1beta1.PolicyManage)
	*r.in.Pools[0].Replicas = 2
	annotate(r.in.Pools[1].Object, v1beta1.PolicyAnnotation, v1beta1.PolicyDetachOnDelete)
	*r.in.Pools[1].Replicas = 3
	r.settle()
	r.wantEvents("Update agentPool pool1")
	r.in.Pools[1].Deleting = true
	if report := r.settle(); len(report.Facts.Pools) != 2 {
		t.Errorf("pools %v, want both", report.Facts.Pools)
	}
	r.wantEvents()
}

func TestDetachedClusterStaysInAzure(t *testing.T) {
	r := running(t)
	annotate(r.in.ControlPlane, v1beta1.PolicyAnnotation, v1beta1.PolicyDetachOnDelete)
	*r.in.Pools[1].Replicas = 3
	r.settle()
	r.wantEvents("Update agentPool pool1")
	n := len(r.azure.Requests())
	r.in.ControlPlane.DeletionTimestamp, r.in.Cluster.Deleting = &metav1.Time{Time: r.clock.Now()}, true
	if report := r.step(); !report.Done {
		t.Errorf("hold %+v", report.Hold)
	}
	if sent := r.writes(n); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

func TestProtectedClusterIsNotDeletedEvenIfItsObjectIs(t *testing.T) {
	r := running(t)
	n := len(r.azure.Requests())
	now := &metav1.Time{Time: r.clock.Now()}
	annotate(r.in.Pools[1].Object, v1beta1.DeletionProtectionAnnotation, "true")
	r.in.Pools[1].Deleting = true
	if report := r.step(); report.Hold == nil || report.Hold.Reason != aks.ReasonDeletionProtected {
		t.Errorf("pool: hold %+v", report.Hold)
	}
	r.in.ControlPlane.DeletionTimestamp, r.in.Cluster.Deleting = now, true
	if report := r.step(); report.Done || report.Hold == nil || !strings.Contains(report.Hold.Message, `AzureManagedMachinePool "pool1" of the cluster is protected`) {
		t.Errorf("cluster with a protected pool: hold %+v", report.Hold)
	}
	r.in.Pools[1].Object.Annotations = nil
	annotate(r.in.ControlPlane, v1beta1.DeletionProtectionAnnotation, "true")
	if report := r.step(); report.Done || report.Hold == nil || report.Hold.Reason != aks.ReasonDeletionProtected {
		t.Errorf("cluster: hold %+v", report.Hold)
	}
	if sent := r.writes(n); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	r.in.ControlPlane.Annotations = nil
	r.settle()
	r.wantEvents("Delete managedCluster my-cluster", "Delete resourceGroup foo-bar")
}

func TestAzurePolicyIsNotFought(t *testing.T) {
	r := running(t)
	r.outside(`{"kind":"policy-tags","id":"` + aks.NamesOf(r.in).GroupID + `","tags":{"env":"prod","costcenter":"42"},"remediate":true}`)
	r.notice()
	r.settle()
	r.wantEvents() // tags that are nobody's here

	r.in.ControlPlane.Spec.AdditionalTags = map[string]string{"team": "a", "env": "dev"}
	r.in.SpecChanged = true
	from := r.clock.Now()
	var contested engine.Report
	for r.clock.Now().Sub(from) < 24*time.Hour {
		contested = r.step()
		if contested.Requeue == 0 {
			t.Fatalf("nobody comes back: hold %+v", contested.Hold)
		}
		r.clock.Advance(max(contested.Requeue, time.Second))
		if contested.Done {
			r.in.SpecChanged = false
		}
	}
	sent := map[string]int{}
	for _, event := range r.events {
		sent[event]++
	}
	if n := sent["Update managedCluster my-cluster"]; n < 2 || n > 7 {
		t.Errorf("the cluster was written to %d times in a day, want a few with growing pauses", n)
	}
	if !contested.Done || contested.Hold != nil {
		t.Errorf("done %v, hold %+v: everything else is as declared", contested.Done, contested.Hold)
	}
	said := aks.ContestedMessage(contested.Pending...)
	for _, part := range []string{`managedCluster my-cluster: tags.env is "prod" in Azure, although "dev" was sent 5 times`, "somebody else wins for now", "remove the field from the spec"} {
		if !strings.Contains(said, part) {
			t.Errorf("%q lacks %q", said, part)
		}
	}
	tags, _ := r.clusterIn(aks.ContainerServiceAPIVersion)["tags"].(map[string]any)
	if tags["team"] != "a" || tags["env"] != "prod" || tags["costcenter"] != "42" {
		t.Errorf("tags %v", tags)
	}

	r.events = nil
	r.in.ControlPlane.Spec.AdditionalTags = map[string]string{"team": "b", "env": "dev"}
	for range 20 {
		r.clock.Advance(max(r.step().Requeue, time.Second) % time.Minute)
	}
	sent = map[string]int{}
	for _, event := range r.events {
		sent[event]++
	}
	if n := sent["Update managedCluster my-cluster"]; n != 1 {
		t.Errorf("another change was sent %d times beside a contested one, want once at once", n)
	}
	r.noClientErrors()
}

func TestDriftIsRepairedOncePerChange(t *testing.T) {
	r := running(t)
	for round := 1; round <= 2; round++ {
		r.editCluster(`{"tags":{"Name":"theirs"}}`)
		r.notice()
		if line := lineOf(r.collect()...); line != `Update managedCluster my-cluster: tags.Name "theirs" -> "my-cluster" (drift)` {
			t.Fatalf("round %d: %q", round, line)
		}
	}
	r.wantEvents("Update managedCluster my-cluster", "Update managedCluster my-cluster")
}

// What is dropped from the spec while the request that gives it is still at work was compared with Azure as it was before that
// request, where there was nothing to release. It is released when the request has ended.
func TestWhatIsDroppedDuringItsOperationIsReleased(t *testing.T) {
	r := running(t)
	spec := &r.in.Pools[1].Object.Spec
	spec.NetworkProfile = &v1beta1.NodePoolNetworkProfile{AllowedHostPorts: []v1beta1.PortRange{{PortStart: new(int32(53)), PortEnd: new(int32(53)), Protocol: "UDP"}}}
	r.step()
	spec.NetworkProfile = nil
	r.settle()
	r.noClientErrors()
	response, err := r.client.Get(t.Context(), aks.NamesOf(r.in).PoolID(r.in.Pools[1].Object), aks.ContainerServiceAPIVersion)
	if err != nil {
		t.Fatal(err)
	}
	if ports, _ := at(response.Body, "properties.networkProfile.allowedHostPorts").([]any); len(ports) > 0 {
		t.Errorf("allowedHostPorts is still %v", ports)
	}
}
