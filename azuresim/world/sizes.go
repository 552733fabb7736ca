package world

import (
	"fmt"
	"slices"
	"strings"
)

// VMSize is an offered machine size.
type VMSize struct {
	Name      string `json:"name"`
	VCPUs     int64  `json:"vCPUs"`
	MemoryGB  int64  `json:"memoryGB"`
	Family    string `json:"family"`
	Ephemeral bool   `json:"ephemeralOS,omitempty"` // the local disk is big enough for an ephemeral OS disk
}

// family is one row of sizes that differ only in their number of vCPUs.
type family struct {
	pattern   string // %d is the number in the name
	quota     string
	perVCPU   int64 // GiB of memory
	sizes     []int64
	vcpus     []int64 // when they differ from the number in the name
	ephemeral bool
}

func defaultSizes() []VMSize {
	general := []int64{2, 4, 8, 16, 32, 48, 64}
	families := []family{
		{"Standard_DS%d_v2", "standardDSv2Family", 3, []int64{1, 2, 3, 4, 5}, []int64{1, 2, 4, 8, 16}, false},
		{"Standard_D%d_v2", "standardDv2Family", 3, []int64{1, 2, 3, 4, 5}, []int64{1, 2, 4, 8, 16}, false},
		{"Standard_D%ds_v3", "standardDSv3Family", 4, general, nil, false},
		{"Standard_D%d_v3", "standardDv3Family", 4, general, nil, false},
		{"Standard_D%ds_v4", "standardDSv4Family", 4, general, nil, false},
		{"Standard_D%d_v4", "standardDv4Family", 4, general, nil, false},
		{"Standard_D%dds_v4", "standardDDSv4Family", 4, general, nil, true},
		{"Standard_D%ds_v5", "standardDSv5Family", 4, append(general, 96), nil, false},
		{"Standard_D%d_v5", "standardDv5Family", 4, append(general, 96), nil, false},
		{"Standard_D%dds_v5", "standardDDSv5Family", 4, append(general, 96), nil, true},
		{"Standard_D%das_v4", "standardDASv4Family", 4, append(general, 96), nil, false},
		{"Standard_D%das_v5", "standardDASv5Family", 4, append(general, 96), nil, false},
		{"Standard_D%dads_v5", "standardDADSv5Family", 4, append(general, 96), nil, true},
		{"Standard_D%dps_v5", "standardDPSv5Family", 4, general, nil, false},
		{"Standard_D%ds_v6", "standardDsv6Family", 4, append(general, 96, 128), nil, false},
		{"Standard_D%dds_v6", "standardDdsv6Family", 4, append(general, 96, 128), nil, true},
		{"Standard_E%ds_v3", "standardESv3Family", 8, general, nil, false},
		{"Standard_E%ds_v4", "standardESv4Family", 8, general, nil, false},
		{"Standard_E%ds_v5", "standardESv5Family", 8, append(general, 96), nil, false},
		{"Standard_E%dds_v5", "standardEDSv5Family", 8, append(general, 96), nil, true},
		{"Standard_F%ds_v2", "standardFSv2Family", 2, append(general, 72), nil, false},
		{"Standard_B%dms", "standardBSFamily", 4, []int64{2, 4, 8, 12, 16, 20}, nil, false},
		{"Standard_B%ds", "standardBSFamily", 2, []int64{2, 4}, nil, false},
		{"Standard_NC%ds_v3", "standardNCSv3Family", 18, []int64{6, 12, 24}, nil, false},
		{"Standard_NC%dads_A100_v4", "StandardNCADSA100v4Family", 9, []int64{24, 48, 96}, nil, true},
		{"Standard_ND%dasr_v4", "standardNDASv4_A100Family", 9, []int64{96}, nil, true},
		{"Standard_L%ds_v3", "standardLSv3Family", 8, []int64{8, 16, 32, 48, 64, 80}, nil, true},
	}
	var out []VMSize
	for _, f := range families {
		for i, n := range f.sizes {
			cpus := n
			if f.vcpus != nil {
				cpus = f.vcpus[i]
			}
			out = append(out, VMSize{Name: fmt.Sprintf(f.pattern, n), VCPUs: cpus, MemoryGB: cpus * f.perVCPU, Family: f.quota, Ephemeral: f.ephemeral})
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
