package sdk_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/capaks/capaks/azuresim"
)

// A list longer than a page arrives whole, whichever provider it is of.
func TestPages(t *testing.T) {
	a := start(t, azuresim.Options{PageSize: 2})
	defer a.end()
	ctx := t.Context()
	groups, identities := client(a, armresources.NewResourceGroupsClient), client(a, armmsi.NewUserAssignedIdentitiesClient)
	a.group()
	for i := range 5 {
		must(groups.CreateOrUpdate(ctx, fmt.Sprint("more-", i), armresources.ResourceGroup{Location: to.Ptr(location)}, nil))
		must(identities.CreateOrUpdate(ctx, groupName, fmt.Sprint("identity-", i), armmsi.Identity{Location: to.Ptr(location)}, nil))
	}
	pages := 0
	if listed := all(groups.NewListPager(nil), func(p armresources.ResourceGroupsClientListResponse) []*armresources.ResourceGroup {
		pages++
		return p.Value
	}); len(listed) != 6 || pages != 3 {
		t.Errorf("%d groups on %d pages, want 6 on 3", len(listed), pages)
	}
	pages = 0
	if listed := all(identities.NewListByResourceGroupPager(groupName, nil), func(p armmsi.UserAssignedIdentitiesClientListByResourceGroupResponse) []*armmsi.Identity {
		pages++
		return p.Value
	}); len(listed) != 5 || pages != 3 {
		t.Errorf("%d identities on %d pages, want 5 on 3", len(listed), pages)
	}
	done(a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, twoPools(), nil))
	done(a.pools().BeginCreateOrUpdate(ctx, groupName, clusterName, "extra", newPool(1), nil))
	if names := a.poolNames(); names != "extra system user" {
		t.Errorf("pools %s", names)
	}
	var types []string
	for _, r := range all(client(a, armresources.NewClient).NewListByResourceGroupPager(groupName, nil), func(p armresources.ClientListByResourceGroupResponse) []*armresources.GenericResourceExpanded {
		return p.Value
	}) {
		types = append(types, strings.ToLower(*r.Type))
	}
	slices.Sort(types)
	if got := strings.Join(slices.Compact(types), " "); got != "microsoft.containerservice/managedclusters microsoft.managedidentity/userassignedidentities" || len(types) != 6 {
		t.Errorf("%d resources of the types %s", len(types), got)
	}
}

// A write that expects another state than there is does not happen.
func TestPreconditions(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	cluster := a.cluster()
	put := func(match, none *string) error {
		_, err := a.clusters().BeginCreateOrUpdate(ctx, groupName, clusterName, cluster, &armcontainerservice.ManagedClustersClientBeginCreateOrUpdateOptions{IfMatch: match, IfNoneMatch: none})
		return err
	}
	a.refused(put(to.Ptr("0b3c9f1e-0000-4000-8000-00000000000f"), nil), http.StatusPreconditionFailed, "PreconditionFailed")
	a.refused(put(nil, to.Ptr("*")), http.StatusPreconditionFailed, "PreconditionFailed")
	if err := put(cluster.ETag, nil); err != nil {
		t.Error(err)
	}
	_, err := a.pools().BeginDelete(ctx, groupName, clusterName, "user", &armcontainerservice.AgentPoolsClientBeginDeleteOptions{IfMatch: to.Ptr("0b3c9f1e-0000-4000-8000-00000000000f")})
	a.refused(err, http.StatusPreconditionFailed, "PreconditionFailed")
}
