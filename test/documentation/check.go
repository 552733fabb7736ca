package documented

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// Checker asks one API server what it thinks of manifests.
type Checker struct {
	client   dynamic.Interface
	mapper   meta.RESTMapper
	layer    Layer
	warnings *warnings
}

// NewChecker makes a Checker for an API server, of which layer says what runs there.
func NewChecker(config *rest.Config, layer Layer) (*Checker, error) {
	c := &Checker{layer: layer, warnings: &warnings{}}
	config = rest.CopyConfig(config)
	config.WarningHandler = c.warnings
	var err error
	if c.client, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	groups, err := restmapper.GetAPIGroupResources(kinds)
	if err != nil {
		return nil, err
	}
	c.mapper = restmapper.NewDiscoveryRESTMapper(groups)
	return c, nil
}

// Check sends every object of a manifest as a dry run and compares with the verdicts, one per object in the manifest's order.
func (c *Checker) Check(ctx context.Context, manifest []byte, verdicts []Verdict) error {
	objects, err := Objects(manifest)
	if err != nil {
		return err
	}
	if len(objects) != len(verdicts) {
		return fmt.Errorf("%d objects, but %d verdicts", len(objects), len(verdicts))
	}
	var failures []error
	for i, object := range objects {
		if err := c.checkObject(ctx, object, verdicts[i]); err != nil {
			failures = append(failures, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
	return errors.Join(failures...)
}

func (c *Checker) checkObject(ctx context.Context, object *unstructured.Unstructured, want Verdict) error {
	if object.GetKind() != want.Kind || object.GetName() != want.Name {
		return fmt.Errorf("expected %s %s here", want.Kind, want.Name)
	}
	if want.By > c.layer {
		if len(want.Refused) > 0 {
			return nil // who would refuse it does not run here
		}
		want.Warned = nil
	}
	err := c.dryRun(ctx, object)
	if len(want.Refused) == 0 && err != nil {
		return fmt.Errorf("should be accepted: %w", err)
	}
	if len(want.Refused) > 0 {
		if err == nil {
			return fmt.Errorf("was accepted, but should be refused with %q", want.Refused)
		}
		if missing := missing(err.Error(), want.Refused); len(missing) > 0 {
			return fmt.Errorf("the refusal does not name %q: %w", missing, err)
		}
	}
	text := c.warnings.take()
	if missing := missing(text, want.Warned); len(missing) > 0 {
		return fmt.Errorf("no warning names %q; warnings are:\n%s", missing, text)
	}
	return nil
}

// dryRun creates the object without storing it, with the strict field validation kubectl asks for. Namespaces the manifests bring along
// do not exist then, so everything goes to the default one.
func (c *Checker) dryRun(ctx context.Context, object *unstructured.Unstructured) error {
	c.warnings.take()
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var target dynamic.ResourceInterface = c.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		object.SetNamespace(metav1.NamespaceDefault)
		target = c.client.Resource(mapping.Resource).Namespace(metav1.NamespaceDefault)
	}
	_, err = target.Create(ctx, object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
	return err
}

// Objects reads all objects of a manifest.
func Objects(manifest []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

func missing(text string, parts []string) []string {
	var out []string
	for _, part := range parts {
		if !strings.Contains(text, part) {
			out = append(out, part)
		}
	}
	return out
}

// warnings collects what the API server says beside its answer.
type warnings struct {
	mu   sync.Mutex
	text []string
}

// HandleWarningHeader implements rest.WarningHandler.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
}

func (w *warnings) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := strings.Join(w.text, "\n")
	w.text = nil
	return text
}
