package sdk_test

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v8"

	"github.com/capaks/capaks/azuresim"
)

// A subnet whose traffic leaves through a gateway of its own, along routes and through rules of its own.
func TestNetwork(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.group()
	address := done(client(a, armnetwork.NewPublicIPAddressesClient).BeginCreateOrUpdate(ctx, groupName, "out", armnetwork.PublicIPAddress{
		Location: to.Ptr(location), SKU: &armnetwork.PublicIPAddressSKU{Name: to.Ptr(armnetwork.PublicIPAddressSKUNameStandard)},
		Properties: &armnetwork.PublicIPAddressPropertiesFormat{PublicIPAllocationMethod: to.Ptr(armnetwork.IPAllocationMethodStatic)},
	}, nil))
	gateway := done(client(a, armnetwork.NewNatGatewaysClient).BeginCreateOrUpdate(ctx, groupName, "out", armnetwork.NatGateway{
		Location: to.Ptr(location), SKU: &armnetwork.NatGatewaySKU{Name: to.Ptr(armnetwork.NatGatewaySKUNameStandard)},
		Properties: &armnetwork.NatGatewayPropertiesFormat{PublicIPAddresses: []*armnetwork.SubResource{{ID: address.ID}}},
	}, nil))
	table := done(client(a, armnetwork.NewRouteTablesClient).BeginCreateOrUpdate(ctx, groupName, "routes", armnetwork.RouteTable{Location: to.Ptr(location)}, nil))
	route := done(client(a, armnetwork.NewRoutesClient).BeginCreateOrUpdate(ctx, groupName, "routes", "all", armnetwork.Route{
		Properties: &armnetwork.RoutePropertiesFormat{AddressPrefix: to.Ptr("0.0.0.0/0"), NextHopType: to.Ptr(armnetwork.RouteNextHopTypeInternet)},
	}, nil))
	rules := done(client(a, armnetwork.NewSecurityGroupsClient).BeginCreateOrUpdate(ctx, groupName, "rules", armnetwork.SecurityGroup{Location: to.Ptr(location)}, nil))
	if got := must(client(a, armnetwork.NewRouteTablesClient).Get(ctx, groupName, "routes", nil)); len(got.Properties.Routes) != 1 || *got.Properties.Routes[0].ID != *route.ID {
		t.Errorf("the table has %d routes", len(got.Properties.Routes))
	}

	a.subnet()
	subnets := client(a, armnetwork.NewSubnetsClient)
	subnet := must(subnets.Get(ctx, groupName, "vnet", "nodes", nil)).Subnet
	subnet.Properties.NatGateway = &armnetwork.SubResource{ID: gateway.ID}
	subnet.Properties.RouteTable = &armnetwork.RouteTable{ID: table.ID}
	subnet.Properties.NetworkSecurityGroup = &armnetwork.SecurityGroup{ID: rules.ID}
	wired := done(subnets.BeginCreateOrUpdate(ctx, groupName, "vnet", "nodes", subnet, nil))
	equal(a, "gateway of the subnet", wired.Properties.NatGateway.ID, *gateway.ID)
	used := must(client(a, armnetwork.NewNatGatewaysClient).Get(ctx, groupName, "out", nil))
	if len(used.Properties.Subnets) != 1 {
		t.Errorf("the gateway serves %d subnets, want 1", len(used.Properties.Subnets))
	}
	listed := all(client(a, armnetwork.NewVirtualNetworksClient).NewListPager(groupName, nil), func(p armnetwork.VirtualNetworksClientListResponse) []*armnetwork.VirtualNetwork { return p.Value })
	if len(listed) != 1 || len(listed[0].Properties.Subnets) != 1 {
		t.Errorf("%d networks, want 1 with 1 subnet", len(listed))
	}
	_, err := client(a, armnetwork.NewNatGatewaysClient).BeginDelete(ctx, groupName, "out", nil)
	a.refused(err, http.StatusBadRequest, "InUseNatGatewayCannotBeDeleted")
}
