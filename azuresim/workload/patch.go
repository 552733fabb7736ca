package workload

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/applyconfigurations"
	"sigs.k8s.io/yaml"
)

// patcher returns the function that applies a patch body to an object.
func patcher(k *kind, contentType string, body []byte) (func(object) (object, error), error) {
	media, _, _ := mime.ParseMediaType(contentType)
	switch types.PatchType(media) {
	case types.JSONPatchType:
		patch, err := jsonpatch.DecodePatch(body)
		if err != nil {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
		}
		return onJSON(k, func(doc []byte) ([]byte, error) { return patch.Apply(doc) }), nil
	case types.MergePatchType:
		return onJSON(k, func(doc []byte) ([]byte, error) { return jsonpatch.MergePatch(doc, body) }), nil
	case types.StrategicMergePatchType:
		if k.custom {
			break
		}
		typed, err := scheme.New(k.gvk)
		if err != nil {
			return nil, apierrors.NewInternalError(err)
		}
		return onJSON(k, func(doc []byte) ([]byte, error) { return strategicpatch.StrategicMergePatch(doc, body, typed) }), nil
	}
	return nil, unsupportedMedia(media, "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
}

func onJSON(k *kind, apply func([]byte) ([]byte, error)) func(object) (object, error) {
	return func(current object) (object, error) {
		doc, err := apply(encode(current))
		if err != nil {
			return nil, apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "patch", k.gr(), text(current, "metadata", "name"),
				fmt.Sprintf("the patch cannot be applied: %v", err), 0, true)
		}
		next := object{}
		if err := json.Unmarshal(doc, &next); err != nil {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("the patched object is not a JSON object: %v", err))
		}
		return next, nil
	}
}

// apply is server-side apply. Ownership is tracked between appliers only:
// plain updates do not take fields over, so they cause no conflicts later.
func (c *cluster) apply(k *kind, namespace, name, sub string, body []byte, o writeOptions) (raw []byte, created bool, err error) {
	intent, err := applyIntent(k, namespace, name, body, o)
	if err != nil {
		return nil, false, err
	}
	fields, err := fieldManager(k, sub)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	merge := func(current object) (object, error) {
		merged, err := fields.Apply(&unstructured.Unstructured{Object: current}, &unstructured.Unstructured{Object: intent}, o.manager, o.force)
		if err != nil {
			return nil, err
		}
		return runtime.DefaultUnstructuredConverter.ToUnstructured(merged)
	}
	raw, err = c.change(k, namespace, name, sub, o, merge)
	if !apierrors.IsNotFound(err) || sub != "" {
		return raw, false, err
	}
	fresh, err := merge(object{
		"apiVersion": k.gvk.GroupVersion().String(), "kind": k.gvk.Kind,
		"metadata": object{"name": name},
	})
	if err != nil {
		return nil, false, err
	}
	raw, err = c.create(k, namespace, fresh, o)
	return raw, true, err
}

func applyIntent(k *kind, namespace, name string, body []byte, o writeOptions) (object, error) {
	if o.manager == "" {
		return nil, apierrors.NewBadRequest("fieldManager is required for apply patch: add ?fieldManager=<name>")
	}
	intent := object{}
	doc, err := yaml.YAMLToJSON(body)
	if err == nil {
		err = json.Unmarshal(doc, &intent)
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding YAML: %v", err))
	}
	if gvk := schema.FromAPIVersionAndKind(text(intent, "apiVersion"), text(intent, "kind")); gvk != k.gvk {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the applied object is a %s, the URL names a %s", gvk, k.gvk))
	}
	meta := metadata(intent)
	if given := text(meta, "name"); given != "" && given != name {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("metadata.name %q does not match the name on the URL %q", given, name))
	}
	meta["name"] = name
	if k.namespaced {
		meta["namespace"] = namespace
	}
	if len(list(meta, "managedFields")) > 0 {
		return nil, apierrors.NewBadRequest("metadata.managedFields must be nil")
	}
	delete(meta, "managedFields")
	return intent, nil
}

// fieldManager merges by the schema of the Go types; custom objects by a
// deduced one, where lists are atomic. The schema is large and is parsed the
// first time anybody applies to a built-in kind.
func fieldManager(k *kind, sub string) (*managedfields.FieldManager, error) {
	if k.custom || k == crds {
		return managedfields.NewDefaultCRDFieldManager(managedfields.NewDeducedTypeConverter(),
			sameVersion{}, sameVersion{}, sameVersion{}, k.gvk, k.gvk.GroupVersion(), sub, nil)
	}
	return managedfields.NewDefaultFieldManager(applyconfigurations.NewTypeConverter(scheme),
		sameVersion{}, sameVersion{}, sameVersion{}, k.gvk, k.gvk.GroupVersion(), sub, nil)
}

// sameVersion converts, defaults and creates for kinds of a single version.
type sameVersion struct{}

func (sameVersion) Default(runtime.Object) {}

func (sameVersion) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(gvk)
	return obj, nil
}

func (sameVersion) Convert(in, out, context any) error {
	return errors.New("objects of a workload cluster have one version")
}

func (sameVersion) ConvertToVersion(in runtime.Object, target runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}

func (sameVersion) ConvertFieldLabel(gvk schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

func unsupportedMedia(media, accepted string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: fmt.Sprintf("the body of the request was in an unknown format (%s) - accepted media types include: %s", strings.TrimSpace(media), accepted),
	}}
}
