package clusterctl

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// contract is the one that metadata and CRDs must agree on.
const contract = "v1beta2"

// clusterScoped are kinds that clusterctl knows to live in no namespace, of those a provider may have; it puts every other kind into one.
var clusterScoped = []string{"Namespace", "ClusterRole", "ClusterRoleBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "CustomResourceDefinition", "PriorityClass"}

// namespaced are kinds that do live in one.
var namespaced = []string{"Deployment", "Service", "ServiceAccount", "Role", "RoleBinding", "Certificate", "Issuer", "ConfigMap", "PodDisruptionBudget", "NetworkPolicy"}

// TestRelease: what is in a release, and that it is the same whoever makes it where.
func TestRelease(t *testing.T) {
	t.Parallel()
	first := filepath.Join(released(t), "infrastructure-azure", version)
	t.Run("files", func(t *testing.T) {
		have := names(t, first)
		for _, file := range []string{componentsFile, "metadata.yaml", "cluster-template-aks.yaml", "cluster-template-aks-multi-tenancy.yaml", "cluster-template-aks-aad.yaml"} {
			if !slices.Contains(have, file) {
				t.Errorf("%s is not in the release, which has %q", file, have)
			}
		}
	})
	t.Run("reproducible", func(t *testing.T) {
		again := t.TempDir()
		if err := makeRelease(again, version); err != nil {
			t.Fatal(err)
		}
		second := filepath.Join(again, "release", "infrastructure-azure", version)
		if have, want := names(t, second), names(t, first); !slices.Equal(have, want) {
			t.Fatalf("files %q, and before %q", have, want)
		}
		for _, file := range names(t, first) {
			if read(t, filepath.Join(first, file)) != read(t, filepath.Join(second, file)) {
				t.Errorf("%s differs the second time", file)
			}
		}
	})
	t.Run("components", func(t *testing.T) { checkComponents(t, objects(t, read(t, filepath.Join(first, componentsFile)))) })
	t.Run("metadata", func(t *testing.T) { checkMetadata(t, read(t, filepath.Join(first, "metadata.yaml"))) })
	t.Run("clusterctl.yaml", func(t *testing.T) {
		config := object{}
		if err := yaml.Unmarshal([]byte(read(t, filepath.Join(released(t), "clusterctl.yaml"))), &config); err != nil {
			t.Fatal(err)
		}
		providers, _ := config["providers"].([]any)
		if len(providers) != 1 || at(providers[0], "name") != "azure" || at(providers[0], "type") != "InfrastructureProvider" {
			t.Fatalf("it redirects %v, not the infrastructure provider azure", providers)
		}
		if file := at(providers[0], "url"); !filepath.IsAbs(file) || file != filepath.Join(first, componentsFile) {
			t.Errorf("it points at %s", file)
		}
	})
}

func checkComponents(t *testing.T, all []object) {
	kinds := map[string]int{}
	for _, o := range all {
		kind, name := at(o, "kind"), at(o, "metadata", "name")
		kinds[kind]++
		if !slices.Contains(clusterScoped, kind) && !slices.Contains(namespaced, kind) {
			t.Errorf("%s %s: clusterctl would put it into a namespace, and nobody said that it lives in one", kind, name)
		}
		if at(o, "metadata", "labels", "cluster.x-k8s.io/provider") != "infrastructure-azure" {
			t.Errorf("%s %s lacks the label of its provider", kind, name)
		}
		switch kind {
		case "CustomResourceDefinition":
			checkCRD(t, o)
		case "Deployment":
			checkDeployment(t, o)
		}
	}
	if kinds["Namespace"] != 1 || kinds["Deployment"] != 1 || kinds["CustomResourceDefinition"] != 7 {
		t.Errorf("%d Namespaces, %d Deployments and %d CRDs, want 1, 1 and 7", kinds["Namespace"], kinds["Deployment"], kinds["CustomResourceDefinition"])
	}
}

func checkCRD(t *testing.T, crd object) {
	name := at(crd, "metadata", "name")
	if want := strings.ToLower(at(crd, "spec", "names", "kind")); name != want+"s.infrastructure.cluster.x-k8s.io" && name != strings.TrimSuffix(want, "y")+"ies.infrastructure.cluster.x-k8s.io" {
		t.Errorf("CRD %s is not named as Cluster API computes it", name)
	}
	if at(crd, "metadata", "labels", "cluster.x-k8s.io/"+contract) == "" {
		t.Errorf("CRD %s has no label that says which of its versions is of contract %s", name, contract)
	}
}

// canonical is an image as clusterctl wants it.
var canonical = regexp.MustCompile(`^[a-z0-9.:-]+(/[a-z0-9._-]+)+:[\w.-]+$`)

func checkDeployment(t *testing.T, deployment object) {
	containers, _ := sandboxtest.At(deployment, "spec", "template", "spec", "containers").([]any)
	if len(containers) != 1 || at(containers[0], "name") != "manager" {
		t.Fatalf("its containers are not one called manager: %v", containers)
	}
	if image := at(containers[0], "image"); !canonical.MatchString(image) || !strings.HasSuffix(image, ":"+version) {
		t.Errorf("image %q is not host/path/name:%s", image, version)
	}
}

func checkMetadata(t *testing.T, text string) {
	var metadata struct {
		APIVersion, Kind string
		ReleaseSeries    []struct {
			Major, Minor int
			Contract     string
		}
	}
	if err := yaml.Unmarshal([]byte(text), &metadata); err != nil {
		t.Fatal(err)
	}
	if metadata.APIVersion != "clusterctl.cluster.x-k8s.io/v1alpha3" || metadata.Kind != "Metadata" {
		t.Errorf("it is a %s %s", metadata.APIVersion, metadata.Kind)
	}
	found := false
	for _, series := range metadata.ReleaseSeries {
		if series.Major == 2 && series.Minor == 0 {
			found = series.Contract == contract
		}
	}
	if !found {
		t.Errorf("the series of %s is not there with the contract %s that the CRDs have", version, contract)
	}
}

func at(value any, path ...string) string { return sandboxtest.TextAt(value, path...) }

func names(t testing.TB, dir string) (out []string) {
	t.Helper()
	entries, err := fs.ReadDir(os.DirFS(dir), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		out = append(out, entry.Name())
	}
	return out
}

// objects are all of a YAML stream.
func objects(t testing.TB, text string) (all []object) {
	t.Helper()
	reader := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader([]byte(text))))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := yaml.Unmarshal(document, &o); err != nil {
			t.Fatal(err)
		}
		if len(o) > 0 {
			all = append(all, o)
		}
	}
}
