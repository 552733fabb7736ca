package aks

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

var deletedAt = metav1.NewTime(testTime)

// beside is what Azure has beside a cluster.
type beside map[string]fieldset.Object

// converge carries out the plans for dependents as Azure would, and answers what was sent.
func (b beside) converge(t *testing.T, in *Inputs, obs *Observation) []plan.Action {
	t.Helper()
	obs.Dependents = map[string]DependentObservation{}
	var sent []plan.Action
	for range 60 {
		d := Decide(*in, *obs, testTime)
		for _, action := range d.Actions {
			if IsDependent(action.Kind) && action.Verb == plan.None {
				in.Owned = in.Owned.Merge(Owned{Dependents: map[string]*fieldset.Set{action.ID: action.Owned}})
			}
		}
		if len(d.NeedDependents) > 0 {
			for _, id := range d.NeedDependents {
				b.read(obs, id)
			}
			continue
		}
		if d.Next == nil {
			return sent
		}
		if !IsDependent(d.Next.Kind) {
			t.Fatalf("unexpected %s", d.Next.Line())
		}
		sent = append(sent, *d.Next)
		b.take(*d.Next)
		b.read(obs, d.Next.ID)
		if d.Next.Verb != plan.Delete {
			in.Owned = in.Owned.Merge(Owned{Dependents: map[string]*fieldset.Set{d.Next.ID: d.Next.Owned}})
		}
	}
	t.Fatal("does not converge in 60 requests")
	return nil
}

func (b beside) take(action plan.Action) {
	key := strings.ToLower(action.ID)
	if action.Verb == plan.Delete {
		delete(b, key)
		return
	}
	b[key] = fieldset.Copy(action.Body)
	b[key]["id"] = action.ID
	if action.Kind != KindMaintenance {
		fieldset.Put(b[key], fieldset.ParsePath("properties.provisioningState"), "Succeeded")
	}
}

// wantPlans is wantLines with what changes.
func wantPlans(t *testing.T, got []plan.Action, want ...string) {
	t.Helper()
	var texts []string
	for _, action := range got {
		texts = append(texts, action.Line())
	}
	if g, w := strings.Join(texts, "; "), strings.Join(want, "; "); g != w {
		t.Errorf("requests\n got %s\nwant %s", g, w)
	}
}

func (b beside) read(obs *Observation, id string) {
	body, exists := b[strings.ToLower(id)]
	seen := DependentObservation{}
	if exists {
		seen.Observed = ObservedResource(fieldset.Copy(body))
	}
	obs.Dependents[strings.ToLower(id)] = seen
}

// withDependents is the full-featured cluster with everything beside it.
func withDependents(t *testing.T) (Inputs, Observation, beside) {
	t.Helper()
	in, obs, azure := full(t), Observation{}, beside{}
	converge(t, &in, &obs)
	azure.converge(t, &in, &obs)
	return in, obs, azure
}

func TestDependentsAreCreatedAfterTheCluster(t *testing.T) {
	in, obs := full(t), Observation{}
	for _, action := range converge(t, &in, &obs) {
		if IsDependent(action.Kind) {
			t.Errorf("%s is sent before it was looked whether it exists", action.Line())
		}
	}
	sent := beside{}.converge(t, &in, &obs)
	wantLines(t, sent, "Create maintenanceConfiguration aksManagedNodeOSUpgradeSchedule", "Create maintenanceConfiguration default",
		"Create privateEndpoint storage", "Create fleetMember full", "Create extension flux", "Create extension dapr", "Create extension shop")
	bodies := map[string]any{}
	for _, action := range sent {
		validate(t, action)
		bodies[action.ID+"?api-version="+action.APIVersion] = action.Body
	}
	golden(t, "full-dependents.json", bodies)
	if d := Decide(in, obs, testTime); !d.Done {
		t.Errorf("not done: %s", plan.Text(d.Actions))
	}
	if again := (beside{}).converge(t, &in, &obs); len(again) != len(sent) {
		t.Errorf("what was deleted in Azure is made again by %d requests, want %d", len(again), len(sent))
	}
}

