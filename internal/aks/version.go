package aks

import (
	"strconv"
	"strings"

	"github.com/blang/semver/v4"
)

// compareVersions orders Kubernetes versions, with or without a leading v. A minor alias ("1.33") stands for
// any patch of that minor: it equals every one of them, as AKS treats it on an existing cluster.
func compareVersions(a, b string) int {
	va, aliasA, errA := parseVersion(a)
	vb, aliasB, errB := parseVersion(b)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	if (aliasA || aliasB) && va.Major == vb.Major && va.Minor == vb.Minor {
		return 0
	}
	return va.Compare(vb)
}

// parseVersion reads a Kubernetes version; the second result tells whether it is a minor alias.
func parseVersion(s string) (semver.Version, bool, error) {
	s = strings.TrimPrefix(s, "v")
	if strings.Count(s, ".") == 1 {
		v, err := semver.Parse(s + ".0")
		return v, true, err
	}
	v, err := semver.Parse(s)
	return v, false, err
}

// MinorSkew is how many minor versions pool lags behind control; negative when it is ahead.
func MinorSkew(control, pool string) (int, error) {
	vc, _, err := parseVersion(control)
	if err != nil {
		return 0, err
	}
	vp, _, err := parseVersion(pool)
	if err != nil {
		return 0, err
	}
	// Majors never differ in practice; a step of one major counts as far away.
	return int(int64(vc.Major)-int64(vp.Major))*100 + int(int64(vc.Minor)-int64(vp.Minor)), nil
}

// CompareVersions orders Kubernetes versions as AKS does; see compareVersions for minor aliases.
func CompareVersions(a, b string) int { return compareVersions(a, b) }

// ReportedVersion is a version as Azure reports it, with the leading v of Cluster API; empty stays empty.
func ReportedVersion(version string) string {
	if version == "" {
		return ""
	}
	if _, err := strconv.Atoi(version[:1]); err != nil {
		return version
	}
	return "v" + version
}
