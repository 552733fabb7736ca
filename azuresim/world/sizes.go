package world

import (
	"fmt"
	"slices"
	"strings"
)

// VMSize is an offered machine size.
type VMSize struct {
	Name     string  `json:"name"`
	VCPUs    int64   `json:"vCPUs"`
	MemoryGB float64 `json:"memoryGB"`
	Family   string  `json:"family"`
	// Ephemeral sizes have a local disk big enough for an ephemeral OS disk of the size AKS chooses, LocalOS ones for
	// some ephemeral OS disk.
	Ephemeral   bool  `json:"ephemeralOS,omitempty"`
	LocalOS     bool  `json:"localOS,omitempty"`
	Arm64       bool  `json:"arm64,omitempty"`
	GPUs        int64 `json:"gpus,omitempty"`
	DataDisks   int64 `json:"dataDisks,omitempty"`
	TempDiskGB  int64 `json:"tempDiskGB,omitempty"`
	PremiumIO   bool  `json:"premiumIO,omitempty"`
	Accelerated bool  `json:"acceleratedNetworking,omitempty"`
	Generation1 bool  `json:"generation1,omitempty"` // boots generation 1 images too
}

// Restriction makes a size unavailable, for a subscription or for all, in a location or in some of its zones.
type Restriction struct {
	Size         string   `json:"size"`
	Subscription string   `json:"subscription,omitempty"`
	Location     string   `json:"location,omitempty"`
	Zones        []string `json:"zones,omitempty"`
}

// family is one row of sizes that differ only in their number of vCPUs.
type family struct {
	pattern string // %d is the number in the name
	quota   string
	perVCPU float64 // GiB of memory
	temp    int64   // GiB of local disk for each vCPU
	traits  string  // p premium storage, a accelerated networking, e ephemeral OS disk, E a big one, 1 generation 1 images, r Arm64
	sizes   []int64
	vcpus   []int64 // when they differ from the number in the name
}

// general is the usual row of sizes.
var general = []int64{2, 4, 8, 16, 32, 48, 64}

func plus(more ...int64) []int64 { return append(slices.Clone(general), more...) }

var families = []family{
	{"Standard_DS%d_v2", "standardDSv2Family", 3.5, 7, "pae1", []int64{1, 2, 3, 4, 5}, []int64{1, 2, 4, 8, 16}},
	{"Standard_DS%d_v2", "standardDSv2Family", 7, 14, "pae1", []int64{11, 12, 13, 14, 15}, []int64{2, 4, 8, 16, 20}},
	{"Standard_D%d_v2", "standardDv2Family", 3.5, 50, "a1", []int64{1, 2, 3, 4, 5}, []int64{1, 2, 4, 8, 16}},
	{"Standard_D%ds_v3", "standardDSv3Family", 4, 8, "pae1", general, nil},
	{"Standard_D%d_v3", "standardDv3Family", 4, 25, "a1", general, nil},
	{"Standard_D%ds_v4", "standardDSv4Family", 4, 0, "pa1", general, nil},
	{"Standard_D%d_v4", "standardDv4Family", 4, 0, "a1", general, nil},
	{"Standard_D%dds_v4", "standardDDSv4Family", 4, 37, "paeE1", general, nil},
	{"Standard_D%ds_v5", "standardDSv5Family", 4, 0, "pa1", plus(96), nil},
	{"Standard_D%d_v5", "standardDv5Family", 4, 0, "a1", plus(96), nil},
	{"Standard_D%dds_v5", "standardDDSv5Family", 4, 37, "paeE1", plus(96), nil},
	{"Standard_D%das_v4", "standardDASv4Family", 4, 8, "pae1", plus(96), nil},
	{"Standard_D%das_v5", "standardDASv5Family", 4, 0, "pa1", plus(96), nil},
	{"Standard_D%dads_v5", "standardDADSv5Family", 4, 37, "paeE1", plus(96), nil},
	{"Standard_D%dlds_v5", "standardDLDSv5Family", 2, 37, "paeE1", plus(96), nil},
	{"Standard_D%dls_v5", "standardDLSv5Family", 2, 0, "pa1", plus(96), nil},
	{"Standard_D%dps_v5", "standardDPSv5Family", 4, 0, "par", general, nil},
	{"Standard_D%dpds_v5", "standardDPDSv5Family", 4, 37, "paeEr", general, nil},
	{"Standard_D%dps_v6", "standardDpsv6Family", 4, 0, "par", plus(96), nil},
	{"Standard_D%ds_v6", "standardDsv6Family", 4, 0, "pa", plus(96, 128), nil},
	{"Standard_D%dds_v6", "standardDdsv6Family", 4, 55, "paeE", plus(96, 128), nil},
	{"Standard_D%das_v6", "standardDav6Family", 4, 0, "pa", plus(96), nil},
	{"Standard_E%ds_v3", "standardESv3Family", 8, 16, "pae1", general, nil},
	{"Standard_E%ds_v4", "standardESv4Family", 8, 0, "pa1", general, nil},
	{"Standard_E%ds_v5", "standardESv5Family", 8, 0, "pa1", plus(96), nil},
	{"Standard_E%dds_v5", "standardEDSv5Family", 8, 37, "paeE1", plus(96), nil},
	{"Standard_E%das_v5", "standardEASv5Family", 8, 0, "pa1", plus(96), nil},
	{"Standard_E%dps_v5", "standardEPSv5Family", 8, 0, "par", []int64{2, 4, 8, 16, 20, 32}, nil},
	{"Standard_F%ds_v2", "standardFSv2Family", 2, 8, "pae1", plus(72), nil},
	{"Standard_F%das_v6", "standardFasv6Family", 4, 0, "pa", general, nil},
	{"Standard_B%dms", "standardBSFamily", 4, 8, "p1", []int64{2, 4, 8, 12, 16, 20}, nil},
	{"Standard_B%ds", "standardBSFamily", 2, 4, "p1", []int64{2}, nil},
	{"Standard_B%ds_v2", "standardBsv2Family", 4, 0, "pa", []int64{2, 4, 8, 16, 32}, nil},
	{"Standard_B%dps_v2", "standardBpsv2Family", 4, 0, "par", []int64{2, 4, 8, 16}, nil},
	{"Standard_NC%ds_v3", "standardNCSv3Family", 112.0 / 6, 122, "p1", []int64{6, 12, 24}, nil},
	{"Standard_NC%das_T4_v3", "standardNCASv3_T4Family", 7, 45, "paeE", []int64{4, 8, 16, 64}, nil},
	{"Standard_NC%dads_A100_v4", "StandardNCADSA100v4Family", 220.0 / 24, 3, "paeE", []int64{24, 48, 96}, nil},
	{"Standard_ND%dasr_v4", "standardNDASv4_A100Family", 900.0 / 96, 62, "paeE", []int64{96}, nil},
	{"Standard_L%ds_v3", "standardLSv3Family", 8, 10, "paeE1", []int64{8, 16, 32, 48, 64, 80}, nil},
}

