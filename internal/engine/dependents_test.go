package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/azuresim"
	simarm "github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/engine"
)

// beside is a running cluster with two fleets, in a resource group that is not the cluster's.
func beside(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	group := aks.ResourceGroupID(r.in.ControlPlane.Spec.SubscriptionID, "fleets")
	r.put(group, aks.ResourcesAPIVersion, map[string]any{"location": "southcentralus"})
	for _, fleet := range []string{"fleet", "other"} {
		r.put(group+"/providers/Microsoft.ContainerService/fleets/"+fleet, aks.FleetAPIVersion, map[string]any{"location": "southcentralus"})
	}
	r.clock.Advance(time.Minute)
	r.settle()
	r.events = nil
	return r
}

func (r *rig) put(id, apiVersion string, body map[string]any) {
	r.t.Helper()
	if _, err := r.client.Put(r.t.Context(), id, apiVersion, body, arm.Precondition{}); err != nil {
		r.t.Fatal(err)
	}
}

// declare asks for one of everything.
func (r *rig) declare() {
	spec := &r.in.ControlPlane.Spec
	spec.FleetsMember = &v1beta1.FleetsMember{FleetsMemberClass: v1beta1.FleetsMemberClass{ManagerName: "fleet", ManagerResourceGroup: "fleets"}}
	spec.Extensions = []v1beta1.Extension{{Name: "flux", ExtensionType: "microsoft.flux", Identity: "SystemAssigned", AutoUpgradeMinorVersion: new(true),
		Scope: &v1beta1.ExtensionScope{ScopeType: v1beta1.ExtensionScopeCluster, ReleaseNamespace: "flux-system"}}}
	spec.VirtualNetwork = &v1beta1.VirtualNetwork{Subnet: &v1beta1.Subnet{PrivateEndpoints: []v1beta1.PrivateEndpoint{{Name: "vault",
		PrivateLinkServiceConnections: []v1beta1.PrivateLinkServiceConnection{{GroupIDs: []string{"vault"},
			PrivateLinkServiceID: aks.ResourceGroupID(spec.SubscriptionID, "data") + "/providers/Microsoft.KeyVault/vaults/secrets"}}}}}}
	spec.MaintenanceConfigurations = []v1beta1.MaintenanceConfiguration{{Name: "default", TimeInWeek: []v1beta1.TimeInWeek{{Day: "Sunday", HourSlots: []int32{1, 2}}}}}
	r.in.SpecChanged = true
}

func (r *rig) exists(id string) bool {
	r.t.Helper()
	_, version, _ := aks.DependentKind(id)
	_, err := r.client.Get(r.t.Context(), id, version)
	if err != nil && !arm.IsNotFound(err) {
		r.t.Fatal(err)
	}
	return err == nil
}

func (r *rig) ids() (member, extension, endpoint, maintenance string) {
	n := aks.NamesOf(r.in)
	return aks.FleetMemberID(n.Subscription, "fleets", "fleet", "my-cluster"), aks.ExtensionID(n.ClusterID, "flux"),
		aks.PrivateEndpointID(n.Subscription, n.NetworkGroup, "vault"), aks.MaintenanceConfigurationID(n.ClusterID, "default")
}

