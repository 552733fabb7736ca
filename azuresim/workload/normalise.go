package workload

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

func encode(obj object) []byte {
	raw, _ := json.Marshal(obj) // decoded JSON always encodes
	return raw
}

func checkName(k *kind, name string) error {
	at := field.NewPath("metadata", "name")
	var errs field.ErrorList
	if name == "" {
		errs = append(errs, field.Required(at, "name or generateName is required"))
	} else {
		check := validation.NameIsDNSSubdomain
		if k.is("", "namespaces") {
			check = validation.ValidateNamespaceName
		}
		if k.gvk.Group == "rbac.authorization.k8s.io" {
			check = func(name string, _ bool) []string { return content.IsPathSegmentName(name) }
		}
		for _, message := range check(name, false) {
			errs = append(errs, field.Invalid(at, name, message))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(k.gvk.GroupKind(), name, errs)
}

// normalise brings a built-in object to the form its Go type has: wrong types
// are refused, unknown fields are dropped (or refused, if the client wants to
// know). Values are not validated. Custom objects are stored as they are.
func normalise(k *kind, obj object, o writeOptions) error {
	obj["apiVersion"], obj["kind"] = k.gvk.GroupVersion().String(), k.gvk.Kind
	if err := checkSelectable(obj); err != nil {
		return err
	}
	if k.custom {
		return nil
	}
	typed, err := scheme.New(k.gvk)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	strict, err := kjson.UnmarshalStrict(encode(obj), typed)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", k.gvk.Kind, k.gvk.Version, k.gvk.Kind, err))
	}
	if len(strict) > 0 && o.validation == "Strict" {
		return apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: strict decoding error: %s", k.gvk.Kind, k.gvk.Version, k.gvk.Kind, join(strict)))
	}
	if o.validation != "Ignore" && o.warn != nil {
		for _, e := range strict {
			o.warn(e.Error())
		}
	}
	if secret, ok := typed.(*corev1.Secret); ok {
		foldStringData(secret)
	}
	plain, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	for key := range obj {
		delete(obj, key)
	}
	for key, value := range plain {
		obj[key] = value
	}
	if obj["apiVersion"] == nil || obj["kind"] == nil {
		obj["apiVersion"], obj["kind"] = k.gvk.GroupVersion().String(), k.gvk.Kind
	}
	return nil
}

// checkSelectable refuses labels and annotations that are not strings, which
// would otherwise hide from selectors.
func checkSelectable(obj object) error {
	for _, key := range []string{"labels", "annotations"} {
		values, _ := lookup(obj, "metadata", key).(object)
		for name, value := range values {
			if _, ok := value.(string); !ok {
				return apierrors.NewBadRequest(fmt.Sprintf("metadata.%s: Invalid value: %v at %q: must be a string; quote it", key, value, name))
			}
		}
	}
	return nil
}

func foldStringData(secret *corev1.Secret) {
	for key, value := range secret.StringData {
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		secret.Data[key] = []byte(value)
	}
	secret.StringData = nil
}

func join(errs []error) string {
	texts := make([]string, len(errs))
	for i, e := range errs {
		texts[i] = e.Error()
	}
	return strings.Join(texts, ", ")
}

// applyDefaults writes what clients read back and the real server would have
// filled in: names and phases, not every default of the Kubernetes API.
func (c *cluster) applyDefaults(k *kind, obj object) {
	switch {
	case k == crds:
		establish(obj, c.now())
	case k == namespaces:
		name := text(obj, "metadata", "name")
		child(metadata(obj), "labels")["kubernetes.io/metadata.name"] = name
		setDefault(child(obj, "status"), "phase", "Active")
		if len(list(obj, "spec", "finalizers")) == 0 {
			child(obj, "spec")["finalizers"] = []any{"kubernetes"}
		}
	case k.is("", "pods"):
		spec := child(obj, "spec")
		setDefault(spec, "restartPolicy", "Always")
		setDefault(spec, "dnsPolicy", "ClusterFirst")
		setDefault(spec, "schedulerName", "default-scheduler")
		setDefault(spec, "serviceAccountName", "default")
		setDefault(spec, "terminationGracePeriodSeconds", int64(30))
		setDefault(child(obj, "status"), "phase", "Pending")
	case k.is("", "services"):
		setDefault(child(obj, "spec"), "type", "ClusterIP")
		setDefault(child(obj, "spec"), "sessionAffinity", "None")
	case k.is("", "secrets"):
		setDefault(obj, "type", "Opaque")
	case k.scale:
		setDefault(child(obj, "spec"), "replicas", int64(1))
	case k.is("", "persistentvolumes"), k.is("", "persistentvolumeclaims"):
		setDefault(child(obj, "status"), "phase", "Pending")
	}
}

// addServiceAccount plays the service account controller for a new namespace;
// the caller holds mu.
func (c *cluster) addServiceAccount(namespace string) {
	c.put(serviceAccounts, object{
		"apiVersion": "v1", "kind": "ServiceAccount",
		"metadata": object{
			"name": "default", "namespace": namespace,
			"uid": string(uuid.NewUUID()), "creationTimestamp": c.timestamp(),
		},
	})
}