// What breaks the rules of the rows.
var (
	memoryOf = map[string]float64{
		"Standard_DS15_v2": 140, "Standard_E64s_v3": 432, "Standard_E64s_v4": 504, "Standard_E96s_v5": 672, "Standard_E96ds_v5": 672, "Standard_E96as_v5": 672, "Standard_E32ps_v5": 208, "Standard_D64ps_v5": 208,
		"Standard_D64pds_v5": 208, "Standard_D48ps_v5": 192, "Standard_D48pds_v5": 192, "Standard_NC64as_T4_v3": 440, "Standard_NC16as_T4_v3": 110, "Standard_NC8as_T4_v3": 56, "Standard_NC4as_T4_v3": 28,
	}
	gpusOf = map[string]int64{
		"Standard_NC6s_v3": 1, "Standard_NC12s_v3": 2, "Standard_NC24s_v3": 4, "Standard_NC4as_T4_v3": 1, "Standard_NC8as_T4_v3": 1, "Standard_NC16as_T4_v3": 1, "Standard_NC64as_T4_v3": 4,
		"Standard_NC24ads_A100_v4": 1, "Standard_NC48ads_A100_v4": 2, "Standard_NC96ads_A100_v4": 4, "Standard_ND96asr_v4": 8,
	}
	disksOf = map[string]int64{"Standard_DS1_v2": 4, "Standard_DS2_v2": 8, "Standard_DS3_v2": 16, "Standard_DS4_v2": 32, "Standard_DS5_v2": 64, "Standard_NC6s_v3": 12, "Standard_NC12s_v3": 24, "Standard_NC24s_v3": 32}
)

func defaultSizes() []VMSize {
	var out []VMSize
	for _, f := range families {
		for i, n := range f.sizes {
			s := VMSize{Name: fmt.Sprintf(f.pattern, n), VCPUs: n, Family: f.quota, Generation1: strings.Contains(f.traits, "1")}
			if f.vcpus != nil {
				s.VCPUs = f.vcpus[i]
			}
			s.MemoryGB, s.TempDiskGB, s.GPUs, s.DataDisks = float64(s.VCPUs)*f.perVCPU, s.VCPUs*f.temp, gpusOf[s.Name], min(2*s.VCPUs, 32)
			if m, ok := memoryOf[s.Name]; ok {
				s.MemoryGB = m
			}
			if d, ok := disksOf[s.Name]; ok {
				s.DataDisks = d
			}
			s.PremiumIO, s.Accelerated, s.Arm64 = strings.Contains(f.traits, "p"), strings.Contains(f.traits, "a") && s.VCPUs > 1, strings.Contains(f.traits, "r")
			s.LocalOS, s.Ephemeral = strings.Contains(f.traits, "e"), strings.Contains(f.traits, "E")
			out = append(out, s)
		}
	}
	return out
}

// Size finds a VM size; names compare without case.
func (w *World) Size(name string) (VMSize, bool) {
	at := slices.IndexFunc(w.VMSizes, func(s VMSize) bool { return strings.EqualFold(s.Name, name) })
	if at < 0 {
		return VMSize{}, false
	}
	return w.VMSizes[at], true
}

// Restricted reports whether a size is unavailable: everywhere in the location, or in some of its zones only.
func (w *World) Restricted(subscription, location, size string) (everywhere bool, zones []string) {
	for _, r := range w.Restrictions {
		if !strings.EqualFold(r.Size, size) || r.Subscription != "" && !strings.EqualFold(r.Subscription, subscription) || r.Location != "" && !strings.EqualFold(r.Location, location) {
			continue
		}
		if len(r.Zones) == 0 {
			return true, nil
		}
		zones = append(zones, r.Zones...)
	}
	return false, zones
}

// zoneless are the regions without availability zones.
var zoneless = []string{"northcentralus", "westcentralus", "westus"}

// Zones are the availability zones of a location.
func Zones(location string) []string {
	if slices.Contains(zoneless, location) {
		return []string{}
	}
	return []string{"1", "2", "3"}
}