func TestLifeOfDependents(t *testing.T) {
	r := beside(t)
	r.declare()
	r.settle()
	r.wantEvents("Create maintenanceConfiguration default", "Create privateEndpoint vault", "Create fleetMember my-cluster", "Create extension flux")

	r.in.SpecChanged = false
	idle := len(r.azure.Requests())
	for range 5 {
		r.step()
	}
	if extra := r.requests(idle, false); len(extra) > 0 {
		t.Errorf("idle steps asked Azure: %v", extra)
	}

	spec := &r.in.ControlPlane.Spec
	r.in.SpecChanged = true
	spec.FleetsMember.Group = "late"
	spec.Extensions[0].ConfigurationSettings = map[string]string{"a": "b"}
	spec.AdditionalTags = map[string]string{"team": "platform"}
	spec.MaintenanceConfigurations[0].TimeInWeek[0].HourSlots = []int32{5}
	r.settle()
	r.wantEvents("Update resourceGroup foo-bar", "Update virtualNetwork my-cluster", "Update managedCluster my-cluster", "Update maintenanceConfiguration default",
		"Update privateEndpoint vault", "Update fleetMember my-cluster", "Update extension flux")

	spec.Extensions[0].ConfigurationSettings = nil
	spec.FleetsMember.ManagerName = "other"
	r.settle()
	r.wantEvents("Delete fleetMember my-cluster", "Update extension flux", "Create fleetMember my-cluster")

	spec.FleetsMember, spec.Extensions, spec.MaintenanceConfigurations, spec.VirtualNetwork.Subnet.PrivateEndpoints = nil, nil, nil, nil
	r.settle()
	r.wantEvents("Delete fleetMember my-cluster", "Delete maintenanceConfiguration default", "Delete extension flux", "Delete privateEndpoint vault")
	if len(r.in.Owned.Dependents) > 0 {
		t.Errorf("still remembered: %v", r.in.Owned.Dependents)
	}

	r.declare()
	r.settle()
	r.events = nil
	r.in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	r.settle()
	r.wantEvents("Delete fleetMember my-cluster", "Delete privateEndpoint vault", "Delete managedCluster my-cluster", "Delete resourceGroup foo-bar")
	r.noClientErrors()
}

func TestDependentsOfANewClusterAfterARestartAtEveryStep(t *testing.T) {
	r := beside(t)
	r.declare()
	for step := 0; ; step++ {
		report := r.step()
		if report.Done && report.Requeue == 0 {
			break
		}
		if step > 400 {
			t.Fatalf("does not settle: %v", r.events)
		}
		r.restart()
		r.clock.Advance(time.Second)
	}
	r.wantEvents("Create maintenanceConfiguration default", "Create privateEndpoint vault", "Create fleetMember my-cluster", "Create extension flux")
	r.noClientErrors()

	// Dropped while nobody was there to see what was made: the annotation knows.
	spec := &r.in.ControlPlane.Spec
	spec.FleetsMember, spec.Extensions, spec.MaintenanceConfigurations, spec.VirtualNetwork.Subnet.PrivateEndpoints = nil, nil, nil, nil
	r.restart()
	r.settle()
	member, extension, endpoint, maintenance := r.ids()
	for _, id := range []string{member, extension, endpoint, maintenance} {
		if r.exists(id) {
			t.Errorf("%s was dropped and is still there", id)
		}
	}
}

func TestDependentsAreReadOnceAfterARestartAndThenRarely(t *testing.T) {
	r := beside(t)
	r.declare()
	r.settle()
	r.in.SpecChanged = false
	member, extension, endpoint, maintenance := r.ids()
	reads := func(from int) int {
		n := 0
		for _, request := range r.azure.Requests()[from:] {
			for _, id := range []string{member, extension, endpoint, maintenance} {
				if request.Method == http.MethodGet && strings.HasPrefix(request.Path, id+"?") {
					n++
				}
			}
		}
		return n
	}
	for name, lookAgain := range map[string]func(){
		"a restart":     r.restart,
		"a sync period": func() { r.clock.Advance(engine.DefaultResync + time.Second) },
	} {
		from := len(r.azure.Requests())
		lookAgain()
		for range 5 {
			r.step()
			r.clock.Advance(time.Minute)
		}
		if got := reads(from); got != 4 {
			t.Errorf("%s causes %d reads, want one of each of the four:\n%s", name, got, strings.Join(r.requests(from, false), "\n"))
		}
		if wrote := r.requests(from, true); len(wrote) > 0 {
			t.Errorf("%s causes writes: %v", name, wrote)
		}
	}
}

