package azuresim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	computeVersion = "2024-11-01"
	scaleSet       = group + "/providers/Microsoft.Compute/virtualMachineScaleSets/set1"
)

func scaleSetBody(size, publisher string, capacity int) string {
	return fmt.Sprintf(`{"location":"westus2","sku":{"name":%q,"capacity":%d},"properties":{"upgradePolicy":{"mode":"Manual"},"virtualMachineProfile":{
 "osProfile":{"computerNamePrefix":"vm","adminUsername":"me","adminPassword":"hidden"},"storageProfile":{"imageReference":{"publisher":%q,"offer":"o","sku":"s","version":"latest"}},
 "networkProfile":{"networkInterfaceConfigurations":[{"name":"nic","properties":{"primary":true,"ipConfigurations":[{"name":"ip","properties":{}}]}}]}}}}`, size, capacity, publisher)
}

// A scale set made by hand gets its machines at the end of the operation; machines can be acted on one by one.
func TestScaleSet(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.refused(http.StatusBadRequest, "InvalidParameter", "Standard_Nothing", http.MethodPut, scaleSet, computeVersion, scaleSetBody("Standard_Nothing", "Canonical", 1))
	m.refused(http.StatusBadRequest, "InvalidParameter", "imageReference.publisher", http.MethodPut, scaleSet, computeVersion, scaleSetBody("Standard_D2s_v5", "nobody", 1))
	a := m.do(http.StatusCreated, http.MethodPut, scaleSet, computeVersion, scaleSetBody("Standard_D2s_v5", "Canonical", 2))
	m.wantEqual(a, "properties.provisioningState", "Creating")
	if left := a.Header.Get("x-ms-ratelimit-remaining-resource"); !strings.HasPrefix(left, "Microsoft.Compute/CreateVMScaleSetSubscriptionMaximum;372,Microsoft.Compute/CreateVMScaleSetResource;9,") {
		t.Errorf("after three writes there remain %s", left)
	}
	if strings.Contains(string(a.Raw), "hidden") {
		t.Errorf("the password is shown: %s", a.Raw)
	}
	poll := m.do(http.StatusOK, http.MethodGet, a.Header.Get("Azure-AsyncOperation"), "", "")
	m.wantEqual(poll, "status", "InProgress")
	if poll.Header.Get("Retry-After") != "61" {
		t.Errorf("Retry-After is %q", poll.Header.Get("Retry-After"))
	}
	m.clock.Advance(time.Minute)
	instances := func() []any {
		t.Helper()
		list, _ := m.do(http.StatusOK, http.MethodGet, scaleSet+"/virtualMachines?$expand=instanceView", computeVersion, "").get("value").([]any)
		return list
	}
	if list := instances(); len(list) != 2 || (answer{Body: list[1].(map[string]any)}).get("properties.osProfile.computerName") != "vm000001" {
		t.Fatalf("machines %v", list)
	}
	m.do(http.StatusAccepted, http.MethodPost, scaleSet+"/virtualMachines/1/deallocate", computeVersion, "")
	m.clock.Advance(time.Minute)
	if view := m.do(http.StatusOK, http.MethodGet, scaleSet+"/virtualMachines/1/instanceView", computeVersion, ""); !strings.Contains(string(view.Raw), "PowerState/deallocated") {
		t.Errorf("after deallocating: %s", view.Raw)
	}
	m.refused(http.StatusBadRequest, "InvalidParameter", "instanceId 7", http.MethodPost, scaleSet+"/delete", computeVersion, `{"instanceIds":["7"]}`)
	m.do(http.StatusAccepted, http.MethodPost, scaleSet+"/delete", computeVersion, `{"instanceIds":["0"]}`)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(http.StatusOK, http.MethodGet, scaleSet, computeVersion, ""), "sku.capacity", float64(1))
	if list := instances(); len(list) != 1 {
		t.Errorf("%d machines are left", len(list))
	}
	a = m.do(http.StatusAccepted, http.MethodDelete, scaleSet, computeVersion, "")
	m.do(http.StatusAccepted, http.MethodGet, a.Header.Get("Location"), "", "")
	m.clock.Advance(time.Minute)
	m.do(http.StatusNoContent, http.MethodGet, a.Header.Get("Location"), "", "")
	m.refused(http.StatusNotFound, "NotFound", "The entity was not found", http.MethodGet, scaleSet, computeVersion, "")
	m.clock.Advance(time.Minute)
	m.refused(http.StatusNotFound, "ResourceNotFound", "set1", http.MethodGet, scaleSet, computeVersion, "")
}

