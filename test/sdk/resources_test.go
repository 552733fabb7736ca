package sdk_test

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/capaks/capaks/azuresim"
)

// A cluster as a client sees it that knows resources, but not clusters.
func TestGenericResources(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	cluster := a.cluster()
	const version = "2025-02-01"
	resources, tags := client(a, armresources.NewClient), client(a, armresources.NewTagsClient)
	if !must(resources.CheckExistenceByID(ctx, *cluster.ID, version, nil)).Success {
		t.Error("the cluster does not exist")
	}
	equal(a, "name", must(resources.GetByID(ctx, *cluster.ID, version, nil)).Name, clusterName)

	done(tags.BeginCreateOrUpdateAtScope(ctx, *cluster.ID, armresources.TagsResource{Properties: &armresources.Tags{Tags: map[string]*string{"team": to.Ptr("blue")}}}, nil))
	a.eventually("tagging", func() bool { // tags are a change of the cluster like any other
		return *must(a.clusters().Get(ctx, groupName, clusterName, nil)).Properties.ProvisioningState == "Succeeded"
	})
	done(tags.BeginUpdateAtScope(ctx, *cluster.ID, armresources.TagsPatchResource{Operation: to.Ptr(armresources.TagsPatchOperationMerge), Properties: &armresources.Tags{Tags: map[string]*string{"cost": to.Ptr("7")}}}, nil))
	equal(a, "tag", must(tags.GetAtScope(ctx, *cluster.ID, nil)).Properties.Tags["team"], "blue")
	equal(a, "tag of the cluster", must(a.clusters().Get(ctx, groupName, clusterName, nil)).Tags["cost"], "7")
	for filter, want := range map[string]int{"tagName eq 'team' and tagValue eq 'blue'": 1, "tagName eq 'team' and tagValue eq 'red'": 0, "resourceType eq 'Microsoft.ContainerService/managedClusters'": 1} {
		found := all(resources.NewListByResourceGroupPager(groupName, &armresources.ClientListByResourceGroupOptions{Filter: &filter}), func(p armresources.ClientListByResourceGroupResponse) []*armresources.GenericResourceExpanded {
			return p.Value
		})
		if len(found) != want {
			t.Errorf("%s finds %d, want %d", filter, len(found), want)
		}
	}

	done(resources.BeginDeleteByID(ctx, *cluster.ID, version, nil))
	_, err := resources.GetByID(ctx, *cluster.ID, version, nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
}