func TestDriftOfDependentsIsRepairedWhenTheyAreReadAgain(t *testing.T) {
	r := beside(t)
	r.declare()
	r.settle()
	r.events, r.in.SpecChanged = nil, false
	_, extension, endpoint, maintenance := r.ids()
	r.edit(extension, `{"properties":{"autoUpgradeMinorVersion":false,"configurationSettings":{"theirs":"kept"}}}`)
	r.edit(endpoint, `{"tags":{"Name":"somebody-elses","policy":"added"}}`)
	if _, err := r.client.Delete(t.Context(), maintenance, aks.ContainerServiceAPIVersion, arm.Precondition{}); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(engine.DefaultResync + time.Second)
	before := len(r.azure.Requests())
	r.settle()
	r.wantEvents("Create maintenanceConfiguration default", "Update privateEndpoint vault", "Update extension flux")
	for _, request := range r.azure.Requests()[before:] {
		if request.Method != http.MethodPut {
			continue
		}
		switch tags, _ := request.RequestBody["tags"].(map[string]any); {
		case strings.HasSuffix(request.Path, "/vault") && tags["policy"] != "added":
			t.Errorf("the tag somebody else set was taken away: %v", tags)
		case strings.HasSuffix(request.Path, "/flux"):
			settings, _ := request.RequestBody["properties"].(map[string]any)["configurationSettings"].(map[string]any)
			if settings["theirs"] != "kept" {
				t.Errorf("the setting somebody else made was taken away: %v", request.RequestBody)
			}
		}
	}
	r.noClientErrors()
}

