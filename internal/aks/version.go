package aks

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/blang/semver/v4"
)

// CompareVersions orders Kubernetes versions, with or without a leading v. A minor alias ("1.33") stands for
// any patch of that minor: it equals every one of them, as AKS treats it on an existing cluster.
func CompareVersions(a, b string) int {
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

// nextVersion is the version to ask for on the way from one version to another: AKS goes one minor version at a time. In
// between it is the minor alias, for which AKS takes the latest patch.
func nextVersion(current, want string) string {
	from, _, errFrom := parseVersion(current)
	to, _, errTo := parseVersion(want)
	if errFrom != nil || errTo != nil || from.Major != to.Major || to.Minor <= from.Minor+1 {
		return want
	}
	return fmt.Sprintf("%d.%d", from.Major, from.Minor+1)
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
