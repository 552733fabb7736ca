package gitops

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// ours is the manager's name in managedFields.
const ours = "manager"

// written are the fields outside of the status that the manager writes, by kind; docs/gitops.md explains each. A pattern ends
// in a star where a name is in it.
var written = map[string][]string{
	"AzureManagedControlPlane": {
		"metadata.annotations.infrastructure.cluster.x-k8s.io/*", "metadata.finalizers*", "metadata.ownerReferences*",
		"spec.controlPlaneEndpoint*",
	},
	"AzureManagedCluster": {"metadata.finalizers*", "metadata.ownerReferences*", "spec.controlPlaneEndpoint*"},
	"AzureManagedMachinePool": {
		"metadata.annotations.infrastructure.cluster.x-k8s.io/*", "metadata.finalizers*", "metadata.ownerReferences*",
		"spec.providerIDList",
	},
	"AzureClusterIdentity": {"metadata.finalizers*"},
	"MachinePool":          {"metadata.annotations.cluster.x-k8s.io/replicas-managed-by", "spec.replicas"},
	"Cluster":              nil,
	"Secret":               {"metadata.labels*", "metadata.ownerReferences*"},
	"Namespace":            nil,
}

// oursOnly: managedFields has nothing under the manager's name that is not listed.
func (s *source) oursOnly(t *testing.T, p *sandboxtest.Plane) {
	t.Helper()
	for key, o := range s.live(t, p) {
		kind, _, _ := strings.Cut(key, " ")
		for _, path := range ownedBy(o, ours) {
			if !slices.ContainsFunc(written[kind], func(pattern string) bool { return matches(pattern, path) }) {
				t.Errorf("%s: the manager owns %s", key, path)
			}
		}
	}
}

func matches(pattern, path string) bool {
	start, star := strings.CutSuffix(pattern, "*")
	return path == pattern || star && strings.HasPrefix(path, start)
}

// ownedBy are the leaves of what a manager owns outside of the status.
func ownedBy(o object, manager string) []string {
	found := map[string]bool{}
	entries, _ := at(o, "metadata", "managedFields").([]any)
	for _, entry := range entries {
		if textAt(entry, "manager") != manager || textAt(entry, "subresource") == "status" {
			continue
		}
		fields, _ := at(entry, "fieldsV1").(object)
		for _, path := range leaves("", fields) {
			found[path] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func leaves(path string, fields object) (out []string) {
	for name, below := range fields {
		here := path
		switch step, isField := strings.CutPrefix(name, "f:"); {
		case isField:
			here = strings.TrimPrefix(path+"."+step, ".")
		case name != ".":
			here = path + "[" + name + "]"
		}
		if members, _ := below.(object); len(members) > 0 {
			out = append(out, leaves(here, members)...)
		} else if name != "." {
			out = append(out, here)
		}
	}
	return out
}
