package docs

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	clusterv1beta1 "sigs.k8s.io/cluster-api/api/core/v1beta1" //nolint:staticcheck // served still, and what the documentation's manifests are written in
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1alpha4"
	"github.com/capaks/capaks/api/v1beta1"
)

// types of what pages and examples show. Everything else, of Kubernetes or of a GitOps tool, need only be YAML.
var types = map[schema.GroupVersionKind]func() any{
	clusterv1beta1.GroupVersion.WithKind("Cluster"):      func() any { return &clusterv1beta1.Cluster{} },
	clusterv1beta1.GroupVersion.WithKind("MachinePool"):  func() any { return &clusterv1beta1.MachinePool{} },
	clusterv1beta1.GroupVersion.WithKind("ClusterClass"): func() any { return &clusterv1beta1.ClusterClass{} },
	clusterv1.GroupVersion.WithKind("Cluster"):           func() any { return &clusterv1.Cluster{} },
	clusterv1.GroupVersion.WithKind("MachinePool"):       func() any { return &clusterv1.MachinePool{} },
	clusterv1.GroupVersion.WithKind("ClusterClass"):      func() any { return &clusterv1.ClusterClass{} },

	v1beta1.GroupVersion.WithKind("AzureManagedControlPlane"):         func() any { return &v1beta1.AzureManagedControlPlane{} },
	v1beta1.GroupVersion.WithKind("AzureManagedCluster"):              func() any { return &v1beta1.AzureManagedCluster{} },
	v1beta1.GroupVersion.WithKind("AzureManagedMachinePool"):          func() any { return &v1beta1.AzureManagedMachinePool{} },
	v1beta1.GroupVersion.WithKind("AzureManagedControlPlaneTemplate"): func() any { return &v1beta1.AzureManagedControlPlaneTemplate{} },
	v1beta1.GroupVersion.WithKind("AzureManagedClusterTemplate"):      func() any { return &v1beta1.AzureManagedClusterTemplate{} },
	v1beta1.GroupVersion.WithKind("AzureManagedMachinePoolTemplate"):  func() any { return &v1beta1.AzureManagedMachinePoolTemplate{} },
	v1beta1.GroupVersion.WithKind("AzureClusterIdentity"):             func() any { return &v1beta1.AzureClusterIdentity{} },

	v1alpha4.GroupVersion.WithKind("AzureManagedControlPlane"): func() any { return &v1alpha4.AzureManagedControlPlane{} },
	v1alpha4.GroupVersion.WithKind("AzureManagedCluster"):      func() any { return &v1alpha4.AzureManagedCluster{} },
	v1alpha4.GroupVersion.WithKind("AzureManagedMachinePool"):  func() any { return &v1alpha4.AzureManagedMachinePool{} },
}

// TestManifests: every block of YAML on a page, and every file of examples/, is YAML; and what is of a kind of ours or of Cluster API has
// no field that the kind does not have. A block that is a fragment begins with "spec:" or lists the fields of a spec, and is taken as one.
func TestManifests(t *testing.T) {
	checked := 0
	for _, p := range pages(t) {
		for _, block := range blocks(p) {
			checked += check(t, p.path, block)
		}
	}
	err := filepath.WalkDir(filepath.Join(root, "examples"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".yaml") {
			relative, _ := filepath.Rel(root, path)
			checked += check(t, relative, contents(t, relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 50 {
		t.Errorf("only %d manifests were checked", checked)
	}
}

// blocks are the YAML blocks of a page: fenced ones that say so, and indented ones that begin like a manifest.
func blocks(p page) (out []string) {
	var block []string
	lang := ""
	flush := func() {
		text := strings.Join(block, "\n")
		if lang == "yaml" || lang == "" && looksLikeYAML.MatchString(text) {
			out = append(out, text)
		}
		block = nil
	}
	for _, l := range p.lines {
		if !l.code && (l.text != "" || len(block) == 0 || lang != "") {
			flush()
			lang = ""
			continue
		}
		if l.code {
			lang = l.lang
		}
		block = append(block, l.text)
	}
	flush()
	return out
}

var (
	looksLikeYAML = regexp.MustCompile(`^\s*(#.*\n\s*)*(apiVersion|kind|spec|metadata):`)
	separator     = regexp.MustCompile(`(?m)^---\n`)
)

func check(t *testing.T, where, text string) (checked int) {
	t.Helper()
	for _, document := range separator.Split(text, -1) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			t.Errorf("%s: %v in\n%s", where, err, document)
			continue
		}
		group, err := schema.ParseGroupVersion(head.APIVersion)
		if err != nil {
			t.Errorf("%s: %v", where, err)
		}
		into, known := types[group.WithKind(head.Kind)]
		if !known {
			if group.Group == "cluster.x-k8s.io" || group.Group == v1beta1.GroupVersion.Group {
				t.Errorf("%s: there is no kind %s in %s", where, head.Kind, head.APIVersion)
			}
			continue
		}
		checked++
		if err := yaml.UnmarshalStrict([]byte(document), into()); err != nil {
			t.Errorf("%s: %s: %v", where, head.Kind, err)
		}
	}
	return checked
}
