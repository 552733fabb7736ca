package sdk_test

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservicefleet/armcontainerservicefleet"

	"github.com/capaks/capaks/azuresim"
)

// A cluster joins a fleet, is upgraded by a run of the fleet and leaves again.
func TestFleet(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	cluster := a.cluster()
	fleets, members := client(a, armcontainerservicefleet.NewFleetsClient), client(a, armcontainerservicefleet.NewFleetMembersClient)
	fleet := done(fleets.BeginCreateOrUpdate(ctx, groupName, "fleet", armcontainerservicefleet.Fleet{Location: to.Ptr(location)}, nil))
	equal(a, "state", fleet.Properties.ProvisioningState, armcontainerservicefleet.FleetProvisioningStateSucceeded)
	member := done(members.BeginCreate(ctx, groupName, "fleet", "member", armcontainerservicefleet.FleetMember{Properties: &armcontainerservicefleet.FleetMemberProperties{ClusterResourceID: cluster.ID}}, nil))
	equal(a, "state of the member", member.Properties.ProvisioningState, armcontainerservicefleet.FleetMemberProvisioningStateSucceeded)
	moved := done(members.BeginUpdate(ctx, groupName, "fleet", "member", armcontainerservicefleet.FleetMemberUpdate{Properties: &armcontainerservicefleet.FleetMemberUpdateProperties{Group: to.Ptr("canary")}}, nil))
	equal(a, "group", moved.Properties.Group, "canary")
	if listed := all(members.NewListByFleetPager(groupName, "fleet", nil), func(p armcontainerservicefleet.FleetMembersClientListByFleetResponse) []*armcontainerservicefleet.FleetMember {
		return p.Value
	}); len(listed) != 1 {
		t.Errorf("%d members, want 1", len(listed))
	}

	runs := client(a, armcontainerservicefleet.NewUpdateRunsClient)
	target := a.upgrade()
	done(runs.BeginCreateOrUpdate(ctx, groupName, "fleet", "run", armcontainerservicefleet.UpdateRun{Properties: &armcontainerservicefleet.UpdateRunProperties{
		ManagedClusterUpdate: &armcontainerservicefleet.ManagedClusterUpdate{Upgrade: &armcontainerservicefleet.ManagedClusterUpgradeSpec{Type: to.Ptr(armcontainerservicefleet.ManagedClusterUpgradeTypeFull), KubernetesVersion: &target}},
	}}, nil))
	done(runs.BeginStart(ctx, groupName, "fleet", "run", nil))
	a.eventually("the run", func() bool {
		run := must(runs.Get(ctx, groupName, "fleet", "run", nil))
		return *run.Properties.Status.Status.State == armcontainerservicefleet.UpdateStateCompleted
	})
	equal(a, "version", must(a.clusters().Get(ctx, groupName, clusterName, nil)).Properties.CurrentKubernetesVersion, target)

	done(members.BeginDelete(ctx, groupName, "fleet", "member", nil))
	_, err := members.Get(ctx, groupName, "fleet", "member", nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
	done(fleets.BeginDelete(ctx, groupName, "fleet", nil))
	_, err = fleets.Get(ctx, groupName, "fleet", nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
}
