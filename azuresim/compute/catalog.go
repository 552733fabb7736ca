package compute

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/world"
)

// skuVersions are the api-versions of the list of sizes, which has a version line of its own.
var skuVersions = []string{"2017-03-30", "2017-09-01", "2019-04-01", "2021-07-01"}

func (p *Provider) catalogRoutes() []arm.Route {
	const skus = "/subscriptions/{sub}/providers/Microsoft.Compute/skus"
	get := http.MethodGet
	return []arm.Route{
		{Method: get, Path: skus, Type: "Microsoft.Compute/skus", Verb: "read", Versions: skuVersions, Handler: p.listSKUs},
		{Method: get, Path: location + "/usages", Type: "Microsoft.Compute/locations/usages", Verb: "read", Handler: p.listUsages},
		{Method: get, Path: location + "/vmSizes", Type: "Microsoft.Compute/locations/vmSizes", Verb: "read", Handler: p.listSizes},
	}
}

var skuFilter = regexp.MustCompile(`(?i)^\s*location\s+eq\s+'([^']*)'\s*$`)

// listSKUs shows every size once per location, as the service does; the filter knows the location only.
func (p *Provider) listSKUs(rq *arm.Request) (*arm.Response, error) {
	w := p.World.Get()
	locations := w.Locations
	if filter := rq.Query.Get("$filter"); filter != "" {
		match := skuFilter.FindStringSubmatch(filter)
		if match == nil {
			return nil, arm.ProviderError(http.StatusBadRequest, "InvalidFilter", "The $filter '%s' is not supported. Only 'location eq '{location}'' is.", filter)
		}
		locations = nil
		if l := arm.Location(match[1]); w.HasLocation(l) {
			locations = []string{l}
		}
	}
	value := []any{}
	for _, l := range locations {
		for _, s := range w.VMSizes {
			value = append(value, viewSKU(w, rq.ID.Subscription, l, s))
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func viewSKU(w *world.World, subscription, location string, s world.VMSize) arm.Object {
	zones := world.Zones(location)
	return arm.Object{
		"resourceType": "virtualMachines", "name": s.Name, "tier": "Standard", "size": strings.TrimPrefix(s.Name, "Standard_"), "family": s.Family, "locations": []string{location},
		"locationInfo": []any{arm.Object{"location": location, "zones": zones, "zoneDetails": []any{}}}, "capabilities": capabilities(s), "restrictions": restrictions(w, subscription, location, s.Name),
	}
}

// restrictions are the reasons why the subscription cannot use a size, in the two shapes the service has.
func restrictions(w *world.World, subscription, location, size string) []any {
	everywhere, zones := w.Restricted(subscription, location, size)
	shape := func(typ string, values []string, info arm.Object) []any {
		return []any{arm.Object{"type": typ, "values": values, "restrictionInfo": info, "reasonCode": "NotAvailableForSubscription"}}
	}
	switch {
	case everywhere:
		return shape("Location", []string{location}, arm.Object{"locations": []string{location}})
	case len(zones) > 0:
		return shape("Zone", []string{location}, arm.Object{"locations": []string{location}, "zones": zones})
	}
	return []any{}
}

func capabilities(s world.VMSize) []any {
	yes := func(b bool) string { return strings.ToUpper(strconv.FormatBool(b)[:1]) + strconv.FormatBool(b)[1:] }
	generations, arch := "V2", "x64"
	if s.Generation1 {
		generations = "V1,V2"
	}
	if s.Arm64 {
		arch = "Arm64"
	}
	cpus := strconv.FormatInt(s.VCPUs, 10)
	out := []any{}
	add := func(name, value string) { out = append(out, arm.Object{"name": name, "value": value}) }
	add("MaxResourceVolumeMB", strconv.FormatInt(s.TempDiskGB*1024, 10))
	add("OSVhdSizeMB", "1047552")
	add("vCPUs", cpus)
	add("HyperVGenerations", generations)
	add("MemoryGB", strconv.FormatFloat(s.MemoryGB, 'f', -1, 64))
	add("MaxDataDiskCount", strconv.FormatInt(s.DataDisks, 10))
	add("CpuArchitectureType", arch)
	add("LowPriorityCapable", yes(!strings.HasPrefix(s.Family, "standardBSFamily")))
	add("PremiumIO", yes(s.PremiumIO))
	add("VMDeploymentTypes", "IaaS")
	add("vCPUsAvailable", cpus)
	if s.GPUs > 0 {
		add("GPUs", strconv.FormatInt(s.GPUs, 10))
	}
	add("EphemeralOSDiskSupported", yes(s.LocalOS))
	add("EncryptionAtHostSupported", yes(s.PremiumIO))
	add("AcceleratedNetworkingEnabled", yes(s.Accelerated))
	return out
}

// listSizes is the older list, without capabilities.
func (p *Provider) listSizes(rq *arm.Request) (*arm.Response, error) {
	value := []any{}
	for _, s := range p.World.Get().VMSizes {
		value = append(value, arm.Object{"name": s.Name, "numberOfCores": s.VCPUs, "osDiskSizeInMB": 1047552, "resourceDiskSizeInMB": s.TempDiskGB * 1024, "memoryInMB": int64(s.MemoryGB * 1024), "maxDataDiskCount": s.DataDisks})
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

// unlimited is shown as the limit of families the world sets none for.
const unlimited = 100000

// listUsages is the quota page: what the machines of the subscription use in the location, and the limits.
func (p *Provider) listUsages(rq *arm.Request) (*arm.Response, error) {
	l := arm.Location(rq.Params["location"])
	w := p.World.Get()
	if !w.HasLocation(l) {
		return nil, arm.ProviderError(http.StatusBadRequest, "LocationNotAvailableForResourceType", "The location '%s' is not available.", rq.Params["location"])
	}
	cores, machines, sets := p.used(rq.ID.Subscription, l)
	usage := func(name, display string, current int64) arm.Object {
		limit, ok := w.Limit(rq.ID.Subscription, l, name)
		if !ok {
			limit = unlimited
		}
		return arm.Object{"unit": "Count", "currentValue": current, "limit": limit, "name": arm.Object{"value": name, "localizedValue": display}}
	}
	total := int64(0)
	for _, n := range cores {
		total += n
	}
	value := []any{usage("cores", "Total Regional vCPUs", total), usage("virtualMachines", "Virtual Machines", machines), usage("virtualMachineScaleSets", "Virtual Machine Scale Sets", sets)}
	families := map[string]bool{}
	for _, s := range w.VMSizes {
		families[s.Family] = true
	}
	for _, f := range slices.Sorted(maps.Keys(families)) {
		value = append(value, usage(f, displayName(f), cores[f]))
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

// used counts vCPUs by family, machines and scale sets.
func (p *Provider) used(subscription, location string) (cores map[string]int64, machines, sets int64) {
	cores = map[string]int64{}
	add := func(size string, n int64) {
		s, _ := p.World.Get().Size(size)
		cores[s.Family] += n * s.VCPUs
		machines += n
	}
	for _, r := range p.Fabric.List(subscription, ScaleSetType) {
		if r.Location == location {
			sets++
			add(arm.Str(r.Body, "sku.name"), int64(len(Machines(r).Instances)))
		}
	}
	for _, r := range p.Fabric.List(subscription, machineType) {
		if r.Location == location {
			add(arm.Str(r.Body, "properties.hardwareProfile.vmSize"), 1)
		}
	}
	return cores, machines, sets
}

var familyName = regexp.MustCompile(`(?i)^standard(.*?)(v\d+)?(_.*)?Family$`)

// displayName is how people read a family: standardDSv2Family is "Standard DSv2 Family vCPUs".
func displayName(family string) string {
	m := familyName.FindStringSubmatch(family)
	if m == nil {
		return family
	}
	return "Standard " + m[1] + m[2] + strings.ReplaceAll(m[3], "_", " ") + " Family vCPUs"
}
