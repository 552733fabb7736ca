package world

import (
	"fmt"
	"slices"

	"github.com/blang/semver/v4"
)

// Version is an offered Kubernetes minor with its patches, oldest first.
type Version struct {
	Minor   string   `json:"minor"` // 1.34
	Patches []string `json:"patches"`
	Default bool     `json:"default,omitempty"`
	Preview bool     `json:"preview,omitempty"`
	// LTSOnly marks minors real AKS no longer offers to everybody: the documentation's old versions and the chain
	// from them to today. Listing them is an assumption of the emulator.
	LTSOnly bool `json:"ltsOnly,omitempty"`
}

// defaultVersions offers today's minors and an unbroken chain from the documentation's v1.19.6 and v1.21.2, so
// that every upgrade path can be walked.
func defaultVersions() []Version {
	patches := map[int][2]int{
		19: {6, 11}, 20: {7, 15}, 21: {2, 14}, 22: {6, 15}, 23: {8, 15}, 24: {10, 15}, 25: {11, 15}, 26: {10, 15}, 27: {9, 16},
		28: {9, 15}, 29: {9, 15}, 30: {9, 14}, 31: {8, 13}, 32: {6, 11}, 33: {4, 8}, 34: {1, 5}, 35: {1, 4}, 36: {0, 3},
	}
	var out []Version
	for minor := 19; minor <= 36; minor++ {
		p := patches[minor]
		name := fmt.Sprintf("1.%d", minor)
		out = append(out, Version{
			Minor:   name,
			Patches: []string{fmt.Sprintf("%s.%d", name, p[0]), fmt.Sprintf("%s.%d", name, p[1])},
			Default: minor == 34,
			LTSOnly: minor < 33,
		})
	}
	return out
}

// Resolve turns what a client wrote (1.34 or 1.34.1) into a full patch version; ok is false when not offered.
// An alias means the newest patch of the minor.
func (w *World) Resolve(version string) (patch string, ok bool) {
	for _, v := range w.Versions {
		if v.Minor == version && len(v.Patches) > 0 {
			return v.Patches[len(v.Patches)-1], true
		}
		if slices.Contains(v.Patches, version) {
			return version, true
		}
	}
	return "", false
}

// DefaultMinor is what a cluster gets that asks for no version.
func (w *World) DefaultMinor() string {
	for _, v := range w.Versions {
		if v.Default {
			return v.Minor
		}
	}
	return w.Versions[len(w.Versions)-1].Minor
}

// Upgrades lists the versions a patch can be upgraded to: later patches of its minor and all of the next minor.
func (w *World) Upgrades(from string) []string {
	cur, err := semver.Parse(from)
	if err != nil {
		return nil
	}
	var out []semver.Version
	for _, v := range w.Versions {
		for _, p := range v.Patches {
			n, err := semver.Parse(p)
			if err == nil && n.Major == cur.Major && n.GT(cur) && n.Minor <= cur.Minor+1 {
				out = append(out, n)
			}
		}
	}
	semver.Sort(out)
	names := make([]string, len(out))
	for i, v := range out {
		names[i] = v.String()
	}
	return names
}

// IsPreview reports whether a patch belongs to a minor in preview.
func (w *World) IsPreview(patch string) bool {
	for _, v := range w.Versions {
		if slices.Contains(v.Patches, patch) {
			return v.Preview
		}
	}
	return false
}