// A machine of a pool that somebody deletes by hand is gone as a Node too.
func TestDeletedMachineLosesItsNode(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	sets, _ := m.do(http.StatusOK, http.MethodGet, nodeGroup+"/providers/Microsoft.Compute/virtualMachineScaleSets", computeVersion, "").get("value").([]any)
	at := slices.IndexFunc(sets, func(s any) bool { return strings.Contains(fmt.Sprint(s.(map[string]any)["name"]), "-sys-") })
	if at < 0 {
		t.Fatalf("no scale set of the pool sys in %v", sets)
	}
	set := fmt.Sprint(sets[at].(map[string]any)["id"])
	before := m.nodes()
	m.do(http.StatusAccepted, http.MethodDelete, set+"/virtualMachines/0", computeVersion, "")
	m.clock.Advance(time.Minute)
	after := m.nodes()
	if len(before) != 3 || len(after) != 2 || slices.ContainsFunc(after, func(n string) bool { return strings.Contains(n, "-sys-") && strings.HasSuffix(n, "/virtualMachines/0") }) {
		t.Errorf("Nodes before %v, after %v", before, after)
	}
	m.do(http.StatusOK, http.MethodPatch, set, computeVersion, `{"sku":{"capacity":2}}`)
	m.clock.Advance(time.Minute)
	if again := m.nodes(); len(again) != 3 || slices.Contains(again, before[0]) {
		t.Errorf("a machine added by hand is not a Node, or has an old id: %v", again)
	}
}

// The catalogue of sizes knows capabilities and restrictions; the quotas count what runs.
func TestSizesAndQuotas(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.s.AddWorld(world.World{
		Restrictions: []world.Restriction{{Size: "Standard_D4s_v5", Location: "westus2"}, {Size: "Standard_D8s_v5", Location: "westus2", Zones: []string{"3"}}},
		Quotas:       []world.Quota{{Family: "standardDSv3Family", Location: "westus2", Limit: 20}},
	})
	m.cluster()
	skus, _ := m.do(http.StatusOK, http.MethodGet, sub+"/providers/Microsoft.Compute/skus?$filter=location%20eq%20'westus2'", "2021-07-01", "").get("value").([]any)
	bySize := map[string]answer{}
	for _, s := range skus {
		bySize[fmt.Sprint(s.(map[string]any)["name"])] = answer{Body: s.(map[string]any)}
	}
	if len(bySize) < 60 || len(bySize) != len(skus) {
		t.Fatalf("%d sizes, %d of them different", len(skus), len(bySize))
	}
	capability := func(size, name string) string {
		list, _ := bySize[size].get("capabilities").([]any)
		for _, c := range list {
			if c := c.(map[string]any); c["name"] == name {
				return fmt.Sprint(c["value"])
			}
		}
		return ""
	}
	for _, c := range [][3]string{{"Standard_D2s_v5", "vCPUs", "2"}, {"Standard_D2s_v5", "MemoryGB", "8"}, {"Standard_DS1_v2", "MemoryGB", "3.5"}, {"Standard_D4ps_v5", "CpuArchitectureType", "Arm64"}, {"Standard_NC24ads_A100_v4", "GPUs", "1"}, {"Standard_D4ds_v5", "EphemeralOSDiskSupported", "True"}} {
		if got := capability(c[0], c[1]); got != c[2] {
			t.Errorf("%s has %s %q, want %q", c[0], c[1], got, c[2])
		}
	}
	for size, want := range map[string]string{"Standard_D4s_v5": "Location", "Standard_D8s_v5": "Zone", "Standard_D2s_v5": ""} {
		list, _ := bySize[size].get("restrictions").([]any)
		got := ""
		if len(list) == 1 {
			got = fmt.Sprint(list[0].(map[string]any)["type"])
		}
		if got != want {
			t.Errorf("%s is restricted by %q, want %q", size, got, want)
		}
	}
	usages, _ := m.do(http.StatusOK, http.MethodGet, sub+"/providers/Microsoft.Compute/locations/westus2/usages", computeVersion, "").get("value").([]any)
	current, limit := map[string]any{}, map[string]any{}
	for _, u := range usages {
		u := answer{Body: u.(map[string]any)}
		name := fmt.Sprint(u.get("name.value"))
		current[name], limit[name] = u.get("currentValue"), u.get("limit")
	}
	if current["cores"] != float64(6) || current["standardDSv3Family"] != float64(6) || limit["standardDSv3Family"] != float64(20) || limit["cores"] != float64(10000) {
		t.Errorf("cores %v of %v, DSv3 %v of %v", current["cores"], limit["cores"], current["standardDSv3Family"], limit["standardDSv3Family"])
	}
	m.refused(http.StatusConflict, "SkuNotAvailable", "Standard_D4s_v5", http.MethodPut, scaleSet, computeVersion, scaleSetBody("Standard_D4s_v5", "Canonical", 1))
}

// The service's own bucket of a resource refuses before ARM's does.
func TestComputeThrottling(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(http.StatusCreated, http.MethodPut, scaleSet, computeVersion, scaleSetBody("Standard_D2s_v5", "Canonical", 0))
	m.clock.Advance(time.Minute)
	for range 36 {
		m.do(http.StatusOK, http.MethodGet, scaleSet, computeVersion, "")
	}
	a := m.refused(http.StatusTooManyRequests, "OperationNotAllowed", "too many requests", http.MethodGet, scaleSet, computeVersion, "")
	if !strings.Contains(string(a.Raw), "GetVMScaleSetResource") || a.Header.Get("Retry-After") == "" {
		t.Errorf("%v %s", a.Header, a.Raw)
	}
	m.clock.Advance(2 * time.Second)
	m.do(http.StatusOK, http.MethodGet, scaleSet, computeVersion, "")
}
