package aks

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/fieldset"
)

// Place is what a subscription may use in a location: what is asked before a cluster or a pool is made there.
type Place struct {
	Versions []OfferedVersion
	// Sizes are the sizes of virtual machines by lower-cased name, Usages the quotas by lower-cased name.
	Sizes  map[string]Size
	Usages map[string]Usage
	// Registration is the state of AKS's resource provider in the subscription.
	Registration string
	// Unread says of the parts that could not be read why.
	Unread map[PlacePart]string
}

// OfferedVersion is a minor version of Kubernetes that AKS offers in a location.
type OfferedVersion struct {
	Minor   string
	Patches []string
	Preview bool
	// LongTermOnly: community support has ended, the version is there for clusters with long-term support.
	LongTermOnly bool
}

// Size is a size of virtual machines in one location.
type Size struct {
	Name, Family string
	VCPUs        int64
	Zones        []string
	// Restricted: the subscription may not use the size in this location, or not in RestrictedZones.
	Restricted      bool
	RestrictedZones []string
	// Lacks are the names of capabilities Azure says the size does not have.
	Lacks map[string]bool
}

// Usage is a quota and how much of it is used.
type Usage struct {
	Name, Title    string
	Limit, Current int64
}

// Free is what is left of a quota.
func (u Usage) Free() int64 { return max(u.Limit-u.Current, 0) }

// PlacePart is one document about a place.
type PlacePart string

// The documents about a place.
const (
	PartVersions     PlacePart = "Kubernetes versions"
	PartSizes        PlacePart = "VM sizes"
	PartUsages       PlacePart = "vCPU quotas"
	PartRegistration PlacePart = "resource provider registration"
)

// PlaceParts are all documents about a place. Sizes and versions change with releases and orders, usages with every machine.
var PlaceParts = []struct {
	Part PlacePart
	// Lasts is how long an answer is good enough for another cluster.
	Lasts time.Duration
}{{PartVersions, time.Hour}, {PartSizes, time.Hour}, {PartUsages, time.Minute}, {PartRegistration, time.Hour}}

// skusAPIVersion belongs to the list of sizes alone, which has a version line of its own.
const skusAPIVersion = "2021-07-01"

// PlaceRequest is where a document about a place is read.
func PlaceRequest(part PlacePart, subscription, location string) (path, apiVersion string, query url.Values) {
	root := "/subscriptions/" + subscription + "/providers/"
	place := strings.ToLower(strings.ReplaceAll(location, " ", ""))
	switch part {
	case PartVersions:
		return root + "Microsoft.ContainerService/locations/" + place + "/kubernetesVersions", ContainerServiceAPIVersion, nil
	case PartSizes:
		return root + "Microsoft.Compute/skus", skusAPIVersion, url.Values{"$filter": {"location eq '" + place + "'"}}
	case PartUsages:
		return root + "Microsoft.Compute/locations/" + place + "/usages", ComputeAPIVersion, nil
	}
	return root + "Microsoft.ContainerService", ResourcesAPIVersion, nil
}

// Take reads the answers about one part: the items of a list, or the one document.
func (p *Place) Take(part PlacePart, documents []map[string]any) {
	switch part {
	case PartVersions:
		p.Versions = nil
		for _, document := range documents {
			for _, item := range objectsAt(document, "values") {
				p.Versions = append(p.Versions, offeredVersion(item))
			}
		}
	case PartSizes:
		p.Sizes = map[string]Size{}
		for _, item := range documents {
			if strings.EqualFold(stringAt(item, "resourceType"), "virtualMachines") {
				size := sizeOf(item)
				p.Sizes[strings.ToLower(size.Name)] = size
			}
		}
	case PartUsages:
		p.Usages = map[string]Usage{}
		for _, item := range documents {
			u := Usage{Name: stringAt(item, "name", "value"), Title: stringAt(item, "name", "localizedValue")}
			u.Limit, _ = item["limit"].(int64)
			u.Current, _ = item["currentValue"].(int64)
			p.Usages[strings.ToLower(u.Name)] = u
		}
	case PartRegistration:
		for _, document := range documents {
			p.Registration = stringAt(document, "registrationState")
		}
	}
}

func offeredVersion(item fieldset.Object) OfferedVersion {
	v := OfferedVersion{Minor: stringAt(item, "version")}
	v.Preview, _ = item["isPreview"].(bool)
	patches, _ := item["patchVersions"].(fieldset.Object)
	for patch := range patches {
		v.Patches = append(v.Patches, patch)
	}
	sortVersions(v.Patches)
	plans := stringsAt(item, "capabilities", "supportPlan")
	v.LongTermOnly = len(plans) > 0
	for _, plan := range plans {
		if strings.EqualFold(plan, "KubernetesOfficial") {
			v.LongTermOnly = false
		}
	}
	return v
}

func sizeOf(item fieldset.Object) Size {
	s := Size{Name: stringAt(item, "name"), Family: stringAt(item, "family"), Lacks: map[string]bool{}}
	for _, info := range objectsAt(item, "locationInfo") {
		s.Zones = append(s.Zones, stringsAt(info, "zones")...)
	}
	for _, capability := range objectsAt(item, "capabilities") {
		name, value := stringAt(capability, "name"), stringAt(capability, "value")
		if name == "vCPUs" {
			s.VCPUs, _ = strconv.ParseInt(value, 10, 64)
		}
		if strings.EqualFold(value, "False") {
			s.Lacks[name] = true
		}
	}
	for _, restriction := range objectsAt(item, "restrictions") {
		if strings.EqualFold(stringAt(restriction, "type"), "Zone") {
			s.RestrictedZones = append(s.RestrictedZones, stringsAt(restriction, "restrictionInfo", "zones")...)
		} else {
			s.Restricted = true
		}
	}
	return s
}

// sortVersions puts the oldest first.
func sortVersions(versions []string) { slices.SortFunc(versions, CompareVersions) }

func objectsAt(o fieldset.Object, path ...string) []fieldset.Object {
	value, _ := fieldset.Get(o, path)
	items, _ := value.([]any)
	list := make([]fieldset.Object, 0, len(items))
	for _, item := range items {
		if object, ok := item.(fieldset.Object); ok {
			list = append(list, object)
		}
	}
	return list
}

func stringsAt(o fieldset.Object, path ...string) []string {
	value, _ := fieldset.Get(o, path)
	items, _ := value.([]any)
	list := make([]string, 0, len(items))
	for _, item := range items {
		if text, ok := item.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// Drop forgets a part that can no longer be read.
func (p *Place) Drop(part PlacePart) {
	switch part {
	case PartVersions:
		p.Versions = nil
	case PartSizes:
		p.Sizes = nil
	case PartUsages:
		p.Usages = nil
	case PartRegistration:
		p.Registration = ""
	}
}
