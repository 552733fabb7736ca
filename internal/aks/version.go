package aks

import (
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

// isAlias tells whether a version names a minor version and no patch of it.
func isAlias(version string) bool {
	_, alias, err := parseVersion(version)
	return err == nil && alias
}

// minorOf is the minor number of a version, 0 for what is none.
func minorOf(version string) uint64 {
	v, _, err := parseVersion(version)
	if err != nil {
		return 0
	}
	return v.Minor
}

func sameMinor(a, b string) bool {
	va, _, errA := parseVersion(a)
	vb, _, errB := parseVersion(b)
	return errA == nil && errB == nil && va.Major == vb.Major && va.Minor == vb.Minor
}

// ListsVersion tells whether a version is one of a list; a minor version is if any patch of it is.
func ListsVersion(versions []string, version string) bool {
	for _, v := range versions {
		if CompareVersions(v, version) == 0 {
			return true
		}
	}
	return false
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
