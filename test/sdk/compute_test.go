package sdk_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"github.com/capaks/capaks/azuresim"
)

// Sizes and quotas are looked up before a cluster is made, and show it afterwards.
func TestSizesAndQuotas(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	sizes := all(client(a, armcompute.NewResourceSKUsClient).NewListPager(&armcompute.ResourceSKUsClientListOptions{Filter: to.Ptr("location eq '" + location + "'")}), func(p armcompute.ResourceSKUsClientListResponse) []*armcompute.ResourceSKU { return p.Value })
	known := false
	for _, s := range sizes {
		known = known || *s.ResourceType == "virtualMachines" && *s.Name == "Standard_D4s_v3"
	}
	if !known {
		t.Errorf("Standard_D4s_v3 is not among %d sizes", len(sizes))
	}
	cores := func() int32 {
		for _, u := range all(client(a, armcompute.NewUsageClient).NewListPager(location, nil), func(p armcompute.UsageClientListResponse) []*armcompute.Usage { return p.Value }) {
			if *u.Name.Value == "cores" {
				return *u.CurrentValue
			}
		}
		t.Error("there is no quota of cores")
		return 0
	}
	before := cores()
	a.cluster()
	if used := cores() - before; used != 12 {
		t.Errorf("three machines of four cores use %d", used)
	}
}
