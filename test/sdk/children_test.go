package sdk_test

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"

	"github.com/capaks/capaks/azuresim"
)

// When a cluster may be maintained.
func TestMaintenanceConfiguration(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.cluster()
	windows := client(a, armcontainerservice.NewMaintenanceConfigurationsClient)
	const name = "aksManagedAutoUpgradeSchedule"
	set := must(windows.CreateOrUpdate(ctx, groupName, clusterName, name, armcontainerservice.MaintenanceConfiguration{Properties: &armcontainerservice.MaintenanceConfigurationProperties{
		MaintenanceWindow: &armcontainerservice.MaintenanceWindow{
			DurationHours: to.Ptr[int32](4), StartTime: to.Ptr("02:00"),
			Schedule: &armcontainerservice.Schedule{Weekly: &armcontainerservice.WeeklySchedule{DayOfWeek: to.Ptr(armcontainerservice.WeekDaySunday), IntervalWeeks: to.Ptr[int32](1)}},
		},
	}}, nil))
	equal(a, "offset filled in", set.Properties.MaintenanceWindow.UTCOffset, "+00:00")
	read := must(windows.Get(ctx, groupName, clusterName, name, nil))
	equal(a, "duration", read.Properties.MaintenanceWindow.DurationHours, 4)
	if listed := all(windows.NewListByManagedClusterPager(groupName, clusterName, nil), func(p armcontainerservice.MaintenanceConfigurationsClientListByManagedClusterResponse) []*armcontainerservice.MaintenanceConfiguration {
		return p.Value
	}); len(listed) != 1 {
		t.Errorf("%d configurations, want 1", len(listed))
	}
	must(windows.Delete(ctx, groupName, clusterName, name, nil))
	_, err := windows.Get(ctx, groupName, clusterName, name, nil)
	a.refused(err, http.StatusNotFound, "NotFound")
}

// A snapshot of a pool remembers what the pool was, and outlives it.
func TestSnapshot(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.cluster()
	pool := must(a.pools().Get(ctx, groupName, clusterName, "user", nil))
	snapshots := client(a, armcontainerservice.NewSnapshotsClient)
	taken := must(snapshots.CreateOrUpdate(ctx, groupName, "before", armcontainerservice.Snapshot{Location: to.Ptr(location), Properties: &armcontainerservice.SnapshotProperties{
		CreationData: &armcontainerservice.CreationData{SourceResourceID: pool.ID},
	}}, nil))
	equal(a, "version", taken.Properties.KubernetesVersion, *pool.Properties.CurrentOrchestratorVersion)
	equal(a, "image", taken.Properties.NodeImageVersion, *pool.Properties.NodeImageVersion)
	tagged := must(snapshots.UpdateTags(ctx, groupName, "before", armcontainerservice.TagsObject{Tags: map[string]*string{"keep": to.Ptr("yes")}}, nil))
	equal(a, "tag", tagged.Tags["keep"], "yes")
	if listed := all(snapshots.NewListPager(nil), func(p armcontainerservice.SnapshotsClientListResponse) []*armcontainerservice.Snapshot {
		return p.Value
	}); len(listed) != 1 {
		t.Errorf("%d snapshots, want 1", len(listed))
	}
	done(a.clusters().BeginDelete(ctx, groupName, clusterName, nil))
	must(snapshots.Get(ctx, groupName, "before", nil))
	must(snapshots.Delete(ctx, groupName, "before", nil))
	_, err := snapshots.Get(ctx, groupName, "before", nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
}

// Another Azure resource is let into a cluster.
func TestTrustedAccess(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.cluster()
	bindings := client(a, armcontainerservice.NewTrustedAccessRoleBindingsClient)
	roles := all(client(a, armcontainerservice.NewTrustedAccessRolesClient).NewListPager(location, nil), func(p armcontainerservice.TrustedAccessRolesClientListResponse) []*armcontainerservice.TrustedAccessRole {
		return p.Value
	})
	if len(roles) == 0 {
		t.Fatal("no role is offered")
	}
	role := *roles[0].SourceResourceType + "/" + *roles[0].Name
	source := "/subscriptions/" + subscription + "/resourceGroups/" + groupName + "/providers/" + *roles[0].SourceResourceType + "/source"
	bound := done(bindings.BeginCreateOrUpdate(ctx, groupName, clusterName, "binding", armcontainerservice.TrustedAccessRoleBinding{
		Properties: &armcontainerservice.TrustedAccessRoleBindingProperties{Roles: []*string{&role}, SourceResourceID: &source},
	}, nil))
	equal(a, "state", bound.Properties.ProvisioningState, armcontainerservice.TrustedAccessRoleBindingProvisioningStateSucceeded)
	if listed := all(bindings.NewListPager(groupName, clusterName, nil), func(p armcontainerservice.TrustedAccessRoleBindingsClientListResponse) []*armcontainerservice.TrustedAccessRoleBinding {
		return p.Value
	}); len(listed) != 1 {
		t.Errorf("%d bindings, want 1", len(listed))
	}
	done(bindings.BeginDelete(ctx, groupName, clusterName, "binding", nil))
	_, err := bindings.Get(ctx, groupName, clusterName, "binding", nil)
	a.refused(err, http.StatusNotFound, "NotFound")
}

// A command is accepted, and its result is there to be read again. No machine is behind the cluster to execute it, which
// the result says.
func TestRunCommand(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.cluster()
	const notExecuted = 126
	ran := done(a.clusters().BeginRunCommand(ctx, groupName, clusterName, armcontainerservice.RunCommandRequest{Command: to.Ptr("kubectl get nodes")}, nil))
	equal(a, "exit code", ran.Properties.ExitCode, notExecuted)
	again := must(a.clusters().GetCommandResult(ctx, groupName, clusterName, *ran.ID, nil))
	equal(a, "exit code", again.Properties.ExitCode, notExecuted)
	_, err := a.clusters().GetCommandResult(ctx, groupName, clusterName, "other", nil)
	a.refused(err, http.StatusNotFound, "NotFound")
}