func TestDependentsFollowTheSpec(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1beta1.AzureManagedControlPlaneSpec)
		want   []string
	}{
		"group": {func(s *v1beta1.AzureManagedControlPlaneSpec) { s.FleetsMember.Group = "late" },
			[]string{`Update fleetMember full: group (none) -> "late"`}},
		"another fleet": {func(s *v1beta1.AzureManagedControlPlaneSpec) { s.FleetsMember.ManagerName = "other" },
			[]string{"Delete fleetMember full", "Create fleetMember full"}},
		"out of the fleet":   {func(s *v1beta1.AzureManagedControlPlaneSpec) { s.FleetsMember = nil }, []string{"Delete fleetMember full"}},
		"extensions dropped": {func(s *v1beta1.AzureManagedControlPlaneSpec) { s.Extensions = s.Extensions[:1] }, []string{"Delete extension dapr", "Delete extension shop"}},
		"setting": {func(s *v1beta1.AzureManagedControlPlaneSpec) {
			s.Extensions[0].ConfigurationSettings = map[string]string{"multiTenancy.enforce": "true"}
		}, []string{`Update extension flux: configurationSettings["multiTenancy.enforce"] "false" -> "true"`}},
		"setting dropped": {func(s *v1beta1.AzureManagedControlPlaneSpec) { s.Extensions[0].ConfigurationSettings = nil },
			[]string{`Update extension flux: configurationSettings["multiTenancy.enforce"] "false" -> (none) (released)`}},
		"endpoint dropped": {func(s *v1beta1.AzureManagedControlPlaneSpec) { s.VirtualNetwork.Subnet.PrivateEndpoints = nil }, []string{"Delete privateEndpoint storage"}},
		"window": {func(s *v1beta1.AzureManagedControlPlaneSpec) {
			s.MaintenanceConfigurations[0].MaintenanceWindow.Schedule = v1beta1.MaintenanceSchedule{Daily: &v1beta1.DailySchedule{IntervalDays: new(int32(2))}}
		}, []string{`Update maintenanceConfiguration aksManagedNodeOSUpgradeSchedule: maintenanceWindow.schedule.daily.intervalDays (none) -> 2; ` +
			`maintenanceWindow.schedule.weekly.dayOfWeek "Sunday" -> (none) (released); maintenanceWindow.schedule.weekly.intervalWeeks 1 -> (none) (released)`}},
		"hours": {func(s *v1beta1.AzureManagedControlPlaneSpec) {
			s.MaintenanceConfigurations[1].TimeInWeek[0].HourSlots = []int32{3, 2, 1}
		}, nil},
		"windows dropped": {func(s *v1beta1.AzureManagedControlPlaneSpec) { s.MaintenanceConfigurations = nil },
			[]string{"Delete maintenanceConfiguration aksManagedNodeOSUpgradeSchedule", "Delete maintenanceConfiguration default"}},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs, azure := withDependents(t)
			in.SpecChanged = true
			test.change(&in.ControlPlane.Spec)
			sent := azure.converge(t, &in, &obs)
			wantPlans(t, sent, test.want...)
			for _, action := range sent {
				validate(t, action)
			}
			if d := Decide(in, obs, testTime); !d.Done {
				t.Errorf("not done: %s", plan.Text(d.Actions))
			}
		})
	}
}

func TestVersionIsNotSentToAnExtensionThatUpgradesItself(t *testing.T) {
	in, obs, azure := withDependents(t)
	in.SpecChanged, in.ControlPlane.Spec.Extensions[1].Version = true, ""
	in.ControlPlane.Spec.Extensions[1].AutoUpgradeMinorVersion = new(true)
	sent := azure.converge(t, &in, &obs)
	wantPlans(t, sent, `Update extension dapr: autoUpgradeMinorVersion false -> true; version "1.15.0" (released: no longer managed, the value in Azure stays)`)
	if version, there := fieldset.Get(sent[0].Body, fieldset.ParsePath("properties.version")); there && version != nil {
		t.Errorf("version %v is sent along with autoUpgradeMinorVersion true, which Azure refuses", version)
	}
}

