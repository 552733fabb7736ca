package sandbox

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const componentsYAML = `
# a comment alone is no document
---
apiVersion: v1
kind: Service
metadata: {name: webhook-service, namespace: system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: manager-role}
---
apiVersion: v1
kind: Namespace
metadata: {name: system}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.com
  annotations: {cert-manager.io/inject-ca-from: system/serving-cert, kept: "yes"}
spec:
  conversion:
    strategy: Webhook
    webhook:
      conversionReviewVersions: [v1]
      clientConfig:
        service: {name: webhook-service, namespace: system, path: /convert}
---
apiVersion: v1
kind: List
items:
- apiVersion: admissionregistration.k8s.io/v1
  kind: ValidatingWebhookConfiguration
  metadata: {name: validating}
  webhooks:
  - name: one.example.com
    clientConfig:
      caBundle: Cg==
      service: {name: webhook-service, namespace: system, path: /validate-one}
  - name: two.example.com
    clientConfig:
      service: {name: webhook-service, namespace: system, path: /validate-two, port: 443}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: controller-manager}
- apiVersion: cert-manager.io/v1
  kind: Certificate
  metadata: {name: serving-cert}
`

func TestComponentsArePointedAtThisMachine(t *testing.T) {
	objects, err := parse([]byte(componentsYAML))
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{}
	if err := b.sortInto(objects, endpoint{url: "https://127.0.0.1:20001", ca: []byte("authority")}); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for name, list := range map[string][]*unstructured.Unstructured{"crds": b.crds, "others": b.others, "webhooks": b.webhooks} {
		for _, object := range list {
			raw, err := yaml.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			got[name] = append(got[name], string(raw))
		}
	}
	ca := base64.StdEncoding.EncodeToString([]byte("authority"))
	want := map[string][]string{
		"others": {
			"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: system\n",
			"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: manager-role\n",
		},
		"crds": {`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    kept: "yes"
  name: things.example.com
spec:
  conversion:
    strategy: Webhook
    webhook:
      clientConfig:
        caBundle: ` + ca + `
        url: https://127.0.0.1:20001/convert
      conversionReviewVersions:
      - v1
`},
		"webhooks": {`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: validating
webhooks:
- clientConfig:
    caBundle: ` + ca + `
    url: https://127.0.0.1:20001/validate-one
  name: one.example.com
- clientConfig:
    caBundle: ` + ca + `
    url: https://127.0.0.1:20001/validate-two
  name: two.example.com
`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseNamesTheDocument(t *testing.T) {
	_, err := parse([]byte("kind: A\n---\nkind: [\n"))
	if err == nil || !strings.Contains(err.Error(), "document 2") {
		t.Errorf("parse of a broken second document: %v", err)
	}
}

func TestProviderBundle(t *testing.T) {
	manifest := func(kind, name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("apiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\n")}
	}
	b, err := providerBundle(fstest.MapFS{
		"crd/bases/b.yaml":           manifest("CustomResourceDefinition", "b"),
		"crd/bases/a.yaml":           manifest("CustomResourceDefinition", "a"),
		"crd/kustomization.yaml":     manifest("Kustomization", "not-here"),
		"webhook/manifests.yaml":     manifest("MutatingWebhookConfiguration", "w"),
		"webhook/service.yaml":       manifest("Service", "s"),
		"webhook/kustomization.yaml": {Data: []byte("resources: [manifests.yaml]\n")},
		"rbac/role.yaml":             manifest("ClusterRole", "r"),
		"manager/manager.yaml":       manifest("ConfigMap", "not-here"),
	}, endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{"crds": names(b.crds), "others": names(b.others), "webhooks": names(b.webhooks)}
	want := map[string][]string{"crds": {"a", "b"}, "others": {"r"}, "webhooks": {"w"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b, err := providerBundle(fstest.MapFS{}, endpoint{}); err != nil || len(b.crds)+len(b.others)+len(b.webhooks) > 0 {
		t.Errorf("a provider without manifests: %v, %v", b, err)
	}
}

func names(objects []*unstructured.Unstructured) []string {
	var out []string
	for _, object := range objects {
		out = append(out, object.GetName())
	}
	return out
}

func TestComponentsOfARelease(t *testing.T) {
	s := &Sandbox{authority: &authority{pem: []byte("ca")}, state: &State{Ports: map[string]int{portManagerWebhook: 4711}}}
	out, err := s.Components(Manager, []byte(componentsYAML+"---\nkind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: ${REPLICAS:=2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	if strings.Contains(text, "name: webhook-service\n      ") || strings.Count(text, "https://127.0.0.1:4711/") != 3 {
		t.Errorf("not all webhooks point at the process:\n%s", text)
	}
	// clusterctl fills in variables later, and needs what was not rewritten.
	for _, part := range []string{"replicas: ${REPLICAS:=2}", "kind: Deployment", "kind: Certificate", "cert-manager.io/inject-ca-from: system/serving-cert"} {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks %q:\n%s", part, text)
		}
	}
	if _, err := s.Components(Etcd, nil); err == nil || !strings.Contains(err.Error(), `"etcd"`) {
		t.Errorf("components of etcd: %v", err)
	}
}
