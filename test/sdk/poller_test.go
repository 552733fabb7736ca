package sdk_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"

	"github.com/capaks/capaks/azuresim"
	emulated "github.com/capaks/capaks/azuresim/arm"
)

// An operation outlives the program that began it: another one goes on polling with the token the first left behind.
func TestPollerResumes(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.group()
	begun := must(a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, twoPools(), nil))
	token := must(begun.ResumeToken())
	created := done(a.clusters().BeginCreateOrUpdate(ctx, "", "", armcontainerservice.ManagedCluster{}, &armcontainerservice.ManagedClustersClientBeginCreateOrUpdateOptions{ResumeToken: token}))
	equal(a, "name", created.Name, clusterName)
	equal(a, "state", created.Properties.ProvisioningState, "Succeeded")

	leaving := must(a.clusters().BeginDelete(ctx, groupName, clusterName, nil))
	token = must(leaving.ResumeToken())
	done(a.clusters().BeginDelete(ctx, "", "", &armcontainerservice.ManagedClustersClientBeginDeleteOptions{ResumeToken: token}))
	_, err := a.clusters().Get(ctx, groupName, clusterName, nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
}

// What goes wrong after a request was accepted reaches the caller as the same kind of error as a refusal.
func TestFailedOperation(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.group()
	if err := a.server.AddFaults(azuresim.Fault{Method: http.MethodPut, PathRegex: "managedClusters/c1$", Times: 1, FailOperation: &emulated.OperationError{Code: "AllocationFailed", Message: "no capacity left"}}); err != nil {
		t.Fatal(err)
	}
	poller := must(a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, twoPools(), nil))
	_, err := poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: frequency})
	var failure *azcore.ResponseError
	if !errors.As(err, &failure) || failure.ErrorCode != "AllocationFailed" {
		t.Fatalf("got %v, want AllocationFailed", err)
	}
	equal(a, "state", must(a.clusters().Get(ctx, groupName, clusterName, nil)).Properties.ProvisioningState, "Failed")
	repaired := done(a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, twoPools(), nil))
	equal(a, "state", repaired.Properties.ProvisioningState, "Succeeded")
}

// While an operation runs another is refused, until the first is aborted.
func TestAbort(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	cluster := a.cluster()
	a.server.Clock().SetSpeed(1) // the operations that are to be aborted would be over too soon
	cluster.Tags = map[string]*string{"a": to.Ptr("b")}
	cluster.Properties.AgentPoolProfiles[1].Count = to.Ptr[int32](2)
	running := must(a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, cluster, nil))
	_, err := a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, cluster, nil)
	a.refused(err, http.StatusConflict, "OperationNotAllowed")
	aborting := must(a.clusters().BeginAbortLatestOperation(ctx, groupName, clusterName, nil))
	a.server.Clock().SetSpeed(60)
	done(aborting, nil)
	if _, err := running.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: frequency}); err == nil {
		t.Error("the aborted operation succeeded")
	}
	equal(a, "state", must(a.clusters().Get(ctx, groupName, clusterName, nil)).Properties.ProvisioningState, "Canceled")
	again := done(a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, cluster, nil))
	equal(a, "state", again.Properties.ProvisioningState, "Succeeded")

	a.server.Clock().SetSpeed(1)
	must(a.pools().BeginCreateOrUpdate(ctx, groupName, clusterName, "extra", newPool(1), nil))
	stopping := must(a.pools().BeginAbortLatestOperation(ctx, groupName, clusterName, "extra", nil))
	a.server.Clock().SetSpeed(60)
	done(stopping, nil)
	equal(a, "state of the pool", must(a.pools().Get(ctx, groupName, clusterName, "extra", nil)).Properties.ProvisioningState, "Canceled")
}