func TestProtectedSettingsAreKept(t *testing.T) {
	in, obs, azure := withDependents(t)
	id := ExtensionID(NamesOf(in).ClusterID, "flux")
	fieldset.Put(azure[strings.ToLower(id)], fieldset.ParsePath(protectedSettings), fieldset.Object{"token": ""})
	in.ControlPlane.Spec.Extensions[0].ConfigurationSettings = map[string]string{"a.password": "b"}
	azure.read(&obs, id)
	d := Decide(in, obs, testTime)
	if d.Next == nil || d.Next.ID != id {
		t.Fatalf("next = %v, want an update of flux", d.Next)
	}
	if _, there := fieldset.Get(d.Next.Body, fieldset.ParsePath(protectedSettings)); there {
		t.Error("protected settings are sent back as they are shown, empty")
	}
	partial, ok := Partial(*d.Next, obs)
	settings, _ := fieldset.Get(partial, fieldset.ParsePath("properties.configurationSettings"))
	if got, _ := settings.(fieldset.Object); !ok || len(got) != 2 || got["a.password"] != "b" || got["multiTenancy.enforce"] != nil {
		t.Errorf("PATCH %v, want the new setting, a null for the dropped one, and nothing else", partial)
	}
	in.ControlPlane.Spec.Extensions[0].AKSAssignedIdentityType = "SystemAssigned"
	if d = Decide(in, obs, testTime); d.Hold == nil || d.Hold.Reason != ReasonProtectedSettings || d.Hold.ID != id {
		t.Errorf("hold %+v; a PATCH knows no identity, and a PUT would take the settings away", d.Hold)
	}
}

func TestDriftOfDependents(t *testing.T) {
	in, obs, azure := withDependents(t)
	n := NamesOf(in)
	edit := func(id, path string, value any) {
		fieldset.Put(azure[strings.ToLower(id)], fieldset.ParsePath(path), value)
	}
	endpoint := PrivateEndpointID(n.Subscription, n.NetworkGroup, "storage")
	edit(FleetMemberID(n.Subscription, "fleets", "fleet", "full"), "properties.labels", fieldset.Object{"theirs": "yes"})
	edit(ExtensionID(n.ClusterID, "flux"), "properties.releaseTrain", "Preview")
	edit(ExtensionID(n.ClusterID, "dapr"), "properties.releaseTrain", "Preview")
	edit(endpoint, "tags.policy", "added")
	edit(MaintenanceConfigurationID(n.ClusterID, "aksManagedNodeOSUpgradeSchedule"), "properties.maintenanceWindow.durationHours", int64(8))
	sent := azure.converge(t, &in, &obs)
	wantPlans(t, sent, "Update maintenanceConfiguration aksManagedNodeOSUpgradeSchedule: maintenanceWindow.durationHours 8 -> 4 (drift)",
		`Update extension dapr: releaseTrain "Preview" -> "Stable" (drift)`)
}

