package compute

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// agentUpdatesSince is the first api-version that shows enableVMAgentPlatformUpdates, timeSince the first with
// timeCreated.
const (
	agentUpdatesSince = "2022-03-01"
	timeSince         = "2021-11-01"
)

func (p *Provider) scaleSet(life tracked.Life) *tracked.Type {
	return &tracked.Type{
		Name: ScaleSetType, Life: life, Operation: "VirtualMachineScaleSet", MergePatch: true,
		ReadOnly: []string{"properties.uniqueId", "properties.timeCreated"},
		Since:    map[string]string{"properties.virtualMachineProfile.osProfile.linuxConfiguration.enableVMAgentPlatformUpdates": agentUpdatesSince, "properties.timeCreated": timeSince},
		Prepare:  p.prepareSet, Accepted: p.setAccepted, Ended: p.setEnded, View: p.viewSet, NotFound: p.notFound,
		Gone: func(r *fabric.Resource) { p.Changed(r) },
	}
}

// publishers of the images that machines can be made from; Azure's marketplace has many more.
var publishers = []string{
	"canonical", "debian", "redhat", "suse", "oracle", "openlogic", "almalinux", "resf", "kinvolk", "microsoftcblmariner", "microsoft-aks", "microsoftwindowsserver", "microsoftwindowsdesktop", "microsoftvisualstudio", "microsoft-dsvm",
}

// prepareSet checks a scale set and fills in what the service does, as recorded.
func (p *Provider) prepareSet(w *tracked.Write) error {
	props, profile := arm.Map(w.Body, "properties"), arm.Map(w.Body, "properties.virtualMachineProfile")
	if err := p.checkSize(w.Request, w.Location(), arm.Str(w.Body, "sku.name")); err != nil {
		return err
	}
	capacity, ok := arm.Int(w.Body, "sku.capacity")
	if !ok || capacity < 0 || capacity > 1000 {
		return invalid("sku.capacity", "The value of parameter sku.capacity is invalid.")
	}
	arm.Default(w.Body, "sku.tier", "Standard")
	arm.Put(w.Body, "sku.capacity", capacity)
	fill(props, arm.Object{"singlePlacementGroup": capacity <= 100, "orchestrationMode": "Uniform", "overprovision": true, "doNotRunExtensionsOnOverprovisionedVMs": false, "platformFaultDomainCount": int64(5), "upgradePolicy": arm.Object{"mode": "Manual"}})
	w.Once("properties.uniqueId", func() any { return uuid.NewString() })
	w.Once("properties.timeCreated", func() any { return w.Request.Now.Format(timeFormat) })
	if profile == nil {
		if w.Stored == nil {
			return invalid("virtualMachineProfile", "Required parameter 'virtualMachineProfile' is missing (null).")
		}
		props["virtualMachineProfile"] = arm.Copy(arm.Get(w.Stored.Body, "properties.virtualMachineProfile"))
		return nil
	}
	if err := fillStorage(profile, "None"); err != nil {
		return err
	}
	fillOS(profile, arm.Object{"provisionVMAgent": true, "enableVMAgentPlatformUpdates": false})
	fillNetwork(profile)
	for _, e := range arm.List(profile, "extensionProfile.extensions") {
		o, _ := e.(map[string]any)
		arm.Default(o, "properties.autoUpgradeMinorVersion", false)
	}
	return nil
}

// checkSize refuses sizes that the location does not have or that the subscription may not use.
func (p *Provider) checkSize(rq *arm.Request, location, size string) error {
	world := p.World.Get()
	if _, known := world.Size(size); !known {
		names := make([]string, 0, len(world.VMSizes))
		for _, s := range world.VMSizes {
			names = append(names, s.Name)
		}
		return invalid("vmSize", "The value %s provided for the VM size is not valid. The valid sizes in the current region are: %s. Find out more on the valid VM sizes in each region at https://aka.ms/azure-regions.", size, strings.Join(names, ","))
	}
	if everywhere, _ := world.Restricted(rq.ID.Subscription, location, size); everywhere {
		return arm.ProviderError(409, "SkuNotAvailable", "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: %s' is currently not available in location '%s'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.", size, location)
	}
	return nil
}