func TestMemberOfAnotherClusterIsLeftAlone(t *testing.T) {
	r := beside(t)
	member, _, _, _ := r.ids()
	n := aks.NamesOf(r.in)
	twin := aks.ManagedClusterID(n.Subscription, n.Group, "twin")
	r.put(twin, aks.ContainerServiceAPIVersion, map[string]any{"location": "southcentralus", "identity": map[string]any{"type": "SystemAssigned"},
		"properties": map[string]any{"dnsPrefix": "twin", "agentPoolProfiles": []any{map[string]any{"name": "pool0", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v3"}}}})
	r.clock.Advance(time.Minute)
	r.put(member, aks.FleetAPIVersion, map[string]any{"properties": map[string]any{"clusterResourceId": twin}})
	r.clock.Advance(time.Minute)
	r.declare()
	var report engine.Report
	for range 40 {
		if report = r.step(); report.Operation == nil && report.Requeue == 0 {
			break
		}
		r.clock.Advance(report.Requeue)
	}
	if report.Hold == nil || report.Hold.Reason != "AlreadyExists" || report.Hold.Kind != aks.KindFleetMember {
		t.Errorf("hold %+v, want the member that is another cluster's", report.Hold)
	}
	r.wantEvents("Create maintenanceConfiguration default", "Create privateEndpoint vault", "Create extension flux")
	r.etag = ""
	if report = r.step(); report.Kubeconfig == nil {
		t.Error("the cluster's credentials are not collected while its member is held")
	}
	r.in.ControlPlane.DeletionTimestamp = &metav1.Time{Time: r.clock.Now()}
	for range 40 {
		if report = r.step(); report.Done {
			break
		}
		r.clock.Advance(max(report.Requeue, time.Second))
	}
	if !r.exists(member) {
		t.Error("another cluster's member was removed")
	}
}

func TestFailuresOfDependentsHoldOnlyThemselves(t *testing.T) {
	r := beside(t)
	r.declare()
	r.in.ControlPlane.Spec.FleetsMember.ManagerName = "missing"
	if err := r.azure.AddFaults(
		azuresim.Fault{Method: "PUT", PathRegex: "extensions/flux$", Times: 1, FailOperation: &simarm.OperationError{Code: "ExtensionOperationFailed", Message: "helm upgrade timed out"}},
		azuresim.Fault{Method: "PUT", PathRegex: "privateEndpoints/vault$", Times: 1, Status: 403, Code: "LinkedAuthorizationFailed", Message: "no right on the vault"},
	); err != nil {
		t.Fatal(err)
	}
	var report engine.Report
	for range 20 {
		if report = r.step(); len(report.Failures) == 3 {
			break
		}
		r.clock.Advance(max(report.Requeue, time.Second))
	}
	member, extension, endpoint, _ := r.ids()
	member = strings.Replace(member, "/fleets/fleet/", "/fleets/missing/", 1)
	for id, want := range map[string]string{extension: "helm upgrade timed out", endpoint: "no right on the vault", member: "could not be found"} {
		if failure, ok := report.Failures[strings.ToLower(id)]; !ok || !strings.Contains(failure.Error.Message, want) || failure.RetryAt.IsZero() {
			t.Errorf("%s: failure %+v, want Azure's %q and a next attempt", id, failure, want)
		}
	}
	r.wantEvents("Create maintenanceConfiguration default", "Create extension flux")

	for range 3 { // not hammered
		r.step()
	}
	r.wantEvents()
	r.in.ControlPlane.Generation++
	r.in.ControlPlane.Spec.FleetsMember.ManagerName = "fleet"
	if report = r.settle(); !report.Done {
		t.Errorf("not done after the spec was corrected and the pauses were over: %+v", report.Hold)
	}
	r.wantEvents("Update extension flux", "Create fleetMember my-cluster", "Create privateEndpoint vault")
}

func TestFleetThatMayNotBeReadDoesNotStopTheCluster(t *testing.T) {
	r := beside(t)
	r.declare()
	if err := r.azure.AddFaults(azuresim.Fault{Method: "GET", PathRegex: "fleets/fleet/members", Status: 403, Code: "AuthorizationFailed", Message: "no right to read the member", Times: 3}); err != nil {
		t.Fatal(err)
	}
	report := r.step()
	for range 20 {
		r.clock.Advance(max(report.Requeue, time.Second))
		if report = r.step(); report.Operation == nil {
			break
		}
	}
	if report.Error != nil || report.Hold == nil || report.Hold.Reason != aks.ReasonUnreadable {
		t.Fatalf("error %v, hold %+v; want only the member held", report.Error, report.Hold)
	}
	r.wantEvents("Create maintenanceConfiguration default", "Create privateEndpoint vault", "Create extension flux")
	*r.in.Pools[1].Replicas = 3
	r.settle()
	r.wantEvents("Update agentPool pool1", "Create fleetMember my-cluster")
}

func TestProtectedSettingsSurviveAnUpdate(t *testing.T) {
	r := beside(t)
	r.declare()
	_, extension, _, _ := r.ids()
	r.put(extension, aks.KubernetesConfigurationAPIVersion, map[string]any{"identity": map[string]any{"type": "SystemAssigned"}, "properties": map[string]any{
		"extensionType": "microsoft.flux", "configurationProtectedSettings": map[string]any{"token": "secret"},
		"scope": map[string]any{"cluster": map[string]any{"releaseNamespace": "flux-system"}}}})
	r.clock.Advance(time.Minute)
	r.in.ControlPlane.Spec.Extensions[0].ConfigurationSettings = map[string]string{"a": "b"}
	before := len(r.azure.Requests())
	r.settle()
	for _, request := range r.azure.Requests()[before:] {
		if request.Method == http.MethodPut && strings.HasSuffix(request.Path, "/extensions/flux") {
			t.Errorf("the extension got a PUT, which takes its protected settings away: %v", request.RequestBody)
		}
	}
	response, err := r.client.Get(t.Context(), extension, aks.KubernetesConfigurationAPIVersion)
	if err != nil {
		t.Fatal(err)
	}
	properties, _ := response.Body["properties"].(map[string]any)
	if hidden, _ := properties["configurationProtectedSettings"].(map[string]any); len(hidden) != 1 {
		t.Errorf("protected settings are %v, want the token", hidden)
	}
	if settings, _ := properties["configurationSettings"].(map[string]any); settings["a"] != "b" {
		t.Errorf("settings are %v, want a = b", settings)
	}
	r.noClientErrors()
}