func TestForeignDependents(t *testing.T) {
	in, obs := full(t), Observation{}
	converge(t, &in, &obs)
	n := NamesOf(in)
	member, endpoint := FleetMemberID(n.Subscription, "fleets", "fleet", "full"), PrivateEndpointID(n.Subscription, n.NetworkGroup, "storage")
	flux := ExtensionID(n.ClusterID, "flux")
	azure := beside{
		strings.ToLower(member):   {"id": member, "properties": fieldset.Object{"clusterResourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/other"}},
		strings.ToLower(endpoint): {"id": endpoint, "location": "westeurope", "properties": fieldset.Object{"subnet": fieldset.Object{"id": n.SubnetID}}},
		strings.ToLower(flux): {"id": flux, "properties": fieldset.Object{"extensionType": "Microsoft.Flux", "configurationSettings": fieldset.Object{"theirs": "kept"},
			"scope": fieldset.Object{"cluster": fieldset.Object{"releaseNamespace": "flux-system"}}}},
	}
	sent := azure.converge(t, &in, &obs)
	wantLines(t, sent, "Create maintenanceConfiguration aksManagedNodeOSUpgradeSchedule", "Create maintenanceConfiguration default",
		"Update extension flux", "Create extension dapr", "Create extension shop")
	for _, action := range sent {
		if action.ID == member || action.ID == endpoint {
			t.Errorf("%s: it is somebody else's", action.Line())
		}
		if action.ID == flux {
			if theirs, _ := fieldset.Get(action.Body, fieldset.ParsePath("properties.configurationSettings.theirs")); theirs != "kept" || action.Changes[0].Why != plan.WhyTakeover {
				t.Errorf("taken over as %v with %v", action.Body, action.Changes)
			}
		}
	}
	held := map[string]bool{}
	for _, action := range Decide(in, obs, testTime).Actions {
		if action.Reason == plan.ReasonAlreadyExists {
			held[action.ID] = true
		}
	}
	if !held[member] || !held[endpoint] || len(held) != 2 {
		t.Errorf("held are %v, want the member and the endpoint", held)
	}
	in.ControlPlane.DeletionTimestamp = &deletedAt
	for _, action := range azure.deletions(t, &in, &obs) {
		if action.ID == member || action.ID == endpoint {
			t.Errorf("%s: it is somebody else's", action.Line())
		}
	}
	// Made by us, but the manager died before it could note that: the tag and the cluster's id tell.
	azure[strings.ToLower(endpoint)]["tags"] = fieldset.Object{OwnerTag("full"): "owned"}
	fieldset.Put(azure[strings.ToLower(member)], fieldset.ParsePath("properties.clusterResourceId"), strings.ToUpper(n.ClusterID))
	in.ControlPlane.DeletionTimestamp, in.Owned.Dependents = nil, nil
	azure.converge(t, &in, &obs)
	if in.Owned.dependent(member) == nil || in.Owned.dependent(endpoint) == nil {
		t.Errorf("owned are %v, want member and endpoint among them", in.Owned.Dependents)
	}
}

// deletions are the requests of a deletion up to that of the cluster itself.
func (b beside) deletions(t *testing.T, in *Inputs, obs *Observation) []plan.Action {
	t.Helper()
	obs.Dependents = map[string]DependentObservation{}
	var sent []plan.Action
	for range 20 {
		d := Decide(*in, *obs, testTime)
		for _, id := range d.NeedDependents {
			b.read(obs, id)
		}
		if len(d.NeedDependents) > 0 {
			continue
		}
		if d.Next == nil {
			t.Fatalf("nothing to send: %s", plan.Text(d.Actions))
		}
		sent = append(sent, *d.Next)
		if !IsDependent(d.Next.Kind) {
			return sent
		}
		b.take(*d.Next)
		b.read(obs, d.Next.ID)
	}
	t.Fatal("the cluster is not deleted after 20 requests")
	return nil
}

func TestWhatOutlivesTheClusterIsRemovedFirst(t *testing.T) {
	in, obs, azure := withDependents(t)
	in.ControlPlane.DeletionTimestamp = &deletedAt
	in.ControlPlane.Spec.VirtualNetwork.Subnet.PrivateEndpoints = nil // dropped and not gone yet
	wantLines(t, azure.deletions(t, &in, &obs), "Delete fleetMember full", "Delete privateEndpoint storage", "Delete managedCluster full")
}