// fillStorage completes the OS disk by the image.
func fillStorage(profile arm.Object, caching string) error {
	publisher := arm.Str(profile, "storageProfile.imageReference.publisher")
	if publisher != "" && !slices.Contains(publishers, strings.ToLower(publisher)) {
		return invalid("imageReference.publisher", "The value of parameter imageReference.publisher is invalid.")
	}
	os, size := "Linux", int64(30)
	if strings.HasPrefix(strings.ToLower(publisher), "microsoftwindows") || arm.Str(profile, "osProfile.windowsConfiguration.timeZone") != "" {
		os, size = "Windows", 127
	}
	for path, v := range map[string]any{"osType": os, "createOption": "FromImage", "caching": caching, "managedDisk.storageAccountType": "Standard_LRS", "diskSizeGB": size} {
		arm.Default(profile, "storageProfile.osDisk."+path, v)
	}
	return nil
}

// fillOS completes the OS profile; linux are the defaults of a Linux machine. The password is never shown.
func fillOS(profile arm.Object, linux arm.Object) {
	os := arm.Map(profile, "osProfile")
	if os == nil {
		return
	}
	if arm.Str(profile, "storageProfile.osDisk.osType") == "Linux" {
		arm.Default(os, "linuxConfiguration", arm.Object{})
		fill(arm.Map(os, "linuxConfiguration"), linux)
		arm.Default(os, "linuxConfiguration.disablePasswordAuthentication", os["adminPassword"] == nil)
	} else {
		arm.Default(os, "windowsConfiguration", arm.Object{})
		fill(arm.Map(os, "windowsConfiguration"), arm.Object{"provisionVMAgent": true, "enableAutomaticUpdates": true})
	}
	fill(os, arm.Object{"secrets": []any{}, "allowExtensionOperations": true, "requireGuestProvisionSignal": true})
	delete(os, "adminPassword")
	delete(os, "customData")
}

func fillNetwork(profile arm.Object) {
	for _, raw := range arm.List(profile, "networkProfile.networkInterfaceConfigurations") {
		nic, _ := raw.(map[string]any)
		arm.Default(nic, "properties", arm.Object{})
		fill(arm.Map(nic, "properties"), arm.Object{"primary": false, "enableAcceleratedNetworking": false, "disableTcpStateTracking": false, "dnsSettings": arm.Object{"dnsServers": []any{}}, "enableIPForwarding": false})
		for _, raw := range arm.List(nic, "properties.ipConfigurations") {
			ip, _ := raw.(map[string]any)
			arm.Default(ip, "properties.privateIPAddressVersion", "IPv4")
		}
	}
}

// fill sets what a document lacks.
func fill(o, defaults arm.Object) {
	for k, v := range defaults {
		if o[k] == nil {
			o[k] = arm.Copy(v)
		}
	}
}

// setAccepted makes the declared extensions resources of their own.
func (p *Provider) setAccepted(w *tracked.Write, r *fabric.Resource) {
	if r.Private == nil {
		r.Private = &ScaleSet{OS: arm.Str(r.Body, "properties.virtualMachineProfile.storageProfile.osDisk.osType")}
	}
	declared, sent := arm.Get(r.Body, "properties.virtualMachineProfile.extensionProfile.extensions").([]any)
	if !sent {
		return
	}
	arm.Remove(r.Body, "properties.virtualMachineProfile.extensionProfile")
	names := map[string]bool{}
	for _, raw := range declared {
		o, _ := raw.(map[string]any)
		id := r.ARMID().Child("extensions", arm.Str(o, "name"))
		names[id.Key()] = true
		e := p.Fabric.Get(id.String())
		if e == nil {
			e = p.Fabric.Create(id, "", arm.Object{})
		}
		e.Body, e.State = arm.Object{"properties": arm.Copy(o["properties"])}, "Succeeded"
		p.Fabric.Save(e)
	}
	for _, old := range p.Fabric.Children(r.ID, extensionType) {
		if !names[old.ARMID().Key()] {
			p.Fabric.Drop(old)
		}
	}
}

