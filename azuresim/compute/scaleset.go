package compute

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// ScaleSet is the private part of a scale set: its machines.
type ScaleSet struct {
	Instances []Instance `json:"instances"`
	// Next is the id the next machine gets: ids are never reused, scaling in leaves gaps.
	Next     int    `json:"next"`
	OS       string `json:"os"`
	SubnetID string `json:"subnetId,omitempty"`
}

// Instance is one machine.
type Instance struct {
	ID      int       `json:"id"`
	VMID    string    `json:"vmId"`
	Zone    string    `json:"zone,omitempty"`
	IP      string    `json:"ip"`
	Image   string    `json:"image"`
	Version string    `json:"version"` // of the kubelet on it
	Created time.Time `json:"created"`
	Power   string    `json:"power,omitempty"` // stopped or deallocated; empty means running
	Lost    bool      `json:"lost,omitempty"`  // its kubelet does not answer
	// Quarantined marks a machine that an upgrade left as it was because it could not be emptied.
	Quarantined bool `json:"quarantined,omitempty"`
}

// Machines returns the private part of a scale set resource.
func Machines(r *fabric.Resource) *ScaleSet { return r.Private.(*ScaleSet) }

// New creates an empty scale set the way AKS makes them.
func New(f *fabric.Fabric, id arm.ID, location, size, os, subnetID string, tags, zones any) *fabric.Resource {
	profile := arm.Object{
		"osProfile":      arm.Object{"computerNamePrefix": strings.TrimSuffix(ComputerName(id.Name(), os, 0), "000000"), "adminUsername": "azureuser"},
		"storageProfile": arm.Object{"osDisk": arm.Object{"osType": os, "createOption": "FromImage", "caching": "ReadOnly"}},
	}
	if subnetID != "" {
		profile["networkProfile"] = arm.Object{"networkInterfaceConfigurations": []any{arm.Object{"name": id.Name(), "properties": arm.Object{"primary": true,
			"ipConfigurations": []any{arm.Object{"name": "ipconfig1", "properties": arm.Object{"primary": true, "subnet": arm.Object{"id": subnetID}}}}}}}}
	}
	body := arm.Object{"sku": arm.Object{"name": size, "tier": "Standard", "capacity": int64(0)}, "tags": tags, "properties": arm.Object{
		"singlePlacementGroup": false, "orchestrationMode": "Uniform", "upgradePolicy": arm.Object{"mode": "Manual"}, "virtualMachineProfile": profile, "overprovision": false,
		"doNotRunExtensionsOnOverprovisionedVMs": false, "uniqueId": uuid.NewString(), "platformFaultDomainCount": int64(1), "timeCreated": f.Clock.Now().UTC().Format(timeFormat),
	}}
	if list, ok := zones.([]any); ok && len(list) > 0 {
		body["zones"] = list
	}
	r := f.Create(id, location, body)
	r.State = "Succeeded"
	r.Private = &ScaleSet{OS: os, SubnetID: subnetID}
	return r
}

// Scale brings a scale set to n machines: new ones get fresh ids, the newest ones go first.
func Scale(f *fabric.Fabric, r *fabric.Resource, n int, image, version string, ip func() string) {
	s := Machines(r)
	zones, _ := r.Body["zones"].([]any)
	for len(s.Instances) < n {
		inst := Instance{ID: s.Next, VMID: uuid.NewString(), Image: image, Version: version, Created: f.Clock.Now().UTC(), IP: ip()}
		if len(zones) > 0 {
			inst.Zone, _ = zones[s.Next%len(zones)].(string)
		}
		s.Instances = append(s.Instances, inst)
		s.Next++
	}
	if len(s.Instances) > n {
		s.Instances = s.Instances[:n]
	}
	r.Body["sku"].(arm.Object)["capacity"] = int64(n)
	f.Save(r)
}

// Remove takes the machines with the given ids out of a scale set.
func Remove(f *fabric.Fabric, r *fabric.Resource, ids map[int]bool) {
	s := Machines(r)
	s.Instances = slices.DeleteFunc(s.Instances, func(i Instance) bool { return ids[i.ID] })
	r.Body["sku"].(arm.Object)["capacity"] = int64(len(s.Instances))
	f.Save(r)
}

// ComputerName is the host name of a machine, which is also its Node's name: six base-36 digits after the prefix.
func ComputerName(scaleSet, os string, id int) string {
	prefix := scaleSet
	if os == "Windows" {
		prefix = strings.TrimSuffix(scaleSet, "-vmss")
	}
	digits := strconv.FormatInt(int64(id), 36)
	return prefix + strings.Repeat("0", max(0, 6-len(digits))) + digits
}

// InstanceID is the ARM id of a machine.
func InstanceID(scaleSetID string, id int) string {
	return fmt.Sprintf("%s/virtualMachines/%d", scaleSetID, id)
}