func TestUnreadableDependentHoldsOnlyItself(t *testing.T) {
	in, obs, _ := withDependents(t)
	n := NamesOf(in)
	member := FleetMemberID(n.Subscription, "fleets", "fleet", "full")
	failure := Failure{Spec: SpecMark(in, member), RetryAt: testTime.Add(time.Minute), Error: AzureError{Code: "AuthorizationFailed", Message: "no right to read"}}
	obs.Dependents[strings.ToLower(member)] = DependentObservation{Unreadable: &failure}
	in.ControlPlane.Spec.Extensions[0].ConfigurationSettings["b"] = "c"
	d := Decide(in, obs, testTime)
	if d.Next == nil || d.Next.Kind != KindExtension || d.Hold == nil || d.Hold.Reason != ReasonUnreadable {
		t.Errorf("next %v, hold %v; want the extension, and the member held", d.Next, d.Hold)
	}
	if d = Decide(in, obs, testTime.Add(time.Hour)); len(d.NeedDependents) != 1 || d.NeedDependents[0] != member {
		t.Errorf("after the pause %v is to be read, want the member", d.NeedDependents)
	}
}

func TestOneDependentAfterTheOther(t *testing.T) {
	in, obs, _ := withDependents(t)
	n := NamesOf(in)
	busy := obs.Dependents[strings.ToLower(ExtensionID(n.ClusterID, "flux"))]
	busy.State = "Updating"
	obs.Dependents[strings.ToLower(ExtensionID(n.ClusterID, "flux"))] = busy
	in.ControlPlane.Spec.Extensions = in.ControlPlane.Spec.Extensions[:2]
	if d := Decide(in, obs, testTime); d.Next != nil {
		t.Errorf("%s while an extension is being updated", d.Next.Line())
	}
	in.Pools[0].Object.Spec.NodeLabels = map[string]string{"new": "label"}
	for range 2 { // the pool's own document is read in between
		d := Decide(in, obs, testTime)
		if len(d.NeedPools) == 0 && (d.Next == nil || d.Next.Kind != KindAgentPool) {
			t.Errorf("next %v, want the pool: an extension does not keep it waiting", d.Next)
		}
		obs.PoolDetails = map[string]plan.Observed{}
		for _, name := range d.NeedPools {
			obs.PoolDetails[name] = observedPool(obs, name)
		}
	}
}

func TestMissingFleetIsNotAReasonToStartOver(t *testing.T) {
	e := AzureError{Status: 404, Code: "ParentResourceNotFound", Message: "the parent resource 'fleet' could not be found"}
	n := Names{ClusterID: ManagedClusterID("s", "g", "c")}
	member, extension := FleetMemberID("s", "g", "fleet", "m"), ExtensionID(n.ClusterID, "flux")
	if d := DiagnoseFor(member, e); d.Outcome != OutcomeSlowRetry || !strings.Contains(d.Hint, "fleetsMember.managerName") {
		t.Errorf("diagnosis %+v, want a slow retry with the field to correct", d)
	}
	if d := DiagnoseFor(extension, e); d.Outcome != OutcomeReplan {
		t.Errorf("diagnosis %+v; without its cluster an extension means that the cluster is gone", d)
	}
}

func TestDependentKind(t *testing.T) {
	cluster := ManagedClusterID("s", "g", "c")
	for id, want := range map[string]string{
		FleetMemberID("s", "g", "f", "m"):              KindFleetMember,
		strings.ToUpper(ExtensionID(cluster, "flux")):  KindExtension,
		PrivateEndpointID("s", "g", "e"):               KindPrivateEndpoint,
		MaintenanceConfigurationID(cluster, "default"): KindMaintenance,
		cluster:                       "",
		AgentPoolID(cluster, "pool0"): "",
		cluster + "/providers/Microsoft.KubernetesConfiguration/flux/x": "",
	} {
		if kind, _, _ := DependentKind(id); kind != want {
			t.Errorf("DependentKind(%s) = %q, want %q", id, kind, want)
		}
	}
}