// setEnded brings the machines to the capacity that was asked for.
func (p *Provider) setEnded(r *fabric.Resource, fail *arm.OperationError) {
	if fail != nil {
		return
	}
	capacity, _ := arm.Int(r.Body, "sku.capacity")
	s := Machines(r)
	image, version := arm.Str(r.Body, "properties.virtualMachineProfile.storageProfile.imageReference.version"), ""
	if len(s.Instances) > 0 { // machines added by hand to a pool's scale set are like the others
		image, version = s.Instances[0].Image, s.Instances[0].Version
	}
	Scale(p.Fabric, r, int(capacity), image, version, func() string {
		return fmt.Sprintf("10.0.%d.%d", s.Next/250, s.Next%250+4)
	})
	p.Changed(r)
}

// viewSet shows the extensions in the model of the scale set, without what they protect.
func (p *Provider) viewSet(apiVersion string, r *fabric.Resource, doc arm.Object) {
	list := []any{}
	for _, e := range p.Fabric.Children(r.ID, extensionType) {
		props := maps.Clone(arm.Map(p.View(apiVersion, e), "properties"))
		delete(props, "provisioningState")
		list = append(list, arm.Object{"name": e.Name, "properties": props})
	}
	if len(list) > 0 {
		arm.Put(doc, "properties.virtualMachineProfile.extensionProfile.extensions", list)
	}
	for _, k := range []string{"tags", "zones"} {
		if doc[k] == nil {
			delete(doc, k)
		}
	}
}

func (p *Provider) extension(life tracked.Life) *tracked.Type {
	life.Updated = 201
	return &tracked.Type{
		Name: extensionType, Proxy: true, Life: life, Operation: "VirtualMachineScaleSetExtension", MergePatch: true,
		Prepare: func(w *tracked.Write) error {
			for _, k := range []string{"publisher", "type", "typeHandlerVersion"} {
				if arm.Str(w.Body, "properties."+k) == "" {
					return invalid("extension."+k, "Required parameter 'extension.%s' is missing (null).", k)
				}
			}
			fill(arm.Map(w.Body, "properties"), arm.Object{"autoUpgradeMinorVersion": false, "settings": arm.Object{}})
			return nil
		},
		View:     func(_ string, _ *fabric.Resource, doc arm.Object) { arm.Remove(doc, "properties.protectedSettings") },
		NotFound: func(arm.ID) error { return entityNotFound() },
	}
}

// machine declares single virtual machines: what tools beside a cluster make, nothing AKS needs.
func (p *Provider) machine(life tracked.Life) *tracked.Type {
	return &tracked.Type{
		Name: machineType, Life: life, Operation: "VirtualMachine", MergePatch: true, ReadOnly: []string{"properties.vmId", "properties.timeCreated"}, NotFound: p.notFound,
		Since: map[string]string{"properties.timeCreated": timeSince},
		Prepare: func(w *tracked.Write) error {
			props := arm.Map(w.Body, "properties")
			if err := p.checkSize(w.Request, w.Location(), arm.Str(props, "hardwareProfile.vmSize")); err != nil {
				return err
			}
			if err := fillStorage(props, "ReadWrite"); err != nil {
				return err
			}
			arm.Default(props, "storageProfile.dataDisks", []any{})
			fillOS(props, arm.Object{"provisionVMAgent": true, "patchSettings": arm.Object{"patchMode": "ImageDefault"}})
			w.Once("properties.vmId", func() any { return uuid.NewString() })
			w.Once("properties.timeCreated", func() any { return w.Request.Now.Format(timeFormat) })
			return nil
		},
		Ended: func(r *fabric.Resource, _ *arm.OperationError) {
			name := r.Name + "_OsDisk_1_" + strings.ReplaceAll(arm.Str(r.Body, "properties.vmId"), "-", "")
			arm.Default(r.Body, "properties.storageProfile.osDisk.name", name)
			disk := arm.ID{Subscription: r.ARMID().Subscription, ResourceGroup: r.ARMID().ResourceGroup, Provider: "Microsoft.Compute", Types: []string{"disks"}, Names: []string{name}}
			arm.Default(r.Body, "properties.storageProfile.osDisk.managedDisk.id", disk.String())
		},
	}
}
