package sandbox

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// parse reads every object of a YAML stream. Documents without content are skipped, lists are opened.
func parse(raw []byte) ([]*unstructured.Unstructured, error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
	var objects []*unstructured.Unstructured
	for n := 1; ; n++ {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(doc, &object.Object); err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		if len(object.Object) == 0 {
			continue
		}
		if !object.IsList() {
			objects = append(objects, object)
			continue
		}
		if err := object.EachListItem(func(item runtime.Object) error {
			objects = append(objects, item.(*unstructured.Unstructured))
			return nil
		}); err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
	}
}

// endpoint is where the webhooks of one manager listen, and what signed its certificate.
type endpoint struct {
	url string // https://127.0.0.1:<port>
	ca  []byte
}

// pointAt rewrites every webhook of an object, conversion included, from a Service, of which there are none without kubelets, to the
// process that listens on this machine.
func pointAt(object *unstructured.Unstructured, to endpoint) error {
	switch object.GetKind() {
	case "CustomResourceDefinition":
		config, found, err := unstructured.NestedMap(object.Object, "spec", "conversion", "webhook", "clientConfig")
		if err != nil || !found {
			return err
		}
		return unstructured.SetNestedMap(object.Object, to.clientConfig(config), "spec", "conversion", "webhook", "clientConfig")
	case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
		webhooks, _, err := unstructured.NestedSlice(object.Object, "webhooks")
		if err != nil {
			return err
		}
		for i := range webhooks {
			webhook, ok := webhooks[i].(map[string]any)
			if !ok {
				return fmt.Errorf("%s %s: webhooks[%d] is not an object", object.GetKind(), object.GetName(), i)
			}
			config, _, err := unstructured.NestedMap(webhook, "clientConfig")
			if err != nil {
				return err
			}
			webhook["clientConfig"] = to.clientConfig(config)
		}
		return unstructured.SetNestedSlice(object.Object, webhooks, "webhooks")
	}
	return nil
}

func (e endpoint) clientConfig(old map[string]any) map[string]any {
	path, _, _ := unstructured.NestedString(old, "service", "path")
	return map[string]any{"url": e.url + path, "caBundle": base64.StdEncoding.EncodeToString(e.ca)}
}

// bundle is what a manager needs in the API server, in the order in which it is installed.
type bundle struct {
	crds, others, webhooks []*unstructured.Unstructured
}

// sortInto sorts the objects of a components file: what needs pods or cert-manager is dropped, since there are neither.
func (b *bundle) sortInto(objects []*unstructured.Unstructured, to endpoint) error {
	for _, object := range objects {
		annotations := object.GetAnnotations()
		delete(annotations, "cert-manager.io/inject-ca-from")
		object.SetAnnotations(annotations)
		if err := pointAt(object, to); err != nil {
			return err
		}
		switch object.GetKind() {
		case "CustomResourceDefinition":
			b.crds = append(b.crds, object)
		case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
			b.webhooks = append(b.webhooks, object)
		case "Namespace":
			b.others = append([]*unstructured.Unstructured{object}, b.others...)
		case "Deployment", "Service", "Certificate", "Issuer":
		default:
			b.others = append(b.others, object)
		}
	}
	return nil
}

// clusterAPIBundle reads what kustomize built from Cluster API: the components of the core provider and the bootstrap provider's CRDs.
func clusterAPIBundle(to endpoint, files ...string) (*bundle, error) {
	b := &bundle{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := b.sortInto(objects, to); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// providerBundle reads the provider's own manifests from its config tree: generated CRDs, RBAC and webhooks. A tree without one of
// them is fine.
func providerBundle(config fs.FS, to endpoint) (*bundle, error) {
	b := &bundle{}
	for _, dir := range []string{"crd/bases", "rbac", "webhook"} {
		entries, err := fs.ReadDir(config, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
		for _, entry := range entries {
			if entry.IsDir() || !strings.HasSuffix(entry.Name(), ".yaml") || strings.HasPrefix(entry.Name(), "kustom") {
				continue
			}
			raw, err := fs.ReadFile(config, path.Join(dir, entry.Name()))
			if err != nil {
				return nil, err
			}
			objects, err := parse(raw)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path.Join(dir, entry.Name()), err)
			}
			if err := b.sortInto(objects, to); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}
